/* What every kernel of the CUDA backend stands on: errors, launches, scratch memory, and access to tensors of
 * reals and of bf16 (bfloat16) values alike.
 *
 * All work goes into one stream, in order, so that it can be captured into a graph; nothing here waits for
 * the GPU but downloads. Sums have a fixed order: the same bytes each time on the same model of GPU. No
 * atomics on floats.
 *
 * Shared memory is always dynamic (shared_memory<T>()), so that tests on the host see its bounds. */
#ifndef KERNELS_CUDA_CUH
#define KERNELS_CUDA_CUH

#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

extern "C" {
#include "kernels/cuda/base/cuda.h"
}

/* Ends the program with one line where a call of the CUDA runtime failed. */
#define CUDA_CHECK(CALL) cuda_check((CALL), #CALL)
void cuda_check(cudaError_t status, const char *call);

/* The one stream, and the precision asked for (never PRECISION_AUTO). */
extern cudaStream_t cuda_stream;
extern enum precision cuda_precision;

/* Whether tensors that may be bf16 are. */
static inline bool cuda_bf16()
{
    return cuda_precision == PRECISION_BF16;
}

/* Scratch that lies unused between operations: an operation asks once and cuts it up itself. Windows and
 * products of matrices, which operations use, have their own. Grows outside of recordings only; aligned to
 * 256 bytes. What is made once (a block) asks already then for what it will want, so that it is measured. */
enum workspace { WORKSPACE_OPERATION, WORKSPACE_WINDOW, WORKSPACE_PRODUCT, WORKSPACES };
void *cuda_workspace(enum workspace workspace, size_t bytes);

/* Cuts pieces aligned to 256 bytes off scratch that is large enough: a piece takes up to 255 bytes more. */
struct cutter {
    char *base;
    size_t used;
};
template <class T> T *cut(struct cutter *cutter, size_t count)
{
    T *piece = (T *)(cutter->base + cutter->used);
    cutter->used += (count * sizeof(T) + 255) / 256 * 256;
    return piece;
}

/* Zeroed memory that `allocated` counts; dies saying what was asked for. */
void *cuda_memory_or_die(size_t count, size_t size);
void cuda_memory_release(void *memory);

/* Memory was given back, so iterations are not what they were: the next of each kind runs as it comes. */
void cuda_recordings_forget();

/* The multiplications and additions of the next launch, for the count of what an iteration costs. */
void cuda_count_operations(double operations);

/* Runs a kernel in the stream. Static, for kernels of two files may take structs of one name. */
template <class... Parameters, class... Arguments>
static void launch(void (*kernel)(Parameters...), dim3 grid, unsigned threads, size_t shared_bytes,
                   Arguments... arguments)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared_bytes;
    config.stream = cuda_stream;
    /* More than 48 KB must be asked for. */
    if (shared_bytes > 48 * 1024)
        CUDA_CHECK(cudaFuncSetAttribute((const void *)kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        (int)shared_bytes));
    CUDA_CHECK(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...));
}

/* Blocks of `size` that cover `count`; at least one. */
static inline unsigned blocks_for(size_t count, size_t size)
{
    return (unsigned)(count > size ? (count + size - 1) / size : 1);
}

/* The dynamic shared memory of a block of threads. */
template <class T> __device__ T *shared_memory()
{
    extern __shared__ __align__(16) unsigned char shared_bytes[];
    return (T *)shared_bytes;
}

/* Values of one of two types. */
struct view {
    void *data;
    bool bf16;
};
static inline view view_of(struct tensor x)
{
    view v = {x.data, x.bf16 && cuda_bf16()};
    return v;
}
static inline view view_of(device x)
{
    view v = {x, false};
    return v;
}
static inline float *reals(device x)
{
    return (float *)x;
}

/* N values side by side. N is 1, 4 or 8; where it is more than 1, the first one's address is a multiple of 16
 * bytes, or of 8 where four bf16 ones stand there. */
template <int N> struct pack {
    float v[N];
};

__device__ static inline float load(view x, size_t i)
{
    return x.bf16 ? __bfloat162float(((const __nv_bfloat16 *)x.data)[i]) : ((const float *)x.data)[i];
}

__device__ static inline void store(view x, size_t i, float value)
{
    if (x.bf16)
        ((__nv_bfloat16 *)x.data)[i] = __float2bfloat16_rn(value);
    else
        ((float *)x.data)[i] = value;
}

/* Two bf16 values in one word, the first in the lower half. */
__device__ static inline void unpack_narrow(float *v, uint32_t word)
{
    v[0] = __uint_as_float(word << 16);
    v[1] = __uint_as_float(word & 0xffff0000u);
}
__device__ static inline uint32_t pack_narrow(float low, float high)
{
    return (uint32_t)__bfloat16_as_ushort(__float2bfloat16_rn(low)) |
           (uint32_t)__bfloat16_as_ushort(__float2bfloat16_rn(high)) << 16;
}

/* Four values at index i, a multiple of 4. */
__device__ static inline void load_four(float *v, view x, size_t i)
{
    if (x.bf16) {
        uint2 words = *(const uint2 *)((const __nv_bfloat16 *)x.data + i);
        unpack_narrow(v, words.x), unpack_narrow(v + 2, words.y);
    } else {
        float4 four = *(const float4 *)((const float *)x.data + i);
        v[0] = four.x, v[1] = four.y, v[2] = four.z, v[3] = four.w;
    }
}
__device__ static inline void store_four(view x, size_t i, const float *v)
{
    if (x.bf16)
        *(uint2 *)((__nv_bfloat16 *)x.data + i) =
            make_uint2(pack_narrow(v[0], v[1]), pack_narrow(v[2], v[3]));
    else
        *(float4 *)((float *)x.data + i) = make_float4(v[0], v[1], v[2], v[3]);
}

template <int N> __device__ inline pack<N> load_pack(view x, size_t i)
{
    pack<N> p;
    if constexpr (N == 1) {
        p.v[0] = load(x, i);
    } else if (N == 8 && x.bf16) {
        uint4 words = *(const uint4 *)((const __nv_bfloat16 *)x.data + i);
        unpack_narrow(p.v, words.x), unpack_narrow(p.v + 2, words.y);
        unpack_narrow(p.v + N - 4, words.z), unpack_narrow(p.v + N - 2, words.w);
    } else {
        for (int j = 0; j < N; j += 4) load_four(p.v + j, x, i + j);
    }
    return p;
}
template <int N> __device__ inline void store_pack(view x, size_t i, pack<N> p)
{
    if constexpr (N == 1)
        store(x, i, p.v[0]);
    else if (N == 8 && x.bf16)
        *(uint4 *)((__nv_bfloat16 *)x.data + i) =
            make_uint4(pack_narrow(p.v[0], p.v[1]), pack_narrow(p.v[2], p.v[3]),
                       pack_narrow(p.v[N - 4], p.v[N - 3]), pack_narrow(p.v[N - 2], p.v[N - 1]));
    else
        for (int j = 0; j < N; j += 4) store_four(x, i + j, p.v + j);
}

#endif
