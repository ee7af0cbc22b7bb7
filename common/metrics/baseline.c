/* Baselines: records of noise, of shuffled frames, of Markov chains. */
#include "common/metrics/baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/shuffle.h"

static const double SHORTEST_BAR = 0.3, LONGEST_BAR = 1.9; /* s */

enum { BAR_LENGTHS = 3 };
static const uint32_t BEATS[BAR_LENGTHS] = {2, 4, 8}; /* of a bar, where the corpus has beats */

enum purpose {
    PURPOSE_START,
    PURPOSE_STEP,
    PURPOSE_BAR,
    PURPOSE_REPEATED,
    PURPOSE_INNOVATION,
    PURPOSE_CELLS
};

struct baseline {
    const struct markov_corpus *corpus;
    enum baseline_kind kind;
    size_t chains;
    struct markov_chain **chain; /* (chains): one, or one for each row */
};

/* The seed and the number of a record determine all its random numbers. */
struct record_seed {
    uint64_t seed;
    uint32_t number;
};

static struct random_key random_key_of(struct record_seed record_seed, uint32_t purpose)
{
    return random_key_make(record_seed.seed, purpose, record_seed.number);
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

/* How much of a record repeats, and after what time. */
struct loop {
    double share;    /* of the variance, or probability of a bar */
    uint32_t period; /* frames */
};

static struct loop loop_of(struct record_seed record_seed, const struct score *shape)
{
    uint32_t bits[4];
    random_block(random_key_of(record_seed, PURPOSE_BAR), 0, bits);
    double seconds = SHORTEST_BAR + (double)random_uniform(bits[1]) * (LONGEST_BAR - SHORTEST_BAR);
    struct loop loop = {(double)random_uniform(bits[0]), (uint32_t)fmax(1, round(seconds / shape->interval))};
    if (shape->beat) loop.period = (uint32_t)shape->beat * BEATS[random_below(bits[1], BAR_LENGTHS)];
    return loop;
}

/* Where a record begins: any frame of the corpus, any beat where it has beats. */
static uint32_t start_of(struct record_seed record_seed, const struct markov_corpus *corpus)
{
    const struct score *shape = &corpus->shape;
    uint32_t bits = bits_at(random_key_of(record_seed, PURPOSE_START), 0),
             start = random_below(bits, (uint32_t)corpus->count);
    return shape->beat ? start - (uint32_t)(start % shape->frames % shape->beat) : start;
}

/* bits (frames): uniform numbers, made of the normal numbers sqrt(share) repeated + sqrt(1 - share)
 * innovation, of which the first repeat after a period. */
static void looped_bits(uint32_t *bits, size_t frames, struct loop loop, struct record_seed record_seed)
{
    for (uint32_t t = 0; t < frames; t++) {
        double repeated = normal_at(random_key_of(record_seed, PURPOSE_REPEATED), t % loop.period);
        double innovation = normal_at(random_key_of(record_seed, PURPOSE_INNOVATION), t);
        double normal = sqrt(loop.share) * repeated + sqrt(1 - loop.share) * innovation;
        bits[t] = (uint32_t)fmin(0x1p32 * 0.5 * erfc(-normal / M_SQRT2), UINT32_MAX);
    }
}

/* Makes each bar but the first a copy of the bar before, with the probability `share`. source (frames). */
static void repeat_bars(uint32_t *source, size_t frames, struct loop loop, struct record_seed record_seed)
{
    for (uint32_t t = loop.period; t < frames; t++) {
        uint32_t bits = bits_at(random_key_of(record_seed, PURPOSE_REPEATED), t / loop.period);
        if ((double)random_uniform(bits) < loop.share) source[t] = source[t - loop.period];
    }
}

/* source (frames): the frames of the corpus that a chain passes through, from frame `start` on. */
static void follow_chain(uint32_t *source, size_t frames, const struct markov_chain *chain, uint32_t start,
                         const uint32_t *bits)
{
    for (size_t t = 0; t < frames; t++) {
        source[t] = start;
        start = markov_chain_next(chain, start, bits[t]);
    }
}

/* source (rows, frames): the frame of the corpus that each cell is copied from; so below. */
static void choose_by_chains_or_die(uint32_t *source, const struct baseline *baseline,
                                    struct record_seed record_seed)
{
    const struct score *shape = &baseline->corpus->shape;
    struct loop loop = loop_of(record_seed, shape);
    uint32_t *bits = allocate_or_die(shape->frames, sizeof *bits);
    uint32_t start = start_of(record_seed, baseline->corpus);
    for (size_t k = 0; k < baseline->chains; k++) {
        struct random_key key = random_key_of(record_seed, PURPOSE_CELLS + (uint32_t)k);
        for (uint32_t t = 0; t < shape->frames; t++) bits[t] = bits_at(key, t);
        if (baseline->kind == BASELINE_LOOPED) looped_bits(bits, shape->frames, loop, record_seed);
        follow_chain(source + k * shape->frames, shape->frames, baseline->chain[k], start, bits);
    }
    if (baseline->kind == BASELINE_BARS) repeat_bars(source, shape->frames, loop, record_seed);
    for (size_t k = baseline->chains; k < shape->rows; k++)
        memcpy(source + k * shape->frames, source, shape->frames * sizeof *source);
    free(bits);
}

/* A record of the corpus. */
static uint32_t part_of(struct record_seed record_seed, const struct markov_corpus *corpus)
{
    return random_below(bits_at(random_key_of(record_seed, PURPOSE_START), 0), (uint32_t)corpus->parts);
}

static void choose_cells(uint32_t *source, const struct markov_corpus *corpus, struct record_seed record_seed)
{
    for (size_t i = 0; i < corpus->shape.rows * corpus->shape.frames; i++)
        source[i] = random_below(bits_at(random_key_of(record_seed, PURPOSE_CELLS), (uint32_t)i),
                                 (uint32_t)corpus->count);
}

static void choose_order_or_die(uint32_t *source, const struct markov_corpus *corpus,
                                struct record_seed record_seed)
{
    size_t frames = corpus->shape.frames;
    size_t *order = shuffled_or_die(random_key_of(record_seed, PURPOSE_STEP), frames);
    uint32_t part = part_of(record_seed, corpus);
    for (size_t i = 0; i < corpus->shape.rows * frames; i++)
        source[i] = (uint32_t)(part * frames + order[i % frames]);
    free(order);
}

static void copy_cells(float *loudness, const struct markov_corpus *corpus, const uint32_t *source)
{
    size_t rows = corpus->shape.rows, frames = corpus->shape.frames, lines = corpus->shape.channels * rows;
    for (size_t line = 0; line < lines; line++)
        for (size_t t = 0; t < frames; t++)
            loudness[line * frames + t] = corpus->loudness[source[line % rows * frames + t] * lines + line];
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

double baseline_interval(const struct baseline *baseline, uint64_t seed, uint32_t number)
{
    return baseline->corpus->interval[part_of((struct record_seed){seed, number}, baseline->corpus)];
}

void baseline_make_or_die(float *loudness, const struct baseline *baseline, uint64_t seed, uint32_t number)
{
    const struct markov_corpus *corpus = baseline->corpus;
    const struct score *shape = &corpus->shape;
    struct record_seed record_seed = {seed, number};
    if (baseline->kind == BASELINE_NOISE) {
        for (size_t i = 0; i < shape->channels * shape->rows * shape->frames; i++)
            loudness[i] = random_uniform(bits_at(random_key_of(record_seed, PURPOSE_CELLS), (uint32_t)i));
        return;
    }
    uint32_t *source = allocate_or_die(shape->rows * shape->frames, sizeof *source);
    if (baseline->kind == BASELINE_INDEPENDENT)
        choose_cells(source, corpus, record_seed);
    else if (baseline->kind == BASELINE_SHUFFLE)
        choose_order_or_die(source, corpus, record_seed);
    else
        choose_by_chains_or_die(source, baseline, record_seed);
    copy_cells(loudness, corpus, source);
    free(source);
}
