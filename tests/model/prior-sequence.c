/* The prior as a sequence of any length: every window of it is a draw from the prior, its beginning is like a
 * record of the same noise, and the same for any length. */
#include "kernels/model/sampling/prior-sequence.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "tests/device.h"
#include "tests/tap.h"

enum {
    LATENTS = 32,
    FRAMES = 8, /* a latent */
    CHANNELS = 2,
    SIDE = LATENTS * CHANNELS,
    LONG = 5 * LATENTS,
    COUNT = LONG * CHANNELS,
    DRAWS = 300
};

static const double MEAN[CHANNELS] = {1, -2};

struct fitted {
    struct session session;
    struct parameters parameters;
    struct prior prior;
};

/* cov(z[t + lag][i], z[t][j]) of z[t][0] = 0.9 z[t - 1][0] + noise of variance 0.19, z[t][1] = z[t][0] / 2 +
 * white noise of variance 1. */
static double wanted(size_t lag, size_t i, size_t j)
{
    return pow(0.9, (double)lag) * (i ? 0.5 : 1) * (j ? 0.5 : 1) + (i == 1 && j == 1 && lag == 0);
}

/* The Cholesky factor of that. */
static double wanted_factor(size_t row, size_t column)
{
    if (row == column && row % 2) return 1;
    if (column % 2) return 0;
    return pow(0.9, (double)(row / 2 - column / 2)) * (row % 2 ? 0.5 : 1) * (column ? sqrt(0.19) : 1);
}

static struct fitted *fitted_new(void)
{
    struct fitted *f = allocate_or_die(1, sizeof *f);
    f->session = session_make(ops_under_test(), NULL, (struct keys_shape){.keys = 1, .frames = 1}, 1);
    f->parameters = parameters_make(&f->session, "generator");
    prior_make_or_die(&f->prior, &f->parameters, LATENTS, CHANNELS, FRAMES);
    parameters_allocate_or_die(&f->parameters, false);
    real mean[SIDE], *values = allocate_or_die(prior_row(SIDE), sizeof *values);
    for (size_t row = 0; row < SIDE; row++) {
        mean[row] = (real)MEAN[row % 2];
        for (size_t column = 0; column <= row; column++)
            values[prior_row(row) + column] = (real)(wanted_factor(row, column) - (row == column));
    }
    f->session.ops->upload(f->prior.mean.value, mean, SIDE);
    f->session.ops->upload(f->prior.factor.value, values, prior_row(SIDE));
    free(values);
    return f;
}

static void fitted_free(struct fitted *f)
{
    parameters_free(&f->parameters);
    session_release(&f->session);
    free(f);
}

static struct prior_sequence *calibrated(struct fitted *f, double slow_components, double temperature)
{
    struct calibration calibration = calibration_neutral;
    calibration.slow_components = slow_components;
    calibration.temperature = temperature;
    prior_set_calibration(&f->prior, calibration);
    return prior_sequence_new_or_die(&f->prior);
}

/* A draw is linear in the white noise, so its responses to unit impulses give the covariance. */
static void test_covariance(struct fitted *f)
{
    struct prior_sequence *s = prior_sequence_new_or_die(&f->prior);
    double *response = allocate_or_die(COUNT * COUNT, sizeof *response), worst = 0;
    for (size_t i = 0; i < COUNT; i++) {
        response[i * COUNT + i] = 1;
        prior_sequence_colour(s, response + i * COUNT, LONG);
    }
    for (size_t a = 0; a < COUNT; a++)
        for (size_t b = 0; b <= a; b++) {
            double covariance = 0;
            for (size_t i = 0; i < COUNT; i++)
                covariance += response[i * COUNT + a] * response[i * COUNT + b];
            worst = fmax(worst, fabs(covariance - wanted(a / 2 - b / 2, a % 2, b % 2)));
        }
    ok(worst < 1e-5, "the covariance at any moments is the prior's (%.1e)", worst);
    bool causal = true;
    for (size_t i = 0; i < COUNT; i++)
        for (size_t a = 0; a < i; a++) causal = causal && response[i * COUNT + a] == 0;
    ok(causal, "a latent does not depend on later noise");
    free(response);
    prior_sequence_free(s);
}

/* noise (PRIOR_NOISES * SIDE) of sample `number`. */
static void noise_of(real *noise, uint32_t number)
{
    for (size_t i = 0; i < PRIOR_NOISES * SIDE; i++) {
        float block[4];
        random_normal_block(random_key_make(3, 1, number), (uint32_t)(i / 4), block);
        noise[i] = (real)block[i % 4];
    }
}

static void draw(const struct prior_sequence *s, real *z, size_t latents, uint32_t number)
{
    real noise[PRIOR_NOISES * SIDE];
    noise_of(noise, number);
    prior_sequence_draw(s, z, latents, (struct prior_sequence_noise){noise, 3, number});
}

static void draw_record(const struct fitted *f, real *z, uint32_t number)
{
    real noise[PRIOR_NOISES * SIDE];
    struct sample_key key = {random_key_make(3, PURPOSE_LOOP, number), 0};
    struct articulation own[1];
    noise_of(noise, number);
    prior_draw(&f->prior, z, own, noise, &key, 1);
}

/* Moments over draws, at the beginning and late. */
static void test_moments(struct fitted *f, double slow, double tolerance)
{
    real *z = allocate_or_die(COUNT, sizeof *z);
    double mean[2][CHANNELS] = {{0}}, square[2][CHANNELS] = {{0}}, worst = 0;
    struct prior_sequence *s = calibrated(f, slow, 1);
    for (uint32_t n = 0; n < DRAWS; n++) {
        draw(s, z, LONG, n);
        for (size_t i = 0; i < COUNT; i++) {
            double apart = (double)z[i] - MEAN[i % 2], share = 2.0 / DRAWS / LONG;
            mean[i / (COUNT / 2)][i % 2] += apart * share;
            square[i / (COUNT / 2)][i % 2] += apart * apart * share;
        }
    }
    for (int half = 0; half < 2; half++)
        for (size_t i = 0; i < CHANNELS; i++)
            worst = fmax(worst, fmax(fabs(mean[half][i]), fabs(square[half][i] - wanted(0, i, i))));
    ok(worst < tolerance, "mean and variance early and late, %g slow components (%.3f)", slow, worst);
    prior_sequence_free(s);
    free(z);
}

static double correlation(const real *a, const real *b, size_t count)
{
    double product = 0, square[2] = {0};
    for (size_t i = 0; i < count; i++) {
        double x = (double)a[i] - MEAN[i % 2], y = (double)b[i] - MEAN[i % 2];
        product += x * y, square[0] += x * x, square[1] += y * y;
    }
    return product / sqrt(square[0] * square[1]);
}

static void test_beginning(struct fitted *f)
{
    real record[SIDE], once[COUNT], other[COUNT], shorter[SIDE];
    double like = 0, unlike = 0;
    struct prior_sequence *s = calibrated(f, 3, 1);
    for (uint32_t n = 0; n < 20; n++) {
        draw_record(f, record, n);
        draw(s, once, LONG, n);
        draw(s, other, LONG, n + 20);
        like += correlation(once + 4, record + 4, SIDE - 12) / 20;
        unlike += correlation(other + 4, record + 4, SIDE - 12) / 20;
    }
    ok(like > 0.75 && fabs(unlike) < 0.2,
       "it begins much like the record of the same noise (%.2f, others %.2f)", like, unlike);
    draw(s, once, LONG, 7);
    draw(s, shorter, LATENTS, 7);
    ok(memcmp(once, shorter, sizeof shorter) == 0, "the first latents are the same however many follow");
    prior_sequence_free(s);
    s = calibrated(f, 3, 0);
    draw(s, once, LONG, 7);
    double apart = 0;
    for (size_t i = 0; i < COUNT; i++) apart = fmax(apart, fabs((double)once[i] - MEAN[i % 2]));
    ok(apart < 1e-5, "temperature 0 gives the mean");
    prior_sequence_free(s);
}

/* Nothing is slow, so the loop is alone: it repeats for 24 periods, the next 24 have another loop, the third
 * the first again. */
static void test_loops(struct fitted *f)
{
    enum { REPEATS = 24, LOOPED = REPEATS * 12 * 3 };
    real *z = allocate_or_die(LOOPED * CHANNELS, sizeof *z);
    double within = 0, across = 0, back = 0;
    struct prior_sequence *s = calibrated(f, 0, 1);
    for (uint32_t n = 0; n < 20; n++) {
        struct sample_key key = {random_key_make(3, PURPOSE_LOOP, n), 0};
        size_t period = prior_noise_loop(&f->prior, key, 0).period * CHANNELS, part = REPEATS * period;
        draw(s, z, LOOPED, n);
        within += correlation(z + 4 * period, z + 8 * period, 12 * period) / 20;
        across += correlation(z + 4 * period, z + part + 4 * period, 12 * period) / 20;
        back += correlation(z + 4 * period, z + 2 * part + 4 * period, 12 * period) / 20;
    }
    ok(within > 0.8 && fabs(across) < 0.2 && back > 0.8,
       "a loop comes again (%.2f), then another is played (%.2f), then it comes back (%.2f)", within, across,
       back);
    prior_sequence_free(s);
    free(z);
}

int main(void)
{
    struct fitted *f = fitted_new();
    test_covariance(f);
    test_moments(f, LATENTS, 0.1);
    test_moments(f, 3, 0.3);
    test_beginning(f);
    test_loops(f);
    fitted_free(f);
    return done();
}
