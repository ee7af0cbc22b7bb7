/* Fully connected layers: CUDA against the CPU, by each of the ways that a gemm can be computed. */
#include "tests/cuda/both.h"

struct shape {
    int batch, length, in, out;
    bool bias, relu, add;
    bool bf16_x, bf16_y;
};

static struct tensor tensor(struct both *run, const struct shape *s, int channels, bool bf16,
                            uint32_t purpose)
{
    return (bf16 ? both_activation : both_tensor)(run, s->batch, s->length, channels, purpose);
}

static void layer(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    size_t weights = (size_t)s->in * (size_t)s->out;
    struct tensor x = tensor(run, s, s->in, s->bf16_x, 1), y = tensor(run, s, s->out, s->bf16_y, 0);
    struct tensor dx = tensor(run, s, s->in, s->bf16_x, 2), dy = tensor(run, s, s->out, s->bf16_y, 3);
    device weight = both_memory(run, weights, 4), dweight = both_memory(run, weights, 5);
    device bias = s->bias ? both_memory(run, (size_t)s->out, 6) : NULL;
    device dbias = s->bias ? both_memory(run, (size_t)s->out, 7) : NULL;
    run->ops->linear(y, x, weight, bias, s->relu);
    both_keep(run, "y", y);
    run->ops->linear_backward(dx, dweight, dbias, dy, y, x, weight, s->relu, s->add);
    both_keep(run, "dy", dy);
    both_keep(run, "dx", dx);
    both_keep_memory(run, "dweight", dweight, weights);
    if (dbias) both_keep_memory(run, "dbias", dbias, (size_t)s->out);
}

/* What is not wanted is left alone. */
static void parts(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    size_t weights = (size_t)s->in * (size_t)s->out;
    struct tensor x = tensor(run, s, s->in, false, 1), y = tensor(run, s, s->out, false, 2);
    struct tensor dx = tensor(run, s, s->in, false, 0), dy = tensor(run, s, s->out, false, 3), none = {0};
    device weight = both_memory(run, weights, 4), dweight = both_memory(run, weights, 0);
    device dbias = both_memory(run, (size_t)s->out, 0);
    run->ops->linear_backward(dx, NULL, NULL, dy, none, x, weight, false, false);
    run->ops->linear_backward(none, dweight, NULL, dy, none, x, weight, false, false);
    run->ops->linear_backward(none, NULL, dbias, dy, none, x, weight, false, false);
    both_keep(run, "dx alone", dx);
    both_keep_memory(run, "dweight alone", dweight, weights);
    both_keep_memory(run, "dbias alone", dbias, (size_t)s->out);
    run->ops->linear_backward(none, NULL, NULL, dy, y, x, weight, true, false);
    both_keep(run, "the mask alone", dy);
}

static void check(const struct shape *s)
{
    char name[120];
    snprintf(name, sizeof name, "(%d, %d, %d%s) to %d%s%s%s%s", s->batch, s->length, s->in,
             s->bf16_x ? " bf16" : "", s->out, s->bf16_y ? " bf16" : "", s->bias ? ", bias" : "",
             s->relu ? ", relu" : "", s->add ? ", added" : "");
    both_check(name, layer, s, 2e-6, 6e-3);
}

int main(void)
{
    static const struct shape shapes[] = {
        {1, 1, 1, 1, true, false, true, false, false},
        {2, 7, 3, 8, true, true, false, false, false},
        {3, 241, 8, 20, true, true, true, true, true},
        {3, 241, 2, 4, true, false, false, false, false},
        {2, 241, 33, 20, false, true, true, true, false},
        {2, 7, 128, 512, true, true, false, true, true},
        {1, 241, 512, 33, true, false, true, true, true},
        {3, 7, 128, 65, true, true, true, false, true},
        /* long sums over the inputs, the outputs, the rows */
        {3, 1, 9001, 2, true, true, true, false, false},
        {2, 1, 20000, 24, true, true, false, true, true},
        {3, 1, 3, 5000, true, true, true, true, true},
        {2, 2, 20, 4099, false, false, true, true, false},
        {3, 1001, 33, 40, true, true, false, true, true},
        {2, 2600, 2, 4, true, true, true, false, false},
        {1, 1500, 36, 72, true, false, true, false, true},
        {3, 1, 266, 1, true, false, false, false, false},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct shape s = shapes[i];
        check(&s);
        s.bf16_x = !s.bf16_x;
        check(&s);
    }
    both_check("parts of a backward pass", parts,
               &(struct shape){.batch = 2, .length = 7, .in = 33, .out = 40}, 1e-6, 1e-2);
    return done();
}
