/* What every part of a model shares: the backend, the configuration, the sizes, and the memory taken. */
#ifndef KERNELS_MODEL_SESSION_H
#define KERNELS_MODEL_SESSION_H

#include "kernels/model/config/config.h"
#include "kernels/ops.h"

/* What random numbers are for; a dropout takes a number of its own behind these. */
enum purpose {
    PURPOSE_INITIAL,     /* initial parameters; step: hash of the name */
    PURPOSE_SHUFFLE,     /* the order of records; step: epoch */
    PURPOSE_NOISE,       /* the generator's input; step: forward pass, or number of the sample */
    PURPOSE_EPSILON,     /* draws from the posterior; likewise */
    PURPOSE_INSTANCE,    /* noise on real records; step: forward pass */
    PURPOSE_AUGMENT,     /* how a real record is made; step: epoch */
    PURPOSE_LOOP,        /* how noise repeats; step: number of the sample */
    PURPOSE_PRIOR,       /* the records that a prior is fitted to; step: round */
    PURPOSE_LONG_SAMPLE, /* noises of a piece behind a record's, one purpose each; step: number of the sample
                          */
    PURPOSE_LONG_SAMPLE_LAST = PURPOSE_LONG_SAMPLE + 2,
    PURPOSE_DROPOUT = 64,
};

struct session {
    const struct ops *ops;
    const struct config *config;
    struct keys_shape keys;
    int batch;
    uint32_t dropouts; /* given out so far */
    device *memory;    /* given back by session_release */
    size_t memories;
};

struct session session_make(const struct ops *ops, const struct config *config, struct keys_shape keys,
                            int batch);

/* Zeroed memory of the device that lives as long as the session. */
device session_memory_or_die(struct session *session, size_t count);

/* A tensor of the session's batch: of reals; of activations, or their gradients, which may be bf16. */
struct tensor session_tensor_or_die(struct session *session, int length, int channels);
struct tensor session_activation_or_die(struct session *session, int length, int channels);

/* A gradient, and the tensor that it is like. */
struct gradient {
    struct tensor *gradient, like;
};

/* Makes the gradients of two parts of a model that never need theirs together: they share memory. What is
 * like no tensor stays none. */
void session_gradients_or_die(struct session *session, const struct gradient *one, int ones,
                              const struct gradient *other, int others);

/* A dropout with a number of its own. */
struct dropout session_dropout(struct session *session, double share);

/* Gives back all memory taken through the session. */
void session_release(struct session *session);

/* No tensor: an argument that is not wanted. */
static inline struct tensor no_tensor(void)
{
    return (struct tensor){0};
}

#endif
