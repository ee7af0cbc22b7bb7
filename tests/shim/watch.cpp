/* Sees every access of kernels that are compiled with -fsanitize=thread: the compiler calls __tsan_... before
 * each (calls.cpp), and nothing of libtsan is linked. An access must be to live device memory, to the block's
 * shared bytes, to the thread's own stack, to the kernel's arguments or to constants; what is read must have
 * been written; and nobody may race for it. */
#include "watch.h"

#include <string.h>
#include <sys/mman.h>

bool shim_watched;

extern "C" char __executable_start[], _end[]; /* the linker's: where the program lies */

/* For each granule of the arena: its cell, and which of its bytes were ever written. */
static struct cell *cells;
static unsigned char *written;
static struct cell shared_cells[SHARED_MOST / GRANULE];
static bool library; /* a library's kernel runs */

static void *reserve(size_t bytes)
{
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) shim_die("no addresses for the watcher");
    return memory;
}

static void open()
{
    if (cells) return;
    cells = (struct cell *)reserve(shim_arena_bytes() / GRANULE * sizeof *cells);
    written = (unsigned char *)reserve(shim_arena_bytes() / GRANULE);
    counts_open();
}

void shim_watch_launch(const char *kernel, double operations)
{
    if (!shim_watched) return;
    open();
    library = !shim_now.grid;
    races_launch();
    if (library) races_block(), shim_now.thread = 0;
    counts_launch(kernel, operations);
}

void shim_watch_landed()
{
    library = false;
}

void shim_watch_block()
{
    if (shim_watched) races_block();
}

void shim_watch_block_met()
{
    if (shim_watched) races_block_met(shim_now.warps);
}

void shim_watch_warp_met(unsigned warp)
{
    if (shim_watched) races_warp_met(warp);
}

/* Whether an address is within the arena, and where. */
static bool arena_offset(const void *at, size_t *offset)
{
    *offset = (size_t)((const char *)at - shim_arena());
    return *offset < shim_arena_bytes();
}

static bool within(const void *at, size_t bytes, const void *start, size_t size)
{
    uintptr_t offset = (uintptr_t)at - (uintptr_t)start;
    return offset < size && bytes <= size - offset;
}

static const char *const verbs[] = {"read", "write", "atomic"};

/* "byte 12 of allocation 3 (64 bytes)". */
static const char *place(const void *at)
{
    static char text[128];
    const struct shim_allocation *a = shim_find(at);
    if (within(at, 1, shared_bytes, SHARED_MOST))
        snprintf(text, sizeof text, "byte %zd of shared memory", (const unsigned char *)at - shared_bytes);
    else if (a)
        snprintf(text, sizeof text, "byte %zd of allocation %u (%zu bytes%s)", (const char *)at - a->start,
                 a->number, a->bytes, a->live ? "" : ", freed");
    else
        snprintf(text, sizeof text, "address %p", at);
    return text;
}

static void report_race(const void *at, size_t bytes, enum access access, const struct found *found,
                        const void *pc)
{
    static const char *const whom[] = {"thread", "several threads of its warp, last",
                                       "several warps, last thread"};
    const char *verb = found->conflict == AGAINST_READ ? "read" : "wrote";
    char who[96];
    if (found->other.others == OTHER_BLOCKS || !races_same_block(found->other))
        snprintf(who, sizeof who, "another block %s", verb);
    else
        snprintf(who, sizeof who, "%s %u %s with no rendezvous between", whom[found->other.others],
                 found->other.thread, verb);
    watch_report("race", pc, "%s of %zu at %s, which %s", verbs[access], bytes, place(at), who);
}

/* Reports what was found for one granule. */
static void judge(const void *at, size_t bytes, enum access access, const struct found *found, bool unwritten,
                  const void *pc)
{
    if (found->conflict)
        report_race(at, bytes, access, found, pc);
    else if (unwritten)
        watch_report("unwritten", pc, "%s of %zu at %s, never written", verbs[access], bytes, place(at));
}

static void touch_device(size_t offset, const char *at, size_t bytes, enum access access, const void *pc)
{
    if (access == ACCESS_WRITE) tickets_wrote();
    for (size_t end = offset + bytes; offset < end;) {
        size_t granule = offset / GRANULE;
        unsigned first = offset % GRANULE;
        unsigned count = (unsigned)(end - offset < GRANULE - first ? end - offset : GRANULE - first);
        unsigned char mask = (unsigned char)(((1u << count) - 1) << first);
        struct found found = races_touch(&cells[granule], first, count, access, false);
        bool unwritten = access != ACCESS_WRITE && (written[granule] & mask) != mask;
        if (found.conflict || unwritten) judge(at, count, access, &found, unwritten, pc);
        written[granule] |= mask;
        counts_traffic(found.first_read, found.first_written);
        offset += count, at += count;
    }
}

static void touch_shared(size_t offset, const char *at, size_t bytes, enum access access, const void *pc)
{
    for (size_t end = offset + bytes; offset < end;) {
        unsigned first = offset % GRANULE;
        unsigned count = (unsigned)(end - offset < GRANULE - first ? end - offset : GRANULE - first);
        struct found found = races_touch(&shared_cells[offset / GRANULE], first, count, access, true);
        bool unwritten = access != ACCESS_WRITE && found.unwritten;
        if (found.conflict || unwritten) judge(at, count, access, &found, unwritten, pc);
        offset += count, at += count;
    }
}

static bool live_range(const void *at, size_t bytes)
{
    static const struct shim_allocation *last;
    if (!last || !last->live || !within(at, bytes, last->start, last->bytes)) last = shim_find(at);
    return last && last->live && within(at, bytes, last->start, last->bytes);
}

static void access_by_kernel(const void *at, size_t bytes, enum access access, const void *pc)
{
    size_t offset;
    if (arena_offset(at, &offset)) {
        if (live_range(at, bytes))
            touch_device(offset, (const char *)at, bytes, access, pc);
        else
            watch_report("bounds", pc, "%s of %zu at %s", verbs[access], bytes, place(at));
    } else if (within(at, 1, shared_bytes, SHARED_MOST)) {
        offset = (size_t)((const unsigned char *)at - shared_bytes);
        if (within(at, bytes, shared_bytes, shim_now.grid->shared))
            touch_shared(offset, (const char *)at, bytes, access, pc);
        else
            watch_report("bounds", pc, "%s of %zu at %s, which has %zu", verbs[access], bytes, place(at),
                         shim_now.grid->shared);
    } else if (within(at, bytes, shim_now.stack, shim_now.stack_bytes)) {
        return;
    } else if (access == ACCESS_READ &&
               (within(at, bytes, shim_now.grid->call.get(), shim_now.grid->call->bytes) ||
                within(at, bytes, __executable_start, (uintptr_t)_end - (uintptr_t)__executable_start))) {
        return;
    } else {
        watch_report("bounds", pc, "%s of %zu at %p, which is not the kernel's", verbs[access], bytes, at);
    }
}

/* The watcher's own use of memory is not the kernel's. */
struct outside {
    bool was = shim_now.in_kernel;
    outside()
    {
        shim_now.in_kernel = false;
    }
    ~outside()
    {
        shim_now.in_kernel = was;
    }
};

void watch_misaligned(const void *at, size_t bytes, enum access access, const void *pc)
{
    struct outside outside;
    if (shim_now.grid) watch_report("misaligned", pc, "%s of %zu at %s", verbs[access], bytes, place(at));
}

/* Instrumented code, of kernels and of the host, is about to touch memory. */
void watch_access(const void *at, size_t bytes, enum access access, const void *pc)
{
    size_t offset;
    struct outside outside;
    if (shim_now.grid)
        access_by_kernel(at, bytes, access, pc);
    else if (arena_offset(at, &offset) && shim_arena_used())
        watch_report("host", pc, "%s of %zu at %s by the host's code", verbs[access], bytes, place(at));
}

void shim_watch_atomic(const void *at, size_t bytes, const void *pc)
{
    if (!shim_watched || !shim_now.grid) return;
    struct outside outside;
    watch_access(at, bytes, ACCESS_ATOMIC, pc);
    races_atomic(at);
}

static void library_touches(const void *at, size_t bytes, enum access access)
{
    size_t offset;
    if (shim_watched && arena_offset(at, &offset))
        touch_device(offset, (const char *)at, bytes, access, NULL);
}

void shim_watch_read(const void *at, size_t bytes)
{
    library_touches(at, bytes, ACCESS_READ);
}

void shim_watch_write(const void *at, size_t bytes)
{
    library_touches(at, bytes, ACCESS_WRITE);
}

/* Bit by bit at the ends, for all bytes of a range. */
static void mark(size_t offset, size_t bytes, bool is)
{
    for (size_t i = offset, end = offset + bytes; i < end;) {
        size_t whole = i % GRANULE ? 0 : (end - i) / GRANULE;
        unsigned char *at = &written[i / GRANULE], bit = (unsigned char)(1u << i % GRANULE);
        memset(at, is ? (1 << GRANULE) - 1 : 0, whole);
        if (!whole) *at = (unsigned char)(is ? *at | bit : *at & ~bit);
        i += whole ? whole * GRANULE : 1;
    }
}

static bool is_written(size_t offset)
{
    return written[offset / GRANULE] >> offset % GRANULE & 1;
}

void shim_watch_filled(const void *at, size_t bytes)
{
    size_t offset;
    if (!shim_watched || !arena_offset(at, &offset)) return;
    open();
    mark(offset, bytes, true);
}

void shim_watch_forgotten(const void *at, size_t bytes)
{
    size_t offset;
    if (!shim_watched || !arena_offset(at, &offset)) return;
    open();
    mark(offset, bytes, false);
}

void shim_watch_copied(void *to, const void *from, size_t bytes)
{
    size_t target, source;
    if (!shim_watched || !arena_offset(to, &target) || !arena_offset(from, &source)) return;
    open();
    for (size_t i = 0; i < bytes; i++) mark(target + i, 1, is_written(source + i));
}

void shim_watch_fetched(const void *from, size_t bytes)
{
    size_t offset;
    if (!shim_watched || !arena_offset(from, &offset)) return;
    open();
    for (size_t i = 0; i < bytes; i++)
        if (!is_written(offset + i)) {
            watch_report("unwritten", NULL, "copy to the host of %zu from %s, never written", bytes - i,
                         place((const char *)from + i));
            return;
        }
}

void shim_watch_freed(void *at, size_t bytes)
{
    size_t offset;
    if (!shim_watched || !cells || !arena_offset(at, &offset)) return;
    madvise(&cells[offset / GRANULE], bytes / GRANULE * sizeof *cells / 4096 * 4096, MADV_DONTNEED);
}
