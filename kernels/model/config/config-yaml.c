/* Gets the values of a YAML file through libcyaml, and puts its refusals into messages with line and key. */
#include "kernels/model/config/config-yaml.h"

#include <ctype.h>
#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"

/* What libcyaml logged when it refused a file: the problem, and the field (or the mapping) and line that it
 * had reached; for an unknown key that is the line of the value before. */
struct refusal {
    char problem[200], field[80];
    int line;
};

static void refusal_log(cyaml_log_t level, void *context, const char *format, va_list values)
{
    (void)level;
    struct refusal *refusal = context;
    char text[sizeof refusal->problem];
    vsnprintf(text, sizeof text, format, values);
    text[strcspn(text, "\n")] = 0;
    const char *line = strstr(text, "(line: ");
    if (!refusal->problem[0] && !strncmp(text, "Load: ", 6) && strcmp(text, "Load: Backtrace:"))
        snprintf(refusal->problem, sizeof refusal->problem, "%s", text + 6);
    if (!refusal->line && line) refusal->line = atoi(line + 7);
    if (!refusal->field[0]) sscanf(text, " in mapping field '%79[^']", refusal->field);
}

/* A row of libcyaml's schema. libcyaml does not tell the line of a value that it accepts; a trapped key is an
 * enumeration without words, so that it refuses any value and logs the line. */
static cyaml_schema_field_t key_field(const struct config_key *key, bool trapped)
{
    size_t slot = (size_t)(key - config_keys) * sizeof(char *);
    cyaml_schema_field_t field = {.key = key->name, .data_offset = (uint32_t)slot};
    field.value = (cyaml_schema_value_t){CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED)};
    if (key->type == CONFIG_IGNORED) field.value.type = CYAML_IGNORE, field.value.flags = 0;
    if (trapped) field.value = (cyaml_schema_value_t){CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, int, NULL, 0)};
    field.value.flags |= CYAML_FLAG_OPTIONAL;
    return field;
}

static bool starts_group(const struct config_key *key)
{
    if (!key->group) return false;
    return key == config_keys || !key[-1].group || strcmp(key->group, key[-1].group) != 0;
}

/* Fills top (keys + 1) and nested (2 keys + 1), both zeroed: a zeroed field ends a mapping. */
static void schema_fill(cyaml_schema_field_t *top, cyaml_schema_field_t *nested, size_t keys,
                        const struct config_key *trap)
{
    for (const struct config_key *key = config_keys; key->name; key++) {
        if (starts_group(key)) {
            nested++;
            top->key = key->group;
            top->value = (cyaml_schema_value_t){.type = CYAML_MAPPING,
                                                .flags = CYAML_FLAG_OPTIONAL,
                                                .data_size = (uint32_t)(keys * sizeof(char *)),
                                                .mapping = {nested}};
            top++;
        }
        *(key->group ? nested++ : top++) = key_field(key, key == trap);
    }
}

/* Loads the values (caller frees), or fills the refusal and returns false. trap: a key to be refused, or
 * NULL. */
static bool load(const struct config_yaml *yaml, const struct config_key *trap, char ***values,
                 struct refusal *refusal)
{
    cyaml_schema_field_t *top = allocate_or_die(yaml->keys + 1, sizeof *top);
    cyaml_schema_field_t *nested = allocate_or_die(2 * yaml->keys + 1, sizeof *nested);
    schema_fill(top, nested, yaml->keys, trap);
    cyaml_schema_value_t root = {.type = CYAML_MAPPING,
                                 .flags = CYAML_FLAG_POINTER,
                                 .data_size = (uint32_t)(yaml->keys * sizeof(char *)),
                                 .mapping = {top}};
    cyaml_config_t library = {
        .log_fn = refusal_log, .log_ctx = refusal, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
    *refusal = (struct refusal){0};
    cyaml_data_t *data = NULL;
    cyaml_err_t error =
        cyaml_load_data((const uint8_t *)yaml->text, yaml->size, &library, &root, &data, NULL);
    if (error && !refusal->problem[0])
        snprintf(refusal->problem, sizeof refusal->problem, "%s", cyaml_strerror(error));
    free(top);
    free(nested);
    *values = data;
    return !error;
}

/* True when `key:` stands in this line, outside a comment. */
static bool line_has_key(const char *line, const char *key)
{
    size_t length = strlen(key);
    for (const char *at = line; *at && *at != '\n' && *at != '#'; at++) {
        if (strncmp(at, key, length) != 0 || (at > line && (isalnum((unsigned char)at[-1]) || at[-1] == '_')))
            continue;
        const char *after = at + length;
        if (*after == '"' || *after == '\'') after++;
        if (after[strspn(after, " ")] == ':') return true;
    }
    return false;
}

/* The nearest line from `first` on, downwards (step 1) or upwards (-1), where the key stands; `first` when
 * none does. */
static int line_of_key(const char *text, int first, int step, const char *key)
{
    const char *line = text;
    for (int i = 1; i < first && strchr(line, '\n'); i++) line = strchr(line, '\n') + 1;
    for (int number = first;; number += step) {
        if (line_has_key(line, key)) return number;
        if (step > 0 && !(line = strchr(line, '\n'))) return first;
        if (step > 0) line++;
        if (step < 0 && line == text) return first;
        if (step < 0)
            for (line--; line > text && line[-1] != '\n';) line--;
    }
}

void config_yaml_die(const struct config_yaml *yaml, const struct config_key *key, const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    struct refusal refusal;
    char **values_again;
    const char *group = key->group ? key->group : "", *dot = key->group ? "." : "";
    if (load(yaml, key, &values_again, &refusal))
        die("%s: %s%s%s: %s", yaml->name, group, dot, key->name, message);
    int line = line_of_key(yaml->text, refusal.line, -1, key->name);
    die("%s: line %d: %s%s%s: %s", yaml->name, line, group, dot, key->name, message);
}

/* Insertions, deletions and replacements between two short words (Levenshtein's distance). */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[80], length = strlen(b);
    if (length >= 80) return length;
    for (size_t j = 0; j <= length; j++) row[j] = j;
    for (; *a; a++) {
        size_t diagonal = row[0]++;
        for (size_t j = 1; j <= length; j++) {
            size_t best = diagonal + (*a != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[length];
}

/* " (model.n_channels?)" for the key whose name is nearest, "" when none is near. Caller frees. */
static char *suggestion(const char *unknown)
{
    const struct config_key *best = NULL;
    size_t least = 1 + strlen(unknown) / 3;
    for (const struct config_key *key = config_keys; key->name; key++)
        if (edit_distance(key->name, unknown) < least) best = key, least = edit_distance(key->name, unknown);
    for (const struct config_key *key = config_keys; key->name; key++)
        if (starts_group(key) && edit_distance(key->group, unknown) < least)
            return text_or_die(" (%s?)", key->group);
    if (!best) return text_or_die("%s", "");
    return text_or_die(" (%s%s%s?)", best->group ? best->group : "", best->group ? "." : "", best->name);
}

/* Dies with the refusal as a message that names line and key. */
static _Noreturn void refusal_die(const struct config_yaml *yaml, const struct refusal *refusal)
{
    char key[80] = "";
    int line = refusal->line;
    if (sscanf(refusal->problem, "Unexpected key: %79[^\n]", key) == 1) {
        line = line_of_key(yaml->text, line ? line : 1, 1, key);
        die("%s: line %d: %s%s%s: unknown key%s", yaml->name, line, refusal->field,
            *refusal->field ? "." : "", key, suggestion(key));
    }
    if (sscanf(refusal->problem, "Mapping field already seen: %79[^\n]", key) == 1)
        die("%s: line %d: %s: given twice", yaml->name, line_of_key(yaml->text, line + 1, 1, key), key);
    const char *wanted = refusal->problem;
    if (!strncmp(wanted, "Expecting MAPPING", 17)) wanted = "keys with values are expected here";
    if (!strncmp(wanted, "Expecting STRING", 16)) wanted = "one value is expected here";
    if (!strncmp(wanted, "libyaml: ", 9))
        die("%s: near line %d: %s", yaml->name, line ? line : 1, wanted + 9);
    if (!line) die("%s: %s", yaml->name, wanted);
    die("%s: line %d: %s: %s", yaml->name, line_of_key(yaml->text, line, -1, refusal->field), refusal->field,
        wanted);
}

void config_yaml_read_or_die(struct config_yaml *yaml)
{
    struct refusal refusal;
    yaml->keys = 0;
    while (config_keys[yaml->keys].name) yaml->keys++;
    if (!load(yaml, NULL, &yaml->values, &refusal)) refusal_die(yaml, &refusal);
    if (!yaml->values) yaml->values = allocate_or_die(yaml->keys, sizeof *yaml->values);
}

void config_yaml_free(struct config_yaml *yaml)
{
    for (size_t i = 0; i < yaml->keys; i++) free(yaml->values[i]);
    free(yaml->values);
}
