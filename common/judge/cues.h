/* The cues by which a classifier may tell two sets of music apart: numbers of a passage, in groups. Each
 * group is a statistic of the field or a histogram; keys-compare(1) lists them. A cue that is not defined, as
 * the mean length of no notes, is NaN. */
#ifndef COMMON_JUDGE_CUES_H
#define COMMON_JUDGE_CUES_H

#include "common/judge/passage.h"

/* What a group reads: a passage with its notes. */
struct cue_input {
    const struct passage *passage;
    const struct passage_note *note;
    size_t notes;
};

/* value (the group's count) */
typedef void cue_group(double *value, const struct cue_input *input);

/* Of time: how long notes last, how long keys rest, when notes begin, what comes again. */
enum { LENGTHS = 12, GAPS = 9, ONSETS = 8, GRID = 8, TOGETHER = 5, PULSES = 16, RETURNS = 8 };
cue_group cues_length, cues_gap, cues_onset, cues_grid, cues_together, cues_pulse, cues_return;

/* Of pitch: what sounds together and after one another, where on the keyboard, how harmony moves. */
enum { CHORDS = 12, STEPS = 9, REGISTERS = 6, VOICES = 8, MOVES = 5, SCALES = 4, LINES = 4 };
cue_group cues_chord, cues_step, cues_register, cues_voice, cues_move, cues_scale, cues_line;

/* Of loudness and of its sides. */
enum { DYNAMICS = 8, SHAPES = 5, SIDES = 6 };
cue_group cues_dynamics, cues_shape, cues_side;

enum {
    CUES = LENGTHS + GAPS + ONSETS + GRID + TOGETHER + PULSES + RETURNS + CHORDS + STEPS + REGISTERS +
           VOICES + MOVES + SCALES + LINES + DYNAMICS + SHAPES + SIDES
};

/* value (CUES) of one part of a score. */
void cues_or_die(double *value, const struct score *score, size_t part);

/* "length-3": the group and the number in it, counted from 1, into text; returns text. */
const char *cue_name(size_t cue, char *text, size_t size);

/* histogram[i] += 1 for the first edge i that `value` does not exceed, the last one of `count` for all
 * beyond. */
void cue_count(double *histogram, size_t count, const double *edges, double value);

/* Divides (count) values by their sum; all NaN where that is 0. */
void cue_shares(double *values, size_t count);

/* The mean and the standard deviation of (count) values to value[0] and value[1]; NaN of none. */
void cue_moments(double *value, const double *values, size_t count);

#endif
