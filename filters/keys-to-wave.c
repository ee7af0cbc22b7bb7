/* keys-to-wave: keys records to waves, by additive synthesis. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys/keys-options.h"
#include "common/keys/score.h"
#include "common/keys/stated-option.h"
#include "common/level.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/stream/expect.h"
#include "common/stream/rate-option.h"
#include "common/stream/stream.h"
#include "common/synthesis/play.h"

static const char *voice_name, *width_text = "0.25st";
static double rate = RATE_DEFAULT, release = NAN, sharpness = NAN, attack = 0.2, loudness_floor = NAN;
static struct bell bell = {.height = 0.25, .centre = 3, .width = 2};
static bool quiet, progress;
static const float HIGHEST_PEAK = 0.99f; /* of full scale */

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {0, "voice", OPTION_CHOICE, &voice_name, VOICE_NAMES, 0, 0,
     "What a key sounds like; by default what the record states, or sine"},
    {0, "bell-height", OPTION_REAL, &bell.height, "SHARE", 0, 100,
     "Strength of a harmonic at the bell's centre, the first's being 1"},
    {0, "bell-centre", OPTION_REAL, &bell.centre, "HARMONIC", -100, 100, "Where the bell's centre is"},
    {0, "bell-width", OPTION_REAL, &bell.width, "HARMONICS", 0.01, 100, "Standard deviation of the bell"},
    {0, "attack", OPTION_REAL, &attack, "SHARE", 0, 10,
     "Noise that a note begins with, of its loudness; a sine has none"},
    {OPTION_FLOOR_STATED(&loudness_floor)},
    {0, "sharpen", OPTION_REAL, &sharpness, "FACTOR", 1, 100,
     "Most by which a short note is raised; 1: not at all; by default what the record states, or 2.5"},
    {0, "release", OPTION_REAL, &release, "SECONDS", 0, 10,
     "Time in which a key that ends fades to 1/e; 0: none; by default what the record states, or 0.02"},
    {OPTION_RATE(&rate, "Sample rate of the waves")},
    {OPTION_KEYS_UNSTATED(&unstated.keys)},
    {OPTION_WIDTH(&width_text, "Width of the bands of records that do not state it")},
    {OPTION_INTERVAL_UNSTATED(&unstated.interval)},
    {OPTION_QUIET(&quiet, "No progress")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"keys-to-wave", "[FILE]", "Play keys", 1, options};

static void check_rate_or_die(const struct reader *reader, const struct score *score)
{
    double highest = key_frequency(score->keys.last);
    if (highest > rate / 2)
        reader_die(reader, "key %d, %.0f Hz, is above half of the rate, %g Hz", score->keys.last, highest,
                   rate);
    if (score->drums && rate < DRUM_LIMITS[KEYBOARD_DRUMS])
        reader_die(reader, "high drums, %g to %g Hz, need a rate of %g Hz at least, not %g",
                   DRUM_LIMITS[DRUM_HIGH], DRUM_LIMITS[KEYBOARD_DRUMS], DRUM_LIMITS[KEYBOARD_DRUMS], rate);
    if (score->interval * rate < 1)
        reader_die(reader, "an interval of %g s has no sample at %g Hz", score->interval, rate);
}

/* Seconds by which the sound must be delayed: the fact lead. */
static double lead_or_die(const struct reader *reader, const struct record *keys)
{
    double lead = expect_number_or_die(reader, keys, "lead", 0);
    if (!(lead >= 0 && lead <= 10)) reader_die(reader, "lead=%g is not within 0 and 10 s", lead);
    return lead;
}

/* What the options say, and where they are silent the record. */
static struct play settings_or_die(const struct reader *reader, const struct record *keys)
{
    char *stated = record_fact(keys, "voice");
    const char *name = voice_name ? voice_name : stated ? stated : "sine";
    struct play play = {.rate = rate,
                        .voice = voice_named(name),
                        .bell = bell,
                        .attack = strcmp(name, "sine") == 0 ? 0 : attack,
                        .sharpness = stated_real_or_die(reader, keys, options, "sharpen", 2.5),
                        .release = stated_real_or_die(reader, keys, options, "release", 0.02),
                        .lead = lead_or_die(reader, keys)};
    if (!play.voice) reader_die(reader, "voice=%s is not one of " VOICE_NAMES, name);
    free(stated);
    return play;
}

/* wave (2, samples) of the score. */
static void play_or_die(struct record *wave, const struct score *score, const struct play *play)
{
    struct frames frames = play_frames(score, rate);
    size_t samples = frame_start(frames, frames.count);
    float *left = record_shape_or_die(wave, 2, (size_t[]){2, samples});
    play_score_or_die(left, score, play);
    if (score->channels == 1) memcpy(left + samples, left, samples * sizeof *left);
}

static void put_wave_or_die(struct writer *writer, const struct reader *reader, struct record *wave,
                            const struct record *keys)
{
    float peak = level_peak(wave->data, wave->count);
    if (isinf(peak)) reader_die(reader, "too loud");
    if (peak > HIGHEST_PEAK) level_scale(wave->data, wave->count, HIGHEST_PEAK / peak);
    static const char *const of_keys[] = {"beat", "drums",   "floor",   "interval", "keys",
                                          "lead", "release", "sharpen", "voice",    "width"};
    record_copy_facts(wave, keys);
    for (size_t i = 0; i < sizeof of_keys / sizeof *of_keys; i++) record_remove_fact(wave, of_keys[i]);
    record_set_fact(wave, "kind", "wave");
    record_set_fact(wave, "rate", "%.10g", rate);
    writer_put_or_die(writer, wave);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    key_width_parse(width_text, &unstated.width);
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct writer *writer = writer_open_or_die(NULL);
    struct record keys = {0}, wave = {0};

    progress_begin("records", 0, progress, quiet);
    while (reader_next_finite_or_die(reader, &keys)) {
        struct score score = score_or_die(reader, &keys, unstated);
        check_rate_or_die(reader, &score);
        struct play play = settings_or_die(reader, &keys);
        level_subtract_floor(keys.data, keys.count,
                             (float)stated_real_or_die(reader, &keys, options, "floor", 0));
        play_or_die(&wave, &score, &play);
        put_wave_or_die(writer, reader, &wave, &keys);
        progress_show((double)reader_count(reader), NULL);
    }
    progress_end();
    writer_close_or_die(writer);
    reader_close(reader);
    record_free(&keys);
    record_free(&wave);
    return 0;
}
