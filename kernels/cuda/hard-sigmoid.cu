/* The generator's output stage: division by the sample's largest value, HardSigmoid, adaptive average
 * pooling. Grids are (parts of a sample, samples). */
#include "kernels/cuda/base/argmax.cuh"
#include "kernels/cuda/base/vectors.cuh"

enum {
    THREADS = 256,
    SEARCHED = 16, /* values a thread, in the search of the largest */
    PARTS = 16,    /* of a sample, at most: each thread of the next kernel reads all partial results */
    GATHERED = 8   /* values a thread, in the backward pass */
};

static const float MARGIN = 0.001f; /* added to the maximum's magnitude */

struct lengths {
    int in, out, channels;
};

/* first … end - 1 */
struct span {
    int first, end;
};

/* The inputs of output i, as kernels/cpu/adaptive-pool.h; with the lengths exchanged, the outputs of an
 * input. */
static __device__ span inputs_of(int i, int in, int out)
{
    span inputs = {(int)((int64_t)i * in / out), (int)(((int64_t)(i + 1) * in + out - 1) / out)};
    return inputs;
}

static __device__ float share_of(span inputs)
{
    return 1 / (float)(inputs.end - inputs.first);
}

static __device__ float hard_sigmoid(float v)
{
    float y = v / 6 + 0.5f;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static __device__ float inverse_of(float best)
{
    return 1 / (fabsf(best) + MARGIN);
}

/* partial (sample, part): the argmax of each part. */
template <int N> static __global__ void find_argmax(argmax *partial, view x, size_t size)
{
    size_t start = blockIdx.y * size, grid_stride = (size_t)gridDim.x * THREADS * N;
    argmax best = {load(x, start), 0};
    for (size_t i = thread_number() * N; i < size; i += grid_stride) {
        vec<N> p = load_vec<N>(x, start + i);
        for (int j = 0; j < N; j++) argmax_update(&best, p.v[j], (uint32_t)(i + j));
    }
    best = block_argmax(best, shared_memory<argmax>());
    if (threadIdx.x == 0) partial[blockIdx.y * gridDim.x + blockIdx.x] = best;
}

/* A thread for each value of y. */
static __global__ void pool(view y, float *peak, view x, const argmax *partial, int parts, lengths n)
{
    size_t i = thread_number(), size = (size_t)n.out * n.channels;
    argmax best = argmax_join(partial + (size_t)blockIdx.y * parts, parts);
    if (i == 0) peak[2 * blockIdx.y] = best.value, peak[2 * blockIdx.y + 1] = (float)best.at;
    if (i >= size) return;
    int frame = (int)(i / n.channels), c = (int)(i % n.channels);
    size_t start = (size_t)blockIdx.y * n.in * n.channels + c;
    span inputs = inputs_of(frame, n.in, n.out);
    float inverse = inverse_of(best.value), sum = 0;
    for (int j = inputs.first; j < inputs.end; j++)
        sum += hard_sigmoid(load(x, start + (size_t)j * n.channels) * inverse);
    store(y, blockIdx.y * size + i, sum * share_of(inputs));
}

void cuda_hard_sigmoid(struct tensor y, struct tensor peak, struct tensor x)
{
    size_t size = (size_t)x.length * (size_t)x.channels, made = (size_t)y.length * (size_t)y.channels;
    unsigned parts = blocks_for(size, THREADS * SEARCHED);
    if (parts > PARTS) parts = PARTS;
    argmax *found = (argmax *)cuda_workspace(WORKSPACE_OPERATION, (size_t)x.batch * parts * sizeof(argmax));
    view from = view_of(x);
    LAUNCH_VEC(vec_size(size, from), find_argmax, dim3(parts, (unsigned)x.batch), THREADS,
               WARP * sizeof(argmax), found, from, size);
    lengths n = {x.length, y.length, x.channels};
    launch(pool, dim3(blocks_for(made, THREADS), (unsigned)x.batch), THREADS, 0, view_of(y), reals(peak.data),
           view_of(x), found, (int)parts, n);
}

/* The gradient of value i of a sample, without the part through the maximum. */
static __device__ float gather(view dy, size_t i, float value, float inverse, lengths n)
{
    int frame = (int)(i / n.channels), c = (int)(i % n.channels);
    size_t start = (size_t)blockIdx.y * n.out * n.channels + c;
    span outputs = inputs_of(frame, n.out, n.in);
    float sum = 0;
    for (int o = outputs.first; o < outputs.end; o++)
        sum += load(dy, start + (size_t)o * n.channels) * share_of(inputs_of(o, n.in, n.out));
    return sum * (fabsf(value * inverse) < 3 ? inverse / 6 : 0);
}

/* dx without the part through the maximum, and partial (sample, part): sums of dx * x. */
static __global__ void gather_all(view dx, double *partial, view dy, view x, const float *peak, lengths n)
{
    size_t size = (size_t)n.in * n.channels, start = blockIdx.y * size;
    float inverse = inverse_of(peak[2 * blockIdx.y]);
    double sum = 0;
    for (int k = 0; k < GATHERED; k++) {
        size_t i = ((size_t)blockIdx.x * GATHERED + k) * THREADS + threadIdx.x;
        if (i >= size) break;
        float value = load(x, start + i), gradient = gather(dy, i, value, inverse, n);
        store(dx, start + i, gradient);
        sum += (double)(gradient * value);
    }
    sum = block_sum(sum, shared_memory<double>());
    if (threadIdx.x == 0) partial[(size_t)blockIdx.y * gridDim.x + blockIdx.x] = sum;
}

/* The part through the maximum, by one warp for each sample: dx at the maximum is computed again, so that it
 * is rounded only once. */
static __global__ void through_maximum(view dx, const double *partial, int parts, view dy, view x,
                                       const float *peak, lengths n)
{
    float best = peak[2 * blockIdx.y], inverse = inverse_of(best);
    size_t at = (size_t)peak[2 * blockIdx.y + 1], place = (size_t)blockIdx.y * n.in * n.channels + at;
    double sum = 0;
    for (int part = threadIdx.x; part < parts; part += WARP)
        sum += partial[(size_t)blockIdx.y * parts + part];
    sum = warp_sum(sum);
    if (threadIdx.x) return;
    float gradient = gather(dy, at, load(x, place), inverse, n);
    store(dx, place, gradient - (float)(sum * (double)inverse) * (best < 0 ? -1 : 1));
}

void cuda_hard_sigmoid_backward(struct tensor dx, struct tensor dy, struct tensor peak, struct tensor x)
{
    unsigned parts = blocks_for((size_t)x.length * (size_t)x.channels, THREADS * GATHERED);
    double *sums = (double *)cuda_workspace(WORKSPACE_OPERATION, (size_t)x.batch * parts * sizeof(double));
    lengths n = {x.length, dy.length, x.channels};
    launch(gather_all, dim3(parts, (unsigned)x.batch), THREADS, WARP * sizeof(double), view_of(dx), sums,
           view_of(dy), view_of(x), reals(peak.data), n);
    launch(through_maximum, dim3(1, (unsigned)x.batch), WARP, 0, view_of(dx), sums, (int)parts, view_of(dy),
           view_of(x), reals(peak.data), n);
}
