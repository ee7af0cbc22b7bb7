/* What all parts of a model share: the backend, the configuration, the sizes, and the device memory taken. */
#ifndef KERNELS_MODEL_SESSION_H
#define KERNELS_MODEL_SESSION_H

#include "kernels/model/config/config.h"
#include "kernels/ops.h"

/* What random numbers are for: the `purpose` of random_key_make, with its `step`. Dropouts have the numbers
 * from PURPOSE_DROPOUT on. */
enum purpose {
    PURPOSE_INITIAL,     /* initial parameters; step: hash of the parameter's name */
    PURPOSE_SHUFFLE,     /* the order of records; step: epoch */
    PURPOSE_NOISE,       /* the generator's input; step: forward pass, or number of the sample */
    PURPOSE_EPSILON,     /* epsilon of the reparameterisation; step: the same */
    PURPOSE_INSTANCE,    /* instance noise on real records; step: forward pass */
    PURPOSE_AUGMENT,     /* augmentation of real records; step: epoch */
    PURPOSE_LOOP,        /* loop and articulation of a sample; step: number of the sample */
    PURPOSE_PRIOR,       /* the records that the prior is fitted to; step: 0 */
    PURPOSE_LONG_SAMPLE, /* noises of a long sample past its first record, one purpose each; step: number of
                            the sample */
    PURPOSE_LONG_SAMPLE_LAST = PURPOSE_LONG_SAMPLE + 2,
    PURPOSE_CRITIC, /* the records that a critic learns from; step: update */
    PURPOSE_DEAL,   /* the songs that a judge learns from; step: 0 or 1 */
    PURPOSE_NOTES,  /* what is drawn for notes, one purpose each; step: number of the sample */
    PURPOSE_NOTES_LAST = PURPOSE_NOTES + 3,
    PURPOSE_CENTRE, /* which record's mean a sample has; step: number of the sample */
    PURPOSE_DROPOUT = 64,
};

struct session {
    const struct ops *ops;
    const struct config *config;
    struct keys_shape keys;
    int batch;
    uint32_t dropouts; /* numbered so far */
    device *memory;    /* (memories): all that was taken */
    size_t memories;
};

struct session session_make(const struct ops *ops, const struct config *config, struct keys_shape keys,
                            int batch);

/* `count` reals of device memory, zeroed, that live as long as the session. */
device session_memory_or_die(struct session *session, size_t count);

/* A tensor (batch, length, channels): of reals; of activations or their gradients, which may be bf16. */
struct tensor session_tensor_or_die(struct session *session, int length, int channels);
struct tensor session_activation_or_die(struct session *session, int length, int channels);

/* A gradient that is to have the shape of another tensor. */
struct gradient {
    struct tensor *gradient, like;
};

/* Makes the gradients of two parts of a model that do not need theirs at the same time: they share memory. A
 * gradient like a tensor without data stays without. */
void session_gradients_or_die(struct session *session, const struct gradient *one, int ones,
                              const struct gradient *other, int others);

/* A dropout with a purpose of its own. */
struct dropout session_dropout(struct session *session, double share);

/* Gives back all memory taken through the session. */
void session_release(struct session *session);

/* No tensor: for an argument that is not wanted. */
static inline struct tensor no_tensor(void)
{
    return (struct tensor){0};
}

#endif
