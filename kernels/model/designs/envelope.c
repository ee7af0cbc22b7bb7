#include "kernels/model/designs/envelope.h"

void gaussians_make_or_die(struct gaussians *g, struct parameters *p, int width, int count, bool training)
{
    linear_layer_make(&g->layer1, p, "gaussians.0", width, 4 * count, true);
    linear_layer_make(&g->layer2, p, "gaussians.2", 4 * count, 2 * count, false);
    g->hidden = session_tensor_or_die(p->session, 1, g->layer1.out);
    g->chosen = session_tensor_or_die(p->session, 1, g->layer2.out);
    g->peak = session_tensor_or_die(p->session, 1, 2);
    if (!training) return;
    g->dhidden = session_tensor_or_die(p->session, 1, g->layer1.out);
    g->dchosen = session_tensor_or_die(p->session, 1, g->layer2.out);
}

void gaussians_forward(const struct ops *ops, struct gaussians *g, struct tensor y, struct tensor x,
                       struct tensor context)
{
    linear_layer_forward(ops, &g->layer1, g->hidden, context);
    linear_layer_forward(ops, &g->layer2, g->chosen, g->hidden);
    ops->envelope(y, g->peak, x, g->chosen);
}

void gaussians_backward(const struct ops *ops, struct gaussians *g, struct tensor dx, struct tensor dy,
                        struct tensor y, struct tensor x)
{
    ops->envelope_backward(dx, g->dchosen, dy, y, g->peak, x, g->chosen);
}

void gaussians_context_backward(const struct ops *ops, struct gaussians *g, struct tensor dcontext,
                                struct tensor context)
{
    linear_layer_backward(ops, &g->layer2, g->dhidden, g->dchosen, g->chosen, g->hidden, false);
    linear_layer_backward(ops, &g->layer1, dcontext, g->dhidden, g->hidden, context, true);
}
