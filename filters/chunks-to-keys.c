/* chunks-to-keys: waves to keys records, the loudness of each piano key in each frame. */
#include <math.h>
#include <string.h>

#include "common/analysis/analysis.h"
#include "common/analysis/key-transform.h"
#include "common/analysis/tuning.h"
#include "common/fail.h"
#include "common/keys/keys-options.h"
#include "common/level.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/stream/expect.h"
#include "common/stream/rate-option.h"
#include "common/stream/spool.h"

static const char *method_name = "auto", *width_text, *reference;
static struct key_range keys_wanted = {KEYS_DEFAULT};
static double threshold = NAN, interval = FRAME_SECONDS_DEFAULT, rate = RATE_DEFAULT;
static double tuning = NAN;
static bool drums, quiet, progress;

static const struct option options[] = {
    {'a', "analysis", OPTION_CHOICE, &method_name, ANALYSIS_METHOD_NAMES, 0, 0,
     "How loudness is measured; auto is bands where -w is given, else harmonic"},
    {OPTION_KEYS(&keys_wanted, "Keys to measure")},
    {0, "drums", OPTION_FLAG, &drums, NULL, 0, 0, "Three rows of drums behind the keys; harmonic only"},
    {OPTION_WIDTH(&width_text,
                  "Standard deviation of a key's band, in hertz (12.5Hz) or semitones (0.25st)")},
    {'t', "threshold", OPTION_REAL, &threshold, "SHARE", 0, 1,
     "Loudnesses below this share of the largest become 0"},
    {0, "relative-to", OPTION_CHOICE, &reference, "stream|record", 0, 0, "Where to look for the largest"},
    {0, "tuning", &option_tuning, &tuning, "TUNING", 400, 480,
     "Frequency of A4; auto: as each record has it, but 440 for published"},
    {OPTION_INTERVAL(&interval, "Length of a frame")},
    {OPTION_RATE_UNSTATED(&rate)},
    {OPTION_QUIET(&quiet, "No progress")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"chunks-to-keys", "[FILE]", "Find how loud each key of a piano is", 1,
                                       options};

/* Options that are not given get the defaults of the method. */
static struct analysis analysis_of_options(void)
{
    struct analysis analysis = {.method = analysis_method_named(method_name, width_text != NULL),
                                .keys = keys_wanted,
                                .drums = drums};
    bool published = strcmp(analysis.method->name, "published") == 0;
    if (isnan(tuning)) tuning = published ? TUNING_STANDARD : 0;
    if (tuning != TUNING_STANDARD && published)
        die_usage("--tuning goes with the harmonic and bands analyses, not with published");
    if (drums && !analysis.method->harmonic)
        die_usage("--drums goes with the harmonic analysis, not with %s", analysis.method->name);
    if (!width_text) width_text = analysis.method->width;
    if (!reference) reference = analysis.method->reference;
    if (isnan(threshold)) threshold = analysis.method->threshold;
    analysis.all_drums = threshold <= 0;
    key_width_parse(width_text, &analysis.width);
    return analysis;
}

/* Prepares the analysis of a record (..., samples). */
static void prepare_or_die(struct analysis *analysis, const struct reader *reader, const struct record *wave)
{
    char shape[256];
    expect_kind_or_die(reader, wave, "wave|chunk|pair");
    if (wave->rank == 0 || wave->rank == TENSOR_RANK_MAX || wave->count == 0)
        reader_die(reader, "shape %s is not (..., samples)", record_shape_text(wave, shape, sizeof shape));
    size_t samples = wave->shape[wave->rank - 1];
    double hertz = expect_rate_or_die(reader, wave, rate), frame_samples = round(interval * hertz);
    analysis->tuning =
        tuning > 0 ? tuning : tuning_estimate_or_die(wave->data, wave->count / samples, samples, hertz);
    double highest = key_frequency(analysis->keys.last) * analysis->tuning / TUNING_STANDARD;
    if (highest > hertz / 2)
        reader_die(reader, "key %d, %.0f Hz, is above half of the rate, %g Hz", analysis->keys.last, highest,
                   hertz);
    if (frame_samples < 1) reader_die(reader, "an interval of %g s has no sample at %g Hz", interval, hertz);
    if ((double)samples + frame_samples > KEY_TRANSFORM_SAMPLES_MAX)
        reader_die(reader, "too long: %zu samples", samples);
    analysis_prepare_or_die(analysis, samples, hertz, (size_t)frame_samples);
}

/* keys and own (..., rows, frames) of wave (..., samples), as of analysis_apply. */
static void wave_to_keys(struct analysis *analysis, struct record *keys, struct record *own,
                         const struct record *wave)
{
    size_t shape[TENSOR_RANK_MAX];
    memcpy(shape, wave->shape, sizeof shape);
    shape[wave->rank - 1] = analysis->rows;
    shape[wave->rank] = analysis->frames;
    float *loudness = record_shape_or_die(keys, wave->rank + 1, shape);
    float *own_loudness = record_shape_or_die(own, wave->rank + 1, shape);
    analysis_apply(analysis, loudness, own_loudness, wave->data, wave->count / analysis->samples);

    record_copy_facts(keys, wave);
    record_remove_fact(keys, "rate");
    record_set_fact(keys, "kind", "keys");
    double seconds = (double)analysis->frame_samples / analysis->rate;
    record_set_fact(keys, "interval", "%.10g", seconds);
    record_remove_fact(keys, "lead");
    if (analysis->method->lead > 0) record_set_fact(keys, "lead", "%.10g", analysis->method->lead * seconds);
    record_set_fact(keys, "keys", "%d-%d", analysis->keys.first, analysis->keys.last);
    record_set_fact(keys, "analysis", "%s", analysis->method->name);
    record_remove_fact(keys, "tuning");
    if (analysis->tuning != TUNING_STANDARD) record_set_fact(keys, "tuning", "%.2f", analysis->tuning);
    if (drums) record_set_fact(keys, "drums", "%d", KEYBOARD_DRUMS);
    record_set_fact(keys, "width", "%s", width_text);
}

static void put_thresholded_or_die(struct writer *writer, const struct analysis *analysis,
                                   struct record *keys, const struct record *own, float largest)
{
    size_t frames = keys->shape[keys->rank - 1], count = keys->count / (analysis->rows * frames);
    analysis_threshold(analysis, keys->data, own->data, count, frames, threshold * (double)largest);
    writer_put_or_die(writer, keys);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    struct analysis analysis = analysis_of_options();
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct writer *writer = writer_open_or_die(NULL);
    bool by_stream = strcmp(reference, "stream") == 0 && threshold > 0;
    FILE *spool = by_stream ? spool_open_or_die() : NULL;
    struct record wave = {0}, keys = {0}, own = {0};
    float largest = 0;

    progress_begin("records", 0, progress, quiet);
    while (reader_next_finite_or_die(reader, &wave)) {
        prepare_or_die(&analysis, reader, &wave);
        wave_to_keys(&analysis, &keys, &own, &wave);
        largest = fmaxf(by_stream ? largest : 0, level_peak(own.data, own.count));
        if (isinf(largest)) reader_die(reader, "too loud");
        if (by_stream) {
            spool_put_or_die(spool, &keys);
            spool_put_or_die(spool, &own);
        } else
            put_thresholded_or_die(writer, &analysis, &keys, &own, largest);
        progress_show((double)reader_count(reader), NULL);
    }
    progress_end();

    if (by_stream) spool_seek_or_die(spool, 0);
    for (uint64_t i = 0; by_stream && i < reader_count(reader); i++) {
        spool_get_or_die(spool, &keys);
        spool_get_or_die(spool, &own);
        put_thresholded_or_die(writer, &analysis, &keys, &own, largest);
    }
    writer_close_or_die(writer);
    reader_close(reader);
    analysis_free(&analysis);
    record_free(&wave);
    record_free(&keys);
    record_free(&own);
    return 0;
}
