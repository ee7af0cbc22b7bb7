/* Neighbouring samples side by side. */
#include <string.h>

#include "kernels/cpu/cpu.h"

/* The values of a sample from frame t on; channels from `first` on. */
static real *row_of(struct tensor x, int sample, int t, int first)
{
    return cpu_values(x.data) + ((size_t)sample * (size_t)x.length + (size_t)t) * (size_t)x.channels + first;
}

void cpu_neighbours(struct tensor y, struct tensor x, struct neighbours s)
{
    const size_t bytes = (size_t)x.channels * sizeof(real);
#pragma omp parallel for schedule(static)
    for (int sample = 0; sample < y.batch; sample++) {
        const int record = sample / s.out * s.in, first = sample % s.out * s.stride - s.padding;
        for (int w = 0; w < s.window; w++) {
            const bool inside = first + w >= 0 && first + w < s.in;
            for (int t = 0; t < y.length; t++) {
                real *to = row_of(y, sample, t, w * x.channels);
                if (inside)
                    memcpy(to, row_of(x, record + first + w, t, 0), bytes);
                else
                    memset(to, 0, bytes);
            }
        }
    }
}

void cpu_neighbours_backward(struct tensor dx, struct tensor dy, struct neighbours s)
{
    const size_t values = (size_t)dx.length * (size_t)dx.channels;
#pragma omp parallel for schedule(static)
    for (int sample = 0; sample < dx.batch; sample++) {
        memset(row_of(dx, sample, 0, 0), 0, values * sizeof(real));
        for (int w = 0; w < s.window; w++) {
            const int start = sample % s.in + s.padding - w, window = start / s.stride;
            if (start < 0 || start % s.stride || window >= s.out) continue;
            for (int t = 0; t < dx.length; t++) {
                const real *from = row_of(dy, sample / s.in * s.out + window, t, w * dx.channels);
                real *to = row_of(dx, sample, t, 0);
                for (int c = 0; c < dx.channels; c++) to[c] += from[c];
            }
        }
    }
}
