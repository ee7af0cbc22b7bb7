#include "kernels/cuda/sums.cuh"

enum { SLICES = 32 };

/* A block takes WARP columns, whose rows lie side by side, and sums every SLICES-th part in each warp. */
static __global__ void add_parts(float *to, const float *parts, int count, int width, float scale, bool add)
{
    double *slices = shared_memory<double>(); /* (SLICES, WARP) */
    int lane = threadIdx.x % WARP, slice = threadIdx.x / WARP, c = (int)blockIdx.x * WARP + lane;
    double sum = 0;
    for (int part = slice; c < width && part < count; part += SLICES)
        sum += (double)parts[(size_t)part * width + c];
    slices[threadIdx.x] = sum;
    __syncthreads();
    if (slice || c >= width) return;
    for (int other = 1; other < SLICES; other++) sum += slices[other * WARP + lane];
    to[c] = (add ? to[c] : 0) + scale * (float)sum;
}

void cuda_add_parts(float *to, const float *parts, int count, int width, float scale, bool add)
{
    launch(add_parts, blocks_for((size_t)width, WARP), SLICES * WARP, SLICES * WARP * sizeof(double), to,
           parts, count, width, scale, add);
}
