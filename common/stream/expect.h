/* Checks of the kind, shape and facts of a record; a record that fails one ends the program by reader_die. */
#ifndef COMMON_STREAM_EXPECT_H
#define COMMON_STREAM_EXPECT_H

#include "common/stream/stream.h"

/* The kind is one of the words in `kinds`, separated by '|', or not stated. */
void expect_kind_or_die(const struct reader *reader, const struct record *record, const char *kinds);

/* The shape is (2, samples). */
void expect_stereo_or_die(const struct reader *reader, const struct record *record);

/* The fact as a finite number, or `fallback` when the record does not state it. */
double expect_number_or_die(const struct reader *reader, const struct record *record, const char *name,
                            double fallback);

/* The fact rate, or `fallback`: from RATE_LEAST to RATE_MOST, see rate-option.h. */
double expect_rate_or_die(const struct reader *reader, const struct record *record, double fallback);

#endif
