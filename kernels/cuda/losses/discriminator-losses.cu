/* The discriminator's losses on keys: sums over rows and pairs of songs, then each sample's distances, then
 * the batch's losses and the gradient of its logits. The distances are constants: gradients flow through
 * p = sigmoid(logit) alone. */
#include "kernels/cuda/losses/keys-statistics.cuh"

enum { THREADS = 128, BATCH_THREADS = 256 };

struct discriminator_comparison {
    struct observed observed;
    double *found; /* (batch, DISCRIMINATOR_LOSSES): distances; that of songs is not here */
    struct keys_shape shape;
    int batch, song_parts;
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

/* By a block. */
__device__ static inline key_distances compare_keys(const discriminator_comparison &c, int sample)
{
    const int keys = c.shape.keys, frames = c.shape.frames;
    key_distances sum = {0, 0, 0};
    for (int k = threadIdx.x; k < keys; k += THREADS) {
        const size_t i = (size_t)sample * keys + k;
        const key_row &x = c.observed.rows[i], &r = c.observed.rows[(size_t)c.batch * keys + i];
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

/* A block a sample. */
static __global__ void compare(const discriminator_comparison c)
{
    melody *melodies = (melody *)(shared_memory<double>() + WARP); /* of x, of r */
    const int sample = (int)blockIdx.x, warp = threadIdx.x / WARP, keys = c.shape.keys;
    const key_distances sum = compare_keys(c, sample);
    if (warp < 2) {
        const melody m = melody_of(c.observed.rows + ((size_t)warp * c.batch + sample) * keys, c.shape);
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

/* KL(even samples || odd samples), each half normalised to sum 1; by a block. */
__device__ static inline double songs_divergence(const songs_part *parts, size_t count)
{
    songs_part sum = {0, 0, 0};
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

/* The distance of whole batches, for each sample. */
__device__ static inline double songs_distance(const discriminator_comparison &c)
{
    const size_t parts = (size_t)(c.batch / 2) * c.song_parts;
    const double x = songs_divergence(c.observed.songs, parts);
    const double r = songs_divergence(c.observed.songs + parts, parts);
    return square(r - x) / c.batch;
}

/* One block. */
static __global__ void weigh(float *values, view dlogit, view logit, const discriminator_comparison c)
{
    double sums[DISCRIMINATOR_LOSSES] = {};
    const double songs = c.observed.songs ? songs_distance(c) : 0;
    for (int b = threadIdx.x; b < c.batch; b += BATCH_THREADS) {
        const double p = 1 / (1 + exp(-(double)load(logit, b)));
        double slope = 0;
        for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) {
            const double distance = i == D_KL_SONGS ? songs : c.found[(size_t)b * DISCRIMINATOR_LOSSES + i];
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
    c.shape = shape, c.batch = batch, c.song_parts = keys_song_parts(shape), c.all = all;
    for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) c.weights[i] = weights[i];
    const size_t parts = 2 * (size_t)(batch / 2) * c.song_parts;
    const size_t bytes =
        2 * rows * sizeof(key_row) + parts * sizeof(songs_part) + found * sizeof(double) + 3 * 256;
    struct arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    c.observed.rows = arena_take<key_row>(&arena, 2 * rows);
    if (all || weights[D_KL_SONGS] != 0) c.observed.songs = arena_take<songs_part>(&arena, parts);
    c.found = arena_take<double>(&arena, found);
    return c;
}

void cuda_discriminator_losses(device values, struct tensor dlogit, struct tensor logit, struct tensor x,
                               struct tensor r, struct keys_shape shape,
                               const real weights[DISCRIMINATOR_LOSSES], bool all)
{
    discriminator_comparison c = comparison_make(shape, x.batch, weights, all);
    keys_observe(c.observed, x, r, shape);
    launch(compare, (unsigned)x.batch, THREADS, WARP * sizeof(double) + 2 * sizeof(melody), c);
    launch(weigh, 1, BATCH_THREADS, WARP * sizeof(double), reals(values), view_of(dlogit), view_of(logit), c);
}
