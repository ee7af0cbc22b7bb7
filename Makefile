# MusiGAN in C: what `make help` prints. CONTRIBUTING.md explains the rest.
#
#   make              builds the programs in bin/, or says which packages are missing
#   make music        learns from free songs, or from SONGS=FOLDER, and makes music; SOUND=FILE.sf2 PROGRAM=N: played by
#                     instrument N of a soundfont
#   make report       judges networks by songs that they have not heard; VARIANTS=1: more networks; QUICK=1: a trial
#   make check        runs the tests; make check-built looks for no packages before; DEVICE=cuda: those of a GPU, on one
#   make check-slow   runs those that take minutes: the man pages' examples, the report, the Makefile
#   make check T=ops  runs those whose names begin so; T=ops/linear: one
#   make check-arm64  builds for arm64 and tries the programs in an emulator
#   make lint         reads everything for mistakes; make format lays out the sources
#   make bench        measures against other free programs; make bench-keys: one of tests/bench
#   make debug        builds for a debugger, in build/debug/bin
#   make install      copies programs, pages and configurations to PREFIX=/usr/local, under DESTDIR; make uninstall
#   make dist         packs the last commit into musigan-VERSION.tar.gz
#   make clean        removes what was built
#   make help         prints this
#
#   V=1               shows the commands
#   debug=1 asan=1    builds for a debugger, with sanitisers, in folders of their own: make asan=1 check
#   MARCH=x86-64-v3   the processor to build for, or none: MARCH=; this one, unless the compiler is for another sort
#   CUDA=0            leaves CUDA out
#   CUDA_ARCH="80 90" the GPUs to build for, by compute capability: those of this machine. all: every one. ptx: any from
#                     8.0 on, whose driver compiles at the first start: without a GPU
#   DEPS=FOLDER       packages that `pipelines/packages bring FOLDER` unpacked
#   CC CXX NVCC CFLAGS CPPFLAGS LDFLAGS       as everywhere; what they change is made again

PREFIX ?= /usr/local
SONGS ?=
SOUND ?=
PROGRAM ?=
VERSION := 0.2.0

comma := ,
BUILD := build$(if $(debug),/debug)$(if $(asan),/asan)
BIN := $(if $(debug)$(asan),$(BUILD)/)bin
PROGRAMS := $(basename $(notdir $(wildcard filters/*.c)))

# This machine's processor, where the compiler makes code for it: one for another machine does not.
native := $(shell $(CC) -march=native -E -x c /dev/null >/dev/null 2>&1 && echo native)
MARCH ?= $(native)
CFLAGS ?= $(if $(debug),-O0 -g3,-O3 -g)
SANITISERS := $(if $(asan),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)
FLAGS := -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. '-ffile-prefix-map=$(CURDIR)=.' $(MARCH:%=-march=%) -fopenmp \
	-fno-math-errno -Wall -Wextra -Wconversion -Wno-sign-conversion -MMD -MP $(SANITISERS)

include pipelines/packages.mk
compile = $(CC) $(FLAGS) $(CFLAGS) $(CPPFLAGS) -c
link = $(CC) $(FLAGS) $(CFLAGS) $(LDFLAGS)

.PHONY: all music report check check-built check-slow check-arm64 lint format bench debug install uninstall dist clean help
all: $(PROGRAMS:%=$(BIN)/%)

# What is made says so in a line: [3/17] filters/x.c. How many there will be, a make -n counts before the first; MAKE=:
# keeps it from starting others, total=0 from counting itself.
letters := $(firstword -$(MAKEFLAGS))
ifeq ($(V)$(findstring s,$(letters)),)
.SILENT:
making = $(eval made += 1)$(info [$(words $(made))/$(total)] $(1))mkdir -p $(@D)
count = $(MAKE) $(letters)n MAKE=: total=0 $(MAKEOVERRIDES) $(MAKECMDGOALS) 2>/dev/null | grep -c '^\['
total = $(eval total := $(shell $(count)))$(total)
else
making = mkdir -p $(@D)
endif

# What each program links beside common/: one line a program.
$(BIN)/mp3-to-wave:    LIBS = -lmpg123 -lsoxr -lz -lm
$(BIN)/wave-to-chunks: LIBS = -lz -lm
$(BIN)/chunks-to-keys: LIBS = -lfftw3 -lz -lm
$(BIN)/gan-train:      LIBS = $(CORE_LIBS)
$(BIN)/gan-sample:     LIBS = $(CORE_LIBS)
$(BIN)/keys-to-wave:   LIBS = -lz -lm
$(BIN)/raw-to-wave:    LIBS = -lz -lm
$(BIN)/wave-to-mp3:    LIBS = -lmp3lame -lebur128 -lz -lm
$(BIN)/keys-to-beats:  LIBS = -lz -lm
$(BIN)/keys-to-midi:   LIBS = -lz -lm
$(BIN)/midi-to-keys:   LIBS = -lz -lm
$(BIN)/keys-to-png:    LIBS = -lcairo -lz -lm
$(BIN)/losses-to-png:  LIBS = -lcairo -lz -lm
$(BIN)/keys-stats:     LIBS = -lz -lm
$(BIN)/keys-compare:   LIBS = -lz -lm
$(BIN)/keys-baseline:  LIBS = -lz -lm
$(BIN)/tensor-print:   LIBS = -lz -lm
$(BIN)/tensor-cmp:     LIBS = -lz -lm

objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))
$(BUILD)/libcommon.a: $(call objects,common/*.c common/*/*.c)
include kernels/cuda/cuda.mk
$(BUILD)/libcore-double.a: $(patsubst $(BUILD)/%,$(BUILD)/double/%,$(call objects,kernels/*.c kernels/cpu/*.c kernels/model/*.c kernels/model/*/*.c))

$(BIN)/%: $(BUILD)/filters/%.o $(BUILD)/libcommon.a $(BUILD)/how/link
	$(call making,$@)
	$(link) -o $@ $< $(filter $(CORE),$^) $(BUILD)/libcommon.a $(LIBS)
$(BUILD)/%.a:
	$(call making,$@)
	rm -f $@
	$(AR) rcs $@ $^
$(BUILD)/%.o: %.c $(BUILD)/how/compile | build/packages-build
	$(call making,$<)
	$(compile) -o $@ $<
# The core in double precision: the tests' finite differences need it.
$(BUILD)/double/%.o: %.c $(BUILD)/how/compile | build/packages-build
	$(call making,$< in double precision)
	$(compile) -DREAL_IS_DOUBLE -o $@ $<
.PRECIOUS: $(BUILD)/%.o $(BUILD)/double/%.o $(foreach s,shim shim-watched,$(BUILD)/$(s)/tests/shim/%.cu.o) build/packages-%
-include $(shell find build -name '*.d' -type f 2>/dev/null)

# How things are made, in files that are written when it changes: so make CFLAGS=-O0 compiles again. Only a rule
# writes, for make -n must not.
how := $(addprefix $(BUILD)/how/,compile link core nvcc shim)
.PHONY: $(foreach h,$(how),$(if $(subst <$(file <$(h))>,,<$($(notdir $(h)))>),$(h)))
$(how): $(BUILD)/how/%:
	mkdir -p $(@D)
	printf '%s\n' '$(subst ','\'',$($*))' >$@

# After a +, a script's own make shares the jobs of this one. It would run with -n too, so then there is none.
sharing := $(if $(findstring n,$(letters)),,+)
include tests/check.mk

music report:
	pipelines/packages install build
	$(MAKE) --no-print-directory all
	$(sharing)pipelines/$@ "$$SONGS"
debug:
	$(MAKE) --no-print-directory debug=1 all
# Quoted: a folder's name may hold spaces. Not every shell has expanded the ~ of PREFIX=~/.local.
target = "$(DESTDIR)$(PREFIX:~/%=$(HOME)/%)"
install: all
	install -d $(target)/bin $(target)/share/musigan $(foreach s,1 5 7,$(target)/share/man/man$(s))
	install $(PROGRAMS:%=$(BIN)/%) $(target)/bin
	install -m 644 pipelines/*.yaml $(target)/share/musigan
	for s in 1 5 7; do install -m 644 man/*.$$s $(target)/share/man/man$$s || exit 1; done
uninstall:
	rm -f $(PROGRAMS:%=$(target)/bin/%)
	for page in man/*.?; do rm -f $(target)/share/man/man$${page##*.}/$${page#man/}; done
	rm -rf $(target)/share/musigan
dist:
	git archive --prefix=musigan-$(VERSION)/ -o musigan-$(VERSION).tar HEAD
	gzip -nf9 musigan-$(VERSION).tar
clean:
	rm -rf build bin
help:
	sed -n '/^PREFIX/q; 3,$$s/^# *//p' Makefile
