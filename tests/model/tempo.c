/* The tempo of samples: from the songs' own, slow where the latents of slow songs lie, and by chance where
 * latents say nothing of it. */
#include "kernels/model/tempo.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "kernels/model/training/tempo-fit.h"
#include "tests/device.h"
#include "tests/tap.h"

enum {
    BEATS = 8,
    LATENTS = 2 * BEATS,
    WIDTH = 2,
    CHANNELS = 2 * WIDTH,
    SIDE = BEATS * CHANNELS,
    RECORDS = 600
};

struct fitted {
    struct session session;
    struct parameters parameters;
    struct prior prior;
};

static void normals(double *x, size_t count, uint32_t purpose)
{
    for (size_t i = 0; i < count; i++) {
        float block[4];
        random_normal_block(random_key_make(3, purpose, 0), (uint32_t)(i / 4), block);
        x[i] = (double)block[i % 4];
    }
}

static void fitted_make(struct fitted *f)
{
    f->session =
        session_make(ops_under_test(), NULL, (struct keys_shape){.keys = 2, .frames = 1, .beat = 8}, 1);
    f->parameters = parameters_make(&f->session, "generator");
    prior_make_or_die(&f->prior, &f->parameters, LATENTS, WIDTH, 4);
    parameters_allocate_or_die(&f->parameters, false);
}

/* mu (RECORDS, SIDE): of a record that is slow by `slow`, a number of N(0, 1), with so much of it in one
 * channel of each beat. */
static void latents_of(real *mu, const double *slow, double told)
{
    double *noise = allocate_or_die(RECORDS * SIDE, sizeof noise[0]);
    normals(noise, RECORDS * SIDE, 1);
    for (size_t i = 0; i < RECORDS * SIDE; i++)
        mu[i] = (real)(noise[i] + (i % CHANNELS == 2 ? told * slow[i / SIDE] : 0));
    free(noise);
}

/* Estimates the tempo from records between 20 and 40 ms; then how the intervals of the same latents go with
 * those of their records. */
static double fit(struct fitted *f, double told, double *least, double *most)
{
    struct dataset d = {.records = RECORDS, .origin = allocate_or_die(RECORDS, sizeof d.origin[0])};
    double *slow = allocate_or_die(2 * RECORDS, sizeof slow[0]), *own = slow + RECORDS;
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    real *mu = allocate_or_die(RECORDS * SIDE, sizeof mu[0]);
    normals(slow, RECORDS, 2);
    normals(own, RECORDS, 4);
    for (size_t i = 0; i < RECORDS; i++) d.origin[i].interval = 0.02 + 0.01 * erfc(-slow[i] / M_SQRT2);
    latents_of(mu, slow, told);
    struct tempo_sums *sums = tempo_sums_new_or_die(&f->prior, &d);
    for (size_t i = 0; i < RECORDS; i++) tempo_sums_add(sums, mu + i * SIDE, i);
    tempo_sums_fit(sums, &f->prior);
    struct tempo tempo = tempo_of(&f->prior);
    *least = 1, *most = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        double made = tempo_interval(&tempo, mu + i * SIDE, own[i]), record = d.origin[i].interval;
        *least = fmin(*least, made), *most = fmax(*most, made);
        x += made / RECORDS, y += record / RECORDS;
        xx += made * made / RECORDS, yy += record * record / RECORDS, xy += made * record / RECORDS;
    }
    tempo_free(&tempo);
    free(mu), free(slow), free(d.origin);
    return (xy - x * y) / sqrt((xx - x * x) * (yy - y * y));
}

static void test_estimate(struct fitted *f)
{
    double least, most, follows = fit(f, 2, &least, &most);
    ok(follows > 0.9, "samples are slow where slow records lie (correlation %.2f)", follows);
    ok(least >= 0.0199 && least < 0.0205 && most <= 0.0401 && most > 0.0395,
       "from the fastest to the slowest (%.4f to %.4f s)", least, most);
    follows = fit(f, 0, &least, &most);
    ok(fabs(follows) < 0.3, "where latents say nothing it is by chance (%.2f)", follows);
    ok(least < 0.0205 && most > 0.0395, "with all tempi (%.4f to %.4f s)", least, most);
}

static void test_articulation(struct fitted *f)
{
    real z[2 * SIDE] = {0};
    struct articulation own[2] = {{.tempo = 1}, {.tempo = -1}};
    tempo_set_intervals(&f->prior, own, z, 2);
    ok(own[0].interval > own[1].interval && own[1].interval > 0.02, "each sample has its own (%.4f, %.4f s)",
       own[0].interval, own[1].interval);
    double sum = 0, square = 0;
    for (uint32_t i = 0; i < 400; i++) {
        double tempo = (double)prior_articulation(sample_key_make(1, i, 0)).tempo;
        sum += tempo / 400, square += tempo * tempo / 400;
    }
    ok(fabs(sum) < 0.15 && fabs(square - 1) < 0.2, "of N(0, 1) (%.2f, %.2f)", sum, square);
}

int main(void)
{
    struct fitted f;
    fitted_make(&f);
    test_estimate(&f);
    test_articulation(&f);
    parameters_free(&f.parameters);
    session_release(&f.session);
    return done();
}
