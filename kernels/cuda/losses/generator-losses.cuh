/* The generator's losses on keys in three kernels: sums over rows and columns (keys-statistics), each
 * sample's losses and the coefficients of its gradient (generator-losses.cu), the gradient cell by cell and
 * the batch's losses (generator-gradient.cu). */
#ifndef KERNELS_CUDA_LOSSES_GENERATOR_LOSSES_CUH
#define KERNELS_CUDA_LOSSES_GENERATOR_LOSSES_CUH

#include "kernels/cuda/losses/keys-statistics.cuh"

/* The gradient of a key's cells; 0 what is not wanted. */
struct row_slopes {
    float level;                       /* the same for all */
    float key, key_mean;               /* by key (x - mean) */
    float channel[2], channel_mean[2]; /* likewise in a channel */
    float largest, least;              /* of the cells at … */
    int largest_at, least_at;
};

/* The gradient of a sample's cells. */
struct sample_slopes {
    float reconstruction, steps, sounding;
    struct melody_slopes melody;
};

struct generator_judgement {
    struct observed observed;
    struct row_slopes *rows;       /* (batch, keys) */
    struct sample_slopes *samples; /* (batch) */
    double *found;                 /* (batch, GENERATOR_LOSSES) */
    struct keys_shape shape;
    int batch, column_parts;
    float weights[GENERATOR_LOSSES];
    bool all; /* values of losses without a weight, too */
};

/* values += the means of what was found; where `gradient`, dx += the gradient. */
void generator_add(device values, struct tensor dx, struct tensor x, struct tensor r,
                   const generator_judgement &judged, bool gradient);

#endif
