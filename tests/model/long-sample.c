/* The windows of a long sample are joined, key by key, where they differ least. */
#include "kernels/model/sampling/long-sample.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "kernels/model/config/config-load.h"
#include "tests/device.h"
#include "tests/tap.h"

/* Latents of 4 frames; windows begin 28 frames apart, share 12, and have their seam in frames 4 to 8 of
 * these. */
enum { KEYS = 3, FRAMES = 40, HOP = 28, OVERLAP = 12, SAMPLE = 60 };

static const char configuration[] =
    "design: time\nbatch_size: 2\nmodel:\n  n_channels: 4\n  seq_len: 120\n  latent_seq_len: 10\n"
    "  latent_dim: 2\n  num_heads: 1\n";

/* The key sounds in frames from … to - 1 of a window. */
static void sound(real *window, size_t key, size_t from, size_t to, real loudness)
{
    for (size_t t = from; t < to; t++)
        window[2 * (key * FRAMES + t)] = window[2 * (key * FRAMES + t) + 1] = loudness;
}

/* Whether the key sounds in frames from … to - 1 of the sample and nowhere else. */
static bool sounds(const struct long_sample *s, size_t key, size_t from, size_t to)
{
    struct joined joined = long_sample_joined(s);
    const real *row = joined.keys + 2 * key * joined.length;
    for (size_t t = 0; t < SAMPLE; t++)
        if ((row[2 * t] > 0) != (t >= from && t < to) || row[2 * t] != row[2 * t + 1]) return false;
    return true;
}

static void test_join(struct long_sample *s)
{
    real first[2 * KEYS * FRAMES] = {0}, second[2 * KEYS * FRAMES] = {0};
    sound(first, 0, 3, FRAMES, (real)0.5), sound(second, 0, 0, FRAMES, (real)0.4);
    sound(first, 1, 9, HOP + 5, (real)0.5), sound(second, 1, 0, 5, (real)0.5);
    sound(first, 1, HOP + 9, FRAMES, (real)0.5);
    sound(second, 2, 0, 7, (real)0.5);
    long_sample_join(s, 0, first);
    long_sample_join(s, 1, second);
    struct joined joined = long_sample_joined(s);
    ok(joined.length == HOP + FRAMES && joined.first == 0 && joined.gain == 1, "two windows (%zu frames)",
       joined.length);
    ok(sounds(s, 0, 3, SAMPLE), "a note in both windows is one note");
    ok(joined.keys[2 * (HOP + 5)] == first[2 * (HOP + 5)] && joined.keys[2 * (HOP + 6)] == second[2 * 6],
       "the seam is in the middle where no frame is better");
    ok(sounds(s, 1, 9, HOP + 5),
       "a note ends where both windows end it; a later one of the first window is left out");
    ok(sounds(s, 2, 0, 0), "a note of the second window before the seam is left out");
    memset(first, 0, sizeof first);
    long_sample_join(s, 2, first);
    ok(long_sample_joined(s).keys[2 * 10] == 0, "the next sample begins with its own first window");
}

static void test_plan(struct model *m)
{
    bool right = !long_sample_new_or_die(m, 1, FRAMES);
    for (size_t frames = FRAMES + 1; frames < 200; frames++) {
        struct long_sample *s = long_sample_new_or_die(m, 1, frames);
        size_t last = (long_sample_windows(s) - 1) * HOP, from = OVERLAP / 3;
        right = right && frames > last + from && frames <= last + HOP + from;
        long_sample_free(s);
    }
    ok(right, "as many windows as the frames need, and none more");
}

int main(void)
{
    struct config *config =
        config_parse_or_die("test", (const uint8_t *)configuration, sizeof configuration - 1);
    struct keys_shape keys = {.keys = KEYS, .frames = FRAMES};
    struct model *m = model_new_or_die(ops_under_test(), config, keys, 2, false);
    struct long_sample *s = long_sample_new_or_die(m, 1, SAMPLE);
    test_join(s);
    test_plan(m);
    long_sample_free(s);
    model_free(m);
    config_free(config);
    return done();
}
