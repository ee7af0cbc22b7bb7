/* The numbers that sets are compared by: the Fréchet distance and the overlap of densities as SciPy has them,
 * where both are known, and where others went wrong; quantiles and the bootstrap. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/metrics/bootstrap.h"
#include "common/metrics/frechet.h"
#include "common/metrics/kernel-density.h"
#include "common/stream/stream.h"
#include "tests/tap.h"

static float *ones(size_t count)
{
    float *weight = allocate_or_die(count, sizeof *weight);
    for (size_t i = 0; i < count; i++) weight[i] = 1;
    return weight;
}

/* The next record as doubles. */
static double *next(struct reader *reader, size_t *count)
{
    struct record record = {0};
    if (!reader_next_or_die(reader, &record)) return NULL;
    double *values = allocate_or_die(record.count, sizeof *values);
    for (size_t i = 0; i < record.count; i++) values[i] = record_value(&record, i);
    *count = record.shape[0];
    record_free(&record);
    return values;
}

static double *first_column(const double *rows, size_t count)
{
    double *column = allocate_or_die(count, sizeof *column);
    for (size_t i = 0; i < count; i++) column[i] = rows[i * 10];
    return column;
}

static double overlap(const double *a, size_t a_count, const double *b, size_t b_count)
{
    float *weight = ones(a_count + b_count);
    struct kernel_densities *densities = kernel_densities_new_or_die(a, a_count, b, b_count);
    double common = kernel_densities_overlap(densities, weight, weight);
    kernel_densities_free(densities);
    free(weight);
    return common;
}

static void against_scipy(void)
{
    struct reader *reader = reader_open_or_die("tests/reference/music.tensors");
    size_t n = 0, m = 0, two = 0, cases = 0;
    double *a, *b, *wanted;
    for (; (a = next(reader, &n)); cases++) {
        b = next(reader, &m);
        wanted = next(reader, &two);
        float *weight = ones(m);
        double got = frechet_distance(10, a, weight, n, b, weight, m);
        ok(fabs(got / wanted[0] - 1) < 1e-9, "Fréchet distance: %.9g, SciPy's is %.9g", got, wanted[0]);
        ok(fabs(frechet_distance(10, a, weight, n, a, weight, n)) < 1e-9, "... of itself: 0");
        double *x = first_column(a, n), *y = first_column(b, m);
        got = overlap(x, n, y, m);
        ok(fabs(got - wanted[1]) < 1e-6, "overlap: %.9g, SciPy's is %.9g", got, wanted[1]);
        ok(fabs(overlap(x, n, x, n) - 1) < 1e-9, "... of itself: 1");
        free(a), free(b), free(wanted), free(weight), free(x), free(y);
    }
    ok(cases == 4, "four cases");
    reader_close(reader);
}

static void by_hand(void)
{
    float two[] = {1, 1}, twice[] = {2, 2}, zero[] = {0, 0};
    /* Means 0 and 3, variances 2 and 18: 9 + (sqrt(18) - sqrt(2))^2. */
    double narrow[] = {-1, 1}, wide[] = {0, 6}, four[] = {-1, 1, -1, 1}, far[] = {99, 101};
    float once[] = {1, 1, 1, 1};
    ok(fabs(frechet_distance(1, narrow, two, 2, wide, two, 2) - 17) < 1e-12,
       "Fréchet distance in one dimension");
    ok(fabs(frechet_distance(1, narrow, twice, 2, wide, two, 2) -
            frechet_distance(1, four, once, 4, wide, two, 2)) < 1e-12,
       "a weight of 2 is a row that stands twice");
    ok(isnan(frechet_distance(1, narrow, zero, 2, wide, two, 2)), "no rows: NaN");
    ok(frechet_distance(1, narrow, two, 2, far, two, 2) == 1e4, "100 apart: not 0");
    ok(overlap(narrow, 2, far, 2) < 1e-6, "... and nothing in common");

    double flat[] = {1, 1, 2, 2}, line[] = {1, 2, 2, 4}; /* (2, 2) */
    /* 2.25 + 1 + 2.5 - 2 * 1.5 */
    ok(fabs(frechet_distance(2, flat, two, 2, line, two, 2) - 2.75) < 1e-9, "covariances of rank 1");
    double same[] = {5, 5}, other[] = {7, 7};
    ok(fabs(overlap(same, 2, same, 2) - 1) < 1e-12, "all values the same: 1");
    ok(overlap(same, 2, other, 2) < 1e-6, "two values: 0");
    double half[] = {5, NAN}, none[] = {NAN, NAN};
    ok(fabs(overlap(half, 2, same, 2) - 0.5) < 1e-12, "half of it not defined: half in common");
    ok(fabs(overlap(half, 2, half, 2) - 1) < 1e-12 && overlap(none, 2, none, 2) == 1, "... with itself: all");
    ok(overlap(none, 2, same, 2) == 0 && overlap(same, 2, none, 2) == 0, "none of it defined: nothing");
}

static void eigenvalues(void)
{
    double matrix[] = {2, 1, 0, 1, 2, 0, 0, 0, 5}, values[3], vectors[9], sum = 0, product = 1;
    symmetric_eigen(3, matrix, values, vectors);
    for (size_t i = 0; i < 3; i++) sum += values[i], product *= values[i];
    ok(fabs(sum - 9) < 1e-12 && fabs(product - 15) < 1e-12, "eigenvalues 1, 3, 5");
    double zero[9] = {0};
    symmetric_eigen(3, zero, values, vectors);
    ok(values[0] == 0 && values[1] == 0 && values[2] == 0, "... of 0");
}

static void resampling(void)
{
    enum { COUNT = 10 };
    float weight[COUNT], again[COUNT];
    double sum = 0, drawn[101];
    struct random_key key = random_key_make(1, 2, 3);
    bootstrap_draw(weight, COUNT, key);
    bootstrap_draw(again, COUNT, key);
    for (size_t i = 0; i < COUNT; i++) sum += (double)weight[i];
    ok(sum == COUNT && memcmp(weight, again, sizeof weight) == 0,
       "as many are drawn as there are, by the key");

    for (size_t i = 0; i < 101; i++) drawn[i] = (double)((i * 37) % 101);
    struct confidence_interval around = bootstrap_confidence_interval(50, drawn, 101), moved;
    ok(fabs(around.low - 2.5) < 1e-9 && fabs(around.high - 97.5) < 1e-9, "the middle 95 per cent");
    moved = bootstrap_confidence_interval(0, drawn, 101);
    ok(fabs(moved.low + 47.5) < 1e-9 && fabs(moved.high - 47.5) < 1e-9, "... around the value");
    drawn[7] = NAN;
    ok(isnan(bootstrap_confidence_interval(50, drawn, 101).low) &&
           isnan(bootstrap_confidence_interval(50, drawn, 0).high),
       "NaN among them, or none: NaN");

    double sorted[] = {1, 2, 4};
    float counts[] = {1, 0, 3}, nothing[] = {0, 0, 0}, each[] = {1, 1, 1};
    ok(weighted_quantile(0.5, sorted, each, 3) == 2 && weighted_quantile(0.75, sorted, each, 3) == 3,
       "quantiles");
    ok(weighted_quantile(0.5, sorted, counts, 3) == 4 && weighted_quantile(0, sorted, counts, 3) == 1 &&
           fabs(weighted_quantile(1.0 / 6, sorted, counts, 3) - 2.5) < 1e-12,
       "... of values that stand several times");
    ok(isnan(weighted_quantile(0.5, sorted, nothing, 3)) && isnan(weighted_quantile(0.5, sorted, each, 0)),
       "... of none: NaN");
}

int main(void)
{
    against_scipy();
    by_hand();
    eigenvalues();
    resampling();
    return done();
}
