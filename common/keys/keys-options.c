/* Types of options: a range of piano keys, and the width of their bands. */
#include "common/keys/keys-options.h"

#include "common/fail.h"
#include "common/keys/key-width.h"
#include "common/memory.h"

static void set_keys_or_die(const struct option *option, const char *word)
{
    char range[80];
    if (!key_range_parse(word, option->value))
        die_usage("--%s: '%s' is not two keys in order (%s)", option->name, word,
                  option_range(option, range, sizeof range));
}

static char *keys_text_or_die(const void *value)
{
    const struct key_range *keys = value;
    return text_or_die("%d-%d", keys->first, keys->last);
}

static void set_width_or_die(const struct option *option, const char *word)
{
    struct key_width width;
    if (!key_width_parse(word, &width))
        die_usage("--%s: '%s' is not like 12.5Hz or 0.25st", option->name, word);
    option_text.set_or_die(option, word);
}

static char *width_text_or_die(const void *value)
{
    return option_text.text_or_die(value);
}

const struct option_type option_key_range = {"", set_keys_or_die, keys_text_or_die},
                         option_key_width = {"", set_width_or_die, width_text_or_die};
