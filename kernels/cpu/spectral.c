/* Spectral normalisation (Miyato and others 2018). */
#include <math.h>

#include "kernels/cpu/cpu.h"

static double dot(const real *a, const real *b, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static void make_unit(real *x, int count)
{
    const real inverse = (real)(1 / fmax(sqrt(dot(x, x, count)), 1e-12));
    for (int i = 0; i < count; i++) x[i] *= inverse;
}

/* v = W^T u, u = W v, both to length 1 */
static void power_iteration(real *u, real *v, const real *weight, int rows, int columns)
{
    for (int c = 0; c < columns; c++) v[c] = 0;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) v[c] += u[r] * weight[(size_t)r * columns + c];
    make_unit(v, columns);
    for (int r = 0; r < rows; r++) u[r] = (real)dot(weight + (size_t)r * columns, v, columns);
    make_unit(u, rows);
}

void cpu_spectral(device normal, device sigma, device u, device v, device weight, int rows, int columns,
                  bool iterate)
{
    const real *w = cpu_values(weight);
    if (iterate) power_iteration(cpu_values(u), cpu_values(v), w, rows, columns);
    double norm = 0;
    for (int r = 0; r < rows; r++)
        norm += (double)cpu_values(u)[r] * dot(w + (size_t)r * columns, cpu_values(v), columns);
    *cpu_values(sigma) = (real)norm;
    for (size_t i = 0; i < (size_t)rows * columns; i++) cpu_values(normal)[i] = w[i] / *cpu_values(sigma);
}

void cpu_spectral_backward(device dweight, device dnormal, device normal, device sigma, device u, device v,
                           int rows, int columns)
{
    const real *d = cpu_values(dnormal), *across = cpu_values(v), inverse = 1 / *cpu_values(sigma);
    double along = 0;
    for (int r = 0; r < rows; r++)
        along += dot(d + (size_t)r * columns, cpu_values(normal) + (size_t)r * columns, columns);
    for (int r = 0; r < rows; r++) {
        const real down = (real)along * cpu_values(u)[r];
        real *to = cpu_values(dweight) + (size_t)r * columns;
        for (int c = 0; c < columns; c++) to[c] += (d[(size_t)r * columns + c] - down * across[c]) * inverse;
    }
}
