/* The length of frames by a sample's tempo, and how many of them make the wanted seconds. */
#include "kernels/model/sampling/sample-length.h"

#include <math.h>

#include "kernels/model/keys-facts.h"

struct sample_length sample_length_of(const struct model *m, const struct model_header *header)
{
    struct sample_length length = {0};
    if (header->keys.beat)
        length.intervals = prior_intervals(m->generator->prior);
    else
        length.interval = keys_facts_read(header->facts, header->keys.keys).frame_seconds;
    return length;
}

double sample_interval(const struct sample_length *l, uint64_t seed, uint64_t number)
{
    if (l->interval > 0) return l->interval;
    struct articulation own = prior_articulation(sample_key_make(seed, (uint32_t)number, 0));
    return interval_at(&l->intervals, (double)own.tempo);
}

size_t sample_frames(double seconds, double interval)
{
    return (size_t)fmax(1, round(seconds / interval));
}

size_t sample_frames_most(const struct sample_length *l)
{
    return sample_frames(l->seconds, l->interval > 0 ? l->interval : interval_at(&l->intervals, 0));
}
