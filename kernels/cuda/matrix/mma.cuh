/* Products of small matrices by one warp, whose factors lie in shared memory, in one of three ways:
 *
 *   fp32   each lane adds up its own sums from shared memory
 *   tf32   by the instruction mma.m16n8k8, factors rounded to 10 bits (to the nearest, ties away from 0)
 *   bf16   by the instruction mma.m16n8k16, factors kept as bfloat16
 *
 * Sums are reals always. */
#ifndef KERNELS_CUDA_MATRIX_MMA_CUH
#define KERNELS_CUDA_MATRIX_MMA_CUH

#include "kernels/cuda/matrix/mma-instructions.cuh"

enum way { WAY_FP32, WAY_TF32, WAY_BF16 };

/* What a factor's values are kept as in shared memory; bfloat16 as its bits. */
template <enum way W> struct kept_as {
    typedef float value;
};
template <> struct kept_as<WAY_BF16> {
    typedef uint16_t value;
};
template <enum way W> using factor_value = typename kept_as<W>::value;

/* Values from row to row of a factor of COLUMNS (a multiple of 16): 16 bytes more than they take, so that
 * eight rows lie in different banks. Rows begin at multiples of 16 bytes. */
template <enum way W, int COLUMNS> constexpr int factor_stride()
{
    return COLUMNS + 16 / (int)sizeof(factor_value<W>);
}

template <enum way W> __device__ inline void put_one(factor_value<W> *to, float v)
{
    if constexpr (W == WAY_BF16)
        *to = __bfloat16_as_ushort(__float2bfloat16_rn(v));
    else
        *to = W == WAY_TF32 ? __uint_as_float(round_tf32(v)) : v;
}

/* Eight values side by side, at a multiple of 16 bytes. */
template <enum way W> __device__ inline void put_eight(factor_value<W> *to, const float *v)
{
    uint32_t words[8];
    for (int i = 0; i < 8; i++) words[i] = W == WAY_TF32 ? round_tf32(v[i]) : __float_as_uint(v[i]);
    if (W == WAY_BF16)
        for (int i = 0; i < 4; i++) words[i] = bf16_pair(v[2 * i], v[2 * i + 1]);
    for (int i = 0; i < (W == WAY_BF16 ? 4 : 8); i += 4)
        *((uint4 *)to + i / 4) = make_uint4(words[i], words[i + 1], words[i + 2], words[i + 3]);
}

/* 16 x 16 values of a factor, as the lanes of a warp hold them. The inner index runs over 16 values side by
 * side in memory, or over what `along_sums` says: over the 16 columns of two tiles, which so become a factor
 * without leaving their lanes. In tf32 the instruction's inner indices quad and quad + 4 then mean the
 * columns 2 quad and 2 quad + 1; a sum may take its terms in any order, as long as both factors have the same
 * one. */
template <enum way W, bool along_sums> struct factor {
    uint32_t words[W == WAY_BF16 ? 4 : 8];
};
template <bool along_sums> struct factor<WAY_FP32, along_sums> {
    const float *x;
    int stride;
};

/* a[i, k] = x[i * stride + k] */
template <enum way W> __device__ inline factor<W, false> left_factor(const factor_value<W> *x, int stride)
{
    factor<W, false> a;
    int lane = (int)threadIdx.x % WARP;
    if constexpr (W == WAY_FP32) {
        a.x = x, a.stride = stride;
    } else if constexpr (W == WAY_TF32) {
        x += lane % 16 * stride + lane / 16 * 4;
        load_matrices(a.words, x), load_matrices(a.words + 4, x + 8);
    } else {
        load_matrices(a.words, x + lane % 16 * stride + lane / 16 * 8);
    }
    return a;
}

/* b[k, j] = x[j * stride + k] */
template <enum way W> __device__ inline factor<W, false> right_factor(const factor_value<W> *x, int stride)
{
    factor<W, false> b;
    int lane = (int)threadIdx.x % WARP;
    if constexpr (W == WAY_FP32) {
        b.x = x, b.stride = stride;
    } else if constexpr (W == WAY_TF32) {
        x += lane % 8 * stride + lane / 8 * 4;
        load_matrices(b.words, x), load_matrices(b.words + 4, x + 8 * stride);
    } else {
        load_matrices(b.words, x + (lane / 16 * 8 + lane % 8) * stride + lane / 8 % 2 * 8);
    }
    return b;
}

enum { SUMS_STRIDE = 20, SUMS_ROOM = 16 * SUMS_STRIDE };

/* a[i, k] = the sums of two tiles side by side. room: SUMS_ROOM floats of shared memory for the warp, in
 * fp32. */
template <enum way W>
__device__ inline factor<W, true> left_factor_of_sums(const struct tile *sums, float *room)
{
    factor<W, true> a;
    if constexpr (W == WAY_FP32) {
        float *to = room + tile_group() * SUMS_STRIDE + 2 * tile_quad();
        a.x = room, a.stride = SUMS_STRIDE;
        __syncwarp();
        for (int i = 0; i < 2; i++) {
            *(float2 *)(to + 8 * i) = make_float2(sums[i].v[0], sums[i].v[1]);
            *(float2 *)(to + 8 * i + 8 * SUMS_STRIDE) = make_float2(sums[i].v[2], sums[i].v[3]);
        }
        __syncwarp();
    } else {
        for (int i = 0; i < 2; i++) {
            const float *v = sums[i].v;
            if constexpr (W == WAY_TF32) {
                a.words[4 * i] = round_tf32(v[0]), a.words[4 * i + 1] = round_tf32(v[2]);
                a.words[4 * i + 2] = round_tf32(v[1]), a.words[4 * i + 3] = round_tf32(v[3]);
            } else {
                a.words[2 * i] = bf16_pair(v[0], v[1]), a.words[2 * i + 1] = bf16_pair(v[2], v[3]);
            }
        }
    }
    return a;
}

/* b[k, j] = x[k * stride + j], k as in the factor of sums */
template <enum way W>
__device__ inline factor<W, true> right_factor_for_sums(const factor_value<W> *x, int stride)
{
    factor<W, true> b;
    int lane = (int)threadIdx.x % WARP;
    if constexpr (W == WAY_FP32) {
        b.x = x, b.stride = stride;
    } else if constexpr (W == WAY_TF32) {
        x += 2 * tile_quad() * stride + tile_group();
        for (int i = 0; i < 8; i++)
            b.words[i] = __float_as_uint(x[(i / 2 % 2 * 8 + i % 2) * stride + i / 4 * 8]);
    } else {
        load_transposed(b.words, x + lane % 16 * stride + lane / 16 * 8);
    }
    return b;
}

__device__ static inline float add_four(float sum, float4 a, float4 b)
{
    return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}

__device__ static inline void multiply_exactly(struct tile *c, factor<WAY_FP32, false> a,
                                               factor<WAY_FP32, false> b)
{
    const float *low = a.x + tile_group() * a.stride, *high = low + 8 * a.stride;
    for (int k = 0; k < 16; k += 4) {
        float4 a0 = *(const float4 *)(low + k), a1 = *(const float4 *)(high + k);
        for (int i = 0; i < 2; i++) {
            const float *even = b.x + (8 * i + 2 * tile_quad()) * b.stride + k, *odd = even + b.stride;
            float4 b0 = *(const float4 *)even, b1 = *(const float4 *)odd;
            c[i].v[0] = add_four(c[i].v[0], a0, b0), c[i].v[1] = add_four(c[i].v[1], a0, b1);
            c[i].v[2] = add_four(c[i].v[2], a1, b0), c[i].v[3] = add_four(c[i].v[3], a1, b1);
        }
    }
}

__device__ static inline void multiply_exactly(struct tile *c, factor<WAY_FP32, true> a,
                                               factor<WAY_FP32, true> b)
{
    const float *low = a.x + tile_group() * a.stride, *high = low + 8 * a.stride;
    for (int k = 0; k < 16; k += 2) {
        float2 a0 = *(const float2 *)(low + k), a1 = *(const float2 *)(high + k);
        for (int i = 0; i < 2; i++) {
            const float *row = b.x + k * b.stride + 8 * i + 2 * tile_quad();
            float2 b0 = *(const float2 *)row, b1 = *(const float2 *)(row + b.stride);
            add_outer(c[i], a0.x, a1.x, b0.x, b0.y);
            add_outer(c[i], a0.y, a1.y, b1.x, b1.y);
        }
    }
}

/* Two tiles side by side += a b */
template <enum way W, bool along_sums>
__device__ inline void multiply(struct tile *c, factor<W, along_sums> a, factor<W, along_sums> b)
{
    for (int i = 0; i < 2; i++) {
        if constexpr (W == WAY_TF32)
            for (int half = 0; half < 2; half++)
                multiply_tf32(c[i], a.words + 4 * half, b.words + 4 * i + 2 * half);
        if constexpr (W == WAY_BF16) multiply_narrow(c[i], a.words, b.words + 2 * i);
    }
    if constexpr (W == WAY_FP32) multiply_exactly(c, a, b);
}

#endif
