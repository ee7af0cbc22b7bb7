/* Order between blocks: a block that has written, fenced (every thread that wrote) and then changed a place
 * by an atomic comes before a block that changes the same place by an atomic later. So the last block to take
 * a ticket may read what all others left. */
#include <map>

#include "watch.h"

/* An atomic of a block: what of the block comes before it. */
struct ticket {
    uint32_t turn;
    unsigned thread, time; /* that did it, and its warp's clock */
    unsigned met_time;     /* of the block's last rendezvous before */
};
typedef std::vector<struct ticket> tickets;

/* What a block saw: the first tickets of a place, from a thread's atomic on. */
struct sight {
    const tickets *of;
    size_t count;
    struct touch since;
};

static auto &places = *new std::map<const void *, tickets>; /* of this launch */
static auto &seen = *new std::vector<struct sight>;         /* by this block */
static bool unfenced[MOST_THREADS];                         /* wrote, and has not fenced since */
static unsigned count_unfenced;

void tickets_launch()
{
    places.clear();
}

void tickets_block()
{
    seen.clear();
    if (count_unfenced) memset(unfenced, 0, sizeof unfenced);
    count_unfenced = 0;
}

void tickets_wrote()
{
    count_unfenced += !unfenced[shim_now.thread];
    unfenced[shim_now.thread] = true;
}

void shim_fence()
{
    count_unfenced -= unfenced[shim_now.thread];
    unfenced[shim_now.thread] = false;
}

void tickets_atomic(const void *at, struct touch now, unsigned met_time)
{
    tickets &all = places[at];
    if (!all.empty() && (seen.empty() || seen.back().of != &all || seen.back().since.thread != now.thread))
        seen.push_back({&all, all.size(), now});
    if (!count_unfenced) all.push_back({now.turn, now.thread, now.time, met_time});
}

static bool before(struct touch touch, const struct ticket *ticket)
{
    if (touch.turn != ticket->turn) return false;
    return touch.time < ticket->met_time ||
           (touch.others == NO_OTHERS && touch.thread == ticket->thread && touch.time <= ticket->time);
}

bool tickets_order(struct touch earlier)
{
    for (const struct sight &s : seen) {
        if (!races_ordered(s.since)) continue;
        for (size_t i = s.count; i-- > 0 && (*s.of)[i].turn >= earlier.turn;)
            if (before(earlier, &(*s.of)[i])) return true;
    }
    return false;
}
