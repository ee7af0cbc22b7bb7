/* Instructions that products of matrices are made of, each with its meaning in C.
 *
 * The instructions need compute capability 8.0. The C beside each moves the same registers between the same
 * lanes (PTX ISA, "Warp-level matrix instructions"), so that tests on the host try what loads them. All lanes
 * of a warp take part: in C they hand over what they hold, all of it at once. */
#ifndef KERNELS_CUDA_MATRIX_MMA_INSTRUCTIONS_CUH
#define KERNELS_CUDA_MATRIX_MMA_INSTRUCTIONS_CUH

#include <string.h>

#include "kernels/cuda/base/sums.cuh"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define TILE_INSTRUCTIONS 1
#else
#define TILE_INSTRUCTIONS 0
#endif

#ifdef __CUDACC__
#if !TILE_INSTRUCTIONS
/* Values of every lane of a warp; all lanes ask for the same i at the same time. tests/shim has its own,
 * which is one rendezvous for all values. */
template <class T, int count> struct warp_values {
    T own[count];
    __device__ T of(int lane, int i) const
    {
        return __shfl_sync(WHOLE_WARP, own[i], lane);
    }
};
#endif
#endif

/* 16 x 8 sums of a warp: the lane 4 group + quad holds two rows of two columns. */
struct tile {
    float v[4]; /* (group, 2 quad), (group, 2 quad + 1), (group + 8, 2 quad), (group + 8, 2 quad + 1) */
};

__device__ static inline int tile_group()
{
    return (int)threadIdx.x % WARP / 4;
}
__device__ static inline int tile_quad()
{
    return (int)threadIdx.x % 4;
}

__device__ static inline uint32_t round_tf32(float x)
{
#if TILE_INSTRUCTIONS
    uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
#else
    return isfinite(x) ? (__float_as_uint(x) + 0x1000u) & ~0x1fffu : __float_as_uint(x);
#endif
}

__device__ static inline uint32_t bf16_pair(float low, float high)
{
    __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    uint32_t word;
    memcpy(&word, &pair, sizeof word);
    return word;
}

/* 16 bytes from global to shared memory, or zeros. The copies before each end are a group; a thread's copies
 * are there when it has waited until only `left` groups are not, others' after a __syncthreads() more. */
__device__ static inline void copy_sixteen_bytes(void *to, const void *from, bool zeros)
{
#if TILE_INSTRUCTIONS
    asm volatile(
        "cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"((uint32_t)__cvta_generic_to_shared(to)),
        "l"(from), "r"(zeros ? 0 : 16)
        : "memory");
#else
    *(uint4 *)to = zeros ? make_uint4(0, 0, 0, 0) : *(const uint4 *)from;
#endif
}
__device__ static inline void copies_end_group()
{
#if TILE_INSTRUCTIONS
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
template <int left> __device__ inline void copies_wait()
{
#if TILE_INSTRUCTIONS
    asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
#endif
}

/* ldmatrix: four matrices of eight rows of 16 bytes. Lane l gives the address of row l % 8 of matrix l / 8
 * and takes from each matrix the word `quad` of row `group`. */
__device__ static inline void load_matrices(uint32_t *to, const void *row)
{
#if TILE_INSTRUCTIONS
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(row)));
#else
    warp_values<uint64_t, 1> rows = {{(uint64_t)(uintptr_t)row}};
    for (int i = 0; i < 4; i++) {
        uint64_t from = rows.of(8 * i + tile_group(), 0);
        memcpy(to + i, (const uint32_t *)(uintptr_t)from + tile_quad(), sizeof *to);
    }
#endif
}

/* The same of 16-bit values, transposed: a lane takes value `group` of the rows 2 quad and 2 quad + 1. */
__device__ static inline void load_transposed(uint32_t *to, const void *row)
{
#if TILE_INSTRUCTIONS
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"((uint32_t)__cvta_generic_to_shared(row)));
#else
    warp_values<uint64_t, 1> rows = {{(uint64_t)(uintptr_t)row}};
    for (int i = 0; i < 4; i++) {
        uint16_t value[2];
        for (int h = 0; h < 2; h++) {
            uint64_t from = rows.of(8 * i + 2 * tile_quad() + h, 0);
            memcpy(value + h, (const uint16_t *)(uintptr_t)from + tile_group(), sizeof *value);
        }
        to[i] = value[0] | (uint32_t)value[1] << 16;
    }
#endif
}

/* What the C twins do with words that they have from other lanes: rows `group` (low) and `group` + 8 (high)
 * times the columns 2 quad (even) and 2 quad + 1 (odd). */
__device__ static inline void add_outer(struct tile &c, float low, float high, float even, float odd)
{
    c.v[0] = fmaf(low, even, c.v[0]);
    c.v[1] = fmaf(low, odd, c.v[1]);
    c.v[2] = fmaf(high, even, c.v[2]);
    c.v[3] = fmaf(high, odd, c.v[3]);
}

/* c += a b, a of 16 x 16, b of 16 x 8 */
__device__ static inline void multiply_narrow(struct tile &c, const uint32_t *a, const uint32_t *b)
{
#if TILE_INSTRUCTIONS
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    warp_values<uint32_t, 6> words = {{a[0], a[1], a[2], a[3], b[0], b[1]}};
#pragma unroll 1
    for (int pair = 0; pair < 8; pair++) {
        int late = pair / 4, row = 4 * tile_group() + pair % 4, column = 8 * tile_quad() + pair % 4;
        float low[2], high[2], even[2], odd[2];
        unpack_bf16(low, words.of(row, 2 * late));
        unpack_bf16(high, words.of(row, 2 * late + 1));
        unpack_bf16(even, words.of(column, 4 + late));
        unpack_bf16(odd, words.of(column + 4, 4 + late));
        for (int i = 0; i < 2; i++) add_outer(c, low[i], high[i], even[i], odd[i]);
    }
#endif
}

/* c += a b, a of 16 x 8, b of 8 x 8 */
__device__ static inline void multiply_tf32(struct tile &c, const uint32_t *a, const uint32_t *b)
{
#if TILE_INSTRUCTIONS
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c.v[0]), "+f"(c.v[1]), "+f"(c.v[2]), "+f"(c.v[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    warp_values<uint32_t, 6> words = {{a[0], a[1], a[2], a[3], b[0], b[1]}};
#pragma unroll 1
    for (int k = 0; k < 8; k++) {
        int late = k / 4, row = 4 * tile_group() + k % 4, column = 8 * tile_quad() + k % 4;
        float low = __uint_as_float(words.of(row, 2 * late));
        float high = __uint_as_float(words.of(row, 2 * late + 1));
        float even = __uint_as_float(words.of(column, 4 + late));
        float odd = __uint_as_float(words.of(column + 4, 4 + late));
        add_outer(c, low, high, even, odd);
    }
#endif
}

#endif
