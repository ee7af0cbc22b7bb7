/* Fréchet distance of Gaussians, and eigenvalues by Jacobi rotations. */
#include "common/metrics/frechet.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Mean (d) and covariance (d, d), divided by the number of rows less 1; returns that number. */
static double moments(size_t d, const double *rows, const float *weight, size_t count, double *mean,
                      double *covariance)
{
    double n = 0;
    memset(mean, 0, d * sizeof *mean);
    memset(covariance, 0, d * d * sizeof *covariance);
    for (size_t r = 0; r < count; r++) {
        n += (double)weight[r];
        for (size_t i = 0; i < d; i++) mean[i] += (double)weight[r] * rows[r * d + i];
    }
    for (size_t i = 0; i < d; i++) mean[i] /= n;
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < d; i++)
            for (size_t j = 0; j < d; j++)
                covariance[i * d + j] +=
                    (double)weight[r] / (n - 1) * (rows[r * d + i] - mean[i]) * (rows[r * d + j] - mean[j]);
    return n - 1;
}

/* A Jacobi rotation of rows, columns and eigenvectors p and q that makes matrix[p][q] 0. */
static void rotate(size_t n, double *matrix, double *vectors, size_t p, size_t q)
{
    double half = (matrix[q * n + q] - matrix[p * n + p]) / (2 * matrix[p * n + q]);
    double tangent = copysign(1, half) / (fabs(half) + hypot(half, 1));
    double cosine = 1 / hypot(tangent, 1), sine = tangent * cosine;
    for (size_t k = 0; k < n; k++) {
        double x = matrix[k * n + p], y = matrix[k * n + q];
        matrix[k * n + p] = cosine * x - sine * y;
        matrix[k * n + q] = sine * x + cosine * y;
    }
    for (size_t k = 0; k < n; k++) {
        double x = matrix[p * n + k], y = matrix[q * n + k];
        matrix[p * n + k] = cosine * x - sine * y;
        matrix[q * n + k] = sine * x + cosine * y;
    }
    for (size_t k = 0; k < n; k++) {
        double x = vectors[k * n + p], y = vectors[k * n + q];
        vectors[k * n + p] = cosine * x - sine * y;
        vectors[k * n + q] = sine * x + cosine * y;
    }
    matrix[p * n + q] = matrix[q * n + p] = 0;
}

void symmetric_eigen(size_t n, double *matrix, double *values, double *vectors)
{
    enum { SWEEPS = 50 }; /* about six are needed */
    for (size_t i = 0; i < n * n; i++) vectors[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        bool rotated = false;
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                double size = sqrt(fabs(matrix[p * n + p])) * sqrt(fabs(matrix[q * n + q]));
                if (fabs(matrix[p * n + q]) <= 1e-16 * size) continue;
                rotate(n, matrix, vectors, p, q);
                rotated = true;
            }
        if (!rotated) break;
    }
    for (size_t i = 0; i < n; i++) values[i] = matrix[i * (n + 1)];
}

/* out (n, n) = a (n, n) times b (n, n). */
static void multiply(size_t n, double *out, const double *a, const double *b)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            out[i * n + j] = 0;
            for (size_t k = 0; k < n; k++) out[i * n + j] += a[i * n + k] * b[k * n + j];
        }
}

/* root (n, n): the square root of a covariance (n, n), which is overwritten. Rounding can make an eigenvalue
 * negative. */
static void square_root(size_t n, double *root, double *covariance)
{
    double values[FRECHET_MOST], vectors[FRECHET_MOST * FRECHET_MOST];
    symmetric_eigen(n, covariance, values, vectors);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            root[i * n + j] = 0;
            for (size_t k = 0; k < n; k++)
                root[i * n + j] += vectors[i * n + k] * sqrt(fmax(0, values[k])) * vectors[j * n + k];
        }
}

double frechet_distance(size_t dimensions, const double *a, const float *a_weight, size_t a_count,
                        const double *b, const float *b_weight, size_t b_count)
{
    enum { MATRIX = FRECHET_MOST * FRECHET_MOST };
    double m[FRECHET_MOST], n[FRECHET_MOST], c[MATRIX], d[MATRIX], root[MATRIX], half[MATRIX], whole[MATRIX];
    if (!(moments(dimensions, a, a_weight, a_count, m, c) > 0)) return NAN;
    if (!(moments(dimensions, b, b_weight, b_count, n, d) > 0)) return NAN;
    double distance = 0;
    for (size_t i = 0; i < dimensions; i++) {
        distance += (m[i] - n[i]) * (m[i] - n[i]);
        distance += c[i * (dimensions + 1)] + d[i * (dimensions + 1)];
    }
    square_root(dimensions, root, c);
    multiply(dimensions, half, root, d);
    multiply(dimensions, whole, half, root);
    symmetric_eigen(dimensions, whole, m, root);
    for (size_t i = 0; i < dimensions; i++) distance -= 2 * sqrt(fmax(0, m[i]));
    return fmax(0, distance); /* rounding can make the distance of equal sets negative */
}
