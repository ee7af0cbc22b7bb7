/* The gradient of the generator's losses on keys, and the losses of the batch. */
#include "kernels/cuda/losses/generator-losses.cuh"

enum { THREADS = 128 };

struct generator_gradient {
    generator_terms terms;
    float *values;
    view dx, x, r;
    unsigned rows; /* 0: no gradient is wanted */
};

__device__ static inline float sign_of(float x)
{
    return (float)((x > 0) - (x < 0)); /* 0 for NaN too */
}

/* A cell of channel C: its index, and its place in the sample. */
struct cell {
    size_t i;
    int sample, key, in_row;
    float value;
};

/* The gradient of the losses on melody and on steps between neighbouring keys. */
template <int C>
__device__ inline float neighbours_slope(const generator_gradient &g, const sample_slopes &s, cell at,
                                         float steps)
{
    const size_t length = 2 * (size_t)g.terms.shape.frames;
    float slope = 0;
    if (at.key + 1 < g.terms.shape.keys) {
        const float next = load(g.x, at.i + length), other = load(g.x, at.i + 1 - 2 * C);
        slope += melody_upper<C>(s.melody, at.value, next, other);
        if (steps != 0) slope += steps * sign_of(at.value - next);
    }
    if (at.key > 0) {
        const float before = load(g.x, at.i - length);
        slope += melody_lower<C>(s.melody, at.value, before);
        if (steps != 0) slope += steps * sign_of(at.value - before);
    }
    return slope;
}

template <int C> __device__ inline float row_slope(const row_slopes &row, cell at)
{
    float slope =
        row.level + row.key * (at.value - row.key_mean) + row.channel[C] * (at.value - row.channel_mean[C]);
    if (at.in_row == row.largest_at) slope += row.largest;
    if (at.in_row == row.least_at) slope += row.least;
    return slope;
}

template <int C>
__device__ inline void add_slope(const generator_gradient &g, const sample_slopes &s, const row_slopes &row,
                                 cell at)
{
    float steps = 0;
    at.i += C, at.in_row += C;
    at.value = load(g.x, at.i);
    if (s.steps != 0) {
        const size_t column = 2 * (size_t)at.sample * g.terms.shape.frames + at.in_row;
        steps = s.steps / (g.terms.key_statistics.steps[column] + 0.001f);
    }
    float slope = row_slope<C>(row, at) + neighbours_slope<C>(g, s, at, steps);
    if (s.reconstruction != 0) {
        const float d = at.value - load(g.r, at.i);
        slope += s.reconstruction * (d < -1 ? -1 : d > 1 ? 1 : d);
    }
    if (s.sounding != 0) {
        const float sounding = keys_sigmoid(at.value);
        slope += s.sounding * sounding * (1 - sounding);
    }
    store(g.dx, at.i, load(g.dx, at.i) + slope);
}

/* The values of the losses: a thread for each. */
__device__ static inline void add_values(const generator_gradient &g)
{
    const generator_terms &j = g.terms;
    double sum = 0;
    if (threadIdx.x >= GENERATOR_LOSSES) return;
    for (int b = 0; b < j.batch; b++) sum += j.found[(size_t)b * GENERATOR_LOSSES + threadIdx.x];
    g.values[threadIdx.x] += (float)(sum / j.batch);
}

/* A thread block for each row; the last one adds the values. */
static __global__ void add_gradient(const generator_gradient g)
{
    if (blockIdx.x >= g.rows) {
        add_values(g);
        return;
    }
    const int keys = g.terms.shape.keys, frames = g.terms.shape.frames;
    const int sample = (int)blockIdx.x / keys, key = (int)blockIdx.x % keys;
    const sample_slopes slopes = g.terms.samples[sample];
    const row_slopes row = g.terms.rows[blockIdx.x];
    for (int f = threadIdx.x; f < frames; f += THREADS) {
        const cell at = {2 * ((size_t)blockIdx.x * frames + f), sample, key, 2 * f, 0};
        add_slope<0>(g, slopes, row, at);
        add_slope<1>(g, slopes, row, at);
    }
}

void generator_add(device values, struct tensor dx, struct tensor x, struct tensor r,
                   const generator_terms &terms, bool gradient)
{
    const unsigned rows = gradient ? (unsigned)terms.batch * (unsigned)terms.shape.keys : 0;
    generator_gradient g = {terms, reals(values), view_of(dx), view_of(x), view_of(r), rows};
    launch(add_gradient, rows + 1, THREADS, 0, g);
}
