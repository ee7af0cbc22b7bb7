/* Options that are a number or auto. */
#include "common/option-auto.h"

#include <string.h>

#include "common/memory.h"

static void set_or_die(const struct option *option, const char *word)
{
    if (strcmp(word, "auto") == 0)
        *(double *)option->value = 0;
    else
        option_real.set_or_die(option, word);
}

static char *auto_text_or_die(const void *value)
{
    double number = *(const double *)value;
    return number == 0 ? text_or_die("auto") : option_real.text_or_die(value);
}

const struct option_type option_auto = {"real", set_or_die, auto_text_or_die};
