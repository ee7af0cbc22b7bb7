/* The facts that a model keeps of its keys: without a beat the length of a frame, with one the beat alone. */
#include "kernels/model/keys-facts.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/memory.h"
#include "tests/child.h"
#include "tests/tap.h"

static char path[] = "keys-facts-XXXXXX";

/* What is kept of records with these facts, in their order; the caller frees. */
static char *kept_of(const char *const *facts, size_t count)
{
    char *kept = NULL;
    struct record record = {0};
    struct writer *writer = writer_open_or_die(path);
    writer_close_or_die(writer);
    struct reader *reader = reader_open_or_die(path);
    for (size_t i = 0; i < count; i++) {
        record.facts = text_or_die("%s", facts[i]);
        keys_facts_keep_or_die(&kept, reader, &record, "the records before have");
        free(record.facts);
    }
    reader_close(reader);
    return kept;
}

static void keep_two(const void *facts)
{
    free(kept_of(facts, 2));
}

static void keeps(const char *first, const char *second, const char *expected)
{
    char *kept = kept_of((const char *[]){first, second}, 2);
    ok(kept && !strcmp(kept, expected), "%s and %s: keeps %s, got %s", first, second, expected, kept);
    free(kept);
}

static void refuses(const char *first, const char *second, const char *expected)
{
    const char *facts[] = {first, second};
    struct outcome outcome = child_run(keep_two, facts);
    ok(outcome.status == 1 && strstr(outcome.err, expected), "%s and %s are refused", first, second);
}

int main(void)
{
    int made = mkstemp(path);
    ok(made >= 0, "a file for a stream");
    close(made);
    keeps("interval=0.05", "interval=0.0501", "interval=0.05");
    refuses("interval=0.05", "interval=0.06", "interval=0.06, but the records before have interval=0.05");
    keeps("beat=24 interval=0.02", "beat=24 interval=0.04", "beat=24");
    keeps("kind=keys", "beat=24 interval=0.04", "beat=24");
    keeps("beat=24 interval=0.02", "kind=keys", "beat=24");
    keeps("beat=0 interval=0.05", "interval=0.05", "interval=0.05");
    refuses("beat=24 interval=0.02", "beat=12 interval=0.02", "beat=12, but the records before have beat=24");
    refuses("beat=24 interval=0.02", "interval=0.02", "no beat, but the records before have beat=24");
    refuses("interval=0.02", "beat=24 interval=0.02", "beat=24, but the records before have no beat");
    refuses("interval=0.02", "beat=often interval=0.02", "beat=often is not a number");

    struct keys_facts plain = keys_facts_read((char[]){"interval=0.05 keys=3-63 drums=3"}, 64),
                      timed = keys_facts_read((char[]){"beat=24 interval=0.05 keys=3-63 drums=3"}, 64);
    ok(plain.beat == 0 && plain.frame_seconds == 0.05, "without a beat: the length of a frame");
    ok(timed.beat == 24 && timed.frame_seconds == FRAME_SECONDS_DEFAULT && timed.drums == 3,
       "with a beat: its frames, and no length of one");
    unlink(path);
    return done();
}
