/* The loop over epochs and batches, with its phases, signals, checkpoints and losses. */
#include "kernels/model/training/train.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/fail.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/shuffle.h"
#include "kernels/model/training/augment.h"
#include "kernels/model/training/checkpoint.h"
#include "kernels/model/training/losses-write.h"
#include "kernels/model/training/notes-fit.h"
#include "kernels/model/training/prior-fit.h"

struct trainer {
    const struct config *config;
    const struct dataset *dataset;
    struct train_settings settings;
    struct counters counters;
    struct step step;
    FILE *table;
    size_t batches; /* in an epoch */
    char *last_checkpoint;
};

enum phase { PHASE_GENERATOR, PHASE_DISCRIMINATOR, PHASE_ADVERSARIAL };
static const char *const phase_names[] = {"generator", "discriminator", "adversarial"};

static volatile sig_atomic_t stop_wanted; /* number of the signal, or 0 */

static void want_stop(int signal_number)
{
    stop_wanted = signal_number;
}

/* A second signal ends the program at once. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = want_stop, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static enum phase phase_of(const struct counters *counters)
{
    if (counters->pretrain_generator > 0) return PHASE_GENERATOR;
    return counters->pretrain_discriminator > 0 ? PHASE_DISCRIMINATOR : PHASE_ADVERSARIAL;
}

static bool discriminator_learns(const struct trainer *t)
{
    int after = t->config->freeze_discriminator_after;
    return !t->config->freeze_discriminator && (after == CONFIG_NONE || t->counters.adversarial < after);
}

/* Gradients add up over accumulation_steps batches; the epoch's last batch completes them too. */
static bool completes_gradients(const struct trainer *t, size_t number)
{
    return (number + 1) % (size_t)t->config->accumulation_steps == 0 || number + 1 == t->batches;
}

/* The graph of a batch: batches of one number run the same operations (ops.h, graph_begin). */
static int graph_of_batch(const struct trainer *t, enum phase phase, size_t number)
{
    return 4 * (int)phase + 2 * discriminator_learns(t) + completes_gradients(t, number);
}

static void adversarial_batch(struct trainer *t, size_t number)
{
    bool apply = completes_gradients(t, number);
    for (int i = 0; i < t->config->g_steps_per_batch; i++) step_generator(&t->step, apply);
    if (!discriminator_learns(t)) return;
    for (int i = 0; i < t->config->d_steps_per_g_step; i++) step_discriminator(&t->step, apply);
}

/* Uploads the records of a batch, augmented where the configuration asks for it. */
static void upload_records(struct trainer *t, const size_t *order, size_t number)
{
    struct random_key key =
        random_key_make((uint64_t)t->counters.seed, PURPOSE_AUGMENT, (uint32_t)t->counters.epoch);
    if (augment_wanted(t->config))
        augment_batch(t->dataset, t->config, t->step.records, order, number, key);
    else
        dataset_batch(t->dataset, t->step.records, order, number);
}

static void train_batch(struct trainer *t, enum phase phase, const size_t *order)
{
    size_t number = (size_t)t->counters.batch;
    const struct ops *ops = t->step.model->session.ops;
    double share = (double)number / (double)t->batches;
    t->step.progress = ((double)t->counters.adversarial + (phase == PHASE_ADVERSARIAL ? share : 0)) /
                       fmax(t->config->epochs, 1);
    upload_records(t, order, number);
    loss_begin_batch(&t->step.losses);
    ops->graph_begin(graph_of_batch(t, phase, number));
    if (phase == PHASE_GENERATOR)
        step_pretrain_generator(&t->step);
    else if (phase == PHASE_DISCRIMINATOR)
        step_pretrain_discriminator(&t->step);
    else
        adversarial_batch(t, number);
    ops->graph_end();
    t->counters.batch++;
}

static void save_or_die(struct trainer *t)
{
    free(t->last_checkpoint);
    t->last_checkpoint =
        checkpoint_write_or_die(t->settings.folder, &t->step, t->dataset->facts, t->config->keep_checkpoints);
}

/* After SIGINT or SIGTERM. */
static _Noreturn void stop_or_die(struct trainer *t)
{
    save_or_die(t);
    die("stopped in epoch %lld; checkpoint %s; the same command with --resume goes on",
        (long long)t->counters.epoch + 1, t->last_checkpoint);
}

/* The means over the epoch, NAN of a loss that was not added; the sums start again from zero. */
static void read_losses_or_die(struct trainer *t, double losses[LOSSES])
{
    const struct ops *ops = t->step.model->session.ops;
    real sums[LOSSES];
    ops->download(sums, t->step.losses.cells, LOSSES);
    ops->zero(t->step.losses.cells, LOSSES);
    for (int i = 0; i < LOSSES; i++) {
        double times = (double)t->batches * t->step.losses.added[i];
        losses[i] = times > 0 ? (double)sums[i] / times : NAN;
        if (times > 0 && !isfinite(losses[i]))
            die("epoch %lld: %s is not finite; last good checkpoint: %s", (long long)t->counters.epoch + 1,
                loss_names[i], t->last_checkpoint ? t->last_checkpoint : "none");
    }
}

static int64_t epochs_left(const struct trainer *t)
{
    return t->counters.pretrain_generator + t->counters.pretrain_discriminator + t->config->epochs -
           t->counters.adversarial;
}

static void finish_epoch_or_die(struct trainer *t, enum phase phase, double seconds, struct losses_row *row)
{
    row->phase = phase_names[phase];
    row->learning_rate = t->config->learning_rate * step_rate_factor(&t->step);
    row->learning_rate_disc = t->config->learning_rate_disc * step_rate_factor(&t->step);
    row->seconds = seconds;
    row->records_per_second = (double)t->batches * t->step.model->session.batch / fmax(seconds, 1e-9);
    read_losses_or_die(t, row->losses);
    t->counters.epoch++;
    t->counters.batch = 0;
    if (phase == PHASE_GENERATOR)
        t->counters.pretrain_generator--;
    else if (phase == PHASE_DISCRIMINATOR)
        t->counters.pretrain_discriminator--;
    else
        t->counters.adversarial++;
    row->epoch = t->counters.epoch;
    losses_write_row_or_die(t->table, row, t->step.model->design->losses);
    bool last = epochs_left(t) == 0;
    if (t->counters.epoch % t->config->save_after_nepochs && !last) return;
    if (t->step.model->generator->prior) prior_fit_to_dataset_or_die(&t->step, t->dataset);
    if (t->step.model->generator->prior) notes_fit_or_die(&t->step, t->dataset);
    if (t->step.model->generator->prior && last) prior_fit_calibration_or_die(&t->step, t->dataset);
    save_or_die(t);
}

/* One epoch, from the batch that the counters name on. `row` holds the losses of the epoch before, which the
 * progress line shows, and is filled with this one's. */
static void train_epoch_or_die(struct trainer *t, int64_t last_epoch, struct losses_row *row)
{
    enum phase phase = phase_of(&t->counters);
    double start = seconds_now();
    size_t *order = shuffled_or_die(
        random_key_make((uint64_t)t->counters.seed, PURPOSE_SHUFFLE, (uint32_t)t->counters.epoch),
        t->dataset->records);
    while ((size_t)t->counters.batch < t->batches) {
        if (stop_wanted) stop_or_die(t);
        train_batch(t, phase, order);
        progress_show((double)t->counters.epoch * (double)t->batches + (double)t->counters.batch,
                      "epoch %lld of %lld (%s), generator %.3f, discriminator %.3f",
                      (long long)t->counters.epoch + 1, (long long)last_epoch, phase_names[phase],
                      row->losses[LOSS_GAN], row->losses[LOSS_DISCRIMINATOR]);
    }
    free(order);
    finish_epoch_or_die(t, phase, seconds_now() - start, row);
}

/* The checkpoint to resume from: the newest with --resume, or that of resume_from_checkpoint. NULL: none.
 * Caller frees. */
static char *choose_checkpoint(const struct trainer *t)
{
    const struct config *config = t->config;
    if (t->settings.resume) {
        char *newest = checkpoint_newest(t->settings.folder);
        if (newest) return newest;
    }
    if (config->resume_from_checkpoint == CONFIG_NONE) return NULL;
    const char *folder =
        config->checkpoint_folder_load[0] ? config->checkpoint_folder_load : t->settings.folder;
    char *path = checkpoint_of_epoch(folder, config->resume_from_checkpoint);
    if (!path) die("%s: no whole checkpoint of epoch %d", folder, config->resume_from_checkpoint);
    return path;
}

static void start_anew(struct trainer *t)
{
    t->counters = (struct counters){.seed = (int64_t)t->settings.seed,
                                    .pretrain_generator = t->config->pretrain_epochs_g,
                                    .pretrain_discriminator = t->config->pretrain_epochs_d,
                                    .records = (int64_t)t->dataset->records,
                                    .checksum = t->dataset->checksum};
    model_initialise(t->step.model, t->settings.seed);
}

static void resume_from_or_die(struct trainer *t, char *path)
{
    bool lenient = t->config->update_discriminator;
    checkpoint_read_or_die(path, &t->step, lenient);
    t->last_checkpoint = path;
    if (lenient) t->counters.pretrain_discriminator = t->config->pretrain_epochs_d;
    if (t->counters.records != (int64_t)t->dataset->records || t->counters.checksum != t->dataset->checksum)
        warn("%s: was trained on other records; goes on with the ones given", path);
    t->counters.records = (int64_t)t->dataset->records;
    t->counters.checksum = t->dataset->checksum;
    if (!t->settings.quiet) warn("going on from %s", path);
}

static struct trainer *trainer_new_or_die(struct model *model, const struct dataset *dataset,
                                          struct train_settings settings)
{
    struct trainer *t = allocate_or_die(1, sizeof *t);
    t->config = model->session.config;
    t->dataset = dataset;
    t->settings = settings;
    t->step = step_make_or_die(model, &t->counters);
    t->batches = dataset_batches(dataset->records, model->session.batch);
    checkpoint_folder_or_die(settings.folder);
    char *path = choose_checkpoint(t);
    if (path)
        resume_from_or_die(t, path);
    else
        start_anew(t);
    if (!settings.resume) checkpoint_none_later_or_die(settings.folder, &t->counters);
    t->table = losses_write_open_or_die(settings.folder, t->counters.epoch, model->design->losses);
    return t;
}

void train_or_die(struct model *model, const struct dataset *dataset, struct train_settings settings)
{
    struct trainer *t = trainer_new_or_die(model, dataset, settings);
    struct losses_row row = {.losses = {[LOSS_GAN] = NAN, [LOSS_DISCRIMINATOR] = NAN}};
    int64_t last_epoch = t->counters.epoch + epochs_left(t);
    catch_signals();
    progress_begin("batches", (double)last_epoch * (double)t->batches, settings.progress, settings.quiet);
    while (epochs_left(t) > 0) train_epoch_or_die(t, last_epoch, &row);
    progress_end();
    if (fclose(t->table)) die("%s/losses.tsv: cannot be written", settings.folder);
    free(t->last_checkpoint);
    free(t);
}
