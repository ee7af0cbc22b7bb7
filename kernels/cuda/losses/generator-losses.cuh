/* The generator's losses on keys, in three kernels: sums over rows and columns (keys-statistics.cu), each
 * sample's losses and the coefficients of its gradient (generator-losses.cu), the gradient cell by cell and
 * the batch's losses (generator-gradient.cu). */
#ifndef KERNELS_CUDA_LOSSES_GENERATOR_LOSSES_CUH
#define KERNELS_CUDA_LOSSES_GENERATOR_LOSSES_CUH

#include "kernels/cuda/losses/keys-statistics.cuh"

/* Coefficients of the gradient of one key's cells; 0 where a loss is not wanted. */
struct row_slopes {
    float level;                       /* of all cells */
    float key, key_mean;               /* by key (x - mean) */
    float channel[2], channel_mean[2]; /* likewise in a channel */
    float largest, least;              /* of the cells at … */
    int largest_at, least_at;
};

/* Coefficients of the gradient of one sample's cells. */
struct sample_slopes {
    float reconstruction, steps, sounding;
    struct melody_slopes melody;
};

/* What the kernels pass on, in scratch memory. */
struct generator_terms {
    struct key_statistics key_statistics;
    struct row_slopes *rows;       /* (batch, keys) */
    struct sample_slopes *samples; /* (batch) */
    double *found;                 /* (batch, GENERATOR_LOSSES) */
    struct keys_shape shape;
    int batch, column_parts;
    float weights[GENERATOR_LOSSES];
    bool all; /* values of losses with weight 0, too */
};

/* values += the batch means of terms.found; where `gradient`, dx += the gradient. */
void generator_add(device values, struct tensor dx, struct tensor x, struct tensor r,
                   const generator_terms &terms, bool gradient);

#endif
