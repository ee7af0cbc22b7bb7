/* The contract between the model and a design of the generator: the network that makes keys from white noise.
 * Each design is one file in kernels/model/designs/, chosen by the configuration's key `design`; training,
 * sampling and checkpoints use it through these functions only. */
#ifndef KERNELS_MODEL_DESIGN_H
#define KERNELS_MODEL_DESIGN_H

#include "kernels/model/loss.h"
#include "kernels/model/prior.h"

/* The part of a generator that every design has; a design's own struct begins with it. Tensors belong to the
 * session. */
struct generator {
    struct session *session;
    struct tensor noise;  /* (batch, noise length, noise channels): N(0, 1), the input */
    struct tensor output; /* (batch, keys * frames, 2): loudnesses from 0 to 1 */
    struct tensor logits; /* of a design with a fitted prior: as the operation `gated` takes them */
    struct prior *prior;  /* of such a design, else NULL */
    struct articulation
        *articulation; /* (batch), with a prior: `draw` sets it, `sample` and `decode` use it */
};

struct design {
    const char *name;
    int losses;       /* how many of enum loss it has, from the first on */
    bool fixed_batch; /* Its gates compare with a threshold, where the last bit of a logit decides, and
                       * rounding depends on the batch's size: so samples are made in batches of one size. */

    /* Declares the parameters and takes the memory. `training`: memory for backward too. */
    struct generator *(*make_or_die)(struct session *session, struct parameters *parameters, bool training);
    void (*free)(struct generator *generator);

    /* Draws all random numbers of `count` samples, into the batch from sample `first` on: the noise, the
     * epsilon of the reparameterisation, the articulation. `number` tells the draws of one seed apart. */
    void (*draw)(struct generator *generator, int first, int count, uint64_t seed, uint32_t number);

    /* The forward pass of training, which `backward` follows. A design whose encoder takes records
     * reconstructs them: records (batch, keys * frames, 2) -> encoder -> z -> decoder -> output. One whose
     * encoder takes noise generates as in `sample` and does not read them. `whole`: else a design with logits
     * ends with those, and the output is not to be read. */
    void (*forward)(struct generator *generator, struct tensor records, bool whole, struct pass pass);

    /* noise -> output. */
    void (*sample)(struct generator *generator, struct pass pass);

    /* Adds the gradients of all parameters, given that of the output (used up; its data NULL for 0, in a
     * design with logits), and kl_weight times those of the KL divergence. Losses of the design's own,
     * LOSS_GATES, are added to `losses`. */
    void (*backward)(struct generator *generator, struct loss_sums *losses, struct tensor doutput,
                     struct tensor records, real kl_weight, struct pass pass);

    /* value += the KL divergence of the last forward pass. */
    void (*kl)(struct generator *generator, device value);

    /* With a fitted prior, on the host, (batch, side of the prior) each: mu and logvar that the encoder in
     * evaluation mode gives real records; the latents that the prior makes of the drawn noise; the output
     * from latents. `sample` is `latents`, then `decode`. */
    void (*posterior)(struct generator *generator, struct tensor records, real *mu, real *logvar);
    void (*latents)(struct generator *generator, real *z);
    void (*decode)(struct generator *generator, const real *z, struct pass pass);
};

/* The design that the configuration names. */
const struct design *design_of(const struct config *config);

extern const struct design design_musigan, design_time;

#endif
