/* Draws a sequence of latents of any length from the fitted prior: autoregressive continuation, loops,
 * filters that exchange its slow part. */
#include "kernels/model/sampling/prior-sequence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    REPEATS = 24,    /* of a loop, before another one plays */
    REACH = 4,       /* of the filters to either side, in records */
    FREQUENCIES = 64 /* at which the filters' responses are summed, from one DCT component to the next */
};

struct prior_sequence {
    const struct prior *prior;
    struct calibration calibration;
    size_t channels;
    size_t side, hop; /* values of a window; values drawn at a time */
    double *mean;     /* (side) */
    double *factor;   /* lower triangle of the prior's Cholesky factor */
    struct centres centres;
    size_t reach;     /* of the filters, in latents */
    double *removed;  /* (reach + 1): half of a symmetric filter, what is taken from the looped sequence */
    double *inserted; /* (reach + 1): likewise, what is taken of the slow sequence in its place */
};

/* The amplitude of the slow sequence at a frequency, as the angle c whose sine it is: pi/2 up to component
 * slow - 1, 0 from component `slow` on, a squared cosine between. */
static double crossover_angle(double component, double slow)
{
    if (component >= slow) return 0;
    if (component <= slow - 1) return M_PI / 2;
    double falling = cos(M_PI / 2 * (component - (slow - 1)));
    return M_PI / 2 * falling * falling;
}

/* The filters with the responses sin c (inserted) and 1 - cos c (removed), by sums over frequencies. */
static void make_filters(struct prior_sequence *s)
{
    double components = s->prior->latents, slow = fmin(s->calibration.slow_components, components);
    s->inserted = allocate_or_die(s->reach + 1, sizeof s->inserted[0]);
    s->removed = allocate_or_die(s->reach + 1, sizeof s->removed[0]);
    for (double component = 0.5 / FREQUENCIES; component < slow; component += 1.0 / FREQUENCIES) {
        double angle = crossover_angle(component, slow);
        for (size_t n = 0; n <= s->reach; n++) {
            double wave = cos(M_PI * component / components * (double)n) / components / FREQUENCIES;
            s->inserted[n] += sin(angle) * wave;
            s->removed[n] += (1 - cos(angle)) * wave;
        }
    }
}

struct prior_sequence *prior_sequence_new_or_die(const struct prior *p)
{
    struct prior_sequence *s = allocate_or_die(1, sizeof *s);
    size_t latents = (size_t)p->latents, side = latents * (size_t)p->channels;
    *s = (struct prior_sequence){.prior = p,
                                 .calibration = prior_calibration(p),
                                 .channels = (size_t)p->channels,
                                 .side = side,
                                 .hop = (size_t)p->channels * (latents < 4 ? 1 : latents / 4),
                                 .reach = REACH * latents};
    s->mean = allocate_or_die(side, sizeof s->mean[0]);
    s->factor = allocate_or_die(prior_row(side), sizeof s->factor[0]);
    prior_download(p, s->mean, s->factor);
    s->centres = prior_centres(p);
    make_filters(s);
    return s;
}

void prior_sequence_free(struct prior_sequence *s)
{
    if (!s) return;
    free(s->mean);
    free(s->factor);
    centres_free(&s->centres);
    free(s->inserted);
    free(s->removed);
    free(s);
}

/* e = inverse(L) x of the first `count` values of a window, by forward substitution. */
static void whiten(const struct prior_sequence *s, double *e, const double *x, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double *row = s->factor + prior_row(i);
        e[i] = (x[i] - prior_dot(row, e, i)) / row[i];
    }
}

/* x (count): rows `first` and on of L e. */
static void colour_rows(const struct prior_sequence *s, double *x, const double *e, size_t first,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) x[i] = prior_dot(s->factor + prior_row(first + i), e, first + i + 1);
}

void prior_sequence_whiten(const struct prior_sequence *s, double *e, const double *x)
{
    whiten(s, e, x, s->side);
}

void prior_sequence_continue(const struct prior_sequence *s, double *x, size_t known, size_t latents)
{
    size_t count = latents * s->channels, drawn, most = s->side - s->hop;
    double *e = allocate_or_die(s->side, sizeof e[0]);
    for (size_t at = known * s->channels; at < count; at += drawn) {
        size_t before = at < most ? at : most;
        drawn = count - at < s->hop ? count - at : s->hop;
        whiten(s, e, x + at - before, before);
        memcpy(e + before, x + at, drawn * sizeof e[0]);
        colour_rows(s, x + at, e, before, drawn);
    }
    free(e);
}

void prior_sequence_colour(const struct prior_sequence *s, double *x, size_t latents)
{
    size_t count = latents * s->channels, begun = count < s->side ? count : s->side;
    double *e = allocate_or_die(s->side, sizeof e[0]);
    memcpy(e, x, begun * sizeof e[0]);
    colour_rows(s, x, e, 0, begun);
    free(e);
    prior_sequence_continue(s, x, begun / s->channels, latents);
}

void prior_sequence_add_white(const struct prior_sequence *s, double *x, double gain,
                              struct prior_sequence_noise noise, int which, size_t latent)
{
    size_t record = (size_t)s->prior->latents, channels = s->channels, blocks = (channels + 3) / 4;
    struct random_key key =
        random_key_make(noise.seed, (uint32_t)(PURPOSE_LONG_SAMPLE + which), noise.number);
    float block[4];
    for (size_t i = 0; i < channels; i++) {
        if (latent < record) {
            x[i] += gain * (double)noise.record[((size_t)which * record + latent) * channels + i];
            continue;
        }
        if (i % 4 == 0) random_normal_block(key, (uint32_t)(latent * blocks + i / 4), block);
        x[i] += gain * (double)block[i % 4];
    }
}

/* loop (period, channels): white noise of loop `number`, less its mean. Repeated without end, the mean would
 * add up to a slow component, and a change of loop would be a jump. */
static void make_loop(const struct prior_sequence *s, double *loop, size_t period, size_t number,
                      struct prior_sequence_noise noise)
{
    size_t channels = s->channels;
    memset(loop, 0, period * channels * sizeof loop[0]);
    for (size_t t = 0; t < period; t++)
        prior_sequence_add_white(s, loop + t * channels, 1, noise, NOISE_LOOP, number * period + t);
    for (size_t i = 0; i < channels; i++) {
        double mean = 0;
        for (size_t t = 0; t < period; t++) mean += loop[t * channels + i] / (double)period;
        for (size_t t = 0; t < period; t++) loop[t * channels + i] -= mean;
    }
}

/* x (latents, channels): the white noise of the looped sequence, its loops and its aperiodic part. */
static void fill_looped(const struct prior_sequence *s, double *x, size_t latents,
                        struct prior_sequence_noise noise)
{
    struct noise_loop loop =
        prior_noise_loop(s->prior, sample_key_make(noise.seed, noise.number, 0), s->calibration.aperiodic);
    if (loop.period == 1) loop.periodic = 0, loop.aperiodic = 1; /* less its mean the loop would be 0 */
    size_t part = loop.period * REPEATS, channels = s->channels;
    double *values = allocate_or_die(loop.period * channels, sizeof values[0]);
    for (size_t t = 0; t < latents; t++) {
        if (t % part == 0) make_loop(s, values, loop.period, t / part % 2 ? t / part : 0, noise);
        for (size_t i = 0; i < channels; i++)
            x[t * channels + i] = loop.periodic * values[t % loop.period * channels + i];
        prior_sequence_add_white(s, x + t * channels, loop.aperiodic, noise, NOISE_APERIODIC, t);
    }
    free(values);
}

/* A symmetric filter on channel i of x at latent t; before its first latent x is mirrored, times `mirror`. */
static double filtered(const struct prior_sequence *s, const double *filter, const double *x, size_t t,
                       size_t i, double mirror)
{
    double sum = filter[0] * x[t * s->channels + i];
    for (size_t n = 1; n <= s->reach; n++) {
        double before = n <= t ? x[(t - n) * s->channels + i] : mirror * x[(n - t - 1) * s->channels + i];
        sum += filter[n] * (before + x[(t + n) * s->channels + i]);
    }
    return sum;
}

void prior_sequence_mix(const struct prior_sequence *s, double *looped, const double *slow, size_t latents,
                        double mirror, double gain)
{
    size_t channels = s->channels;
    double *mixed = allocate_or_die(latents * channels, sizeof mixed[0]);
#pragma omp parallel for schedule(static)
    for (size_t t = 0; t < latents; t++)
        for (size_t i = 0; i < channels; i++)
            mixed[t * channels + i] = looped[t * channels + i] -
                                      filtered(s, s->removed, looped, t, i, mirror) +
                                      gain * filtered(s, s->inserted, slow, t, i, mirror);
    memcpy(looped, mixed, latents * channels * sizeof mixed[0]);
    free(mixed);
}

static size_t centre_of(uint64_t seed, uint32_t number)
{
    return centre_of_sample(sample_key_make(seed, number, 0));
}

double prior_sequence_interval(const struct prior_sequence *s, uint64_t seed, uint32_t number)
{
    return s->centres.interval[centre_of(seed, number)];
}

void prior_sequence_draw(const struct prior_sequence *s, real *z, size_t latents,
                         struct prior_sequence_noise noise)
{
    size_t channels = s->channels, drawn = latents + s->reach, count = drawn * channels;
    double *looped = allocate_or_die(2 * count, sizeof looped[0]), *slow = looped + count;
    fill_looped(s, looped, drawn, noise);
    for (size_t t = 0; t < drawn; t++)
        prior_sequence_add_white(s, slow + t * channels, 1, noise, NOISE_SLOW, t);
    prior_sequence_colour(s, looped, drawn);
    prior_sequence_colour(s, slow, drawn);
    prior_sequence_mix(s, looped, slow, latents, 1, s->calibration.slow_gain);
    const double *centre = s->centres.latent + centre_of(noise.seed, noise.number) * channels;
    for (size_t i = 0; i < latents * channels; i++)
        z[i] = (real)(s->mean[i % channels] + centre[i % channels] + s->calibration.temperature * looped[i]);
    free(looped);
}

struct calibration prior_sequence_calibration(const struct prior_sequence *s)
{
    return s->calibration;
}

size_t prior_sequence_reach(const struct prior_sequence *s)
{
    return s->reach;
}
