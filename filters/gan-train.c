/* gan-train: keys records -> a model, with checkpoints in a folder; or a judge of them against others. */
#include <string.h>

#include "common/fail.h"
#include "common/option.h"
#include "common/stream/stream.h"
#include "kernels/model/config/config-load.h"
#include "kernels/model/training/augment.h"
#include "kernels/model/training/judge-train.h"
#include "kernels/model/training/memory-check.h"
#include "kernels/model/training/train.h"

static const char *config_path, *folder, *made_path, *device_name = "auto";
static long long seed = 1, updates = 250;
static bool resume, loudness, progress, quiet;

static const struct option options[] = {
    {'c', "config", OPTION_TEXT, &config_path, "FILE", 0, 0,
     "The configuration, YAML (needed, but with --against)"},
    {'o', "output", OPTION_TEXT, &folder, "DIR", 0, 0, "Checkpoint folder, over the configuration's"},
    {0, "resume", OPTION_FLAG, &resume, NULL, 0, 0, "Go on from the newest whole checkpoint, or start"},
    {0, "against", OPTION_TEXT, &made_path, "MADE", 0, 0,
     "Train a judge instead, which tells the records from those of MADE"},
    {0, "loudness", OPTION_FLAG, &loudness, NULL, 0, 0,
     "The judge goes by loudness too, not only by what sounds"},
    {0, "updates", OPTION_INT, &updates, "COUNT", 1, 1e6, "How long the judge is trained"},
    {OPTION_SEED(&seed, "Seed of everything random")},
    {'d', "device", OPTION_CHOICE, &device_name, "auto|cpu|cuda", 0, 0, "Where to compute"},
    {OPTION_PROGRESS(&progress)},
    {OPTION_QUIET(&quiet, "No progress and no remarks")},
    {0},
};

static const struct program program = {
    "gan-train", "[FILE]", "Train the networks on keys records; the model goes to standard output", 1,
    options};

static struct dataset read_records(const char *path, const struct config *config)
{
    struct reader *reader = reader_open_or_die(path);
    struct dataset dataset = dataset_read_or_die(reader, config);
    reader_close(reader);
    if (dataset.silent && !quiet) warn("%zu silent records left out", dataset.silent);
    return dataset;
}

static void write_model(struct writer *writer, const struct model *model, const char *facts)
{
    model_write_config_or_die(writer, model, facts);
    model_write_parameters_or_die(writer, model);
    writer_close_or_die(writer);
}

static void check_options_or_die(const char *path)
{
    if (loudness && !made_path) die_usage("--loudness is for --against");
    if (made_path && (config_path || folder || resume)) die_usage("--against excludes -c, -o and --resume");
    if (!made_path && !config_path) die_usage("-c FILE is needed: the configuration");
    if (made_path && strcmp(made_path, "-") == 0 && (!path || strcmp(path, "-") == 0))
        die_usage("only one of the inputs can be -");
}

static void train_judge_or_die(const char *path)
{
    struct writer *writer = writer_open_or_die("-");
    struct judge *judge = judge_train_or_die(
        ops_choose_or_die(device_name, PRECISION_AUTO), path, made_path,
        (struct judge_train_settings){loudness, (int)updates, (uint64_t)seed, progress, quiet});
    judge_write_or_die(writer, judge);
    writer_close_or_die(writer);
    judge_free(judge);
}

static void train_model_or_die(const char *path)
{
    struct config *config = config_load_or_die(config_path);
    const struct ops *ops = ops_choose_or_die(device_name, (enum precision)config->precision);
    struct writer *writer = writer_open_or_die("-");
    struct dataset dataset = read_records(path, config);
    memory_check_or_die(ops, config, dataset.keys);
    struct model *model = model_new_or_die(ops, config, dataset.keys, config->batch_size, true);
    dataset_place_or_die(&dataset, ops, config->batch_size, augment_wanted(config));
    train_or_die(model, &dataset,
                 (struct train_settings){.folder = folder ? folder : config->checkpoint_folder,
                                         .resume = resume,
                                         .seed = (uint64_t)seed,
                                         .progress = progress,
                                         .quiet = quiet});
    write_model(writer, model, dataset.facts);
    model_free(model);
    dataset_free(&dataset);
    config_free(config);
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    check_options_or_die(argv[operand]);
    if (made_path)
        train_judge_or_die(argv[operand]);
    else
        train_model_or_die(argv[operand]);
    return 0;
}
