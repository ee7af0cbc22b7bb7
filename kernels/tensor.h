/* Tensors, and what a forward pass depends on: randomness, dropout. Part of the contract of kernels/ops.h. */
#ifndef KERNELS_TENSOR_H
#define KERNELS_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/real.h"

/* An address in a backend's memory, which only the backend reads through; NULL for none. */
typedef struct device_memory *device;

/* (batch, length, channels), channels last, in C order and dense: element (b, t, c) has the index
 * i = (b * length + t) * channels + c.
 *
 * Values are reals. A tensor with `bf16` holds activations or their gradients, which a backend may keep in 16
 * bits (bfloat16: rounded to the nearest, ties to even); whether it does, and in how much memory, only the
 * backend knows (`storage` of ops.h). data may be NULL where an operation says so: not wanted, or none. */
struct tensor {
    device data;
    int batch, length, channels;
    bool bf16;
};

/* A tensor of reals. */
static inline struct tensor tensor_make(device data, int batch, int length, int channels)
{
    return (struct tensor){data, batch, length, channels, false};
}

static inline size_t tensor_count(struct tensor x)
{
    return (size_t)x.batch * (size_t)x.length * (size_t)x.channels;
}

/* How a forward pass runs; its backward pass is given the same. */
struct pass {
    bool training;          /* batch statistics and dropout, else running statistics and none */
    bool update_statistics; /* in training: the running statistics move */
    uint64_t seed;          /* of all randomness in the pass */
    uint32_t step;          /* another number for each forward pass of a training run */
};

/* A dropout: the share of zeros, 0 … 1, and a number that no other dropout of the model has.
 *
 * Where pass.training and share > 0, element i is multiplied by factor(i), forward and backward alike, else
 * by
 * 1. No mask is kept: factor(i) is a function of the index i and of
 *
 *   key       = random_key_make(pass.seed, purpose, pass.step)        (common/random.h)
 *   threshold = lround(65536 * (double)share)
 *   words     = the four 32-bit words of random_block(key, (uint32_t)(i / 8))
 *   word      = words[i % 8 / 2]
 *   draw      = the lower 16 bits of `word` for even i, the upper 16 bits for odd i
 *   factor(i) = draw >= threshold ? 1 / (1 - share) : 0               (in reals)
 *
 * so that one block of random numbers serves eight consecutive elements. Every operation says which elements
 * are counted, and how. A value of NaN or infinity may become NaN or 0 where it is dropped. */
struct dropout {
    real share;
    uint32_t purpose;
};

#endif
