/* Minibatch discrimination (Salimans and others 2016). Batches are small: all pairs are computed, again for
 * each result that needs them. */
#include "kernels/cuda/base/sums.cuh"

enum { THREADS = 128, RESULTS = THREADS / WARP /* a thread block */ };

/* m is (batch * outputs, dims): row b * outputs + j. */
struct minibatch_rows {
    view m;
    int batch, outputs, dims;
};

/* exp(-|a - b|_1) of two rows */
__device__ static inline float closeness(const minibatch_rows &rows, size_t a, size_t b)
{
    float distance = 0;
    for (int d = 0; d < rows.dims; d++)
        distance += fabsf(load(rows.m, a * rows.dims + d) - load(rows.m, b * rows.dims + d));
    return expf(-distance);
}

/* A warp for each value of o. */
static __global__ void minibatch(view o, const minibatch_rows rows)
{
    const size_t i = (size_t)blockIdx.x * RESULTS + threadIdx.x / WARP;
    if (i >= (size_t)rows.batch * rows.outputs) return;
    double sum = 0;
    for (int b = threadIdx.x % WARP; b < rows.batch; b += WARP)
        sum += (double)closeness(rows, i, (size_t)b * rows.outputs + i % rows.outputs);
    sum = warp_sum(sum);
    if (threadIdx.x % WARP == 0) store(o, i, (float)(sum - 1));
}

/* A warp for each value of dm. The closeness of a pair is a term in the outputs of both samples. */
static __global__ void minibatch_backward(view dm, view d_o, const minibatch_rows rows)
{
    const size_t result = (size_t)blockIdx.x * RESULTS + threadIdx.x / WARP;
    if (result >= (size_t)rows.batch * rows.outputs * rows.dims) return;
    const size_t i = result / rows.dims;
    const float value = load(rows.m, result), gradient = load(d_o, i);
    float sum = 0;
    for (int b = threadIdx.x % WARP; b < rows.batch; b += WARP) {
        const size_t k = (size_t)b * rows.outputs + i % rows.outputs;
        const float other = load(rows.m, k * rows.dims + result % rows.dims);
        const float slope = (gradient + load(d_o, k)) * closeness(rows, i, k);
        sum -= value > other ? slope : value < other ? -slope : 0;
    }
    sum = warp_sum(sum);
    if (threadIdx.x % WARP == 0) store(dm, result, sum);
}

static minibatch_rows rows_make(struct tensor m, int outputs)
{
    minibatch_rows rows = {view_of(m), m.batch, outputs, m.channels / outputs};
    return rows;
}

void cuda_minibatch(struct tensor o, struct tensor m)
{
    const size_t results = tensor_count(o);
    launch(minibatch, blocks_for(results, RESULTS), THREADS, 0, view_of(o), rows_make(m, o.channels));
}

void cuda_minibatch_backward(struct tensor dm, struct tensor d_o, struct tensor m, struct tensor o)
{
    const size_t results = tensor_count(m);
    launch(minibatch_backward, blocks_for(results, RESULTS), THREADS, 0, view_of(dm), view_of(d_o),
           rows_make(m, o.channels));
}
