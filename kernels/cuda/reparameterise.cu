/* The variational latents: the reparametrised draw and the KL divergence from N(0, 1) (Kingma, Welling 2013).
 */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"

enum { THREADS = 256, PARTS = 264, ANY = 8 /* vec size for arrays whose tail is handled */ };

/* `plane`: the values of a sample, as many as `position` has. */
template <int N>
static __global__ void reparameterise(view z, view mu, view logvar, view epsilon, view position, size_t plane,
                                      size_t count)
{
    size_t i = thread_number() * N;
    if (i >= count) return;
    vec<N> to = load_vec<N>(mu, i), v = load_vec<N>(logvar, i), e = load_vec<N>(epsilon, i), place = {};
    if (position.data) place = load_vec<N>(position, i % plane);
    for (int j = 0; j < N; j++) to.v[j] += expf(v.v[j] / 2) * e.v[j] + place.v[j];
    store_vec<N>(z, i, to);
}

void cuda_reparameterise(struct tensor z, struct tensor mu, struct tensor logvar, struct tensor epsilon,
                         device position)
{
    size_t plane = (size_t)z.length * (size_t)z.channels, count = tensor_count(z);
    view to = view_of(z), m = view_of(mu), v = view_of(logvar), e = view_of(epsilon), p = view_of(position);
    int n = vec_size(plane, to, m, v, e, p);
    LAUNCH_VEC(n, reparameterise, blocks_for(count, (size_t)n * THREADS), THREADS, 0, to, m, v, e, p, plane,
               count);
}

struct backward_views {
    view dmu, dlogvar, dz, mu, logvar, epsilon;
};

template <int N> static __global__ void backward(struct backward_views l, size_t count, float weight)
{
    size_t i = thread_number() * N;
    if (i >= count) return;
    vec<N> dz = load_vec_partial<N>(l.dz, i, count), m = load_vec_partial<N>(l.mu, i, count);
    vec<N> v = load_vec_partial<N>(l.logvar, i, count), e = load_vec_partial<N>(l.epsilon, i, count);
    for (int j = 0; j < N; j++) {
        float std = expf(v.v[j] / 2);
        m.v[j] = dz.v[j] + weight * m.v[j];
        v.v[j] = (dz.v[j] * e.v[j] * std + weight * (std * std - 1)) / 2;
    }
    store_vec_partial<N>(l.dmu, i, count, m);
    store_vec_partial<N>(l.dlogvar, i, count, v);
}

void cuda_reparameterise_backward(struct tensor dmu, struct tensor dlogvar, struct tensor dz,
                                  struct tensor mu, struct tensor logvar, struct tensor epsilon,
                                  real kl_weight)
{
    struct backward_views l = {view_of(dmu), view_of(dlogvar), view_of(dz),
                               view_of(mu),  view_of(logvar),  view_of(epsilon)};
    int n = vec_size(ANY, l.dmu, l.dlogvar, l.dz, l.mu, l.logvar, l.epsilon);
    LAUNCH_VEC(n, backward, blocks_for(tensor_count(mu), (size_t)n * THREADS), THREADS, 0, l,
               tensor_count(mu), kl_weight / (float)mu.batch);
}

/* partial[blockIdx.x] = the thread block's part of the sum. */
template <int N> static __global__ void divergence(float *partial, view mu, view logvar, size_t count)
{
    float sum = 0;
    for (size_t i = thread_number() * N; i < count; i += (size_t)gridDim.x * blockDim.x * N) {
        vec<N> m = load_vec_partial<N>(mu, i, count), v = load_vec_partial<N>(logvar, i, count);
        for (int j = 0; j < N; j++) sum += 1 + v.v[j] - m.v[j] * m.v[j] - expf(v.v[j]);
    }
    double whole = block_sum((double)sum, shared_memory<double>());
    if (threadIdx.x == 0) partial[blockIdx.x] = (float)whole;
}

void cuda_kl(device value, struct tensor mu, struct tensor logvar)
{
    view m = view_of(mu), v = view_of(logvar);
    int n = vec_size(ANY, m, v);
    unsigned blocks = blocks_for(tensor_count(mu), (size_t)n * THREADS);
    if (blocks > PARTS) blocks = PARTS;
    float *partial = (float *)cuda_workspace(WORKSPACE_OPERATION, PARTS * sizeof *partial);
    LAUNCH_VEC(n, divergence, blocks, THREADS, WARP * sizeof(double), partial, m, v, tensor_count(mu));
    cuda_add_partial_sums(reals(value), partial, (int)blocks, 1, -1 / (2 * (float)mu.batch), true);
}
