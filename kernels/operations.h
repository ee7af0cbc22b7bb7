/* The names of all operations of kernels/ops.h, so that a backend declares its functions and fills its table
 * from one list: operation NAME is cpu_NAME in kernels/cpu, cuda_NAME in kernels/cuda. */
#ifndef KERNELS_OPERATIONS_H
#define KERNELS_OPERATIONS_H

/* clang-format off */
#define OPERATIONS(_)                                                                                        \
    _(allocate_or_die) _(release) _(at) _(upload) _(download) _(storage) _(allocated) _(available)           \
    _(measure) _(graph_begin) _(graph_end)                                                                   \
    _(zero) _(copy) _(add) _(gather) _(normal) _(add_normal) _(dropout) _(concat) _(split)                   \
    _(neighbours) _(neighbours_backward)                                                                     \
    _(block_new_or_die) _(block_free) _(block_forward) _(block_backward)                                     \
    _(linear) _(linear_backward)                                                                             \
    _(attention_new_or_die) _(attention_free) _(attention_forward) _(attention_backward)                     \
    _(add_norm_new_or_die) _(add_norm_free) _(add_norm_forward) _(add_norm_backward)                         \
    _(adaptive_pool) _(adaptive_pool_backward) _(halve) _(halve_backward)                                    \
    _(reparameterise) _(reparameterise_backward) _(kl) _(hard_sigmoid) _(hard_sigmoid_backward)              \
    _(envelope) _(envelope_backward) _(frames) _(gated) _(gated_backward) _(gate_losses)                     \
    _(minibatch) _(minibatch_backward) _(spectral) _(spectral_backward)                                      \
    _(bce) _(generator_losses) _(discriminator_losses) _(batch_mean) _(feature_match) _(adamw) _(clip)
/* clang-format on */

#endif
