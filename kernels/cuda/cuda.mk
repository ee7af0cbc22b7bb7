# The CUDA backend: with nvcc for GPUs, and with the host's compiler on tests/shim, where its tests run without one.
NVCC ?= $(firstword $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc))
# Graphs and launches as CUDA 12 has them; an older nvcc (Debian 12's own) counts as none.
NVCC_NEW := $(if $(NVCC),$(shell $(NVCC) --version | grep -oE 'release (1[2-9]|[2-9][0-9])'))
CUDA ?= $(if $(NVCC_NEW),$(if $(asan),0,1),0)
# Machine code for these compute capabilities, and for later ones the last as PTX.
CUDA_ARCH ?= 75 80 86 89 90
CUDA_HOME ?= $(patsubst %/bin/nvcc,%,$(realpath $(NVCC)))
NVCC_FLAGS := -std=c++17 -O3 -I. --threads 0 -Xcompiler -Wall,-Wextra -MMD -MP \
	$(foreach a,$(CUDA_ARCH),-gencode arch=compute_$(a),code=sm_$(a)) \
	$(foreach a,$(lastword $(CUDA_ARCH)),-gencode arch=compute_$(a),code=compute_$(a))
CUDA_LIBS := -L$(CUDA_HOME)/lib64 -Wl,-rpath,$(CUDA_HOME)/lib64 -lcublasLt -lcudart_static -lstdc++ -lpthread -ldl -lrt

CU := $(wildcard kernels/cuda/*.cu kernels/cuda/*/*.cu)
core := $(call objects,kernels/choose.c kernels/cpu/*.c kernels/model/*.c kernels/model/*/*.c)
$(BUILD)/libcore.a: $(core) $(BUILD)/kernels/no-cuda.o
$(BUILD)/libcore-cuda.a: $(core) $(BUILD)/kernels/cuda/cuda.o $(CU:%.cu=$(BUILD)/%.o)
$(BUILD)/kernels/cuda/%.o: kernels/cuda/%.cu $(BUILD)/cuda-arch
	@mkdir -p $(@D)
	$(NVCC) $(NVCC_FLAGS) -c -o $@ $<
# Other choices than those of the last make: what they change is made again.
$(shell mkdir -p $(BUILD); for f in "cuda $(CUDA)" "cuda-arch $(CUDA_ARCH)"; do set -- $$f; t=$(BUILD)/$$1; shift; \
	[ "$$(cat $$t 2>/dev/null)" = "$$*" ] || echo "$$*" >$$t; done)

$(BUILD)/cuda/tests/%.t: $(BUILD)/tests/%.o $(BUILD)/libcore-cuda.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lopenblas -lcyaml -lz $(CUDA_LIBS) -lm

CORE := $(BUILD)/libcore$(if $(filter 1,$(CUDA)),-cuda).a
CORE_LIBS := -lopenblas -lcyaml -lz $(if $(filter 1,$(CUDA)),$(CUDA_LIBS)) -lm
$(BIN)/gan-train $(BIN)/gan-sample: $(CORE) $(BUILD)/cuda

# The same kernels on the host: as they are (under the sanitisers with asan=1), and with every access watched.

SHIM_FLAGS := -std=c++17 -O2 -g -march=$(MARCH) -ffp-contract=off -Itests/shim -I. -fopenmp -Wall -Wextra -Wno-unknown-pragmas -MMD -MP \
	$(if $(asan),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)
define shim_rules
$(BUILD)/$(1)/libcore.a: $$(core) $(BUILD)/kernels/cuda/cuda.o $$(CU:%.cu=$(BUILD)/$(1)/%.o) \
		$$(patsubst %.cpp,$(BUILD)/$(1)/%.o,$$(wildcard tests/shim/*.cpp))
$(BUILD)/$(1)/kernels/%.o: kernels/%.cu
	@mkdir -p $$(@D)
	$$(CXX) -x c++ $$(SHIM_FLAGS) $(2) -c -o $$@ $$<
$(BUILD)/$(1)/tests/shim/%.o: tests/shim/%.cpp
	@mkdir -p $$(@D)
	$$(CXX) $$(SHIM_FLAGS) $(if $(2),-DSHIM_WATCHED) -c -o $$@ $$<
$(BUILD)/$(1)/tests/shim/%.cu.o: tests/shim/%.cu
	@mkdir -p $$(@D)
	$$(CXX) -x c++ $$(SHIM_FLAGS) $(2) -c -o $$@ $$<
$(BUILD)/$(1)/tests/shim/%.t: $(BUILD)/$(1)/tests/shim/%.cu.o $(BUILD)/$(1)/libcore.a
	$$(CXX) $$(SHIM_FLAGS) -o $$@ $$(filter %.o %.a,$$^) -lopenblas -lm
$(BUILD)/$(1)/tests/%.t: $(BUILD)/tests/%.o $(BUILD)/$(1)/libcore.a $(BUILD)/libcommon.a
	@mkdir -p $$(@D)
	$$(CXX) $$(SHIM_FLAGS) -o $$@ $$(filter %.o %.a,$$^) -lopenblas -lcyaml -lz -lm
$(BUILD)/$(1)/bin/%: $(BUILD)/filters/%.o $(BUILD)/$(1)/libcore.a $(BUILD)/libcommon.a
	@mkdir -p $$(@D)
	$$(CXX) $$(SHIM_FLAGS) -o $$@ $$(filter %.o %.a,$$^) -lopenblas -lcyaml -lz -lm
endef
$(eval $(call shim_rules,shim,))
$(eval $(call shim_rules,shim-watched,-DSHIM_WATCHED -fsanitize=thread -w))
