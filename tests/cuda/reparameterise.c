/* The reparameterised draw and the KL divergence: CUDA against the CPU. */
#include "tests/cuda/both.h"

struct shape {
    int batch, length, channels;
    bool bf16, in_place; /* gradients in the place of what they are of */
};

static struct tensor tensor(struct both *run, const struct shape *s, bool bf16, uint32_t purpose)
{
    return (bf16 ? both_activation : both_tensor)(run, s->batch, s->length, s->channels, purpose);
}

static void latents(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    struct tensor mu = tensor(run, s, s->bf16, 1), logvar = tensor(run, s, true, 2),
                  epsilon = tensor(run, s, false, 3), z = tensor(run, s, s->bf16, 0),
                  plain = tensor(run, s, false, 0), dz = tensor(run, s, s->bf16, 4);
    device position = both_memory(run, (size_t)s->length * (size_t)s->channels, 5);
    device value = both_memory(run, 1, 6);
    struct tensor dmu = s->in_place ? mu : tensor(run, s, true, 0);
    struct tensor dlogvar = s->in_place ? logvar : tensor(run, s, s->bf16, 0);
    run->ops->reparameterise(z, mu, logvar, epsilon, position);
    run->ops->reparameterise(plain, mu, logvar, epsilon, NULL);
    run->ops->kl(value, mu, logvar);
    run->ops->kl(value, mu, logvar);
    run->ops->reparameterise_backward(dmu, dlogvar, dz, mu, logvar, epsilon, (real)0.3);
    struct tensor all[] = {z, plain, dmu, dlogvar};
    const char *names[] = {"z", "z without positions", "dmu", "dlogvar"};
    for (int i = 0; i < 4; i++) both_keep(run, names[i], all[i]);
    both_keep_memory(run, "KL", value, 1);
}

int main(void)
{
    static const struct shape shapes[] = {
        {1, 1, 1, true, false},   {2, 7, 3, true, true},     {3, 241, 8, false, false},
        {1, 7, 20, true, false},  {2, 241, 33, true, true},  {3, 7, 128, false, true},
        {2, 7, 512, true, false}, {3, 241, 300, true, true},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        char name[80];
        snprintf(name, sizeof name, "(%d, %d, %d)%s%s", s->batch, s->length, s->channels,
                 s->bf16 ? ", bf16" : "", s->in_place ? ", in place" : "");
        both_check(name, latents, s, 2e-6, 5e-3);
    }
    return done();
}
