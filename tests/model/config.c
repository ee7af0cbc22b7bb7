/* The configuration: defaults, the published file, errors with their line, the man page against the table. */
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/program.h"
#include "kernels/model/config/config-keys.h"
#include "kernels/model/config/config-load.h"
#include "tests/child.h"
#include "tests/tap.h"

static struct config *parse(const char *text)
{
    return config_parse_or_die("x.yaml", (const uint8_t *)text, strlen(text));
}

static void parse_in_child(const void *text)
{
    config_free(parse(text));
}

/* The text is refused with exactly this line. */
static void refused(const char *text, const char *wanted)
{
    struct outcome got = child_run(parse_in_child, text);
    char *line = text_or_die("config: x.yaml: %s\n", wanted);
    if (!ok(got.status == EXIT_DATA && !*got.out && !strcmp(got.err, line), "%s", wanted))
        printf("# exit %d, expected 1; got: %s# expected: %s", got.status, got.err, line);
    free(line);
}

static void test_defaults(void)
{
    struct config *config = parse("");
    ok(config->batch_size == 64 && config->epochs == 30000 && config->noise_dim == 48000,
       "integers by default");
    ok(config->learning_rate == 0.0002 && config->loss_weights.g_cost_kl == 0.00005, "numbers by default");
    ok(config->dropout == 0.2 && config->model.dropout == 0.1, "the two dropouts are two");
    ok(config->resume_from_checkpoint == CONFIG_NONE && config->freeze_discriminator_after == CONFIG_NONE,
       "epochs are not set by default");
    ok(config->grad_clip_value == 0 && config->track_all && !config->update_discriminator,
       "flags by default");
    ok(config->model.position == POSITION_SINUSOIDAL && config->discriminator.norm == NORM_BATCH,
       "choices by default");
    ok(!strcmp(config->checkpoint_folder, "checkpoint") && !*config->dataset_folder, "texts by default");
    config_free(config);
}

/* The whole published file: its values are the defaults, but for those compared first. */
static void test_published(void)
{
    struct config *config = config_load_or_die("tests/reference/published.yaml"), *defaults = parse("");
    ok(!strcmp(config->checkpoint_folder_load, "checkpoints/run 1") &&
           !strcmp(config->dataset_folder, "dataset/") && !strcmp(config->music_out_folder, "music_out"),
       "the published file: quoted texts");
    ok(config->save_after_nepochs == 5 && config->sample_rate == 12000, "the published file: integers");
    ok(config->batch_size == defaults->batch_size && config->epochs == defaults->epochs &&
           config->pretrain_epochs_g == defaults->pretrain_epochs_g &&
           config->pretrain_epochs_d == defaults->pretrain_epochs_d &&
           config->resume_from_checkpoint == CONFIG_NONE &&
           config->learning_rate == defaults->learning_rate &&
           config->learning_rate_disc == defaults->learning_rate_disc &&
           config->accumulation_steps == defaults->accumulation_steps &&
           config->smoothing == defaults->smoothing && config->dropout == defaults->dropout &&
           config->noise_dim == defaults->noise_dim,
       "the published training is the default");
    ok(!memcmp(&config->model, &defaults->model, sizeof config->model), "so is the published model");
    ok(!memcmp(&config->loss_weights, &defaults->loss_weights, sizeof config->loss_weights),
       "so are the published weights");
    config_free(config);
    config_free(defaults);
}

static void test_values(void)
{
    const char *text = "checkpoint_folder_load: \"some folder\"\n"
                       "resume_from_checkpoint: false\nsample_rate: null\nlearning_rate_disc: 0.0001\n"
                       "loss_trackers:\n  g_loss_kl: []\n  d_loss: [1, 0.5]\n"
                       "loss_weights:\n  g_cost_reconstruction: 2\n  g_cost_kl: 0.00005\n";
    struct config *config = parse(text);
    ok(!strcmp(config->checkpoint_folder_load, "some folder"), "a quoted text");
    ok(config->sample_rate == CONFIG_NONE, "null");
    ok(config->loss_weights.g_cost_reconstruction == 2, "an integer where a number stands");
    ok(config->text_size == strlen(text) && !memcmp(config->text, text, strlen(text)), "the text is kept");
    config_free(config);
    config = parse("discriminator: {norm: spectral, activation: Leaky_ReLU}\nupdate_discriminator: yes\n"
                   "grad_clip_value: 1.5\nresume_from_checkpoint: 12 # the last\n");
    ok(config->discriminator.norm == NORM_SPECTRAL &&
           config->discriminator.activation == ACTIVATION_LEAKY_RELU,
       "choices");
    ok(config->update_discriminator && config->grad_clip_value == 1.5 && config->resume_from_checkpoint == 12,
       "a flag, a number and an epoch that are off by default");
    config_free(config);
}

static void test_errors(void)
{
    refused("epochs: 3\n\nlearning_rat: 1\n", "line 3: learning_rat: unknown key (learning_rate?)");
    refused("model:\n  num_layers: 1\n  # n_chanels:\n  n_chanels: 8\n",
            "line 4: model.n_chanels: unknown key (model.n_channels?)");
    refused("epochs: 3\nloss_weigths:\n  g_cost: 1\n", "line 2: loss_weigths: unknown key (loss_weights?)");
    refused("loss_trackers:\n  my_loss_of_hope: []\n", "line 2: loss_trackers.my_loss_of_hope: unknown key");
    refused("epochs: 3\nbatch_size: many\n", "line 2: batch_size: 'many' is not an integer");
    refused("batch_size: 2.5\n", "line 1: batch_size: '2.5' is not an integer");
    refused("batch_size: 0x10\n", "line 1: batch_size: '0x10' is not an integer");
    refused("batch_size: 99999999999999999999\n",
            "line 1: batch_size: '99999999999999999999' is not an integer");
    refused("batch_size: null\n", "line 1: batch_size: 'null' is not an integer");
    refused("learning_rate: nan\n", "line 1: learning_rate: 'nan' is not a number");
    refused("dropout: 0.3\nmodel:\n  dropout:\n\n    1.5\n",
            "line 3: model.dropout: 1.5 is outside 0 to 0.99");
    refused("batch_size: 0\n", "line 1: batch_size: 0 is outside 1 to 65536");
    refused("track_all: ture\n", "line 1: track_all: 'ture' is neither true nor false");
    refused("normalize: peek\n", "line 1: normalize: 'peek' is none of peak|standard");
    refused("epochs: [1]\n", "line 1: epochs: one value is expected here");
    refused("epochs: 1\nmodel: 3\n", "line 2: model: keys with values are expected here");
    refused("epochs: 1\nepochs: 1\n", "line 2: epochs: given twice");
    refused("- epochs\n", "keys with values are expected here");
    refused("epochs: 1\nmodel: {\n", "near line 2: did not find expected node content");
    refused("model:\n  num_heads: 7\n", "line 2: model.num_heads: 7 does not divide latent_dim, 512");
    refused("noise_dim: 4001\n", "line 1: noise_dim: 4001 is not a multiple of 8");
    refused("noise_dim: 800\n", "line 1: noise_dim: 800 is less than 8 times latent_seq_len, 500");
    refused("model: {latent_seq_len: 5}\n",
            "line 1: model.latent_seq_len: 40 times 5 is less than seq_len, 16500");
    refused("model: {latent_seq_len: 9000}\n", "noise_dim: 48000 is less than 8 times latent_seq_len, 9000");
}

/* The line that the man page must have for a key. Caller frees. */
static char *man_line(const struct config_key *key)
{
    const char *group = key->group ? key->group : "", *dot = key->group ? "." : "", *standard = key->standard;
    bool number = key->type == CONFIG_INT || key->type == CONFIG_REAL;
    bool optional = number && (!strcmp(standard, "null") || !strcmp(standard, "false"));
    char *type = text_or_die("%s", key->type == CONFIG_FLAG   ? "true or false"
                                   : key->type == CONFIG_TEXT ? "text"
                                   : number                   ? ""
                                                              : key->choices);
    if (number) {
        free(type);
        type = text_or_die("%s, %.10g to %.10g%s%s", key->type == CONFIG_INT ? "integer" : "number",
                           key->least, key->most, optional ? ", or " : "", optional ? standard : "");
    }
    char *line = text_or_die("\n.It Ic %s%s%s Pq %s; default %s\n", group, dot, key->name, type,
                             *standard ? standard : "empty");
    free(type);
    return line;
}

static void test_man_page(void)
{
    static char page[1 << 17];
    FILE *file = fopen("man/musigan-config.5", "r");
    size_t size = file ? fread(page, 1, sizeof page - 1, file) : 0;
    ok(size > 0, "the man page is there");
    if (file) fclose(file);
    for (const struct config_key *key = config_keys; key->name; key++) {
        char *line = key->type == CONFIG_IGNORED
                         ? text_or_die("\n.It Ic %s.%s Pq anything\n", key->group, key->name)
                         : man_line(key);
        if (!ok(strstr(page, line) != NULL, "the man page has %s", key->name))
            printf("# expected: %s", line + 1);
        free(line);
    }
}

int main(void)
{
    program_name = "config";
    test_defaults();
    test_published();
    test_values();
    test_errors();
    test_man_page();
    return done();
}
