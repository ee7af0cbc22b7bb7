/* The options table: values, ranges, mixed operands, help, and one line for each mistake. */
#include "common/option.h"

#include "common/fail.h"
#include "common/keys/keys-options.h"
#include "tests/child.h"
#include "tests/tap.h"

static bool quiet;
static long long count;
static double width;
static const char *output, *voice;
static struct key_range keys;

static const struct option options[] = {
    {'q', "quiet", OPTION_FLAG, &quiet, NULL, 0, 0, "No messages"},
    {'n', "count", OPTION_INT, &count, "N", 1, 100, "How many"},
    {'w', "width", OPTION_REAL, &width, "SEMITONES", 0, 12, "How wide"},
    {'o', "output", OPTION_TEXT, &output, "FILE", 0, 0, "Where to"},
    {0, "voice", OPTION_CHOICE, &voice, "sine|gaussian|piano", 0, 0, "What sounds"},
    {OPTION_KEYS(&keys, "Which keys")},
    {0, NULL, 0, NULL, NULL, 0, 0, NULL},
};
static const struct program program = {"sound", "[FILE ...]", "Make a sound", 2, options};

static void set_defaults(void)
{
    quiet = false;
    count = 7;
    width = 0.25;
    output = NULL;
    voice = "sine";
    keys = (struct key_range){KEYS_DEFAULT};
}

/* Splits `line` at the spaces into argv and parses. */
static int parse(char *line, char **argv)
{
    int argc = 0;
    set_defaults();
    argv[argc++] = (char *)"sound";
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) argv[argc++] = word;
    argv[argc] = NULL;
    return options_parse_or_die(&program, argc, argv);
}

static void parse_and_print(const void *line)
{
    char copy[200], *argv[20];
    snprintf(copy, sizeof copy, "%s", (const char *)line);
    int first = parse(copy, argv);
    printf("%d %lld %g %s %s:", quiet, count, width, output ? output : "none", voice);
    for (; argv[first]; first++) printf(" %s", argv[first]);
}

static void parse_keys(const void *line)
{
    char copy[200], *argv[20];
    snprintf(copy, sizeof copy, "%s", (const char *)line);
    parse(copy, argv);
    printf("%d %d", keys.first, keys.last);
}

static void accepts(const char *line, const char *wanted)
{
    struct outcome got = child_run(parse_and_print, line);
    if (!ok(got.status == 0 && strcmp(got.out, wanted) == 0, "accepts '%s'", line))
        printf("# got: %s %s\n# expected: %s\n", got.out, got.err, wanted);
}

static void refuses(const char *line, const char *wanted)
{
    char message[200];
    snprintf(message, sizeof message, "sound: %s\n", wanted);
    struct outcome got = child_run(parse_and_print, line);
    if (!ok(got.status == EXIT_USAGE && !*got.out && strcmp(got.err, message) == 0, "refuses '%s'", line))
        printf("# exit %d, got: %s# expected: %s", got.status, got.err, message);
}

static void test_help(void)
{
    struct outcome help = child_run(parse_and_print, "--help");
    ok(help.status == 0 && !*help.err, "--help exits 0, nothing on standard error");
    ok(strncmp(help.out, "Usage: sound [OPTION ...] [FILE ...]\nMake a sound.\n", 49) == 0,
       "--help says how to call");
    ok(strstr(help.out, "\n  -n, --count=N             How many (integer from 1 to 100, default 7)\n") !=
           NULL,
       "--help gives letter, name, argument, sentence, type, range and default");
    ok(strstr(help.out,
              "--voice=sine|gaussian|piano\n                            What sounds (default sine)\n") !=
           NULL,
       "--help puts the sentence below a wide option");
    ok(strstr(help.out, "\n  -o, --output=FILE         Where to\n") != NULL, "no default, none shown");
    struct outcome version = child_run(parse_and_print, "--version");
    ok(version.status == 0 && strcmp(version.out, "sound (MusiGAN) " VERSION "\n") == 0, "--version");
}

static void test_keys(void)
{
    struct outcome got = child_run(parse_keys, "-k 1-88");
    ok(got.status == 0 && strcmp(got.out, "1 88") == 0, "-k fills in a range of keys");
    got = child_run(parse_keys, "");
    ok(got.status == 0 && strcmp(got.out, "27 59") == 0, "... whose default are the keys 27 to 59");
    got = child_run(parse_and_print, "--help");
    ok(strstr(got.out, "-k, --keys=FIRST-LAST     Which keys (from 1 to 88, default 27-59)\n") != NULL,
       "... as --help says");
    refuses("-k 59-27", "--keys: '59-27' is not two keys in order (from 1 to 88)");
    refuses("-k 1-89", "--keys: '1-89' is not two keys in order (from 1 to 88)");
    refuses("-k", "option --keys needs a value (FIRST-LAST)");
}

int main(void)
{
    accepts("", "0 7 0.25 none sine:");
    accepts("-q -n 5 -w 1.5 -o x --voice piano a b", "1 5 1.5 x piano: a b");
    accepts("a -qn5 --width=0 b --voice=gaussian", "1 5 0 none gaussian: a b");
    accepts("-n 1 -n 100 -w 12", "0 100 12 none sine:");
    accepts("-- -q --help", "0 7 0.25 none sine: -q --help");
    accepts("- -q", "1 7 0.25 none sine: -");
    accepts("--cou 3", "0 3 0.25 none sine:");
    refuses("-x", "unknown option '-x' (--help lists them)");
    refuses("-qx", "unknown option '-x' (--help lists them)");
    refuses("--loud", "unknown or ambiguous option '--loud' (--help lists them)");
    refuses("-n", "option --count needs a value (N)");
    refuses("--output", "option --output needs a value (FILE)");
    refuses("--quiet=yes", "option '--quiet=yes' takes no value");
    refuses("--help=me", "option '--help=me' takes no value");
    refuses("-n 0", "--count: 0 is out of range (from 1 to 100)");
    refuses("-n 101", "--count: 101 is out of range (from 1 to 100)");
    refuses("-n 1.5", "--count: '1.5' is not an integer");
    refuses("-n 99999999999999999999", "--count: '99999999999999999999' is not an integer");
    refuses("-w 12.01", "--width: 12.01 is out of range (from 0 to 12)");
    refuses("-w nan", "--width: 'nan' is not a number");
    refuses("--voice sin", "--voice: 'sin' is not one of sine|gaussian|piano");
    refuses("--voice sine|piano", "--voice: 'sine|piano' is not one of sine|gaussian|piano");
    refuses("a b c", "unexpected operand 'c'");
    test_help();
    test_keys();
    return done();
}
