/* The ways to find how loud each key of a piano is in each interval of a wave. chunks-to-keys(1) has their
 * formulas and says which to choose when. */
#ifndef COMMON_ANALYSIS_ANALYSIS_H
#define COMMON_ANALYSIS_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/keys/key-width.h"
#include "common/keys/keyboard.h"

/* A name with what goes with it unless the user says otherwise. */
struct analysis_method {
    const char *name;
    bool harmonic; /* common/analysis/harmonic.h, or else common/analysis/key-transform.h */
    int lead;      /* by how many intervals its keys come before their sound */
    const char *width, *reference;
    double threshold;
};

/* Their names, separated by '|', as an option's choice. */
#define ANALYSIS_METHOD_NAMES "auto|harmonic|bands|published"

/* One of ANALYSIS_METHOD_NAMES; auto is bands for who states a width, else harmonic. */
const struct analysis_method *analysis_method_named(const char *name, bool width_stated);

/* Silences the loudness (keys, frames) where it and its own part, as of analysis_apply, are below `least`:
 * each cell by itself, or, of the harmonic analysis, as common/analysis/note-threshold.h has it unless least
 * is 0. */
void analysis_threshold(const struct analysis_method *method, float *loudness, const float *own, size_t keys,
                        size_t frames, double least);

/* A method at work; what it has prepared for the waves of one size is kept until others come. */
struct analysis {
    /* Of the caller, who leaves the others 0: */
    const struct analysis_method *method;
    struct key_range keys;
    struct key_width width;

    size_t samples, interval, frames; /* of a wave, of an interval; samples / interval, rounded up */
    double rate;                      /* Hz */
    struct harmonic *harmonic;
    struct key_transform *bands;
};

/* Prepares for waves of `samples` samples at `rate` Hz in intervals of `interval` samples; limits as of
 * key_transform_new_or_die in common/analysis/key-transform.h. */
void analysis_prepare_or_die(struct analysis *analysis, size_t samples, double rate, size_t interval);

/* loudness (count, keys, frames) of waves (count, samples), parts of one recording. own, of the same shape,
 * is what a threshold judges: the part of it that is surely the key's, or the loudness itself. Infinite or
 * NaN where the waves are too loud to be squared. */
void analysis_apply(struct analysis *analysis, float *loudness, float *own, const float *waves, size_t count);

void analysis_free(struct analysis *analysis);

#endif
