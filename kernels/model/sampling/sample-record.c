/* Makes the record of a sample, with the facts of what it is and how it is to be played. */
#include "kernels/model/sampling/sample-record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* How the keys that a design makes are to be played: 0, what keys-to-wave(1) does by itself. The design
 * `time` makes notes that begin and end. What a small network of the other one makes flickers: a floor, a
 * soft release and no sharpening play over it. */
static const struct {
    double floor; /* share of the loudest key */
    const char *voice;
    double release, sharpen; /* s; at most this factor */
} play[] = {
    [DESIGN_MUSIGAN] = {.floor = 0.2, .voice = "gaussian", .release = 0.1, .sharpen = 1},
    [DESIGN_TIME] = {.voice = "gaussian", .release = 0.06},
};

static void set_play(struct record *record, enum config_design design)
{
    record_set_fact(record, "voice", "%s", play[design].voice);
    record_set_fact(record, "release", "%g", play[design].release);
    if (play[design].floor > 0) record_set_fact(record, "floor", "%g", play[design].floor);
    if (play[design].sharpen > 0) record_set_fact(record, "sharpen", "%g", play[design].sharpen);
}

/* The fact source: the song without its folders. */
static void set_source(struct record *record, struct sample_origin origin)
{
    unsigned long long seed = origin.seed, number = origin.number;
    if (!origin.song) {
        record_set_fact(record, "source", "musigan %llu-%llu", seed, number);
        return;
    }
    const char *slash = strrchr(origin.song, '/'), *name = slash ? slash + 1 : origin.song;
    record_set_fact(record, "source", "musigan %llu-%llu %s %s", seed, number, origin.relation, name);
}

static void set_facts(struct record *record, const struct model_header *model, struct sample_origin origin)
{
    free(record->facts);
    record->facts = model->facts ? text_or_die("%s", model->facts) : NULL;
    record_set_fact(record, "kind", "keys");
    set_source(record, origin);
    if (model->keys.beat) record_set_fact(record, "interval", "%.10g", origin.interval);
    if (!isnan(origin.start)) record_set_fact(record, "start", "%.10g", origin.start);
    record_set_fact(record, "seed", "%llu", (unsigned long long)origin.seed);
    record_set_fact(record, "score", "%.6g", origin.score);
    set_play(record, (enum config_design)model->config->design);
}

/* out (2, keys, frames) */
static void deinterleave(float *out, struct joined in, size_t keys)
{
    for (size_t k = 0; k < keys; k++)
        for (size_t t = 0; t < in.frames; t++)
            for (size_t c = 0; c < 2; c++)
                out[(c * keys + k) * in.frames + t] =
                    (float)(in.gain * (double)in.keys[2 * (k * in.length + in.first + t) + c]);
}

bool sample_record_make(struct record *record, struct joined keys, const struct model_header *model,
                        struct sample_origin origin)
{
    size_t rows = (size_t)model->keys.keys;
    float *values = record_shape_or_die(record, 3, (size_t[]){2, rows, keys.frames});
    set_facts(record, model, origin);
    deinterleave(values, keys, rows);
    bool finite = isfinite(origin.score);
    for (size_t i = 0; i < record->count; i++) finite &= isfinite(values[i]) != 0;
    return finite;
}
