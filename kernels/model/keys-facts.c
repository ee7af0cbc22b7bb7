/* Reads, compares and keeps the facts that say how keys were measured. */
#include "kernels/model/keys-facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys/score.h"
#include "common/number.h"
#include "common/stream/expect.h"

struct keys_facts keys_facts_read(char *facts, int rows)
{
    struct record record = {.facts = facts};
    struct keys_facts read = {.range = {KEYS_FIRST_DEFAULT, KEYS_FIRST_DEFAULT + rows - 1},
                              .frame_seconds =
                                  record_fact_number(&record, "interval", FRAME_SECONDS_DEFAULT)};
    char *text = record_fact(&record, "keys");
    struct key_range range;
    int drums = record_fact_number(&record, "drums", 0) == KEYBOARD_DRUMS ? KEYBOARD_DRUMS : 0;
    double beat = record_fact_number(&record, "beat", 0);
    if (text && key_range_parse(text, &range) && range.last - range.first + 1 + drums == rows)
        read.range = range, read.drums = drums;
    if (beat > 0 && beat <= BEAT_MOST) read.beat = (size_t)beat;
    if (read.beat || !(read.frame_seconds > 0)) read.frame_seconds = FRAME_SECONDS_DEFAULT;
    free(text);
    return read;
}

double keys_interval_or_die(const struct reader *reader, const struct record *record,
                            const struct keys_facts *facts)
{
    double interval = expect_number_or_die(reader, record, "interval", FRAME_SECONDS_DEFAULT);
    if (!(interval > 0)) reader_die(reader, "interval=%g is not above 0 s", interval);
    if (!facts->beat) return facts->frame_seconds;
    if (isnan(record_fact_number(record, "interval", NAN)))
        reader_die(reader, "no interval: what tempo its beats of %zu frames have", facts->beat);
    return interval;
}

static bool same_value(const char *a, const char *b)
{
    double x, y;
    if (strcmp(a, b) == 0) return true;
    return parse_real(a, &x) && parse_real(b, &y) && fabs(x - y) <= 0.01 * fmax(fabs(x), fabs(y));
}

/* Whether the record is of the beat clock. Dies where the facts that are kept are not, or the other way
 * round. A record that states the interval of its frames and no beat is not; one that states neither says
 * nothing about time. */
static bool has_beat_or_die(struct record *kept, const struct reader *reader, const struct record *record,
                            const char *whose)
{
    double beat = (double)score_beat_or_die(reader, record), known = record_fact_number(kept, "beat", 0);
    char *interval = record_fact(record, "interval"), *known_interval = record_fact(kept, "interval");
    if (beat != 0 && known_interval) reader_die(reader, "beat=%g, but %s no beat", beat, whose);
    if (beat == 0 && interval && known != 0) reader_die(reader, "no beat, but %s beat=%g", whose, known);
    free(interval);
    free(known_interval);
    return beat != 0;
}

void keys_facts_keep_or_die(char **kept, const struct reader *reader, const struct record *record,
                            const char *whose)
{
    static const char *const names[] = {"beat",     "interval", "keys",  "drums",
                                        "analysis", "lead",     "width", "rate"};
    struct record facts = {.facts = *kept};
    const char *left_out = has_beat_or_die(&facts, reader, record, whose) ? "interval" : "beat";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], left_out) == 0) continue;
        char *value = record_fact(record, names[i]), *known = record_fact(&facts, names[i]);
        if (value && !known) record_set_fact(&facts, names[i], "%s", value);
        if (value && known && !same_value(value, known))
            reader_die(reader, "%s=%s, but %s %s=%s", names[i], value, whose, names[i], known);
        free(value);
        free(known);
    }
    *kept = facts.facts;
}
