/* Adaptive pooling and means of pairs: CUDA against the CPU. */
#include "tests/cuda/both.h"

struct shape {
    int batch, in, out, channels;
    bool bf16_in, bf16_out;
};

static struct tensor tensor(struct both *run, const struct shape *s, bool out, uint32_t purpose)
{
    bool bf16 = out ? s->bf16_out : s->bf16_in;
    return (bf16 ? both_activation : both_tensor)(run, s->batch, out ? s->out : s->in, s->channels, purpose);
}

static void adaptive(struct both *run, const void *shape)
{
    struct tensor x = tensor(run, shape, false, 1), y = tensor(run, shape, true, 0);
    struct tensor dy = tensor(run, shape, true, 2), dx = tensor(run, shape, false, 3);
    run->ops->adaptive_pool(y, x);
    run->ops->adaptive_pool_backward(dx, dy);
    both_keep(run, "y", y);
    both_keep(run, "dx", dx);
}

static void halving(struct both *run, const void *shape)
{
    struct tensor x = tensor(run, shape, false, 1), y = tensor(run, shape, true, 0);
    struct tensor dy = tensor(run, shape, true, 2), dx = tensor(run, shape, false, 3);
    run->ops->halve(y, x);
    run->ops->halve_backward(dx, dy);
    both_keep(run, "y", y);
    both_keep(run, "dx", dx);
}

static void check(const char *what, both_case *test, const struct shape *s)
{
    char name[120];
    snprintf(name, sizeof name, "%s (%d, %d%s -> %d%s, %d)", what, s->batch, s->in, s->bf16_in ? " bf16" : "",
             s->out, s->bf16_out ? " bf16" : "", s->channels);
    both_check(name, test, s, 1e-6, 5e-3);
}

int main(void)
{
    static const struct shape shapes[] = {
        {1, 1, 1, 1, false, false},       {1, 7, 3, 5, true, true},      {2, 3, 7, 2, false, true},
        {3, 241, 100, 3, true, false},    {3, 241, 100, 8, true, true},  {2, 200, 165, 20, true, true},
        {2, 100, 241, 33, false, false},  {2, 600, 50, 128, true, true}, {1, 42, 7, 512, true, true},
        {1, 9, 1, 33, true, true},        {3, 64, 1, 256, false, false}, {1, 37, 37, 12, true, false},
        {1, 75011, 32767, 1, true, true}, /* products of the lengths beyond 31 bits */
    };
    static const struct shape pairs[] = {
        {1, 2, 1, 1, false, false},   {2, 7, 3, 3, true, true},        {3, 241, 120, 8, true, true},
        {1, 7, 3, 20, false, true},   {2, 241, 120, 33, true, false},  {3, 8, 4, 128, true, true},
        {2, 7, 3, 512, false, false}, {3, 1001, 500, 2, false, false}, {2, 10, 5, 12, true, true},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check("pool", adaptive, &shapes[i]);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) check("halve", halving, &pairs[i]);
    return done();
}
