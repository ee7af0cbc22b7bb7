/* The losses on keys, in the order of their values and weights. kernels/ops.h has their operations,
 * musigan-config(5) their formulas. */
#ifndef KERNELS_KEY_LOSSES_H
#define KERNELS_KEY_LOSSES_H

/* The shape of a record of keys, as a tensor (batch, keys * frames, 2). The last `drums` of the keys are
 * drums. Every `beat` frames, from the first on, there is a beat; 0: frames do not follow the beat. */
struct keys_shape {
    int keys, frames, drums, beat;
};

/* Of generated records x against real ones r, which have instance noise. */
enum generator_loss {
    G_RECONSTRUCTION,
    G_NO_SECONDS,
    G_NO_SILENCE,
    G_MELODY,
    G_MELODY_MATCH,
    G_STD_MATCH,
    G_MIN_MAX_MATCH,
    GENERATOR_LOSSES
};

enum discriminator_loss {
    D_SILENCE_MATCH,
    D_MELODY_MATCH,
    D_STD_MATCH,
    D_MIN_MAX_MATCH,
    D_KL_SONGS,
    DISCRIMINATOR_LOSSES
};

/* Losses of keys as frames with gates: sums over cells, a mean over the batch. Of the pitched keys: whether
 * they sound, where they begin; both of the drums; how loud all are. */
enum gate_loss { GATE_SOUNDING, GATE_ONSETS, GATE_DRUMS, GATE_LOUDNESS, GATE_LOSSES };

#endif
