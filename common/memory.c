/* Memory or the end of the program. */
#include "common/memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/fail.h"

_Noreturn static void die_of_size(size_t count, size_t size)
{
    die("out of memory: %zu elements of %zu bytes were asked for", count, size);
}

void *allocate_or_die(size_t count, size_t size)
{
    void *block = calloc(count ? count : 1, size ? size : 1);
    if (!block) die_of_size(count, size);
    return block;
}

void *reallocate_or_die(void *block, size_t count, size_t size)
{
    block = reallocarray(block, count ? count : 1, size ? size : 1);
    if (!block) die_of_size(count, size);
    return block;
}

char *vtext_or_die(const char *format, va_list values)
{
    char *text;
    if (vasprintf(&text, format, values) < 0) die("out of memory for a text");
    return text;
}

char *text_or_die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = vtext_or_die(format, values);
    va_end(values);
    return text;
}
