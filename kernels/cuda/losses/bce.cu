/* Losses on logits and features: binary cross entropy, feature matching. */
#include "kernels/cuda/base/sums.cuh"

enum { THREADS = 256, SLICES = THREADS / WARP /* of a batch */ };

/* -label log(p) - (1 - label) log(1 - p), p = sigmoid(l), is max(l, 0) - label l + log(1 + exp(-|l|)). */
static __global__ void bce(float *value, view dlogit, view logit, int batch, float label, float weight)
{
    double sum = 0;
    for (int b = threadIdx.x; b < batch; b += THREADS) {
        const double l = (double)load(logit, b);
        sum += fmax(l, 0.0) - (double)label * l + log1p(exp(-fabs(l)));
        if (dlogit.data)
            store(dlogit, b, (float)((double)weight * (1 / (1 + exp(-l)) - (double)label) / batch));
    }
    sum = block_sum(sum, shared_memory<double>());
    if (threadIdx.x == 0) *value += (float)(sum / batch);
}

void cuda_bce(device value, struct tensor dlogit, struct tensor logit, real label, real weight)
{
    launch(bce, 1, THREADS, WARP * sizeof(double), reals(value), view_of(dlogit), view_of(logit), logit.batch,
           label, weight);
}

/* The sums over the batch of WARP columns of x (batch, size), by a thread block: a lane takes a column, a
 * warp each SLICES-th sample. Returned to each warp. */
__device__ static inline float batch_sum(view x, int batch, size_t size, size_t column)
{
    float *slices = shared_memory<float>(); /* (SLICES, WARP) */
    float sum = 0;
    for (int b = threadIdx.x / WARP; column < size && b < batch; b += SLICES)
        sum += load(x, (size_t)b * size + column);
    slices[threadIdx.x] = sum;
    __syncthreads();
    sum = 0;
    for (int slice = 0; slice < SLICES; slice++) sum += slices[slice * WARP + threadIdx.x % WARP];
    return sum;
}

static __global__ void batch_mean(view mean, view x, int batch, size_t size)
{
    const size_t column = (size_t)blockIdx.x * WARP + threadIdx.x % WARP;
    const float sum = batch_sum(x, batch, size, column);
    if (threadIdx.x < WARP && column < size) store(mean, column, sum / (float)batch);
}

void cuda_batch_mean(struct tensor mean, struct tensor x)
{
    const size_t size = (size_t)x.length * (size_t)x.channels;
    launch(batch_mean, blocks_for(size, WARP), THREADS, THREADS * sizeof(float), view_of(mean), view_of(x),
           x.batch, size);
}

/* partial[blockIdx.x] = Σ (mean - wanted)² over the thread block's columns; dx += slope * (mean - wanted). */
static __global__ void match(double *partial, view dx, view x, view wanted, int batch, size_t size,
                             float slope)
{
    const size_t column = (size_t)blockIdx.x * WARP + threadIdx.x % WARP;
    const float mean = batch_sum(x, batch, size, column) / (float)batch;
    const float difference = column < size ? mean - load(wanted, column) : 0;
    const double sum = warp_sum((double)(difference * difference));
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
    if (!dx.data || column >= size) return;
    for (int b = threadIdx.x / WARP; b < batch; b += SLICES) {
        const size_t i = (size_t)b * size + column;
        store(dx, i, load(dx, i) + slope * difference);
    }
}

/* value += the sum of partial / size; one thread block. */
static __global__ void add_mean(float *value, const double *partial, size_t count, size_t size)
{
    double sum = 0;
    for (size_t i = threadIdx.x; i < count; i += THREADS) sum += partial[i];
    sum = block_sum(sum, shared_memory<double>());
    if (threadIdx.x == 0) *value += (float)(sum / (double)size);
}

void cuda_feature_match(device value, struct tensor dx, struct tensor x, struct tensor real_mean, real weight)
{
    const size_t size = (size_t)x.length * (size_t)x.channels;
    const unsigned blocks = blocks_for(size, WARP);
    double *partial = (double *)cuda_workspace(WORKSPACE_OPERATION, blocks * sizeof *partial);
    launch(match, blocks, THREADS, THREADS * sizeof(float), partial, view_of(dx), view_of(x),
           view_of(real_mean), x.batch, size, 2 * weight / (float)size / (float)x.batch);
    launch(add_mean, 1, THREADS, WARP * sizeof(double), reals(value), partial, (size_t)blocks, size);
}
