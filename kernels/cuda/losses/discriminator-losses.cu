/* The discriminator's losses on keys: sums over rows and pairs of samples, then each sample's distances, then
 * the batch's losses and the gradient of its logits. The distances are constants: gradients flow through
 * p = sigmoid(logit) alone. */
#include "kernels/cuda/losses/keys-statistics.cuh"

enum { THREADS = 128, BATCH_THREADS = 256 };

struct discriminator_comparison {
    struct key_statistics key_statistics;
    double *found; /* (batch, DISCRIMINATOR_LOSSES): distances, but D_KL_SONGS, which is of the whole batch */
    struct keys_shape shape;
    int batch, pair_parts;
    float weights[DISCRIMINATOR_LOSSES];
    bool all;
};

__device__ static inline bool wanted(const discriminator_comparison &c, int loss)
{
    return c.all || c.weights[loss] != 0;
}

/* A sample's sums over keys. */
struct key_distances {
    double sounding; /* that of x less that of r */
    double deviation, extent;
};

/* Computed by a thread block. */
__device__ static inline key_distances key_distances_sum(const discriminator_comparison &c, int sample)
{
    const int keys = c.shape.keys, frames = c.shape.frames;
    key_distances sum = {0, 0, 0};
    for (int k = threadIdx.x; k < keys; k += THREADS) {
        const size_t i = (size_t)sample * keys + k;
        const key_row &x = c.key_statistics.rows[i], &r = c.key_statistics.rows[(size_t)c.batch * keys + i];
        sum.sounding += x.sounding - r.sounding;
        sum.deviation += square(key_deviation(x, frames) - key_deviation(r, frames));
        sum.extent += 3 * square((double)x.largest - (double)r.largest) +
                      square((double)x.least - (double)r.least) +
                      square(key_moments(x, frames).mean - key_moments(r, frames).mean);
    }
    sum.sounding = block_sum(sum.sounding, shared_memory<double>());
    sum.deviation = block_sum(sum.deviation, shared_memory<double>());
    sum.extent = block_sum(sum.extent, shared_memory<double>());
    return sum;
}

/* A thread block for each sample. */
static __global__ void sample_distances(const discriminator_comparison c)
{
    melody *melodies = (melody *)(shared_memory<double>() + WARP); /* of x, of r */
    const int sample = (int)blockIdx.x, warp = threadIdx.x / WARP, keys = c.shape.keys;
    const key_distances sum = key_distances_sum(c, sample);
    if (warp < 2) {
        const melody m = melody_of(c.key_statistics.rows + ((size_t)warp * c.batch + sample) * keys, c.shape);
        if (threadIdx.x % WARP == 0) melodies[warp] = m;
    }
    __syncthreads();
    if (threadIdx.x) return;
    double correlations = 0, *found = c.found + (size_t)sample * DISCRIMINATOR_LOSSES;
    for (int i = 0; i < 3; i++) correlations += square(melodies[0].of[i].value - melodies[1].of[i].value);
    found[D_SILENCE_MATCH] = square(sum.sounding / (double)keys_cells(c.shape));
    found[D_MELODY_MATCH] = correlations;
    found[D_STD_MATCH] = sum.deviation / keys;
    found[D_MIN_MAX_MATCH] = sum.extent / keys;
}

/* KL(even samples || odd samples), each half normalised to sum 1; computed by a thread block. */
__device__ static inline double halves_divergence(const pair_part *parts, size_t count)
{
    pair_part sum = {0, 0, 0};
    for (size_t i = threadIdx.x; i < count; i += BATCH_THREADS) {
        sum.even += parts[i].even;
        sum.odd += parts[i].odd;
        sum.logs += parts[i].logs;
    }
    sum.even = block_sum(sum.even, shared_memory<double>());
    sum.odd = block_sum(sum.odd, shared_memory<double>());
    sum.logs = block_sum(sum.logs, shared_memory<double>());
    return count ? sum.logs / sum.even + log(sum.odd / sum.even) : 0;
}

/* D_KL_SONGS: the distance of whole batches, for each sample. */
__device__ static inline double divergence_distance(const discriminator_comparison &c)
{
    const size_t parts = (size_t)(c.batch / 2) * c.pair_parts;
    const double x = halves_divergence(c.key_statistics.pairs, parts);
    const double r = halves_divergence(c.key_statistics.pairs + parts, parts);
    return square(r - x) / c.batch;
}

/* The losses, and the gradient of the logits; one thread block. */
static __global__ void weighted_losses(float *values, view dlogit, view logit,
                                       const discriminator_comparison c)
{
    double sums[DISCRIMINATOR_LOSSES] = {};
    const double pairs = c.key_statistics.pairs ? divergence_distance(c) : 0;
    for (int b = threadIdx.x; b < c.batch; b += BATCH_THREADS) {
        const double p = 1 / (1 + exp(-(double)load(logit, b)));
        double slope = 0;
        for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) {
            const double distance = i == D_KL_SONGS ? pairs : c.found[(size_t)b * DISCRIMINATOR_LOSSES + i];
            const double found = wanted(c, i) ? distance : 0;
            sums[i] += p * found;
            slope += (double)c.weights[i] * found;
        }
        if (dlogit.data) store(dlogit, b, load(dlogit, b) + (float)(slope * p * (1 - p)));
    }
    for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) {
        const double sum = block_sum(sums[i], shared_memory<double>());
        if (threadIdx.x == 0) values[i] += (float)sum;
    }
}

static discriminator_comparison comparison_make(struct keys_shape shape, int batch, const real *weights,
                                                bool all)
{
    discriminator_comparison c = {};
    const size_t rows = (size_t)batch * shape.keys, found = (size_t)batch * DISCRIMINATOR_LOSSES;
    c.shape = shape, c.batch = batch, c.pair_parts = keys_pair_parts(shape), c.all = all;
    for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) c.weights[i] = weights[i];
    const size_t parts = 2 * (size_t)(batch / 2) * c.pair_parts;
    const size_t bytes =
        2 * rows * sizeof(key_row) + parts * sizeof(pair_part) + found * sizeof(double) + 3 * 256;
    struct arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    c.key_statistics.rows = arena_take<key_row>(&arena, 2 * rows);
    if (all || weights[D_KL_SONGS] != 0) c.key_statistics.pairs = arena_take<pair_part>(&arena, parts);
    c.found = arena_take<double>(&arena, found);
    return c;
}

void cuda_discriminator_losses(device values, struct tensor dlogit, struct tensor logit, struct tensor x,
                               struct tensor r, struct keys_shape shape,
                               const real weights[DISCRIMINATOR_LOSSES], bool all)
{
    discriminator_comparison c = comparison_make(shape, x.batch, weights, all);
    keys_statistics(c.key_statistics, x, r, shape);
    launch(sample_distances, (unsigned)x.batch, THREADS, WARP * sizeof(double) + 2 * sizeof(melody), c);
    launch(weighted_losses, 1, BATCH_THREADS, WARP * sizeof(double), reals(values), view_of(dlogit),
           view_of(logit), c);
}
