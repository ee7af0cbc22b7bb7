# What `make check` builds and runs: scripts tests/*/*.t and programs tests/*/*.c, those of the mathematics in double
# precision too, all speaking TAP.
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%.t,$(wildcard tests/common/*.c tests/ops/*.c tests/model/*.c))
$(BUILD)/tests/%.t: $(BUILD)/tests/%.o $(BUILD)/libcore.a $(BUILD)/libcommon.a $(BUILD)/how/link
	$(call making,$@)
	$(link) -o $@ $(filter %.o %.a,$^) -lopenblas -lcyaml -lz -lm
TESTS += $(patsubst tests/%.c,$(BUILD)/double/tests/%.t,$(wildcard tests/ops/*.c tests/model/pytorch-*.c) tests/model/critic.c)
$(BUILD)/double/tests/%.t: $(BUILD)/double/tests/%.o $(BUILD)/libcore-double.a $(BUILD)/libcommon.a $(BUILD)/how/link
	$(call making,$@)
	$(link) -o $@ $(filter %.o %.a,$^) -lopenblas -lcyaml -lz -lm

# The core's tests on CUDA: on the host in its place, or with DEVICE=cuda on a GPU and nothing else.
ON_CUDA := $(wildcard tests/ops/*.c tests/model/*.c tests/cuda/*.c)
ifeq ($(DEVICE),cuda)
TESTS := $(ON_CUDA:tests/%.c=$(BUILD)/cuda/tests/%.t)
SCRIPTS := $(wildcard tests/cuda/*.t)
CHECKED := $(patsubst %,$(BIN)/%,gan-train gan-sample tensor-cmp tensor-print)
CUDA_BIN := $(BIN)
else
ON_SHIM := $(patsubst %.cu,%.t,$(wildcard tests/shim/*.cu))
TESTS += $(addprefix $(BUILD)/shim/,$(ON_CUDA:.c=.t) $(ON_SHIM))
TESTS += $(if $(asan),,$(addprefix $(BUILD)/shim-watched/,$(patsubst %.c,%.t,$(wildcard tests/cuda/*.c)) $(ON_SHIM)))
SCRIPTS := $(wildcard tests/*/*.t)
CHECKED := all $(BUILD)/shim/bin/gan-train $(BUILD)/shim/bin/gan-sample
CUDA_BIN := $(BUILD)/shim/bin
LAST := $(if $(asan),,$(BUILD)/shim-watched/every-kernel.t)
endif
$(BUILD)/shim-watched/every-kernel.t:
	mkdir -p $(@D)
	printf '#!/bin/sh\nexec tests/cuda/every-kernel "%s"\n' $(@D)/launched >$@ && chmod +x $@

# What takes a minute or more each: make check-slow.
SLOW := $(addprefix tests/rules/,examples.t make.t report.t)
ifndef T
SCRIPTS := $(filter-out $(SLOW),$(SCRIPTS))
endif

# make check T=ops/linear: the tests whose names begin so, in all their builds.
ifdef T
named = $(strip $(foreach t,$(1),$(if $(findstring /tests/$(T),/$(t)),$(t))))
TESTS := $(call named,$(TESTS))
SCRIPTS := $(call named,$(SCRIPTS))
CHECKED := $(if $(SCRIPTS),$(CHECKED))
LAST :=
endif

# As many tests at a time as there are cores, then what looks at what they launched.
proving = LSAN_OPTIONS="suppressions=$(CURDIR)/tests/leaks:print_suppressions=0" OMP_WAIT_POLICY=passive DEVICE="$(DEVICE)" \
	BIN="$(CURDIR)/$(BIN)" CUDA_BIN="$(CURDIR)/$(CUDA_BIN)" prove $(if $(V),-v) --timer --exec tests/run

check:
	$(if $(DEPS),,pipelines/packages install check)
	$(MAKE) --no-print-directory check-built
check-built: $(CHECKED) $(TESTS) $(LAST)
	$(if $(TESTS)$(SCRIPTS),,$(error no test's name begins with $(T)))
	$(proving) -j $$(nproc) $(SCRIPTS) $(TESTS)
	$(if $(LAST),$(proving) $(LAST))

check-slow: all
	$(if $(DEPS),,pipelines/packages install check)
	$(proving) -j $$(nproc) $(SLOW)

check-arm64:
	$(if $(DEPS),,pipelines/packages install check)
	$(sharing)tests/arm64/run
bench lint:
	pipelines/packages install $@
	$(MAKE) --no-print-directory all
	tests/$@/run
bench-%:
	pipelines/packages install bench
	$(MAKE) --no-print-directory all
	tests/bench/run $*
format:
	pipelines/packages install lint
	tests/lint/run format
