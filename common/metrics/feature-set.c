/* The features and the sketches of many records. */
#include "common/metrics/feature-set.h"

#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/level.h"
#include "common/memory.h"

enum { COLUMNS = 50 };

static size_t columns(const struct score *score)
{
    return score->frames < COLUMNS ? score->frames : COLUMNS;
}

/* sum (rows, columns) += the means of loudness (rows, frames), of one channel, over the frames of each
 * column. */
static void add_means(float *sum, const float *loudness, const struct score *score)
{
    size_t count = columns(score);
    for (size_t i = 0; i < score->rows * count; i++) {
        const float *line = loudness + i / count * score->frames;
        size_t begin = i % count * score->frames / count, end = (i % count + 1) * score->frames / count;
        double total = 0;
        for (size_t t = begin; t < end; t++) total += line[t] > 0 ? (double)line[t] : 0;
        sum[i] += (float)(total / (double)(end - begin));
    }
}

/* sketch (cells) of a part; NaN for silence, by 0 / 0. */
static void draw_sketch(float *sketch, size_t cells, const struct score *score, size_t part)
{
    size_t size = score->rows * score->frames;
    double square = 0;
    for (size_t channel = 0; channel < score->channels; channel++)
        add_means(sketch, score->loudness + (part * score->channels + channel) * size, score);
    for (size_t i = 0; i < cells; i++) square += (double)sketch[i] * (double)sketch[i];
    for (size_t i = 0; i < cells; i++) sketch[i] = (float)((double)sketch[i] / sqrt(square));
}

/* Room for more records, sketches zeroed. */
static void grow_or_die(struct feature_set *set, size_t added)
{
    size_t count = set->count + added;
    set->features = reallocate_or_die(set->features, count * FEATURES, sizeof *set->features);
    set->complete = reallocate_or_die(set->complete, count, sizeof *set->complete);
    set->sketch = reallocate_or_die(set->sketch, count * set->cells, sizeof *set->sketch);
    for (size_t i = set->count * set->cells; i < count * set->cells; i++) set->sketch[i] = 0;
    set->count = count;
}

struct feature_set feature_set_new_or_die(size_t count, const struct score *shape)
{
    struct feature_set set = {.cells = shape->rows * columns(shape)};
    grow_or_die(&set, count);
    return set;
}

void feature_set_put_or_die(struct feature_set *set, size_t i, const struct score *score, size_t part)
{
    double *value = set->features + i * FEATURES;
    features_or_die(value, score, part);
    set->complete[i] = true;
    for (size_t f = 0; f < FEATURES; f++) set->complete[i] &= !isnan(value[f]);
    draw_sketch(set->sketch + i * set->cells, set->cells, score, part);
}

struct feature_set feature_set_read_or_die(const char *path, float floor, struct score *shape,
                                           record_visitor *visit, void *context)
{
    struct feature_set set = {0};
    struct record record = {0};
    struct reader *reader = reader_open_or_die(path);
    while (reader_next_finite_or_die(reader, &record)) {
        struct score score = score_or_die(reader, &record, *shape);
        score_alike_or_die(reader, &score, shape);
        level_subtract_floor(record.data, record.count, floor);
        set.cells = score.rows * columns(&score);
        size_t first = set.count;
        grow_or_die(&set, score.parts);
        for (size_t part = 0; part < score.parts; part++)
            feature_set_put_or_die(&set, first + part, &score, part);
        if (visit) visit(context, &score, &record);
    }
    if (set.count < 2) die("%s: fewer than two records to compare", path);
    reader_close(reader);
    record_free(&record);
    return set;
}

void feature_set_free(struct feature_set *set)
{
    free(set->features);
    free(set->complete);
    free(set->sketch);
    *set = (struct feature_set){0};
}

double feature_set_cosine(const struct feature_set *a, size_t i, const struct feature_set *b, size_t j)
{
    const float *x = a->sketch + i * a->cells, *y = b->sketch + j * b->cells;
    double product = 0;
#pragma omp simd reduction(+ : product)
    for (size_t c = 0; c < a->cells; c++) product += (double)x[c] * (double)y[c];
    return product;
}

/* The cosine is the inner product, since sketches have norm 1; the sum of all inner products is the squared
 * norm of the sum. */
double feature_set_mean_distance(const struct feature_set *set)
{
    double *sum = allocate_or_die(set->cells, sizeof *sum), square = 0, count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const float *sketch = set->sketch + i * set->cells;
        if (isnan(sketch[0])) continue;
        for (size_t j = 0; j < set->cells; j++) sum[j] += (double)sketch[j];
        count++;
    }
    for (size_t j = 0; j < set->cells; j++) square += sum[j] * sum[j];
    free(sum);
    return 1 - (square - count) / (count * (count - 1));
}
