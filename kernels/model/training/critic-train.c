/* The updates of a critic. */
#include "kernels/model/training/critic-train.h"

#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/progress.h"

enum { SHIFT = 3, HALF = JUDGE_BATCH / CRITIC_SIDES };
static const double RATE = 3e-3, DECAY = 1e-2;

/* The learning rate at a share of the updates: half a cosine from 1/25 up, from 0.3 on another one down. */
static double rate_at(double share)
{
    double begin = RATE / 25, end = begin / 1e4;
    if (share < 0.3) return begin + (RATE - begin) * (1 - cos(M_PI * share / 0.3)) / 2;
    return end + (RATE - end) * (1 + cos(M_PI * (share - 0.3) / 0.7)) / 2;
}

/* Record `place` of a batch: any of its side's, any window of it, shifted by up to SHIFT keys. */
static void see_any(real *to, const struct judge *judge, const struct critic_side *side,
                    struct random_key key, size_t place)
{
    const struct roll_set *set = side->set;
    uint32_t bits[4];
    random_block(key, (uint32_t)place, bits);
    int shift = set->keys > SHIFT ? (int)random_below(bits[2], 2 * SHIFT + 1) - SHIFT : 0;
    size_t first = random_below(bits[1], (uint32_t)(set->frames - judge->frames) + 1);
    critic_see(to, set, side->record[random_below(bits[0], (uint32_t)side->count)],
               (struct critic_window){first, judge->frames, shift}, judge->loudness);
}

/* The cross entropy of a side's half of the batch into `value`; its gradient into that half of dlogit. */
static void side_loss(struct judge *judge, device value, struct tensor dlogit, int side)
{
    const struct ops *ops = judge->session.ops;
    size_t first = (size_t)side * HALF;
    struct tensor half = tensor_make(ops->at(judge->critic.logit.data, first), HALF, 1, 1);
    struct tensor dhalf = tensor_make(ops->at(dlogit.data, first), HALF, 1, 1);
    ops->bce(value, dhalf, half, side == CRITIC_REAL, (real)0.5);
}

/* One update on what the judge is to see; the loss is added to `value`. */
static void update(struct judge *judge, const real *seen, device value, struct tensor dlogit,
                   struct critic_train_settings settings, int number)
{
    const struct ops *ops = judge->session.ops;
    struct parameters *p = &judge->parameters;
    struct pass pass = {
        .training = true, .update_statistics = true, .seed = settings.seed, .step = (uint32_t)number};
    judge_forward(judge, seen, pass);
    for (int side = 0; side < CRITIC_SIDES; side++) side_loss(judge, value, dlogit, side);
    critic_backward(&judge->critic, no_tensor(), dlogit, judge->seen, true, pass);
    ops->adamw(p->values, p->gradients, p->moment1, p->moment2, p->trained,
               (struct adamw){.learning_rate = (real)rate_at((double)number / settings.updates),
                              .beta1 = (real)0.9,
                              .beta2 = (real)0.999,
                              .epsilon = (real)1e-8,
                              .weight_decay = (real)DECAY,
                              .step = number + 1});
    ops->zero(p->gradients, p->trained);
}

/* The loss of an update, at last. */
static double take_loss_or_die(struct judge *judge, device value)
{
    real loss;
    judge->session.ops->download(&loss, value, 1);
    judge->session.ops->zero(value, 1);
    if (!isfinite((double)loss)) die("the critic's loss is not finite");
    return (double)loss / CRITIC_SIDES;
}

void critic_train_or_die(struct judge *judge, const struct critic_side sides[CRITIC_SIDES],
                         struct critic_train_settings settings)
{
    struct session *s = &judge->session;
    size_t each = tensor_count(judge->seen) / JUDGE_BATCH;
    real *seen = allocate_or_die(tensor_count(judge->seen), sizeof seen[0]);
    device value = session_memory_or_die(s, 1);
    struct tensor dlogit = session_tensor_or_die(s, 1, 1);
    parameters_initialise(&judge->parameters, settings.seed);
    progress_begin("updates", settings.updates, settings.progress, settings.quiet);
    for (int i = 0; i < settings.updates; i++) {
        struct random_key key = random_key_make(settings.seed, PURPOSE_CRITIC, (uint32_t)i);
#pragma omp parallel for schedule(static)
        for (size_t place = 0; place < JUDGE_BATCH; place++)
            see_any(seen + place * each, judge, &sides[place / HALF], key, place);
        update(judge, seen, value, dlogit, settings, i);
        progress_show(i + 1, "cross entropy %.3f", take_loss_or_die(judge, value));
    }
    progress_end();
    free(seen);
}
