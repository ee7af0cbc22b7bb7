/* Transposing keys to frames, frames with gates to keys, and the losses of gates. Keys have the frames of a
 * key side by side, frames the keys of a frame. Work is cut into runs of frames of one sample, with all keys.
 */
#include <math.h>
#include <string.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fast-math.h"
#include "kernels/cpu/tiles.h"

static const real FAINTEST = (real)0.1; /* least loudness that sounds, where gates are hard */
static const real APART = (real)0.7;    /* weight of the channels' difference; that of their mean is 1 */

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

/* How far open a gate is; `row` is its frame's, `from` the first frame's and `last` the last one's. Without
 * settings it is soft. */
static real gate_of(const real *row, const real *from, const real *last, size_t width, const real *settings)
{
    if (!settings) return fast_sigmoid(row[0]);
    const real before = row == from ? row[0] : row[-(ptrdiff_t)width],
               after = row == last ? row[0] : row[width];
    const real smooth = row[0] + settings[GATE_SMOOTHING] * (before + after - 2 * row[0]);
    return (real)(smooth > settings[GATE_THRESHOLD]);
}

/* 0, where gates are hard and it is faint. */
static real audible(real loudness, bool hard)
{
    return hard && loudness < FAINTEST ? 0 : loudness;
}

void cpu_gated(struct tensor x, struct tensor f, struct keys_shape shape, device settings)
{
    const size_t keys = (size_t)shape.keys;
#pragma omp parallel for schedule(static)
    for (int n = 0; n < runs(shape, x.batch); n++) {
        const struct run run = run_at(n, f, x, shape);
        const int b = n / (runs(shape, x.batch) / x.batch);
        const real *sample = cpu_values(f.data) + (size_t)b * (size_t)f.length * run.width;
        const real *own = settings ? cpu_values(settings) + b * GATE_SETTINGS : NULL;
        for (size_t k = 0; k < keys; k++) {
            const real *from = run.row + k, *first = sample + k;
            const real *last = first + (size_t)(shape.frames - 1) * run.width;
            real *to = run.cell + k * run.apart;
            for (size_t t = 0; t < run.count; t++, from += run.width) {
                const real open = gate_of(from, first, last, run.width, own);
                for (size_t c = 0; c < 2; c++) {
                    const real root = fast_sigmoid(from[(c + 1) * keys]);
                    to[2 * t + c] = audible(open * root * root, own != NULL);
                }
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
                const real gate = fast_sigmoid(from[0]);
                real sum = 0;
                for (size_t c = 0; c < 2; c++) {
                    const real root = fast_sigmoid(from[(c + 1) * keys]), loudness = root * root;
                    sum += d[2 * t + c] * loudness;
                    to[(c + 1) * keys] = d[2 * t + c] * gate * 2 * loudness * (1 - root);
                }
                to[0] = sum * gate * (1 - gate);
            }
        }
    }
}

/* -1, 0 or 1 */
static real sign_of(real x)
{
    return (real)((x > 0) - (x < 0));
}

/* Both losses of a cell, into sums; its gradients, the weights being theirs. `from` and `to` are logits of
 * the gate, the left and the right loudness, `keys` apart; r is left, right. */
static void cell_losses(double sums[GATE_LOSSES], real *to, const real *from, size_t keys, const real *r,
                        const real weights[GATE_LOSSES])
{
    const bool on = r[0] > 0 || r[1] > 0;
    const real logit = from[0];
    sums[GATE_SOUNDING] +=
        fmax((double)logit, 0) - (on ? (double)logit : 0) + log1p(exp(-fabs((double)logit)));
    to[0] += weights[GATE_SOUNDING] * (fast_sigmoid(logit) - (real)on);
    if (!on) return;
    const real left = fast_sigmoid(from[keys]), right = fast_sigmoid(from[2 * keys]);
    const real dl = left - (real)sqrt((double)r[0]), dr = right - (real)sqrt((double)r[1]);
    const real mean = sign_of(dl + dr) / 2, half = APART * sign_of(dl - dr) / 2;
    sums[GATE_LOUDNESS] += (double)(mean * (dl + dr) + half * (dl - dr));
    to[keys] += weights[GATE_LOUDNESS] * (mean + half) * left * (1 - left);
    to[2 * keys] += weights[GATE_LOUDNESS] * (mean - half) * right * (1 - right);
}

/* The losses of one run. */
static void run_losses(double sums[GATE_LOSSES], struct run gradient, struct run run, size_t keys,
                       const real weights[GATE_LOSSES])
{
    for (size_t k = 0; k < keys; k++)
        for (size_t t = 0; t < run.count; t++)
            cell_losses(sums, gradient.row + t * run.width + k, run.row + t * run.width + k, keys,
                        run.cell + k * run.apart + 2 * t, weights);
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
