#include "kernels/model/sampling/prior-sequence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    REPEATS = 24, /* of a loop */
    REACH = 4,    /* of the filters to either side, in records */
    FINE = 64     /* steps of the filters' responses from one component of the transform to the next */
};

struct prior_sequence {
    const struct prior *prior;
    struct calibration calibration;
    size_t width;          /* channels */
    size_t side, hop;      /* values: of a window; how many are drawn at a time */
    double *mean;          /* (side) */
    double *factor;        /* lower triangle of the side */
    size_t reach;          /* of the filters, in latents */
    double *slower, *less; /* (reach + 1), halves of symmetric filters: what comes of the second sequence,
                              what goes of the first */
};

/* The share of the slow sequence in a component of this order, an amplitude as an angle. */
static double share_angle(double order, double slow)
{
    if (order >= slow) return 0;
    if (order <= slow - 1) return M_PI / 2;
    double falls = cos(M_PI / 2 * (order - (slow - 1)));
    return M_PI / 2 * falls * falls;
}

/* Halves of the filters whose responses are sin and 1 - cos of the angle, by sums over their frequencies. */
static void make_filters(struct prior_sequence *s)
{
    double slow = fmin((double)s->calibration.slow, s->prior->latents), orders = s->prior->latents;
    s->slower = allocate_or_die(s->reach + 1, sizeof s->slower[0]);
    s->less = allocate_or_die(s->reach + 1, sizeof s->less[0]);
    for (double order = 0.5 / FINE; order < slow; order += 1.0 / FINE) {
        double angle = share_angle(order, slow);
        for (size_t n = 0; n <= s->reach; n++) {
            double wave = cos(M_PI * order / orders * (double)n) / orders / FINE;
            s->slower[n] += sin(angle) * wave;
            s->less[n] += (1 - cos(angle)) * wave;
        }
    }
}

struct prior_sequence *prior_sequence_new_or_die(const struct prior *p)
{
    struct prior_sequence *s = allocate_or_die(1, sizeof *s);
    size_t latents = (size_t)p->latents, side = latents * (size_t)p->channels;
    *s = (struct prior_sequence){.prior = p,
                                 .calibration = prior_calibration(p),
                                 .width = (size_t)p->channels,
                                 .side = side,
                                 .hop = (size_t)p->channels * (latents < 4 ? 1 : latents / 4),
                                 .reach = REACH * latents};
    s->mean = allocate_or_die(side, sizeof s->mean[0]);
    s->factor = allocate_or_die(prior_row(side), sizeof s->factor[0]);
    prior_download(p, s->mean, s->factor);
    make_filters(s);
    return s;
}

void prior_sequence_free(struct prior_sequence *s)
{
    if (!s) return;
    free(s->mean);
    free(s->factor);
    free(s->slower);
    free(s->less);
    free(s);
}

/* e = inverse(factor) x, row by row. */
static void whiten(const struct prior_sequence *s, double *e, const double *x, size_t side)
{
    for (size_t i = 0; i < side; i++) {
        const double *row = s->factor + prior_row(i);
        e[i] = (x[i] - prior_dot(row, e, i)) / row[i];
    }
}

/* x (count): rows `first` and on of factor times e. */
static void colour_rows(const struct prior_sequence *s, double *x, const double *e, size_t first,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) x[i] = prior_dot(s->factor + prior_row(first + i), e, first + i + 1);
}

void prior_sequence_colour(const struct prior_sequence *s, double *x, size_t latents)
{
    size_t side = s->side, hop = s->hop, known = side - hop, count = latents * s->width;
    double *e = allocate_or_die(side, sizeof e[0]);
    size_t begun = count < side ? count : side;
    memcpy(e, x, begun * sizeof e[0]);
    colour_rows(s, x, e, 0, begun);
    for (size_t at = begun; at < count; at += hop) {
        size_t fresh = count - at < hop ? count - at : hop;
        whiten(s, e, x + at - known, known);
        memcpy(e + known, x + at, fresh * sizeof e[0]);
        colour_rows(s, x + at, e, known, fresh);
    }
    free(e);
}

/* x (channels) += gain times the white noise `which` at a latent, however late. */
static void add_white(const struct prior_sequence *s, double *x, double gain,
                      struct prior_sequence_noise noise, int which, size_t latent)
{
    size_t record = (size_t)s->prior->latents, width = s->width, blocks = (width + 3) / 4;
    struct random_key key =
        random_key_make(noise.seed, (uint32_t)(PURPOSE_LONG_SAMPLE + which), noise.number);
    float block[4];
    for (size_t i = 0; i < width; i++) {
        if (latent < record) {
            x[i] += gain * (double)noise.first[((size_t)which * record + latent) * width + i];
            continue;
        }
        if (i % 4 == 0) random_normal_block(key, (uint32_t)(latent * blocks + i / 4), block);
        x[i] += gain * (double)block[i % 4];
    }
}

/* loop (period, channels): number `number`, less its mean. Endless repetition would heap the mean up, in what
 * is the slow sequence's part, and a change of loop would be a leap. */
static void make_loop(const struct prior_sequence *s, double *loop, size_t period, size_t number,
                      struct prior_sequence_noise noise)
{
    memset(loop, 0, period * s->width * sizeof loop[0]);
    for (size_t t = 0; t < period; t++) add_white(s, loop + t * s->width, 1, noise, 0, number * period + t);
    for (size_t i = 0; i < s->width; i++) {
        double mean = 0;
        for (size_t t = 0; t < period; t++) mean += loop[t * s->width + i] / (double)period;
        for (size_t t = 0; t < period; t++) loop[t * s->width + i] -= mean;
    }
}

/* fast (latents, channels): what repeats, with what does not. */
static void fill_fast(const struct prior_sequence *s, double *fast, size_t latents,
                      struct prior_sequence_noise noise)
{
    struct sample_key drawn = {random_key_make(noise.seed, PURPOSE_LOOP, noise.number), 0};
    struct noise_loop r = prior_noise_loop(s->prior, drawn, s->calibration.fresh);
    if (r.period == 1) r.again = 0, r.other = 1; /* less its mean it would be nothing */
    size_t part = r.period * REPEATS, width = s->width;
    double *loop = allocate_or_die(r.period * width, sizeof loop[0]);
    for (size_t t = 0; t < latents; t++) {
        if (t % part == 0) make_loop(s, loop, r.period, t / part % 2 ? t / part : 0, noise);
        for (size_t i = 0; i < width; i++) fast[t * width + i] = r.again * loop[t % r.period * width + i];
        add_white(s, fast + t * width, r.other, noise, 1, t);
    }
    free(loop);
}

/* The sum of a symmetric filter over channel i of x around latent t; before the first latent time runs back.
 */
static double filtered(const struct prior_sequence *s, const double *filter, const double *x, size_t t,
                       size_t i)
{
    double sum = filter[0] * x[t * s->width + i];
    for (size_t n = 1; n <= s->reach; n++) {
        size_t before = n <= t ? t - n : n - t - 1;
        sum += filter[n] * (x[before * s->width + i] + x[(t + n) * s->width + i]);
    }
    return sum;
}

void prior_sequence_draw(const struct prior_sequence *s, real *z, size_t latents,
                         struct prior_sequence_noise noise)
{
    size_t drawn = latents + s->reach, count = drawn * s->width;
    double *fast = allocate_or_die(2 * count, sizeof fast[0]), *slow = fast + count;
    double breadth = 1 + (double)s->calibration.breadth, warmth = 1 + (double)s->calibration.warmth;
    fill_fast(s, fast, drawn, noise);
    for (size_t t = 0; t < drawn; t++) add_white(s, slow + t * s->width, 1, noise, 2, t);
    prior_sequence_colour(s, fast, drawn);
    prior_sequence_colour(s, slow, drawn);
#pragma omp parallel for schedule(static)
    for (size_t t = 0; t < latents; t++)
        for (size_t i = 0; i < s->width; i++) {
            double x = fast[t * s->width + i] - filtered(s, s->less, fast, t, i) +
                       breadth * filtered(s, s->slower, slow, t, i);
            z[t * s->width + i] = (real)(s->mean[i] + warmth * x);
        }
    free(fast);
}
