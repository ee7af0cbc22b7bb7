/* The fitted prior: its Gaussian is that of draws from the posteriors, its draws loop but for the slowest
 * components, and a sample depends on its own noise alone. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "kernels/model/prior-sums.h"
#include "tests/device.h"
#include "tests/tap.h"

enum { LATENTS = 32, CHANNELS = 2, SIDE = LATENTS * CHANNELS, NOISE = PRIOR_NOISES * SIDE };

static struct articulation own[1000]; /* of samples: their intervals are set */

struct fitted {
    struct session session;
    struct parameters parameters;
    struct prior prior;
};

static struct fitted *fitted_new(void)
{
    struct fitted *f = allocate_or_die(1, sizeof *f);
    f->session =
        session_make(ops_under_test(), NULL, (struct keys_shape){.keys = 2, .frames = 1, .drums = 1}, 1);
    f->parameters = parameters_make(&f->session, "generator");
    prior_make_or_die(&f->prior, &f->parameters, LATENTS, CHANNELS, 10);
    parameters_allocate_or_die(&f->parameters, false);
    return f;
}

static void fitted_free(struct fitted *f)
{
    parameters_free(&f->parameters);
    session_release(&f->session);
    free(f);
}

static void normals(real *x, size_t count, uint32_t purpose)
{
    for (size_t i = 0; i < count; i++) {
        float block[4];
        random_normal_block(random_key_make(3, purpose, 0), (uint32_t)(i / 4), block);
        x[i] = (real)block[i % 4];
    }
}

/* Posteriors with the means (a, a + b / 2) + (1, -1) in each latent, a and b N(0, 1), and variances of 1/4.
 * Odd latents have three times the even ones' deviation, so that the mean square of both is that. */
static void fit(struct fitted *f)
{
    enum { COUNT = 2000 };
    real *mu = allocate_or_die(COUNT * SIDE, sizeof *mu), *logvar = allocate_or_die(COUNT * SIDE, sizeof *mu);
    normals(mu, COUNT * SIDE, 1);
    for (size_t i = 0; i < COUNT * SIDE; i += CHANNELS) {
        real scale = (real)sqrt(i / CHANNELS % 2 ? 1.8 : 0.2), a = scale * mu[i], b = scale * mu[i + 1];
        mu[i] = a + 1;
        mu[i + 1] = a + b / 2 - 1;
        logvar[i] = logvar[i + 1] = (real)log(0.25);
    }
    struct prior_sums *sums = prior_sums_new_or_die(&f->prior, COUNT);
    prior_sums_add(sums, mu, logvar, NULL, COUNT / 2);
    prior_sums_add(sums, mu + COUNT / 2 * SIDE, logvar + COUNT / 2 * SIDE, NULL, COUNT / 2);
    prior_sums_fit_or_die(sums, &f->prior);
    free(mu), free(logvar);
}

/* Posteriors of two sorts of songs, whose latents lie about 2 and -2, with frames of 0.02 and 0.04 s: a
 * sample is of one sort, and has its tempo. */
static void test_centres(struct fitted *f)
{
    enum { COUNT = 700, DRAWS = 200 };
    real *mu = allocate_or_die(2 * COUNT * SIDE, sizeof *mu), *logvar = mu + COUNT * SIDE, z[DRAWS][SIDE],
         noise[NOISE];
    double interval[COUNT];
    normals(mu, COUNT * SIDE, 8);
    for (size_t i = 0; i < COUNT * SIDE; i++) {
        mu[i] = (real)0.3 * mu[i] + (i / SIDE % 3 ? 2 : -2);
        logvar[i] = -4;
    }
    for (size_t i = 0; i < COUNT; i++) interval[i] = i % 3 ? 0.02 : 0.04;
    struct prior_sums *sums = prior_sums_new_or_die(&f->prior, COUNT);
    prior_sums_add(sums, mu, logvar, interval, COUNT);
    prior_sums_fit_or_die(sums, &f->prior);
    int slow = 0, apart = 0, same = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct sample_key key = sample_key_make(1, i, 0);
        normals(noise, NOISE, 100 + i);
        prior_draw(&f->prior, z[i], own, noise, &key, 1);
        double mean = 0;
        for (size_t j = 0; j < SIDE; j++) mean += (double)z[i][j] / SIDE;
        slow += own[0].interval > 0.03;
        same += own[0].interval == (mean < 0 ? (double)(real)0.04 : (double)(real)0.02);
        apart += fabs(mean) > 1;
    }
    ok(apart > DRAWS * 0.9, "hardly a sample lies between the sorts (%d of %d do not)", apart, DRAWS);
    ok(slow > 40 && slow < 95 && same > DRAWS * 0.95, "each has the tempo of its sort (%d slow)", slow);
    struct centres centres = prior_centres(&f->prior);
    ok(fabs(centres_fastest(&centres) - 0.02) < 1e-8, "the fastest is told");
    centres_free(&centres);
    free(mu);
}

static void sample_keys_of(struct sample_key *keys, int count)
{
    for (int i = 0; i < count; i++) keys[i] = (struct sample_key){random_key_make(5, 9, (uint32_t)i), 0};
}

static struct calibration calibrated(double slow_components, double temperature)
{
    struct calibration calibration = calibration_neutral;
    calibration.slow_components = slow_components;
    calibration.temperature = temperature;
    return calibration;
}

/* Of draws that do not repeat: all their components are slow. */
static void test_moments(struct fitted *f)
{
    enum { COUNT = 1000 };
    real *noise = allocate_or_die(COUNT * NOISE, sizeof *noise),
         *z = allocate_or_die(COUNT * SIDE, sizeof *z);
    struct sample_key keys[COUNT];
    double mean[2] = {0}, square[2] = {0}, product = 0, even = 0, n = COUNT * LATENTS;
    normals(noise, COUNT * NOISE, 2);
    sample_keys_of(keys, COUNT);
    prior_draw(&f->prior, z, own, noise, keys, COUNT);
    double looped = 0;
    for (size_t i = 0; i < COUNT * SIDE; i += 2) looped += ((double)z[i] - 1) * ((double)z[i] - 1) / n;
    ok(fabs(looped - 1.25) < 0.12, "the variance of draws that repeat is near (%.3f of 1.25)", looped);
    prior_set_calibration(&f->prior, calibrated(LATENTS, 1));
    prior_draw(&f->prior, z, own, noise, keys, COUNT);
    for (size_t i = 0; i < COUNT * SIDE; i += 2) {
        double a = (double)z[i] - 1, b = (double)z[i + 1] + 1;
        mean[0] += a / n, mean[1] += b / n;
        square[0] += a * a / n, square[1] += b * b / n, product += a * b / n;
        even += i / 2 % 2 ? 0 : 2 * a * a / n;
    }
    ok(fabs(mean[0]) < 0.06 && fabs(mean[1]) < 0.06, "the posteriors' mean (%.3f %.3f)", mean[0], mean[1]);
    ok(fabs(square[0] - 1.25) < 0.1 && fabs(square[1] - 1.5) < 0.1 && fabs(product - 1) < 0.1,
       "the covariance of their draws (%.3f %.3f %.3f)", square[0], square[1], product);
    ok(fabs(even - 1.25) < 0.1, "the same at every moment (%.3f in the even ones)", even);
    prior_set_calibration(&f->prior, calibration_neutral);
    free(noise), free(z);
}

/* The largest correlation of z with itself after 4 to 12 latents. */
static double repetition(const real *z)
{
    double largest = 0;
    for (size_t lag = 4; lag <= 12; lag++) {
        double product = 0, square = 0;
        for (size_t i = 0; i + lag * CHANNELS < SIDE; i++) {
            product += (double)(z[i] * z[i + lag * CHANNELS]);
            square += (double)(z[i] * z[i]);
        }
        largest = fmax(largest, product / square);
    }
    return largest;
}

static void test_repetition(struct fitted *f)
{
    real noise[NOISE], z[SIDE], other[SIDE];
    struct sample_key key;
    normals(noise, NOISE, 4);
    sample_keys_of(&key, 1);
    prior_draw(&f->prior, z, own, noise, &key, 1);
    ok(repetition(z) > 0.7, "noise repeats (correlation %.2f)", repetition(z));
    prior_set_calibration(&f->prior, calibrated(LATENTS, 1));
    prior_draw(&f->prior, z, own, noise, &key, 1);
    ok(repetition(z) < 0.5, "but for the slow components, here all of them (%.2f)", repetition(z));
    normals(noise, 2 * SIDE, 6);
    prior_draw(&f->prior, other, own, noise, &key, 1);
    double apart = 0;
    for (size_t i = 0; i < SIDE; i++) apart = fmax(apart, fabs((double)(z[i] - other[i])));
    ok(apart < 1e-5, "which depend on the third noise alone");
    prior_set_calibration(&f->prior, calibrated(LATENTS, 0));
    prior_draw(&f->prior, z, own, noise, &key, 1);
    ok(fabs((double)z[0]) < 1e-6 && fabs((double)z[SIDE - 1]) < 1e-6, "temperature 0 gives the mean");
    prior_set_calibration(&f->prior, calibration_neutral);
}

static void test_articulation(struct fitted *f)
{
    struct sample_key keys[200];
    real least = 1, most = -1, narrow = 1, wide = 0;
    sample_keys_of(keys, 200);
    for (int i = 0; i < 200; i++) {
        struct articulation own = prior_articulation(keys[i]);
        least = own.threshold < least ? own.threshold : least;
        most = own.threshold > most ? own.threshold : most;
        narrow = own.width < narrow ? own.width : narrow;
        wide = own.width > wide ? own.width : wide;
    }
    ok(least >= -1 && least < (real)-0.9 && most <= 1 && most > (real)0.9, "thresholds from -1 to 1");
    ok(narrow >= 0 && narrow < (real)0.1 && wide <= 1 && wide > (real)0.9, "widths from 0 to 1");
    struct calibration calibration = {.threshold_range = 0.5, .gating = {-1, 0.25, 0.75, 3, 2, 1}}, kept;
    prior_set_calibration(&f->prior, calibration);
    kept = prior_calibration(&f->prior);
    struct gating gating = prior_gating(&kept, (struct articulation){.threshold = 1});
    ok(gating.threshold == -1.5 && gating.opening == 0.25 && gating.closing == 0.75 && gating.least == 3 &&
           gating.again == 2,
       "the gating is the calibration's, in its range");
    prior_set_calibration(&f->prior, calibration_neutral);

    struct note_statistics statistics[2], *read;
    for (int i = 0; i < 2 * NOTE_STATISTICS; i++)
        statistics[i / NOTE_STATISTICS].of[i % NOTE_STATISTICS] = i / 4.0 - 2;
    prior_set_notes(&f->prior, statistics);
    read = prior_notes(&f->prior);
    ok(memcmp(statistics, read, sizeof statistics) == 0,
       "the statistics of notes, of keys and of a drum, are kept");
    free(read);
}

static void test_batches(struct fitted *f)
{
    real noise[3 * NOISE], together[3 * SIDE], alone[SIDE];
    struct sample_key keys[3];
    bool same = true;
    normals(noise, 3 * NOISE, 7);
    sample_keys_of(keys, 3);
    prior_draw(&f->prior, together, own, noise, keys, 3);
    for (int b = 0; b < 3; b++) {
        prior_draw(&f->prior, alone, own, noise + b * NOISE, &keys[b], 1);
        same = same && memcmp(alone, together + b * SIDE, sizeof alone) == 0;
    }
    ok(same, "a sample is the same in a batch and alone");
}

/* A prior whose frames follow the beat: 3 latents of 4 frames are a beat. */
static void test_beats(void)
{
    enum { JOINED = 3, BEATS = 16 };
    struct fitted f;
    f.session =
        session_make(ops_under_test(), NULL, (struct keys_shape){.keys = 2, .frames = 1, .beat = 12}, 1);
    f.parameters = parameters_make(&f.session, "generator");
    prior_make_or_die(&f.prior, &f.parameters, JOINED * BEATS, CHANNELS, 4);
    parameters_allocate_or_die(&f.parameters, false);
    ok(f.prior.latents == BEATS && f.prior.channels == JOINED * CHANNELS && f.prior.latent_frames == 12,
       "latents of a beat are one");
    int periods[10] = {0};
    for (uint32_t i = 0; i < 200; i++) {
        struct sample_key key = sample_key_make(1, i, 0);
        periods[prior_noise_loop(&f.prior, key, 0).period]++;
    }
    ok(periods[2] > 25 && periods[4] > 70 && periods[8] > 25 && periods[2] + periods[4] + periods[8] == 200,
       "loops of 2, 4 and 8 beats (%d, %d, %d)", periods[2], periods[4], periods[8]);
    parameters_free(&f.parameters);
    session_release(&f.session);
}

int main(void)
{
    struct fitted *f = fitted_new();
    test_repetition(f); /* not fitted: N(0, 1) */
    test_articulation(f);
    test_batches(f);
    fit(f);
    test_moments(f);
    test_batches(f);
    test_centres(f);
    fitted_free(f);
    test_beats();
    return done();
}
