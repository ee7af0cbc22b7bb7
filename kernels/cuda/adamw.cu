/* The optimiser. */
#include "kernels/cuda/sums.cuh"

enum {
    THREADS = 256,
    PARTS = 1024, /* of the sum of squares; as many blocks fill any GPU */
};

static bool aligned(const void *memory)
{
    return (uintptr_t)memory % 16 == 0;
}

static unsigned parts_for(size_t count, size_t values)
{
    unsigned blocks = blocks_for(count, THREADS * values), most = PARTS;
    return blocks < most ? blocks : most;
}

/* The numbers of one step. */
struct rates {
    float beta1, beta2, epsilon;
    float rate; /* learning rate over the first moment's correction */
    float root; /* 1 over the root of the second moment's */
    float keep; /* what weight decay leaves */
};

static rates rates_of(const struct adamw *s)
{
    double t = (double)s->step, correction1 = 1 - pow((double)s->beta1, t);
    double correction2 = 1 - pow((double)s->beta2, t);
    rates r = {s->beta1,
               s->beta2,
               s->epsilon,
               (float)((double)s->learning_rate / correction1),
               (float)(1 / sqrt(correction2)),
               (float)(1 - (double)s->learning_rate * (double)s->weight_decay)};
    return r;
}

struct moments {
    view p, g, m, v;
};

template <int N> static __device__ void update(const moments &all, size_t i, const rates &r)
{
    pack<N> p = load_pack<N>(all.p, i), g = load_pack<N>(all.g, i), m = load_pack<N>(all.m, i),
            v = load_pack<N>(all.v, i);
    for (int j = 0; j < N; j++) {
        m.v[j] = r.beta1 * m.v[j] + (1 - r.beta1) * g.v[j];
        v.v[j] = r.beta2 * v.v[j] + (1 - r.beta2) * g.v[j] * g.v[j];
        p.v[j] = r.keep * p.v[j] - r.rate * m.v[j] / (sqrtf(v.v[j]) * r.root + r.epsilon);
    }
    store_pack<N>(all.m, i, m), store_pack<N>(all.v, i, v), store_pack<N>(all.p, i, p);
}

/* N values a thread; what is left after the last whole pack is taken one by one. */
template <int N> static __global__ void step(moments all, size_t count, rates r)
{
    size_t i = ((size_t)blockIdx.x * THREADS + threadIdx.x) * N;
    if (i + N <= count)
        update<N>(all, i, r);
    else
        for (; i < count; i++) update<1>(all, i, r);
}

void cuda_adamw(device parameters, device gradients, device moment1, device moment2, size_t count,
                struct adamw settings)
{
    moments all = {view_of(parameters), view_of(gradients), view_of(moment1), view_of(moment2)};
    rates r = rates_of(&settings);
    if (aligned(parameters) && aligned(gradients) && aligned(moment1) && aligned(moment2))
        launch(step<4>, blocks_for(count, THREADS * 4), THREADS, 0, all, count, r);
    else
        launch(step<1>, blocks_for(count, THREADS), THREADS, 0, all, count, r);
}

/* parts (blocks) = sums of squares. */
template <int N> static __global__ void square_sums(double *parts, view g, size_t count)
{
    size_t hop = (size_t)gridDim.x * THREADS * N;
    double sum = 0;
    for (size_t i = ((size_t)blockIdx.x * THREADS + threadIdx.x) * N; i < count; i += hop) {
        if (i + N <= count) {
            pack<N> p = load_pack<N>(g, i);
            for (int j = 0; j < N; j++) sum += (double)p.v[j] * (double)p.v[j];
        } else
            for (size_t k = i; k < count; k++) sum += (double)load(g, k) * (double)load(g, k);
    }
    sum = block_sum(sum, shared_memory<double>());
    if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

/* Every block adds the parts itself, all in one order, so that the factor need not leave the GPU. */
template <int N>
static __global__ void shorten(view g, size_t count, const double *parts, unsigned part_count, double limit)
{
    size_t hop = (size_t)gridDim.x * THREADS * N;
    double sum = 0;
    for (unsigned part = threadIdx.x; part < part_count; part += THREADS) sum += parts[part];
    sum = block_sum(sum, shared_memory<double>());
    double scale = limit / (sqrt(sum) + 1e-6); /* the constant is PyTorch's */
    if (scale >= 1) return;
    for (size_t i = ((size_t)blockIdx.x * THREADS + threadIdx.x) * N; i < count; i += hop) {
        if (i + N <= count) {
            pack<N> p = load_pack<N>(g, i);
            for (int j = 0; j < N; j++) p.v[j] *= (float)scale;
            store_pack<N>(g, i, p);
        } else
            for (size_t k = i; k < count; k++) store(g, k, load(g, k) * (float)scale);
    }
}

template <int N> static void clip(view g, size_t count, double limit)
{
    unsigned blocks = parts_for(count, N);
    double *parts = (double *)cuda_workspace(WORKSPACE_OPERATION, PARTS * sizeof(double));
    launch(square_sums<N>, blocks, THREADS, WARP * sizeof(double), parts, g, count);
    launch(shorten<N>, blocks, THREADS, WARP * sizeof(double), g, count, parts, blocks, limit);
}

void cuda_clip(device gradients, size_t count, real limit)
{
    if (aligned(gradients))
        clip<4>(view_of(gradients), count, (double)limit);
    else
        clip<1>(view_of(gradients), count, (double)limit);
}
