/* MP3 decoding by libmpg123 and resampling by libsoxr. */
#include "common/files/mp3-read.h"

#include <mpg123.h>
#include <soxr.h>

#include "common/fail.h"

struct decoding {
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
    /* Tags are skipped: their pictures can be large. */
    long flags = MPG123_QUIET | MPG123_GAPLESS | MPG123_FORCE_FLOAT | MPG123_FORCE_STEREO | MPG123_SKIP_ID3V2;
    if (mpg123_param(decoder, MPG123_FLAGS, flags, 0) != MPG123_OK ||
        mpg123_open_fd(decoder, descriptor) != MPG123_OK)
        die("libmpg123: %s", mpg123_strerror(decoder));
    return decoder;
}

/* Appends `frames` stereo samples at the decoded rate, resampled; audio NULL: what the resampler still holds.
 * The resampler takes no more input than the room for output needs, apart from its latency: the rest is
 * offered again. */
static void append_or_die(struct decoding *decoding, const float *audio, size_t frames)
{
    size_t used, made = 1;
    while (decoding->filled < decoding->wanted && (audio ? frames > 0 : made > 0)) {
        float *rows[2] = {decoding->wave + decoding->filled,
                          decoding->wave + decoding->wanted + decoding->filled};
        const char *error = soxr_process(decoding->resampler, audio, frames, &used, rows,
                                         decoding->wanted - decoding->filled, &made);
        if (error) die("libsoxr: %s", error);
        decoding->filled += made;
        if (audio) audio += 2 * used, frames -= used;
    }
}

static void drain_or_die(struct decoding *decoding)
{
    if (decoding->resampler) append_or_die(decoding, NULL, 0);
    soxr_delete(decoding->resampler);
    decoding->resampler = NULL;
}

/* The rate may change within a file, where files were joined. */
static void set_format_or_die(struct decoding *decoding)
{
    long rate;
    int channels, encoding;
    mpg123_getformat(decoding->decoder, &rate, &channels, &encoding);
    if (channels != 2 || encoding != MPG123_ENC_FLOAT_32) die("libmpg123 does not decode to stereo floats");
    if (decoding->resampler && rate == decoding->decoded_rate) return;
    drain_or_die(decoding);
    soxr_io_spec_t layout = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_S);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    const char *error;
    decoding->resampler = soxr_create((double)rate, decoding->rate, 2, &error, &layout, &quality, NULL);
    if (!decoding->resampler) die("libsoxr: %s", error);
    decoding->decoded_rate = rate;
}

static const char *why_stopped(mpg123_handle *decoder)
{
    if (mpg123_errcode(decoder) == MPG123_RESYNC_FAIL) return "no MPEG audio where a frame should begin";
    return mpg123_strerror(decoder);
}

size_t mp3_read_or_die(int descriptor, double rate, float *wave, size_t wanted, const char **broken)
{
    struct decoding decoding = {decoder_open_or_die(descriptor), NULL, 0, rate, wave, wanted, 0};
    int status = MPG123_OK;
    while (decoding.filled < wanted) {
        unsigned char *audio;
        size_t bytes;
        status = mpg123_decode_frame(decoding.decoder, NULL, &audio, &bytes);
        if (status == MPG123_NEW_FORMAT)
            set_format_or_die(&decoding);
        else if (status == MPG123_OK)
            append_or_die(&decoding, (const float *)(const void *)audio, bytes / (2 * sizeof(float)));
        else
            break;
    }
    drain_or_die(&decoding);
    *broken = status == MPG123_ERR ? why_stopped(decoding.decoder) : NULL;
    mpg123_delete(decoding.decoder);
    return decoding.filled;
}
