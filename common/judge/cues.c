/* The table of cues, and what their groups share. */
#include "common/judge/cues.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name;
    size_t count;
    cue_group *group;
} groups[] = {
    {"length", LENGTHS, cues_length},
    {"gap", GAPS, cues_gap},
    {"onset", ONSETS, cues_onset},
    {"grid", GRID, cues_grid},
    {"together", TOGETHER, cues_together},
    {"pulse", PULSES, cues_pulse},
    {"return", RETURNS, cues_return},
    {"chord", CHORDS, cues_chord},
    {"step", STEPS, cues_step},
    {"register", REGISTERS, cues_register},
    {"voices", VOICES, cues_voice},
    {"move", MOVES, cues_move},
    {"scale", SCALES, cues_scale},
    {"line", LINES, cues_line},
    {"dynamics", DYNAMICS, cues_dynamics},
    {"shape", SHAPES, cues_shape},
    {"side", SIDES, cues_side},
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

void cues_or_die(double *value, const struct score *score, size_t part)
{
    struct passage passage = {0};
    passage_make_or_die(&passage, score, part);
    struct cue_input input = {.passage = &passage};
    struct passage_note *note = passage_notes_or_die(&passage, &input.notes);
    input.note = note;
    for (size_t i = 0; i < GROUPS; value += groups[i++].count) {
        for (size_t j = 0; j < groups[i].count; j++) value[j] = 0;
        groups[i].group(value, &input);
    }
    free(note);
    passage_free(&passage);
}

const char *cue_name(size_t cue, char *text, size_t size)
{
    size_t i = 0;
    for (; cue >= groups[i].count; i++) cue -= groups[i].count;
    snprintf(text, size, "%s-%zu", groups[i].name, cue + 1);
    return text;
}

void cue_count(double *histogram, size_t count, const double *edges, double value)
{
    size_t i = 0;
    while (i + 1 < count && value > edges[i]) i++;
    histogram[i]++;
}

void cue_shares(double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += values[i];
    for (size_t i = 0; i < count; i++) values[i] = sum > 0 ? values[i] / sum : NAN;
}

void cue_moments(double *value, const double *values, size_t count)
{
    double mean = 0, square = 0;
    for (size_t i = 0; i < count; i++) mean += values[i] / (double)count;
    for (size_t i = 0; i < count; i++) square += (values[i] - mean) * (values[i] - mean) / (double)count;
    value[0] = count ? mean : NAN;
    value[1] = count ? sqrt(square) : NAN;
}
