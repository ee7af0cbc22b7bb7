# What `make check` builds and runs: scripts tests/*/*.t and programs tests/*/*.c, those of the mathematics in double
# precision too, all speaking TAP.
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%.t,$(wildcard tests/common/*.c tests/ops/*.c tests/model/*.c))
$(BUILD)/tests/%.t: $(BUILD)/tests/%.o $(BUILD)/libcore.a $(BUILD)/libcommon.a
	$(CC) $(FLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lopenblas -lcyaml -lz -lm
TESTS += $(patsubst tests/%.c,$(BUILD)/double/tests/%.t,$(wildcard tests/ops/*.c tests/model/pytorch-*.c))
$(BUILD)/double/tests/%.t: $(BUILD)/double/tests/%.o $(BUILD)/libcore-double.a $(BUILD)/libcommon.a
	$(CC) $(FLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lopenblas -lcyaml -lz -lm

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
endif

check:
	@$(if $(DEPS),,pipelines/packages install check)
	@$(MAKE) --no-print-directory check-built
check-built: $(CHECKED) $(TESTS)
	LSAN_OPTIONS="suppressions=$(CURDIR)/tests/leaks:print_suppressions=0" OMP_WAIT_POLICY=passive DEVICE="$(DEVICE)" \
		BIN="$(CURDIR)/$(BIN)" CUDA_BIN="$(CURDIR)/$(CUDA_BIN)" prove --exec tests/run $(SCRIPTS) $(TESTS)
