/* The header of a record, parsed and made: a Python dict as in NumPy's .npy, then the facts in a comment. */
#include "common/stream/stream-header.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

const unsigned char header_magic[HEADER_PREFIX - 2] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

/* A parsing function that fails sets `error` and returns false. */
struct parser {
    const char *next; /* the text that is not yet parsed */
    struct record *record;
    char error[160];
};

static bool __attribute__((format(printf, 2, 3))) wrong(struct parser *parser, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(parser->error, sizeof parser->error, format, values);
    va_end(values);
    return false;
}

static void skip_space(struct parser *parser)
{
    parser->next += strspn(parser->next, " \t\r\n");
}

/* Skips space, then `character` if it stands there. */
static bool found(struct parser *parser, char character)
{
    skip_space(parser);
    if (*parser->next != character) return false;
    parser->next++;
    return true;
}

static bool expect(struct parser *parser, char character)
{
    return found(parser, character) || wrong(parser, "header: '%c' is missing", character);
}

/* A quoted string without escapes, of less than `size` bytes. */
static bool parse_string(struct parser *parser, const char *what, char *string, size_t size)
{
    skip_space(parser);
    char quote = *parser->next;
    if (quote != '\'' && quote != '"') return wrong(parser, "header: %s is not a string", what);
    size_t length = strcspn(parser->next + 1, quote == '"' ? "\"\\\n" : "'\\\n");
    if (parser->next[length + 1] != quote || length >= size)
        return wrong(parser, "header: %s is malformed", what);
    snprintf(string, size, "%.*s", (int)length, parser->next + 1);
    parser->next += length + 2;
    return true;
}

static bool parse_element(struct parser *parser)
{
    char name[32];
    skip_space(parser);
    if (*parser->next == '[') return wrong(parser, "structured elements are not supported");
    if (!parse_string(parser, "descr", name, sizeof name)) return false;
    for (int element = ELEMENT_F4; element <= ELEMENT_U1; element++) {
        if (strcmp(name, element_name(element)) != 0) continue;
        parser->record->element = element;
        return true;
    }
    if (*name == '>')
        return wrong(parser, "element type '%s' is big-endian; only little-endian is supported", name);
    if (*name && name[1] == 'O')
        return wrong(parser, "element type '%s': Python objects are not supported", name);
    return wrong(parser, "element type '%s' is not one of <f4 <f2 <f8 <i4 <i8 |u1", name);
}

static bool parse_order(struct parser *parser)
{
    skip_space(parser);
    if (strncmp(parser->next, "True", 4) == 0)
        return wrong(parser, "fortran_order is True; only C order is supported (numpy.ascontiguousarray)");
    if (strncmp(parser->next, "False", 5) != 0)
        return wrong(parser, "header: fortran_order is not True or False");
    parser->next += 5;
    return true;
}

static bool parse_size(struct parser *parser, size_t *size)
{
    skip_space(parser);
    if (*parser->next == '-') return wrong(parser, "shape: a size is negative");
    if (!isdigit((unsigned char)*parser->next)) return wrong(parser, "shape: a size is not an integer");
    for (*size = 0; isdigit((unsigned char)*parser->next); parser->next++)
        if (__builtin_mul_overflow(*size, 10, size) ||
            __builtin_add_overflow(*size, *parser->next - '0', size))
            return wrong(parser, "shape: a size is too large");
    return true;
}

/* A tuple: (), (3,), (3, 4) or (3, 4,). */
static bool parse_shape(struct parser *parser)
{
    struct record *record = parser->record;
    record->rank = 0;
    if (!found(parser, '(')) return wrong(parser, "header: shape is not a tuple");
    bool comma = true, tuple = false;
    while (!found(parser, ')')) {
        if (!comma) return wrong(parser, "shape: ',' is missing");
        if (record->rank == TENSOR_RANK_MAX)
            return wrong(parser, "shape has more than %d dimensions", TENSOR_RANK_MAX);
        if (!parse_size(parser, &record->shape[record->rank++])) return false;
        comma = found(parser, ',');
        tuple |= comma; /* (3) is a number in Python, (3,) a tuple */
    }
    return tuple || record->rank == 0 || wrong(parser, "header: shape is not a tuple");
}

static bool parse_dict(struct parser *parser)
{
    static const struct {
        const char *name;
        bool (*parse)(struct parser *parser);
    } keys[] = {{"descr", parse_element}, {"fortran_order", parse_order}, {"shape", parse_shape}};
    enum { KEYS = sizeof keys / sizeof *keys };
    bool seen[KEYS] = {false};
    if (!expect(parser, '{')) return false;
    for (bool comma = true; !found(parser, '}'); comma = found(parser, ',')) {
        char name[32];
        int key = 0;
        if (!comma) return wrong(parser, "header: ',' is missing");
        if (!parse_string(parser, "a key", name, sizeof name) || !expect(parser, ':')) return false;
        while (key < KEYS && strcmp(name, keys[key].name) != 0) key++;
        if (key == KEYS) return wrong(parser, "header: unknown key '%s'", name);
        if (seen[key]) return wrong(parser, "header: key '%s' stands twice", name);
        seen[key] = true;
        if (!keys[key].parse(parser)) return false;
    }
    for (int key = 0; key < KEYS; key++)
        if (!seen[key]) return wrong(parser, "header: key '%s' is missing", keys[key].name);
    return true;
}

/* Leaves sizes of 0 out of the check for overflow, so that every product of sizes is safe, and counts at
 * least four bytes an element, so that the record fits as f4 too. */
static bool count_elements(struct parser *parser)
{
    struct record *record = parser->record;
    size_t size = element_size(record->element), bytes = size > sizeof(float) ? size : sizeof(float);
    record->count = 1;
    for (int i = 0; i < record->rank; i++) {
        record->count *= record->shape[i];
        if (__builtin_mul_overflow(bytes, record->shape[i] ? record->shape[i] : 1, &bytes) ||
            bytes > PTRDIFF_MAX)
            return wrong(parser, "shape: the product of the sizes overflows");
    }
    return true;
}

/* `# name=value …` up to the end of the line; nothing may follow but space. */
static bool parse_facts(struct parser *parser)
{
    skip_space(parser);
    free(parser->record->facts);
    parser->record->facts = NULL;
    if (*parser->next == '#') {
        const char *facts = parser->next + 1 + strspn(parser->next + 1, " ");
        size_t length = strcspn(facts, "\n");
        parser->next = facts + length;
        while (length && strchr(" \t\r", facts[length - 1])) length--;
        if (length) parser->record->facts = text_or_die("%.*s", (int)length, facts);
        if (length && !facts_are_valid(parser->record->facts))
            return wrong(parser, "header: the comment is not made of name=value facts");
    }
    skip_space(parser);
    return !*parser->next || wrong(parser, "header: text behind the dict");
}

const char *header_parse(char *text, size_t length, struct record *record)
{
    static struct parser parser;
    parser = (struct parser){text, record, ""};
    if (strlen(text) != length) return "header: a zero byte";
    bool good = parse_dict(&parser) && count_elements(&parser) && parse_facts(&parser);
    return good ? NULL : parser.error;
}

char *header_make(const struct record *record, uint32_t crc, size_t *size)
{
    char shape[TENSOR_RANK_MAX * 24];
    struct record facts = {0};
    record_copy_facts(&facts, record);
    record_set_fact(&facts, "crc32", "%08x", crc);
    char *text = text_or_die("{'descr': '%s', 'fortran_order': False, 'shape': %s, } # %s",
                             element_name(record->element), record_shape_text(record, shape, sizeof shape),
                             facts.facts);
    record_free(&facts);
    size_t length = strlen(text);
    *size = (HEADER_PREFIX + length + HEADER_ALIGNMENT) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;
    char *header = NULL;
    if (*size - HEADER_PREFIX <= HEADER_TEXT_MOST) {
        header = allocate_or_die(*size, 1);
        memcpy(header, header_magic, sizeof header_magic);
        header[8] = (char)((*size - HEADER_PREFIX) & 255);
        header[9] = (char)((*size - HEADER_PREFIX) >> 8);
        memset(header + HEADER_PREFIX, ' ', *size - HEADER_PREFIX);
        memcpy(header + HEADER_PREFIX, text, length);
        header[*size - 1] = '\n';
    }
    free(text);
    return header;
}
