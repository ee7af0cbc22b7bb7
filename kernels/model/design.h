/* A design of the generator: what turns white noise into keys. Each is one file beside this one, named by the
 * configuration's key `design`; nothing else knows which one it works with. */
#ifndef KERNELS_MODEL_DESIGN_H
#define KERNELS_MODEL_DESIGN_H

#include "kernels/model/loss.h"
#include "kernels/model/prior.h"

/* What every design has in front of its own. All tensors belong to the session. */
struct generator {
    struct session *session;
    struct tensor noise;               /* (batch, noise length, noise channels): N(0, 1), the input */
    struct tensor output;              /* (batch, keys * frames, 2), in 0 … 1 */
    struct prior *prior;               /* of a design that has one which is fitted, or NULL */
    struct articulation *articulation; /* (batch): with a prior; draw() says, decode() follows */
};

struct design {
    const char *name;
    int losses;   /* how many of enum loss it has, from the first on */
    bool decides; /* its samples have thresholds, where a last bit decides: they are made in batches of one
                   * size, so that rounding is the same however many are wanted */

    /* Declares the parameters and takes the memory. `training`: memory for backward too. */
    struct generator *(*make_or_die)(struct session *session, struct parameters *parameters, bool training);
    void (*free)(struct generator *generator);

    /* Draws the white noise (and all else that is random in a sample) of `count` samples from `first` on;
     * `number` tells the draws of one seed apart. */
    void (*draw)(struct generator *generator, int first, int count, uint64_t seed, uint32_t number);

    /* Training's forward pass, which `backward` follows: records -> encoder -> decoder -> output in a design
     * whose encoder takes records (batch, keys * frames, 2), else noise -> output. */
    void (*forward)(struct generator *generator, struct tensor records, struct pass pass);

    /* noise -> output. */
    void (*sample)(struct generator *generator, struct pass pass);

    /* Adds all gradients, given that of the output (used up), and kl_weight times that of the KL divergence;
     * adds losses of the design's own, LOSS_GATES, to the sums. */
    void (*backward)(struct generator *generator, struct loss_sums *losses, struct tensor doutput,
                     struct tensor records, real kl_weight, struct pass pass);

    /* value += the KL divergence of the last forward pass. */
    void (*kl)(struct generator *generator, device value);

    /* With a prior that is fitted, on the host (batch, side of the prior): what the encoder, as it is in
     * evaluation, says of real records; the latents that the noise gives; and the output from latents. To
     * sample is to decode the latents of the noise. */
    void (*posterior)(struct generator *generator, struct tensor records, real *mu, real *logvar);
    void (*latents)(struct generator *generator, real *z);
    void (*decode)(struct generator *generator, const real *z, struct pass pass);
};

/* The design that the configuration names. */
const struct design *design_of(const struct config *config);

extern const struct design design_musigan, design_time;

#endif
