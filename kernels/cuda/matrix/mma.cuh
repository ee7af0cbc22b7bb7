/* Matrix multiplication by one warp of 16 x 16 tiles in shared memory, c += a b, in one of three types:
 *
 *   fp32   without tensor cores: each lane computes its own sums from shared memory
 *   tf32   by mma.m16n8k8, with operands rounded to 10 bits of fraction (to the nearest, ties away from 0)
 *   bf16   by mma.m16n8k16, with operands in bfloat16
 *
 * Accumulators are float. Below, g and t are the lane's group and its number in it (mma-instructions.cuh). */
#ifndef KERNELS_CUDA_MATRIX_MMA_CUH
#define KERNELS_CUDA_MATRIX_MMA_CUH

#include "kernels/cuda/matrix/mma-instructions.cuh"

enum mma_type { MMA_FP32, MMA_TF32, MMA_BF16 };

/* The type of an operand's values in shared memory; bfloat16 as its bits. */
template <enum mma_type M> struct operand_type {
    typedef float value;
};
template <> struct operand_type<MMA_BF16> {
    typedef uint16_t value;
};
template <enum mma_type M> using operand_value = typename operand_type<M>::value;

/* The row stride, in values, of an operand of COLUMNS columns (a multiple of 16): 16 bytes of padding, so
 * that 16 bytes of each of eight rows fall into different banks. Rows begin at multiples of 16 bytes. */
template <enum mma_type M, int COLUMNS> constexpr int operand_stride()
{
    return COLUMNS + 16 / (int)sizeof(operand_value<M>);
}

/* Stores one value, rounded to the operand's type. */
template <enum mma_type M> __device__ inline void store_operand(operand_value<M> *to, float v)
{
    if constexpr (M == MMA_BF16)
        *to = __bfloat16_as_ushort(__float2bfloat16_rn(v));
    else
        *to = M == MMA_TF32 ? __uint_as_float(to_tf32(v)) : v;
}

/* Stores eight consecutive values at a multiple of 16 bytes. */
template <enum mma_type M> __device__ inline void store_operand8(operand_value<M> *to, const float *v)
{
    uint32_t words[8];
    for (int i = 0; i < 8; i++) words[i] = M == MMA_TF32 ? to_tf32(v[i]) : __float_as_uint(v[i]);
    if (M == MMA_BF16)
        for (int i = 0; i < 4; i++) words[i] = bf16_pair(v[2 * i], v[2 * i + 1]);
    for (int i = 0; i < (M == MMA_BF16 ? 4 : 8); i += 4)
        *((uint4 *)to + i / 4) = make_uint4(words[i], words[i + 1], words[i + 2], words[i + 3]);
}

/* A lane's share of a 16 x 16 operand tile. With from_accumulators the inner dimension is the 16 columns of
 * two accumulator fragments, which become the operand a without leaving their lanes. In tf32 the
 * instruction's inner indices t and t + 4 then mean the columns 2t and 2t + 1: the order of a sum's terms
 * does not matter, as long as both operands have the same one. */
template <enum mma_type M, bool from_accumulators> struct operand {
    uint32_t words[M == MMA_BF16 ? 4 : 8];
};
template <bool from_accumulators> struct operand<MMA_FP32, from_accumulators> {
    const float *x;
    int stride;
};

/* a[i, k] = x[i * stride + k] */
template <enum mma_type M> __device__ inline operand<M, false> load_a(const operand_value<M> *x, int stride)
{
    operand<M, false> a;
    int lane = (int)threadIdx.x % WARP;
    if constexpr (M == MMA_FP32) {
        a.x = x, a.stride = stride;
    } else if constexpr (M == MMA_TF32) {
        x += lane % 16 * stride + lane / 16 * 4;
        ldmatrix(a.words, x), ldmatrix(a.words + 4, x + 8);
    } else {
        ldmatrix(a.words, x + lane % 16 * stride + lane / 16 * 8);
    }
    return a;
}

/* b[k, j] = x[j * stride + k] */
template <enum mma_type M> __device__ inline operand<M, false> load_b(const operand_value<M> *x, int stride)
{
    operand<M, false> b;
    int lane = (int)threadIdx.x % WARP;
    if constexpr (M == MMA_FP32) {
        b.x = x, b.stride = stride;
    } else if constexpr (M == MMA_TF32) {
        x += lane % 8 * stride + lane / 8 * 4;
        ldmatrix(b.words, x), ldmatrix(b.words + 4, x + 8 * stride);
    } else {
        ldmatrix(b.words, x + (lane / 16 * 8 + lane % 8) * stride + lane / 8 % 2 * 8);
    }
    return b;
}

enum { ACCUMULATOR_STRIDE = 20, ACCUMULATOR_FLOATS = 16 * ACCUMULATOR_STRIDE };

/* a[i, k] = the accumulators of two fragments side by side. scratch: ACCUMULATOR_FLOATS floats of shared
 * memory for the warp, used in fp32 only. */
template <enum mma_type M>
__device__ inline operand<M, true> a_from_accumulators(const struct fragment *sums, float *scratch)
{
    operand<M, true> a;
    if constexpr (M == MMA_FP32) {
        float *to = scratch + lane_group() * ACCUMULATOR_STRIDE + 2 * lane_in_group();
        a.x = scratch, a.stride = ACCUMULATOR_STRIDE;
        __syncwarp();
        for (int i = 0; i < 2; i++) {
            *(float2 *)(to + 8 * i) = make_float2(sums[i].v[0], sums[i].v[1]);
            *(float2 *)(to + 8 * i + 8 * ACCUMULATOR_STRIDE) = make_float2(sums[i].v[2], sums[i].v[3]);
        }
        __syncwarp();
    } else {
        for (int i = 0; i < 2; i++) {
            const float *v = sums[i].v;
            if constexpr (M == MMA_TF32) {
                a.words[4 * i] = to_tf32(v[0]), a.words[4 * i + 1] = to_tf32(v[2]);
                a.words[4 * i + 2] = to_tf32(v[1]), a.words[4 * i + 3] = to_tf32(v[3]);
            } else {
                a.words[2 * i] = bf16_pair(v[0], v[1]), a.words[2 * i + 1] = bf16_pair(v[2], v[3]);
            }
        }
    }
    return a;
}

/* b[k, j] = x[k * stride + j], with k in the order of a_from_accumulators() */
template <enum mma_type M>
__device__ inline operand<M, true> load_b_for_accumulators(const operand_value<M> *x, int stride)
{
    operand<M, true> b;
    int lane = (int)threadIdx.x % WARP;
    if constexpr (M == MMA_FP32) {
        b.x = x, b.stride = stride;
    } else if constexpr (M == MMA_TF32) {
        x += 2 * lane_in_group() * stride + lane_group();
        for (int i = 0; i < 8; i++)
            b.words[i] = __float_as_uint(x[(i / 2 % 2 * 8 + i % 2) * stride + i / 4 * 8]);
    } else {
        ldmatrix_transposed(b.words, x + lane % 16 * stride + lane / 16 * 8);
    }
    return b;
}

__device__ static inline float dot4(float sum, float4 a, float4 b)
{
    return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}

/* Two fragments side by side += a b. */
__device__ static inline void mma_fp32(struct fragment *c, operand<MMA_FP32, false> a,
                                       operand<MMA_FP32, false> b)
{
    const float *low = a.x + lane_group() * a.stride, *high = low + 8 * a.stride;
    for (int k = 0; k < 16; k += 4) {
        float4 a0 = *(const float4 *)(low + k), a1 = *(const float4 *)(high + k);
        for (int i = 0; i < 2; i++) {
            const float *even = b.x + (8 * i + 2 * lane_in_group()) * b.stride + k, *odd = even + b.stride;
            float4 b0 = *(const float4 *)even, b1 = *(const float4 *)odd;
            c[i].v[0] = dot4(c[i].v[0], a0, b0), c[i].v[1] = dot4(c[i].v[1], a0, b1);
            c[i].v[2] = dot4(c[i].v[2], a1, b0), c[i].v[3] = dot4(c[i].v[3], a1, b1);
        }
    }
}

__device__ static inline void mma_fp32(struct fragment *c, operand<MMA_FP32, true> a,
                                       operand<MMA_FP32, true> b)
{
    const float *low = a.x + lane_group() * a.stride, *high = low + 8 * a.stride;
    for (int k = 0; k < 16; k += 2) {
        float2 a0 = *(const float2 *)(low + k), a1 = *(const float2 *)(high + k);
        for (int i = 0; i < 2; i++) {
            const float *row = b.x + k * b.stride + 8 * i + 2 * lane_in_group();
            float2 b0 = *(const float2 *)row, b1 = *(const float2 *)(row + b.stride);
            add_outer(c[i], a0.x, a1.x, b0.x, b0.y);
            add_outer(c[i], a0.y, a1.y, b1.x, b1.y);
        }
    }
}

/* Two fragments side by side += a b, with the instructions of type M. */
template <enum mma_type M, bool from_accumulators>
__device__ inline void mma(struct fragment *c, operand<M, from_accumulators> a,
                           operand<M, from_accumulators> b)
{
    for (int i = 0; i < 2; i++) {
        if constexpr (M == MMA_TF32)
            for (int half = 0; half < 2; half++)
                mma_tf32(c[i], a.words + 4 * half, b.words + 4 * i + 2 * half);
        if constexpr (M == MMA_BF16) mma_bf16(c[i], a.words, b.words + 2 * i);
    }
    if constexpr (M == MMA_FP32) mma_fp32(c, a, b);
}

#endif
