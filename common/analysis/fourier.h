/* Discrete Fourier transforms between arrays that stay where they are. */
#ifndef COMMON_ANALYSIS_FOURIER_H
#define COMMON_ANALYSIS_FOURIER_H

#include <complex.h>
#include <stddef.h>

struct fourier;

/* bins (length / 2 + 1) of real values (length): bins[u] = sum over i of values[i] exp(-2 pi i u i / length).
 * The values may lie in the memory of the bins, else they stay. */
struct fourier *fourier_real_or_die(size_t length, double *values, double complex *bins);

/* Back again: values[i] = sum over all u, those of negative frequencies included; the bins are lost. */
struct fourier *fourier_real_inverse_or_die(size_t length, double complex *bins, double *values);

/* to[u] = sum over i of from[i] exp(-2 pi i u i / length), and with + in place of -; in place if the arrays
 * are the same. */
struct fourier *fourier_complex_or_die(size_t length, double complex *from, double complex *to);
struct fourier *fourier_complex_inverse_or_die(size_t length, double complex *from, double complex *to);

void fourier_run(const struct fourier *fourier);

/* A complex transform of other arrays from the heap; in place only if it was made so. */
void fourier_run_on(const struct fourier *fourier, double complex *from, double complex *to);

void fourier_free(struct fourier *fourier);

/* The next length that is transformed fast: 4, 5, 6 or 7 times a power of two. */
size_t fourier_quick_length(size_t least);

#endif
