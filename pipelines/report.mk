# The stages of pipelines/report, which sets FOLDER (of songs), NAME (of the folders) and TRIED (variants of demo.yaml):
# songs -> keys, of two splits, as both designs hear them -> networks -> numbers, pictures and sounds -> one table and one page.
# A row of the table is SPLIT/ANALYSIS/WHAT, for a network SPLIT/ANALYSIS/WHAT/SEED; so is its folder's name.
# Each file takes its name only when it is whole.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDEXPANSION:
.PHONY: told

# A job has one core: that is no slower than one job on all of them, and its seconds mean something.
export OMP_NUM_THREADS := 1
export OMP_WAIT_POLICY ?= passive
export TIMEFORMAT := %U %S

include pipelines/designs.mk
play := bin/keys-to-wave -r $(if $(QUICK),12000,44100)
# The floor, of 0, 0.1 ... 0.6, that gives the described design's records the largest overlap.
floor_musigan = --floor 0.1
work := build/$(NAME)
page := music/$(NAME)
judging := pipelines/judging
count := -n $(if $(QUICK),40,1000)
resamples := --resamples $(if $(QUICK),50,1000)
updates := --updates $(if $(QUICK),2,250)

measured := ceiling noise independent shuffle markov-key markov-frame markov-frame--looped markov-frame--bars \
    time/1 time/2 time/3
rows := $(measured:%=0/harmonic/%) $(TRIED:%=0/harmonic/%/1) $(measured:%=1/harmonic/%)
rows += $(foreach s,0 1,$(addprefix $(s)/bands/,ceiling described/1))
# What the decoder loses: songs through the network's encoder and decoder. Only the design `time` has that encoder.
remade := $(if $(filter time,$(call design_of,$(work)/time.yaml)),0/harmonic/reconstructions 1/harmonic/reconstructions)
rows += $(remade)
shown := $(foreach s,0 1,$(addprefix $(s)/harmonic/,held-out training time/1 time/2 time/3 markov-frame--looped) \
    $(s)/bands/described/1)

of_songs := $(filter %/held-out %/training,$(shown))
ceilings := $(filter %/ceiling,$(rows))
networks := $(foreach r,$(rows),$(if $(word 4,$(subst /, ,$(r))),$(r)))
by_chance := $(filter-out $(ceilings) $(networks) $(remade),$(rows))

# Of the row that is a rule's stem.
part = $(word $(1),$(subst /, ,$*))
set = $(work)/$(call part,1)/$(call part,2)
what = $(call part,3)
seed = $(call part,4)
design = $(if $(seed),$(call design_of,$(work)/$(what).yaml),time)
# Training songs are few, and judged by each other: how they are dealt out says much.
seeds = $(if $(filter $(ceilings),$*),$(if $(QUICK),1,1 2 3 4),1)
made = $(if $(filter $(ceilings),$*),$(set)/train.keys,$(@D)/made.keys)
baseline = bin/keys-baseline --$(subst --, --,$(what))

told: $(page)/report.tsv $(page)/index.html $(work)/verdicts.tsv

# Networks first: they take longest.
all_scores := $(foreach r,$(networks) $(ceilings) $(by_chance) $(remade),$(work)/$(r)/scores)
.INTERMEDIATE: $(work)/waves
$(work)/waves: $(work)/songs bin/mp3-to-wave
	bin/mp3-to-wave -q -m 60 -s 300 "$$FOLDER" >$@.part
	mv $@.part $@

# Of 31 songs seven are set aside.
$(work)/%/bands/train.keys $(work)/%/bands/valid.keys $(work)/%/harmonic/train.keys $(work)/%/harmonic/valid.keys: \
    $(work)/waves bin/wave-to-chunks bin/chunks-to-keys bin/keys-to-beats
	mkdir -p $(work)/$*/bands $(work)/$*/harmonic
	bin/wave-to-chunks -q --share 0.226 -S $* -v $(work)/$*/valid.pairs $(work)/waves >$(work)/$*/train.pairs
	for keys in bands/train bands/valid harmonic/train harmonic/valid; do \
	    case $$keys in bands/*) $(call hear_musigan,-q) ;; *) $(call hear_time,-q) ;; esac \
	        <$(work)/$*/$${keys#*/}.pairs >$(work)/$*/keys.part; \
	    mv $(work)/$*/keys.part $(work)/$*/$$keys.keys; \
	done
	rm $(work)/$*/train.pairs $(work)/$*/valid.pairs

# Other songs, another configuration or another program: earlier checkpoints do not count.
$(networks:%=$(work)/%/begun): $(work)/%/begun: $$(set)/train.keys $(work)/$$(what).yaml bin/gan-train
	mkdir -p $(@D)
	rm -rf $(@D)/checkpoint $(@D)/seconds
	touch $@

# After an interruption it goes on from the last checkpoint. On the processor, so that the bytes are the same everywhere.
$(networks:%=$(work)/%/model): $(work)/%/model: $(work)/%/begun
	{ time bin/gan-train -q -d cpu -c $(work)/$(what).yaml -S $(seed) -o $(@D)/checkpoint --resume \
	    $(set)/train.keys >$@.part 2>&3; } 3>&2 2>>$(@D)/seconds
	mv $@.part $@
	echo "report: trained: $*" >&2

# What is judged, for as long as it takes.
.INTERMEDIATE: $(foreach r,$(networks) $(by_chance) $(remade),$(work)/$(r)/made.keys)
$(networks:%=$(work)/%/made.keys): $(work)/%/made.keys: $(work)/%/model bin/gan-sample
	bin/gan-sample -q -d cpu -m $< $(count) >$@.part
	mv $@.part $@

$(by_chance:%=$(work)/%/made.keys): $(work)/%/made.keys: $$(set)/train.keys bin/keys-baseline
	mkdir -p $(@D)
	$(baseline) $(count) $< >$@.part
	mv $@.part $@

# Training songs for the judges to learn from, then those set aside, which they are asked about.
remake = bin/gan-sample -q -d cpu -m $< --like $(1) --amount 0 -n $$(bin/tensor-print $(1) | grep -c '^record')
$(remade:%=$(work)/%/made.keys): $(work)/%/made.keys: $$(set)/time/1/model $$(set)/train.keys $$(set)/valid.keys \
    bin/gan-sample bin/tensor-print
	mkdir -p $(@D)
	$(call remake,$(set)/train.keys) -S 1 >$(@D)/learned.keys
	$(call remake,$(set)/valid.keys) -S 2 >$@.part
	mv $@.part $@

$(rows:%=$(work)/%/scores): $(work)/%/scores: $$(made) $$(set)/train.keys $$(set)/valid.keys bin/gan-train bin/gan-sample \
    bin/keys-compare $(judging)/fresh-judges
	mkdir -p $(@D)
	bin/keys-compare $(resamples) $(if $(seed),$(floor_$(design))) -t $(set)/train.keys $(set)/valid.keys $(made) >$@.part
	$(judging)/fresh-judges "$(updates)" "$(resamples)" "$(seeds)" $(@D) $(set)/train.keys \
	    $(set)/valid.keys $(made) $(if $(filter $(remade),$*),$(@D)/learned.keys) >>$@.part
	rm -f $(@D)/learned.keys
	mv $@.part $@

$(page)/report.tsv: $(all_scores) $(work)/tried $(judging)/numbers.awk
	(cd $(work) && awk -f ../../$(judging)/numbers.awk $(rows:%=%/scores)) >$(work)/numbers.part
	mv $(work)/numbers.part $@

$(work)/table.tsv $(work)/verdicts.tsv: $(work)/%.tsv: $(page)/report.tsv $(judging)/%.awk
	awk -f $(judging)/$*.awk $< >$@.part
	mv $@.part $@

# Three pieces of each to look at and to listen to. Of songs: of the one that comes first, its first minute in tens of
# seconds. A record states its song, percent-encoded.
heard := $(filter $(networks),$(shown))
$(heard:%=$(work)/%/pieces): $(work)/%/pieces: $(work)/%/model bin/gan-sample
	bin/gan-sample -q -d cpu -m $< -n 3 >$@.part
	mv $@.part $@

heard := $(filter $(by_chance),$(shown))
$(heard:%=$(work)/%/pieces): $(work)/%/pieces: $$(set)/train.keys bin/keys-baseline
	mkdir -p $(@D)
	$(baseline) -n 3 $< >$@.part
	mv $@.part $@

$(of_songs:%=$(work)/%/pieces): $(work)/%/pieces: $$(set)/train.keys $$(set)/valid.keys \
    bin/mp3-to-wave bin/wave-to-chunks bin/chunks-to-keys bin/keys-to-beats
	mkdir -p $(@D)
	song=$$(grep -a -o -m 1 'source=[^ ]*' $(set)/$(if $(filter training,$(what)),train,valid).keys) && \
	    bin/mp3-to-wave -q -s 60 "$$(printf %b "$$(sed 's/source=//; s/%/\\x/g' <<<"$$song")")" | \
	    bin/wave-to-chunks -q -s 5 | $(call hear_time,-q) >$@.part
	mv $@.part $@

$(shown:%=$(work)/%/drawn): $(work)/%/drawn: $(work)/%/pieces bin/keys-to-png bin/keys-to-wave bin/wave-to-mp3 \
    bin/losses-to-png $(judging)/losses.awk
	bin/keys-to-png -q -W 600 -H 300 -o $(@D)/%d.png $<
	$(play) $(if $(seed),,--voice gaussian --release 0.06) -q $< | bin/wave-to-mp3 -q -o $(@D)/%d.mp3
	$(if $(seed),awk -f $(judging)/losses.awk $(@D)/checkpoint/losses.tsv | bin/losses-to-png -W 900 -o $(@D)/losses.png)
	touch $@

$(page)/index.html: $(work)/table.tsv $(work)/verdicts.tsv $(work)/notes $(shown:%=$(work)/%/drawn) $(judging)/page
	$(judging)/page $(work) $(page) $(shown) >$(work)/page.part
	mv $(work)/page.part $@
