/* The CPU backend: its memory and its table of operations. */
#include "kernels/cpu/cpu.h"

#include <string.h>

#include "common/fail.h"

enum { ALIGNMENT = 64 };

static size_t bytes_allocated;

/* Memory is preceded by its size, in a cell as large as the alignment. */
void *cpu_allocate_or_die(size_t count, size_t size)
{
    size_t bytes;
    char *memory = NULL;
    if (!__builtin_mul_overflow(count, size, &bytes) && bytes < SIZE_MAX - 2 * ALIGNMENT) {
        size_t whole = (bytes + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        memory = aligned_alloc(ALIGNMENT, whole);
    }
    if (!memory) die("cpu: out of memory: %zu times %zu bytes asked for", count, size);
    memcpy(memory, &bytes, sizeof bytes);
    bytes_allocated += bytes;
    return memset(memory + ALIGNMENT, 0, bytes);
}

void cpu_release(void *memory)
{
    if (!memory) return;
    size_t bytes;
    char *start = (char *)memory - ALIGNMENT;
    memcpy(&bytes, start, sizeof bytes);
    bytes_allocated -= bytes;
    free(start);
}

static device allocate_or_die(size_t count)
{
    return cpu_allocate_or_die(count, sizeof(real));
}

static void release(device memory)
{
    cpu_release(memory);
}

static device at(device memory, size_t offset)
{
    return (device)(cpu_values(memory) + offset);
}

static void upload(device to, const real *from, size_t count)
{
    memcpy(to, from, count * sizeof(real));
}

static void download(real *to, device from, size_t count)
{
    memcpy(to, from, count * sizeof(real));
}

static size_t allocated(void)
{
    return bytes_allocated;
}

const struct ops *ops_cpu(void)
{
#define CPU_ENTRY(NAME) .NAME = cpu_##NAME,
    static const struct ops ops = {.name = "cpu",
                                   .allocate_or_die = allocate_or_die,
                                   .release = release,
                                   .at = at,
                                   .upload = upload,
                                   .download = download,
                                   .allocated = allocated,
                                   CPU_OPERATIONS(CPU_ENTRY)};
    cpu_blas_prepare();
    return &ops;
}
