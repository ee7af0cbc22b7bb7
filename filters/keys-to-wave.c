/* keys-to-wave: how loud each key is in each interval in, a wave that sounds so out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/expect.h"
#include "common/fail.h"
#include "common/keyboard.h"
#include "common/level.h"
#include "common/memory.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/stream.h"
#include "common/voice.h"

static const char *voice_name = "sine", *keys_text = "27-59";
static double rate = 12000, interval = 0.02, release = 0.05, least;
static bool quiet, progress;
static const float HIGHEST_PEAK = 0.99f, INAUDIBLE = 1e-5f; /* of full scale; the latter is -100 dB */

/* clang-format off */
static const struct option options[] = {
    {0, "voice", OPTION_CHOICE, &voice_name, VOICE_NAMES, 0, 0, "What a key sounds like"},
    {0, "release", OPTION_REAL, &release, "SECONDS", 0, 10, "Time in which a key that ends fades to 1/e; 0: none"},
    {0, "floor", OPTION_REAL, &least, "LOUDNESS", 0, 1e6, "Subtract this and divide by the largest first; 0: neither"},
    {'r', "rate", OPTION_REAL, &rate, "HZ", 1, 1e6, "Sample rate of the waves"},
    {'k', "keys", OPTION_TEXT, &keys_text, "FIRST-LAST", 0, 0, "Keys of records that do not state theirs"},
    {'i', "interval", OPTION_REAL, &interval, "SECONDS", 0.0001, 10, "Interval of records that do not state theirs"},
    {'q', "quiet", OPTION_FLAG, &quiet, NULL, 0, 0, "No progress"},
    {0, "progress", OPTION_FLAG, &progress, NULL, 0, 0, "Show progress although standard error is no terminal"},
    {0}
};
/* clang-format on */

static const struct program program = {"keys-to-wave", "[FILE]", "Play keys", 1, options};

/* A record (parts, channels, keys, frames): parts follow one another in time. */
struct score {
    struct key_range keys;
    size_t parts, channels, rows, frames;
    struct intervals intervals; /* of all parts */
};

static void score_shape_or_die(struct score *score, const struct reader *reader, const struct record *keys)
{
    char shape[256];
    expect_kind_or_die(reader, keys, "keys");
    bool mono = keys->rank == 2, stereo = keys->rank > 2 && keys->shape[keys->rank - 3] == 2;
    record_shape_text(keys, shape, sizeof shape);
    if (keys->count == 0 || !(mono || stereo))
        reader_die(reader, "shape %s is not (..., 2, keys, intervals)", shape);
    score->channels = mono ? 1 : 2;
    score->rows = keys->shape[keys->rank - 2];
    score->frames = keys->shape[keys->rank - 1];
    score->parts = keys->count / (score->channels * score->rows * score->frames);
}

static struct score score_or_die(const struct reader *reader, const struct record *keys)
{
    struct score score;
    score_shape_or_die(&score, reader, keys);
    char *text = record_fact(keys, "keys");
    struct key_range *range = &score.keys;
    if (!key_range_parse(text ? text : keys_text, range))
        reader_die(reader, "keys=%s: not two keys in 1-88", text);
    free(text);
    if (score.rows != (size_t)(range->last - range->first + 1))
        reader_die(reader, "%zu rows for the keys %d-%d", score.rows, range->first, range->last);
    double hertz = key_frequency(range->last), seconds = record_fact_number(keys, "interval", interval);
    if (hertz > rate / 2)
        reader_die(reader, "key %d, %.0f Hz, is above half of the rate, %g Hz", range->last, hertz, rate);
    if (seconds * rate < 1 || seconds > 10)
        reader_die(reader, "interval=%g is not from one sample to 10 s", seconds);
    score.intervals = (struct intervals){score.parts * score.frames, seconds, rate};
    return score;
}

/* Subtracts the floor, clips at 0, divides by the largest that is left. */
static void lift_off_floor(float *loudness, size_t count)
{
    for (size_t i = 0; i < count; i++) loudness[i] = fmaxf(0, loudness[i] - (float)least);
    float largest = level_peak(loudness, count);
    if (largest > 0) level_scale(loudness, count, 1 / largest);
}

/* line (parts * frames) = row k of a channel, its ends faded. */
static void read_line(float *line, const struct score *score, const float *loudness, size_t channel, size_t k)
{
    float decay = release > 0 ? (float)exp(-score->intervals.seconds / release) : 0, ringing = 0;
    for (size_t part = 0; part < score->parts; part++) {
        const float *row = loudness + ((part * score->channels + channel) * score->rows + k) * score->frames;
        for (size_t t = 0; t < score->frames; t++) {
            ringing *= decay;
            if (ringing < INAUDIBLE) ringing = 0;
            if (ringing < row[t]) ringing = row[t];
            *line++ = ringing;
        }
    }
}

/* wave (2, samples) of keys. */
static void play_or_die(struct record *wave, const struct record *keys, const struct score *score,
                        voice *play)
{
    size_t samples = interval_start(score->intervals, score->intervals.count);
    float *to = record_shape_or_die(wave, 2, (size_t[]){2, samples});
    float *line = allocate_or_die(score->intervals.count, sizeof *line);
    memset(to, 0, wave->count * sizeof *to);
    for (size_t channel = 0; channel < score->channels; channel++)
        for (size_t k = 0; k < score->rows; k++) {
            read_line(line, score, keys->data, channel, k);
            play(to + channel * samples, score->intervals, score->keys.first + (int)k, line);
        }
    free(line);
    if (score->channels == 1) memcpy(to + samples, to, samples * sizeof *to);

    record_copy_facts(wave, keys);
    record_remove_fact(wave, "interval");
    record_remove_fact(wave, "keys");
    record_set_fact(wave, "kind", "wave");
    record_set_fact(wave, "rate", "%.10g", rate);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    struct key_range range;
    if (!key_range_parse(keys_text, &range)) die_usage("-k %s: not two keys in 1-88", keys_text);
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct writer *writer = writer_open_or_die(NULL);
    struct record keys = {0}, wave = {0};

    progress_begin("records", 0, progress, quiet);
    while (reader_next_finite_or_die(reader, &keys)) {
        struct score score = score_or_die(reader, &keys);
        if (least > 0) lift_off_floor(keys.data, keys.count);
        play_or_die(&wave, &keys, &score, voice_named(voice_name));
        float peak = level_peak(wave.data, wave.count);
        if (isinf(peak)) reader_die(reader, "too loud");
        if (peak > HIGHEST_PEAK) level_scale(wave.data, wave.count, HIGHEST_PEAK / peak);
        writer_put_or_die(writer, &wave);
        progress_show((double)reader_count(reader), NULL);
    }
    progress_end();
    writer_close_or_die(writer);
    reader_close(reader);
    record_free(&keys);
    record_free(&wave);
    return 0;
}
