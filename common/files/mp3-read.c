#include "common/files/mp3-read.h"

#include <mpg123.h>
#include <soxr.h>

#include "common/fail.h"

struct song {
    mpg123_handle *decoder;
    soxr_t resampler;
    long decoded_rate; /* Hz, of the resampler's input */
    double rate;       /* Hz, of the wave */
    float *wave;       /* (2, wanted) */
    size_t wanted, filled;
};

static mpg123_handle *decoder_open_or_die(int descriptor)
{
    int error;
    mpg123_handle *decoder = mpg123_new(NULL, &error);
    if (!decoder) die("libmpg123: %s", mpg123_plain_strerror(error));
    /* Skipping the tags keeps a picture of any size out of memory. */
    long flags = MPG123_QUIET | MPG123_GAPLESS | MPG123_FORCE_FLOAT | MPG123_FORCE_STEREO | MPG123_SKIP_ID3V2;
    if (mpg123_param(decoder, MPG123_FLAGS, flags, 0) != MPG123_OK ||
        mpg123_open_fd(decoder, descriptor) != MPG123_OK)
        die("libmpg123: %s", mpg123_strerror(decoder));
    return decoder;
}

/* Appends `frames` stereo samples at the decoded rate; audio NULL: what the resampler still holds. It takes
 * no more input at a time than the room left needs without its latency, so the rest is offered again. */
static void song_append_or_die(struct song *song, const float *audio, size_t frames)
{
    size_t used, made = 1;
    while (song->filled < song->wanted && (audio ? frames > 0 : made > 0)) {
        float *rows[2] = {song->wave + song->filled, song->wave + song->wanted + song->filled};
        const char *error =
            soxr_process(song->resampler, audio, frames, &used, rows, song->wanted - song->filled, &made);
        if (error) die("libsoxr: %s", error);
        song->filled += made;
        if (audio) audio += 2 * used, frames -= used;
    }
}

static void song_drain_or_die(struct song *song)
{
    if (song->resampler) song_append_or_die(song, NULL, 0);
    soxr_delete(song->resampler);
    song->resampler = NULL;
}

/* Files glued together may change their rate on the way. */
static void song_set_format_or_die(struct song *song)
{
    long rate;
    int channels, encoding;
    mpg123_getformat(song->decoder, &rate, &channels, &encoding);
    if (channels != 2 || encoding != MPG123_ENC_FLOAT_32) die("libmpg123 does not decode to stereo floats");
    if (song->resampler && rate == song->decoded_rate) return;
    song_drain_or_die(song);
    soxr_io_spec_t layout = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_S);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    const char *error;
    song->resampler = soxr_create((double)rate, song->rate, 2, &error, &layout, &quality, NULL);
    if (!song->resampler) die("libsoxr: %s", error);
    song->decoded_rate = rate;
}

static const char *why_stopped(mpg123_handle *decoder)
{
    if (mpg123_errcode(decoder) == MPG123_RESYNC_FAIL) return "no MPEG audio where a frame should begin";
    return mpg123_strerror(decoder);
}

size_t mp3_read_or_die(int descriptor, double rate, float *wave, size_t wanted, const char **broken)
{
    struct song song = {decoder_open_or_die(descriptor), NULL, 0, rate, wave, wanted, 0};
    int status = MPG123_OK;
    while (song.filled < wanted) {
        unsigned char *audio;
        size_t bytes;
        status = mpg123_decode_frame(song.decoder, NULL, &audio, &bytes);
        if (status == MPG123_NEW_FORMAT)
            song_set_format_or_die(&song);
        else if (status == MPG123_OK)
            song_append_or_die(&song, (const float *)(const void *)audio, bytes / (2 * sizeof(float)));
        else
            break;
    }
    song_drain_or_die(&song);
    *broken = status == MPG123_ERR ? why_stopped(song.decoder) : NULL;
    mpg123_delete(song.decoder);
    return song.filled;
}
