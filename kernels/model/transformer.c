/* Makes, runs and differentiates transformer layers. */
#include "kernels/model/transformer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"

/* qkv = in_projection(x); attended = attention(qkv); sum1 = x + out_projection(attended);
 * normed = LayerNorm(sum1); hidden = ReLU(linear1(normed)); sum2 = normed + linear2(hidden);
 * y = LayerNorm(sum2) */
struct transformer_layer {
    struct attention *attention;
    struct add_norm *norm1, *norm2;
    struct linear_layer in_projection, out_projection, linear1, linear2;
    struct weight scale1, shift1, scale2, shift2;
    struct dropout hidden_dropout;
    struct tensor qkv, attended, sum1, normed, hidden, sum2, y;
};

static void make_layer(struct transformer_layer *l, struct parameters *p, const char *name,
                       struct transformer_shape shape)
{
    struct session *session = p->session;
    const struct ops *ops = session->ops;
    char part[4][64];
    const char *parts[4] = {"attention.in", "attention.out", "linear1", "linear2"};
    for (int i = 0; i < 4; i++) snprintf(part[i], sizeof part[i], "%s.%s", name, parts[i]);
    int width = shape.width, length = shape.length, forward = shape.feed_forward;
    l->attention = ops->attention_new_or_die(session->batch, length, width, shape.heads,
                                             session_dropout(session, shape.dropout));
    l->norm1 = ops->add_norm_new_or_die(session->batch, length, session_dropout(session, shape.dropout));
    l->norm2 = ops->add_norm_new_or_die(session->batch, length, session_dropout(session, shape.dropout));
    l->hidden_dropout = session_dropout(session, shape.dropout);
    l->in_projection = (struct linear_layer){.in = width, .out = 3 * width};
    struct initialisation xavier = {INITIAL_UNIFORM, sqrt(6.0 / (4.0 * width))};
    struct initialisation zero = {INITIAL_ZERO, 0}, one = {INITIAL_ONE, 0};
    parameters_declare(p, &l->in_projection.weight, part[0], "weight", xavier, 3 * width, width, 0);
    parameters_declare(p, &l->in_projection.bias, part[0], "bias", zero, 3 * width, 0, 0);
    linear_layer_make(&l->out_projection, p, part[1], width, width, false);
    p->table[p->count - 1].initial = zero; /* of the bias */
    linear_layer_make(&l->linear1, p, part[2], width, forward, true);
    linear_layer_make(&l->linear2, p, part[3], forward, width, false);
    parameters_declare(p, &l->scale1, name, "norm1.scale", one, width, 0, 0);
    parameters_declare(p, &l->shift1, name, "norm1.shift", zero, width, 0, 0);
    parameters_declare(p, &l->scale2, name, "norm2.scale", one, width, 0, 0);
    parameters_declare(p, &l->shift2, name, "norm2.shift", zero, width, 0, 0);
}

static void take_memory(struct transformer_layer *l, struct session *session, struct transformer_shape shape)
{
    struct tensor *of_width[] = {&l->attended, &l->sum1, &l->normed, &l->sum2, &l->y};
    for (size_t i = 0; i < sizeof of_width / sizeof of_width[0]; i++)
        *of_width[i] = session_activation_or_die(session, shape.length, shape.width);
    l->qkv = session_activation_or_die(session, shape.length, 3 * shape.width);
    l->hidden = session_activation_or_die(session, shape.length, shape.feed_forward);
}

void transformer_make_or_die(struct transformer *t, struct parameters *p, const char *name,
                             struct transformer_shape shape)
{
    t->layers = shape.layers;
    t->layer = allocate_or_die((size_t)shape.layers, sizeof t->layer[0]);
    t->dqkv = session_activation_or_die(p->session, shape.length, 3 * shape.width);
    t->dsum = session_activation_or_die(p->session, shape.length, shape.width);
    t->dhidden = session_activation_or_die(p->session, shape.length, shape.feed_forward);
    for (int i = 0; i < shape.layers; i++) {
        char layer_name[32];
        snprintf(layer_name, sizeof layer_name, "%s.%d", name, i);
        make_layer(&t->layer[i], p, layer_name, shape);
        take_memory(&t->layer[i], p->session, shape);
    }
}

static void layer_forward(const struct ops *ops, struct transformer_layer *l, struct tensor x,
                          struct pass pass)
{
    linear_layer_forward(ops, &l->in_projection, l->qkv, x);
    ops->attention_forward(l->attention, l->attended, l->qkv, pass);
    linear_layer_forward(ops, &l->out_projection, l->sum1, l->attended);
    ops->add_norm_forward(l->norm1, l->normed, x, l->sum1, l->scale1.value, l->shift1.value, pass);
    linear_layer_forward(ops, &l->linear1, l->hidden, l->normed);
    ops->dropout(l->hidden, l->hidden_dropout, pass);
    linear_layer_forward(ops, &l->linear2, l->sum2, l->hidden);
    ops->add_norm_forward(l->norm2, l->y, l->normed, l->sum2, l->scale2.value, l->shift2.value, pass);
}

/* dx is overwritten, dy is used up. */
static void layer_backward(const struct ops *ops, struct transformer *t, struct transformer_layer *l,
                           struct tensor dx, struct tensor dy, struct tensor x, struct pass pass)
{
    struct tensor dnormed = dy, dattended = dy;
    ops->add_norm_backward(l->norm2, dnormed, t->dsum, l->scale2.gradient, l->shift2.gradient, dy, l->sum2,
                           l->scale2.value, pass);
    linear_layer_backward(ops, &l->linear2, t->dhidden, t->dsum, l->sum2, l->hidden, false);
    ops->dropout(t->dhidden, l->hidden_dropout, pass);
    linear_layer_backward(ops, &l->linear1, dnormed, t->dhidden, l->hidden, l->normed, true);
    ops->add_norm_backward(l->norm1, dx, t->dsum, l->scale1.gradient, l->shift1.gradient, dnormed, l->sum1,
                           l->scale1.value, pass);
    linear_layer_backward(ops, &l->out_projection, dattended, t->dsum, l->sum1, l->attended, false);
    ops->attention_backward(l->attention, t->dqkv, dattended, l->attended, l->qkv, pass);
    linear_layer_backward(ops, &l->in_projection, dx, t->dqkv, l->qkv, x, true);
}

struct tensor transformer_forward(const struct ops *ops, struct transformer *t, struct tensor x,
                                  struct pass pass)
{
    for (int i = 0; i < t->layers; i++) {
        layer_forward(ops, &t->layer[i], x, pass);
        x = t->layer[i].y;
    }
    return x;
}

void transformer_backward(const struct ops *ops, struct transformer *t, struct tensor dx, struct tensor dy,
                          struct tensor x, struct pass pass)
{
    struct tensor from = dy, to = dx;
    for (int i = t->layers - 1; i >= 0; i--) {
        layer_backward(ops, t, &t->layer[i], to, from, i ? t->layer[i - 1].y : x, pass);
        struct tensor swap = from;
        from = to;
        to = swap;
    }
    if (from.data != dx.data) ops->copy(dx, from);
}

void transformer_free(const struct ops *ops, struct transformer *t)
{
    for (int i = 0; i < t->layers; i++) {
        ops->attention_free(t->layer[i].attention);
        ops->add_norm_free(t->layer[i].norm1);
        ops->add_norm_free(t->layer[i].norm2);
    }
    free(t->layer);
}

void sinusoidal_positions(real *table, int length, int width)
{
    for (int position = 0; position < length; position++) {
        for (int i = 0; i < width; i++) {
            double angle = position / pow(10000, (double)(i / 2 * 2) / width);
            table[(size_t)position * width + i] = (real)(i % 2 ? cos(angle) : sin(angle));
        }
    }
}
