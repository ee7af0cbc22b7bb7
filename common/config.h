/* The configuration of gan-train: YAML read with libcyaml, every value checked. musigan-config(5) describes
 * each key; the table in config-keys.c holds types, defaults and ranges.
 *
 * Anything wrong ends the program with "program: FILE: line N: key: what is wrong" and exit 1.
 */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An epoch or count that is not set (null or false in the file). */
enum { CONFIG_NONE = -1 };

/* In the order of the words in the table. */
enum config_design { DESIGN_MUSIGAN, DESIGN_TIME };
enum config_precision { PRECISION_AUTO, PRECISION_FP32, PRECISION_TF32, PRECISION_BF16 };
enum config_normalize { NORMALIZE_PEAK, NORMALIZE_STANDARD };
enum config_position { POSITION_SINUSOIDAL, POSITION_NONE };
enum config_norm { NORM_BATCH, NORM_SPECTRAL };
enum config_activation { ACTIVATION_RELU, ACTIVATION_LEAKY_RELU };

/* Members have the names of the keys. Strings belong to the struct. */
struct config {
    char *checkpoint_folder_load; /* "": checkpoint_folder */
    char *checkpoint_folder;
    char *music_out_folder, *dataset_folder; /* read, never used: streams take their place */
    int sample_rate;                         /* the same */
    int design;                              /* enum config_design */
    int precision;                           /* enum config_precision */
    int normalize;                           /* enum config_normalize */
    int save_after_nepochs, keep_checkpoints;
    int resume_from_checkpoint; /* epoch, or CONFIG_NONE */
    int batch_size, epochs, pretrain_epochs_g, pretrain_epochs_d;
    double learning_rate, learning_rate_disc, weight_decay;
    double learning_rate_end; /* share of both that is left at the last epoch */
    double beta1, beta2;      /* of both optimisers */
    double kl_ramp;           /* share of the epochs in which the weight of the KL divergence grows */
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
        int band_count; /* read, never used */
        int position;   /* enum config_position */
    } model;

    struct {
        bool windows; /* records from any moment of a song */
        int shift;    /* keys up or down */
        bool swap;    /* of the channels */
    } augmentation;

    struct {
        int norm;       /* enum config_norm */
        int activation; /* enum config_activation */
    } discriminator;

    struct {
        double g_cost_reconstruction, g_cost, g_cost_kl, g_no_seconds_cost, g_no_silence_cost;
        double g_melody_cost, g_melody_cost_2, g_compute_std_cost, g_min_max_stats_cost;
        double g_feature_matching_cost, g_gate_cost, g_loudness_cost;
        double d_silence_cost, d_melody_cost, d_compute_std_cost, d_min_max_stats_cost, d_kl_song_cost;
    } loss_weights;

    uint8_t *text; /* the file as it was, for the model */
    size_t text_size;
};

/* Reads a YAML file. Caller frees with config_free. */
struct config *config_load_or_die(const char *path);

/* The same from memory; `name` stands in messages; the text is copied. */
struct config *config_parse_or_die(const char *name, const uint8_t *text, size_t size);

void config_free(struct config *config);

enum config_type {
    CONFIG_FLAG,   /* bool */
    CONFIG_INT,    /* int */
    CONFIG_REAL,   /* double */
    CONFIG_TEXT,   /* char * */
    CONFIG_CHOICE, /* int, the number of the word in `choices` */
    CONFIG_IGNORED /* any value, kept nowhere */
};

/* One key of the file. */
struct config_key {
    const char *group; /* the mapping that it stands in; NULL: the file itself */
    const char *name;
    enum config_type type;
    size_t offset;        /* of the member of struct config */
    const char *standard; /* the default, as one would write it; "null" and "false" for a number: not set */
    double least, most;   /* range of a number */
    const char *choices;  /* words, separated by '|' */
};

/* All keys, those of a group together; ends with a NULL name. */
extern const struct config_key config_keys[];

#endif
