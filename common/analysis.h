/* The ways to find how loud each key of a piano is in each interval of a wave. chunks-to-keys(1) has their
 * formulas and says which to choose when. */
#ifndef COMMON_ANALYSIS_H
#define COMMON_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/key-width.h"
#include "common/keyboard.h"

/* A name with what goes with it unless the user says otherwise. */
struct method {
    const char *name;
    bool harmonic; /* common/harmonic.h, or else common/key-transform.h */
    int lead;      /* by how many intervals its keys come before their sound */
    const char *width, *reference;
    double threshold;
};

/* Their names, separated by '|', as an option's choice. */
#define METHOD_NAMES "auto|harmonic|bands|published"

/* One of METHOD_NAMES; auto is bands for who states a width, else harmonic. */
const struct method *method_named(const char *name, bool width_stated);

/* Silences the loudness (keys, frames) where it and its own part, as of analysis_apply, are below `least`:
 * each cell by itself, or, of the harmonic analysis, as common/harmonic-notes.h has it unless least is 0. */
void method_threshold(const struct method *method, float *loudness, const float *own, size_t keys,
                      size_t frames, double least);

struct analysis;

/* For waves of `samples` samples at `rate` Hz in intervals of `interval` samples; limits as of
 * key_transform_new_or_die in common/key-transform.h. */
struct analysis *analysis_new_or_die(const struct method *method, size_t samples, double rate,
                                     size_t interval, struct key_range keys, struct key_width width);

/* loudness (count, keys, T) of waves (count, samples), parts of one recording; T = samples / interval,
 * rounded up. own, of the same shape, is what a threshold judges: the part of it that is surely the key's, or
 * the loudness itself. Infinite or NaN where the waves are too loud to be squared. */
void analysis_apply(struct analysis *analysis, float *loudness, float *own, const float *waves, size_t count);

void analysis_free(struct analysis *analysis);

#endif
