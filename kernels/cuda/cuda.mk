# The CUDA backend: with nvcc for GPUs, and with the host's compiler on tests/shim, where its tests run without one.
NVCC ?= $(firstword $(shell command -v nvcc) $(wildcard /usr/local/cuda/bin/nvcc))
# Graphs and launches as CUDA 12 has them; an older nvcc (Debian 12's own) counts as none.
NVCC_NEW := $(if $(NVCC),$(shell $(NVCC) --version | grep -oE 'release (1[2-9]|[2-9][0-9])'))
CUDA ?= $(if $(NVCC_NEW),$(if $(asan)$(debug),0,1),0)
CUDA_HOME ?= $(patsubst %/bin/nvcc,%,$(realpath $(NVCC)))
# Code for this machine's GPUs, from 7.5 on; without one, for any that has the tensor cores' instructions that the kernels
# use. Each sort takes as long as the first: `all` is for packages.
ifeq ($(CUDA),1)
known := $(filter-out 5% 6% 70 72,$(patsubst compute_%,%,$(shell $(NVCC) --list-gpu-arch)))
here := $(filter $(known),$(subst .,,$(shell nvidia-smi --query-gpu=compute_cap --format=csv$(comma)noheader 2>/dev/null)))
endif
CUDA_ARCH ?= $(or $(sort $(here)),ptx)
CODE := $(patsubst all,$(filter $(known),75 80 86 89 90 100 120) ptx,$(CUDA_ARCH))
NVCC_FLAGS := -std=c++17 $(if $(debug),-O0 -g -G,-O3) -I. --threads 0 -Xcompiler -Wall,-Wextra -MMD -MP \
	$(foreach c,$(filter-out ptx,$(CODE)),-gencode arch=compute_$(c)$(comma)code=sm_$(c)) \
	$(if $(filter ptx,$(CODE)),-gencode arch=compute_80$(comma)code=compute_80)
CUDA_LIBS := -L$(CUDA_HOME)/lib64 -Wl,-rpath,$(CUDA_HOME)/lib64 -lcublasLt -lcudart_static -lstdc++ -lpthread -ldl -lrt
nvcc = $(NVCC) $(NVCC_FLAGS) -c

CU := $(wildcard kernels/cuda/*.cu kernels/cuda/*/*.cu)
core_objects := $(call objects,kernels/choose.c kernels/cpu/*.c kernels/model/*.c kernels/model/*/*.c)
$(BUILD)/libcore.a: $(core_objects) $(BUILD)/kernels/no-cuda.o
$(BUILD)/libcore-cuda.a: $(core_objects) $(BUILD)/kernels/cuda/cuda.o $(CU:%.cu=$(BUILD)/%.o)
# nvcc leaves the name of a temporary file in an object, which would differ with each build.
$(BUILD)/kernels/cuda/%.o: kernels/cuda/%.cu $(BUILD)/how/nvcc
	$(call making,$<)
	$(nvcc) -o $@ $<
	objcopy -w -N 'tmpxft_*' $@

$(BUILD)/cuda/tests/%.t: $(BUILD)/tests/%.o $(BUILD)/libcore-cuda.a $(BUILD)/libcommon.a $(BUILD)/how/link
	$(call making,$@)
	$(link) -o $@ $(filter %.o %.a,$^) -lopenblas -lcyaml -lz $(CUDA_LIBS) -lm

CORE := $(BUILD)/libcore$(if $(filter 1,$(CUDA)),-cuda).a
CORE_LIBS := -lopenblas -lcyaml -lz $(if $(filter 1,$(CUDA)),$(CUDA_LIBS)) -lm
core = $(CORE) $(CORE_LIBS)
$(BIN)/gan-train $(BIN)/gan-sample: $(CORE) $(BUILD)/how/core

# The same kernels on the host: as they are (under the sanitisers with asan=1), and with every access watched.

SHIM_FLAGS := -std=c++17 $(if $(debug),-O0 -g3,-O2 -g) $(MARCH:%=-march=%) -ffp-contract=off -Itests/shim -I. -fopenmp -Wall \
	-Wextra -Wno-unknown-pragmas -MMD -MP $(SANITISERS)
shim = $(CXX) $(SHIM_FLAGS)
define shim_rules
$(BUILD)/$(1)/libcore.a: $$(core_objects) $(BUILD)/kernels/cuda/cuda.o $$(CU:%.cu=$(BUILD)/$(1)/%.o) \
		$$(patsubst %.cpp,$(BUILD)/$(1)/%.o,$$(wildcard tests/shim/*.cpp))
$(BUILD)/$(1)/kernels/%.o: kernels/%.cu $(BUILD)/how/shim
	$$(call making,$$< on $(1))
	$$(shim) -x c++ $(2) -c -o $$@ $$<
$(BUILD)/$(1)/tests/shim/%.o: tests/shim/%.cpp $(BUILD)/how/shim
	$$(call making,$$< on $(1))
	$$(shim) $(if $(2),-DSHIM_WATCHED) -c -o $$@ $$<
$(BUILD)/$(1)/tests/shim/%.cu.o: tests/shim/%.cu $(BUILD)/how/shim
	$$(call making,$$< on $(1))
	$$(shim) -x c++ $(2) -c -o $$@ $$<
$(BUILD)/$(1)/tests/shim/%.t: $(BUILD)/$(1)/tests/shim/%.cu.o $(BUILD)/$(1)/libcore.a
	$$(call making,$$@)
	$$(shim) -o $$@ $$(filter %.o %.a,$$^) -lopenblas -lm
$(BUILD)/$(1)/tests/%.t: $(BUILD)/tests/%.o $(BUILD)/$(1)/libcore.a $(BUILD)/libcommon.a
	$$(call making,$$@)
	$$(shim) -o $$@ $$(filter %.o %.a,$$^) -lopenblas -lcyaml -lz -lm
$(BUILD)/$(1)/bin/%: $(BUILD)/filters/%.o $(BUILD)/$(1)/libcore.a $(BUILD)/libcommon.a
	$$(call making,$$@)
	$$(shim) -o $$@ $$(filter %.o %.a,$$^) -lopenblas -lcyaml -lz -lm
endef
$(eval $(call shim_rules,shim,))
$(eval $(call shim_rules,shim-watched,-DSHIM_WATCHED -fsanitize=thread -w))
