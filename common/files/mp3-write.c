/* MP3 encoding by LAME. */
#include "common/files/mp3-write.h"

#include <iconv.h>
#include <lame/lame.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"

enum {
    BLOCK = 16384,                           /* samples encoded at a time */
    BLOCK_BYTES_MOST = BLOCK * 5 / 4 + 7200, /* the most that LAME makes of them: lame.h */
    TABLE_VERSIONS = 3,                      /* LAME's tables: MPEG-2, MPEG-1, MPEG-2.5 */
    TABLE_RATES = 3,
    TABLE_BITRATES = 15
};

/* An MP3 file in memory, while it grows. */
struct output {
    struct mp3_file mp3;
    size_t capacity;
};

static unsigned char *room_or_die(struct output *output, size_t room)
{
    struct mp3_file *mp3 = &output->mp3;
    if (output->capacity - mp3->size < room) {
        output->capacity = 2 * output->capacity + room;
        mp3->bytes = reallocate_or_die(mp3->bytes, output->capacity, 1);
    }
    return mp3->bytes + mp3->size;
}

static void count_or_die(struct output *output, int added)
{
    if (added < 0) die("LAME fails with error %d", added);
    output->mp3.size += (size_t)added;
}

/* The version of MPEG that has the rate, or -1. */
static int version_of(double rate)
{
    for (int version = 0; version < TABLE_VERSIONS; version++)
        for (int i = 0; i < TABLE_RATES; i++)
            if (lame_get_samplerate(version, i) == rate) return version;
    return -1;
}

bool mp3_rate_is_possible(double rate)
{
    return version_of(rate) >= 0;
}

bool mp3_bitrate_is_possible(int rate, int bitrate)
{
    for (int i = 1; i < TABLE_BITRATES; i++)
        if (lame_get_bitrate(version_of(rate), i) == bitrate) return true;
    return false;
}

/* LAME would else print on standard error. */
static void print_nothing(const char *format, va_list values)
{
    (void)format, (void)values;
}

/* UTF-8 to UTF-16 after a byte order mark, the encoding of ID3v2; NULL when the text is not UTF-8. Caller
 * frees. */
static unsigned short *utf16_or_die(const char *text)
{
    size_t left = strlen(text), room = 2 * left;
    unsigned short *wide = allocate_or_die(left + 2, sizeof *wide);
    wide[0] = 0xFEFF;
    char *in = (char *)(uintptr_t)text, *out = (char *)(wide + 1);
    iconv_t conversion = iconv_open("UTF-16LE", "UTF-8");
    if (conversion == (iconv_t)-1) die("iconv has no UTF-16");
    bool good = iconv(conversion, &in, &left, &out, &room) != (size_t)-1;
    iconv_close(conversion);
    if (good) return wide;
    free(wide);
    return NULL;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80) return false;
    return true;
}

static void set_tags_or_die(lame_t lame, const struct mp3_settings *settings)
{
    lame_set_write_id3tag_automatic(lame, 0); /* before the first frame: mp3_write_or_die */
    id3tag_init(lame);
    id3tag_v2_only(lame);
    if (settings->comment) id3tag_set_comment(lame, settings->comment);
    if (!settings->title) return;
    unsigned short *wide = is_ascii(settings->title) ? NULL : utf16_or_die(settings->title);
    if (wide)
        id3tag_set_textinfo_utf16(lame, "TIT2", wide);
    else
        id3tag_set_title(lame, settings->title);
    free(wide);
}

static lame_t encoder_open_or_die(const struct mp3_settings *settings)
{
    lame_t lame = lame_init();
    if (!lame) die("LAME does not start: out of memory");
    lame_set_errorf(lame, print_nothing);
    lame_set_msgf(lame, print_nothing);
    lame_set_debugf(lame, print_nothing);
    lame_set_num_channels(lame, settings->channels);
    lame_set_mode(lame, settings->channels == 1 ? MONO : JOINT_STEREO);
    lame_set_in_samplerate(lame, settings->rate);
    lame_set_out_samplerate(lame, settings->rate);
    lame_set_VBR(lame, settings->bitrate ? vbr_off : vbr_mtrh);
    if (settings->bitrate)
        lame_set_brate(lame, settings->bitrate);
    else
        lame_set_VBR_quality(lame, (float)settings->quality);
    set_tags_or_die(lame, settings);
    if (lame_init_params(lame) < 0) die("LAME refuses %d Hz with these settings", settings->rate);
    return lame;
}

/* LAME's presets for constant bit rates scale the input, mostly by 0.95; `gain` is the inverse. */
static void encode_or_die(lame_t lame, struct output *output, const float *rows[2], size_t samples,
                          float gain)
{
    float block[2][BLOCK];
    for (size_t start = 0; start < samples; start += BLOCK) {
        int count = samples - start < BLOCK ? (int)(samples - start) : BLOCK;
        for (int row = 0; row < 2; row++)
            for (int i = 0; i < count; i++) block[row][i] = gain * rows[row][start + i];
        unsigned char *room = room_or_die(output, BLOCK_BYTES_MOST);
        count_or_die(output,
                     lame_encode_buffer_ieee_float(lame, block[0], block[1], count, room, BLOCK_BYTES_MOST));
    }
    unsigned char *room = room_or_die(output, BLOCK_BYTES_MOST);
    count_or_die(output, lame_encode_flush(lame, room, BLOCK_BYTES_MOST));
}

struct mp3_file mp3_write_or_die(const struct mp3_settings *settings, const float *wave, size_t samples)
{
    lame_t lame = encoder_open_or_die(settings);
    struct output output = {0};
    size_t tags = lame_get_id3v2_tag(lame, NULL, 0);
    output.mp3.size = lame_get_id3v2_tag(lame, room_or_die(&output, tags), tags);
    const float *rows[2] = {wave, settings->channels == 2 ? wave + samples : wave};
    encode_or_die(lame, &output, rows, samples, 1 / lame_get_scale(lame));
    /* Fills in the first frame, which LAME leaves free except at the lowest bit rates, where it is too small.
     */
    lame_get_lametag_frame(lame, output.mp3.bytes + tags, output.mp3.size - tags);
    lame_close(lame);
    return output.mp3;
}
