/* The generator's losses on keys: each sample's losses, and the coefficients of its gradient. */
#include "kernels/cuda/losses/generator-losses.cuh"

enum { THREADS = 128 };

static const double EPSILON = 0.001; /* inside logarithms */

/* The terms of one key in the losses that are sums over keys. */
struct key_losses {
    double presence, deviation, extent;
};

/* The part of "no silence" that a key has by its deviation and its mean, where that is above 0.1. */
__device__ static inline double key_presence(row_slopes *slopes, moments m, double cells, double weight)
{
    const double mean = m.mean > 0.1 ? m.mean : 0;
    if (weight != 0 && !(m.std <= 0)) {
        slopes->key = (float)(-weight / (m.std + EPSILON) / (m.std * (cells - 1)));
        slopes->key_mean = (float)m.mean;
    }
    if (weight != 0 && mean > 0) slopes->level += (float)(-0.001 * weight / (mean + EPSILON) / cells);
    return -log(m.std + EPSILON) - 0.001 * log(mean + EPSILON);
}

__device__ static inline double std_match(row_slopes *slopes, const key_row &x, const key_row &r, int frames,
                                          double weight)
{
    const double difference = key_deviation(x, frames) - key_deviation(r, frames);
    for (int c = 0; weight != 0 && c < 2; c++) {
        const moments m = channel_moments(x, c, frames);
        if (m.std <= 0) continue;
        slopes->channel[c] = (float)(weight * difference / (m.std * (frames - 1)));
        slopes->channel_mean[c] = (float)m.mean;
    }
    return difference * difference;
}

__device__ static inline double min_max_match(row_slopes *slopes, const key_row &x, const key_row &r,
                                              int frames, double weight)
{
    const double largest = (double)x.largest - (double)r.largest, least = (double)x.least - (double)r.least;
    const double mean = key_moments(x, frames).mean - key_moments(r, frames).mean;
    if (weight != 0) {
        slopes->largest = (float)(2 * weight * largest), slopes->largest_at = x.largest_at;
        slopes->least = (float)(2 * weight * least), slopes->least_at = x.least_at;
        slopes->level += (float)(weight * mean / frames);
    }
    return largest * largest + least * least + mean * mean;
}

/* Sums over the keys of a sample, by a thread block. */
__device__ static inline key_losses key_terms(const generator_terms &j, int sample)
{
    const int keys = j.shape.keys, frames = j.shape.frames;
    const double share = (double)j.batch * keys;
    key_losses sum = {0, 0, 0};
    for (int k = threadIdx.x; k < keys; k += THREADS) {
        const size_t i = (size_t)sample * keys + k;
        const key_row &x = j.key_statistics.rows[i], &r = j.key_statistics.rows[(size_t)j.batch * keys + i];
        row_slopes slopes = {};
        sum.presence += key_presence(&slopes, key_moments(x, frames), 2 * (double)frames,
                                     j.weights[G_NO_SILENCE] / share);
        sum.deviation += std_match(&slopes, x, r, frames, j.weights[G_STD_MATCH] / share);
        sum.extent += min_max_match(&slopes, x, r, frames, j.weights[G_MIN_MAX_MATCH] / share);
        j.rows[i] = slopes;
    }
    sum.presence = block_sum(sum.presence, shared_memory<double>());
    sum.deviation = block_sum(sum.deviation, shared_memory<double>());
    sum.extent = block_sum(sum.extent, shared_memory<double>());
    return sum;
}

/* The share of sounding cells in the batch, by a thread block. */
__device__ static inline double batch_sounding(const generator_terms &j)
{
    double sum = 0;
    for (size_t i = threadIdx.x; i < (size_t)j.batch * j.shape.keys; i += THREADS)
        sum += j.key_statistics.rows[i].sounding;
    return block_sum(sum, shared_memory<double>()) / (double)keys_cells(j.shape) / j.batch;
}

/* Both losses on melody. */
__device__ static inline void melody_terms(double *found, sample_slopes *slopes, const generator_terms &j,
                                           const melody &m, const melody &real)
{
    const double level = j.weights[G_MELODY] / (double)j.batch,
                 match = j.weights[G_MELODY_MATCH] / (double)j.batch;
    const double mean = (m.of[0].value + m.of[1].value + m.of[2].value) / 3;
    const double bounded = mean <= 0.01 ? 0.01 : mean; /* NaN stays NaN */
    double sum = 0, weights[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++) {
        const double difference = m.of[i].value - real.of[i].value;
        sum += difference * difference;
        if (level != 0 && mean > 0.01) weights[i] = -level / (bounded + EPSILON) / 3;
        if (match != 0) weights[i] += 2 * match * difference;
    }
    found[G_MELODY] = -log(bounded + EPSILON);
    found[G_MELODY_MATCH] = sum;
    if (weights[0] != 0 || weights[1] != 0 || weights[2] != 0)
        slopes->melody = melody_slopes_make(m, weights);
}

/* The losses that are sums over columns. */
__device__ static inline void column_terms(double *found, sample_slopes *slopes, const generator_terms &j,
                                           int sample)
{
    const double cells = (double)keys_cells(j.shape), columns = 2 * (double)j.shape.frames;
    columns_part sum = {0, 0};
    for (int i = 0; i < j.column_parts; i++) {
        const columns_part part = j.key_statistics.columns[(size_t)sample * j.column_parts + i];
        sum.logs += part.logs, sum.distance += part.distance;
    }
    found[G_RECONSTRUCTION] = sum.distance / cells;
    found[G_NO_SECONDS] = -sum.logs / columns;
    slopes->reconstruction = (float)(j.weights[G_RECONSTRUCTION] / (double)j.batch / cells);
    slopes->steps = (float)(-j.weights[G_NO_SECONDS] / (double)j.batch / columns);
}

/* All losses of a sample and the coefficients of its gradient, by one thread. */
__device__ static inline void combine_terms(const generator_terms &j, int sample, const melody *melodies,
                                            key_losses keys, double sounding)
{
    double found[GENERATOR_LOSSES];
    sample_slopes slopes = {};
    const double silence = exp(-20 * sounding), weight = j.weights[G_NO_SILENCE];
    column_terms(found, &slopes, j, sample);
    melody_terms(found, &slopes, j, melodies[0], melodies[1]);
    found[G_NO_SILENCE] = silence + keys.presence / j.shape.keys;
    found[G_STD_MATCH] = keys.deviation / j.shape.keys;
    found[G_MIN_MAX_MATCH] = keys.extent / j.shape.keys;
    if (weight != 0)
        slopes.sounding = (float)(weight / j.batch * -20 * silence / (double)keys_cells(j.shape)) / 0.01f;
    j.samples[sample] = slopes;
    for (int i = 0; i < GENERATOR_LOSSES; i++) {
        const bool kept = j.all || j.weights[i] != 0;
        j.found[(size_t)sample * GENERATOR_LOSSES + i] = kept ? found[i] : 0;
    }
}

/* A thread block for each sample. */
static __global__ void sample_terms(const generator_terms j)
{
    melody *melodies = (melody *)(shared_memory<double>() + WARP); /* of x, of r */
    const int sample = (int)blockIdx.x, warp = threadIdx.x / WARP;
    const double sounding = batch_sounding(j);
    const key_losses keys = key_terms(j, sample);
    if (warp < 2) {
        const size_t row = ((size_t)warp * j.batch + sample) * j.shape.keys;
        const melody m = melody_of(j.key_statistics.rows + row, j.shape);
        if (threadIdx.x % WARP == 0) melodies[warp] = m;
    }
    __syncthreads();
    if (threadIdx.x == 0) combine_terms(j, sample, melodies, keys, sounding);
}

static generator_terms terms_make(struct keys_shape shape, int batch)
{
    generator_terms j = {};
    const size_t rows = (size_t)batch * shape.keys, columns = 2 * (size_t)batch * shape.frames;
    j.shape = shape, j.batch = batch, j.column_parts = keys_column_parts(shape);
    const size_t parts = (size_t)batch * j.column_parts;
    const size_t bytes = rows * (2 * sizeof(key_row) + sizeof(row_slopes)) + columns * sizeof(float) +
                         parts * sizeof(columns_part) +
                         batch * (sizeof(sample_slopes) + GENERATOR_LOSSES * sizeof(double)) + 6 * 256;
    struct arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    j.key_statistics.rows = arena_take<key_row>(&arena, 2 * rows);
    j.key_statistics.steps = arena_take<float>(&arena, columns);
    j.key_statistics.columns = arena_take<columns_part>(&arena, parts);
    j.rows = arena_take<row_slopes>(&arena, rows);
    j.samples = arena_take<sample_slopes>(&arena, batch);
    j.found = arena_take<double>(&arena, (size_t)batch * GENERATOR_LOSSES);
    return j;
}

void cuda_generator_losses(device values, struct tensor dx, struct tensor x, struct tensor r,
                           struct keys_shape shape, const real weights[GENERATOR_LOSSES], bool all)
{
    generator_terms j = terms_make(shape, x.batch);
    bool weighted = false;
    for (int i = 0; i < GENERATOR_LOSSES; i++) {
        j.weights[i] = weights[i];
        weighted = weighted || weights[i] != 0;
    }
    j.all = all;
    keys_statistics(j.key_statistics, x, r, shape);
    launch(sample_terms, (unsigned)x.batch, THREADS, WARP * sizeof(double) + 2 * sizeof(melody), j);
    generator_add(values, dx, x, r, j, dx.data && weighted);
}
