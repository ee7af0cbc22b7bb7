/* Keys as frames, gates and their losses: CUDA against the CPU. */
#include "tests/cuda/both.h"

struct shape {
    int batch, keys, frames, length;
};

/* x with what is below 0 silent. */
static struct tensor records(struct both *run, const struct shape *s)
{
    struct tensor x = both_tensor(run, s->batch, s->keys * s->frames, 2, 1);
    float *values = allocate_or_die(tensor_count(x), sizeof *values);
    run->ops->download(values, x.data, tensor_count(x));
    for (size_t i = 0; i < tensor_count(x); i++) values[i] = values[i] > 0 ? values[i] : 0;
    run->ops->upload(x.data, values, tensor_count(x));
    free(values);
    return x;
}

static void gates(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    const struct keys_shape keys = {s->keys, s->frames};
    const real weights[GATE_LOSSES] = {(real)0.8, 30};
    struct tensor r = records(run, s), x = both_tensor(run, s->batch, s->keys * s->frames, 2, 0),
                  hard = both_tensor(run, s->batch, s->keys * s->frames, 2, 0),
                  dx = both_tensor(run, s->batch, s->keys * s->frames, 2, 2),
                  f = both_tensor(run, s->batch, s->length, 3 * s->keys, 3),
                  df = both_tensor(run, s->batch, s->length, 3 * s->keys, 4),
                  y = both_tensor(run, s->batch, s->length, 2 * s->keys, 5);
    device values = both_memory(run, GATE_LOSSES, 6);
    run->ops->frames(y, r, keys);
    run->ops->gated(x, f, keys, (struct gate){0});
    run->ops->gated(hard, f, keys, (struct gate){true, (real)0.1003, (real)0.2});
    run->ops->gated_backward(df, dx, f, keys);
    both_keep(run, "df of the output", df);
    run->ops->gate_losses(values, df, f, r, keys, weights);
    run->ops->gate_losses(values, df, f, r, keys, weights);
    struct tensor all[] = {y, x, hard, df};
    const char *names[] = {"frames", "soft", "hard", "df"};
    for (int i = 0; i < 4; i++) both_keep(run, names[i], all[i]);
    both_keep_memory(run, "losses", values, GATE_LOSSES);
}

int main(void)
{
    static const struct shape shapes[] = {{1, 1, 1, 2}, {2, 5, 7, 8}, {3, 33, 50, 64}, {2, 7, 241, 256}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        char name[80];
        snprintf(name, sizeof name, "(%d, %d x %d in %d)", s->batch, s->keys, s->frames, s->length);
        both_check(name, gates, s, 2e-6, 0);
    }
    return done();
}
