/* The GPU's memory: allocation, workspaces, upload and download. */
#include <string.h>

#include "kernels/cuda/base/cuda.cuh"

extern "C" {
#include "common/fail.h"
#include "common/memory.h"
}

enum { STAGINGS = 2, MARGIN = 20 };
static const size_t staging_bytes = (size_t)4 << 20;

/* Set by tests, to see each request for scratch memory. */
void (*cuda_scratch_hook)(void *memory, size_t bytes);

static struct allocation {
    void *memory;
    size_t bytes;
} * allocations;
static size_t allocation_count, bytes_taken;

/* While measuring, allocations return made-up addresses that nothing reads or writes. */
static bool measuring;
static uintptr_t made_up = (uintptr_t)1 << 60;

static struct {
    void *memory;
    size_t bytes;
} workspaces[WORKSPACES];

/* Pinned staging buffers on the host, used in turns: one is filled while the other is transferred. */
static struct {
    void *memory;
    cudaEvent_t sent;
} staging[STAGINGS];
static int next_staging;

static void *device_malloc_or_die(size_t bytes)
{
    void *memory = NULL;
    size_t left = 0, whole = 0;
    if (measuring) return (void *)(made_up += bytes / 256 * 256 + 256);
    if (cudaMalloc(&memory, bytes ? bytes : 1) == cudaSuccess) return memory;
    cudaGetLastError();
    cudaMemGetInfo(&left, &whole);
    die("cuda: out of memory: %zu bytes asked for, %zu of %zu are free", bytes, left, whole);
}

void *cuda_memory_or_die(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        die("cuda: %zu times %zu bytes are too many", count, size);
    void *memory = device_malloc_or_die(bytes);
    if (!measuring) CUDA_CHECK(cudaMemsetAsync(memory, 0, bytes, cuda_stream));
    allocations =
        (struct allocation *)reallocate_or_die(allocations, allocation_count + 1, sizeof *allocations);
    allocations[allocation_count].memory = memory;
    allocations[allocation_count++].bytes = bytes;
    bytes_taken += bytes;
    return memory;
}

void cuda_memory_release(void *memory)
{
    for (size_t i = allocation_count; memory && i-- > 0;) {
        if (allocations[i].memory != memory) continue;
        if ((uintptr_t)memory < (uintptr_t)1 << 60) CUDA_CHECK(cudaFree(memory));
        bytes_taken -= allocations[i].bytes;
        allocations[i] = allocations[--allocation_count];
        cuda_graphs_forget();
        return;
    }
}

static void grow(enum workspace workspace, size_t bytes)
{
    cudaStreamCaptureStatus status;
    bytes_taken += bytes - workspaces[workspace].bytes;
    workspaces[workspace].bytes = bytes;
    if (measuring) return;
    CUDA_CHECK(cudaStreamIsCapturing(cuda_stream, &status));
    if (status != cudaStreamCaptureStatusNone)
        die("cuda: a graph asks for more scratch memory than the run before its capture");
    CUDA_CHECK(cudaStreamSynchronize(cuda_stream));
    CUDA_CHECK(cudaFree(workspaces[workspace].memory));
    workspaces[workspace].memory = device_malloc_or_die(bytes);
}

void *cuda_workspace(enum workspace workspace, size_t bytes)
{
    if (workspaces[workspace].bytes < bytes) grow(workspace, bytes);
    if (cuda_scratch_hook && !measuring) cuda_scratch_hook(workspaces[workspace].memory, bytes);
    return workspaces[workspace].memory;
}

device cuda_allocate_or_die(size_t count)
{
    return (device)cuda_memory_or_die(count, sizeof(float));
}

void cuda_release(device memory)
{
    cuda_memory_release(memory);
}

device cuda_at(device memory, size_t offset)
{
    return (device)(reals(memory) + offset);
}

/* Copies through the staging buffers; returns once `from` may be changed. */
void cuda_upload(device to, const real *from, size_t count)
{
    size_t bytes = count * sizeof(real);
    for (size_t at = 0, part; at < bytes && !measuring;
         at += part, next_staging = (next_staging + 1) % STAGINGS) {
        part = bytes - at < staging_bytes ? bytes - at : staging_bytes;
        if (!staging[next_staging].memory) {
            CUDA_CHECK(cudaMallocHost(&staging[next_staging].memory, staging_bytes));
            CUDA_CHECK(cudaEventCreateWithFlags(&staging[next_staging].sent, cudaEventDisableTiming));
        }
        CUDA_CHECK(cudaEventSynchronize(staging[next_staging].sent));
        memcpy(staging[next_staging].memory, (const char *)from + at, part);
        CUDA_CHECK(cudaMemcpyAsync((char *)to + at, staging[next_staging].memory, part,
                                   cudaMemcpyHostToDevice, cuda_stream));
        CUDA_CHECK(cudaEventRecord(staging[next_staging].sent, cuda_stream));
    }
}

void cuda_download(real *to, device from, size_t count)
{
    CUDA_CHECK(cudaMemcpyAsync(to, from, count * sizeof(real), cudaMemcpyDeviceToHost, cuda_stream));
    CUDA_CHECK(cudaStreamSynchronize(cuda_stream));
}

size_t cuda_storage(struct tensor x)
{
    size_t count = tensor_count(x);
    return x.bf16 && cuda_bf16() ? (count + 1) / 2 : count;
}

size_t cuda_allocated(void)
{
    return bytes_taken;
}

/* A twentieth is left for what CUDA's runtime takes by itself: kernel code, graphs. */
size_t cuda_available(void)
{
    size_t left = 0, whole = 0;
    CUDA_CHECK(cudaMemGetInfo(&left, &whole));
    return left - left / MARGIN;
}

/* At the end the workspaces have the sizes that they had before measuring. */
void cuda_measure(bool on)
{
    static size_t before[WORKSPACES];
    for (int i = 0; i < WORKSPACES; i++) {
        if (on) before[i] = workspaces[i].bytes;
        if (on) continue;
        bytes_taken -= workspaces[i].bytes - before[i];
        workspaces[i].bytes = before[i];
    }
    measuring = on;
}

void cuda_zero(device x, size_t count)
{
    if (!measuring) CUDA_CHECK(cudaMemsetAsync(x, 0, count * sizeof(float), cuda_stream));
}
