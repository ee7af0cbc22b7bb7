/* Saved and reloaded, a model makes the same bytes, and a training run goes on to the same bytes, for any
 * number of threads. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fail.h"
#include "common/memory.h"
#include "kernels/model/config/config-load.h"
#include "kernels/model/training/checkpoint.h"
#include "tests/device.h"
#include "tests/tap.h"

static const char *const configurations[] = {
    "batch_size: 3\naccumulation_steps: 2\nnoise_dim: 256\nlearning_rate: 0.01\nlearning_rate_disc: 0.01\n"
    "model:\n  n_channels: 10\n  seq_len: 130\n  latent_seq_len: 9\n  latent_dim: 12\n  num_heads: 3\n",
    "batch_size: 3\naccumulation_steps: 2\nnoise_dim: 256\ngrad_clip_value: 1\ntrack_all: false\n"
    "model:\n  n_channels: 10\n  seq_len: 130\n  latent_seq_len: 9\n  latent_dim: 12\n  num_heads: 3\n"
    "  num_layers: 2\n  use_gaussians: true\n  position: none\n"
    "discriminator:\n  norm: spectral\n  activation: leaky_relu\n",
    "design: time\nbatch_size: 3\naccumulation_steps: 2\nlearning_rate: 0.01\nlearning_rate_disc: 0.01\n"
    "model:\n  n_channels: 8\n  seq_len: 130\n  latent_seq_len: 4\n  latent_dim: 3\n  num_heads: 2\n"};

static const struct keys_shape keys = {.keys = 10, .frames = 13};

struct run {
    struct config *config;
    struct model *model;
    struct counters counters;
    struct step step;
};

static struct run *run_new(const char *text)
{
    struct run *run = allocate_or_die(1, sizeof *run);
    run->config = config_parse_or_die("test", (const uint8_t *)text, strlen(text));
    run->model = model_new_or_die(ops_under_test(), run->config, keys, run->config->batch_size, true);
    run->counters = (struct counters){.seed = 7};
    run->step = step_make_or_die(run->model, &run->counters);
    model_initialise(run->model, 7);
    return run;
}

static void run_free(struct run *run)
{
    model_free(run->model);
    config_free(run->config);
    free(run);
}

/* The next batch of the run; gradients are complete at every second one. */
static void run_batch(struct run *run)
{
    const struct ops *ops = run->model->session.ops;
    struct random_key key = random_key_make(7, PURPOSE_SHUFFLE, (uint32_t)run->counters.batch);
    size_t count = tensor_count(run->step.records);
    real *values = allocate_or_die(count, sizeof values[0]);
    ops->normal(run->step.records.data, count, (real)0.3, key);
    ops->download(values, run->step.records.data, count);
    for (size_t i = 0; i < count; i++) values[i] = values[i] > 0 ? values[i] : 0; /* loudnesses */
    ops->upload(run->step.records.data, values, count);
    free(values);
    bool apply = ++run->counters.batch % 2 == 0;
    step_generator(&run->step, apply);
    step_discriminator(&run->step, apply);
}

static bool same_values(const struct ops *ops, device a, device b, size_t count)
{
    real *x = allocate_or_die(count + 1, sizeof x[0]), *y = allocate_or_die(count + 1, sizeof y[0]);
    ops->download(x, a, count);
    ops->download(y, b, count);
    bool same = !memcmp(x, y, count * sizeof x[0]);
    for (size_t i = 0; i < count; i++) same &= isfinite(x[i]);
    free(x);
    free(y);
    return same;
}

/* Parameters, statistics, gradients, moments and losses. */
static bool same_state(const struct run *a, const struct run *b)
{
    const struct ops *ops = a->model->session.ops;
    bool same = same_values(ops, a->step.losses.cells, b->step.losses.cells, LOSSES) &&
                !memcmp(&a->counters, &b->counters, sizeof a->counters);
    for (int i = 0; i < NETWORKS; i++) {
        const struct parameters *p = &a->model->parameters[i], *q = &b->model->parameters[i];
        same = same && same_values(ops, p->values, q->values, p->trained) &&
               same_values(ops, p->gradients, q->gradients, p->trained) &&
               same_values(ops, p->moment1, q->moment1, p->trained) &&
               same_values(ops, p->moment2, q->moment2, p->trained) &&
               same_values(ops, p->running, q->running, p->statistics);
    }
    return same;
}

/* Samples in evaluation mode. */
static void generate(struct model *model)
{
    model->design->draw(model->generator, 0, model->session.batch, 3, 0);
    model->design->sample(model->generator, (struct pass){.seed = 3});
    discriminator_forward(&model->discriminator, model->generator->output, (struct pass){.seed = 3});
}

static struct model *reload(const char *path, struct model_header *header)
{
    struct record record = {0};
    struct reader *reader = reader_open_or_die(path);
    *header = model_read_header_or_die(reader, path);
    struct model *model =
        model_new_or_die(ops_under_test(), header->config, header->keys, header->config->batch_size, false);
    int rows = model->parameters[GENERATOR].count + model->parameters[DISCRIMINATOR].count;
    bool *found = allocate_or_die((size_t)rows, sizeof found[0]);
    while (reader_next_or_die(reader, &record))
        model_take_parameter_or_die(model, reader, &record, found, false);
    model_complete_or_die(model, reader, found, false, 0);
    reader_close(reader);
    record_free(&record);
    free(found);
    return model;
}

static void check_model(struct run *run, const char *folder)
{
    const struct ops *ops = run->model->session.ops;
    char *path = text_or_die("%s/model", folder);
    struct writer *writer = writer_open_or_die(path);
    model_write_config_or_die(writer, run->model, "interval=0.02");
    model_write_parameters_or_die(writer, run->model);
    writer_close_or_die(writer);
    struct model_header header;
    struct model *again = reload(path, &header);
    ok(!strcmp(header.facts, "interval=0.02"), "the model keeps the facts of its keys");
    generate(run->model);
    generate(again);
    struct tensor x = run->model->generator->output, logit = run->model->discriminator.logit;
    ok(same_values(ops, x.data, again->generator->output.data, tensor_count(x)), "the same samples");
    ok(same_values(ops, logit.data, again->discriminator.logit.data, tensor_count(logit)), "the same scores");
    model_free(again);
    config_free(header.config);
    free(header.facts);
    unlink(path);
    free(path);
}

static void check_checkpoint(const char *text, const char *folder)
{
    struct run *whole = run_new(text), *first = run_new(text), *second = run_new(text);
    for (int i = 0; i < 5; i++) run_batch(whole);
    omp_set_num_threads(1);
    for (int i = 0; i < 3; i++) run_batch(first);
    char *path = checkpoint_write_or_die(folder, &first->step, NULL, 0);
    checkpoint_read_or_die(path, &second->step, false);
    ok(same_state(first, second), "a checkpoint between two optimiser steps holds the whole state");
    for (int i = 0; i < 2; i++) run_batch(second);
    omp_set_num_threads(omp_get_num_procs());
    ok(same_state(whole, second), "stopped and resumed, on one thread: the same bytes");
    ok(!same_state(whole, first), "which differ from those before");
    check_model(whole, folder);
    unlink(path);
    free(path);
    run_free(whole);
    run_free(first);
    run_free(second);
}

int main(void)
{
    char folder[] = "/tmp/musigan-test.XXXXXX";
    if (!mkdtemp(folder)) die("%s: no folder", folder);
    for (size_t i = 0; i < sizeof configurations / sizeof configurations[0]; i++)
        check_checkpoint(configurations[i], folder);
    rmdir(folder);
    return done();
}
