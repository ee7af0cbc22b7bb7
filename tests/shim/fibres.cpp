/* Runs a grid: blocks one after the other, the threads of a block as fibres that go on from rendezvous to
 * rendezvous. A thread that never waits costs a call: the next one begins on the same stack. */
#include <string.h>

#include "order.h"
#include "shim.h"
#include "switch.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

alignas(1024) unsigned char shared_bytes[SHARED_MOST];
struct shim_running shim_now;

/* Read by kernels as threadIdx and so on. */
extern "C" {
uint3 shim_thread_index, shim_block_index;
dim3 shim_block_size, shim_grid_size;
}

enum { NOWHERE = -1 };

static struct {
    struct fibre *fibre; /* NULL: has not begun */
    int waits_at;        /* a kind of rendezvous, or NOWHERE */
} threads[MOST_THREADS];

typedef uint64_t lane_values[SHIM_ROW];

/* A warp's rendezvous. Values go into two rows in turns: who is late may still read the other. */
static struct warp {
    unsigned lanes, ready, met; /* a bit a lane; ready: may run, but does not */
    int kind, row;
    unsigned last; /* lane that ran */
    lane_values values[2][WARP];
} warps[MOST_WARPS];

static struct {
    unsigned ready; /* a bit a warp */
    unsigned warp;  /* that ran last */
    unsigned met, left;
    int kind, sum, result;
} block;

static void take_ready(unsigned w, unsigned lane)
{
    warps[w].ready &= ~(1u << lane);
    if (!warps[w].ready) block.ready &= ~(1u << w);
}

/* The next thread to run, no longer ready; -1: none. Stays in a warp as long as it can, shuffled mostly. */
static int pick()
{
    if (!block.ready) return -1;
    bool stay = block.ready >> block.warp & 1 && order_stays();
    unsigned w = block.warp = stay ? block.warp : order_choose(block.ready, block.warp);
    unsigned lane = warps[w].last = order_choose(warps[w].ready, warps[w].last);
    take_ready(w, lane);
    return (int)(w * WARP + lane);
}

static void make_ready(unsigned w, unsigned lanes)
{
    warps[w].ready |= lanes;
    if (warps[w].ready) block.ready |= 1u << w;
}

static void become(unsigned thread)
{
    const dim3 *size = &shim_block_size;
    shim_now.thread = thread;
    if (size->y == 1 && size->z == 1) {
        shim_thread_index.x = thread;
        return;
    }
    shim_thread_index = {thread % size->x, thread / size->x % size->y, thread / size->x / size->y};
}

static void go_to(unsigned thread, struct fibre *from, void (*body)())
{
    if (!threads[thread].fibre) threads[thread].fibre = fibre_take(body);
    struct fibre *to = threads[thread].fibre;
    become(thread);
    shim_now.stack = to->stack, shim_now.stack_bytes = to->bytes;
    fibre_switch(from, to);
}

static const char *const kinds[] = {
    "__syncthreads",    "__syncthreads_count", "__syncwarp", "__shfl_sync",         "__shfl_xor_sync",
    "__shfl_down_sync", "__shfl_up_sync",      "a vote",     "a warp's instruction"};

[[noreturn]] static void stuck()
{
    unsigned at_block = 0, at_warp = 0, one = 0;
    for (unsigned t = 0; t < shim_now.threads; t++) {
        int kind = threads[t].waits_at;
        if (kind == NOWHERE) continue;
        one = t;
        if (kind <= SHIM_SYNCTHREADS_COUNT)
            at_block++;
        else
            at_warp++;
    }
    shim_now.thread = one;
    shim_die(
        "waits forever at %s: of the block's %u threads %u wait for the block, %u for their warp, %u left",
        kinds[threads[one].waits_at], shim_now.threads, at_block, at_warp, block.left);
}

/* Runs threads from the first line to the last, one after the other, while none waits. */
static void body()
{
    fibre_entered();
    for (;;) {
        struct fibre *self = threads[shim_now.thread].fibre;
        shim_now.in_kernel = true;
        shim_now.grid->call->run();
        shim_now.in_kernel = false;
        threads[shim_now.thread].waits_at = NOWHERE;
        block.left++;
        int next = pick();
        if (next >= 0 && !threads[next].fibre) {
            threads[next].fibre = self;
            become((unsigned)next);
            continue;
        }
        fibre_give(self);
        if (next >= 0)
            go_to((unsigned)next, self, body);
        else if (block.left < shim_now.threads)
            stuck();
        else
            fibre_switch(self, fibre_host());
    }
}

static void wait(int kind)
{
    struct fibre *self = threads[shim_now.thread].fibre;
    threads[shim_now.thread].waits_at = kind;
    shim_now.in_kernel = false;
    int next = pick();
    if (next < 0) stuck();
    go_to((unsigned)next, self, body);
    shim_now.in_kernel = true;
    threads[shim_now.thread].waits_at = NOWHERE;
}

int shim_block_meet(int kind, int value)
{
    if (!shim_now.grid) shim_die("%s outside of a kernel", kinds[kind]);
    if (!block.met) block.kind = kind, block.sum = 0;
    if (block.kind != kind)
        shim_die("at %s while others of the block are at %s", kinds[kind], kinds[block.kind]);
    block.sum += value;
    if (++block.met < shim_now.threads) {
        wait(kind);
        return block.result;
    }
    block.met = 0;
    block.result = block.sum;
    for (unsigned w = 0; w < shim_now.warps; w++) make_ready(w, warps[w].lanes);
    take_ready(shim_now.thread / WARP, shim_now.thread % WARP);
    shim_watch_block_met();
    return block.result;
}

unsigned shim_lane()
{
    return shim_now.thread % WARP;
}

unsigned __activemask()
{
    return warps[shim_now.thread / WARP].lanes;
}

/* Where the lanes' values of a meeting go. */
static lane_values *open_meeting(int kind, unsigned mask)
{
    if (!shim_now.grid) shim_die("%s outside of a kernel", kinds[kind]);
    struct warp *warp = &warps[shim_now.thread / WARP];
    if ((mask & warp->lanes) != warp->lanes)
        shim_die("%s with mask %08x: not the whole warp", kinds[kind], mask);
    if (!warp->met) warp->kind = kind;
    if (warp->kind != kind) shim_die("at %s while other lanes are at %s", kinds[kind], kinds[warp->kind]);
    return warp->values[warp->row];
}

static void meet_warp(int kind)
{
    unsigned w = shim_now.thread / WARP, lane = shim_now.thread % WARP;
    struct warp *warp = &warps[w];
    warp->met |= 1u << lane;
    if (warp->met != warp->lanes) {
        wait(kind);
        return;
    }
    warp->met = 0;
    warp->row ^= 1;
    if (warp->lanes & ~(1u << lane)) make_ready(w, warp->lanes & ~(1u << lane));
    shim_watch_warp_met(w);
}

uint64_t shim_warp_meet(int kind, unsigned mask, uint64_t value, unsigned from)
{
    lane_values *rows = open_meeting(kind, mask);
    rows[shim_now.thread % WARP][0] = value;
    meet_warp(kind);
    return warps[shim_now.thread / WARP].lanes >> from & 1 ? rows[from][0] : value;
}

const uint64_t *shim_warp_hand_over(unsigned mask, const uint64_t *row)
{
    lane_values *rows = open_meeting(SHIM_HAND_OVER, mask);
    for (int i = 0; i < SHIM_ROW; i++) rows[shim_now.thread % WARP][i] = row[i];
    meet_warp(SHIM_HAND_OVER);
    return rows[0];
}

unsigned shim_warp_vote(int kind, unsigned mask, bool value)
{
    lane_values *rows = open_meeting(kind, mask);
    rows[shim_now.thread % WARP][0] = value;
    meet_warp(kind);
    unsigned lanes = warps[shim_now.thread / WARP].lanes, votes = 0;
    for (unsigned lane = 0; lane < WARP; lane++)
        if (lanes >> lane & 1 && rows[lane][0]) votes |= 1u << lane;
    return votes;
}

static void run_block(size_t index)
{
    const dim3 *size = &shim_grid_size;
    shim_now.block = index;
    shim_block_index = {(unsigned)(index % size->x), (unsigned)(index / size->x % size->y),
                        (unsigned)(index / size->x / size->y)};
    memset(shared_bytes, 0xff, shim_now.grid->shared);
    memset(&block, 0, sizeof block);
    for (unsigned t = 0; t < shim_now.threads; t++) threads[t].fibre = NULL, threads[t].waits_at = NOWHERE;
    for (unsigned w = 0; w < shim_now.warps; w++) {
        unsigned count = shim_now.threads - w * WARP;
        warps[w].lanes = count >= WARP ? 0xffffffffu : (1u << count) - 1;
        warps[w].met = warps[w].ready = 0, warps[w].row = 0;
        warps[w].last = order_before(WARP);
        make_ready(w, warps[w].lanes);
    }
    block.warp = order_choose(block.ready, order_before(MOST_WARPS));
    shim_watch_block();
    go_to((unsigned)pick(), fibre_host(), body);
}

void shim_run_grid(const struct shim_grid *grid)
{
    order_open();
    shim_catch_faults();
    size_t count = (size_t)grid->grid.x * grid->grid.y * grid->grid.z;
    shim_block_size = grid->block, shim_grid_size = grid->grid;
    shim_thread_index = {0, 0, 0};
    shim_now.kernel = shim_kernel_name(grid->call->kernel);
    shim_now.threads = grid->block.x * grid->block.y * grid->block.z;
    shim_now.warps = (shim_now.threads + WARP - 1) / WARP;
    shim_now.grid = grid;
    shim_watch_launch(shim_now.kernel, grid->operations);
#ifdef __SANITIZE_ADDRESS__
    ASAN_POISON_MEMORY_REGION(shared_bytes + grid->shared, SHARED_MOST - grid->shared);
#endif
    for (size_t index : order_blocks(count)) run_block(index);
#ifdef __SANITIZE_ADDRESS__
    ASAN_UNPOISON_MEMORY_REGION(shared_bytes, SHARED_MOST);
#endif
    shim_watch_landed();
    shim_now.grid = NULL;
}
