/* Fourier transforms by FFTW. FFTW_ESTIMATE throughout: a plan chosen by timing would change the last bits
 * from run to run. */
#include "common/analysis/fourier.h"

#include <fftw3.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/memory.h"

struct fourier {
    fftw_plan plan;
};

static struct fourier *planned_or_die(fftw_plan plan)
{
    if (!plan) die("FFTW cannot plan a transform");
    struct fourier *fourier = allocate_or_die(1, sizeof *fourier);
    fourier->plan = plan;
    return fourier;
}

struct fourier *fourier_real_or_die(size_t length, double *values, double complex *bins)
{
    return planned_or_die(fftw_plan_dft_r2c_1d((int)length, values, bins, FFTW_ESTIMATE));
}

struct fourier *fourier_real_inverse_or_die(size_t length, double complex *bins, double *values)
{
    return planned_or_die(fftw_plan_dft_c2r_1d((int)length, bins, values, FFTW_ESTIMATE));
}

struct fourier *fourier_complex_or_die(size_t length, double complex *from, double complex *to)
{
    return planned_or_die(fftw_plan_dft_1d((int)length, from, to, FFTW_FORWARD, FFTW_ESTIMATE));
}

struct fourier *fourier_complex_inverse_or_die(size_t length, double complex *from, double complex *to)
{
    return planned_or_die(fftw_plan_dft_1d((int)length, from, to, FFTW_BACKWARD, FFTW_ESTIMATE));
}

void fourier_run(const struct fourier *fourier)
{
    fftw_execute(fourier->plan);
}

void fourier_free(struct fourier *fourier)
{
    if (fourier) fftw_destroy_plan(fourier->plan);
    free(fourier);
}

size_t fourier_quick_length(size_t least)
{
    size_t power = 1;
    while (8 * power <= least) power *= 2;
    return (least + power - 1) / power * power;
}
