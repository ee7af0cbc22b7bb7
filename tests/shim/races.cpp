/* Races: each granule of memory keeps its last write and its last read. Two accesses of different threads,
 * one of them a write, must have a rendezvous between: of the block, or of the warp for threads of one warp.
 * Each warp has a clock that its rendezvous move; a rendezvous of the block moves all to a common new time.
 */
#include <string.h>

#include "watch.h"

enum { SPLIT = 0xffffffff, LATEST = (1 << 19) - 1 };

static uint32_t turn = 1, launch_turn = 1, launch;
static unsigned clocks[MOST_WARPS], met_time;

/* Granules that are touched in parts have a cell for each byte, here, for one launch. */
struct bytes {
    struct cell cell[GRANULE];
};
static auto &splits = *new std::vector<struct bytes>;

void races_launch()
{
    launch_turn = ++turn;
    launch++;
    splits.clear();
    tickets_launch();
}

void races_block()
{
    turn++;
    memset(clocks, 0, sizeof clocks);
    met_time = 0;
    tickets_block();
}

/* Time stands still at last; then races would go unseen. */
static unsigned later(unsigned time)
{
    static bool told;
    if (time < LATEST) return time + 1;
    if (!told) shim_say("a block meets too often: its later races are not seen");
    told = true;
    return time;
}

void races_block_met(unsigned warps)
{
    unsigned latest = 0;
    for (unsigned w = 0; w < warps; w++) latest = clocks[w] > latest ? clocks[w] : latest;
    met_time = later(latest);
    for (unsigned w = 0; w < warps; w++) clocks[w] = met_time;
}

void races_warp_met(unsigned warp)
{
    clocks[warp] = later(clocks[warp]);
}

bool races_ordered(struct touch t)
{
    unsigned warp = shim_now.thread / WARP;
    if (t.others == OTHER_BLOCKS) return false;
    if (t.turn != turn) return tickets_order(t);
    if (t.time < met_time) return true;
    if (t.others == OTHER_WARPS || t.thread / WARP != warp) return false;
    if (t.time < clocks[warp]) return true;
    return t.others == NO_OTHERS && t.thread == shim_now.thread;
}

bool races_same_block(struct touch touch)
{
    return touch.turn == turn;
}

static struct touch mine(enum access access)
{
    struct touch t = {turn, shim_now.thread & 1023, clocks[shim_now.thread / WARP] & LATEST, NO_OTHERS,
                      access == ACCESS_ATOMIC};
    return t;
}

/* Readers add up until a rendezvous comes between them and any later writer. */
static struct touch read_too(struct touch t)
{
    struct touch now = mine(ACCESS_READ);
    if (t.turn < launch_turn) return now;
    if (t.others == OTHER_BLOCKS || (t.turn != turn && !races_ordered(t))) {
        now.others = OTHER_BLOCKS;
        return now;
    }
    if (races_ordered(t)) {
        /* Earlier ones of this warp are before this one; for other warps they are alike. */
        return now;
    }
    now.others = t.others == OTHER_WARPS || t.thread / WARP != now.thread / WARP ? OTHER_WARPS : OTHER_LANES;
    return now;
}

void races_atomic(const void *at)
{
    tickets_atomic(at, mine(ACCESS_ATOMIC), met_time);
}

static void conflict(struct found *found, enum conflict kind, struct touch other)
{
    if (found->conflict) return;
    found->conflict = kind;
    found->other = other;
}

static void touch(struct found *found, struct cell *cell, unsigned count, enum access access, bool shared)
{
    uint32_t since = shared ? turn : launch_turn;
    bool written = cell->write.turn >= since, read = cell->read.turn >= since;
    bool both_atomic = access == ACCESS_ATOMIC && cell->write.atomic;
    if (written && !both_atomic && !races_ordered(cell->write)) conflict(found, AGAINST_WRITE, cell->write);
    if (access != ACCESS_READ && read && !races_ordered(cell->read))
        conflict(found, AGAINST_READ, cell->read);
    if (access != ACCESS_WRITE) {
        found->first_read += read ? 0 : count;
        found->unwritten += written ? 0 : count;
    }
    if (access != ACCESS_READ) {
        found->first_written += written ? 0 : count;
        cell->write = mine(access);
    }
    if (access == ACCESS_READ) cell->read = read_too(read ? cell->read : (struct touch){});
}

/* A split granule's cell says where its bytes' are. */
union split {
    struct cell cell;
    struct {
        uint32_t mark, launch, index;
    };
};

/* The cells of its bytes; NULL: it is whole. What an earlier launch left is forgotten. */
static struct cell *bytes_of(struct cell *cell)
{
    union split s = {*cell};
    if (s.mark != SPLIT) return NULL;
    if (s.launch == launch) return splits[s.index].cell;
    *cell = {};
    return NULL;
}

static struct cell *split(struct cell *cell)
{
    union split s;
    struct bytes bytes = {{*cell, *cell, *cell, *cell}};
    s.mark = SPLIT, s.launch = launch, s.index = (uint32_t)splits.size();
    splits.push_back(bytes);
    *cell = s.cell;
    return splits.back().cell;
}

struct found races_touch(struct cell *cell, unsigned first, unsigned count, enum access access, bool shared)
{
    struct found found = {};
    struct cell *bytes = bytes_of(cell);
    if (!bytes && count == GRANULE) {
        touch(&found, cell, GRANULE, access, shared);
        return found;
    }
    if (!bytes) bytes = split(cell);
    for (unsigned i = first; i < first + count; i++) touch(&found, &bytes[i], 1, access, shared);
    return found;
}
