/* The generator's output stage: division by the sample's largest value, HardSigmoid, adaptive average
 * pooling. */
#include <math.h>

#include "kernels/cpu/adaptive-pool.h"
#include "kernels/cpu/argmax.h"
#include "kernels/cpu/cpu.h"

static const real MARGIN = (real)0.001; /* added to the maximum's magnitude */

static size_t sample_size(struct tensor x)
{
    return (size_t)x.length * (size_t)x.channels;
}

static real *sample_of(struct tensor x, int b)
{
    return cpu_values(x.data) + (size_t)b * sample_size(x);
}

static real real_abs(real v)
{
    return v < 0 ? -v : v;
}

static real hard_sigmoid(real v)
{
    const real y = v / 6 + (real)0.5;
    return y < 0 ? 0 : y > 1 ? 1 : y;
}

static void sample_forward(real *y, const real *x, real inverse, int in, int out, int channels)
{
    for (int i = 0; i < out; i++) {
        const struct span inputs = adaptive_inputs(i, in, out);
        const real share = 1 / (real)(inputs.end - inputs.first);
        for (int c = 0; c < channels; c++) {
            real sum = 0;
            for (int j = inputs.first; j < inputs.end; j++)
                sum += hard_sigmoid(x[(size_t)j * (size_t)channels + (size_t)c] * inverse);
            y[(size_t)i * (size_t)channels + (size_t)c] = sum * share;
        }
    }
}

void cpu_hard_sigmoid(struct tensor y, struct tensor peak, struct tensor x)
{
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++) {
        const real *from = sample_of(x, b);
        const size_t at = argmax_of(from, sample_size(x));
        real *kept = cpu_values(peak.data) + 2 * b;
        kept[0] = from[at], kept[1] = (real)at;
        sample_forward(sample_of(y, b), from, 1 / (real_abs(from[at]) + MARGIN), x.length, y.length,
                       x.channels);
    }
}

void cpu_hard_sigmoid_backward(struct tensor dx, struct tensor dy, struct tensor peak, struct tensor x)
{
#pragma omp parallel for
    for (int b = 0; b < x.batch; b++) {
        const real *from = sample_of(x, b), *kept = cpu_values(peak.data) + 2 * b;
        const real inverse = 1 / (real_abs(kept[0]) + MARGIN);
        real *to = sample_of(dx, b);
        for (int j = 0; j < x.length; j++)
            adaptive_gather(to + (size_t)j * (size_t)x.channels, sample_of(dy, b), j, x.length, dy.length,
                            x.channels);
        double sum = 0;
        for (size_t i = 0; i < sample_size(x); i++) {
            to[i] *= fabs((double)(from[i] * inverse)) < 3 ? inverse / 6 : 0;
            sum += (double)(to[i] * from[i]);
        }
        to[(size_t)kept[1]] -= (real)(sum * (double)inverse) * (kept[0] < 0 ? -1 : 1);
    }
}
