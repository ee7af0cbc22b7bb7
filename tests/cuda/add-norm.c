/* Addition and layer normalisation: CUDA against the CPU. */
#include "tests/cuda/both.h"

struct shape {
    int batch, length, channels;
    real share; /* of dropout */
    bool in_place, bf16;
};

static struct tensor tensor(struct both *run, const struct shape *s, bool bf16, uint32_t purpose)
{
    return (bf16 ? both_activation : both_tensor)(run, s->batch, s->length, s->channels, purpose);
}

static void norm(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    size_t channels = (size_t)s->channels;
    struct tensor x = tensor(run, s, s->bf16, 1), f = tensor(run, s, true, 2), y = tensor(run, s, true, 0);
    struct tensor dy = tensor(run, s, s->bf16, 3), df = tensor(run, s, true, 0);
    struct tensor dx = s->in_place ? dy : tensor(run, s, true, 0);
    device scale = both_memory(run, channels, 4), shift = both_memory(run, channels, 5);
    device dscale = both_memory(run, channels, 6), dshift = both_memory(run, channels, 7);
    struct pass pass = {.training = true, .seed = 4, .step = 9};
    struct add_norm *norm = run->ops->add_norm_new_or_die(s->batch, s->length, (struct dropout){s->share, 8});
    run->ops->add_norm_forward(norm, y, x, f, scale, shift, pass);
    run->ops->add_norm_backward(norm, dx, df, dscale, dshift, dy, f, scale, pass);
    struct tensor all[] = {y, f, dx, df};
    const char *names[] = {"y", "sum", "dx", "df"};
    for (int i = 0; i < 4; i++) both_keep(run, names[i], all[i]);
    both_keep_memory(run, "dscale", dscale, channels);
    both_keep_memory(run, "dshift", dshift, channels);
    run->ops->add_norm_free(norm);
}

/* In evaluation there is no dropout; the parameters stand where no vector can. */
static void evaluation(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    size_t channels = (size_t)s->channels;
    struct tensor x = tensor(run, s, true, 1), f = tensor(run, s, true, 2), y = tensor(run, s, true, 0);
    device scale = run->ops->at(both_memory(run, channels + 1, 4), 1);
    device shift = run->ops->at(both_memory(run, channels + 1, 5), 1);
    struct add_norm *norm = run->ops->add_norm_new_or_die(s->batch, s->length, (struct dropout){s->share, 8});
    run->ops->add_norm_forward(norm, y, x, f, scale, shift, (struct pass){.training = false});
    both_keep(run, "y", y);
    run->ops->add_norm_free(norm);
}

static void check(const struct shape *s)
{
    char name[120];
    /* Of few values, some rows have hardly any variance, and bf16 is too coarse for what is divided by it. */
    double bf16 = s->channels < 20 ? 0 : 2e-2;
    snprintf(name, sizeof name, "(%d, %d, %d), dropout %g%s%s", s->batch, s->length, s->channels,
             (double)s->share, s->in_place ? ", in place" : "", s->bf16 ? ", all bf16" : "");
    both_check(name, norm, s, 1e-5, bf16);
    if (s->share > 0) both_check("in evaluation", evaluation, s, 1e-5, bf16);
}

int main(void)
{
    static const struct shape shapes[] = {
        {1, 1, 1, 0, false, true},
        {2, 7, 3, 0, true, false},
        {3, 241, 8, 0, false, true},
        {1, 7, 20, (real)0.1, true, true},
        {2, 241, 33, (real)0.3, true, true},
        {3, 7, 64, 0, false, false},
        {1, 241, 72, (real)0.2, true, true},
        {2, 241, 128, (real)0.1, false, true},
        {1, 700, 512, (real)0.1, true, true},
        {1, 2500, 16, 0, false, false},
        /* a block a row */
        {2, 7, 65, (real)0.1, true, true},
        {1, 7, 520, (real)0.1, true, true},
        {1, 241, 1024, (real)0.1, false, true},
        {2, 3, 1025, (real)0.1, true, true},
        {1, 3, 8192, 0, true, true},
        {1, 2, 8200, (real)0.1, false, true},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check(&shapes[i]);
    return done();
}
