/* keys-baseline: keys records made by chance from a training set, to compare a network with. */
#include <stdlib.h>

#include "common/fail.h"
#include "common/keys/keys-options.h"
#include "common/metrics/baseline.h"
#include "common/option.h"

static long long count = 1, seed = 1;
static bool noise, independent, shuffle, markov_key, markov_frame, looped, bars;

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {0, "noise", OPTION_FLAG, &noise, NULL, 0, 0, "White noise"},
    {0, "independent", OPTION_FLAG, &independent, NULL, 0, 0, "Each key in each frame by itself"},
    {0, "shuffle", OPTION_FLAG, &shuffle, NULL, 0, 0, "Records, their frames in random order"},
    {0, "markov-key", OPTION_FLAG, &markov_key, NULL, 0, 0, "A Markov chain for each key"},
    {0, "markov-frame", OPTION_FLAG, &markov_frame, NULL, 0, 0, "A Markov chain of all keys together"},
    {0, "looped", OPTION_FLAG, &looped, NULL, 0, 0,
     "With --markov-frame: random numbers repeat in part after a period"},
    {0, "bars", OPTION_FLAG, &bars, NULL, 0, 0,
     "With --markov-frame: some bars are copies of the bar before"},
    {'n', "count", OPTION_INT, &count, "COUNT", 1, 1e9, "Records to make"},
    {OPTION_SEED(&seed, "Seed of everything random")},
    {OPTION_KEYS_UNSTATED(&unstated.keys)},
    {OPTION_INTERVAL_UNSTATED(&unstated.interval)},
    {0},
};

static const struct program program = {"keys-baseline", "[FILE]",
                                       "Make keys by chance, for a model to be compared with", 1, options};

static enum baseline_kind kind_or_die(void)
{
    const bool chosen[] = {[BASELINE_NOISE] = noise,
                           [BASELINE_INDEPENDENT] = independent,
                           [BASELINE_SHUFFLE] = shuffle,
                           [BASELINE_MARKOV_KEY] = markov_key,
                           [BASELINE_MARKOV_FRAME] = markov_frame};
    int kind = -1, kinds = 0;
    for (int i = 0; i <= BASELINE_MARKOV_FRAME; i++)
        if (chosen[i]) kind = i, kinds++;
    if (kinds != 1)
        die_usage("one is needed of --noise, --independent, --shuffle, --markov-key and --markov-frame");
    if ((looped || bars) && !markov_frame) die_usage("--looped and --bars go with --markov-frame only");
    if (looped && bars) die_usage("--looped and --bars exclude one another");
    return looped ? BASELINE_LOOPED : bars ? BASELINE_BARS : (enum baseline_kind)kind;
}

/* A record of that shape with its facts; the values are not set. */
static struct record record_or_die(const struct score *shape)
{
    struct record record = {0};
    size_t stereo[] = {2, shape->rows, shape->frames};
    record_shape_or_die(&record, (int)shape->channels + 1, stereo + 2 - shape->channels);
    record_set_fact(&record, "kind", "keys");
    if (shape->beat) record_set_fact(&record, "beat", "%zu", shape->beat);
    record_set_fact(&record, "keys", "%d-%d", shape->keys.first, shape->keys.last);
    if (shape->drums) record_set_fact(&record, "drums", "%zu", shape->drums);
    record_set_fact(&record, "seed", "%lld", seed);
    return record;
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    enum baseline_kind kind = kind_or_die();
    struct writer *writer = writer_open_or_die(NULL);
    struct markov_corpus corpus = markov_corpus_read_or_die(argv[operand], unstated);
    struct baseline *baseline = baseline_new_or_die(&corpus, kind);
    struct record record = record_or_die(&corpus.shape);

    for (long long i = 0; i < count; i++) {
        baseline_make_or_die(record.data, baseline, (uint64_t)seed, (uint32_t)i);
        record_set_fact(&record, "interval", "%.10g",
                        baseline_interval(baseline, (uint64_t)seed, (uint32_t)i));
        writer_put_or_die(writer, &record);
    }
    writer_close_or_die(writer);
    record_free(&record);
    baseline_free(baseline);
    markov_corpus_free(&corpus);
    return 0;
}
