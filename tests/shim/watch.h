/* Between the files of the watcher: watch.cpp (what an access is to), races.cpp and tickets.cpp (who else
 * touched it), counts.cpp (reports, and the table of traffic). */
#ifndef TESTS_SHIM_WATCH_H
#define TESTS_SHIM_WATCH_H

#include "shim.h"

enum { GRANULE = 4 };

/* The last access of a kind to a granule of four bytes, or to a byte of a split one. */
struct touch {
    uint32_t turn;        /* of the block: blocks are numbered as they run, over all launches; 0: none */
    unsigned thread : 10; /* the last one */
    unsigned time : 19;   /* the warp's clock */
    unsigned others : 2;  /* enum others: who touched it too, since the block last met */
    unsigned atomic : 1;
};
enum others { NO_OTHERS, OTHER_LANES, OTHER_WARPS, OTHER_BLOCKS };
struct cell {
    struct touch write, read;
};
static_assert(sizeof(struct cell) == 16, "a launch of millions of bytes needs millions of them");

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_ATOMIC };
enum conflict { NO_CONFLICT, AGAINST_WRITE, AGAINST_READ };

/* What was found about the bytes of one access in a granule. */
struct found {
    enum conflict conflict;
    struct touch other;  /* of the conflict */
    unsigned first_read; /* bytes that this launch has not read before, of the first access to them */
    unsigned first_written;
    unsigned unwritten; /* shared memory: bytes that this block has not written */
};

void races_launch();
void races_block();
void races_block_met(unsigned warps);
void races_warp_met(unsigned warp);
void races_atomic(const void *at);
/* `count` bytes from `first` on of the granule; shared: only this block's touches mean anything. */
struct found races_touch(struct cell *cell, unsigned first, unsigned count, enum access access, bool shared);

bool races_same_block(struct touch touch);
/* Whether all of an earlier touch comes before what this thread does now. */
bool races_ordered(struct touch earlier);

void tickets_launch();
void tickets_block();
void tickets_wrote(); /* device memory, this thread */
void tickets_atomic(const void *at, struct touch now, unsigned met_time);
bool tickets_order(struct touch earlier);

/* Reports an access in a kernel that is to no multiple of its size, which a GPU refuses. */
void watch_misaligned(const void *at, size_t bytes, enum access access, const void *pc);
void watch_access(const void *at, size_t bytes, enum access access, const void *pc);
/* One line for an error, unless the kernel had enough of the kind; the program will exit with 1. */
__attribute__((format(printf, 3, 4))) void watch_report(const char *kind, const void *pc, const char *format,
                                                        ...);
void counts_launch(const char *kernel, double operations);
void counts_traffic(unsigned read, unsigned written);
void counts_open();

#endif
