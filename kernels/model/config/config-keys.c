/* The table of keys: type, name, default, least, most, words. Defaults are the published system's values
 * where it has the key. */
#include "kernels/model/config/config-keys.h"

#include <stdbool.h>

#include "kernels/model/config/config.h"

/* clang-format off */
#define TOP(type, name, ...) {NULL, #name, CONFIG_##type, offsetof(struct config, name), __VA_ARGS__}
#define IN(group, type, name, ...) {#group, #name, CONFIG_##type, offsetof(struct config, group.name), __VA_ARGS__}
#define TRACKER(name) {"loss_trackers", #name, CONFIG_IGNORED, 0, "[]", 0, 0, NULL}
/* clang-format on */

const struct config_key config_keys[] = {
    TOP(CHOICE, design, "musigan", 0, 0, "musigan|time"),
    TOP(CHOICE, precision, "auto", 0, 0, "auto|fp32|tf32|bf16"),
    TOP(CHOICE, normalize, "peak", 0, 0, "peak|standard"),
    TOP(TEXT, checkpoint_folder_load, "", 0, 0, NULL),
    TOP(TEXT, checkpoint_folder, "checkpoint", 0, 0, NULL),
    TOP(TEXT, music_out_folder, "", 0, 0, NULL),
    TOP(TEXT, dataset_folder, "", 0, 0, NULL),
    TOP(INT, save_after_nepochs, "1", 1, 1e9, NULL),
    TOP(INT, keep_checkpoints, "3", 0, 1e9, NULL),
    TOP(INT, resume_from_checkpoint, "false", 0, 1e9, NULL),
    TOP(INT, batch_size, "64", 1, 65536, NULL),
    TOP(INT, epochs, "30000", 0, 1e9, NULL),
    TOP(INT, pretrain_epochs_g, "5", 0, 1e9, NULL),
    TOP(INT, pretrain_epochs_d, "1", 0, 1e9, NULL),
    TOP(INT, sample_rate, "null", 1, 1e9, NULL),
    TOP(REAL, learning_rate, "0.0002", 0, 1, NULL),
    TOP(REAL, learning_rate_disc, "0.0001", 0, 1, NULL),
    TOP(REAL, learning_rate_end, "1", 0, 1, NULL),
    TOP(REAL, beta1, "0.5", 0, 0.9999, NULL),
    TOP(REAL, beta2, "0.999", 0, 0.9999999, NULL),
    TOP(REAL, kl_ramp, "0", 0, 1, NULL),
    TOP(REAL, weight_decay, "0.01", 0, 1, NULL),
    TOP(INT, accumulation_steps, "16", 1, 65536, NULL),
    TOP(REAL, grad_clip_value, "null", 0, 1e9, NULL),
    TOP(INT, g_steps_per_batch, "2", 1, 100, NULL),
    TOP(INT, d_steps_per_g_step, "1", 0, 100, NULL),
    TOP(REAL, smoothing, "0.2", 0, 1, NULL),
    TOP(REAL, dropout, "0.2", 0, 0.99, NULL),
    TOP(INT, noise_dim, "48000", 8, 1e7, NULL),
    TOP(FLAG, update_discriminator, "false", 0, 0, NULL),
    TOP(FLAG, freeze_discriminator, "false", 0, 0, NULL),
    TOP(INT, freeze_discriminator_after, "null", 0, 1e9, NULL),
    TOP(FLAG, track_all, "true", 0, 0, NULL),

    IN(model, INT, sound_channels, "2", 2, 2, NULL),
    IN(model, INT, n_channels, "128", 1, 8192, NULL),
    IN(model, INT, seq_len, "16500", 8, 1e7, NULL),
    IN(model, INT, latent_seq_len, "500", 1, 1e5, NULL),
    IN(model, FLAG, use_gaussians, "false", 0, 0, NULL),
    IN(model, INT, num_of_gaussians, "6", 1, 1000, NULL),
    IN(model, REAL, dropout, "0.1", 0, 0.99, NULL),
    IN(model, INT, latent_dim, "512", 2, 65536, NULL),
    IN(model, INT, num_heads, "8", 1, 1024, NULL),
    IN(model, INT, num_layers, "1", 1, 100, NULL),
    IN(model, INT, band_count, "8", 1, 1e6, NULL),
    IN(model, CHOICE, position, "sinusoidal", 0, 0, "sinusoidal|none"),

    IN(augmentation, FLAG, windows, "false", 0, 0, NULL),
    IN(augmentation, INT, shift, "0", 0, 87, NULL),
    IN(augmentation, FLAG, swap, "false", 0, 0, NULL),

    IN(discriminator, CHOICE, norm, "batch", 0, 0, "batch|spectral"),
    IN(discriminator, CHOICE, activation, "relu", 0, 0, "relu|leaky_relu"),

    IN(loss_weights, REAL, g_cost_reconstruction, "2", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_cost, "20", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_cost_kl, "0.00005", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_no_seconds_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_no_silence_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_melody_cost, "0.75", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_melody_cost_2, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, d_silence_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, d_melody_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, d_compute_std_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, d_min_max_stats_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_compute_std_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_min_max_stats_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, d_kl_song_cost, "0.1", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_feature_matching_cost, "0", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_gate_cost, "1", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_onset_cost, "2", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_drum_cost, "2", 0, 1e6, NULL),
    IN(loss_weights, REAL, g_loudness_cost, "4", 0, 1e6, NULL),

    TRACKER(g_loss_reconstruction),
    TRACKER(g_loss_kl),
    TRACKER(g_loss_gan),
    TRACKER(d_loss),
    TRACKER(g_no_seconds_loss),
    TRACKER(g_no_silence_loss),
    TRACKER(g_melody_loss),
    TRACKER(g_melody_loss_2),
    TRACKER(d_silence_loss),
    TRACKER(d_melody_loss),
    TRACKER(d_compute_std_loss),
    TRACKER(d_min_max_stats_loss),
    TRACKER(g_compute_std_loss),
    TRACKER(g_min_max_stats_loss),
    TRACKER(d_kl_songs_loss),

    {NULL, NULL, CONFIG_FLAG, 0, NULL, 0, 0, NULL},
};
