/* Data augmentation: windows go on in the next chunk of their song, are transposed, swap left and right, have
 * a largest value of 1, and are a function of the random key. */
#include "kernels/model/training/augment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fail.h"
#include "common/memory.h"
#include "kernels/model/config/config-load.h"
#include "tests/device.h"
#include "tests/tap.h"

enum { KEYS = 3, FRAMES = 10, CELLS = KEYS * FRAMES, BATCH = 64 };

/* Loudness of a song at a frame, counted from its beginning: grows, so that a window tells where it is from;
 * the key's and the channel's shares differ. */
static float loudness(int song, int frame, int key, int channel)
{
    return (float)((song + 1) * 10 + frame) * (float)(key + 1) * (channel ? 0.5f : 1);
}

static void put_chunk(struct writer *writer, int song, int first, int beat)
{
    struct record record = {0};
    float *to = record_shape_or_die(&record, 3, (size_t[]){2, KEYS, FRAMES});
    for (int i = 0; i < 2 * CELLS; i++)
        to[i] = loudness(song, first + i % FRAMES, i / FRAMES % KEYS, i / CELLS);
    record_set_fact(&record, "kind", "keys");
    record_set_fact(&record, "interval", "0.5");
    if (beat) record_set_fact(&record, "beat", "%d", beat);
    record_set_fact(&record, "source", "song %d", song);
    record_set_fact(&record, "start", "%g", first * 0.5);
    writer_put_or_die(writer, &record);
    record_free(&record);
}

/* Two songs in random order: 0 has two chunks that follow one another and one far behind them, 1 has one. */
static struct dataset read_songs(const struct config *config, int beat)
{
    char path[] = "/tmp/musigan-test.XXXXXX";
    if (close(mkstemp(path))) die("%s: not made", path);
    struct writer *writer = writer_open_or_die(path);
    put_chunk(writer, 0, FRAMES, beat);
    put_chunk(writer, 1, 0, beat);
    put_chunk(writer, 0, 40 * FRAMES, beat);
    put_chunk(writer, 0, 0, beat);
    writer_close_or_die(writer);
    struct reader *reader = reader_open_or_die(path);
    struct dataset d = dataset_read_or_die(reader, config);
    reader_close(reader);
    unlink(path);
    return d;
}

static struct config *configure(const char *augmentation)
{
    char *text = text_or_die("model: {seq_len: %d, latent_seq_len: 2}\nnoise_dim: 64\naugmentation: {%s}\n",
                             CELLS, augmentation);
    struct config *config = config_parse_or_die("test", (const uint8_t *)text, strlen(text));
    free(text);
    return config;
}

/* x (BATCH, CELLS, 2): record `record` each time, of songs with a beat, or without: 0. Caller frees. */
static real *make_on_beat(const char *augmentation, size_t record, uint32_t step, int beat)
{
    struct config *config = configure(augmentation);
    struct dataset d = read_songs(config, beat);
    const struct ops *ops = ops_under_test();
    size_t order[4] = {record, record, record, record};
    struct tensor x = tensor_make(ops->allocate_or_die(BATCH * CELLS * 2), BATCH, CELLS, 2);
    dataset_place_or_die(&d, ops, BATCH, true);
    augment_batch(&d, config, x, order, 0, random_key_make(1, PURPOSE_AUGMENT, step));
    real *values = allocate_or_die(BATCH * CELLS * 2, sizeof values[0]);
    ops->download(values, x.data, BATCH * CELLS * 2);
    ops->release(x.data);
    dataset_free(&d);
    config_free(config);
    return values;
}

static real *make(const char *augmentation, size_t record, uint32_t step)
{
    return make_on_beat(augmentation, record, step, 0);
}

/* The window of song 0 that begins at this frame. */
static bool is_window(const real *x, int first)
{
    double largest = (double)loudness(0, first + FRAMES - 1, KEYS - 1, 0), worst = 0;
    for (int i = 0; i < 2 * CELLS; i++) {
        double want = (double)loudness(0, first + i / 2 % FRAMES, i / 2 / FRAMES, i % 2) / largest;
        worst = fmax(worst, fabs((double)x[i] - want));
    }
    return worst < 1e-5;
}

static void test_windows(void)
{
    real *x = make("windows: true", 3, 0), *last = make("windows: true", 0, 0);
    int found[FRAMES] = {0}, matched = 0;
    bool stays = true;
    for (int b = 0; b < BATCH; b++) {
        for (int first = 0; first < FRAMES; first++)
            if (is_window(x + b * CELLS * 2, first)) found[first]++, matched++;
        stays = stays && is_window(last + b * CELLS * 2, FRAMES);
    }
    ok(matched == BATCH, "each window is one of the song");
    ok(found[0] && found[FRAMES / 2] && found[FRAMES - 1], "from any moment");
    ok(stays, "a chunk that nothing follows stays as it is");
    free(x), free(last);
}

static void test_beats(void)
{
    real *x = make_on_beat("windows: true", 3, 0, 5);
    int found[2] = {0};
    for (int b = 0; b < BATCH; b++)
        for (int beat = 0; beat < 2; beat++) found[beat] += is_window(x + b * CELLS * 2, 5 * beat);
    ok(found[0] > 9 && found[1] > 9 && found[0] + found[1] == BATCH,
       "on each beat (%d %d), and on nothing else", found[0], found[1]);
    free(x);
}

static void test_shift_and_swap(void)
{
    real *x = make("shift: 1, swap: true", 3, 0);
    int moved[3] = {0}, swapped = 0;
    bool peak = true;
    for (int b = 0; b < BATCH; b++) {
        const real *lowest = x + b * CELLS * 2, *highest = lowest + 2 * (CELLS - FRAMES),
                   *middle = lowest + 2 * FRAMES;
        double largest = 0;
        for (int i = 0; i < 2 * CELLS; i++) largest = fmax(largest, (double)lowest[i]);
        moved[lowest[0] == 0 ? 2 : highest[0] == 0 ? 0 : 1]++;
        swapped += middle[0] < middle[1];
        peak = peak && fabs(largest - 1) < 1e-6;
    }
    ok(moved[0] > 9 && moved[1] > 9 && moved[2] > 9, "down, not at all, up (%d %d %d)", moved[0], moved[1],
       moved[2]);
    ok(swapped > 16 && swapped < 48, "channels swapped half the time (%d of %d)", swapped, BATCH);
    ok(peak, "the largest value is 1");
    real *again = make("shift: 1, swap: true", 3, 0), *other = make("shift: 1, swap: true", 3, 1);
    ok(!memcmp(x, again, BATCH * CELLS * 2 * sizeof *x), "the same key, the same records");
    ok(memcmp(x, other, BATCH * CELLS * 2 * sizeof *x), "another epoch, others");
    free(x), free(again), free(other);
}

int main(void)
{
    test_windows();
    test_beats();
    test_shift_and_swap();
    return done();
}
