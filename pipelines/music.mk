# The stages of pipelines/music, which sets FOLDER (of songs), NAME (of the configuration) and SOUNDFONT (or nothing):
# songs -> keys -> model -> music. Each file takes its name only when it is whole.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: told

# Threads that wait must not spin: on a machine in use that costs far more than it gains on an idle one.
export OMP_WAIT_POLICY ?= passive

work := build/music/$(NAME)
pieces := $(foreach n,1 2 3 4 5,music/$(NAME)-00$n.mp3)
rolls := $(pieces:.mp3=.png)
include pipelines/designs.mk
design := $(call design_of,$(work)/config.yaml)
keys := build/music/$(design).keys
# The design of demo.yaml needs no discriminator, which could choose among pieces; the described one has one.
attempts := $(if $(filter time,$(design)),-n 5,-n 50 --best 5)
encode := bin/wave-to-mp3 --loudness -18

told: $(pieces) $(rolls) music/$(NAME)-losses.png
	@echo "music: five pieces of ten to twenty seconds, each with its piano roll: $(pieces)" >&2
	@echo "music: one more: bin/gan-sample -m $(work)/model -n 1 -S 2 | $(play) | $(encode) >more.mp3" >&2

# Songs of a minute or more count; a tenth of them is kept aside, unheard.
$(keys): build/music/songs bin/mp3-to-wave bin/wave-to-chunks bin/chunks-to-keys bin/keys-to-beats
	bin/mp3-to-wave -m 60 "$$FOLDER" | bin/wave-to-chunks -v build/music/valid.pairs | \
	    $(call hear_$(design)) >$@.part
	@mv $@.part $@

# Other songs, another configuration or another program: earlier checkpoints do not count.
$(work)/begun: $(keys) $(work)/config.yaml bin/gan-train
	@rm -rf $(work)/checkpoint
	@touch $@

# After an interruption it goes on from the last checkpoint.
$(work)/model: $(work)/begun
	bin/gan-train -c $(work)/config.yaml -o $(work)/checkpoint --resume <$(keys) >$@.part
	@mv $@.part $@

# Five pieces: the first, or the best of fifty by the discriminator.
$(work)/best.keys: $(work)/model bin/gan-sample
	bin/gan-sample -m $(work)/model $(attempts) >$@.part
	@mv $@.part $@

# All are as loud as each other. With a soundfont, fluidsynth plays them as MIDI files, the left channel's notes on the
# left; what it calls an error does not show in its exit status.
$(pieces) &: $(work)/best.keys $(work)/sound bin/keys-to-wave bin/keys-to-midi bin/raw-to-wave bin/wave-to-mp3
	@mkdir -p music
	@rm -rf $(pieces) $(work)/midi
ifeq ($(SOUNDFONT),)
	$(play) <$(work)/best.keys | $(encode) -o music/$(NAME)-%03d.mp3
else
	@mkdir $(work)/midi
	bin/keys-to-midi --stereo split -p $(or $(PROGRAM),0) -o $(work)/midi/$(NAME)-%03d.mid <$(work)/best.keys
	for piece in $(basename $(notdir $(pieces))); do \
	    fluidsynth -q -n -i -T raw -O s16 -r 44100 -F - "$$SOUNDFONT" $(work)/midi/$$piece.mid 2>$(work)/fluidsynth.log | \
	        bin/raw-to-wave --source $$piece.mid | $(encode) -o $(work)/$$piece.mp3 && \
	        ! grep -q error $(work)/fluidsynth.log && mv $(work)/$$piece.mp3 music/ || \
	        { echo "music: fluidsynth does not play $$SOUNDFONT: $$(grep -m 1 error $(work)/fluidsynth.log)" >&2; exit 1; }; \
	done
endif

$(rolls) &: $(work)/best.keys bin/keys-to-png
	@mkdir -p music
	@rm -f $(rolls)
	bin/keys-to-png -o music/$(NAME)-%03d.png <$(work)/best.keys

music/$(NAME)-losses.png: $(work)/model bin/losses-to-png
	@mkdir -p music
	bin/losses-to-png -o $@ $(work)/checkpoint/losses.tsv
