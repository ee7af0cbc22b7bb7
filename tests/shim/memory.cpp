/* Device memory: from one range of addresses, never used twice, with pages between that nobody may touch, so
 * that an address tells what it belonged to. Under ASan from its malloc. New memory is NaN throughout. */
#include <map>
#include <sys/mman.h>

#include "shim.h"

#ifdef __SANITIZE_ADDRESS__
static const bool by_malloc = true;
#else
static const bool by_malloc = false;
#endif

enum { PAGE = 4096, NOBODYS = 0xff };
static const size_t arena_bytes = (size_t)256 << 30, forgotten_end = (size_t)256 << 10;

/* By start; never destroyed, for the program's own destructors may still free. */
static auto &allocations = *new std::map<uintptr_t, struct shim_allocation>;
static auto &pinned = *new std::map<uintptr_t, size_t>;
static size_t bytes_used, arena_used;
static unsigned count_allocated;

size_t shim_arena_bytes()
{
    return by_malloc ? 0 : arena_bytes;
}

size_t shim_arena_used()
{
    return arena_used;
}

char *shim_arena()
{
    static char *arena;
    if (arena || by_malloc) return arena;
    shim_catch_faults();
    arena = (char *)mmap(NULL, arena_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) shim_die("no addresses for device memory");
    return arena;
}

const struct shim_allocation *shim_find(const void *address)
{
    auto after = allocations.upper_bound((uintptr_t)address);
    if (after == allocations.begin()) return NULL;
    return &std::prev(after)->second;
}

bool shim_holds(const void *address, size_t bytes)
{
    const struct shim_allocation *a = shim_find(address);
    size_t offset = a ? (size_t)((const char *)address - a->start) : 0;
    return a && a->live && offset <= a->bytes && bytes <= a->bytes - offset;
}

/* Of much memory only the ends become NaN where each byte is watched less closely: most of it is room for a
 * library that does not write there. */
void shim_forget(void *at, size_t bytes)
{
    size_t end = shim_watched || bytes < 2 * forgotten_end ? bytes : forgotten_end;
    memset(at, NOBODYS, end);
    if (end < bytes) memset((char *)at + bytes - end, NOBODYS, end);
    shim_watch_forgotten(at, bytes);
}

bool shim_is_device(const void *address)
{
    const struct shim_allocation *a = shim_find(address);
    return a && a->live && (const char *)address < a->start + a->bytes;
}

static size_t pages(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static char *take(size_t bytes)
{
    void *memory;
    if (by_malloc) return posix_memalign(&memory, 256, bytes) ? NULL : (char *)memory;
    if (arena_used + pages(bytes) + 2 * PAGE > arena_bytes) return NULL;
    char *start = shim_arena() + arena_used + PAGE;
    if (mprotect(start, pages(bytes), PROT_READ | PROT_WRITE)) return NULL;
    arena_used += pages(bytes) + PAGE;
    return start;
}

static bool strict()
{
    static int known = -1;
    if (known < 0) known = !by_malloc && shim_setting("SHIM_STRICT", 0) != 0;
    return known;
}

static void protect(int rights)
{
    for (auto &a : allocations)
        if (strict() && a.second.live) mprotect(a.second.start, pages(a.second.bytes), rights);
}

void shim_memory_open()
{
    if (strict()) protect(PROT_READ | PROT_WRITE);
}

void shim_memory_close()
{
    if (strict()) protect(PROT_NONE);
}

static size_t memory_whole()
{
    return (size_t)shim_setting("SHIM_MEMORY", 8l << 30);
}

cudaError_t cudaMalloc(void **memory, size_t bytes)
{
    *memory = NULL;
    if (shim_any_capture()) return shim_forbidden();
    if (!bytes) return cudaSuccess;
    if (bytes > memory_whole() - bytes_used) return shim_error(cudaErrorMemoryAllocation);
    char *start = take(bytes);
    if (!start) return shim_error(cudaErrorMemoryAllocation);
    memset(start, NOBODYS, by_malloc ? bytes : pages(bytes));
    allocations[(uintptr_t)start] = {start, bytes, ++count_allocated, true};
    bytes_used += bytes;
    *memory = start;
    if (strict()) mprotect(start, pages(bytes), PROT_NONE);
    return cudaSuccess;
}

/* What lies between the end of an allocation and of its page must be as it was. */
static void check_end(const struct shim_allocation *a)
{
    for (size_t i = a->bytes; !by_malloc && i < pages(a->bytes); i++)
        if ((unsigned char)a->start[i] != NOBODYS)
            shim_die("allocation %u of %zu bytes was written to at byte %zu", a->number, a->bytes, i);
}

cudaError_t cudaFree(void *memory)
{
    if (!memory) return cudaSuccess;
    if (shim_any_capture()) return shim_forbidden();
    auto found = allocations.find((uintptr_t)memory);
    if (found == allocations.end() || !found->second.live) {
        shim_say("cudaFree of %p, which cudaMalloc did not give or which is free", memory);
        return shim_error(cudaErrorInvalidValue);
    }
    shim_memory_open();
    check_end(&found->second);
    shim_watch_freed(memory, found->second.bytes);
    bytes_used -= found->second.bytes;
    found->second.live = false;
    if (by_malloc) {
        free(memory);
        allocations.erase(found);
    } else {
        madvise(memory, pages(found->second.bytes), MADV_DONTNEED);
        mprotect(memory, pages(found->second.bytes), PROT_NONE);
    }
    shim_memory_close();
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *left, size_t *whole)
{
    *whole = memory_whole();
    *left = *whole - bytes_used;
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void **memory, size_t bytes)
{
    *memory = malloc(bytes ? bytes : 1);
    if (!*memory) return shim_error(cudaErrorMemoryAllocation);
    pinned[(uintptr_t)*memory] = bytes;
    return cudaSuccess;
}

cudaError_t cudaHostAlloc(void **memory, size_t bytes, unsigned)
{
    return cudaMallocHost(memory, bytes);
}

cudaError_t cudaFreeHost(void *memory)
{
    if (memory && !pinned.erase((uintptr_t)memory)) return shim_error(cudaErrorInvalidValue);
    free(memory);
    return cudaSuccess;
}

bool shim_is_pinned(const void *memory, size_t bytes)
{
    auto after = pinned.upper_bound((uintptr_t)memory);
    if (after == pinned.begin()) return false;
    auto found = std::prev(after);
    return (uintptr_t)memory + bytes <= found->first + found->second;
}
