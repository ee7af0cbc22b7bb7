/* Adding partial sums: a second kernel after one whose thread blocks left a partial sum each. */
#include "kernels/cuda/base/sums.cuh"

enum { SLICES = 32 }; /* warps of a thread block, or as many as there are partial sums */

/* A thread block takes WARP columns of partial (count, width): lane = column, and warp w adds the rows w,
 * w + warps … */
static __global__ void add_partial_sums(float *to, const float *partial, int count, int width, float scale,
                                        bool add)
{
    double *slices = shared_memory<double>(); /* (warps, WARP) */
    int lane = threadIdx.x % WARP, slice = threadIdx.x / WARP, c = (int)blockIdx.x * WARP + lane;
    int warps = (int)blockDim.x / WARP;
    double sum = 0;
    for (int part = slice; c < width && part < count; part += warps)
        sum += (double)partial[(size_t)part * width + c];
    slices[threadIdx.x] = sum;
    __syncthreads();
    if (slice || c >= width) return;
    for (int other = 1; other < warps; other++) sum += slices[other * WARP + lane];
    to[c] = (add ? to[c] : 0) + scale * (float)sum;
}

void cuda_add_partial_sums(float *to, const float *partial, int count, int width, float scale, bool add)
{
    unsigned threads = WARP * (unsigned)(count < SLICES ? count : SLICES);
    launch(add_partial_sums, blocks_for((size_t)width, WARP), threads, threads * sizeof(double), to, partial,
           count, width, scale, add);
}
