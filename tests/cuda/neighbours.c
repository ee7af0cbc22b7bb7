/* Neighbouring samples side by side: CUDA against the CPU. */
#include "tests/cuda/both.h"

struct shape {
    int records, length, channels;
    struct neighbours neighbours;
    bool bf16;
};

static struct tensor tensor(struct both *run, const struct shape *s, bool windows, uint32_t purpose)
{
    const struct neighbours *n = &s->neighbours;
    int samples = s->records * (windows ? n->out : n->in), channels = s->channels * (windows ? n->window : 1);
    return (s->bf16 ? both_activation : both_tensor)(run, samples, s->length, channels, purpose);
}

static void side_by_side(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor x = tensor(run, s, false, 1), y = tensor(run, s, true, 2);
    struct tensor dy = tensor(run, s, true, 3), dx = tensor(run, s, false, 4);
    run->ops->neighbours(y, x, s->neighbours);
    run->ops->neighbours_backward(dx, dy, s->neighbours);
    both_keep(run, "y", y);
    both_keep(run, "dx", dx);
}

int main(void)
{
    static const struct shape shapes[] = {
        {1, 1, 1, {1, 1, 1, 1, 0}, false},   {2, 5, 3, {7, 4, 3, 2, 1}, true},
        {3, 41, 16, {6, 3, 3, 2, 1}, false}, {3, 41, 8, {23, 12, 3, 2, 1}, true},
        {2, 30, 4, {5, 5, 5, 1, 2}, true},   {2, 17, 12, {4, 1, 4, 4, 0}, false},
        {2, 9, 2, {5, 2, 1, 3, 0}, true},    {1, 333, 33, {9, 5, 3, 2, 1}, false},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        char name[120];
        snprintf(name, sizeof name, "neighbours (%d, %d, %d%s), %d rows to %d windows of %d", s->records,
                 s->length, s->channels, s->bf16 ? " bf16" : "", s->neighbours.in, s->neighbours.out,
                 s->neighbours.window);
        both_check(name, side_by_side, s, 1e-6, 5e-3);
    }
    return done();
}
