/* Numbers and keys from text. */
#include "common/number.h"

#include <limits.h>

#include "common/keys/keyboard.h"
#include "tests/tap.h"

static void test_integers(void)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "x",
                                      "1.0",
                                      "1e3",
                                      "0x10",
                                      "+",
                                      "-",
                                      "--1",
                                      "1-2",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "nan",
                                      "１"};
    long long value = 42;
    ok(parse_integer("-17", &value) && value == -17, "-17");
    ok(parse_integer("+5", &value) && value == 5, "+5");
    ok(parse_integer("9223372036854775807", &value) && value == LLONG_MAX, "the largest integer");
    ok(parse_integer("-9223372036854775808", &value) && value == LLONG_MIN, "the least integer");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        value = 42;
        ok(!parse_integer(bad[i], &value) && value == 42, "'%s' is no integer, the variable stays", bad[i]);
    }
}

static void test_reals(void)
{
    static const char *const bad[] = {"",      " 1",  "1 ", "nan", "inf", "-inf", "1e999",
                                      "0x1p3", "1,5", "1e", ".",   "e5",  "1-"};
    double value = 42;
    ok(parse_real("0.25", &value) && value == 0.25, "0.25");
    ok(parse_real("-1e-3", &value) && value == -1e-3, "-1e-3");
    ok(parse_real(".5", &value) && value == 0.5, ".5");
    ok(parse_real("1e-999", &value) && value == 0, "too small is 0");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        value = 42;
        ok(!parse_real(bad[i], &value) && value == 42, "'%s' is no real, the variable stays", bad[i]);
    }
}

static void test_keys(void)
{
    static const char *const bad[] = {
        "",    "27",     "27-",    "-59",    "59-27", "0-5",  "1-89",
        "a-b", "27-59-", " 27-59", "27 -59", "+1-5",  "1-+5", "00000000000001-5"};
    struct key_range range = {-1, -1};
    ok(key_range_parse("27-59", &range) && range.first == 27 && range.last == 59, "27-59");
    ok(key_range_parse("1-88", &range) && range.first == 1 && range.last == 88, "1-88");
    ok(key_range_parse("49-49", &range) && range.first == 49 && range.last == 49, "one key");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        range.first = -1;
        ok(!key_range_parse(bad[i], &range) && range.first == -1, "'%s' is no range, the variable stays",
           bad[i]);
    }
    ok(key_frequency(49) == 440, "key 49 is A4");
    ok(key_frequency(37) == 220 && key_frequency(61) == 880, "an octave is a factor of two");
    ok(fabs(key_frequency(40) - 261.6255653) < 1e-6, "key 40 is middle C");
    ok(fabs(key_frequency(1) - 27.5) < 1e-9 && fabs(key_frequency(88) - 4186.0090448) < 1e-6,
       "both ends of the piano");
}

int main(void)
{
    test_integers();
    test_reals();
    test_keys();
    return done();
}
