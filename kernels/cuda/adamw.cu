/* AdamW, and clipping gradients to a norm. */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"

enum {
    THREADS = 256,
    FOUR = 4,    /* values of a vec; tails are handled */
    PARTS = 1024 /* partial sums of squares, at most: so many thread blocks fill any GPU */
};

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

template <int N> static __global__ void step(moments all, size_t count, rates r)
{
    size_t i = thread_number() * N;
    if (i >= count) return;
    vec<N> p = load_vec_partial<N>(all.p, i, count), g = load_vec_partial<N>(all.g, i, count);
    vec<N> m = load_vec_partial<N>(all.m, i, count), v = load_vec_partial<N>(all.v, i, count);
    for (int j = 0; j < N; j++) {
        m.v[j] = r.beta1 * m.v[j] + (1 - r.beta1) * g.v[j];
        v.v[j] = r.beta2 * v.v[j] + (1 - r.beta2) * g.v[j] * g.v[j];
        p.v[j] = r.keep * p.v[j] - r.rate * m.v[j] / (sqrtf(v.v[j]) * r.root + r.epsilon);
    }
    store_vec_partial<N>(all.m, i, count, m), store_vec_partial<N>(all.v, i, count, v),
        store_vec_partial<N>(all.p, i, count, p);
}

void cuda_adamw(device parameters, device gradients, device moment1, device moment2, size_t count,
                struct adamw settings)
{
    moments all = {view_of(parameters), view_of(gradients), view_of(moment1), view_of(moment2)};
    int n = vec_size(FOUR, all.p, all.g, all.m, all.v);
    LAUNCH_VEC(n, step, blocks_for(count, (size_t)n * THREADS), THREADS, 0, all, count, rates_of(&settings));
}

/* partial[blockIdx.x] = the sum of squares of the thread block's values. */
template <int N> static __global__ void square_sums(double *partial, view g, size_t count)
{
    size_t grid_stride = (size_t)gridDim.x * THREADS * N;
    double sum = 0;
    for (size_t i = thread_number() * N; i < count; i += grid_stride) {
        vec<N> p = load_vec_partial<N>(g, i, count);
        for (int j = 0; j < N; j++) sum += (double)p.v[j] * (double)p.v[j];
    }
    sum = block_sum(sum, shared_memory<double>());
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

/* Each thread block adds all partial sums itself, in the same order, so that the factor stays on the GPU. */
template <int N>
static __global__ void shorten(view g, size_t count, const double *partial, unsigned parts, double limit)
{
    size_t grid_stride = (size_t)gridDim.x * THREADS * N;
    double sum = 0;
    for (unsigned part = threadIdx.x; part < parts; part += THREADS) sum += partial[part];
    sum = block_sum(sum, shared_memory<double>());
    double scale = limit / (sqrt(sum) + 1e-6); /* the constant is PyTorch's */
    if (scale >= 1) return;
    for (size_t i = thread_number() * N; i < count; i += grid_stride) {
        vec<N> p = load_vec_partial<N>(g, i, count);
        for (int j = 0; j < N; j++) p.v[j] *= (float)scale;
        store_vec_partial<N>(g, i, count, p);
    }
}

void cuda_clip(device gradients, size_t count, real limit)
{
    view g = view_of(gradients);
    int n = vec_size(FOUR, g);
    unsigned blocks = parts_for(count, (size_t)n);
    double *partial = (double *)cuda_workspace(WORKSPACE_OPERATION, PARTS * sizeof(double));
    LAUNCH_VEC(n, square_sums, blocks, THREADS, WARP * sizeof(double), partial, g, count);
    LAUNCH_VEC(n, shorten, blocks, THREADS, WARP * sizeof(double), g, count, partial, blocks, (double)limit);
}
