/* Losses on logits and features: binary cross entropy, feature matching. */
#include <math.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/tiles.h"

/* -label log(p) - (1 - label) log(1 - p), p = sigmoid(l), is max(l, 0) - label l + log(1 + exp(-|l|)). */
void cpu_bce(device value, struct tensor dlogit, struct tensor logit, real label, real weight)
{
    const real *logits = cpu_values(logit.data);
    real *to = cpu_values(dlogit.data);
    double sum = 0;
    for (int b = 0; b < logit.batch; b++) {
        const double l = (double)logits[b];
        sum += fmax(l, 0) - (double)label * l + log1p(exp(-fabs(l)));
        if (to) to[b] = (real)((double)weight * (1 / (1 + exp(-l)) - (double)label) / logit.batch);
    }
    *cpu_values(value) += (real)(sum / logit.batch);
}

void cpu_batch_mean(struct tensor mean, struct tensor x)
{
    const size_t size = (size_t)x.length * (size_t)x.channels;
    const real share = 1 / (real)x.batch;
#pragma omp parallel for
    for (int t = 0; t < TILES; t++) {
        real *to = cpu_values(mean.data);
        const size_t start = tile_start(size, t), end = tile_start(size, t + 1);
        for (size_t i = start; i < end; i++) to[i] = 0;
        for (int b = 0; b < x.batch; b++) {
            const real *from = cpu_values(x.data) + (size_t)b * size;
            for (size_t i = start; i < end; i++) to[i] += from[i] * share;
        }
    }
}

void cpu_feature_match(device value, struct tensor dx, struct tensor x, struct tensor real_mean, real weight)
{
    const size_t size = (size_t)x.length * (size_t)x.channels;
    const real *from = cpu_values(x.data), *wanted = cpu_values(real_mean.data);
    const real slope = 2 * weight / (real)size / (real)x.batch;
    real *to = cpu_values(dx.data);
    double parts[TILES];
#pragma omp parallel for
    for (int t = 0; t < TILES; t++) {
        double sum = 0;
        for (size_t i = tile_start(size, t); i < tile_start(size, t + 1); i++) {
            real mean = 0;
            for (int b = 0; b < x.batch; b++) mean += from[(size_t)b * size + i];
            const real difference = mean / (real)x.batch - wanted[i];
            sum += (double)(difference * difference);
            for (int b = 0; to && b < x.batch; b++) to[(size_t)b * size + i] += slope * difference;
        }
        parts[t] = sum;
    }
    *cpu_values(value) += (real)(tiles_sum(parts) / (double)size);
}
