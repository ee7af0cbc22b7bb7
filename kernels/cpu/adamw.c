/* AdamW, and clipping gradients to a norm. */
#include <tgmath.h>

#include "kernels/cpu/cpu.h"

void cpu_adamw(device parameters, device gradients, device moment1, device moment2, size_t count,
               struct adamw settings)
{
    real *restrict p = cpu_values(parameters), *restrict m = cpu_values(moment1),
                   *restrict v = cpu_values(moment2);
    const real *restrict g = cpu_values(gradients);
    double t = (double)settings.step, correction1 = 1 - pow((double)settings.beta1, t);
    double correction2 = 1 - pow((double)settings.beta2, t);
    real rate = (real)((double)settings.learning_rate / correction1), root = (real)(1 / sqrt(correction2));
    real keep = (real)(1 - (double)settings.learning_rate * (double)settings.weight_decay);
    real beta1 = settings.beta1, beta2 = settings.beta2, epsilon = settings.epsilon;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        p[i] = keep * p[i] - rate * m[i] / (sqrt(v[i]) * root + epsilon);
    }
}

/* In lanes, so that the compiler need not reorder a sum. */
static double sum_of_squares(const real *x, size_t count)
{
    enum { LANES = 16 };
    double lanes[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += (double)x[i + l] * (double)x[i + l];
    for (; i < count; i++) sum += (double)x[i] * (double)x[i];
    for (int l = 0; l < LANES; l++) sum += lanes[l];
    return sum;
}

void cpu_clip(device gradients, size_t count, real limit)
{
    enum { PARTS = 64 };
    real *g = cpu_values(gradients);
    double sums[PARTS], sum = 0;
#pragma omp parallel for schedule(static)
    for (int part = 0; part < PARTS; part++) {
        size_t first = count / PARTS * part, last = part == PARTS - 1 ? count : first + count / PARTS;
        sums[part] = sum_of_squares(g + first, last - first);
    }
    for (int part = 0; part < PARTS; part++) sum += sums[part];
    double scale = (double)limit / (sqrt(sum) + 1e-6); /* the constant is PyTorch's */
    if (scale >= 1) return;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) g[i] *= (real)scale;
}
