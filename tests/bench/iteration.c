/* Milliseconds of one training iteration (two updates of the generator, one of the discriminator), one line a
 * round of COUNT iterations: iteration CONFIG DEVICE PRECISION BATCH WARM_UP ROUNDS COUNT. On standard error
 * the memory taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/model/config/config-load.h"
#include "kernels/model/training/step.h"

enum { KEYS = 33, KIND = 0 };

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static void iterate(struct step *step, int count)
{
    const struct ops *ops = step->model->session.ops;
    const struct config *config = step->model->session.config;
    real losses[LOSSES];
    for (int i = 0; i < count; i++) {
        ops->graph_begin(KIND);
        for (int g = 0; g < config->g_steps_per_batch; g++) step_generator(step, true);
        for (int d = 0; d < config->d_steps_per_g_step; d++) step_discriminator(step, true);
        ops->graph_end();
    }
    ops->download(losses, step->losses.cells, LOSSES); /* waits for all of it */
}

static enum precision precision_of(const char *name)
{
    static const char *const names[] = {"auto", "fp32", "tf32", "bf16"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(name, names[i])) return (enum precision)i;
    fprintf(stderr, "iteration: no precision %s\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    if (argc != 8)
        return fprintf(stderr, "usage: iteration CONFIG DEVICE PRECISION BATCH WARM_UP ROUNDS COUNT\n"), 2;
    const struct ops *ops = ops_choose_or_die(argv[2], precision_of(argv[3]));
    struct config *config = config_load_or_die(argv[1]);
    int batch = atoi(argv[4]), warm_up = atoi(argv[5]), rounds = atoi(argv[6]), count = atoi(argv[7]);
    struct keys_shape keys = {.keys = KEYS, .frames = config->model.seq_len / KEYS};
    struct model *model = model_new_or_die(ops, config, keys, batch, true);
    struct counters counters = {.seed = 1};
    struct step step = step_make_or_die(model, &counters);
    model_initialise(model, 1);
    ops->normal(step.records.data, tensor_count(step.records), (real)0.3,
                random_key_make(1, PURPOSE_SHUFFLE, 0));
    if (warm_up) iterate(&step, warm_up);
    for (int round = 0; round < rounds; round++) {
        double start = milliseconds();
        iterate(&step, count);
        printf("%.4f\n", (milliseconds() - start) / count);
    }
    fprintf(stderr, "%.3f GB\n", (double)ops->allocated() / 1e9);
    model_free(model);
    config_free(config);
    return 0;
}
