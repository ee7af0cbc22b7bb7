/* The Gaussian prior of latents over time: draws with loops and a discrete cosine transform, calibration. */
#include "kernels/model/prior.h"

#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/memory.h"

static const double PERIOD[2] = {40, 95};    /* of a loop, in frames */
static const size_t BEATS[4] = {2, 4, 4, 8}; /* likewise, where there are beats */

const struct calibration calibration_neutral = {
    .temperature = 1, .slow_gain = 1, .gating = {.expression = 1}};

double *calibration_member(struct calibration *calibration, int number)
{
    double *const members[CALIBRATION_MEMBERS] = {
        [CALIBRATION_TEMPERATURE] = &calibration->temperature,
        [CALIBRATION_THRESHOLD] = &calibration->gating.threshold,
        [CALIBRATION_THRESHOLD_RANGE] = &calibration->threshold_range,
        [CALIBRATION_OPENING] = &calibration->gating.opening,
        [CALIBRATION_CLOSING] = &calibration->gating.closing,
        [CALIBRATION_LEAST] = &calibration->gating.least,
        [CALIBRATION_AGAIN] = &calibration->gating.again,
        [CALIBRATION_EXPRESSION] = &calibration->gating.expression,
        [CALIBRATION_SLOW_COMPONENTS] = &calibration->slow_components,
        [CALIBRATION_SLOW_GAIN] = &calibration->slow_gain,
        [CALIBRATION_APERIODIC] = &calibration->aperiodic,
    };
    return members[number];
}

static size_t side_of(const struct prior *p)
{
    return (size_t)p->latents * (size_t)p->channels;
}

static size_t note_count(const struct prior *p)
{
    return (size_t)(1 + p->session->keys.drums) * NOTE_STATISTICS;
}

size_t prior_row(size_t row)
{
    return row * (row + 1) / 2;
}

/* Latents of the network that are one of the prior. */
static int joined_or_die(int beat, int latents, int latent_frames)
{
    if (!beat) return 1;
    int joined = beat / latent_frames;
    if (joined < 1 || beat % latent_frames || latents % joined)
        die("latent_seq_len: %d latents of %d frames each are no whole beats of %d frames", latents,
            latent_frames, beat);
    return joined;
}

void prior_make_or_die(struct prior *p, struct parameters *parameters, int latents, int channels,
                       int latent_frames)
{
    struct initialisation zero = {INITIAL_ZERO, 0};
    int beat = parameters->session->keys.beat, joined = joined_or_die(beat, latents, latent_frames);
    *p = (struct prior){.session = parameters->session,
                        .latents = latents / joined,
                        .channels = channels * joined,
                        .latent_frames = latent_frames * joined};
    int side = (int)side_of(p);
    parameters_declare_statistic(parameters, &p->mean, "prior", "mean", zero, side);
    parameters_declare_statistic(parameters, &p->factor, "prior", "factor", zero, (int)prior_row(side_of(p)));
    parameters_declare_statistic(parameters, &p->centres, "prior", "centres", zero,
                                 (int)centres_size((size_t)p->channels));
    parameters_declare_statistic(parameters, &p->calibration, "prior", "calibration", zero,
                                 CALIBRATION_MEMBERS);
    parameters_declare_statistic(parameters, &p->notes, "prior", "notes", zero, (int)note_count(p));
}

/* A model's file has each member less its neutral value. */
struct calibration prior_calibration(const struct prior *p)
{
    struct calibration calibration = calibration_neutral;
    real stored[CALIBRATION_MEMBERS];
    p->session->ops->download(stored, p->calibration.value, CALIBRATION_MEMBERS);
    for (int i = 0; i < CALIBRATION_MEMBERS; i++) *calibration_member(&calibration, i) += (double)stored[i];
    return calibration;
}

void prior_set_calibration(const struct prior *p, struct calibration calibration)
{
    struct calibration neutral = calibration_neutral;
    real stored[CALIBRATION_MEMBERS];
    for (int i = 0; i < CALIBRATION_MEMBERS; i++)
        stored[i] = (real)(*calibration_member(&calibration, i) - *calibration_member(&neutral, i));
    p->session->ops->upload(p->calibration.value, stored, CALIBRATION_MEMBERS);
}

struct centres prior_centres(const struct prior *p)
{
    return centres_download(p->session->ops, p->centres.value, (size_t)p->channels);
}

void prior_set_centres(const struct prior *p, const struct centres *centres)
{
    centres_upload(p->session->ops, p->centres.value, centres);
}

struct note_statistics *prior_notes(const struct prior *p)
{
    size_t count = note_count(p);
    real *stored = allocate_or_die(count, sizeof stored[0]);
    struct note_statistics *statistics = allocate_or_die(count / NOTE_STATISTICS, sizeof statistics[0]);
    p->session->ops->download(stored, p->notes.value, count);
    for (size_t i = 0; i < count; i++)
        statistics[i / NOTE_STATISTICS].of[i % NOTE_STATISTICS] = (double)stored[i];
    free(stored);
    return statistics;
}

void prior_set_notes(const struct prior *p, const struct note_statistics *statistics)
{
    size_t count = note_count(p);
    real *stored = allocate_or_die(count, sizeof stored[0]);
    for (size_t i = 0; i < count; i++)
        stored[i] = (real)statistics[i / NOTE_STATISTICS].of[i % NOTE_STATISTICS];
    p->session->ops->upload(p->notes.value, stored, count);
    free(stored);
}

double prior_dot(const double *a, const double *b, size_t count)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* Evenly between the ends. */
static double uniform_between(const double ends[2], uint32_t bits)
{
    return ends[0] + (ends[1] - ends[0]) * (double)random_uniform(bits);
}

void prior_white_noise(const struct prior *p, device noise, int count, uint64_t seed, uint32_t number)
{
    p->session->ops->normal(noise, (size_t)count * PRIOR_NOISES * side_of(p), 1,
                            random_key_make(seed, PURPOSE_NOISE, number));
}

struct sample_key sample_key_make(uint64_t seed, uint32_t number, uint32_t index)
{
    return (struct sample_key){random_key_make(seed, PURPOSE_LOOP, number), index};
}

size_t centre_of_sample(struct sample_key key)
{
    uint32_t bits[4];
    key.key.purpose[0] = PURPOSE_CENTRE;
    random_block(key.key, key.index, bits);
    return random_below(bits[0], CENTRES);
}

struct noise_loop prior_noise_loop(const struct prior *p, struct sample_key key, double aperiodic)
{
    uint32_t bits[4];
    random_block(key.key, key.index, bits);
    double share = 1 - aperiodic * (double)random_uniform(bits[0]);
    double frames = uniform_between(PERIOD, bits[1]);
    size_t period = (size_t)fmax(1, round(frames / p->latent_frames));
    if (p->session->keys.beat) period = BEATS[bits[1] >> 30];
    return (struct noise_loop){sqrt(share), sqrt(1 - share), period};
}

/* e (side) from e1 and e2, which follow one another in `noise`. */
static void mix_loop(const struct prior *p, double *e, const real *noise, struct noise_loop loop)
{
    size_t side = side_of(p), period = loop.period * (size_t)p->channels;
    for (size_t i = 0; i < side; i++)
        e[i] = loop.periodic * (double)noise[i % period] + loop.aperiodic * (double)noise[side + i];
}

void prior_download(const struct prior *p, double *mean, double *factor)
{
    const struct ops *ops = p->session->ops;
    size_t side = side_of(p), count = prior_row(side);
    real *values = allocate_or_die(count, sizeof values[0]);
    ops->download(values, p->mean.value, side);
    for (size_t i = 0; i < side; i++) mean[i] = (double)values[i];
    ops->download(values, p->factor.value, count);
    for (size_t i = 0; i < count; i++) factor[i] = (double)values[i];
    for (size_t i = 0; i < side; i++) factor[prior_row(i) + i] += 1;
    free(values);
}

/* In place: e (side) becomes L e; factor is L less the identity. */
static void colour(double *e, const real *factor, size_t side)
{
    for (size_t i = side; i-- > 0;) {
        const real *row = factor + prior_row(i);
        double sum = e[i];
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j <= i; j++) sum += (double)row[j] * e[j];
        e[i] = sum;
    }
}

/* In each channel, component `order` of a's orthonormal DCT-II over the latents becomes that of b's. */
static void replace_component(const struct prior *p, double *a, const double *b, int order)
{
    size_t latents = (size_t)p->latents, width = (size_t)p->channels;
    double scale = sqrt((order ? 2.0 : 1.0) / p->latents);
    for (size_t c = 0; c < width; c++) {
        double sum = 0;
        for (size_t t = 0; t < latents; t++)
            sum += (b[t * width + c] - a[t * width + c]) * scale *
                   cos(M_PI * ((double)t + 0.5) * order / p->latents);
        for (size_t t = 0; t < latents; t++)
            a[t * width + c] += sum * scale * cos(M_PI * ((double)t + 0.5) * order / p->latents);
    }
}

/* mean (side), factor (lower triangle of L less the identity) and the centres on the host. */
struct mixture {
    real *mean, *factor;
    struct centres centres;
};

/* z (side) of one sample, from its own noise (PRIOR_NOISES * side). */
static void draw_sample(const struct prior *p, real *z, const real *noise, struct sample_key key,
                        const struct calibration *calibration, const struct mixture *mixture)
{
    size_t side = side_of(p);
    double *e = allocate_or_die(2 * side, sizeof e[0]), *slow = e + side;
    mix_loop(p, e, noise, prior_noise_loop(p, key, calibration->aperiodic));
    for (size_t i = 0; i < side; i++) slow[i] = (double)noise[2 * side + i];
    colour(e, mixture->factor, side);
    colour(slow, mixture->factor, side);
    for (size_t i = 0; i < side; i++) slow[i] *= calibration->slow_gain;
    for (int order = 0; order < (int)calibration->slow_components && order < p->latents; order++)
        replace_component(p, e, slow, order);
    const double *centre = mixture->centres.latent + centre_of_sample(key) * (size_t)p->channels;
    for (size_t i = 0; i < side; i++)
        z[i] = (real)((double)mixture->mean[i] + centre[i % (size_t)p->channels] +
                      calibration->temperature * e[i]);
    free(e);
}

void prior_draw(const struct prior *p, real *z, struct articulation *own, const real *noise,
                const struct sample_key *keys, int batch)
{
    const struct ops *ops = p->session->ops;
    size_t side = side_of(p);
    struct calibration calibration = prior_calibration(p);
    struct mixture mixture = {allocate_or_die(side, sizeof(real)),
                              allocate_or_die(prior_row(side), sizeof(real)), prior_centres(p)};
    ops->download(mixture.mean, p->mean.value, side);
    ops->download(mixture.factor, p->factor.value, prior_row(side));
#pragma omp parallel for schedule(static)
    for (size_t b = 0; b < (size_t)batch; b++) {
        draw_sample(p, z + b * side, noise + b * PRIOR_NOISES * side, keys[b], &calibration, &mixture);
        own[b].interval = mixture.centres.interval[centre_of_sample(keys[b])];
    }
    free(mixture.mean);
    free(mixture.factor);
    centres_free(&mixture.centres);
}

struct articulation prior_articulation(struct sample_key key)
{
    struct articulation own = {.notes = key.key};
    uint32_t bits[4];
    random_block(key.key, key.index, bits);
    own.threshold = 2 * (real)random_uniform(bits[2]) - 1;
    own.width = (real)random_uniform(bits[3]);
    own.notes.purpose[0] = PURPOSE_NOTES;
    own.notes.purpose[1] += key.index;
    return own;
}

struct gating prior_gating(const struct calibration *calibration, struct articulation own)
{
    struct gating gating = calibration->gating;
    gating.threshold -= calibration->threshold_range * (double)own.threshold;
    return gating;
}
