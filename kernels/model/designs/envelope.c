/* Two linear layers and the operation `envelope`, forward and backward. */
#include "kernels/model/designs/envelope.h"

void envelope_make_or_die(struct envelope *envelope, struct parameters *p, int width, int count,
                          bool training)
{
    linear_layer_make(&envelope->layer1, p, "gaussians.0", width, 4 * count, true);
    linear_layer_make(&envelope->layer2, p, "gaussians.2", 4 * count, 2 * count, false);
    envelope->hidden = session_tensor_or_die(p->session, 1, envelope->layer1.out);
    envelope->widths_centres = session_tensor_or_die(p->session, 1, envelope->layer2.out);
    envelope->peak = session_tensor_or_die(p->session, 1, 2);
    if (!training) return;
    envelope->dhidden = session_tensor_or_die(p->session, 1, envelope->layer1.out);
    envelope->dwidths_centres = session_tensor_or_die(p->session, 1, envelope->layer2.out);
}

void envelope_forward(const struct ops *ops, struct envelope *envelope, struct tensor y, struct tensor x,
                      struct tensor context)
{
    linear_layer_forward(ops, &envelope->layer1, envelope->hidden, context);
    linear_layer_forward(ops, &envelope->layer2, envelope->widths_centres, envelope->hidden);
    ops->envelope(y, envelope->peak, x, envelope->widths_centres);
}

void envelope_backward(const struct ops *ops, struct envelope *envelope, struct tensor dx, struct tensor dy,
                       struct tensor y, struct tensor x)
{
    ops->envelope_backward(dx, envelope->dwidths_centres, dy, y, envelope->peak, x, envelope->widths_centres);
}

void envelope_context_backward(const struct ops *ops, struct envelope *envelope, struct tensor dcontext,
                               struct tensor context)
{
    linear_layer_backward(ops, &envelope->layer2, envelope->dhidden, envelope->dwidths_centres,
                          envelope->widths_centres, envelope->hidden, false);
    linear_layer_backward(ops, &envelope->layer1, dcontext, envelope->dhidden, envelope->hidden, context,
                          true);
}
