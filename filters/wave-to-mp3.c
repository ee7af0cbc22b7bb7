/* wave-to-mp3: wave records to MP3 files. */
#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/files/mp3-write.h"
#include "common/files/outputs.h"
#include "common/files/tags.h"
#include "common/level.h"
#include "common/loudness.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/stream/expect.h"
#include "common/stream/rate-option.h"
#include "common/stream/stream.h"

static long long bitrate, rate = RATE_DEFAULT;
static double quality = 2, loudness = NAN;
static const char *output = "-";
static bool quiet, progress;

static const struct option options[] = {
    {'b', "bitrate", OPTION_INT, &bitrate, "KBIT", 0, 320, "Constant bit rate in kbit/s; 0: variable"},
    {'V', "quality", OPTION_REAL, &quality, "QUALITY", 0, 9.999, "Quality of a variable bit rate; 0 is best"},
    {'L', "loudness", OPTION_REAL, &loudness, "LUFS", -70, 0,
     "Bring each song to this loudness, its peaks below -1 dB"},
    {'r', "rate", OPTION_INT, &rate, "HZ", 8000, 48000, "Sample rate of waves that do not state theirs"},
    {'o', "output", OPTION_TEXT, &output, "FILE", 0, 0, "Where to; for several songs NAME-%03d.mp3"},
    {OPTION_QUIET(&quiet, "No progress")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"wave-to-mp3", "[FILE]", "Encode waves as MP3", 1, options};

static int check_wave_or_die(const struct reader *reader, const struct record *wave)
{
    char shape[256];
    expect_kind_or_die(reader, wave, "wave");
    if (wave->count == 0 || wave->rank > 2 || wave->rank < 1 || (wave->rank == 2 && wave->shape[0] > 2))
        reader_die(reader, "shape %s is not (samples), (1, samples) or (2, samples)",
                   record_shape_text(wave, shape, sizeof shape));
    return wave->rank == 2 ? (int)wave->shape[0] : 1;
}

/* Clips the samples to -1 … 1, as a player would, and warns. */
static void clip(const struct reader *reader, struct record *wave)
{
    float *samples = wave->data, peak = level_peak(samples, wave->count);
    if (peak <= 1) return;
    reader_warn(reader, "its peak is %.3g, clipped to 1", (double)peak);
    for (size_t i = 0; i < wave->count; i++) samples[i] = fminf(fmaxf(samples[i], -1), 1);
}

static struct mp3_file encode_or_die(const struct reader *reader, struct record *wave)
{
    double hertz = expect_number_or_die(reader, wave, "rate", (double)rate);
    int channels = check_wave_or_die(reader, wave);
    if (!mp3_rate_is_possible(hertz)) reader_die(reader, "MP3 has no sample rate of %g Hz", hertz);
    if (bitrate && !mp3_bitrate_is_possible((int)hertz, (int)bitrate))
        reader_die(reader, "MP3 at %g Hz has no constant %lld kbit/s", hertz, bitrate);
    if (!isnan(loudness))
        loudness_normalise_or_die(wave->data, (size_t)channels, wave->count / (size_t)channels, hertz,
                                  loudness);
    clip(reader, wave);

    char *title = tags_title_or_die(wave), *comment = tags_comment_or_die(wave);
    struct mp3_settings settings = {(int)hertz, channels, (int)bitrate, quality, title, comment};
    struct mp3_file mp3 = mp3_write_or_die(&settings, wave->data, wave->count / (size_t)channels);
    free(title);
    free(comment);
    return mp3;
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    struct outputs *songs = outputs_open_or_die(output, "song", "song-%03d.mp3");
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct record wave = {0};

    progress_begin("songs", 0, progress, quiet);
    while (reader_next_finite_or_die(reader, &wave)) {
        struct mp3_file song = encode_or_die(reader, &wave);
        outputs_put_or_die(songs, reader, song.bytes, song.size);
        progress_show((double)reader_count(reader), NULL);
    }
    progress_end();
    outputs_close_or_die(songs, argv[operand]);
    reader_close(reader);
    record_free(&wave);
    return 0;
}
