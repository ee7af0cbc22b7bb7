/* The base of every kernel of the CUDA backend: error checks, kernel launches, scratch memory, and loads and
 * stores of tensors that are float or bf16 (bfloat16).
 *
 * All work goes into one stream, in order, so that it can be captured into a CUDA graph; only downloads wait
 * for the GPU. Sums have a fixed order and there are no atomics on floats, so that the same model of GPU
 * gives the same bytes each time.
 *
 * Shared memory is always dynamic (shared_memory<T>()), so that tests on the host see its bounds. */
#ifndef KERNELS_CUDA_BASE_CUDA_CUH
#define KERNELS_CUDA_BASE_CUDA_CUH

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

/* Ends the program with a message of one line if a call of the CUDA runtime failed. */
#define CUDA_CHECK(CALL) cuda_check((CALL), #CALL)
void cuda_check(cudaError_t status, const char *call);

/* The one stream, and the precision in use (never PRECISION_AUTO). */
extern cudaStream_t cuda_stream;
extern enum precision cuda_precision;

/* Whether tensors marked bf16 are stored in 16 bits. */
static inline bool cuda_bf16()
{
    return cuda_precision == PRECISION_BF16;
}

/* Scratch memory, aligned to 256 bytes, whose contents last until the end of an operation. There are three:
 * for the operation itself, for the convolutions it calls (kernels/cuda/conv), and for the gemms those call
 * (kernels/cuda/matrix/gemm.cu), so that callers and callees do not overwrite each other. A workspace grows
 * when more is asked for, but not during a graph's capture. Objects that are made once (a block) ask for what
 * they will need when they are made, so that `measure` counts it. */
enum workspace { WORKSPACE_OPERATION, WORKSPACE_CONV, WORKSPACE_GEMM, WORKSPACES };
void *cuda_workspace(enum workspace workspace, size_t bytes);

/* Hands out a workspace piece by piece: each piece is aligned to 256 bytes, and so takes up to 255 bytes more
 * than its size. The workspace must be large enough: nothing is checked. */
struct arena {
    char *base;
    size_t used;
};
template <class T> T *arena_take(struct arena *arena, size_t count)
{
    T *piece = (T *)(arena->base + arena->used);
    arena->used += (count * sizeof(T) + 255) / 256 * 256;
    return piece;
}

/* Zeroed memory that `allocated` counts; dies saying what was asked for. */
void *cuda_memory_or_die(size_t count, size_t size);
void cuda_memory_release(void *memory);

/* Called when memory is freed: captured graphs may hold its address. The next run of each kind of graph is
 * launched kernel by kernel again (kernels/cuda/base/graph.cu). */
void cuda_graphs_forget();

/* Tells the number of multiplications and additions of the next launch, for benchmarks that count them. */
void cuda_count_operations(double operations);

/* Launches a kernel in the stream. Static, because two files may name different structs alike. */
template <class... Parameters, class... Arguments>
static void launch(void (*kernel)(Parameters...), dim3 grid, unsigned threads, size_t shared_bytes,
                   Arguments... arguments)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = dim3(threads);
    config.dynamicSmemBytes = shared_bytes;
    config.stream = cuda_stream;
    /* More than 48 KB must be requested explicitly. */
    if (shared_bytes > 48 * 1024)
        CUDA_CHECK(cudaFuncSetAttribute((const void *)kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        (int)shared_bytes));
    CUDA_CHECK(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...));
}

/* The number of thread blocks, of `size` elements each, that cover `count` elements; at least one. */
static inline unsigned blocks_for(size_t count, size_t size)
{
    return (unsigned)(count > size ? (count + size - 1) / size : 1);
}

/* The dynamic shared memory of a thread block. */
template <class T> __device__ T *shared_memory()
{
    extern __shared__ __align__(16) unsigned char shared_bytes[];
    return (T *)shared_bytes;
}

/* An array of float or of bf16. */
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

/* N consecutive values in registers, for vectorised loads and stores. N is 1, 4 or 8. For N > 1 the address
 * of the first value must be a multiple of 16 bytes, or of 8 bytes for four bf16 values (vec_size() of
 * kernels/cuda/base/vectors.cuh chooses N accordingly). */
template <int N> struct vec {
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

/* Two bf16 values in one 32-bit word, the first in the lower half. */
__device__ static inline void unpack_bf16(float *v, uint32_t word)
{
    v[0] = __uint_as_float(word << 16);
    v[1] = __uint_as_float(word & 0xffff0000u);
}
__device__ static inline uint32_t pack_bf16(float low, float high)
{
    return (uint32_t)__bfloat16_as_ushort(__float2bfloat16_rn(low)) |
           (uint32_t)__bfloat16_as_ushort(__float2bfloat16_rn(high)) << 16;
}

/* Four values from index i on, a multiple of 4. */
__device__ static inline void load_four(float *v, view x, size_t i)
{
    if (x.bf16) {
        uint2 words = *(const uint2 *)((const __nv_bfloat16 *)x.data + i);
        unpack_bf16(v, words.x), unpack_bf16(v + 2, words.y);
    } else {
        float4 four = *(const float4 *)((const float *)x.data + i);
        v[0] = four.x, v[1] = four.y, v[2] = four.z, v[3] = four.w;
    }
}
__device__ static inline void store_four(view x, size_t i, const float *v)
{
    if (x.bf16)
        *(uint2 *)((__nv_bfloat16 *)x.data + i) = make_uint2(pack_bf16(v[0], v[1]), pack_bf16(v[2], v[3]));
    else
        *(float4 *)((float *)x.data + i) = make_float4(v[0], v[1], v[2], v[3]);
}

template <int N> __device__ inline vec<N> load_vec(view x, size_t i)
{
    vec<N> p;
    if constexpr (N == 1) {
        p.v[0] = load(x, i);
    } else if (N == 8 && x.bf16) {
        uint4 words = *(const uint4 *)((const __nv_bfloat16 *)x.data + i);
        unpack_bf16(p.v, words.x), unpack_bf16(p.v + 2, words.y);
        unpack_bf16(p.v + N - 4, words.z), unpack_bf16(p.v + N - 2, words.w);
    } else {
        for (int j = 0; j < N; j += 4) load_four(p.v + j, x, i + j);
    }
    return p;
}
template <int N> __device__ inline void store_vec(view x, size_t i, vec<N> p)
{
    if constexpr (N == 1)
        store(x, i, p.v[0]);
    else if (N == 8 && x.bf16)
        *(uint4 *)((__nv_bfloat16 *)x.data + i) =
            make_uint4(pack_bf16(p.v[0], p.v[1]), pack_bf16(p.v[2], p.v[3]),
                       pack_bf16(p.v[N - 4], p.v[N - 3]), pack_bf16(p.v[N - 2], p.v[N - 1]));
    else
        for (int j = 0; j < N; j += 4) store_four(x, i + j, p.v + j);
}

#endif
