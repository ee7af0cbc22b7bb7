#include "common/analysis.h"

#include <stdlib.h>
#include <string.h>

#include "common/harmonic-notes.h"
#include "common/harmonic.h"
#include "common/key-transform.h"
#include "common/memory.h"

static const struct method methods[] = {
    {"harmonic", true, HARMONIC_LEAD, "0.3st", "record", 0.05},
    {"bands", false, 0, "0.25st", "stream", 0.2},
    {"published", false, 0, "12.5Hz", "stream", 0.025},
};

struct analysis {
    size_t samples, cells; /* of one wave, of its loudness */
    struct harmonic *harmonic;
    struct key_transform *bands;
};

const struct method *method_named(const char *name, bool width_stated)
{
    const struct method *method = methods;
    if (strcmp(name, "auto") == 0) name = width_stated ? "bands" : "harmonic";
    while (strcmp(method->name, name) != 0) method++;
    return method;
}

struct analysis *analysis_new_or_die(const struct method *method, size_t samples, double rate,
                                     size_t interval, struct key_range keys, struct key_width width)
{
    struct analysis *analysis = allocate_or_die(1, sizeof *analysis);
    analysis->samples = samples;
    analysis->cells = (size_t)(keys.last - keys.first + 1) * ((samples + interval - 1) / interval);
    if (method->harmonic)
        analysis->harmonic = harmonic_new_or_die(samples, rate, interval, keys, width);
    else
        analysis->bands = key_transform_new_or_die(samples, rate, interval, keys, width);
    return analysis;
}

void analysis_apply(struct analysis *analysis, float *loudness, float *own, const float *waves, size_t count)
{
    if (analysis->harmonic) {
        harmonic_apply(analysis->harmonic, loudness, own, waves, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        key_transform_apply(analysis->bands, loudness + i * analysis->cells, waves + i * analysis->samples);
    memcpy(own, loudness, count * analysis->cells * sizeof *own);
}

void method_threshold(const struct method *method, float *loudness, const float *own, size_t keys,
                      size_t frames, double least)
{
    for (size_t i = 0; !method->harmonic && i < keys * frames; i++)
        if ((double)own[i] < least) loudness[i] = 0;
    for (size_t k = 0; method->harmonic && least > 0 && k < keys; k++)
        notes_keep(loudness + k * frames, own + k * frames, frames, least);
}

void analysis_free(struct analysis *analysis)
{
    if (!analysis) return;
    harmonic_free(analysis->harmonic);
    key_transform_free(analysis->bands);
    free(analysis);
}
