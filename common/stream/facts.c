/* The facts of a record: "name=value name=value", the values percent-encoded. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/number.h"
#include "common/stream/stream-header.h"

/* Printable ASCII but space and what quotes, groups or comments in Python and in a shell. */
static bool needs_no_encoding(unsigned char byte)
{
    return byte > ' ' && byte < 0x7f && !strchr("()[]{}'\"`#%\\", byte);
}

/* The first character of name's value, or NULL; `*length` is the value's. */
static const char *find_value(const struct record *record, const char *name, size_t *length)
{
    size_t name_length = strlen(name);
    for (const char *fact = record->facts; fact && *fact; fact += strspn(fact, " ")) {
        size_t fact_length = strcspn(fact, " ");
        if (fact_length > name_length && fact[name_length] == '=' && memcmp(fact, name, name_length) == 0) {
            *length = fact_length - name_length - 1;
            return fact + name_length + 1;
        }
        fact += fact_length;
    }
    return NULL;
}

static int hexadecimal(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0' : tolower(digit) - 'a' + 10;
}

static char *decode(const char *value, size_t length)
{
    char *text = allocate_or_die(length + 1, 1), *end = text;
    for (size_t i = 0; i < length; i++) {
        if (value[i] == '%') {
            *end++ = (char)(16 * hexadecimal(value[i + 1]) + hexadecimal(value[i + 2]));
            i += 2;
        } else
            *end++ = value[i];
    }
    return text;
}

static char *encode(const char *text)
{
    char *value = allocate_or_die(3 * strlen(text) + 1, 1), *end = value;
    for (; *text; text++) {
        if (needs_no_encoding((unsigned char)*text))
            *end++ = *text;
        else
            end += sprintf(end, "%%%02X", (unsigned char)*text);
    }
    return value;
}

char *record_fact(const struct record *record, const char *name)
{
    size_t length;
    const char *value = find_value(record, name, &length);
    return value ? decode(value, length) : NULL;
}

char *record_fact_name(const struct record *record, size_t index)
{
    const char *fact = record->facts ? record->facts : "";
    for (; *fact && index > 0; index--) {
        fact += strcspn(fact, " ");
        fact += strspn(fact, " ");
    }
    return *fact ? text_or_die("%.*s", (int)strcspn(fact, "="), fact) : NULL;
}

double record_fact_number(const struct record *record, const char *name, double fallback)
{
    double number = fallback;
    char *text = record_fact(record, name);
    if (text && !parse_real(text, &number)) number = fallback;
    free(text);
    return number;
}

bool record_is(const struct record *record, const char *kind)
{
    char *text = record_fact(record, "kind");
    bool is = text && strcmp(text, kind) == 0;
    free(text);
    return is;
}

uint64_t record_song(const struct record *record)
{
    char *source = record_fact(record, "source");
    uint64_t hash = 14695981039346656037u;
    for (const char *c = source; c && *c; c++) hash = (hash ^ (uint8_t)*c) * 1099511628211u;
    bool known = source != NULL;
    free(source);
    return known ? hash : 0;
}

void record_set_fact(struct record *record, const char *name, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = vtext_or_die(format, values);
    va_end(values);
    char *value = encode(text), *old = record->facts;
    size_t old_length;
    const char *old_value = find_value(record, name, &old_length);
    if (old_value)
        record->facts = text_or_die("%.*s%s%s", (int)(old_value - old), old, value, old_value + old_length);
    else
        record->facts = text_or_die("%s%s%s=%s", old ? old : "", old && *old ? " " : "", name, value);
    free(old);
    free(value);
    free(text);
}

void record_remove_fact(struct record *record, const char *name)
{
    size_t length;
    const char *value = find_value(record, name, &length);
    if (!value) return;
    char *fact = record->facts + (value - record->facts) - strlen(name) - 1;
    const char *rest = value + length;
    rest += strspn(rest, " ");
    memmove(fact, rest, strlen(rest) + 1);
    size_t left = strlen(record->facts);
    if (left && record->facts[left - 1] == ' ') record->facts[left - 1] = '\0';
}

void record_copy_facts(struct record *record, const struct record *source)
{
    char *copy = source->facts ? text_or_die("%s", source->facts) : NULL;
    free(record->facts);
    record->facts = copy;
}

/* Bytes from 0x80 on are taken too: other programs write UTF-8 as it is. */
static bool value_is_encoded(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (value[i] == '%') {
            if (i + 2 >= length || !isxdigit((unsigned char)value[i + 1]) ||
                !isxdigit((unsigned char)value[i + 2]))
                return false;
            if (value[i + 1] == '0' && value[i + 2] == '0') return false;
            i += 2;
        } else if (!needs_no_encoding((unsigned char)value[i]) && (unsigned char)value[i] < 0x80)
            return false;
    }
    return true;
}

bool facts_are_valid(const char *facts)
{
    while (*facts) {
        size_t length = strcspn(facts, " "), name = 0;
        while (name < length && (isalnum((unsigned char)facts[name]) || strchr("_-.", facts[name]))) name++;
        if (name == 0 || name == length || facts[name] != '=') return false;
        if (!value_is_encoded(facts + name + 1, length - name - 1)) return false;
        facts += length;
        facts += strspn(facts, " ");
    }
    return true;
}
