/* Reads the facts `keys`, `drums` and `interval` of a keys record. */
#include "kernels/model/keys-facts.h"

#include <stdlib.h>

#include "common/stream/stream.h"

struct keys_facts keys_facts_read(char *facts, int rows)
{
    struct record record = {.facts = facts};
    struct keys_facts read = {.range = {KEYS_FIRST_DEFAULT, KEYS_FIRST_DEFAULT + rows - 1},
                              .frame_seconds =
                                  record_fact_number(&record, "interval", FRAME_SECONDS_DEFAULT)};
    char *text = record_fact(&record, "keys");
    struct key_range range;
    int drums = record_fact_number(&record, "drums", 0) == KEYBOARD_DRUMS ? KEYBOARD_DRUMS : 0;
    if (text && key_range_parse(text, &range) && range.last - range.first + 1 + drums == rows)
        read.range = range, read.drums = drums;
    if (!(read.frame_seconds > 0)) read.frame_seconds = FRAME_SECONDS_DEFAULT;
    free(text);
    return read;
}
