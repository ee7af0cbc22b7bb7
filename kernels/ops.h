/* The contract between the model and a backend: one struct of operations, forward and backward.
 *
 * kernels/tensor.h describes tensors, passes and the rule of dropout masks, kernels/block.h convolution
 * blocks. Records of keys, (channel, key, frame) in a stream, are tensors (batch, keys * frames, 2) here: row
 * key * frames + frame, channels left and right.
 *
 * Arguments. Outputs come first, sizes last; gradients begin with d. Parameters, statistics, losses and plain
 * tensors are reals; where a tensor may be bf16, any mixture is allowed: operations compute in reals and
 * round what they write. Gradients (d…) of data are overwritten, gradients of parameters are added to, values
 * of losses are added to a cell of the device, so that an epoch is read back once; what differs says so. A
 * NULL gradient of a parameter is not wanted.
 *
 * Aliasing. What an operation writes overlaps none of its other arguments, unless it says "may be"; then the
 * two are the same tensor, not parts of it. Arguments that are only read may overlap. An operation writes
 * nothing but its outputs, and what it says that it overwrites.
 *
 * Forward and backward. A backward pass is given the pass of its forward pass, and of the tensors and
 * parameters that both take, the values that the forward pass read or wrote. It comes before the next forward
 * pass of the same object (struct block, attention, add_norm), which keeps the rest between the two, and may
 * be repeated.
 *
 * Not numbers. NaN and infinities spread as in IEEE arithmetic, but: ReLU may give NaN or 0 for NaN; a
 * dropped element may be 0; a search for the largest or least value passes NaN over, unless it is the first
 * value, which then is the result. Exponentials below 1e-37 may be 0.
 *
 * Memory belongs to the backend. It is allocated when a model is made and released with it: the operations
 * allocate nothing, but those that end in new_or_die, and scratch memory of the backend's own that grows with
 * the largest operation. None copies to the host but `download`. Running out of memory ends the program,
 * saying how many bytes were asked for. Host arrays (index, weights) are read before a call returns.
 * Addresses from `at` are as good as any: memory may be aligned to no more than a real.
 *
 * Determinism. Everything random is a function of a random_key and an element's index. The same calls give
 * the same bytes again, on a processor for any number of threads, on GPUs of one model. Between backends
 * results differ by rounding, but for dropout masks, which are the same.
 */
#ifndef KERNELS_OPS_H
#define KERNELS_OPS_H

#include "common/random.h"
#include "kernels/block.h"
#include "kernels/key-losses.h"
#include "kernels/precision.h"
#include "kernels/tensor.h"

struct block;     /* a convolution block: what a backend keeps between forward and backward */
struct attention; /* the same of attention */
struct add_norm;  /* the same of an addition and layer normalisation */

/* Samples that lie beside one another: of every `in` samples (rows of a record, as its keys) `out` windows
 * are cut, window i of `window` rows from row i stride - padding on. */
struct neighbours {
    int in, out, window, stride, padding;
};

struct adamw {
    real learning_rate, beta1, beta2, epsilon, weight_decay;
    int64_t step; /* counted from 1 */
};

enum { OPS_GRAPHS = 16 };

struct ops {
    const char *name; /* "cpu", "cuda" */
    int sample_batch; /* samples to make at a time: as many as keep it busy */

    /* Memory. `allocate_or_die` gives count reals, all 0. `at` is the address `offset` reals further.
     * `upload` returns once `from` may be changed, `download` once `to` is written. */
    device (*allocate_or_die)(size_t count);
    void (*release)(device memory); /* NULL is fine */
    device (*at)(device memory, size_t offset);
    void (*upload)(device to, const real *from, size_t count);
    void (*download)(real *to, device from, size_t count);
    size_t (*storage)(
        struct tensor x);      /* the reals to allocate for it: at most its count, fewer where bf16 */
    size_t (*allocated)(void); /* bytes taken at this moment, by blocks and the like too */
    size_t (*available)(void); /* bytes that can still be taken; SIZE_MAX where nobody knows */
    /* While measuring, `allocated` counts memory that need not be taken: only `…_or_die`, `release`,
     * `…_free`, `at`, `upload`, `zero`, `storage` and `allocated` are called, and nothing is read back. */
    void (*measure)(bool measuring);

    /* The operations between the two may be captured into a graph and replayed as one. Between those of one
     * kind (0 … OPS_GRAPHS - 1) the same operations run each time on the same memory, with other host values
     * (index, seed, step …) as need be; no upload, download, new object or release there, and no nesting. */
    void (*graph_begin)(int kind);
    void (*graph_end)(void);

    /* Element-wise operations. */
    void (*zero)(device x, size_t count); /* count reals; a tensor has storage(x) of them */
    void (*copy)(struct tensor y,
                 struct tensor x); /* also reals to bf16 and back; y may be x of the same type */
    void (*add)(struct tensor y, struct tensor x); /* y += x; y may be x */
    /* Sample b of y = row index[b] of `rows`, reals, of which row r begins at r * y.length * y.channels;
     * index has y.batch entries, on the host, and may repeat rows. */
    void (*gather)(struct tensor y, device rows, const size_t *index);
    /* x[i] = std * z(i); y[i] = x[i] + std * z(i), y may be x. z(i) is number i % 4 of
     * random_normal_block(key, (uint32_t)(i / 4)) of common/random.h: of the words w of random_block(key,
     * (uint32_t)(i / 4)) the pair p = i % 4 / 2 gives r = sqrt(-2 log u(w[2p])), angle = 6.28318530718f
     * u(w[2p+1]) with u = random_uniform, and z = r cos(angle) for even i, r sin(angle) for odd i. z is
     * computed in float in any build, each function and product to a few units in the last place; i counts
     * from the address given. */
    void (*normal)(device x, size_t count, real std, struct random_key key);
    void (*add_normal)(device y, device x, size_t count, real std, struct random_key key);
    void (*dropout)(struct tensor x, struct dropout dropout,
                    struct pass pass); /* in place, elements of x; its own backward */
    void (*concat)(struct tensor y, struct tensor a, struct tensor b); /* channels of a, then of b */
    /* concat's backward pass. The data of one of a, b may be NULL; its channels count nevertheless. */
    void (*split)(struct tensor a, struct tensor b, struct tensor y);

    /* Neighbouring samples side by side: x (records * in, length, channels), y (records * out, length, window
     * * channels): sample r out + i of y has the channels of the window's first row, then of its second …, 0
     * for rows outside 0 … in - 1. All may be bf16. A block on y is a convolution over both dimensions. */
    void (*neighbours)(struct tensor y, struct tensor x, struct neighbours shape);
    void (*neighbours_backward)(struct tensor dx, struct tensor dy, struct neighbours shape);

    /* Convolution blocks; kernels/block.h has the formulas and shapes. A block serves tensors of `batch`
     * samples or fewer. x, y, bare, skip and their gradients may be bf16. data of bare and skip: NULL for
     * none; skip may be x. */
    struct block *(*block_new_or_die)(const struct block_shape *shape, int batch, int length);
    void (*block_free)(struct block *block); /* NULL is fine, here and below */
    void (*block_forward)(struct block *block, struct block_parameters p, struct tensor y, struct tensor bare,
                          struct tensor x, struct tensor skip, struct pass pass);
    /* dy: the gradient of y; dbare: a further gradient of bare; dx and dskip: of x and skip, dskip is added
     * to, after dx, and may be dx. data of dx, dskip, dbare: NULL for none. y, bare and skip are not needed
     * again. */
    void (*block_backward)(struct block *block, struct block_parameters p, struct block_parameters dp,
                           struct tensor dx, struct tensor dskip, struct tensor dy, struct tensor dbare,
                           struct tensor x, struct pass pass);

    /* y = x weight^T + bias, then ReLU where asked, row by row: x (batch, length, in), y (batch, length,
     * out); weight (out, in); bias (out) or NULL. */
    void (*linear)(struct tensor y, struct tensor x, device weight, device bias, bool relu);
    /* With relu dy is overwritten: 0 where y is not positive. y is used for nothing else. add: dx is added
     * to. dx.data: NULL for not wanted. */
    void (*linear_backward)(struct tensor dx, device dweight, device dbias, struct tensor dy, struct tensor y,
                            struct tensor x, device weight, bool relu, bool add);

    /* Multi-head self-attention without its projections: qkv (batch, length, 3 width) is queries, keys,
     * values, each heads side by side, of width / heads columns; y (batch, length, width) = dropout(softmax(q
     * k^T / sqrt(width / heads))) v. The elements of dropout are the probabilities, (batch, heads, queries,
     * keys). Tensors have all of `batch`. */
    struct attention *(*attention_new_or_die)(int batch, int length, int width, int heads,
                                              struct dropout dropout);
    void (*attention_free)(struct attention *attention);
    void (*attention_forward)(struct attention *attention, struct tensor y, struct tensor qkv,
                              struct pass pass);
    void (*attention_backward)(struct attention *attention, struct tensor dqkv, struct tensor dy,
                               struct tensor y, struct tensor qkv, struct pass pass);

    /* s = x + dropout(f), y = (s - mean) / sqrt(variance + 1e-5) * scale + shift over the channels of each
     * row; scale, shift (channels). All (batch, length, channels). f is overwritten by s, which is `sum` of
     * the backward pass. */
    struct add_norm *(*add_norm_new_or_die)(int batch, int length, struct dropout dropout);
    void (*add_norm_free)(struct add_norm *norm);
    void (*add_norm_forward)(struct add_norm *norm, struct tensor y, struct tensor x, struct tensor f,
                             device scale, device shift, struct pass pass);
    /* dy may be dx. */
    void (*add_norm_backward)(struct add_norm *norm, struct tensor dx, struct tensor df, device dscale,
                              device dshift, struct tensor dy, struct tensor sum, device scale,
                              struct pass pass);

    /* Adaptive average pooling over the length, as PyTorch's AdaptiveAvgPool1d, for any two lengths: y[i] is
     * the mean of the x[j] with floor(i in / out) <= j < ceil((i + 1) in / out). */
    void (*adaptive_pool)(struct tensor y, struct tensor x);
    void (*adaptive_pool_backward)(struct tensor dx, struct tensor dy);

    /* y[i] = (x[2i] + x[2i+1]) / 2; an odd last row is left out. */
    void (*halve)(struct tensor y, struct tensor x);
    void (*halve_backward)(struct tensor dx, struct tensor dy); /* dx is added to */

    /* z = mu + exp(logvar / 2) * epsilon + position; position (length, channels) or NULL. */
    void (*reparameterise)(struct tensor z, struct tensor mu, struct tensor logvar, struct tensor epsilon,
                           device position);
    /* With the gradient of kl_weight times the KL divergence added. */
    void (*reparameterise_backward)(struct tensor dmu, struct tensor dlogvar, struct tensor dz,
                                    struct tensor mu, struct tensor logvar, struct tensor epsilon,
                                    real kl_weight);
    /* value += -1/2 sum(1 + logvar - mu^2 - exp(logvar)) / batch */
    void (*kl)(device value, struct tensor mu, struct tensor logvar);

    /* y = adaptive pooling of HardSigmoid(x / (|m| + 0.001)), HardSigmoid(v) = clip(v / 6 + 1/2, 0, 1), where
     * m is the largest value of the sample, and the gradient flows through m. peak (batch, 1, 2), reals: m
     * and its index in the sample, row * channels + channel, of the first of equal values; exact for samples
     * of up to 2^24 values. */
    void (*hard_sigmoid)(struct tensor y, struct tensor peak, struct tensor x);
    void (*hard_sigmoid_backward)(struct tensor dx, struct tensor dy, struct tensor peak, struct tensor x);

    /* The learned envelope of Gaussians. a (batch, 1, 2G) with G widths, then G centres, before the absolute
     * value: width w_g = 4 sigmoid(|a_g| - 10), centre c_g = |a_(G+g)| / (max over batch and g of |a_(G+g)| +
     * 1e-4), e[i] = sum_g exp(-1/2 ((i - L/2 - u (-8000 + 16000 c_g)) / (4000 u w_g))^2), u = L/16500, row i
     * in 0 … L-1; v[i, channel] = x[i, channel] e[i]; y = v / max(largest v of the sample, 1e-12). Gradients
     * flow through both maxima. peak (batch, 1, 2): the largest v and its index, as in hard_sigmoid. Sums
     * over i in double. */
    void (*envelope)(struct tensor y, struct tensor peak, struct tensor x, struct tensor a);
    void (*envelope_backward)(struct tensor dx, struct tensor da, struct tensor dy, struct tensor y,
                              struct tensor peak, struct tensor x, struct tensor a);

    /* Keys as frames. y (batch, length, 2 keys), frames <= length <= 2 frames: row t has the square roots of
     * the left channel's loudnesses in frame t, then of the right one's. Behind the frames stands their
     * mirror image: row frames + i is row frames - 1 - i. So latents behind a record's end are as those of
     * music. */
    void (*frames)(struct tensor y, struct tensor x, struct keys_shape shape);
    /* The way back. f (batch, length, 3 keys): row t has logits of the keys' gates g, of their onsets o, then
     * of their loudnesses l; rows behind the frames are left out. In both channels x = sigmoid(g)
     * sigmoid(l)^2. df of o is 0. */
    void (*gated)(struct tensor x, struct tensor f, struct keys_shape shape);
    void (*gated_backward)(struct tensor df, struct tensor dx, struct tensor f, struct keys_shape shape);
    /* values[i] += loss i of f against real records r; df is added weights[i] times its gradient (df.data is
     * not NULL). A cell sounds where r > 0 in either channel, and begins where it sounds and did not in the
     * frame before; in frame 0 nobody knows, and onsets have no loss. Means over the batch of the sums over
     * cells of BCE(sigmoid(g), sounds), BCE(sigmoid(o), begins), of their sum over the drums, which the first
     * two leave out, and, where it sounds, of |sigmoid(l) - sqrt(the larger of both channels' r)|. */
    void (*gate_losses)(device values, struct tensor df, struct tensor f, struct tensor r,
                        struct keys_shape shape, const real weights[GATE_LOSSES]);

    /* Minibatch discrimination: m (batch, 1, outputs * dims), o (batch, 1, outputs), o[b,j] = sum over b' of
     * exp(-|m[b,j] - m[b',j]|_1) - 1. */
    void (*minibatch)(struct tensor o, struct tensor m);
    void (*minibatch_backward)(struct tensor dm, struct tensor d_o, struct tensor m, struct tensor o);

    /* Spectral normalisation: normal = weight / sigma, sigma = u^T weight v, one cell. weight (rows,
     * columns); u (rows) and v (columns) are the power iteration's vectors, of length 1; `iterate` first
     * makes v = W^T u, then u = W v, each divided by max(its length, 1e-12). Reals. */
    void (*spectral)(device normal, device sigma, device u, device v, device weight, int rows, int columns,
                     bool iterate);
    /* dweight += (dnormal - (sum dnormal * normal) u v^T) / sigma; u and v are constants. */
    void (*spectral_backward)(device dweight, device dnormal, device normal, device sigma, device u, device v,
                              int rows, int columns);

    /* Losses; musigan-config(5) has the formulas of those on keys. The data of a gradient may be NULL.
     * value += mean binary cross entropy of sigmoid(logit) with one label for all; dlogit = weight * its
     * gradient. logit (batch, 1, 1). */
    void (*bce)(device value, struct tensor dlogit, struct tensor logit, real label, real weight);
    /* values[i] += loss i; dx is added weights[i] times its gradient. A loss is left out (its value too)
     * where its weight is 0 and `all` is false. */
    void (*generator_losses)(device values, struct tensor dx, struct tensor x, struct tensor r,
                             struct keys_shape shape, const real weights[GENERATOR_LOSSES], bool all);
    /* The same; x is a constant: the gradient flows through p = sigmoid(logit), logit (batch, 1, 1); dlogit
     * is added to. */
    void (*discriminator_losses)(device values, struct tensor dlogit, struct tensor logit, struct tensor x,
                                 struct tensor r, struct keys_shape shape,
                                 const real weights[DISCRIMINATOR_LOSSES], bool all);
    /* mean (1, length, channels) over the batch. */
    void (*batch_mean)(struct tensor mean, struct tensor x);
    /* value += mean over length and channels of (batch mean of x - real_mean)^2; dx is added weight times its
     * gradient. */
    void (*feature_match)(device value, struct tensor dx, struct tensor x, struct tensor real_mean,
                          real weight);

    /* AdamW (Loshchilov and Hutter 2019) as PyTorch's, on `count` reals: m = beta1 m + (1 - beta1) g, v =
     * beta2 v + (1 - beta2) g^2, p = (1 - lr decay) p - lr / (1 - beta1^step) m / (sqrt(v / (1 - beta2^step))
     * + epsilon). */
    void (*adamw)(device parameters, device gradients, device moment1, device moment2, size_t count,
                  struct adamw settings);
    /* Multiplies the gradients by limit / (their Euclidean norm + 1e-6) where that is below 1 (PyTorch's
     * clip_grad_norm_). A norm that is NaN makes all of them NaN. */
    void (*clip)(device gradients, size_t count, real limit);
};

/* The backends. ops_cuda: NULL, and in `why` a few words, where the build or the machine has none. */
const struct ops *ops_cpu(void);
const struct ops *ops_cuda(enum precision precision, const char **why);

/* "auto" (cuda where it works, else cpu), "cpu" or "cuda"; dies (exit 2) where the device asked for is not to
 * be had. The precision is that of gemms and of bf16 tensors on a GPU. */
const struct ops *ops_choose_or_die(const char *device, enum precision precision);

#endif
