/* Messages on standard error and the end of a program that fails. */
#include "common/fail.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/program.h"
#include "common/progress.h"

int data_exit_code = EXIT_DATA;

static void __attribute__((format(printf, 1, 0))) report(const char *format, va_list values)
{
    char message[8192]; /* on the stack: a message must come out when memory has run out */
    vsnprintf(message, sizeof message, format, values);
    make_printable(message);
    progress_clear();
    fprintf(stderr, "%s: %s\n", program_name, message);
}

void warn(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    report(format, values);
    va_end(values);
}

static bool dying;

/* Called by the leak checker of make asan=1: memory that is not freed when a program dies is no leak. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return dying;
}

_Noreturn static void end(int code)
{
    dying = true;
    exit(code);
}

void die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    report(format, values);
    va_end(values);
    end(data_exit_code);
}

void die_usage(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    report(format, values);
    va_end(values);
    end(EXIT_USAGE);
}
