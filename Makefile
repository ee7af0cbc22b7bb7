# MusiGAN in C. `make` builds, `make music` makes music, `make check` tests; CONTRIBUTING.md explains the rest.

PREFIX ?= /usr/local
MARCH ?= native
SONGS ?=
VERSION := 0.1.0

comma := ,
BUILD := build$(if $(asan),/asan)
BIN := $(if $(asan),build/asan/bin,bin)
PROGRAMS := $(basename $(notdir $(wildcard filters/*.c)))

CFLAGS ?= -O3 -g
FLAGS := -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. -march=$(MARCH) -fopenmp -fno-math-errno -Wall -Wextra -Wconversion \
	-Wno-sign-conversion -MMD -MP $(if $(asan),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)

# Packages unpacked by `pipelines/packages bring .deps`, where nothing can be installed.
DEPS ?= $(wildcard .deps)
ifneq ($(DEPS),)
CPPFLAGS += $(foreach d,usr/include usr/include/x86_64-linux-gnu usr/include/x86_64-linux-gnu/openblas-pthread,-isystem $(DEPS)/$(d))
LDFLAGS += $(foreach d,usr/lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu/openblas-pthread lib/x86_64-linux-gnu,\
	-L$(DEPS)/$(d) -Wl$(comma)-rpath$(comma)$(realpath $(DEPS))/$(d))
endif

.PHONY: all music report check check-built bench lint install uninstall clean
all: $(PROGRAMS:%=$(BIN)/%)

# What each program links beside common/: one line a program.
$(BIN)/mp3-to-wave:    LIBS = -lmpg123 -lsoxr -lz -lm
$(BIN)/wave-to-chunks: LIBS = -lz -lm
$(BIN)/chunks-to-keys: LIBS = -lfftw3 -lz -lm
$(BIN)/gan-train:      LIBS = $(CORE_LIBS)
$(BIN)/gan-sample:     LIBS = $(CORE_LIBS)
$(BIN)/keys-to-wave:   LIBS = -lz -lm
$(BIN)/wave-to-mp3:    LIBS = -lmp3lame -lz -lm
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

$(BIN)/%: $(BUILD)/filters/%.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(filter $(CORE),$^) $(BUILD)/libcommon.a $(LIBS)
$(BUILD)/%.a:
	@rm -f $@
	ar rcs $@ $^
$(BUILD)/%.o: %.c | build/packages-build
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<
# The core in double precision: the tests' finite differences need it.
$(BUILD)/double/%.o: %.c | build/packages-build
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) $(CPPFLAGS) -DREAL_IS_DOUBLE -c -o $@ $<
.PRECIOUS: $(BUILD)/%.o $(BUILD)/double/%.o $(foreach s,shim shim-watched,$(BUILD)/$(s)/tests/shim/%.cu.o) build/packages-%
-include $(shell find build -name '*.d' 2>/dev/null)

# Says in one line what is missing and which command installs it.
build/packages-%: pipelines/packages
	@$(if $(DEPS),,pipelines/packages check $* &&) mkdir -p build && touch $@

include tests/check.mk
music report:
	@pipelines/packages install music
	@$(MAKE) --no-print-directory all
	+@pipelines/$@ "$$SONGS"
bench lint:
	@pipelines/packages install $@
	@$(MAKE) --no-print-directory all
	@tests/$@/run
bench-%:
	@pipelines/packages install bench
	@$(MAKE) --no-print-directory all
	@tests/bench/run $*
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
clean:
	rm -rf build bin
