/* A learned envelope over a record, a sum of Gaussians: two linear layers choose the Gaussians' widths and
 * centres from the transformer's output at all positions. ops.h has the formula, at `envelope`. */
#ifndef KERNELS_MODEL_DESIGNS_ENVELOPE_H
#define KERNELS_MODEL_DESIGNS_ENVELOPE_H

#include "kernels/model/layer.h"

struct envelope {
    struct linear_layer layer1, layer2;
    struct tensor hidden;         /* (batch, 1, 4 count): the output of layer1 */
    struct tensor widths_centres; /* (batch, 1, 2 count): the output of layer2, widths, then centres */
    struct tensor peak;           /* (batch, 1, 2): as the operation keeps it */
    struct tensor dhidden, dwidths_centres;
};

/* `count` Gaussians, from context (batch, 1, width). `training`: memory for backward too. */
void envelope_make_or_die(struct envelope *envelope, struct parameters *parameters, int width, int count,
                          bool training);

/* y = x times the envelope, divided by its largest value. */
void envelope_forward(const struct ops *ops, struct envelope *envelope, struct tensor y, struct tensor x,
                      struct tensor context);

/* Backward in two calls, as the context's gradient is overwritten between them: dx is overwritten by the
 * first; the second adds to dcontext. */
void envelope_backward(const struct ops *ops, struct envelope *envelope, struct tensor dx, struct tensor dy,
                       struct tensor y, struct tensor x);
void envelope_context_backward(const struct ops *ops, struct envelope *envelope, struct tensor dcontext,
                               struct tensor context);

#endif
