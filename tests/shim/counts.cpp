/* The watcher's reports, and what each kernel moved: bytes of device memory that a launch read or wrote, each
 * once, which is what a cache without limits would have to move. */
#include <link.h>
#include <map>
#include <set>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "watch.h"

struct count {
    size_t launches, read, written;
    double operations;
};
static auto &counts = *new std::map<std::string, struct count>;
static struct count *now;
static double pending;

static auto &reports = *new std::map<std::string, long>;
static long errors;

double shim_take_operations()
{
    double operations = pending;
    pending = 0;
    return operations;
}

static void add_operations(double operations)
{
    pending += operations;
}

/* kernels/cuda/base/stream.cu calls it for cuda_count_operations(), if it is there. */
extern void (*cuda_operations_hook)(double operations) __attribute__((weak));
__attribute__((constructor)) static void hook_operations()
{
    if (&cuda_operations_hook) cuda_operations_hook = add_operations;
}

void counts_launch(const char *kernel, double operations)
{
    now = &counts[kernel];
    now->launches++;
    now->operations += operations;
}

void counts_traffic(unsigned read, unsigned written)
{
    now->read += read;
    now->written += written;
}

static void write_table()
{
    const char *name = getenv("SHIM_COUNT");
    if (!name || !*name) return;
    FILE *file = fopen(name, "w");
    if (!file) shim_die("%s: cannot be written", name);
    fprintf(file, "kernel\tlaunches\tbytes_read\tbytes_written\toperations\n");
    for (auto &c : counts)
        fprintf(file, "%s\t%zu\t%zu\t%zu\t%.0f\n", c.first.c_str(), c.second.launches, c.second.read,
                c.second.written, c.second.operations);
    if (fclose(file)) shim_die("%s: cannot be written", name);
}

/* The last of all at the end of the program. */
static void at_end()
{
    write_table();
    if (!errors) return;
    fflush(NULL);
    fprintf(stderr, "shim: %ld error%s\n", errors, errors == 1 ? "" : "s");
    _exit(1);
}

void counts_open()
{
    static bool opened;
    if (!opened) atexit(at_end);
    opened = true;
}

static int take_base(struct dl_phdr_info *info, size_t, void *base)
{
    *(uintptr_t *)base = info->dlpi_addr;
    return 1;
}

/* "file.cu:12: ", where the binutils are there to tell. */
static std::string source_line(const void *pc)
{
    char command[128], line[512] = "";
    uintptr_t base = 0;
    if (!pc) return "";
    dl_iterate_phdr(take_base, &base);
    snprintf(command, sizeof command, "addr2line -s -e /proc/%d/exe %#zx 2>/dev/null", (int)getpid(),
             (size_t)((uintptr_t)pc - base - 1));
    FILE *pipe = popen(command, "r");
    if (pipe && !fgets(line, sizeof line, pipe)) line[0] = 0;
    if (pipe) pclose(pipe);
    line[strcspn(line, " \n")] = 0;
    return line[0] && line[0] != '?' ? std::string(line) + ": " : "";
}

void watch_report(const char *kind, const void *pc, const char *format, ...)
{
    char text[512];
    va_list values;
    errors++;
    counts_open();
    std::string key = std::string(shim_now.grid ? shim_now.kernel : "") + " " + kind;
    if (reports[key]++ >= shim_setting("SHIM_REPORTS", 3)) return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    shim_say("%s: %s%s", kind, source_line(pc).c_str(), text);
}
