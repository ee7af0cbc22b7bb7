/* Adaptive average pooling, and the means of pairs of neighbours. */
#include "kernels/cpu/adaptive-pool.h"
#include "kernels/cpu/cpu.h"

/* Frame i of all frames of all samples. */
static real *frame_of(struct tensor x, int i)
{
    return cpu_values(x.data) + (size_t)i * (size_t)x.channels;
}

void cpu_adaptive_pool(struct tensor y, struct tensor x)
{
#pragma omp parallel for
    for (int i = 0; i < y.batch * y.length; i++) {
        const struct span inputs = adaptive_inputs(i % y.length, x.length, y.length);
        const real *from = frame_of(x, i / y.length * x.length + inputs.first);
        const real share = 1 / (real)(inputs.end - inputs.first);
        real *to = frame_of(y, i);
        for (int c = 0; c < y.channels; c++) to[c] = from[c];
        for (int j = inputs.first + 1; j < inputs.end; j++) {
            from += x.channels;
            for (int c = 0; c < y.channels; c++) to[c] += from[c];
        }
        for (int c = 0; c < y.channels; c++) to[c] *= share;
    }
}

void cpu_adaptive_pool_backward(struct tensor dx, struct tensor dy)
{
#pragma omp parallel for
    for (int i = 0; i < dx.batch * dx.length; i++)
        adaptive_gather(frame_of(dx, i), frame_of(dy, i / dx.length * dy.length), i % dx.length, dx.length,
                        dy.length, dx.channels);
}

void cpu_halve(struct tensor y, struct tensor x)
{
#pragma omp parallel for
    for (int i = 0; i < y.batch * y.length; i++) {
        const real *a = frame_of(x, i / y.length * x.length + i % y.length * 2), *b = a + x.channels;
        real *to = frame_of(y, i);
        for (int c = 0; c < y.channels; c++) to[c] = (a[c] + b[c]) / 2;
    }
}

void cpu_halve_backward(struct tensor dx, struct tensor dy)
{
#pragma omp parallel for
    for (int i = 0; i < dy.batch * dy.length; i++) {
        const real *from = frame_of(dy, i);
        real *a = frame_of(dx, i / dy.length * dx.length + i % dy.length * 2), *b = a + dx.channels;
        for (int c = 0; c < dy.channels; c++) {
            a[c] += from[c] / 2;
            b[c] += from[c] / 2;
        }
    }
}
