/* Articulation: gates with hysteresis, least notes, onsets, and the distribution of what is drawn. */
#include "kernels/model/articulation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "tests/tap.h"

enum { FRAMES = 40, KEYS = 3, STRIDE = 3 * KEYS };

static const struct keys_shape shape = {.keys = KEYS, .frames = FRAMES};
static const struct note_statistics plain[2];

/* Logits of gates; loudnesses of 1/4. */
static void set_gates(real *f, size_t key, const real *gate, size_t from, size_t count)
{
    for (size_t t = 0; t < count; t++) f[(from + t) * STRIDE + key] = gate[t];
}

static void set_onset(real *f, size_t key, size_t t, double logit)
{
    f[t * STRIDE + KEYS + key] = (real)logit;
}

static void clear(real *f)
{
    for (size_t i = 0; i < (size_t)FRAMES * STRIDE; i++) f[i] = i % STRIDE < 2 * KEYS ? -9 : 0;
}

/* "..##." of a key, in either channel. */
static const char *row_of(const real *x, size_t key)
{
    static char text[FRAMES + 1];
    for (size_t t = 0; t < FRAMES; t++) {
        const real *cell = x + 2 * (key * FRAMES + t);
        text[t] = cell[0] > 0 || cell[1] > 0 ? '#' : '.';
    }
    return text;
}

static void begins(const char *row, const char *wanted, const char *what)
{
    bool same = strncmp(row, wanted, strlen(wanted)) == 0;
    ok(same, "%s", what);
    if (!same) printf("# %s\n# %s\n", row, wanted);
}

static void hysteresis(void)
{
    real f[FRAMES * STRIDE], x[KEYS * FRAMES * 2];
    clear(f);
    set_gates(f, 0, (real[]){(real)0.4, (real)0.6, 0, (real)-0.4, (real)-0.6, 0, (real)0.4}, 2, 7);
    struct gating gating = {.opening = 0.5, .closing = 0.5};
    articulate_or_die(x, f, STRIDE, shape, gating, plain, (struct articulation){0});
    begins(row_of(x, 0), "...###....", "a gate opens above the threshold and closes below it");
    gating.threshold = 0.2;
    articulate_or_die(x, f, STRIDE, shape, gating, plain, (struct articulation){0});
    begins(row_of(x, 0), "..........", "... and neither below a threshold");
    articulate_or_die(x, f, STRIDE, shape, (struct gating){0}, plain, (struct articulation){0});
    begins(row_of(x, 0), "..##....#.", "without hysteresis it follows its logit");
    ok(fabs((double)x[2 * 2] - 0.25) < 1e-6 && x[2 * 2] == x[2 * 2 + 1],
       "without statistics loudness is as decoded, in the middle");
    const struct note_statistics shifted[1] = {{{[NOTE_THRESHOLD] = -0.5}}};
    articulate_or_die(x, f, STRIDE, shape, (struct gating){0}, shifted, (struct articulation){0});
    begins(row_of(x, 0), "..####.##.", "... above the threshold of its statistics");
}

static void short_notes(void)
{
    real f[FRAMES * STRIDE], x[KEYS * FRAMES * 2];
    clear(f);
    set_gates(f, 0, (real[]){1, 1}, 0, 2);
    set_gates(f, 0, (real[]){1, 1}, 5, 2);
    set_gates(f, 0, (real[]){1, 1, 1}, 9, 3);
    set_gates(f, 0, (real[]){1}, FRAMES - 1, 1);
    articulate_or_die(x, f, STRIDE, shape, (struct gating){.least = 3}, plain, (struct articulation){0});
    begins(row_of(x, 0), "##.......###...........................#", "short notes go, but at the ends");
    set_gates(f, 2, (real[]){1}, 20, 1);
    articulate_or_die(x, f, STRIDE, (struct keys_shape){.keys = KEYS, .frames = FRAMES, .drums = 1},
                      (struct gating){.least = 3}, plain, (struct articulation){0});
    begins(row_of(x, 2), "....................#...", "a drum may be short");
}

static void onsets(void)
{
    const real ten[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const struct gating gating = {.least = 3, .again = -1};
    real f[FRAMES * STRIDE], x[KEYS * FRAMES * 2];
    clear(f);
    set_gates(f, 0, ten, 10, 10);
    set_onset(f, 0, 8, -3);
    set_onset(f, 0, 7, 0);
    articulate_or_die(x, f, STRIDE, shape, gating, plain, (struct articulation){0});
    begins(row_of(x, 0), "........############.",
           "a note begins where its onset is likeliest, two frames away at most");
    set_onset(f, 0, 12, -2);
    articulate_or_die(x, f, STRIDE, shape, gating, plain, (struct articulation){0});
    begins(row_of(x, 0), "............########.", "... before its gate opens or after");
    set_onset(f, 0, 16, 0);
    set_onset(f, 0, 14, -0.5);
    articulate_or_die(x, f, STRIDE, shape, gating, plain, (struct articulation){0});
    begins(row_of(x, 0), "............###.####.",
           "a likely onset within a note strikes it again, one of its neighbours does not");
    articulate_or_die(x, f, STRIDE, shape, (struct gating){.least = 5, .again = -1}, plain,
                      (struct articulation){0});
    begins(row_of(x, 0), "............########.", "... where both notes are long enough");
    set_gates(f, 0, (real[]){1, 1}, 6, 2);
    articulate_or_die(x, f, STRIDE, shape, (struct gating){.again = 9}, plain, (struct articulation){0});
    begins(row_of(x, 0), ".......#....########.", "a note has its own onset");
}

/* Many notes of ten frames: the levels in decibels, beside what was decoded. */
static void distribution(void)
{
    enum { LONG = 6000, NOTES = LONG / 20 * KEYS };
    const struct note_statistics statistics[1] = {{{[NOTE_GAIN] = -3,
                                                    [NOTE_LEVEL] = 1.5,
                                                    [NOTE_COLOUR] = 0.8,
                                                    [NOTE_ATTACK] = -2,
                                                    [NOTE_DEVIATION] = 1,
                                                    [NOTE_WIDTH] = 0.2,
                                                    [NOTE_WIDTH + 1] = 0.4}}};
    const struct keys_shape many = {.keys = KEYS, .frames = LONG};
    real *f = allocate_or_die((size_t)LONG * STRIDE, sizeof *f),
         *x = allocate_or_die((size_t)LONG * KEYS * 2, sizeof *x);
    for (size_t i = 0; i < (size_t)LONG * STRIDE; i++)
        f[i] = i % STRIDE < KEYS ? (i / STRIDE % 20 < 10 ? 9 : -9) : i % STRIDE < 2 * KEYS ? -9 : 0;
    struct articulation own = {.width = (real)0.2, .notes = random_key_make(5, 1, 0)};
    articulate_or_die(x, f, STRIDE, many, (struct gating){.again = 9, .expression = 1}, statistics, own);
    double first = 0, later = 0, square = 0, balances = 0;
    for (size_t k = 0; k < KEYS; k++)
        for (size_t t = 0; t < LONG; t += 20) {
            const real *cell = x + 2 * (k * LONG + t);
            double level = 20 * log10(fmax((double)cell[0], (double)cell[1]) / 0.25),
                   after = 20 * log10(fmax((double)cell[18], (double)cell[19]) / 0.25),
                   balance = ((double)cell[18] - (double)cell[19]) / fmax((double)cell[18], (double)cell[19]);
            first += level / NOTES, later += after / NOTES, square += after * after / NOTES;
            balances += balance * balance / NOTES;
        }
    ok(fabs(first + 5) < 0.2, "the attack has its mean level: %.2f dB, 5 below", first);
    ok(fabs(later + 3) < 0.2, "so has the rest of the note: %.2f dB, 3 below", later);
    ok(fabs(sqrt(square - later * later) - 1.5) < 0.15, "levels have their deviation: %.2f dB of 1.5",
       sqrt(square - later * later));
    /* The record's own share of the variance is one draw. */
    ok(fabs(sqrt(balances) / width_to_deviation(0.3) - 1) < 0.3,
       "balances have that of their width: %.2f of %.2f", sqrt(balances), width_to_deviation(0.3));

    real *later_x = allocate_or_die((size_t)LONG * KEYS * 2, sizeof *x);
    own.begin = 20;
    articulate_or_die(later_x, f, STRIDE, many, (struct gating){.again = 9, .expression = 1}, statistics,
                      own);
    bool same = true;
    for (size_t k = 0; k < KEYS; k++)
        same = same && memcmp(x + 2 * (k * LONG + 20), later_x + 2 * k * LONG, 2 * 100 * sizeof *x) == 0;
    ok(same, "a window that begins later has the same notes");
    own.notes = random_key_make(6, 1, 0);
    articulate_or_die(later_x, f, STRIDE, many, (struct gating){.again = 9, .expression = 1}, statistics,
                      own);
    ok(memcmp(x, later_x, 2 * 100 * sizeof *x) != 0, "another seed has others");
    free(f), free(x), free(later_x);
}

/* How levels change from frame to frame: as the correlation of their age says, seldom and then much. */
static void course(void)
{
    enum { LONG = 6000, NOTES = LONG / 20 * KEYS };
    const struct note_statistics statistics[1] = {{{[NOTE_DEVIATION] = 1,
                                                    [NOTE_DEVIATION + 1] = 1,
                                                    [NOTE_DEVIATION + 2] = 1,
                                                    [NOTE_COLOUR + 1] = 0.95}}};
    const struct keys_shape many = {.keys = KEYS, .frames = LONG};
    real *f = allocate_or_die((size_t)LONG * STRIDE, sizeof *f),
         *x = allocate_or_die((size_t)LONG * KEYS * 2, sizeof *x);
    for (size_t i = 0; i < (size_t)LONG * STRIDE; i++)
        f[i] = i % STRIDE < KEYS ? (i / STRIDE % 20 < 10 ? 9 : -9) : i % STRIDE < 2 * KEYS ? -9 : 0;
    articulate_or_die(x, f, STRIDE, many, (struct gating){.again = 9, .expression = 1}, statistics,
                      (struct articulation){.notes = random_key_make(5, 1, 0)});
    double square[3] = {0}, fourth = 0, product = 0;
    for (size_t k = 0; k < KEYS; k++)
        for (size_t t = 0; t < LONG; t += 20) {
            double level[3];
            for (size_t i = 0; i < 3; i++) level[i] = 20 * log10((double)x[2 * (k * LONG + t + i)] / 0.25);
            for (size_t i = 0; i < 3; i++) square[i] += level[i] * level[i] / NOTES;
            product += level[0] * level[1] / NOTES, fourth += pow(level[2], 4) / NOTES;
        }
    ok(fabs(square[0] - 1) < 0.2 && fabs(square[1] - 1) < 0.2 && fabs(square[2] - 1) < 0.3,
       "each frame has its deviation (variances %.2f, %.2f, %.2f)", square[0], square[1], square[2]);
    ok(fabs(product / sqrt(square[0] * square[1]) - 0.95) < 0.03,
       "two are as alike as they are in songs (%.3f)", product / sqrt(square[0] * square[1]));
    ok(fourth / square[2] / square[2] > 6, "most change little, some much (kurtosis %.1f)",
       fourth / square[2] / square[2]);
    free(f), free(x);
}

/* A soft drum beside a loud one, and keys that are louder than both. */
static void drums(void)
{
    struct note_statistics statistics[2] = {{{0}}, {{[NOTE_GAIN] = 6}}};
    real f[FRAMES * STRIDE], x[KEYS * FRAMES * 2];
    clear(f);
    set_gates(f, 0, (real[]){1, 1, 1, 1}, 2, 4);
    set_gates(f, 2, (real[]){1}, 3, 1);
    set_gates(f, 2, (real[]){1}, 9, 1);
    for (size_t t = 0; t < FRAMES; t++) f[t * STRIDE + 2 * KEYS] = 3;
    f[9 * STRIDE + 2 * KEYS + 2] = (real)-1.3;
    articulate_or_die(x, f, STRIDE, (struct keys_shape){.keys = KEYS, .frames = FRAMES, .drums = 1},
                      (struct gating){.again = 9, .expression = 1}, statistics, (struct articulation){0});
    double key = (double)x[2 * 2], loud = (double)x[2 * (2 * FRAMES + 3)],
           soft = (double)x[2 * (2 * FRAMES + 9)], root = 1 / (1 + exp(1.3));
    ok(fabs(loud - 0.25 * pow(10, 0.3)) < 1e-6 && key > loud, "a drum has the statistics of its row: %.4f",
       loud);
    ok(fabs(soft - root * root * pow(10, 0.3)) < 1e-6 && soft < 0.2 * key,
       "however soft it is beside the keys: %.4f of %.4f", soft, key);
}

/* Twice as loud as a record can be. */
static void limits(void)
{
    const struct note_statistics loud[1] = {{{[NOTE_GAIN] = 6.0206}}};
    real f[FRAMES * STRIDE], x[KEYS * FRAMES * 2];
    clear(f);
    set_gates(f, 0, (real[]){1, 1}, 2, 2);
    f[2 * STRIDE + 2 * KEYS] = 30;
    articulate_or_die(x, f, STRIDE, shape, (struct gating){0}, loud, (struct articulation){0});
    ok(fabs((double)x[4] - 0.875) < 1e-5 && fabs((double)x[6] - 0.5) < 1e-5,
       "2 becomes 0.875, 1/2 stays: %.4f, %.4f", (double)x[4], (double)x[6]);
}

static void widths(void)
{
    bool inverse = true;
    for (double width = 0.05; width < 2; width *= 1.5)
        inverse = inverse && fabs(width_of_deviation(width_to_deviation(width)) / width - 1) < 1e-6;
    ok(inverse, "a width is that of its deviation");
    ok(fabs(width_to_deviation(0.01) / 0.01 - sqrt(exp2(2.2) * tgamma(2.7) / sqrt(M_PI))) < 1e-2,
       "a small width's is the moment of a normal variable: E |u|^4.4 = 2^2.2 gamma(2.7) / sqrt(pi)");
}

int main(void)
{
    hysteresis();
    short_notes();
    onsets();
    distribution();
    course();
    drums();
    limits();
    widths();
    return done();
}
