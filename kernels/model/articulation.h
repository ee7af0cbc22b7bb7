/* Articulation: how the logits that a decoder gives become notes. It computes on the host.
 *
 * A decoder trained by a likelihood gives the middle of what it does not know: loudnesses without attack,
 * gates that waver about their threshold, edges of notes that are smeared over frames. Songs do not play the
 * middle. So a sample's gates have hysteresis, its notes begin where their onset is likeliest, as do those
 * that are struck again while they sound, and what the decoder does not know about a note is drawn from the
 * distribution that it has in the songs, the statistics of notes. */
#ifndef KERNELS_MODEL_ARTICULATION_H
#define KERNELS_MODEL_ARTICULATION_H

#include <stddef.h>

#include "common/random.h"
#include "kernels/key-losses.h"
#include "kernels/real.h"

enum { ATTACK_FRAMES = 6, WIDTH_QUANTILES = 5 };

/* How songs' notes differ from what the decoder makes of their latents (kernels/model/training/notes-fit.h):
 * those of the pitched keys, and those of each drum. Levels in dB are 20 log10 of a loudness. Numbers by
 * their place in a model's file: */
enum note_statistic {
    NOTE_THRESHOLD, /* of a gate's logit: samples sound as often as songs
                       (kernels/model/training/gate-threshold.h) */
    NOTE_GAIN,      /* mean difference of level, dB */
    NOTE_LEVEL,     /* deviation of a note's own level, dB */
    NOTE_COLOUR,    /* (ATTACK_FRAMES): correlation of a frame's deviation with the one
                     * before, by frame since the onset, the last one's from there on */
    NOTE_ATTACK = NOTE_COLOUR + ATTACK_FRAMES,    /* (ATTACK_FRAMES): the mean likewise, dB */
    NOTE_DEVIATION = NOTE_ATTACK + ATTACK_FRAMES, /* (ATTACK_FRAMES): the deviation likewise, dB */
    NOTE_WIDTH = NOTE_DEVIATION + ATTACK_FRAMES, /* (WIDTH_QUANTILES): quantiles of the records' stereo width,
                                                  * at 1/10, 3/10 … 9/10; articulation.c says of what */
    NOTE_STATISTICS = NOTE_WIDTH + WIDTH_QUANTILES
};
struct note_statistics {
    double of[NOTE_STATISTICS];
};

/* How gates open and notes are played; chosen by comparing samples with records
 * (kernels/model/training/prior-fit.h). */
struct gating {
    double threshold;        /* of the keys' gates, above that of their statistics */
    double opening, closing; /* a key's gate opens so far above the threshold, and closes so far below it */
    double least;            /* frames: a key's note that is shorter is left out */
    double again;            /* an onset's logit above which a note that sounds is struck again */
    double expression;       /* factor on what is drawn for the levels of notes */
};

/* What is drawn once for a sample. */
struct articulation {
    real threshold;          /* short and dry notes or long ones: -1 (the highest threshold) to 1 */
    real width;              /* of the stereo image, as a quantile: 0 to 1 */
    double interval;         /* length of a frame by its tempo, s; 0: it has none, or it is not drawn yet */
    struct random_key notes; /* what is drawn for each note */
    size_t begin;            /* frames from the sample's first to the first of the logits */
};

/* A note's balance, (left - right) / (the larger), is that of u |u|^1.2 times the width, between -1 and 1,
 * for u of N(0, 1). The deviation of balances of that width, and the width of that deviation. */
double width_to_deviation(double width);
double width_of_deviation(double deviation);

/* x (keys * frames, 2) from logits f (frames, 3 keys), as of the operation `gated`: rows are `stride` apart.
 * statistics (1 + drums): of the pitched keys, then of each drum. Where notes overlap the end or the
 * beginning of the logits they have any length. */
void articulate_or_die(real *x, const real *f, size_t stride, struct keys_shape shape, struct gating gating,
                       const struct note_statistics *statistics, struct articulation own);

#endif
