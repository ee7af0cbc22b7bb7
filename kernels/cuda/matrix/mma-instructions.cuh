/* The PTX instructions of a matrix multiplication by tensor cores (mma, ldmatrix, cp.async), each beside the
 * same in C.
 *
 * The instructions need compute capability 8.0 (MMA_INSTRUCTIONS). The C code moves the same registers
 * between the same lanes (PTX ISA, "Warp-level matrix instructions"), so that tests on the host check the
 * code that loads the fragments. All lanes of a warp must call these functions together. */
#ifndef KERNELS_CUDA_MATRIX_MMA_INSTRUCTIONS_CUH
#define KERNELS_CUDA_MATRIX_MMA_INSTRUCTIONS_CUH

#include <string.h>

#include "kernels/cuda/base/sums.cuh"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define MMA_INSTRUCTIONS 1
#else
#define MMA_INSTRUCTIONS 0
#endif

#ifdef __CUDACC__
#if !MMA_INSTRUCTIONS
/* Values of all lanes of a warp; all lanes read the same i at the same time. tests/shim has its own version,
 * which exchanges all values at once. */
template <class T, int count> struct warp_values {
    T own[count];
    __device__ T of(int lane, int i) const
    {
        return __shfl_sync(WHOLE_WARP, own[i], lane);
    }
};
#endif
#endif

/* The accumulators of a 16 x 8 result, as mma.m16n8k8 and mma.m16n8k16 spread them over a warp. The lane
 * 4 g + t has the elements (row, column) = (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1); the PTX ISA
 * calls g groupID and t threadID_in_group. */
struct fragment {
    float v[4];
};

/* g */
__device__ static inline int lane_group()
{
    return (int)threadIdx.x % WARP / 4;
}
/* t */
__device__ static inline int lane_in_group()
{
    return (int)threadIdx.x % 4;
}

/* To 10 bits of fraction, to the nearest, ties away from 0. */
__device__ static inline uint32_t to_tf32(float x)
{
#if MMA_INSTRUCTIONS
    uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
#else
    return isfinite(x) ? (__float_as_uint(x) + 0x1000u) & ~0x1fffu : __float_as_uint(x);
#endif
}

/* Two bf16 values in one word, `low` in the lower half. */
__device__ static inline uint32_t bf16_pair(float low, float high)
{
    __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    uint32_t word;
    memcpy(&word, &pair, sizeof word);
    return word;
}

/* Asynchronous copies of 16 bytes from global to shared memory, or of zeros. The copies before each
 * cp_async_commit() are a group. cp_async_wait<left>() waits until at most `left` groups of the calling
 * thread are unfinished; other threads' copies can be read after a __syncthreads() more. */
__device__ static inline void cp_async_16(void *to, const void *from, bool zeros)
{
#if MMA_INSTRUCTIONS
    asm volatile(
        "cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"((uint32_t)__cvta_generic_to_shared(to)),
        "l"(from), "r"(zeros ? 0 : 16)
        : "memory");
#else
    *(uint4 *)to = zeros ? make_uint4(0, 0, 0, 0) : *(const uint4 *)from;
#endif
}
__device__ static inline void cp_async_commit()
{
#if MMA_INSTRUCTIONS
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
template <int left> __device__ inline void cp_async_wait()
{
#if MMA_INSTRUCTIONS
    asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
#endif
}

/* ldmatrix: four matrices of eight rows of 16 bytes. Lane l passes the address of row l % 8 of matrix l / 8,
 * and lane 4 g + t gets from each matrix the 32-bit word t of row g. */
__device__ static inline void ldmatrix(uint32_t *to, const void *row)
{
#if MMA_INSTRUCTIONS
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(row)));
#else
    warp_values<uint64_t, 1> rows = {{(uint64_t)(uintptr_t)row}};
    for (int i = 0; i < 4; i++) {
        uint64_t from = rows.of(8 * i + lane_group(), 0);
        memcpy(to + i, (const uint32_t *)(uintptr_t)from + lane_in_group(), sizeof *to);
    }
#endif
}

/* ldmatrix.trans, of 16-bit values: lane 4 g + t gets from each matrix value g of the rows 2t and 2t + 1. */
__device__ static inline void ldmatrix_transposed(uint32_t *to, const void *row)
{
#if MMA_INSTRUCTIONS
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(row)));
#else
    warp_values<uint64_t, 1> rows = {{(uint64_t)(uintptr_t)row}};
    for (int i = 0; i < 4; i++) {
        uint16_t value[2];
        for (int h = 0; h < 2; h++) {
            uint64_t from = rows.of(8 * i + 2 * lane_in_group() + h, 0);
            memcpy(value + h, (const uint16_t *)(uintptr_t)from + lane_group(), sizeof *value);
        }
        to[i] = value[0] | (uint32_t)value[1] << 16;
    }
#endif
}

/* One term of the inner sum, in C: the values of rows g (low) and g + 8 (high) times those of the columns 2t
 * (even) and 2t + 1 (odd). */
__device__ static inline void add_outer(struct fragment &c, float low, float high, float even, float odd)
{
    c.v[0] = fmaf(low, even, c.v[0]);
    c.v[1] = fmaf(low, odd, c.v[1]);
    c.v[2] = fmaf(high, even, c.v[2]);
    c.v[3] = fmaf(high, odd, c.v[3]);
}

/* c += a b in bf16: a is 16 x 16, b 16 x 8, two values a word. */
__device__ static inline void mma_bf16(struct fragment &c, const uint32_t *a, const uint32_t *b)
{
#if MMA_INSTRUCTIONS
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    warp_values<uint32_t, 6> words = {{a[0], a[1], a[2], a[3], b[0], b[1]}};
#pragma unroll 1
    for (int pair = 0; pair < 8; pair++) {
        int late = pair / 4, row = 4 * lane_group() + pair % 4, column = 8 * lane_in_group() + pair % 4;
        float low[2], high[2], even[2], odd[2];
        unpack_bf16(low, words.of(row, 2 * late));
        unpack_bf16(high, words.of(row, 2 * late + 1));
        unpack_bf16(even, words.of(column, 4 + late));
        unpack_bf16(odd, words.of(column + 4, 4 + late));
        for (int i = 0; i < 2; i++) add_outer(c, low[i], high[i], even[i], odd[i]);
    }
#endif
}

/* c += a b in tf32: a is 16 x 8, b 8 x 8. */
__device__ static inline void mma_tf32(struct fragment &c, const uint32_t *a, const uint32_t *b)
{
#if MMA_INSTRUCTIONS
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    warp_values<uint32_t, 6> words = {{a[0], a[1], a[2], a[3], b[0], b[1]}};
#pragma unroll 1
    for (int k = 0; k < 8; k++) {
        int late = k / 4, row = 4 * lane_group() + k % 4, column = 8 * lane_in_group() + k % 4;
        float low = __uint_as_float(words.of(row, 2 * late));
        float high = __uint_as_float(words.of(row, 2 * late + 1));
        float even = __uint_as_float(words.of(column, 4 + late));
        float odd = __uint_as_float(words.of(column + 4, 4 + late));
        add_outer(c, low, high, even, odd);
    }
#endif
}

#endif
