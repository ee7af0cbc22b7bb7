/* The configuration of gan-train: a member for each key of the YAML file, under the key's name.
 * musigan-config(5) describes the keys, config-keys.c has types, defaults and ranges, config-load.h reads a
 * file. */
#ifndef KERNELS_MODEL_CONFIG_CONFIG_H
#define KERNELS_MODEL_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number that is not set (null or false in the file). */
enum { CONFIG_NONE = -1 };

/* In the order of the words in config-keys.c. */
enum config_design { DESIGN_MUSIGAN, DESIGN_TIME };
enum config_normalize { NORMALIZE_PEAK, NORMALIZE_STANDARD };
enum config_position { POSITION_SINUSOIDAL, POSITION_NONE };
enum config_norm { NORM_BATCH, NORM_SPECTRAL };
enum config_activation { ACTIVATION_RELU, ACTIVATION_LEAKY_RELU };

/* Strings belong to the struct. */
struct config {
    char *checkpoint_folder_load; /* "": checkpoint_folder */
    char *checkpoint_folder;
    char *music_out_folder, *dataset_folder; /* not used: records come and go as streams */
    int sample_rate;                         /* not used: records state their rate */
    int design;                              /* enum config_design */
    int precision;                           /* enum precision, kernels/precision.h */
    int normalize;                           /* enum config_normalize */
    int save_after_nepochs, keep_checkpoints;
    int resume_from_checkpoint; /* epoch, or CONFIG_NONE */
    int batch_size, epochs, pretrain_epochs_g, pretrain_epochs_d;
    double learning_rate, learning_rate_disc, weight_decay;
    double learning_rate_end; /* factor on both rates at the end of the last epoch */
    double beta1, beta2;      /* of both optimisers */
    double kl_ramp;           /* share of the epochs in which the weight of the KL divergence rises from 0 */
    int accumulation_steps;
    double grad_clip_value; /* 0: no clipping */
    int g_steps_per_batch, d_steps_per_g_step;
    double smoothing;
    double dropout; /* of the convolution blocks */
    int noise_dim;  /* N */
    bool update_discriminator, freeze_discriminator;
    int freeze_discriminator_after; /* epoch, or CONFIG_NONE */
    bool track_all;

    struct {
        int sound_channels;
        int n_channels;     /* C */
        int seq_len;        /* L = keys * frames */
        int latent_seq_len; /* S */
        bool use_gaussians;
        int num_of_gaussians; /* G */
        double dropout;       /* of the transformer */
        int latent_dim;       /* E */
        int num_heads, num_layers;
        int band_count; /* not used */
        int position;   /* enum config_position */
    } model;

    struct {
        bool windows; /* records begin at any frame of a song */
        int shift;    /* keys up or down, at most */
        bool swap;    /* left and right, in half of the records */
    } augmentation;

    struct {
        int norm;       /* enum config_norm */
        int activation; /* enum config_activation */
    } discriminator;

    struct {
        double g_cost_reconstruction, g_cost, g_cost_kl, g_no_seconds_cost, g_no_silence_cost;
        double g_melody_cost, g_melody_cost_2, g_compute_std_cost, g_min_max_stats_cost;
        double g_feature_matching_cost, g_gate_cost, g_onset_cost, g_drum_cost, g_loudness_cost;
        double d_silence_cost, d_melody_cost, d_compute_std_cost, d_min_max_stats_cost, d_kl_song_cost;
    } loss_weights;

    uint8_t *text; /* the bytes of the file, which the model gets */
    size_t text_size;
};

#endif
