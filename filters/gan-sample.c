/* gan-sample: a model -> keys records that it makes from white noise; a judge and records -> the same,
 * scored. */
#include "common/fail.h"
#include "common/option.h"
#include "common/stream/stream.h"
#include "kernels/model/sampling/judge-score.h"
#include "kernels/model/sampling/sample.h"

static const char *model_path, *noise_path, *like_path, *after_path, *from, *to, *scored_path,
    *device_name = "auto";
static double amount = 0.3, seconds;
static long long count = 1, seed = 1, best, worst;
static bool progress, quiet;

static const struct option options[] = {
    {'m', "model", OPTION_TEXT, &model_path, "FILE", 0, 0, "A model or a checkpoint (needed)"},
    {'n', "count", OPTION_INT, &count, "COUNT", 1, 1e9, "Samples to make"},
    {OPTION_SEED(&seed, "Seed of everything random")},
    {'s', "seconds", OPTION_REAL, &seconds, "SECONDS", 0, 3600,
     "Length of each sample; 0: as the model's records"},
    {0, "noise", OPTION_TEXT, &noise_path, "FILE", 0, 0,
     "Read the noise, a record a sample, instead of drawing it"},
    {0, "like", OPTION_TEXT, &like_path, "FILE", 0, 0, "Vary the records of this stream, in turn"},
    {0, "amount", OPTION_REAL, &amount, "SHARE", 0, 1, "How much; 0: not at all, 1: nothing of them is left"},
    {0, "after", OPTION_TEXT, &after_path, "FILE", 0, 0, "Go on from the end of the song of this stream"},
    {0, "from", OPTION_TEXT, &from, "PLACE", 0, 0,
     "Walk from here: a seed, or a stream whose first record it is"},
    {0, "to", OPTION_TEXT, &to, "PLACE", 0, 0, "Walk to here, in -n samples"},
    {0, "best", OPTION_INT, &best, "K", 0, 1e6, "Write only the K best by the discriminator's score; 0: all"},
    {0, "worst", OPTION_INT, &worst, "K", 0, 1e6, "Write only the K worst; 0: all"},
    {0, "score", OPTION_TEXT, &scored_path, "FILE", 0, 0,
     "Make nothing: write the records of FILE with the score that the judge of -m gives them"},
    {'d', "device", OPTION_CHOICE, &device_name, "auto|cpu|cuda", 0, 0, "Where to compute"},
    {OPTION_PROGRESS(&progress)},
    {OPTION_QUIET(&quiet, "No progress and no remarks")},
    {0},
};

static const struct program program = {"gan-sample", "",
                                       "Make keys records from white noise with a trained model", 0, options};

static void check_options_or_die(void)
{
    if (!model_path) die_usage("-m FILE is needed: the model");
    if (scored_path && (from || to || like_path || after_path || noise_path || seconds > 0 || best || worst))
        die_usage("--score makes nothing: it excludes the options for samples");
    if (!from != !to) die_usage("--from and --to go together");
    if (from && (like_path || noise_path)) die_usage("--from and --to exclude --like and --noise");
    if (after_path && (from || like_path || noise_path))
        die_usage("--after excludes --noise, --like, --from and --to");
    if (seconds > 0 && (from || like_path || noise_path))
        die_usage("--seconds excludes --noise, --like, --from and --to");
    if (best && worst) die_usage("--best and --worst exclude one another");
    if ((best > worst ? best : worst) > count)
        die_usage("--best or --worst wants more than -n makes, %lld", count);
}

static void score_records_or_die(struct writer *writer)
{
    struct judge *judge = judge_read_or_die(device_name, model_path);
    judge_score_or_die(judge, scored_path, writer, quiet);
    judge_free(judge);
}

static void sample_or_die(struct writer *writer)
{
    struct sampler *sampler = sampler_open_or_die(device_name, model_path, (uint64_t)seed, (uint64_t)count);
    if (noise_path) sampler_use_noise_or_die(sampler, noise_path);
    if (like_path) sampler_like_or_die(sampler, like_path, amount);
    if (from) sampler_interpolate_or_die(sampler, from, to);
    if (after_path)
        sampler_after_or_die(sampler, after_path, seconds);
    else if (seconds > 0)
        sampler_set_seconds_or_die(sampler, seconds);
    sampler_run_or_die(
        sampler, writer,
        (struct sample_settings){
            .best = (size_t)best, .worst = (size_t)worst, .progress = progress, .quiet = quiet});
    sampler_close(sampler);
}

int main(int argc, char **argv)
{
    options_parse_or_die(&program, argc, argv);
    check_options_or_die();
    struct writer *writer = writer_open_or_die("-");
    if (scored_path)
        score_records_or_die(writer);
    else
        sample_or_die(writer);
    writer_close_or_die(writer);
    return 0;
}
