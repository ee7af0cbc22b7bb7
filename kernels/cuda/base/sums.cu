#include "kernels/cuda/base/sums.cuh"

enum { SLICES = 32 }; /* warps of a block, where there are as many parts */

/* A block takes WARP columns, whose rows lie side by side, and deals the parts to its warps in turns. */
static __global__ void add_parts(float *to, const float *parts, int count, int width, float scale, bool add)
{
    double *slices = shared_memory<double>(); /* (warps, WARP) */
    int lane = threadIdx.x % WARP, slice = threadIdx.x / WARP, c = (int)blockIdx.x * WARP + lane;
    int warps = (int)blockDim.x / WARP;
    double sum = 0;
    for (int part = slice; c < width && part < count; part += warps)
        sum += (double)parts[(size_t)part * width + c];
    slices[threadIdx.x] = sum;
    __syncthreads();
    if (slice || c >= width) return;
    for (int other = 1; other < warps; other++) sum += slices[other * WARP + lane];
    to[c] = (add ? to[c] : 0) + scale * (float)sum;
}

void cuda_add_parts(float *to, const float *parts, int count, int width, float scale, bool add)
{
    unsigned threads = WARP * (unsigned)(count < SLICES ? count : SLICES);
    launch(add_parts, blocks_for((size_t)width, WARP), threads, threads * sizeof(double), to, parts, count,
           width, scale, add);
}
