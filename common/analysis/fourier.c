/* Fourier transforms by FFTW. FFTW_ESTIMATE throughout: a plan chosen by timing would change the last bits
 * from run to run. */
#include "common/analysis/fourier.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/memory.h"

/* From this length on FFTW plans a real transform more slowly than it runs it, a complex one faster. */
enum { HALVED_LENGTH = 1 << 15, TURNS_EXACT = 32 };

struct fourier {
    fftw_plan plan;
    size_t half;          /* of a real transform by a complex one of half its length; else 0 */
    double complex *bins; /* (half + 1), of such a one */
};

static struct fourier *planned_or_die(fftw_plan plan)
{
    if (!plan) die("FFTW cannot plan a transform");
    struct fourier *fourier = allocate_or_die(1, sizeof *fourier);
    fourier->plan = plan;
    return fourier;
}

/* Of real values taken as half as many complex ones, whose spectrum is bins (half): makes it that of the
 * values, X[u] = (Z[u] + conj Z[-u]) / 2 - i exp(-pi i u / half) (Z[u] - conj Z[-u]) / 2 (Press et al.,
 * "Numerical Recipes", 12.3). */
static void separate(double complex *bins, size_t half)
{
    double complex turn = 1, step = cexp(-I * M_PI / (double)half);
    double first = creal(bins[0]), second = cimag(bins[0]);
    bins[0] = first + second;
    bins[half] = first - second;
    for (size_t u = 1; u <= half - u; u++) {
        turn = u % TURNS_EXACT ? turn * step : cexp(-I * M_PI * (double)u / (double)half);
        double complex z = bins[u], mirrored = conj(bins[half - u]);
        double complex even = 0.5 * (z + mirrored), odd = -0.5 * I * (z - mirrored) * turn;
        bins[u] = even + odd;
        bins[half - u] = conj(even - odd);
    }
}

struct fourier *fourier_real_or_die(size_t length, double *values, double complex *bins)
{
    if (length >= HALVED_LENGTH && length % 2 == 0) {
        struct fourier *fourier = fourier_complex_or_die(length / 2, (double complex *)values, bins);
        fourier->half = length / 2;
        fourier->bins = bins;
        return fourier;
    }
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
    if (fourier->half) separate(fourier->bins, fourier->half);
}

void fourier_run_on(const struct fourier *fourier, double complex *from, double complex *to)
{
    fftw_execute_dft(fourier->plan, from, to);
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
