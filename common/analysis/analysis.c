/* The analyses of chunks-to-keys by their names: width, threshold, transform. */
#include "common/analysis/analysis.h"

#include <string.h>

#include "common/analysis/harmonic.h"
#include "common/analysis/key-transform.h"
#include "common/analysis/note-threshold.h"
#include "common/analysis/percussion.h"
#include "common/analysis/tuning.h"

static const struct analysis_method methods[] = {
    {"harmonic", true, HARMONIC_LEAD, "0.3st", "record", 0.05},
    {"bands", false, 0, "0.25st", "record", 0.2},
    {"published", false, 0, "12.5Hz", "stream", 0.025},
};

const struct analysis_method *analysis_method_named(const char *name, bool width_stated)
{
    const struct analysis_method *method = methods;
    if (strcmp(name, "auto") == 0) name = width_stated ? "bands" : "harmonic";
    while (strcmp(method->name, name) != 0) method++;
    return method;
}

static size_t pitched(const struct analysis *analysis)
{
    return (size_t)(analysis->keys.last - analysis->keys.first + 1);
}

void analysis_prepare_or_die(struct analysis *analysis, size_t samples, double rate, size_t frame_samples)
{
    if (samples == analysis->samples && rate == analysis->rate && frame_samples == analysis->frame_samples &&
        analysis->tuning == analysis->prepared_tuning)
        return;
    analysis_free(analysis);
    analysis->samples = samples;
    analysis->rate = rate;
    analysis->prepared_tuning = analysis->tuning;
    /* Played at this rate the recording would have an A4 of 440 Hz. */
    double tuned = rate * TUNING_STANDARD / analysis->tuning;
    analysis->frame_samples = frame_samples;
    analysis->rows = pitched(analysis) + (analysis->drums ? KEYBOARD_DRUMS : 0);
    analysis->frames = (samples + frame_samples - 1) / frame_samples;
    if (analysis->method->harmonic)
        analysis->harmonic =
            harmonic_new_or_die(samples, tuned, frame_samples, analysis->keys, analysis->width);
    else
        analysis->bands =
            key_transform_new_or_die(samples, tuned, frame_samples, analysis->keys, analysis->width);
    if (analysis->drums) analysis->percussion = percussion_new_or_die(samples, rate, frame_samples);
}

void analysis_apply(struct analysis *analysis, float *loudness, float *own, const float *waves, size_t count)
{
    size_t size = analysis->rows * analysis->frames, keys = pitched(analysis) * analysis->frames;
    memset(own, 0, count * size * sizeof *own);
    if (analysis->harmonic) harmonic_apply(analysis->harmonic, loudness, own, size, waves, count);
    for (size_t i = 0; analysis->bands && i < count; i++) {
        key_transform_apply(analysis->bands, loudness + i * size, waves + i * analysis->samples);
        memcpy(own + i * size, loudness + i * size, size * sizeof *own);
    }
    if (analysis->drums)
        percussion_apply(analysis->percussion, loudness + keys, size, waves, count, analysis->method->lead,
                         !analysis->all_drums);
}

void analysis_threshold(const struct analysis *analysis, float *loudness, const float *own, size_t count,
                        size_t frames, double least)
{
    size_t size = analysis->rows * frames;
    for (size_t i = 0; !analysis->harmonic && i < count * size; i++)
        if ((double)own[i] < least) loudness[i] = 0;
    for (size_t row = 0; analysis->harmonic && least > 0 && row < count * analysis->rows; row++)
        if (row % analysis->rows < pitched(analysis))
            note_threshold_apply(loudness + row * frames, own + row * frames, frames, least,
                                 HARMONIC_STEEPEST);
}

void analysis_free(struct analysis *analysis)
{
    harmonic_free(analysis->harmonic);
    key_transform_free(analysis->bands);
    percussion_free(analysis->percussion);
    analysis->harmonic = NULL;
    analysis->bands = NULL;
    analysis->percussion = NULL;
}
