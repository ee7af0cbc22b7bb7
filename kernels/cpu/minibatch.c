/* Minibatch discrimination (Salimans and others 2016). Batches are small: every pair is computed. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/fast-math.h"

/* exp(-|a - b|_1) */
static real closeness(const real *a, const real *b, int dims)
{
    real distance = 0;
    for (int d = 0; d < dims; d++) distance += a[d] > b[d] ? a[d] - b[d] : b[d] - a[d];
    return fast_exp(-distance);
}

void cpu_minibatch(struct tensor o, struct tensor m)
{
    const int outputs = o.channels, dims = m.channels / o.channels;
    const real *rows = cpu_values(m.data);
#pragma omp parallel for
    for (int i = 0; i < o.batch * outputs; i++) {
        const int j = i % outputs;
        real sum = 0;
        for (int other = 0; other < o.batch; other++)
            sum += closeness(rows + (size_t)i * dims, rows + ((size_t)other * outputs + j) * dims, dims);
        cpu_values(o.data)[i] = sum - 1;
    }
}

/* The closeness of a pair is a term in the outputs of both samples. */
void cpu_minibatch_backward(struct tensor dm, struct tensor d_o, struct tensor m, struct tensor o)
{
    const int outputs = o.channels, dims = m.channels / o.channels;
    const real *rows = cpu_values(m.data), *gradient = cpu_values(d_o.data);
#pragma omp parallel for
    for (int i = 0; i < o.batch * outputs; i++) {
        const real *row = rows + (size_t)i * dims;
        real *to = cpu_values(dm.data) + (size_t)i * dims;
        for (int d = 0; d < dims; d++) to[d] = 0;
        for (int k = i % outputs; k < o.batch * outputs; k += outputs) {
            const real *other = rows + (size_t)k * dims;
            const real slope = (gradient[i] + gradient[k]) * closeness(row, other, dims);
            for (int d = 0; d < dims; d++)
                to[d] -= row[d] > other[d] ? slope : row[d] < other[d] ? -slope : 0;
        }
    }
}
