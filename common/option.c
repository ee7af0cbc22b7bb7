/* Options of the command line: --help, the types of values, and parsing by getopt_long. */
#include "common/option.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getopt.h has a struct option of its own. */
#define option getopt_option
#include <getopt.h>
#undef option

#include "common/fail.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/number.h"
#include "common/program.h"

enum { KEY_HELP = 'h', KEY_VERSION = 256, KEY_LONG_ONLY = 512, TEXT_COLUMN = 28, LINE_COLUMNS = 79 };

static const struct option help_rows[] = {
    {'h', "help", OPTION_FLAG, NULL, NULL, 0, 0, "Print this text and exit"},
    {0, "version", OPTION_FLAG, NULL, NULL, 0, 0, "Print the version and exit"},
    {0},
};

static int count_rows(const struct option *options)
{
    int rows = 0;
    while (options[rows].name) rows++;
    return rows;
}

/* The number by which getopt_long reports a row: its letter, or one above all letters. */
static int row_key(const struct option *options, int row)
{
    return options[row].letter ? (unsigned char)options[row].letter : KEY_LONG_ONLY + row;
}

/* Help. */

static bool has_range(const struct option *option)
{
    return option->least != 0 || option->most != 0;
}

static void append(char **text, const char *addition)
{
    char *longer = text_or_die("%s%s", *text, addition);
    free(*text);
    *text = longer;
}

const char *option_range(const struct option *option, char *text, size_t size)
{
    if (option->most >= 9e15) /* a double does not hold all integers beyond 9e15: no limit */
        snprintf(text, size, "from %.15g", option->least);
    else
        snprintf(text, size, "from %.15g to %.15g", option->least, option->most);
    return text;
}

static void append_default(char **text, const struct option *option)
{
    char *value = option->type->text_or_die ? option->type->text_or_die(option->value) : NULL;
    if (value) {
        append(text, **text ? ", default " : "default ");
        append(text, value);
    }
    free(value);
}

/* "real from 0 to 1, default 0.025"; "" for a flag. Caller frees. */
static char *describe_value(const struct option *option)
{
    char *text = text_or_die("%s", option->type->noun);
    char range[80];
    if (has_range(option)) {
        append(&text, *text ? " " : "");
        append(&text, option_range(option, range, sizeof range));
    }
    append_default(&text, option);
    return text;
}

/* Prints the words of `text` from column `column` on, further lines indented. */
static void print_wrapped(const char *text, int column)
{
    for (bool first = true; *text; first = false) {
        int word = (int)strcspn(text, " ");
        if (!first && column + 1 + word > LINE_COLUMNS) {
            printf("\n%*s", TEXT_COLUMN, "");
            column = TEXT_COLUMN;
        } else if (!first)
            column += printf(" ");
        column += printf("%.*s", word, text);
        text += word;
        text += strspn(text, " ");
    }
    printf("\n");
}

static void print_row(const struct option *option)
{
    int column = option->letter ? printf("  -%c, --%s", option->letter, option->name)
                                : printf("      --%s", option->name);
    if (option->argument) column += printf("=%s", option->argument);
    if (column + 2 > TEXT_COLUMN) column = printf("\n") - 1;
    printf("%*s", TEXT_COLUMN - column, "");
    char *value = describe_value(option);
    char *text = *value ? text_or_die("%s (%s)", option->help, value) : text_or_die("%s", option->help);
    print_wrapped(text, TEXT_COLUMN);
    free(text);
    free(value);
}

_Noreturn static void print_help(const struct program *program)
{
    printf("Usage: %s [OPTION ...]%s%s\n%s.\n\n", program->name, *program->operands ? " " : "",
           program->operands, program->summary);
    for (const struct option *option = program->options; option->name; option++) print_row(option);
    for (const struct option *option = help_rows; option->name; option++) print_row(option);
    stdout_close_or_die();
    exit(EXIT_SUCCESS);
}

_Noreturn static void print_version(const struct program *program)
{
    printf("%s (MusiGAN) %s\n", program->name, VERSION);
    stdout_close_or_die();
    exit(EXIT_SUCCESS);
}

/* Types of values. */

static void check_range_or_die(const struct option *option, double value, const char *text)
{
    char range[80];
    if (!has_range(option) || (value >= option->least && value <= option->most)) return;
    die_usage("--%s: %s is out of range (%s)", option->name, text, option_range(option, range, sizeof range));
}

static void set_flag(const struct option *option, const char *word)
{
    (void)word;
    *(bool *)option->value = true;
}

static void set_integer_or_die(const struct option *option, const char *text)
{
    long long value;
    if (!parse_integer(text, &value)) die_usage("--%s: '%s' is not an integer", option->name, text);
    check_range_or_die(option, (double)value, text);
    *(long long *)option->value = value;
}

static char *integer_text_or_die(const void *value)
{
    return text_or_die("%lld", *(const long long *)value);
}

static void set_real_or_die(const struct option *option, const char *text)
{
    double value;
    if (!parse_real(text, &value)) die_usage("--%s: '%s' is not a number", option->name, text);
    check_range_or_die(option, value, text);
    *(double *)option->value = value;
}

static char *real_text_or_die(const void *value)
{
    double number = *(const double *)value;
    return isnan(number) ? NULL : text_or_die("%.15g", number);
}

static void set_text(const struct option *option, const char *text)
{
    *(const char **)option->value = text;
}

static char *word_text_or_die(const void *value)
{
    const char *word = *(const char *const *)value;
    return word ? text_or_die("%s", word) : NULL;
}

static void set_choice_or_die(const struct option *option, const char *text)
{
    size_t length = strlen(text);
    for (const char *word = option->argument; *text && word; word = strchr(word, '|')) {
        if (*word == '|') word++;
        if (strcspn(word, "|") == length && strncmp(word, text, length) == 0) {
            *(const char **)option->value = text;
            return;
        }
    }
    die_usage("--%s: '%s' is not one of %s", option->name, text, option->argument);
}

const struct option_type option_flag = {"", set_flag, NULL},
                         option_integer = {"integer", set_integer_or_die, integer_text_or_die},
                         option_real = {"real", set_real_or_die, real_text_or_die},
                         option_text = {"", set_text, word_text_or_die},
                         option_choice = {"", set_choice_or_die, word_text_or_die};

/* Parsing. */

struct parser {
    const struct program *program;
    int rows;
    struct getopt_option *names; /* the rows, then --help, --version and an empty row */
    char *letters; /* ":w:q…h"; with the first colon getopt_long reports a missing value as ':' */
};

static struct parser parser_make(const struct program *program)
{
    int rows = count_rows(program->options);
    struct parser parser = {program, rows, allocate_or_die(rows + 3, sizeof(struct getopt_option)),
                            allocate_or_die(2 * rows + 3, 1)};
    char *letter = parser.letters;
    *letter++ = ':';
    for (int row = 0; row < rows; row++) {
        const struct option *option = &program->options[row];
        parser.names[row] = (struct getopt_option){option->name, option->type != OPTION_FLAG, NULL,
                                                   row_key(program->options, row)};
        if (option->letter) *letter++ = option->letter;
        if (option->letter && option->type != OPTION_FLAG) *letter++ = ':';
    }
    parser.names[rows] = (struct getopt_option){"help", 0, NULL, KEY_HELP};
    parser.names[rows + 1] = (struct getopt_option){"version", 0, NULL, KEY_VERSION};
    *letter = KEY_HELP;
    return parser;
}

static const struct option *find_row(const struct parser *parser, int key)
{
    for (int row = 0; row < parser->rows; row++)
        if (row_key(parser->program->options, row) == key) return &parser->program->options[row];
    return NULL;
}

/* getopt_long sets optopt to 0 for an unknown or ambiguous long name, to the row_key of a known name, or to
 * an unknown letter. */
_Noreturn static void die_of_option(const struct parser *parser, int key, char **argv)
{
    const struct option *option = find_row(parser, optopt);
    if (key == ':' && option) die_usage("option --%s needs a value (%s)", option->name, option->argument);
    if (!optopt) die_usage("unknown or ambiguous option '%s' (--help lists them)", argv[optind - 1]);
    if (option || optopt == KEY_HELP || optopt == KEY_VERSION)
        die_usage("option '%s' takes no value", argv[optind - 1]);
    die_usage("unknown option '-%c' (--help lists them)", optopt);
}

int options_parse_or_die(const struct program *program, int argc, char **argv)
{
    program_name = program->name;
    struct parser parser = parser_make(program);
    opterr = 0;
    for (int key; (key = getopt_long(argc, argv, parser.letters, parser.names, NULL)) != -1;) {
        if (key == '?' || key == ':') die_of_option(&parser, key, argv);
        const struct option *option = find_row(&parser, key);
        if (option)
            option->type->set_or_die(option, optarg);
        else if (key == KEY_HELP)
            print_help(program);
        else
            print_version(program);
    }
    if (program->operands_most >= 0 && argc - optind > program->operands_most)
        die_usage("unexpected operand '%s'", argv[optind + program->operands_most]);
    free(parser.letters);
    free(parser.names);
    return optind;
}
