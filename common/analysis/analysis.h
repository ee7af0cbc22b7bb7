/* Analyses of a wave: methods that measure the loudness of each key of a piano in each frame.
 * chunks-to-keys(1) has their formulas and says which to choose. */
#ifndef COMMON_ANALYSIS_ANALYSIS_H
#define COMMON_ANALYSIS_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/keys/key-width.h"
#include "common/keys/keyboard.h"

/* A method and its defaults for the options of chunks-to-keys. */
struct analysis_method {
    const char *name;
    bool harmonic; /* common/analysis/harmonic.h, or else common/analysis/key-transform.h */
    int lead;      /* frames by which its keys precede their sound */
    const char *width, *reference;
    double threshold;
};

/* The names of the methods, separated by '|', as the choice of an option. */
#define ANALYSIS_METHOD_NAMES "auto|harmonic|bands|published"

/* The method of that name, one of ANALYSIS_METHOD_NAMES; auto is bands where a width is stated, else
 * harmonic. */
const struct analysis_method *analysis_method_named(const char *name, bool width_stated);

/* A method, prepared for waves of one size and rate. */
struct analysis {
    /* Set by the caller, with all other members 0: */
    const struct analysis_method *method;
    struct key_range keys;
    struct key_width width;
    double tuning;  /* Hz of A4 */
    bool drums;     /* rows of drums behind those of the keys; harmonic only */
    bool all_drums; /* also those below their threshold */

    size_t samples, frame_samples; /* of a wave, of a frame */
    size_t rows, frames;           /* of keys and drums; samples / frame_samples, rounded up */
    double rate, prepared_tuning;  /* Hz */
    struct harmonic *harmonic;
    struct key_transform *bands;
    struct percussion *percussion;
};

/* Prepares for waves of `samples` samples at `rate` Hz and frames of `frame_samples` samples, unless this was
 * the last preparation, at the same tuning. Limits as of key_transform_new_or_die in
 * common/analysis/key-transform.h. */
void analysis_prepare_or_die(struct analysis *analysis, size_t samples, double rate, size_t frame_samples);

/* loudness (count, rows, frames) of waves (count, samples), parts of one recording. own, of the same shape,
 * is what a threshold compares: for the harmonic method the part of the loudness that is the key's and not
 * another note's, else the loudness itself; of drums, which have met their own threshold, 0. Infinite or NaN
 * where the squares of the waves overflow. */
void analysis_apply(struct analysis *analysis, float *loudness, float *own, const float *waves, size_t count);

/* Sets loudness (count, rows, frames) of keys to 0 where own, of the same shape, is below `least`: cell by
 * cell, or for the harmonic method note by note as in common/analysis/note-threshold.h, unless least is 0.
 * The number of frames may be that of an earlier preparation. */
void analysis_threshold(const struct analysis *analysis, float *loudness, const float *own, size_t count,
                        size_t frames, double least);

void analysis_free(struct analysis *analysis);

#endif
