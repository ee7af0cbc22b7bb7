/* Transposing keys to frames, frames with gates to keys, and the losses of gates. Keys have the frames of a
 * key side by side, frames the keys of a frame. Work is cut into runs of frames of one sample, with all keys.
 */
#include <math.h>
#include <string.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fast-math.h"
#include "kernels/cpu/tiles.h"

/* A run of frames of a sample: where it is in a tensor of frames, and in a tensor of keys. */
struct run {
    real *row;                  /* of the first frame */
    size_t width, count, first; /* first: the frame */
    real *cell;                 /* left channel of the first key in the first frame */
    size_t apart;
};

enum { RUN = 100 }; /* frames */

static int runs(struct keys_shape shape, int batch)
{
    return batch * ((shape.frames + RUN - 1) / RUN);
}

static struct run run_at(int number, struct tensor frames, struct tensor keys, struct keys_shape shape)
{
    const int each = (shape.frames + RUN - 1) / RUN, b = number / each, first = number % each * RUN;
    const size_t width = (size_t)frames.channels, cells = (size_t)keys.length;
    return (struct run){cpu_values(frames.data) + ((size_t)b * (size_t)frames.length + (size_t)first) * width,
                        width,
                        (size_t)(shape.frames - first < RUN ? shape.frames - first : RUN),
                        (size_t)first,
                        cpu_values(keys.data) + 2 * ((size_t)b * cells + (size_t)first),
                        2 * (size_t)shape.frames};
}

/* Rows behind the frames become 0. */
static void clear_rest(struct tensor frames, struct keys_shape shape)
{
    const size_t width = (size_t)frames.channels, used = (size_t)shape.frames * width;
    for (int b = 0; b < frames.batch; b++) {
        real *sample = cpu_values(frames.data) + (size_t)b * (size_t)frames.length * width;
        for (size_t i = used; i < (size_t)frames.length * width; i++) sample[i] = 0;
    }
}

/* Rows behind the frames become the frames before the end, in reverse. */
static void mirror_rest(struct tensor frames, struct keys_shape shape)
{
    const size_t width = (size_t)frames.channels, end = (size_t)shape.frames, length = (size_t)frames.length;
    for (int b = 0; b < frames.batch; b++) {
        real *sample = cpu_values(frames.data) + (size_t)b * length * width;
        for (size_t t = end; t < length; t++)
            memcpy(sample + t * width, sample + (2 * end - 1 - t) * width, width * sizeof sample[0]);
    }
}

void cpu_frames(struct tensor y, struct tensor x, struct keys_shape shape)
{
    const size_t keys = (size_t)shape.keys;
#pragma omp parallel for schedule(static)
    for (int n = 0; n < runs(shape, x.batch); n++) {
        const struct run run = run_at(n, y, x, shape);
        for (size_t k = 0; k < keys; k++) {
            const real *from = run.cell + k * run.apart;
            real *to = run.row + k;
            for (size_t t = 0; t < run.count; t++, to += run.width) {
                to[0] = (real)sqrt((double)from[2 * t]);
                to[keys] = (real)sqrt((double)from[2 * t + 1]);
            }
        }
    }
    mirror_rest(y, shape);
}

void cpu_gated(struct tensor x, struct tensor f, struct keys_shape shape)
{
    const size_t keys = (size_t)shape.keys;
#pragma omp parallel for schedule(static)
    for (int n = 0; n < runs(shape, x.batch); n++) {
        const struct run run = run_at(n, f, x, shape);
        for (size_t k = 0; k < keys; k++) {
            const real *from = run.row + k;
            real *to = run.cell + k * run.apart;
            for (size_t t = 0; t < run.count; t++, from += run.width) {
                const real root = fast_sigmoid(from[2 * keys]);
                to[2 * t] = to[2 * t + 1] = fast_sigmoid(from[0]) * root * root;
            }
        }
    }
}

void cpu_gated_backward(struct tensor df, struct tensor dx, struct tensor f, struct keys_shape shape)
{
    const size_t keys = (size_t)shape.keys;
    clear_rest(df, shape);
#pragma omp parallel for schedule(static)
    for (int n = 0; n < runs(shape, f.batch); n++) {
        const struct run run = run_at(n, f, dx, shape), gradient = run_at(n, df, dx, shape);
        for (size_t k = 0; k < keys; k++) {
            const real *from = run.row + k, *d = run.cell + k * run.apart;
            real *to = gradient.row + k;
            for (size_t t = 0; t < run.count; t++, from += run.width, to += run.width) {
                const real gate = fast_sigmoid(from[0]), root = fast_sigmoid(from[2 * keys]);
                const real loudness = root * root, both = d[2 * t] + d[2 * t + 1];
                to[0] = both * loudness * gate * (1 - gate);
                to[keys] = 0;
                to[2 * keys] = both * gate * 2 * loudness * (1 - root);
            }
        }
    }
}

/* A sum of binary cross entropies of a run's cells, linear - log(chance): a logarithm for all of them. */
struct entropies {
    double linear, chance;
};

static double entropies_sum(struct entropies e)
{
    return e.linear - log(e.chance);
}

/* Adds that of a logit; its gradient. With p = sigmoid(x), log(1 + exp(-|x|)) = -log(max(p, 1 - p)). */
static real add_entropy(struct entropies *sum, real logit, bool wanted)
{
    const real p = fast_sigmoid(logit);
    sum->linear += (double)((logit > 0 ? logit : 0) - (wanted ? logit : 0));
    sum->chance *= (double)(p > 1 - p ? p : 1 - p);
    return p - (real)wanted;
}

static bool sounds(const real *r)
{
    return r[0] > 0 || r[1] > 0;
}

/* The gradient of a loudness's logit, whose loss is added. r: left, right. */
static real add_loudness(double *sum, real logit, const real *r)
{
    const real root = fast_sigmoid(logit), d = root - (real)sqrt((double)(r[0] > r[1] ? r[0] : r[1]));
    *sum += fabs((double)d);
    return (real)((d > 0) - (d < 0)) * root * (1 - root);
}

/* The losses of a key, the first of `run`; weights of its gates, its onsets and its loudnesses. A chance is
 * at least 2^-RUN. */
static void key_losses(struct entropies entropies[2], double *loudness, struct run gradient, struct run run,
                       size_t keys, const real weights[3])
{
    const real *from = run.row, *r = run.cell;
    real *to = gradient.row;
    bool before = run.first > 0 && sounds(r - 2);
    for (size_t t = 0; t < run.count; t++, from += run.width, to += run.width, r += 2) {
        const bool now = sounds(r);
        to[0] += weights[0] * add_entropy(&entropies[0], from[0], now);
        if (run.first + t > 0)
            to[keys] += weights[1] * add_entropy(&entropies[1], from[keys], now && !before);
        if (now) to[2 * keys] += weights[2] * add_loudness(loudness, from[2 * keys], r);
        before = now;
    }
}

/* The losses of one run. */
static void run_losses(double sums[GATE_LOSSES], struct run gradient, struct run run, struct keys_shape shape,
                       const real weights[GATE_LOSSES])
{
    const size_t keys = (size_t)shape.keys, pitched = (size_t)(shape.keys - shape.drums);
    for (size_t k = 0; k < keys; k++, run.row++, gradient.row++, run.cell += run.apart) {
        struct entropies entropies[2] = {{0, 1}, {0, 1}};
        const enum gate_loss gates = k < pitched ? GATE_SOUNDING : GATE_DRUMS,
                             onsets = k < pitched ? GATE_ONSETS : GATE_DRUMS;
        key_losses(entropies, &sums[GATE_LOUDNESS], gradient, run, keys,
                   (real[]){weights[gates], weights[onsets], weights[GATE_LOUDNESS]});
        sums[gates] += entropies_sum(entropies[0]);
        sums[onsets] += entropies_sum(entropies[1]);
    }
}

void cpu_gate_losses(device values, struct tensor df, struct tensor f, struct tensor r,
                     struct keys_shape shape, const real weights[GATE_LOSSES])
{
    const size_t count = (size_t)runs(shape, f.batch);
    real each[GATE_LOSSES];
    for (int i = 0; i < GATE_LOSSES; i++) each[i] = weights[i] / (real)f.batch;
    double parts[GATE_LOSSES][TILES] = {{0}};
#pragma omp parallel for schedule(static)
    for (int tile = 0; tile < TILES; tile++) {
        double sums[GATE_LOSSES] = {0};
        for (size_t n = tile_start(count, tile); n < tile_start(count, tile + 1); n++)
            run_losses(sums, run_at((int)n, df, r, shape), run_at((int)n, f, r, shape), shape, each);
        for (int i = 0; i < GATE_LOSSES; i++) parts[i][tile] = sums[i];
    }
    for (int i = 0; i < GATE_LOSSES; i++) cpu_values(values)[i] += (real)(tiles_sum(parts[i]) / f.batch);
}
