/* What kernels call: their place in the grid, rendezvous, shuffles, atomics, and functions of numbers. */
#ifndef TESTS_SHIM_SHIM_DEVICE_H
#define TESTS_SHIM_SHIM_DEVICE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "shim-vectors.h"

/* Constant for a thread as long as it runs; fibres.cpp changes them under these names at each switch. */
extern const uint3 threadIdx __asm__("shim_thread_index");
extern const uint3 blockIdx __asm__("shim_block_index");
extern const dim3 blockDim __asm__("shim_block_size");
extern const dim3 gridDim __asm__("shim_grid_size");
static const int warpSize = 32;

/* All threads of the block meet; none may have left. The value is the sum over the threads. */
int shim_block_meet(int kind, int value);
/* All lanes of the warp meet; each gives a value and gets that of lane `from`. */
uint64_t shim_warp_meet(int kind, unsigned mask, uint64_t value, unsigned from);
/* Of the lanes that are there, those with a value that is not 0. */
unsigned shim_warp_vote(int kind, unsigned mask, bool value);
/* The same for a row of SHIM_ROW words: all lanes' rows, until this lane's next rendezvous. */
const uint64_t *shim_warp_hand_over(unsigned mask, const uint64_t *row);
unsigned shim_lane();
enum { SHIM_ROW = 3 };
enum {
    SHIM_SYNCTHREADS,
    SHIM_SYNCTHREADS_COUNT,
    SHIM_SYNCWARP,
    SHIM_SHUFFLE,
    SHIM_SHUFFLE_XOR,
    SHIM_SHUFFLE_DOWN,
    SHIM_SHUFFLE_UP,
    SHIM_VOTE,
    SHIM_HAND_OVER
};

static inline void __syncthreads()
{
    shim_block_meet(SHIM_SYNCTHREADS, 0);
}
static inline int __syncthreads_count(int value)
{
    return shim_block_meet(SHIM_SYNCTHREADS_COUNT, value != 0);
}
static inline int __syncthreads_or(int value)
{
    return __syncthreads_count(value) != 0;
}
static inline int __syncthreads_and(int value)
{
    return __syncthreads_count(!value) == 0;
}
static inline void __syncwarp(unsigned mask = 0xffffffffu)
{
    shim_warp_meet(SHIM_SYNCWARP, mask, 0, shim_lane());
}

template <class T> static inline T shim_shuffle(int kind, unsigned mask, T value, unsigned from)
{
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a shuffle takes values of 4 or 8 bytes");
    uint64_t bits = 0;
    __builtin_memcpy(&bits, &value, sizeof value);
    bits = shim_warp_meet(kind, mask, bits, from);
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}
/* Lanes are dealt in groups of `width`, a power of 2; a lane whose source is outside its group keeps its own.
 */
template <class T> static inline T __shfl_sync(unsigned mask, T value, int from, int width = 32)
{
    unsigned group = shim_lane() & ~(unsigned)(width - 1);
    return shim_shuffle(SHIM_SHUFFLE, mask, value, group | ((unsigned)from & (unsigned)(width - 1)));
}
template <class T> static inline T __shfl_xor_sync(unsigned mask, T value, int step, int width = 32)
{
    unsigned lane = shim_lane(), from = lane ^ (unsigned)step, end = (lane | (unsigned)(width - 1)) + 1;
    return shim_shuffle(SHIM_SHUFFLE_XOR, mask, value, from < end ? from : lane);
}
template <class T> static inline T __shfl_down_sync(unsigned mask, T value, unsigned step, int width = 32)
{
    unsigned lane = shim_lane(), from = lane + step, end = (lane | (unsigned)(width - 1)) + 1;
    return shim_shuffle(SHIM_SHUFFLE_DOWN, mask, value, from < end ? from : lane);
}
template <class T> static inline T __shfl_up_sync(unsigned mask, T value, unsigned step, int width = 32)
{
    unsigned lane = shim_lane(), start = lane & ~(unsigned)(width - 1);
    return shim_shuffle(SHIM_SHUFFLE_UP, mask, value, lane >= start + step ? lane - step : lane);
}

static inline unsigned __ballot_sync(unsigned mask, int value)
{
    return shim_warp_vote(SHIM_VOTE, mask, value != 0);
}
static inline int __any_sync(unsigned mask, int value)
{
    return __ballot_sync(mask, value) != 0;
}
static inline int __all_sync(unsigned mask, int value)
{
    return __ballot_sync(mask, !value) == 0;
}
unsigned __activemask();

/* Values of every lane of a warp, for what is an instruction on a GPU
 * (kernels/cuda/matrix/mma-instructions.cuh).
 */
template <class T, int count> struct warp_values {
    const uint64_t *rows;
    warp_values(const T (&own)[count])
    {
        uint64_t row[SHIM_ROW] = {};
        static_assert(sizeof own <= sizeof row, "a row holds a lane's values");
        __builtin_memcpy(row, own, sizeof own);
        rows = shim_warp_hand_over(0xffffffffu, row);
    }
    T of(int lane, int i) const
    {
        T value;
        __builtin_memcpy(&value, (const char *)(rows + lane * SHIM_ROW) + i * sizeof value, sizeof value);
        return value;
    }
};

/* Integers only: sums of floats by atomics have no fixed order. */
uint64_t shim_atomic(void *at, size_t size, int what, uint64_t value, uint64_t compare);
enum { SHIM_ADD, SHIM_MAX, SHIM_MAX_SIGNED, SHIM_MIN, SHIM_MIN_SIGNED, SHIM_OR, SHIM_EXCHANGE, SHIM_COMPARE };
static inline int atomicAdd(int *at, int value)
{
    return (int)shim_atomic(at, 4, SHIM_ADD, (uint64_t)(int64_t)value, 0);
}
static inline unsigned atomicAdd(unsigned *at, unsigned value)
{
    return (unsigned)shim_atomic(at, 4, SHIM_ADD, value, 0);
}
static inline unsigned long long atomicAdd(unsigned long long *at, unsigned long long value)
{
    return shim_atomic(at, 8, SHIM_ADD, value, 0);
}
static inline int atomicMax(int *at, int value)
{
    return (int)shim_atomic(at, 4, SHIM_MAX_SIGNED, (uint64_t)(int64_t)value, 0);
}
static inline unsigned atomicMax(unsigned *at, unsigned value)
{
    return (unsigned)shim_atomic(at, 4, SHIM_MAX, value, 0);
}
static inline int atomicMin(int *at, int value)
{
    return (int)shim_atomic(at, 4, SHIM_MIN_SIGNED, (uint64_t)(int64_t)value, 0);
}
static inline unsigned atomicMin(unsigned *at, unsigned value)
{
    return (unsigned)shim_atomic(at, 4, SHIM_MIN, value, 0);
}
static inline unsigned atomicOr(unsigned *at, unsigned value)
{
    return (unsigned)shim_atomic(at, 4, SHIM_OR, value, 0);
}
static inline int atomicOr(int *at, int value)
{
    return (int)shim_atomic(at, 4, SHIM_OR, (uint64_t)(int64_t)value, 0);
}
static inline unsigned atomicExch(unsigned *at, unsigned value)
{
    return (unsigned)shim_atomic(at, 4, SHIM_EXCHANGE, value, 0);
}
static inline int atomicExch(int *at, int value)
{
    return (int)shim_atomic(at, 4, SHIM_EXCHANGE, (uint64_t)(int64_t)value, 0);
}
static inline unsigned atomicCAS(unsigned *at, unsigned compare, unsigned value)
{
    return (unsigned)shim_atomic(at, 4, SHIM_COMPARE, value, compare);
}
static inline int atomicCAS(int *at, int compare, int value)
{
    return (int)shim_atomic(at, 4, SHIM_COMPARE, (uint64_t)(int64_t)value, (uint64_t)(int64_t)compare);
}

void shim_fence();
static inline void __threadfence()
{
    shim_fence();
}
static inline void __threadfence_block()
{
}
[[noreturn]] void __trap();

#include "shim-numbers.h"

#endif
