/* Tests of the shim itself, compiled as kernels are, in each of its builds. */
#ifndef TESTS_SHIM_SELF_TEST_H
#define TESTS_SHIM_SELF_TEST_H

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cuda_runtime.h"

extern "C" {
#include "tests/tap.h"
}

#ifdef __SANITIZE_THREAD__
static const char *const build = "watched";
#elif defined __SANITIZE_ADDRESS__
static const char *const build = "asan";
#else
static const char *const build = "plain";
#endif

template <class T> __device__ T *shared_memory()
{
    extern __shared__ __align__(16) unsigned char shared_bytes[];
    return (T *)shared_bytes;
}

template <class... Parameters, class... Arguments>
static cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared,
                          Arguments... arguments)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared;
    return cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...);
}

/* Device memory that nobody wrote. */
static inline float *numbers(size_t count)
{
    float *memory = NULL;
    cudaMalloc(&memory, count * sizeof *memory);
    return memory;
}
static inline float *zeros(size_t count)
{
    float *memory = numbers(count);
    cudaMemset(memory, 0, count * sizeof *memory);
    return memory;
}
static inline float fetch(const float *memory, size_t i)
{
    float value;
    cudaMemcpy(&value, memory + i, sizeof value, cudaMemcpyDeviceToHost);
    return value;
}

/* Runs a case in a process of its own; what it says on standard error, and its status: 0, 1, or -1 for a
 * signal. */
static inline int run_apart(void (*run)(), char *said, size_t size)
{
    int ends[2], status;
    fflush(NULL);
    if (pipe(ends)) return -2;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        close(ends[0]), close(ends[1]);
        run();
        exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], said + length, size - 1 - length)) > 0;) length += (size_t)got;
    said[length] = 0;
    char rest[4096];
    while (read(ends[0], rest, sizeof rest) > 0) continue;
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
