/* Attention on CUDA against the CPU: heads of any width, in one chunk of columns or several, lengths beside
 * those of tiles, dropout, tensors of reals and bf16 ones. */
#include "tests/cuda/both.h"

struct shape {
    int batch, length, heads, size; /* size: columns of a head */
    float share;
    bool real_qkv, real_dy; /* where the others are bf16 */
    bool evaluation;
    bool shifted; /* tensors of reals that begin 4 bytes after what copies of several values want */
    bool sharp;   /* queries, keys and values four times as large: a few probabilities are most of a row */
};

static struct tensor activation(struct both *run, const struct shape *s, int channels, uint32_t purpose,
                                bool real)
{
    if (s->shifted) {
        struct tensor x = tensor_make(NULL, s->batch, s->length, channels);
        x.data = run->ops->at(both_memory(run, tensor_count(x) + 1, purpose), 1);
        return x;
    }
    return (real ? both_tensor : both_activation)(run, s->batch, s->length, channels, purpose);
}

/* dqkv is not 0 before, for it is overwritten. */
static void attention_case(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    const struct ops *ops = run->ops;
    const struct pass pass = {!s->evaluation, false, 11, 3};
    const int width = s->heads * s->size;
    struct attention *a =
        ops->attention_new_or_die(s->batch, s->length, width, s->heads, (struct dropout){s->share, 5});
    struct tensor qkv = activation(run, s, 3 * width, 1, s->real_qkv);
    for (int i = 0; i < 3 && s->sharp; i++) ops->add(qkv, activation(run, s, 3 * width, 1, s->real_qkv));
    struct tensor dy = activation(run, s, width, 2, s->real_dy);
    struct tensor y = activation(run, s, width, 3, false);
    struct tensor dqkv = activation(run, s, 3 * width, 4, s->real_qkv);
    ops->attention_forward(a, y, qkv, pass);
    ops->attention_backward(a, dqkv, dy, y, qkv, pass);
    both_keep(run, "y", y);
    both_keep(run, "dqkv", dqkv);
    ops->attention_free(a);
}

static void check(struct shape shape)
{
    char name[120];
    snprintf(name, sizeof name, "attention (%d, %d), %d heads of %d, dropout %g%s%s%s%s%s", shape.batch,
             shape.length, shape.heads, shape.size, (double)shape.share, shape.real_qkv ? ", qkv real" : "",
             shape.real_dy ? ", dy real" : "", shape.evaluation ? ", evaluation" : "",
             shape.shifted ? ", shifted" : "", shape.sharp ? ", sharp" : "");
    struct both cpu = both_run(ops_cpu(), attention_case, &shape);
    struct both tf32 = both_run(both_cuda(PRECISION_TF32), attention_case, &shape);
    both_check(name, attention_case, &shape, 1e-5, 1e-2);
    both_compare(name, "tf32", &tf32, &cpu, 2e-3);
    both_free(&cpu), both_free(&tf32);
}

/* batch, length, heads, columns of a head */
static const struct shape shapes[] = {
    {1, 1, 1, 1, .share = 0},
    {2, 7, 2, 3, .share = 0.25f},
    {1, 9, 1, 8, .share = 1},
    {2, 33, 3, 8, .share = 0.1f},
    {1, 33, 2, 20, .real_dy = true},
    {1, 64, 2, 32, .share = 0.1f, .real_qkv = true},
    {1, 65, 2, 16, .share = 0.1f, .shifted = true},
    {1, 241, 2, 64, .share = 0.1f},
    {1, 241, 1, 64, .share = 0.1f, .sharp = true},
    {1, 65, 1, 64, .share = 0.5f, .evaluation = true},
    {1, 100, 1, 128, .share = 0.1f, .real_dy = true},
    {1, 129, 1, 128, .sharp = true},
    {1, 70, 1, 150, .share = 0.1f},
};

int main(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check(shapes[i]);
    return done();
}
