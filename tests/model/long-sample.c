/* Windows are joined where they agree, so that a joint is not heard. */
#include "kernels/model/sampling/long-sample.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "kernels/model/config/config-load.h"
#include "tests/device.h"
#include "tests/tap.h"

/* Latents of 4 frames; windows begin 28 frames apart, share 12, and pass over in frames 4 to 8 of these. */
enum { KEYS = 3, FRAMES = 40, HOP = 28, OVERLAP = 12, PIECE = 60 };

static const char configuration[] =
    "design: time\nbatch_size: 2\nmodel:\n  n_channels: 4\n  seq_len: 120\n  latent_seq_len: 10\n"
    "  latent_dim: 2\n  num_heads: 1\n";

/* The key sounds in frames from … to - 1 of a window. */
static void sound(real *window, size_t key, size_t from, size_t to, real loudness)
{
    for (size_t t = from; t < to; t++)
        window[2 * (key * FRAMES + t)] = window[2 * (key * FRAMES + t) + 1] = loudness;
}

/* Whether the key sounds in frames from … to - 1 of the piece and nowhere else. */
static bool sounds(const struct long_sample *p, size_t key, size_t from, size_t to)
{
    size_t length;
    const real *row = long_sample_joined(p, &length) + 2 * key * length;
    for (size_t t = 0; t < PIECE; t++)
        if ((row[2 * t] > 0) != (t >= from && t < to) || row[2 * t] != row[2 * t + 1]) return false;
    return true;
}

static void test_joint(struct long_sample *p)
{
    real first[2 * KEYS * FRAMES] = {0}, second[2 * KEYS * FRAMES] = {0};
    size_t length;
    sound(first, 0, 3, FRAMES, (real)0.5), sound(second, 0, 0, FRAMES, (real)0.4);
    sound(first, 1, 9, HOP + 5, (real)0.5), sound(second, 1, 0, 5, (real)0.5);
    sound(first, 1, HOP + 9, FRAMES, (real)0.5);
    sound(second, 2, 0, 7, (real)0.5);
    long_sample_join(p, 0, first);
    long_sample_join(p, 1, second);
    const real *joined = long_sample_joined(p, &length);
    ok(length == HOP + FRAMES, "two windows (%zu frames)", length);
    ok(sounds(p, 0, 3, PIECE), "a note of both goes on");
    ok(joined[2 * (HOP + 5)] == first[2 * (HOP + 5)] && joined[2 * (HOP + 6)] == second[2 * 6],
       "from the one to the other in the middle, where no frame is better");
    ok(sounds(p, 1, 9, HOP + 5), "it ends where both end it, whatever the first says at its end");
    ok(sounds(p, 2, 0, 0), "what the second says until they agree is not heard");
    memset(first, 0, sizeof first);
    long_sample_join(p, 2, first);
    ok(long_sample_joined(p, &length)[2 * 10] == 0, "the next piece begins anew");
}

static void test_plan(struct model *m)
{
    bool right = !long_sample_new_or_die(m, 1, FRAMES);
    for (size_t frames = FRAMES + 1; frames < 200; frames++) {
        struct long_sample *p = long_sample_new_or_die(m, 1, frames);
        size_t last = (long_sample_windows(p) - 1) * HOP, from = OVERLAP / 3;
        right = right && frames > last + from && frames <= last + HOP + from;
        long_sample_free(p);
    }
    ok(right, "a window for whatever the one before does not say alone, and none more");
}

int main(void)
{
    struct config *config =
        config_parse_or_die("test", (const uint8_t *)configuration, sizeof configuration - 1);
    struct keys_shape keys = {KEYS, FRAMES};
    struct model *m = model_new_or_die(ops_under_test(), config, keys, 2, false);
    struct long_sample *p = long_sample_new_or_die(m, 1, PIECE);
    test_joint(p);
    test_plan(m);
    long_sample_free(p);
    model_free(m);
    config_free(config);
    return done();
}
