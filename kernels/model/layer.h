/* Convolution and linear layers: an operation of the backend with its parameters. Making a layer declares the
 * parameters; forward and backward have the arguments of ops.h. */
#ifndef KERNELS_MODEL_LAYER_H
#define KERNELS_MODEL_LAYER_H

#include "kernels/model/parameters.h"

struct conv_layer {
    struct block_shape shape;
    int length; /* of the output */
    struct block *block;
    struct weight weight, bias, scale, shift, running_mean, running_variance;
};

/* The block of `shape` on inputs of this length. Its parameters are name.weight, name.bias and, with
 * shape.norm, name.norm.…. */
void conv_layer_make_or_die(struct conv_layer *layer, struct parameters *parameters, const char *name,
                            struct block_shape shape, int length);
/* The same for tensors of so many samples, not of the session's batch. */
void conv_layer_make_samples_or_die(struct conv_layer *layer, struct parameters *parameters, const char *name,
                                    struct block_shape shape, int samples, int length);
/* The parameters and their gradients as the backend takes them. */
struct block_parameters conv_layer_values(const struct conv_layer *layer);
struct block_parameters conv_layer_gradients(const struct conv_layer *layer);
void conv_layer_forward(const struct ops *ops, struct conv_layer *layer, struct tensor y, struct tensor bare,
                        struct tensor x, struct tensor skip, struct pass pass);
void conv_layer_backward(const struct ops *ops, struct conv_layer *layer, struct tensor dx,
                         struct tensor dskip, struct tensor dy, struct tensor dbare, struct tensor x,
                         struct pass pass);

struct linear_layer {
    int in, out;
    bool relu;
    struct weight weight, bias;
};

/* weight (out, in), bias (out). */
void linear_layer_make(struct linear_layer *layer, struct parameters *parameters, const char *name, int in,
                       int out, bool relu);
void linear_layer_forward(const struct ops *ops, const struct linear_layer *layer, struct tensor y,
                          struct tensor x);
void linear_layer_backward(const struct ops *ops, const struct linear_layer *layer, struct tensor dx,
                           struct tensor dy, struct tensor y, struct tensor x, bool add);

#endif
