/* The analyses of chunks-to-keys by their names: width, threshold, transform. */
#include "common/analysis/analysis.h"

#include <string.h>

#include "common/analysis/harmonic.h"
#include "common/analysis/key-transform.h"
#include "common/analysis/note-threshold.h"

static const struct analysis_method methods[] = {
    {"harmonic", true, HARMONIC_LEAD, "0.3st", "record", 0.05},
    {"bands", false, 0, "0.25st", "stream", 0.2},
    {"published", false, 0, "12.5Hz", "stream", 0.025},
};

const struct analysis_method *analysis_method_named(const char *name, bool width_stated)
{
    const struct analysis_method *method = methods;
    if (strcmp(name, "auto") == 0) name = width_stated ? "bands" : "harmonic";
    while (strcmp(method->name, name) != 0) method++;
    return method;
}

void analysis_prepare_or_die(struct analysis *analysis, size_t samples, double rate, size_t frame_samples)
{
    if (samples == analysis->samples && rate == analysis->rate && frame_samples == analysis->frame_samples)
        return;
    analysis_free(analysis);
    analysis->samples = samples;
    analysis->rate = rate;
    analysis->frame_samples = frame_samples;
    analysis->frames = (samples + frame_samples - 1) / frame_samples;
    if (analysis->method->harmonic)
        analysis->harmonic =
            harmonic_new_or_die(samples, rate, frame_samples, analysis->keys, analysis->width);
    else
        analysis->bands =
            key_transform_new_or_die(samples, rate, frame_samples, analysis->keys, analysis->width);
}

void analysis_apply(struct analysis *analysis, float *loudness, float *own, const float *waves, size_t count)
{
    if (analysis->harmonic) {
        harmonic_apply(analysis->harmonic, loudness, own, waves, count);
        return;
    }
    size_t cells = (size_t)(analysis->keys.last - analysis->keys.first + 1) * analysis->frames;
    for (size_t i = 0; i < count; i++)
        key_transform_apply(analysis->bands, loudness + i * cells, waves + i * analysis->samples);
    memcpy(own, loudness, count * cells * sizeof *own);
}

void analysis_threshold(const struct analysis_method *method, float *loudness, const float *own, size_t keys,
                        size_t frames, double least)
{
    for (size_t i = 0; !method->harmonic && i < keys * frames; i++)
        if ((double)own[i] < least) loudness[i] = 0;
    for (size_t k = 0; method->harmonic && least > 0 && k < keys; k++)
        note_threshold_apply(loudness + k * frames, own + k * frames, frames, least);
}

void analysis_free(struct analysis *analysis)
{
    harmonic_free(analysis->harmonic);
    key_transform_free(analysis->bands);
    analysis->harmonic = NULL;
    analysis->bands = NULL;
}
