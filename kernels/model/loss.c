/* Names, weights and counts of the losses. */
#include "kernels/model/loss.h"

#include <string.h>

const char *const loss_names[LOSSES] = {
    [LOSS_GAN] = "g_loss_gan",
    [LOSS_KL] = "g_loss_kl",
    [LOSS_DISCRIMINATOR] = "d_loss",
    [LOSS_FEATURE_MATCHING] = "g_feature_matching_loss",
    [LOSS_GENERATOR_KEYS + G_RECONSTRUCTION] = "g_loss_reconstruction",
    [LOSS_GENERATOR_KEYS + G_NO_SECONDS] = "g_no_seconds_loss",
    [LOSS_GENERATOR_KEYS + G_NO_SILENCE] = "g_no_silence_loss",
    [LOSS_GENERATOR_KEYS + G_MELODY] = "g_melody_loss",
    [LOSS_GENERATOR_KEYS + G_MELODY_MATCH] = "g_melody_loss_2",
    [LOSS_GENERATOR_KEYS + G_STD_MATCH] = "g_compute_std_loss",
    [LOSS_GENERATOR_KEYS + G_MIN_MAX_MATCH] = "g_min_max_stats_loss",
    [LOSS_DISCRIMINATOR_KEYS + D_SILENCE_MATCH] = "d_silence_loss",
    [LOSS_DISCRIMINATOR_KEYS + D_MELODY_MATCH] = "d_melody_loss",
    [LOSS_DISCRIMINATOR_KEYS + D_STD_MATCH] = "d_compute_std_loss",
    [LOSS_DISCRIMINATOR_KEYS + D_MIN_MAX_MATCH] = "d_min_max_stats_loss",
    [LOSS_DISCRIMINATOR_KEYS + D_KL_SONGS] = "d_kl_songs_loss",
    [LOSS_GATES + GATE_SOUNDING] = "g_gate_loss",
    [LOSS_GATES + GATE_ONSETS] = "g_onset_loss",
    [LOSS_GATES + GATE_DRUMS] = "g_drum_loss",
    [LOSS_GATES + GATE_LOUDNESS] = "g_loudness_loss",
};

void loss_begin_batch(struct loss_sums *sums)
{
    memset(sums->added, 0, sizeof sums->added);
}

device loss_add(struct loss_sums *sums, const struct ops *ops, int first, int count)
{
    for (int i = 0; i < count; i++) sums->added[first + i]++;
    return ops->at(sums->cells, (size_t)first);
}

device loss_add_weighted(struct loss_sums *sums, const struct ops *ops, int first, int count,
                         const real *weights, bool all)
{
    for (int i = 0; i < count; i++) sums->added[first + i] += all || weights[i] != 0;
    return ops->at(sums->cells, (size_t)first);
}

void generator_weights(const struct config *config, int steps, real weights[GENERATOR_LOSSES])
{
    double of[GENERATOR_LOSSES] = {
        [G_RECONSTRUCTION] = config->loss_weights.g_cost_reconstruction,
        [G_NO_SECONDS] = config->loss_weights.g_no_seconds_cost,
        [G_NO_SILENCE] = config->loss_weights.g_no_silence_cost,
        [G_MELODY] = config->loss_weights.g_melody_cost,
        [G_MELODY_MATCH] = config->loss_weights.g_melody_cost_2,
        [G_STD_MATCH] = config->loss_weights.g_compute_std_cost,
        [G_MIN_MAX_MATCH] = config->loss_weights.g_min_max_stats_cost,
    };
    for (int i = 0; i < GENERATOR_LOSSES; i++) weights[i] = (real)(of[i] / steps);
}

void discriminator_weights(const struct config *config, int steps, real weights[DISCRIMINATOR_LOSSES])
{
    double of[DISCRIMINATOR_LOSSES] = {
        [D_SILENCE_MATCH] = config->loss_weights.d_silence_cost,
        [D_MELODY_MATCH] = config->loss_weights.d_melody_cost,
        [D_STD_MATCH] = config->loss_weights.d_compute_std_cost,
        [D_MIN_MAX_MATCH] = config->loss_weights.d_min_max_stats_cost,
        [D_KL_SONGS] = config->loss_weights.d_kl_song_cost,
    };
    for (int i = 0; i < DISCRIMINATOR_LOSSES; i++) weights[i] = (real)(of[i] / steps);
}

void gate_weights(const struct config *config, int steps, real weights[GATE_LOSSES])
{
    double of[GATE_LOSSES] = {
        [GATE_SOUNDING] = config->loss_weights.g_gate_cost,
        [GATE_ONSETS] = config->loss_weights.g_onset_cost,
        [GATE_DRUMS] = config->loss_weights.g_drum_cost,
        [GATE_LOUDNESS] = config->loss_weights.g_loudness_cost,
    };
    for (int i = 0; i < GATE_LOSSES; i++) weights[i] = (real)(of[i] / steps);
}
