/* The contract between the model and a backend: one struct of operations, forward and backward.
 *
 * Tensors are channels last, (batch, length, channels), C order. Records of keys, (channel, key, frame) in a
 * stream, are (batch, key * frames + frame, channel) here.
 *
 * Memory belongs to the backend: `device` is an address that only the backend reads through. It is taken
 * while a model is built and given back with it; no operation allocates memory or copies to the host but
 * `download`. Running out of memory ends the program, saying how many bytes were asked for.
 *
 * Parameters, statistics, losses and plain tensors are reals. A tensor that is `bf16` holds activations or
 * their gradients, which a backend may keep in 16 bits; operations take any mixture, compute in reals and
 * round what they write.
 *
 * Operations write outputs first, inputs last. Gradients (d…) of data are overwritten, gradients of
 * parameters are added to; what differs says so. A tensor whose data is NULL, or a NULL
 * gradient of a parameter, is not wanted or not there.
 * Loss values are added to a cell on the device, so that an epoch is read back once.
 *
 * Everything random is a function of a random_key and the element's index, so backward passes make
 * dropout masks again instead of keeping them. The same inputs give the same bytes for any number of threads.
 */
#ifndef KERNELS_OPS_H
#define KERNELS_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/random.h"
#include "kernels/key-losses.h"
#include "kernels/precision.h"
#include "kernels/real.h"

typedef struct device_memory *device;

struct tensor {
    device data;
    int batch, length, channels;
    bool bf16;
};

/* A tensor of reals. */
static inline struct tensor tensor_make(device data, int batch, int length, int channels)
{
    return (struct tensor){data, batch, length, channels, false};
}

static inline size_t tensor_count(struct tensor x)
{
    return (size_t)x.batch * (size_t)x.length * (size_t)x.channels;
}

/* How a forward pass runs; its backward pass is given the same. */
struct pass {
    bool training;          /* batch statistics and dropout, else running statistics and none */
    bool update_statistics; /* the running statistics move */
    uint64_t seed;          /* of all randomness in the pass */
    uint32_t step;          /* another number for each forward pass of a training run */
};

/* A dropout: the share of zeros, and a number that no other dropout of the model has. */
struct dropout {
    real share;
    uint32_t purpose;
};

/* convolution -> activation -> batch normalisation -> dropout -> + resized skip, or -> pooled pairs.
 * One thing to a backend: what is fused, kept or computed again is its own affair. */
struct block_shape {
    bool transposed;
    int in, out, kernel, stride, padding, output_padding; /* as PyTorch's Conv1d, ConvTranspose1d */
    real slope;    /* of the activation below 0: 0 is ReLU, 1 is none */
    bool norm;     /* batch normalisation, per channel over batch and length */
    real epsilon;  /* added to the variance (biased; the running variance is unbiased) */
    real momentum; /* of the running statistics */
    struct dropout dropout;
    bool bf16;       /* what is kept for the backward pass may be */
    bool pool_pairs; /* y[i] = max(h[2i], h[2i+1]) + (h[2i] + h[2i+1])/2; needs an even length, no skip */
};

/* Length of the convolution's output, before pooled pairs. */
static inline int block_convolved_length(const struct block_shape *s, int length)
{
    if (s->transposed) return (length - 1) * s->stride - 2 * s->padding + s->kernel + s->output_padding;
    return (length + 2 * s->padding - s->kernel) / s->stride + 1;
}

static inline int block_output_length(const struct block_shape *s, int length)
{
    return block_convolved_length(s, length) / (s->pool_pairs ? 2 : 1);
}

/* A block's parameters, or their gradients. weight: (out, kernel, in); transposed: (in, kernel, out). */
struct block_parameters {
    device weight, bias;                   /* bias (out) */
    device scale, shift;                   /* (out); NULL without norm */
    device running_mean, running_variance; /* (out); NULL without norm, and in gradients */
};

struct block;     /* what a backend keeps of a block between forward and backward */
struct attention; /* … of attention */
struct add_norm;  /* … of an addition and layer normalisation */

struct adamw {
    real learning_rate, beta1, beta2, epsilon, weight_decay;
    int64_t step; /* counted from 1 */
};

enum { OPS_GRAPHS = 16 };

struct ops {
    const char *name; /* "cpu", "cuda" */
    int sample_batch; /* samples to make at a time: as many as keep it busy */

    /* Memory. `allocate_or_die` gives count reals, all 0. */
    device (*allocate_or_die)(size_t count);
    void (*release)(device memory); /* NULL is fine */
    device (*at)(device memory, size_t offset);
    void (*upload)(device to, const real *from, size_t count);
    void (*download)(real *to, device from, size_t count);
    size_t (*storage)(
        struct tensor x);      /* the reals of memory that it takes: fewer than its count where bf16 */
    size_t (*allocated)(void); /* bytes taken at this moment, by blocks and the like too */
    size_t (*available)(void); /* bytes that can still be taken; SIZE_MAX where nobody knows */
    /* While measuring, memory is counted in `allocated` but not taken, and not written to. */
    void (*measure)(bool measuring);

    /* What runs between the two may be recorded and run as one; no upload, download or new memory there.
     * Between those of one kind (0 … OPS_GRAPHS - 1) run the same operations on the same memory. */
    void (*graph_begin)(int kind);
    void (*graph_end)(void);

    /* Simple things. */
    void (*zero)(device x, size_t count);
    void (*copy)(struct tensor y, struct tensor x);                    /* also wide to bf16 and back */
    void (*add)(struct tensor y, struct tensor x);                     /* y += x */
    void (*gather)(struct tensor y, device rows, const size_t *index); /* sample b of y = row index[b] */
    void (*normal)(device x, size_t count, real std, struct random_key key); /* x = std * N(0,1) */
    void (*add_normal)(device y, device x, size_t count, real std,
                       struct random_key key); /* y = x + std * N(0,1) */
    void (*dropout)(struct tensor x, struct dropout dropout,
                    struct pass pass);                                 /* in place; its own backward */
    void (*concat)(struct tensor y, struct tensor a, struct tensor b); /* channels of a, then of b */
    void (*split)(struct tensor a, struct tensor b, struct tensor y);  /* join's backward */

    /* Convolution blocks. `bare` is the result before the skip is added; `skip`, of out channels and any
     * length, is resized linearly (align_corners false) to the output's length. */
    struct block *(*block_new_or_die)(const struct block_shape *shape, int batch, int length);
    void (*block_free)(struct block *block);
    void (*block_forward)(struct block *block, struct block_parameters p, struct tensor y, struct tensor bare,
                          struct tensor x, struct tensor skip, struct pass pass);
    /* dbare: a further gradient of the bare result, or NULL data. dskip is added to. dx NULL: not wanted. */
    void (*block_backward)(struct block *block, struct block_parameters p, struct block_parameters dp,
                           struct tensor dx, struct tensor dskip, struct tensor dy, struct tensor dbare,
                           struct tensor x, struct pass pass);

    /* y = x weight^T + bias, then ReLU where asked. weight (out, in); bias (out) or NULL. */
    void (*linear)(struct tensor y, struct tensor x, device weight, device bias, bool relu);
    /* dy is masked in place where relu (y is needed only then); add: dx is added to. */
    void (*linear_backward)(struct tensor dx, device dweight, device dbias, struct tensor dy, struct tensor y,
                            struct tensor x, device weight, bool relu, bool add);

    /* Multi-head self-attention without its projections: qkv (batch, length, 3 width) is queries, keys,
     * values, each heads side by side;
     * y (batch, length, width) = dropout(softmax(q k^T / sqrt(width/heads))) v. */
    struct attention *(*attention_new_or_die)(int batch, int length, int width, int heads,
                                              struct dropout dropout);
    void (*attention_free)(struct attention *attention);
    void (*attention_forward)(struct attention *attention, struct tensor y, struct tensor qkv,
                              struct pass pass);
    void (*attention_backward)(struct attention *attention, struct tensor dqkv, struct tensor dy,
                               struct tensor y, struct tensor qkv, struct pass pass);

    /* y = LayerNorm(x + dropout(f)) over the channels, epsilon 1e-5. f becomes the sum: backward needs it. */
    struct add_norm *(*add_norm_new_or_die)(int batch, int length, struct dropout dropout);
    void (*add_norm_free)(struct add_norm *norm);
    void (*add_norm_forward)(struct add_norm *norm, struct tensor y, struct tensor x, struct tensor f,
                             device scale, device shift, struct pass pass);
    /* dx and df may not be the same memory; dy may be dx. */
    void (*add_norm_backward)(struct add_norm *norm, struct tensor dx, struct tensor df, device dscale,
                              device dshift, struct tensor dy, struct tensor sum, device scale,
                              struct pass pass);

    /* Adaptive average pooling over the length, as PyTorch's AdaptiveAvgPool1d (any two lengths). */
    void (*adaptive_pool)(struct tensor y, struct tensor x);
    void (*adaptive_pool_backward)(struct tensor dx, struct tensor dy);

    /* y[i] = (x[2i] + x[2i+1]) / 2; an odd last element is left out. */
    void (*halve)(struct tensor y, struct tensor x);
    void (*halve_backward)(struct tensor dx, struct tensor dy); /* dx is added to */

    /* z = mu + exp(logvar/2) * epsilon + position; position (length, channels) or NULL. */
    void (*reparameterise)(struct tensor z, struct tensor mu, struct tensor logvar, struct tensor epsilon,
                           device position);
    /* Adds the gradient of kl_weight times the KL divergence. */
    void (*reparameterise_backward)(struct tensor dmu, struct tensor dlogvar, struct tensor dz,
                                    struct tensor mu, struct tensor logvar, struct tensor epsilon,
                                    real kl_weight);
    /* value += -1/2 sum(1 + logvar - mu^2 - exp(logvar)) / batch */
    void (*kl)(device value, struct tensor mu, struct tensor logvar);

    /* y = adaptive pooling of HardSigmoid(x / (|max over the sample of x| + 0.001)),
     * HardSigmoid(v) = clip(v/6 + 1/2, 0, 1). peak (batch, 1, 2) keeps each sample's maximum and its index;
     * gradients flow through the maximum. */
    void (*hard_sigmoid)(struct tensor y, struct tensor peak, struct tensor x);
    void (*hard_sigmoid_backward)(struct tensor dx, struct tensor dy, struct tensor peak, struct tensor x);

    /* The learned envelope of Gaussians. a (batch, 1, 2G) with G widths, then G centres, before the absolute
     * value: width w_g = 4 sigmoid(|a_g| - 10), centre c_g = |a_(G+g)| / (max over batch and g of |a_(G+g)| +
     * 1e-4), e[i] = sum_g exp(-1/2 ((i - L/2 - u (-8000 + 16000 c_g)) / (4000 u w_g))^2), u = L/16500, i in 0
     * … L-1; v[i, channel] = x[i, channel] e[i]; y = v / max(largest v of the sample, 1e-12). Gradients flow
     * through both maxima. peak (batch, 1, 2) keeps the largest v and its index. Sums over i in double. */
    void (*envelope)(struct tensor y, struct tensor peak, struct tensor x, struct tensor a);
    void (*envelope_backward)(struct tensor dx, struct tensor da, struct tensor dy, struct tensor y,
                              struct tensor peak, struct tensor x, struct tensor a);

    /* Keys as frames. y (batch, length, 2 keys): row t has the square roots of the left channel's loudnesses
     * in frame t, then of the right one's; rows behind the frames are 0. */
    void (*frames)(struct tensor y, struct tensor x, struct keys_shape shape);
    /* The way back. f (batch, length, 3 keys): row t has logits of the keys' gates g, then of the loudnesses
     * l in the left, in the right channel; rows behind the frames are left out. settings (batch,
     * GATE_SETTINGS) or NULL. NULL: gates are soft, x = sigmoid(g) sigmoid(l)^2; else hard: sigmoid(l)^2
     * where it is at least 0.1 and the gate is open, else 0. There is no gradient of hard gates. */
    void (*gated)(struct tensor x, struct tensor f, struct keys_shape shape, device settings);
    void (*gated_backward)(struct tensor df, struct tensor dx, struct tensor f, struct keys_shape shape);
    /* values[i] += loss i of f against real records r; df is added weights[i] times its gradient. With on = 1
     * where r sounds in either channel, else 0, and d = sigmoid(l) - sqrt(r), means over the batch of the
     * sums over cells of BCE(sigmoid(g), on) and of on (|dL + dR| / 2 + 0.7 |dL - dR| / 2). */
    void (*gate_losses)(device values, struct tensor df, struct tensor f, struct tensor r,
                        struct keys_shape shape, const real weights[GATE_LOSSES]);

    /* Minibatch discrimination: m (batch, 1, outputs * dims); o (batch, 1, outputs),
     * o[b,j] = sum over b' of exp(-|m[b,j] - m[b',j]|_1) - 1. */
    void (*minibatch)(struct tensor o, struct tensor m);
    void (*minibatch_backward)(struct tensor dm, struct tensor d_o, struct tensor m, struct tensor o);

    /* Spectral normalisation: normal = weight / sigma, sigma = u^T weight v. weight (rows, columns); u (rows)
     * and v (columns) are the power iteration's vectors, of length 1; `iterate` runs v = W^T u, u = W v, each
     * divided by max(its length, 1e-12). sigma: one cell. */
    void (*spectral)(device normal, device sigma, device u, device v, device weight, int rows, int columns,
                     bool iterate);
    /* dweight += (dnormal - (sum dnormal * normal) u v^T) / sigma; u and v are constants. */
    void (*spectral_backward)(device dweight, device dnormal, device normal, device sigma, device u, device v,
                              int rows, int columns);

    /* Losses. value += mean binary cross entropy of sigmoid(logit) with one label for all;
     * dlogit = weight * its gradient. logit (batch, 1, 1). */
    void (*bce)(device value, struct tensor dlogit, struct tensor logit, real label, real weight);
    /* values[i] += loss i; dx is added weights[i] times its gradient. A loss is left out (its value too)
     * where its weight is 0 and `all` is false. */
    void (*generator_losses)(device values, struct tensor dx, struct tensor x, struct tensor r,
                             struct keys_shape shape, const real weights[GENERATOR_LOSSES], bool all);
    /* x is a constant: the gradient flows through p = sigmoid(logit), logit (batch, 1, 1); dlogit is added
     * to. */
    void (*discriminator_losses)(device values, struct tensor dlogit, struct tensor logit, struct tensor x,
                                 struct tensor r, struct keys_shape shape,
                                 const real weights[DISCRIMINATOR_LOSSES], bool all);
    /* mean (1, length, channels) over the batch. */
    void (*batch_mean)(struct tensor mean, struct tensor x);
    /* value += mean over length and channels of (batch mean of x - real_mean)^2; dx is added to. */
    void (*feature_match)(device value, struct tensor dx, struct tensor x, struct tensor real_mean,
                          real weight);

    /* Optimiser: AdamW (Loshchilov and Hutter 2019) as PyTorch's: p -= lr decay p, then
     * p -= lr mhat / (sqrt(vhat) + epsilon). */
    void (*adamw)(device parameters, device gradients, device moment1, device moment2, size_t count,
                  struct adamw settings);
    /* Scales the gradients so that their Euclidean norm is at most `limit` (PyTorch's clip_grad_norm_). */
    void (*clip)(device gradients, size_t count, real limit);
};

/* The backends. ops_cuda: NULL, and in `why` a few words, where the build or the machine has none. */
const struct ops *ops_cpu(void);
const struct ops *ops_cuda(enum precision precision, const char **why);

/* "auto" (cuda where it works, else cpu), "cpu" or "cuda"; dies (exit 2) where the device asked for is not
 * to be had. The precision is that of products of matrices and of bf16 tensors on a GPU. */
const struct ops *ops_choose_or_die(const char *device, enum precision precision);

#endif
