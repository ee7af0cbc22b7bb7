/* The CPU backend's memory, and its table of operations. */
#include "kernels/cpu/cpu.h"

#include <string.h>

#include "common/fail.h"

enum { ALIGNMENT = 64 };

static size_t bytes_allocated;

/* Memory is preceded by its size, in a cell as large as the alignment. */
void *cpu_memory_or_die(size_t count, size_t size)
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

void cpu_memory_release(void *memory)
{
    if (!memory) return;
    size_t bytes;
    char *start = (char *)memory - ALIGNMENT;
    memcpy(&bytes, start, sizeof bytes);
    bytes_allocated -= bytes;
    free(start);
}

device cpu_allocate_or_die(size_t count)
{
    return cpu_memory_or_die(count, sizeof(real));
}

void cpu_release(device memory)
{
    cpu_memory_release(memory);
}

device cpu_at(device memory, size_t offset)
{
    return (device)(cpu_values(memory) + offset);
}

void cpu_upload(device to, const real *from, size_t count)
{
    memcpy(to, from, count * sizeof(real));
}

void cpu_download(real *to, device from, size_t count)
{
    memcpy(to, from, count * sizeof(real));
}

size_t cpu_storage(struct tensor x)
{
    return tensor_count(x);
}

size_t cpu_allocated(void)
{
    return bytes_allocated;
}

/* Memory that others give back, and swap, are the system's to know. */
size_t cpu_available(void)
{
    return SIZE_MAX;
}

/* Nothing is worth measuring where nothing is known to run out. */
void cpu_measure(bool measuring)
{
    (void)measuring;
}

void cpu_graph_begin(int kind)
{
    (void)kind;
}

void cpu_graph_end(void)
{
}

const struct ops *ops_cpu(void)
{
#define CPU_ENTRY(NAME) .NAME = cpu_##NAME,
    static const struct ops ops = {.name = "cpu", .sample_batch = 8, OPERATIONS(CPU_ENTRY)};
    cpu_blas_prepare();
    return &ops;
}
