/* Spectral normalisation on CUDA against the CPU: odd shapes, weights that begin anywhere. */
#include "tests/cuda/both.h"

struct shape {
    int rows, columns;
    size_t offset; /* of weight and dweight in their memory */
};

static void run_spectral(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    const struct ops *ops = run->ops;
    const size_t count = (size_t)s->rows * (size_t)s->columns, whole = count + s->offset + 3;
    device weight = ops->at(both_memory(run, whole, 1), s->offset), dweight = both_memory(run, whole, 2);
    device normal = both_memory(run, count, 0), dnormal = both_memory(run, count, 3);
    device u = ops->at(both_memory(run, (size_t)s->rows + 1, 4), 1),
           v = both_memory(run, (size_t)s->columns, 5);
    device sigma = both_memory(run, 1, 0);
    for (int i = 0; i < 3; i++) ops->spectral(normal, sigma, u, v, weight, s->rows, s->columns, true);
    both_keep_memory(run, "u", u, (size_t)s->rows);
    both_keep_memory(run, "v", v, (size_t)s->columns);
    both_keep_memory(run, "sigma", sigma, 1);
    both_keep_memory(run, "normal", normal, count);
    ops->spectral(normal, sigma, u, v, weight, s->rows, s->columns, false);
    both_keep_memory(run, "u as it was", u, (size_t)s->rows);
    both_keep_memory(run, "sigma, no iteration", sigma, 1);
    both_keep_memory(run, "normal, no iteration", normal, count);
    ops->spectral_backward(ops->at(dweight, s->offset), dnormal, normal, sigma, u, v, s->rows, s->columns);
    both_keep_memory(run, "dweight", dweight, whole);
}

/* No iteration on vectors of any length: sigma is u^T weight v. */
static void run_plain(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    const size_t count = (size_t)s->rows * (size_t)s->columns;
    device weight = both_memory(run, count, 1), normal = both_memory(run, count, 0);
    device u = both_memory(run, (size_t)s->rows, 4), v = both_memory(run, (size_t)s->columns, 5);
    device sigma = both_memory(run, 1, 0);
    run->ops->spectral(normal, sigma, u, v, weight, s->rows, s->columns, false);
    both_keep_memory(run, "sigma", sigma, 1);
    both_keep_memory(run, "normal", normal, count);
    both_keep_memory(run, "u", u, (size_t)s->rows);
    both_keep_memory(run, "v", v, (size_t)s->columns);
}

/* A weight of zeros: the vectors become zeros, not infinite. */
static void run_zeros(struct both *run, const void *shape)
{
    const struct shape *s = shape;
    const size_t count = (size_t)s->rows * (size_t)s->columns;
    device weight = both_memory(run, count, 0), normal = both_memory(run, count, 0);
    device u = both_memory(run, (size_t)s->rows, 4), v = both_memory(run, (size_t)s->columns, 5);
    device sigma = both_memory(run, 1, 0);
    run->ops->spectral(normal, sigma, u, v, weight, s->rows, s->columns, true);
    both_keep_memory(run, "sigma", sigma, 1);
    both_keep_memory(run, "u", u, (size_t)s->rows);
    both_keep_memory(run, "v", v, (size_t)s->columns);
}

int main(void)
{
    static const struct shape shapes[] = {{1, 1, 0},   {1, 7, 0},    {7, 1, 2},     {7, 3, 1},
                                          {16, 41, 0}, {4, 8, 1},    {33, 129, 3},  {32, 64, 0},
                                          {32, 64, 2}, {100, 36, 0}, {256, 512, 0}, {256, 512, 1}};
    char name[80];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        snprintf(name, sizeof name, "spectral norm of (%d, %d) from %zu", s->rows, s->columns, s->offset);
        both_check(name, run_spectral, s, 3e-6, 3e-6);
    }
    both_check("spectral norm, vectors given", run_plain, &(struct shape){7, 41, 0}, 1e-6, 0);
    both_check("spectral norm of zeros", run_zeros, &(struct shape){8, 12, 0}, 0, 0);
    return done();
}
