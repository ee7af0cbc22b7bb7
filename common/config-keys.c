/* The table of keys. Defaults are the published system's values where it has the key. */
#include "common/config.h"

#define AT(member) offsetof(struct config, member)
#define WEIGHT(name, standard)                                                                               \
    {                                                                                                        \
        "loss_weights", #name, CONFIG_REAL, AT(loss_weights.name), standard, 0, 1e6, NULL                    \
    }
#define TRACKER(name)                                                                                        \
    {                                                                                                        \
        "loss_trackers", #name, CONFIG_IGNORED, 0, "[]", 0, 0, NULL                                          \
    }

const struct config_key config_keys[] = {
    {NULL,            "design",                     CONFIG_CHOICE, AT(design),                     "musigan",    0, 0,     "musigan"        },
    {NULL,            "normalize",                  CONFIG_CHOICE, AT(normalize),                  "peak",       0, 0,     "peak|standard"  },
    {NULL,            "checkpoint_folder_load",     CONFIG_TEXT,   AT(checkpoint_folder_load),     "",           0, 0,     NULL             },
    {NULL,            "checkpoint_folder",          CONFIG_TEXT,   AT(checkpoint_folder),          "checkpoint", 0, 0,     NULL             },
    {NULL,            "music_out_folder",           CONFIG_TEXT,   AT(music_out_folder),           "",           0, 0,     NULL             },
    {NULL,            "dataset_folder",             CONFIG_TEXT,   AT(dataset_folder),             "",           0, 0,     NULL             },
    {NULL,            "save_after_nepochs",         CONFIG_INT,    AT(save_after_nepochs),         "1",          1, 1e9,   NULL             },
    {NULL,            "resume_from_checkpoint",     CONFIG_INT,    AT(resume_from_checkpoint),     "false",      0, 1e9,   NULL             },
    {NULL,            "batch_size",                 CONFIG_INT,    AT(batch_size),                 "64",         1, 65536, NULL             },
    {NULL,            "epochs",                     CONFIG_INT,    AT(epochs),                     "30000",      0, 1e9,   NULL             },
    {NULL,            "pretrain_epochs_g",          CONFIG_INT,    AT(pretrain_epochs_g),          "5",          0, 1e9,   NULL             },
    {NULL,            "pretrain_epochs_d",          CONFIG_INT,    AT(pretrain_epochs_d),          "1",          0, 1e9,   NULL             },
    {NULL,            "sample_rate",                CONFIG_INT,    AT(sample_rate),                "null",       1, 1e9,   NULL             },
    {NULL,            "learning_rate",              CONFIG_REAL,   AT(learning_rate),              "0.0002",     0, 1,     NULL             },
    {NULL,            "learning_rate_disc",         CONFIG_REAL,   AT(learning_rate_disc),         "0.0001",     0, 1,     NULL             },
    {NULL,            "weight_decay",               CONFIG_REAL,   AT(weight_decay),               "0.01",       0, 1,     NULL             },
    {NULL,            "accumulation_steps",         CONFIG_INT,    AT(accumulation_steps),         "16",         1, 65536, NULL             },
    {NULL,            "grad_clip_value",            CONFIG_REAL,   AT(grad_clip_value),            "null",       0, 1e9,   NULL             },
    {NULL,            "g_steps_per_batch",          CONFIG_INT,    AT(g_steps_per_batch),          "2",          1, 100,   NULL             },
    {NULL,            "d_steps_per_g_step",         CONFIG_INT,    AT(d_steps_per_g_step),         "1",          0, 100,   NULL             },
    {NULL,            "smoothing",                  CONFIG_REAL,   AT(smoothing),                  "0.2",        0, 1,     NULL             },
    {NULL,            "dropout",                    CONFIG_REAL,   AT(dropout),                    "0.2",        0, 0.99,  NULL             },
    {NULL,            "noise_dim",                  CONFIG_INT,    AT(noise_dim),                  "48000",      8, 1e7,   NULL             },
    {NULL,            "update_discriminator",       CONFIG_FLAG,   AT(update_discriminator),       "false",      0, 0,     NULL             },
    {NULL,            "freeze_discriminator",       CONFIG_FLAG,   AT(freeze_discriminator),       "false",      0, 0,     NULL             },
    {NULL,            "freeze_discriminator_after", CONFIG_INT,    AT(freeze_discriminator_after), "null",       0, 1e9,   NULL             },
    {NULL,            "track_all",                  CONFIG_FLAG,   AT(track_all),                  "true",       0, 0,     NULL             },

    {"model",         "sound_channels",             CONFIG_INT,    AT(model.sound_channels),       "2",          2, 2,     NULL             },
    {"model",         "n_channels",                 CONFIG_INT,    AT(model.n_channels),           "128",        1, 8192,  NULL             },
    {"model",         "seq_len",                    CONFIG_INT,    AT(model.seq_len),              "16500",      8, 1e7,   NULL             },
    {"model",         "latent_seq_len",             CONFIG_INT,    AT(model.latent_seq_len),       "500",        1, 1e5,   NULL             },
    {"model",         "use_gaussians",              CONFIG_FLAG,   AT(model.use_gaussians),        "false",      0, 0,     NULL             },
    {"model",         "num_of_gaussians",           CONFIG_INT,    AT(model.num_of_gaussians),     "6",          1, 1000,  NULL             },
    {"model",         "dropout",                    CONFIG_REAL,   AT(model.dropout),              "0.1",        0, 0.99,  NULL             },
    {"model",         "latent_dim",                 CONFIG_INT,    AT(model.latent_dim),           "512",        2, 65536, NULL             },
    {"model",         "num_heads",                  CONFIG_INT,    AT(model.num_heads),            "8",          1, 1024,  NULL             },
    {"model",         "num_layers",                 CONFIG_INT,    AT(model.num_layers),           "1",          1, 100,   NULL             },
    {"model",         "band_count",                 CONFIG_INT,    AT(model.band_count),           "8",          1, 1e6,   NULL             },
    {"model",         "position",                   CONFIG_CHOICE, AT(model.position),             "sinusoidal", 0, 0,     "sinusoidal|none"},

    {"discriminator", "norm",                       CONFIG_CHOICE, AT(discriminator.norm),         "batch",      0, 0,     "batch|spectral" },
    {"discriminator", "activation",                 CONFIG_CHOICE, AT(discriminator.activation),   "relu",       0, 0,
     "relu|leaky_relu"                                                                                                                      },

    WEIGHT(g_cost_reconstruction, "2"),
    WEIGHT(g_cost, "20"),
    WEIGHT(g_cost_kl, "0.00005"),
    WEIGHT(g_no_seconds_cost, "1"),
    WEIGHT(g_no_silence_cost, "1"),
    WEIGHT(g_melody_cost, "0.75"),
    WEIGHT(g_melody_cost_2, "1"),
    WEIGHT(d_silence_cost, "1"),
    WEIGHT(d_melody_cost, "1"),
    WEIGHT(d_compute_std_cost, "1"),
    WEIGHT(d_min_max_stats_cost, "1"),
    WEIGHT(g_compute_std_cost, "1"),
    WEIGHT(g_min_max_stats_cost, "1"),
    WEIGHT(d_kl_song_cost, "0.1"),
    WEIGHT(g_feature_matching_cost, "0"),

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

    {NULL,            NULL,                         CONFIG_FLAG,   0,                              NULL,         0, 0,     NULL             },
};
