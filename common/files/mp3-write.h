/* Waves to MP3 files by LAME. In memory, because the first MPEG frame states the length of the song. */
#ifndef COMMON_FILES_MP3_WRITE_H
#define COMMON_FILES_MP3_WRITE_H

#include <stdbool.h>
#include <stddef.h>

struct mp3_settings {
    int rate;                    /* Hz, one of MPEG's nine; see mp3_rate_is_possible */
    int channels;                /* 1 or 2 */
    int bitrate;                 /* kbit/s, constant; 0: variable */
    double quality;              /* of a variable bit rate: 0 (best) to 9.999 */
    const char *title, *comment; /* tags in UTF-8 (anything else is taken for Latin-1); NULL: none */
};

/* 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100 and 48000 Hz. */
bool mp3_rate_is_possible(double rate);

/* The constant bit rates of a sample rate: 8 to 64 kbit/s up to 12000 Hz, to 160 up to 24000, 32 to 320
 * above. */
bool mp3_bitrate_is_possible(int rate, int bitrate);

struct mp3_file {
    unsigned char *bytes;
    size_t size;
};

/* Encodes wave (channels, samples), planar, of values from -1 to 1. They must be finite: LAME aborts at NaN
 * and infinity. Caller frees the bytes. */
struct mp3_file mp3_write_or_die(const struct mp3_settings *settings, const float *wave, size_t samples);

#endif
