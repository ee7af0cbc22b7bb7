/* Between the shim's own files. */
#ifndef TESTS_SHIM_SHIM_H
#define TESTS_SHIM_SHIM_H

#include <functional>
#include <string>
#include <vector>

#include "cuda_runtime.h"

enum { WARP = 32, MOST_THREADS = 1024, MOST_WARPS = MOST_THREADS / WARP };
enum { SHARED_UNASKED = 48 * 1024, SHARED_MOST = 227 * 1024 };

/* The one array of dynamic shared memory. */
extern unsigned char shared_bytes[SHARED_MOST];

/* Ends the program with a line: "shim: ", where in a kernel (inside one), and the message. */
[[noreturn]] __attribute__((format(printf, 1, 2))) void shim_die(const char *format, ...);
/* The same line, and the program goes on. */
__attribute__((format(printf, 1, 2))) void shim_say(const char *format, ...);
cudaError_t shim_error(cudaError_t error);
long shim_setting(const char *name, long otherwise);

/* One launch. */
struct shim_grid {
    std::shared_ptr<const shim_call> call;
    dim3 grid, block;
    size_t shared;
    double operations;
};
void shim_run_grid(const struct shim_grid *grid);
void shim_catch_faults();

/* What runs now; threads and blocks are numbered x first. */
struct shim_running {
    const struct shim_grid *grid; /* NULL: the host's code */
    const char *kernel;
    bool in_kernel; /* the kernel's code runs, not the shim's */
    unsigned thread, threads, warps;
    size_t block;
    const char *stack; /* of the thread's fibre */
    size_t stack_bytes;
};
extern struct shim_running shim_now;
/* "kernel add: block 3: thread 7: ", or nothing. */
const char *shim_where();
/* A kernel's readable name. */
const char *shim_kernel_name(const void *kernel);

/* Memory handed out. */
struct shim_allocation {
    char *start;
    size_t bytes;
    unsigned number; /* the how-manyeth */
    bool live;
};
/* The allocation, live or not, that holds an address, or that lies before it; NULL: none. */
const struct shim_allocation *shim_find(const void *address);
/* Whether bytes lie wholly in one live allocation. */
bool shim_holds(const void *address, size_t bytes);
bool shim_is_device(const void *address);
bool shim_is_pinned(const void *memory, size_t bytes);
/* Makes bytes of device memory nobody's again: NaN, never written. */
void shim_forget(void *at, size_t bytes);
void shim_memory_open(); /* SHIM_STRICT: for the device */
void shim_memory_close();
/* All device memory comes from here (but under ASan). */
char *shim_arena();
size_t shim_arena_bytes();
size_t shim_arena_used();

/* Work in a stream: runs now, or is captured. */
enum shim_kind { SHIM_KERNEL, SHIM_MEMSET, SHIM_MEMCPY };
struct shim_node {
    enum shim_kind kind;
    const void *function; /* a kernel's, or what else must be the same to be updated */
    std::function<void()> run;
};
cudaError_t shim_submit(cudaStream_t stream, struct shim_node node);
bool shim_capturing(cudaStream_t stream);
bool shim_any_capture();
/* A call that the runtime forbids while a stream is captured. */
cudaError_t shim_forbidden();

/* The watcher (watch.cpp): idle unless kernels are compiled to be watched. */
extern bool shim_watched;
double shim_take_operations();
void shim_watch_launch(const char *kernel, double operations);
void shim_watch_landed();
void shim_watch_block();
void shim_watch_block_met();
void shim_watch_warp_met(unsigned warp);
void shim_watch_atomic(const void *at, size_t bytes, const void *pc);
void shim_fence();
void shim_watch_read(const void *at, size_t bytes);
void shim_watch_write(const void *at, size_t bytes);
void shim_watch_filled(const void *at, size_t bytes);
void shim_watch_copied(void *to, const void *from, size_t bytes);
void shim_watch_forgotten(const void *at, size_t bytes); /* as if never written */
void shim_watch_fetched(const void *from, size_t bytes); /* by the host */
void shim_watch_freed(void *at, size_t bytes);

#endif
