/* Checks of the kind, shape and facts of a record. */
#include "common/stream/expect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/stream/rate-option.h"

void expect_kind_or_die(const struct reader *reader, const struct record *record, const char *kinds)
{
    char *kind = record_fact(record, "kind");
    const char *word = kinds;
    size_t length = strcspn(word, "|");
    while (kind && (strlen(kind) != length || strncmp(kind, word, length) != 0)) {
        if (!word[length]) reader_die(reader, "kind=%s, not %s", kind, kinds);
        word += length + 1;
        length = strcspn(word, "|");
    }
    free(kind);
}

void expect_stereo_or_die(const struct reader *reader, const struct record *record)
{
    char shape[256];
    if (record->rank != 2 || record->shape[0] != 2)
        reader_die(reader, "shape %s is not (2, samples)", record_shape_text(record, shape, sizeof shape));
}

double expect_number_or_die(const struct reader *reader, const struct record *record, const char *name,
                            double fallback)
{
    char *text = record_fact(record, name);
    double number = record_fact_number(record, name, text ? NAN : fallback);
    if (isnan(number)) reader_die(reader, "%s=%s is not a number", name, text);
    free(text);
    return number;
}

double expect_rate_or_die(const struct reader *reader, const struct record *record, double fallback)
{
    double rate = expect_number_or_die(reader, record, "rate", fallback);
    if (rate < RATE_LEAST || rate > RATE_MOST)
        reader_die(reader, "rate=%g is not from %d to %d Hz", rate, RATE_LEAST, RATE_MOST);
    return rate;
}
