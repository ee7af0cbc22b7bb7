/* A block's forward pass as its definition says it, in double, without any thought of speed. */
#ifndef TESTS_OPS_BLOCK_PLAIN_H
#define TESTS_OPS_BLOCK_PLAIN_H

#include "tests/ops/block-run.h"

/* Scatters over the definition: every input row, tap and pair of channels. */
static inline void plain_convolution(double *h, const struct run *run)
{
    const struct block_shape *s = &run->shape;
    int length = run->x.length, rows = block_convolved_length(s, length);
    real *x = check_values(run->ops, run->x.data, tensor_count(run->x));
    real *w = check_values(run->ops, run->p.weight, run->weights),
         *bias = check_values(run->ops, run->p.bias, s->out);
    for (int i = 0; i < run->x.batch * rows * s->out; i++) h[i] = (double)bias[i % s->out];
    for (int b = 0; b < run->x.batch; b++)
        for (int i = 0; i < length; i++)
            for (int o = 0; o < rows; o++) {
                int k = s->transposed ? o + s->padding - i * s->stride : i + s->padding - o * s->stride;
                if (k < 0 || k >= s->kernel) continue;
                for (int in = 0; in < s->in; in++)
                    for (int out = 0; out < s->out; out++) {
                        int at = s->transposed ? (in * s->kernel + k) * s->out + out
                                               : (out * s->kernel + k) * s->in + in;
                        h[(b * rows + o) * s->out + out] +=
                            (double)w[at] * (double)x[(b * length + i) * s->in + in];
                    }
            }
    free(x), free(w), free(bias);
}

/* Activation, normalisation and dropout of one channel in place; its statistics. */
static inline void plain_channel(double *h, int count, int c, const struct run *run, double *mean,
                                 double *variance)
{
    const struct block_shape *s = &run->shape;
    int n = s->out;
    double sum = 0, squares = 0, scale = 1, shift = 0;
    for (int i = c; i < count; i += n) sum += h[i] = h[i] > 0 ? h[i] : (double)s->slope * h[i];
    *mean = sum / (count / n);
    for (int i = c; i < count; i += n) squares += (h[i] - *mean) * (h[i] - *mean);
    *variance = squares / (count / n);
    if (s->norm) {
        real value[4];
        device from[] = {run->p.scale, run->p.shift, run->p.running_mean, run->p.running_variance};
        for (int i = 0; i < 4; i++) run->ops->download(&value[i], run->ops->at(from[i], (size_t)c), 1);
        double m = run->pass.training ? *mean : (double)value[2],
               v = run->pass.training ? *variance : (double)value[3];
        scale = (double)value[0] / sqrt(v + (double)s->epsilon), shift = (double)value[1] - m * scale;
    }
    for (int i = c; i < count; i += n) {
        uint32_t words[4], threshold = (uint32_t)lround(65536 * (double)s->dropout.share);
        random_block(random_key_make(run->pass.seed, s->dropout.purpose, run->pass.step), (uint32_t)i / 8,
                     words);
        bool dropped = run->pass.training && (words[i % 8 / 2] >> 16 * (i & 1) & 0xffff) < threshold;
        h[i] = dropped ? 0 : (h[i] * scale + shift) / (run->pass.training ? 1 - (double)s->dropout.share : 1);
    }
}

static inline void plain_skip(double *y, const struct run *run)
{
    real *skip = check_values(run->ops, run->skip.data, tensor_count(run->skip));
    int n = run->out, from = run->skip.length, to = run->y.length;
    for (int i = 0; i < run->y.batch * to; i++) {
        double place = fmax(0, (i % to + 0.5) * from / to - 0.5);
        int low = (int)place, high = low + 1 < from ? low + 1 : low, sample = i / to * from;
        for (int c = 0; c < n; c++)
            y[i * n + c] += (1 - (place - low)) * (double)skip[(sample + low) * n + c] +
                            (place - low) * (double)skip[(sample + high) * n + c];
    }
    free(skip);
}

#endif
