/* Types of options: a range of piano keys, and the width of their bands. */
#include "common/keys/keys-options.h"

#include <string.h>

#include "common/fail.h"
#include "common/keys/key-width.h"
#include "common/memory.h"
#include "common/number.h"

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

static void set_tuning_or_die(const struct option *option, const char *word)
{
    double *tuning = option->value;
    if (strcmp(word, "auto") == 0)
        *tuning = 0;
    else if (!parse_real(word, tuning) || *tuning < option->least || *tuning > option->most)
        die_usage("--%s: '%s' is neither auto nor a number from %g to %g", option->name, word, option->least,
                  option->most);
}

static char *tuning_text_or_die(const void *value)
{
    const double *tuning = value;
    return *tuning > 0 ? text_or_die("%g", *tuning) : text_or_die("auto");
}

const struct option_type option_key_range = {"", set_keys_or_die, keys_text_or_die},
                         option_key_width = {"", set_width_or_die, width_text_or_die},
                         option_tuning = {"number", set_tuning_or_die, tuning_text_or_die};
