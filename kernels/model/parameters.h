/* The table of a network's parameters: name, shape, initialisation. Files, the optimiser and tests go by it.
 *
 * Trained parameters lie in one flat block, their gradients and both of Adam's moments in blocks of the same
 * layout. Statistics, which are kept in files but not trained, lie in a block of their own. */
#ifndef KERNELS_MODEL_PARAMETERS_H
#define KERNELS_MODEL_PARAMETERS_H

#include "kernels/model/session.h"

/* How a parameter is initialised. */
enum initial {
    INITIAL_ZERO,
    INITIAL_ONE,
    INITIAL_UNIFORM, /* in -scale … scale */
    INITIAL_NORMAL,  /* of standard deviation scale */
    INITIAL_UNIT     /* a random vector of length 1 */
};

struct initialisation {
    enum initial kind;
    double scale;
};

/* Where a parameter and its gradient lie; parameters_allocate_or_die sets both. Gradient NULL: a statistic,
 * or no training. */
struct weight {
    device value, gradient;
};

enum { PARAMETER_RANK_MAX = 3 };

struct parameter {
    char *name;            /* "generator.conv1.weight" */
    struct weight *weight; /* of the layer, which owns it */
    struct initialisation initial;
    int rank;
    size_t shape[PARAMETER_RANK_MAX];
    bool statistic;
    size_t count, offset; /* reals, from the beginning of the block of trained parameters or of statistics */
};

struct parameters {
    const char *network; /* "generator": begins every name */
    struct session *session;
    struct parameter *table;
    int count;
    size_t trained, statistics; /* reals in the blocks; trained parameters have gaps between them */
    device values, gradients, moment1, moment2, running;
};

struct parameters parameters_make(struct session *session, const char *network);

/* Adds a row: "network.layer.part" of the shape (size0, size1, size2), of which unused sizes are 0; a
 * statistic has one size. */
void parameters_declare(struct parameters *parameters, struct weight *weight, const char *layer,
                        const char *part, struct initialisation initial, int size0, int size1, int size2);
void parameters_declare_statistic(struct parameters *parameters, struct weight *weight, const char *layer,
                                  const char *part, struct initialisation initial, int size);

/* Takes the blocks (gradients and moments only for training) and sets the layers' weights. */
void parameters_allocate_or_die(struct parameters *parameters, bool training);

/* Initialises all parameters: a function of the seed and of their names. */
void parameters_initialise(struct parameters *parameters, uint64_t seed);

/* Initialises one parameter, in a way of its own. */
void parameter_fill(struct parameters *parameters, int index, struct initialisation initial, uint64_t seed);

/* The row of this name, or -1. */
int parameters_find(const struct parameters *parameters, const char *name);

/* Frees the table; the session frees the blocks. */
void parameters_free(struct parameters *parameters);

#endif
