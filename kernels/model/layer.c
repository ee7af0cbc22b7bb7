/* Declares the parameters of layers as PyTorch initialises them, and calls the operations with them. */
#include "kernels/model/layer.h"

#include <math.h>

void conv_layer_make_or_die(struct conv_layer *layer, struct parameters *p, const char *name,
                            struct block_shape shape, int length)
{
    conv_layer_make_samples_or_die(layer, p, name, shape, p->session->batch, length);
}

void conv_layer_make_samples_or_die(struct conv_layer *layer, struct parameters *p, const char *name,
                                    struct block_shape shape, int samples, int length)
{
    /* PyTorch's fan-in of a transposed convolution counts its outputs. */
    double fan_in = (double)(shape.transposed ? shape.out : shape.in) * shape.kernel;
    struct initialisation uniform = {INITIAL_UNIFORM, 1 / sqrt(fan_in)};
    layer->shape = shape;
    layer->length = block_output_length(&shape, length);
    layer->block = p->session->ops->block_new_or_die(&shape, samples, length);
    parameters_declare(p, &layer->weight, name, "weight", uniform, shape.transposed ? shape.in : shape.out,
                       shape.kernel, shape.transposed ? shape.out : shape.in);
    parameters_declare(p, &layer->bias, name, "bias", uniform, shape.out, 0, 0);
    if (!shape.norm) return;
    struct initialisation one = {INITIAL_ONE, 0}, zero = {INITIAL_ZERO, 0};
    parameters_declare(p, &layer->scale, name, "norm.scale", one, shape.out, 0, 0);
    parameters_declare(p, &layer->shift, name, "norm.shift", zero, shape.out, 0, 0);
    parameters_declare_statistic(p, &layer->running_mean, name, "norm.running_mean", zero, shape.out);
    parameters_declare_statistic(p, &layer->running_variance, name, "norm.running_variance", one, shape.out);
}

struct block_parameters conv_layer_values(const struct conv_layer *l)
{
    return (struct block_parameters){l->weight.value, l->bias.value,         l->scale.value,
                                     l->shift.value,  l->running_mean.value, l->running_variance.value};
}

struct block_parameters conv_layer_gradients(const struct conv_layer *l)
{
    return (struct block_parameters){.weight = l->weight.gradient,
                                     .bias = l->bias.gradient,
                                     .scale = l->scale.gradient,
                                     .shift = l->shift.gradient};
}

void conv_layer_forward(const struct ops *ops, struct conv_layer *layer, struct tensor y, struct tensor bare,
                        struct tensor x, struct tensor skip, struct pass pass)
{
    ops->block_forward(layer->block, conv_layer_values(layer), y, bare, x, skip, pass);
}

void conv_layer_backward(const struct ops *ops, struct conv_layer *layer, struct tensor dx,
                         struct tensor dskip, struct tensor dy, struct tensor dbare, struct tensor x,
                         struct pass pass)
{
    ops->block_backward(layer->block, conv_layer_values(layer), conv_layer_gradients(layer), dx, dskip, dy,
                        dbare, x, pass);
}

void linear_layer_make(struct linear_layer *layer, struct parameters *p, const char *name, int in, int out,
                       bool relu)
{
    struct initialisation uniform = {INITIAL_UNIFORM, 1 / sqrt((double)in)};
    *layer = (struct linear_layer){.in = in, .out = out, .relu = relu};
    parameters_declare(p, &layer->weight, name, "weight", uniform, out, in, 0);
    parameters_declare(p, &layer->bias, name, "bias", uniform, out, 0, 0);
}

void linear_layer_forward(const struct ops *ops, const struct linear_layer *layer, struct tensor y,
                          struct tensor x)
{
    ops->linear(y, x, layer->weight.value, layer->bias.value, layer->relu);
}

void linear_layer_backward(const struct ops *ops, const struct linear_layer *layer, struct tensor dx,
                           struct tensor dy, struct tensor y, struct tensor x, bool add)
{
    ops->linear_backward(dx, layer->weight.gradient, layer->bias.gradient, dy, y, x, layer->weight.value,
                         layer->relu, add);
}
