/* Updates of the generator and of the discriminator: the losses of a VAE-GAN and their gradients. */
#include "kernels/model/training/step.h"

#include <math.h>

/* Standard deviation of the instance noise on real records (Sønderby et al. 2017). */
static const real instance_noise = (real)0.05;

struct step step_make_or_die(struct model *m, struct counters *counters)
{
    struct session *s = &m->session;
    struct tensor keys = m->generator->output, feature = discriminator_feature(&m->discriminator);
    struct step step = {.model = m, .counters = counters};
    step.losses.cells = session_memory_or_die(s, LOSSES);
    step.records = session_tensor_or_die(s, keys.length, keys.channels);
    step.noisy = session_tensor_or_die(s, keys.length, keys.channels);
    step.dx = session_tensor_or_die(s, keys.length, keys.channels);
    step.dlogit = session_tensor_or_die(s, 1, 1);
    step.feature_mean = feature;
    step.feature_mean.batch = 1;
    step.feature_mean.data = session_memory_or_die(s, tensor_count(step.feature_mean));
    step.dfeature = session_tensor_or_die(s, feature.length, feature.channels);
    return step;
}

/* A forward pass with random numbers of its own. */
static struct pass training_pass(struct step *step, bool update_statistics)
{
    return (struct pass){.training = true,
                         .update_statistics = update_statistics,
                         .seed = (uint64_t)step->counters->seed,
                         .step = (uint32_t)++step->counters->passes};
}

/* The generator's forward pass on new noise. `whole`: its output is read. */
static struct pass generate(struct step *step, bool whole)
{
    struct model *m = step->model;
    struct pass pass = training_pass(step, true);
    m->design->draw(m->generator, 0, m->session.batch, pass.seed, pass.step);
    m->design->forward(m->generator, step->records, whole, pass);
    return pass;
}

static void add_instance_noise(struct step *step)
{
    struct random_key key =
        random_key_make((uint64_t)step->counters->seed, PURPOSE_INSTANCE, (uint32_t)step->counters->passes);
    step->model->session.ops->add_normal(step->noisy.data, step->records.data, tensor_count(step->records),
                                         instance_noise, key);
}

double step_rate_factor(const struct step *step)
{
    double end = step->model->session.config->learning_rate_end;
    return end + (1 - end) * (1 + cos(M_PI * fmin(step->progress, 1))) / 2;
}

/* A step of the network's optimiser. */
static void update(struct step *step, enum network network)
{
    const struct ops *ops = step->model->session.ops;
    const struct config *config = step->model->session.config;
    struct parameters *p = &step->model->parameters[network];
    bool generator = network == GENERATOR;
    int64_t *updates =
        generator ? &step->counters->generator_updates : &step->counters->discriminator_updates;
    double rate = generator ? config->learning_rate : config->learning_rate_disc;
    struct adamw settings = {.learning_rate = (real)(rate * step_rate_factor(step)),
                             .beta1 = (real)config->beta1,
                             .beta2 = (real)config->beta2,
                             .epsilon = (real)1e-8,
                             .weight_decay = (real)config->weight_decay,
                             .step = ++*updates};
    if (config->grad_clip_value > 0) ops->clip(p->gradients, p->trained, (real)config->grad_clip_value);
    ops->adamw(p->values, p->gradients, p->moment1, p->moment2, p->trained, settings);
    ops->zero(p->gradients, p->trained);
}

/* Counts an addition of the loss; returns its cell. */
static device add_loss(struct step *step, enum loss loss)
{
    return loss_add(&step->losses, step->model->session.ops, (int)loss, 1);
}

/* The mean features of real records, a constant in the feature matching loss (Salimans et al. 2016). False
 * where that loss is not computed. */
static bool real_features(struct step *step)
{
    const struct config *config = step->model->session.config;
    if (config->loss_weights.g_feature_matching_cost == 0 && !config->track_all) return false;
    discriminator_forward(&step->model->discriminator, step->noisy, training_pass(step, false));
    step->model->session.ops->batch_mean(step->feature_mean,
                                         discriminator_feature(&step->model->discriminator));
    return true;
}

/* Whether the generator's losses through the discriminator are computed: else its passes would be wasted. */
static bool uses_discriminator(const struct config *config)
{
    return config->track_all || config->loss_weights.g_cost != 0 ||
           config->loss_weights.g_feature_matching_cost != 0;
}

/* Whether any loss hears the generator's output: else that and its gradient would be wasted. */
static bool hears_output(const struct model *m, const real weights[GENERATOR_LOSSES])
{
    bool hears = uses_discriminator(m->session.config) || !m->generator->logits.data;
    for (int i = 0; i < GENERATOR_LOSSES; i++) hears = hears || weights[i] != 0;
    return hears;
}

/* The generator's losses through the discriminator, adversarial and feature matching; their gradient
 * overwrites dx. */
static void losses_through_discriminator(struct step *step, struct pass pass)
{
    struct model *m = step->model;
    const struct config *config = m->session.config;
    const struct ops *ops = m->session.ops;
    bool match = real_features(step);
    discriminator_forward(&m->discriminator, m->generator->output, pass);
    ops->bce(add_loss(step, LOSS_GAN), step->dlogit, m->discriminator.logit, (real)(1 - config->smoothing),
             (real)(config->loss_weights.g_cost / config->accumulation_steps));
    if (match) {
        ops->zero(step->dfeature.data, tensor_count(step->dfeature));
        ops->feature_match(add_loss(step, LOSS_FEATURE_MATCHING), step->dfeature,
                           discriminator_feature(&m->discriminator), step->feature_mean,
                           (real)(config->loss_weights.g_feature_matching_cost / config->accumulation_steps));
    }
    discriminator_backward(&m->discriminator, step->dx, step->dlogit, match ? step->dfeature : no_tensor(),
                           m->generator->output, false, pass);
}

/* The losses of generated keys against real ones; their gradient is added to dx. `all`: also those whose
 * weight is 0. */
static void losses_on_keys(struct step *step, struct tensor real_records,
                           const real weights[GENERATOR_LOSSES], bool all)
{
    struct model *m = step->model;
    const struct ops *ops = m->session.ops;
    device cells = loss_add_weighted(&step->losses, ops, LOSS_GENERATOR_KEYS, GENERATOR_LOSSES, weights, all);
    ops->generator_losses(cells, step->dx, m->generator->output, real_records, m->session.keys, weights, all);
}

/* All losses of the generator's output; their gradient overwrites dx. */
static void losses_on_output(struct step *step, const real weights[GENERATOR_LOSSES], struct pass pass)
{
    struct model *m = step->model;
    pass.update_statistics = false;
    add_instance_noise(step);
    if (uses_discriminator(m->session.config))
        losses_through_discriminator(step, pass);
    else
        m->session.ops->zero(step->dx.data, tensor_count(step->dx));
    losses_on_keys(step, step->noisy, weights, m->session.config->track_all);
}

void step_generator(struct step *step, bool apply)
{
    struct model *m = step->model;
    const struct config *config = m->session.config;
    int accumulated = config->accumulation_steps;
    real weights[GENERATOR_LOSSES];
    generator_weights(config, accumulated, weights);
    bool heard = hears_output(m, weights);
    struct pass pass = generate(step, heard);
    if (heard) losses_on_output(step, weights, pass);
    m->design->kl(m->generator, add_loss(step, LOSS_KL));
    double ramp = config->kl_ramp > 0 ? fmin(step->progress / config->kl_ramp, 1) : 1;
    m->design->backward(m->generator, &step->losses, heard ? step->dx : no_tensor(), step->records,
                        (real)(config->loss_weights.g_cost_kl * ramp / accumulated), pass);
    if (apply) update(step, GENERATOR);
}

/* The discriminator's cross entropy of records with a label, added to `cell`; its gradient overwrites dlogit.
 */
static struct pass cross_entropy(struct step *step, device cell, struct tensor records, real label,
                                 real weight)
{
    struct pass pass = training_pass(step, true);
    discriminator_forward(&step->model->discriminator, records, pass);
    step->model->session.ops->bce(cell, step->dlogit, step->model->discriminator.logit, label, weight);
    return pass;
}

/* Adds the gradients of the discriminator's parameters, from dlogit. */
static void add_gradients(struct step *step, struct tensor records, struct pass pass)
{
    discriminator_backward(&step->model->discriminator, no_tensor(), step->dlogit, no_tensor(), records, true,
                           pass);
}

void step_discriminator(struct step *step, bool apply)
{
    struct model *m = step->model;
    const struct config *config = m->session.config;
    const struct ops *ops = m->session.ops;
    real weights[DISCRIMINATOR_LOSSES], weight = (real)(1.0 / config->accumulation_steps);
    struct tensor generated = m->generator->output;
    device cell = add_loss(step, LOSS_DISCRIMINATOR); /* the sum of both cross entropies is one loss */
    discriminator_weights(config, config->accumulation_steps, weights);
    discriminator_power_iteration(&m->discriminator);
    generate(step, true);
    add_instance_noise(step);
    struct pass pass = cross_entropy(step, cell, step->noisy, (real)(1 - config->smoothing), weight);
    add_gradients(step, step->noisy, pass);
    pass = cross_entropy(step, cell, generated, 0, weight);
    device cells = loss_add_weighted(&step->losses, ops, LOSS_DISCRIMINATOR_KEYS, DISCRIMINATOR_LOSSES,
                                     weights, config->track_all);
    ops->discriminator_losses(cells, step->dlogit, m->discriminator.logit, generated, step->noisy,
                              m->session.keys, weights, config->track_all);
    add_gradients(step, generated, pass);
    if (apply) update(step, DISCRIMINATOR);
}

void step_pretrain_generator(struct step *step)
{
    struct model *m = step->model;
    real weights[GENERATOR_LOSSES] = {[G_RECONSTRUCTION] = 1};
    struct pass pass = generate(step, true);
    m->session.ops->zero(step->dx.data, tensor_count(step->dx));
    losses_on_keys(step, step->records, weights, false);
    m->design->backward(m->generator, &step->losses, step->dx, step->records, 0, pass);
    update(step, GENERATOR);
}

void step_pretrain_discriminator(struct step *step)
{
    struct tensor generated = step->model->generator->output;
    device cell = add_loss(step, LOSS_DISCRIMINATOR);
    discriminator_power_iteration(&step->model->discriminator);
    generate(step, true);
    add_gradients(step, step->records, cross_entropy(step, cell, step->records, 1, (real)0.5));
    add_gradients(step, generated, cross_entropy(step, cell, generated, 0, (real)0.5));
    update(step, DISCRIMINATOR);
}
