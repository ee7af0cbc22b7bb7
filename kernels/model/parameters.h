/* One table describes each parameter of a network: name, shape, first values. Sizes, addresses, names in
 * files, the optimiser and the tests' loops come from it.
 *
 * Trained parameters lie in one flat block, their gradients and both of Adam's moments in blocks of the same
 * layout; running statistics lie in a block of their own. */
#ifndef KERNELS_MODEL_PARAMETERS_H
#define KERNELS_MODEL_PARAMETERS_H

#include "kernels/model/session.h"

/* First values: as PyTorch initialises the same layer. */
enum initial {
    INITIAL_ZERO,
    INITIAL_ONE,
    INITIAL_UNIFORM, /* in -spread … spread */
    INITIAL_NORMAL,  /* of standard deviation spread */
    INITIAL_UNIT     /* a random vector of length 1 */
};

struct initialisation {
    enum initial kind;
    double spread;
};

/* Where a parameter lies; parameters_allocate_or_die fills it. Gradient NULL: a statistic, or no training. */
struct weight {
    device value, gradient;
};

enum { PARAMETER_RANK_MAX = 3 };

struct parameter {
    char *name;            /* "generator.conv1.weight" */
    struct weight *weight; /* the layer's; not owned */
    struct initialisation initial;
    int rank;
    size_t shape[PARAMETER_RANK_MAX];
    bool statistic;       /* kept in files, not trained */
    size_t count, offset; /* reals, in the block of its sort */
};

struct parameters {
    const char *network; /* "generator": begins every name */
    struct session *session;
    struct parameter *table;
    int count;
    size_t trained, statistics; /* reals in the blocks, with gaps between parameters */
    device values, gradients, moment1, moment2, running;
};

struct parameters parameters_make(struct session *session, const char *network);

/* Adds a row: "network.layer.part" of the given shape (unused sizes 0); a statistic has one size. */
void parameters_declare(struct parameters *parameters, struct weight *weight, const char *layer,
                        const char *part, struct initialisation initial, int size0, int size1, int size2);
void parameters_declare_statistic(struct parameters *parameters, struct weight *weight, const char *layer,
                                  const char *part, struct initialisation initial, int size);

/* Takes the blocks (gradients and moments only for training) and tells every layer where its weights are. */
void parameters_allocate_or_die(struct parameters *parameters, bool training);

/* First values: a function of the seed and the parameter's name. */
void parameters_initialise(struct parameters *parameters, uint64_t seed);

/* First values of one parameter; lenient loading uses it with N(0, 0.02). */
void parameter_fill(struct parameters *parameters, int index, struct initialisation initial, uint64_t seed);

/* The row of this name, or -1. */
int parameters_find(const struct parameters *parameters, const char *name);

/* Frees the table; the blocks belong to the session. */
void parameters_free(struct parameters *parameters);

#endif
