/* A transformer of self-attention layers with normalisation behind each (post-norm, Vaswani et al. 2017), as
 * PyTorch's TransformerEncoder with ReLU. */
#ifndef KERNELS_MODEL_TRANSFORMER_H
#define KERNELS_MODEL_TRANSFORMER_H

#include "kernels/model/layer.h"

struct transformer_layer;

struct transformer {
    int layers;
    struct transformer_layer *layer;
    struct tensor dqkv, dsum, dhidden; /* gradients inside a layer, which all layers share */
};

struct transformer_shape {
    int layers, heads, width, feed_forward, length;
    double dropout;
};

/* Parameters are named name.0.attention.…, name.0.linear1.… and so on. */
void transformer_make_or_die(struct transformer *transformer, struct parameters *parameters, const char *name,
                             struct transformer_shape shape);

/* Returns the output, which belongs to the transformer. Backward reads x again. */
struct tensor transformer_forward(const struct ops *ops, struct transformer *transformer, struct tensor x,
                                  struct pass pass);

/* dy (the gradient of the output) is used up; dx is overwritten. dx and dy are different memory. */
void transformer_backward(const struct ops *ops, struct transformer *transformer, struct tensor dx,
                          struct tensor dy, struct tensor x, struct pass pass);

void transformer_free(const struct ops *ops, struct transformer *transformer);

/* Sinusoidal positions (length, width): column 2i has sin(position / 10000^(2i/width)), column 2i + 1 the
 * cosine. */
void sinusoidal_positions(real *table, int length, int width);

#endif
