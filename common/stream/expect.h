/* What filters ask of a record before they compute with it; otherwise reader_die. */
#ifndef COMMON_STREAM_EXPECT_H
#define COMMON_STREAM_EXPECT_H

#include "common/stream/stream.h"

/* The record's kind is one of these words, separated by '|', or not stated. */
void expect_kind_or_die(const struct reader *reader, const struct record *record, const char *kinds);

/* Its shape is (2, samples). */
void expect_stereo_or_die(const struct reader *reader, const struct record *record);

/* The fact as a finite number, or `fallback` when the record does not state it. */
double expect_number_or_die(const struct reader *reader, const struct record *record, const char *name,
                            double fallback);

/* The sample rate that the record states, or `fallback`: 1 Hz to 1 MHz. */
double expect_rate_or_die(const struct reader *reader, const struct record *record, double fallback);

#endif
