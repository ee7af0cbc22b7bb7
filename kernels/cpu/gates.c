/* Transposing keys to frames, frames with gates to keys, and the losses of gates. Keys have the frames of a
 * key side by side, frames the keys of a frame. Work is cut into runs of frames of one sample, with all keys.
 */
#include <math.h>
#include <string.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fast-math.h"
#include "kernels/cpu/tiles.h"

static const real APART = (real)0.7; /* weight of the channels' difference; that of their mean is 1 */

/* A run of frames of a sample: where it is in a tensor of frames, and in a tensor of keys. */
struct run {
    real *row; /* of the first frame */
    size_t width, count;
    real *cell; /* left channel of the first key in the first frame */
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
                        width, (size_t)(shape.frames - first < RUN ? shape.frames - first : RUN),
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
        for (size_t i = 0; i < 2 * keys; i++) { /* a key in a channel */
            const real *from = run.row + i;
            real *to = run.cell + i % keys * run.apart + i / keys;
            for (size_t t = 0; t < run.count; t++, from += run.width) {
                const real root = fast_sigmoid(from[2 * keys]);
                to[2 * t] = fast_sigmoid(from[0]) * root * root;
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
        for (size_t i = 0; i < 2 * keys; i++) {
            const real *from = run.row + i, *d = run.cell + i % keys * run.apart + i / keys;
            real *to = gradient.row + i;
            for (size_t t = 0; t < run.count; t++, from += run.width, to += run.width) {
                const real gate = fast_sigmoid(from[0]), root = fast_sigmoid(from[2 * keys]);
                const real loudness = root * root;
                to[0] = d[2 * t] * loudness * gate * (1 - gate);
                to[2 * keys] = d[2 * t] * gate * 2 * loudness * (1 - root);
            }
        }
    }
}

/* -1, 0 or 1 */
static real sign_of(real x)
{
    return (real)((x > 0) - (x < 0));
}

/* A sum of binary cross entropies of a run's gates, linear - log(product): a logarithm for all of them. */
struct entropies {
    double linear, product;
};

/* Adds that of a gate; its gradient. With p = sigmoid(x), log(1 + exp(-|x|)) = -log(max(p, 1 - p)). */
static real gate_loss(struct entropies *sum, real logit, bool on)
{
    const real p = fast_sigmoid(logit);
    sum->linear += (double)((logit > 0 ? logit : 0) - (on ? logit : 0));
    sum->product *= (double)(p > 1 - p ? p : 1 - p);
    return p - (real)on;
}

/* Adds both losses of a cell, and its gradients, the weights being theirs. `from` and `to` are logits of the
 * gates left and right, then of the loudnesses, `keys` apart; r is left, right. */
static void cell_losses(struct entropies *sounding, double *loudnesses, real *to, const real *from,
                        size_t keys, const real *r, const real weights[GATE_LOSSES])
{
    real loudness[2], d[2];
    for (size_t c = 0; c < 2; c++) {
        const bool on = r[c] > 0;
        to[c * keys] += weights[GATE_SOUNDING] / 2 * gate_loss(sounding, from[c * keys], on);
        loudness[c] = on ? fast_sigmoid(from[(c + 2) * keys]) : 0;
        d[c] = loudness[c] - (real)sqrt((double)r[c]);
    }
    if (r[0] <= 0 && r[1] <= 0) return;
    const real mean = sign_of(d[0] + d[1]) / 2, half = APART * sign_of(d[0] - d[1]) / 2;
    *loudnesses += (double)(mean * (d[0] + d[1]) + half * (d[0] - d[1]));
    to[2 * keys] += weights[GATE_LOUDNESS] * (mean + half) * loudness[0] * (1 - loudness[0]);
    to[3 * keys] += weights[GATE_LOUDNESS] * (mean - half) * loudness[1] * (1 - loudness[1]);
}

/* The losses of one run. */
static void run_losses(double sums[GATE_LOSSES], struct run gradient, struct run run, size_t keys,
                       const real weights[GATE_LOSSES])
{
    for (size_t k = 0; k < keys; k++) {
        struct entropies sounding = {0, 1}; /* of 2 RUN factors of at least 1/2: no less than 2^-200 */
        for (size_t t = 0; t < run.count; t++)
            cell_losses(&sounding, &sums[GATE_LOUDNESS], gradient.row + t * run.width + k,
                        run.row + t * run.width + k, keys, run.cell + k * run.apart + 2 * t, weights);
        sums[GATE_SOUNDING] += (sounding.linear - log(sounding.product)) / 2;
    }
}

void cpu_gate_losses(device values, struct tensor df, struct tensor f, struct tensor r,
                     struct keys_shape shape, const real weights[GATE_LOSSES])
{
    const size_t count = (size_t)runs(shape, f.batch);
    const real each[GATE_LOSSES] = {weights[GATE_SOUNDING] / (real)f.batch,
                                    weights[GATE_LOUDNESS] / (real)f.batch};
    double parts[GATE_LOSSES][TILES] = {{0}};
#pragma omp parallel for schedule(static)
    for (int tile = 0; tile < TILES; tile++) {
        double sums[GATE_LOSSES] = {0};
        for (size_t n = tile_start(count, tile); n < tile_start(count, tile + 1); n++)
            run_losses(sums, run_at((int)n, df, r, shape), run_at((int)n, f, r, shape), (size_t)shape.keys,
                       each);
        for (int i = 0; i < GATE_LOSSES; i++) parts[i][tile] = sums[i];
    }
    for (int i = 0; i < GATE_LOSSES; i++) cpu_values(values)[i] += (real)(tiles_sum(parts[i]) / f.batch);
}
