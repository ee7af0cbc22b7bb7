/* Reads the facts `keys` and `interval` of a keys record. */
#include "kernels/model/keys-facts.h"

#include <stdlib.h>

#include "common/stream/stream.h"

struct keys_facts keys_facts_read(char *facts, int keys)
{
    struct record record = {.facts = facts};
    struct keys_facts read = {.range = {KEYS_FIRST_DEFAULT, KEYS_FIRST_DEFAULT + keys - 1},
                              .frame_seconds =
                                  record_fact_number(&record, "interval", FRAME_SECONDS_DEFAULT)};
    char *text = record_fact(&record, "keys");
    struct key_range range;
    if (text && key_range_parse(text, &range) && range.last - range.first + 1 == keys) read.range = range;
    if (!(read.frame_seconds > 0)) read.frame_seconds = FRAME_SECONDS_DEFAULT;
    free(text);
    return read;
}
