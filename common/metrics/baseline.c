#include "common/metrics/baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/shuffle.h"

static const double SHORTEST_BAR = 0.3, LONGEST_BAR = 1.9; /* s */

enum purpose { PURPOSE_START, PURPOSE_STEP, PURPOSE_BAR, PURPOSE_AGAIN, PURPOSE_FRESH, PURPOSE_CELLS };

struct baseline {
    const struct markov_corpus *corpus;
    enum baseline_kind kind;
    size_t chains;
    struct markov_chain **chain; /* (chains): one, or one for each row */
};

/* What decides a record. */
struct draws {
    uint64_t seed;
    uint32_t number;
};

static struct random_key key_of(struct draws draws, uint32_t purpose)
{
    return random_key_make(draws.seed, purpose, draws.number);
}

static uint32_t bits_at(struct random_key key, uint32_t index)
{
    uint32_t bits[4];
    random_block(key, index, bits);
    return bits[0];
}

static double normal_at(struct random_key key, uint32_t index)
{
    float normal[4];
    random_normal_block(key, index, normal);
    return (double)normal[0];
}

/* How a record repeats itself. */
struct loop {
    double share;
    uint32_t period; /* frames */
};

static struct loop loop_of(struct draws draws, double interval)
{
    uint32_t bits[4];
    random_block(key_of(draws, PURPOSE_BAR), 0, bits);
    double seconds = SHORTEST_BAR + (double)random_uniform(bits[1]) * (LONGEST_BAR - SHORTEST_BAR);
    return (struct loop){(double)random_uniform(bits[0]), (uint32_t)fmax(1, round(seconds / interval))};
}

/* bits (frames): uniform, of normal numbers sqrt(share) loop + sqrt(1 - share) fresh. */
static void draw_looped(uint32_t *bits, size_t frames, struct loop loop, struct draws draws)
{
    for (uint32_t t = 0; t < frames; t++) {
        double again = normal_at(key_of(draws, PURPOSE_AGAIN), t % loop.period);
        double fresh = normal_at(key_of(draws, PURPOSE_FRESH), t);
        double normal = sqrt(loop.share) * again + sqrt(1 - loop.share) * fresh;
        bits[t] = (uint32_t)fmin(0x1p32 * 0.5 * erfc(-normal / M_SQRT2), UINT32_MAX);
    }
}

/* from (frames): a bar is the one before again, with the probability `share`. */
static void repeat_bars(uint32_t *from, size_t frames, struct loop loop, struct draws draws)
{
    for (uint32_t t = loop.period; t < frames; t++) {
        uint32_t bits = bits_at(key_of(draws, PURPOSE_AGAIN), t / loop.period);
        if ((double)random_uniform(bits) < loop.share) from[t] = from[t - loop.period];
    }
}

/* from (frames): the corpus's frames that a chain goes through. */
static void walk(uint32_t *from, size_t frames, const struct markov_chain *chain, uint32_t start,
                 const uint32_t *bits)
{
    for (size_t t = 0; t < frames; t++) {
        from[t] = start;
        start = markov_chain_next(chain, start, bits[t]);
    }
}

/* from (rows, frames): where in the corpus each cell comes from; as below. */
static void choose_by_chains_or_die(uint32_t *from, const struct baseline *baseline, struct draws draws)
{
    const struct score *shape = &baseline->corpus->shape;
    struct loop loop = loop_of(draws, shape->interval);
    uint32_t *bits = allocate_or_die(shape->frames, sizeof *bits);
    uint32_t count = (uint32_t)baseline->corpus->count;
    uint32_t start = random_below(bits_at(key_of(draws, PURPOSE_START), 0), count);
    for (size_t k = 0; k < baseline->chains; k++) {
        struct random_key key = key_of(draws, PURPOSE_CELLS + (uint32_t)k);
        for (uint32_t t = 0; t < shape->frames; t++) bits[t] = bits_at(key, t);
        if (baseline->kind == BASELINE_LOOPED) draw_looped(bits, shape->frames, loop, draws);
        walk(from + k * shape->frames, shape->frames, baseline->chain[k], start, bits);
    }
    if (baseline->kind == BASELINE_BARS) repeat_bars(from, shape->frames, loop, draws);
    for (size_t k = baseline->chains; k < shape->rows; k++)
        memcpy(from + k * shape->frames, from, shape->frames * sizeof *from);
    free(bits);
}

static void choose_cells(uint32_t *from, const struct markov_corpus *corpus, struct draws draws)
{
    for (size_t i = 0; i < corpus->shape.rows * corpus->shape.frames; i++)
        from[i] = random_below(bits_at(key_of(draws, PURPOSE_CELLS), (uint32_t)i), (uint32_t)corpus->count);
}

static void choose_order_or_die(uint32_t *from, const struct markov_corpus *corpus, struct draws draws)
{
    size_t frames = corpus->shape.frames;
    size_t *order = shuffled_or_die(key_of(draws, PURPOSE_STEP), frames);
    uint32_t part = random_below(bits_at(key_of(draws, PURPOSE_START), 0), (uint32_t)corpus->parts);
    for (size_t i = 0; i < corpus->shape.rows * frames; i++)
        from[i] = (uint32_t)(part * frames + order[i % frames]);
    free(order);
}

static void copy_cells(float *loudness, const struct markov_corpus *corpus, const uint32_t *from)
{
    size_t rows = corpus->shape.rows, frames = corpus->shape.frames, lines = corpus->shape.channels * rows;
    for (size_t line = 0; line < lines; line++)
        for (size_t t = 0; t < frames; t++)
            loudness[line * frames + t] = corpus->loudness[from[line % rows * frames + t] * lines + line];
}

struct baseline *baseline_new_or_die(const struct markov_corpus *corpus, enum baseline_kind kind)
{
    struct baseline *baseline = allocate_or_die(1, sizeof *baseline);
    size_t rows = corpus->shape.rows,
           chains = kind == BASELINE_MARKOV_KEY ? rows : kind >= BASELINE_MARKOV_FRAME;
    *baseline =
        (struct baseline){corpus, kind, chains, allocate_or_die(chains, sizeof(struct markov_chain *))};
    for (size_t k = 0; k < chains; k++)
        baseline->chain[k] = markov_chain_new_or_die(corpus, k, kind == BASELINE_MARKOV_KEY ? 1 : rows);
    return baseline;
}

void baseline_free(struct baseline *baseline)
{
    for (size_t k = 0; k < baseline->chains; k++) markov_chain_free(baseline->chain[k]);
    free(baseline->chain);
    free(baseline);
}

void baseline_make_or_die(float *loudness, const struct baseline *baseline, uint64_t seed, uint32_t number)
{
    const struct markov_corpus *corpus = baseline->corpus;
    const struct score *shape = &corpus->shape;
    struct draws draws = {seed, number};
    if (baseline->kind == BASELINE_NOISE) {
        for (size_t i = 0; i < shape->channels * shape->rows * shape->frames; i++)
            loudness[i] = random_uniform(bits_at(key_of(draws, PURPOSE_CELLS), (uint32_t)i));
        return;
    }
    uint32_t *from = allocate_or_die(shape->rows * shape->frames, sizeof *from);
    if (baseline->kind == BASELINE_INDEPENDENT)
        choose_cells(from, corpus, draws);
    else if (baseline->kind == BASELINE_SHUFFLE)
        choose_order_or_die(from, corpus, draws);
    else
        choose_by_chains_or_die(from, baseline, draws);
    copy_cells(loudness, corpus, from);
    free(from);
}
