/* The envelope of Gaussians over a record: two linear layers choose their widths and centres from the
 * transformer's output, all positions at once. The formula stands in ops.h at `envelope`. */
#ifndef KERNELS_MODEL_DESIGNS_ENVELOPE_H
#define KERNELS_MODEL_DESIGNS_ENVELOPE_H

#include "kernels/model/layer.h"

struct envelope {
    struct linear_layer layer1, layer2;
    struct tensor hidden, widths_centres, peak; /* widths_centres (batch, 1, 2 count): widths, then centres */
    struct tensor dhidden, dwidths_centres;
};

/* `count` Gaussians chosen from context (batch, 1, width). `training`: memory for backward too. */
void envelope_make_or_die(struct envelope *envelope, struct parameters *parameters, int width, int count,
                          bool training);

/* y = x times the envelope, divided by its largest. */
void envelope_forward(const struct ops *ops, struct envelope *envelope, struct tensor y, struct tensor x,
                      struct tensor context);

/* dx is overwritten; then envelope_context_backward adds to dcontext. */
void envelope_backward(const struct ops *ops, struct envelope *envelope, struct tensor dx, struct tensor dy,
                       struct tensor y, struct tensor x);
void envelope_context_backward(const struct ops *ops, struct envelope *envelope, struct tensor dcontext,
                               struct tensor context);

#endif
