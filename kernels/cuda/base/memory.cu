/* The GPU's memory: what is taken, scratch, and the way there and back. */
#include <string.h>

#include "kernels/cuda/base/cuda.cuh"

extern "C" {
#include "common/fail.h"
#include "common/memory.h"
}

enum { STAGES = 2, MARGIN = 20 };
static const size_t stage_bytes = (size_t)4 << 20;

/* Where a test wants to see each request for scratch. */
void (*cuda_scratch_hook)(void *memory, size_t bytes);

static struct taken {
    void *memory;
    size_t bytes;
} * taken;
static size_t takings, bytes_taken;

/* While measuring, addresses are made up. */
static bool measuring;
static uintptr_t made_up = (uintptr_t)1 << 60;

static struct {
    void *memory;
    size_t bytes;
} workspaces[WORKSPACES];

/* Pinned memory on the host, used in turns, so that copying into one goes on while the other is sent. */
static struct {
    void *memory;
    cudaEvent_t sent;
} stages[STAGES];
static int next_stage;

static void *take_or_die(size_t bytes)
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
    void *memory = take_or_die(bytes);
    if (!measuring) CUDA_CHECK(cudaMemsetAsync(memory, 0, bytes, cuda_stream));
    taken = (struct taken *)reallocate_or_die(taken, takings + 1, sizeof *taken);
    taken[takings].memory = memory;
    taken[takings++].bytes = bytes;
    bytes_taken += bytes;
    return memory;
}

void cuda_memory_release(void *memory)
{
    for (size_t i = takings; memory && i-- > 0;) {
        if (taken[i].memory != memory) continue;
        if ((uintptr_t)memory < (uintptr_t)1 << 60) CUDA_CHECK(cudaFree(memory));
        bytes_taken -= taken[i].bytes;
        taken[i] = taken[--takings];
        cuda_recordings_forget();
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
        die("cuda: a recording asks for more scratch than the run before it");
    CUDA_CHECK(cudaStreamSynchronize(cuda_stream));
    CUDA_CHECK(cudaFree(workspaces[workspace].memory));
    workspaces[workspace].memory = take_or_die(bytes);
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

/* One stage's worth at a time; returns once the source may be changed. */
void cuda_upload(device to, const real *from, size_t count)
{
    size_t bytes = count * sizeof(real);
    for (size_t at = 0, part; at < bytes && !measuring; at += part, next_stage = (next_stage + 1) % STAGES) {
        part = bytes - at < stage_bytes ? bytes - at : stage_bytes;
        if (!stages[next_stage].memory) {
            CUDA_CHECK(cudaMallocHost(&stages[next_stage].memory, stage_bytes));
            CUDA_CHECK(cudaEventCreateWithFlags(&stages[next_stage].sent, cudaEventDisableTiming));
        }
        CUDA_CHECK(cudaEventSynchronize(stages[next_stage].sent));
        memcpy(stages[next_stage].memory, (const char *)from + at, part);
        CUDA_CHECK(cudaMemcpyAsync((char *)to + at, stages[next_stage].memory, part, cudaMemcpyHostToDevice,
                                   cuda_stream));
        CUDA_CHECK(cudaEventRecord(stages[next_stage].sent, cuda_stream));
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

/* A share stays for what the runtime takes by itself: code of kernels, graphs. */
size_t cuda_available(void)
{
    size_t left = 0, whole = 0;
    CUDA_CHECK(cudaMemGetInfo(&left, &whole));
    return left - left / MARGIN;
}

/* What scratch would have grown is forgotten again. */
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
