/* A line of progress on standard error. */
#include "common/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/program.h"

enum { LINE_SIZE = 256, DEFAULT_COLUMNS = 80 };

static const double least_pause = 0.1; /* s between two updates */

static struct {
    bool active;
    const char *unit;
    double total, began, shown;
    int width; /* columns on the screen now */
} line;

void progress_begin(const char *unit, double total, bool forced, bool quiet)
{
    progress_clear();
    line.active = !quiet && (forced || isatty(STDERR_FILENO));
    line.unit = unit;
    line.total = total;
    line.began = seconds_now();
    line.shown = -INFINITY;
}

static int columns(void)
{
    struct winsize window;
    int wide =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 ? window.ws_col : DEFAULT_COLUMNS;
    return wide < LINE_SIZE ? wide : LINE_SIZE;
}

static void __attribute__((format(printf, 2, 0)))
append_values(char *text, const char *format, va_list values)
{
    size_t used = strlen(text);
    vsnprintf(text + used, LINE_SIZE - used, format, values);
}

static void __attribute__((format(printf, 2, 3))) append(char *text, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    append_values(text, format, values);
    va_end(values);
}

static void append_count(char *text, double count)
{
    append(text, "%.*f", count == floor(count) ? 0 : 1, count);
}

static void append_time(char *text, double seconds)
{
    long whole = lround(fmin(fmax(seconds, 0), 1e8));
    if (whole >= 3600)
        append(text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        append(text, "%ld:%02ld", whole / 60, whole % 60);
}

static void describe(char *text, double done, double elapsed)
{
    append(text, "%s: ", program_name);
    if (line.total > 0) append(text, "%.0f%%, ", floor(100 * fmin(done / line.total, 1)));
    append_count(text, done);
    if (line.total > 0) {
        append(text, "/");
        append_count(text, line.total);
    }
    append(text, " %s, ", line.unit);
    if (line.total > 0 && done > 0) {
        append_time(text, elapsed * (line.total - done) / done);
        append(text, " left");
    } else
        append_time(text, elapsed);
}

void progress_show(double done, const char *note, ...)
{
    double now = line.active ? seconds_now() : 0;
    if (!line.active || now - line.shown < least_pause) return;
    line.shown = now;
    char text[LINE_SIZE] = "";
    describe(text, done, now - line.began);
    if (note) {
        append(text, ", ");
        va_list values;
        va_start(values, note);
        append_values(text, note, values);
        va_end(values);
    }
    make_printable(text);
    int width = (int)strnlen(text, (size_t)columns() - 1);
    fprintf(stderr, "\r%.*s%*s", width, text, line.width > width ? line.width - width : 0, "");
    fflush(stderr);
    line.width = width;
}

void progress_clear(void)
{
    if (line.width) fprintf(stderr, "\r%*s\r", line.width, "");
    line.width = 0;
}

void progress_end(void)
{
    progress_clear();
    line.active = false;
}
