/* A post-norm transformer encoder (Vaswani et al. 2017), as PyTorch's TransformerEncoder with ReLU. */
#ifndef KERNELS_MODEL_TRANSFORMER_H
#define KERNELS_MODEL_TRANSFORMER_H

#include "kernels/model/layer.h"

struct transformer_layer;

struct transformer {
    int layers;
    struct transformer_layer *layer;
    struct tensor dqkv, dsum, dhidden; /* gradients inside a layer; backward passes follow one another */
};

struct transformer_shape {
    int layers, heads, width, feed_forward, length;
    double dropout;
};

/* Parameters are named name.0.attention.…, name.0.linear1.… and so on. */
void transformer_make_or_die(struct transformer *transformer, struct parameters *parameters, const char *name,
                             struct transformer_shape shape);

/* Returns the output, which belongs to the transformer. x is needed until backward. */
struct tensor transformer_forward(const struct ops *ops, struct transformer *transformer, struct tensor x,
                                  struct pass pass);

/* dy (the gradient of the output) is used up; dx is overwritten. dx and dy are different memory. */
void transformer_backward(const struct ops *ops, struct transformer *transformer, struct tensor dx,
                          struct tensor dy, struct tensor x, struct pass pass);

void transformer_free(const struct ops *ops, struct transformer *transformer);

/* The sinusoidal position table (length, width): sin in even, cos in odd columns of position /
 * 10000^(2i/width). */
void sinusoidal_positions(real *table, int length, int width);

#endif
