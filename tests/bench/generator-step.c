/* Seconds of one generator step (noise, forward, discriminator, losses, backward, AdamW), one line a step:
 * generator-step CONFIG BATCH STEPS. Says on standard error what memory it took. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "kernels/model/config/config-load.h"
#include "kernels/model/training/step.h"

enum { WARM_UP = 2, KEYS = 33 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void say_memory(const struct ops *ops, int batch)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "# ours, backend %s, %d threads, batch %d: %.2f GB taken, %.2f GB resident at the peak\n",
            ops->name, omp_get_max_threads(), batch, (double)ops->allocated() / 1e9,
            (double)usage.ru_maxrss * 1024 / 1e9);
}

int main(int argc, char **argv)
{
    if (argc != 4) return fprintf(stderr, "usage: generator-step CONFIG BATCH STEPS\n"), 2;
    const struct ops *ops = ops_cpu();
    struct config *config = config_load_or_die(argv[1]);
    int batch = atoi(argv[2]), steps = atoi(argv[3]);
    struct keys_shape keys = {.keys = KEYS, .frames = config->model.seq_len / KEYS};
    struct model *model = model_new_or_die(ops, config, keys, batch, true);
    struct counters counters = {.seed = 1};
    struct step step = step_make_or_die(model, &counters);
    model_initialise(model, 1);
    ops->normal(step.records.data, tensor_count(step.records), (real)0.3,
                random_key_make(1, PURPOSE_SHUFFLE, 0));
    for (int i = 0; i < WARM_UP + steps; i++) {
        double start = seconds();
        step_generator(&step, true);
        if (i >= WARM_UP) printf("%.4f\n", seconds() - start);
    }
    say_memory(ops, batch);
    model_free(model);
    config_free(config);
    return 0;
}
