/* The variational latents: the reparametrised draw and the KL divergence from N(0, 1) (Kingma, Welling 2013).
 */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fast-math.h"
#include "kernels/cpu/tiles.h"

void cpu_reparameterise(struct tensor z, struct tensor mu, struct tensor logvar, struct tensor epsilon,
                        device position)
{
    const int channels = z.channels;
#pragma omp parallel for
    for (int i = 0; i < z.batch * z.length; i++) {
        const size_t at = (size_t)i * (size_t)channels;
        const real *m = cpu_values(mu.data) + at, *v = cpu_values(logvar.data) + at;
        const real *e = cpu_values(epsilon.data) + at;
        real *to = cpu_values(z.data) + at;
        for (int c = 0; c < channels; c++) to[c] = m[c] + fast_exp(v[c] / 2) * e[c];
        if (!position) continue;
        const real *place = cpu_values(position) + (size_t)(i % z.length) * (size_t)channels;
        for (int c = 0; c < channels; c++) to[c] += place[c];
    }
}

void cpu_reparameterise_backward(struct tensor dmu, struct tensor dlogvar, struct tensor dz, struct tensor mu,
                                 struct tensor logvar, struct tensor epsilon, real kl_weight)
{
    const real weight = kl_weight / (real)mu.batch;
    const size_t count = tensor_count(mu);
    const real *d = cpu_values(dz.data), *m = cpu_values(mu.data), *v = cpu_values(logvar.data);
    const real *e = cpu_values(epsilon.data);
    real *to_mu = cpu_values(dmu.data), *to_logvar = cpu_values(dlogvar.data);
#pragma omp parallel for
    for (size_t i = 0; i < count; i++) {
        const real gradient = d[i], std = fast_exp(v[i] / 2);
        to_mu[i] = gradient + weight * m[i];
        to_logvar[i] = (gradient * e[i] * std + weight * (std * std - 1)) / 2;
    }
}

void cpu_kl(device value, struct tensor mu, struct tensor logvar)
{
    const size_t count = tensor_count(mu);
    const real *m = cpu_values(mu.data), *v = cpu_values(logvar.data);
    double parts[TILES];
#pragma omp parallel for
    for (int t = 0; t < TILES; t++) {
        double sum = 0;
        for (size_t i = tile_start(count, t); i < tile_start(count, t + 1); i++)
            sum += (double)(1 + v[i] - m[i] * m[i] - fast_exp(v[i]));
        parts[t] = sum;
    }
    *cpu_values(value) -= (real)(tiles_sum(parts) / 2 / mu.batch);
}
