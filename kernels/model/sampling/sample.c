/* Makes samples batch by batch: noise -> keys -> scores -> records, of which all are written or the best. */
#include "kernels/model/sampling/sample.h"

#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/memory.h"
#include "common/progress.h"
#include "kernels/model/config/config-load.h"
#include "kernels/model/keys-facts.h"
#include "kernels/model/sampling/best-samples.h"
#include "kernels/model/sampling/given-noise.h"
#include "kernels/model/sampling/long-sample.h"
#include "kernels/model/sampling/sample-record.h"
#include "kernels/model/sampling/variation.h"

struct sampler {
    const struct ops *ops;
    const char *path; /* of the model */
    struct model_header header;
    struct model *model;
    uint64_t seed, count;
    struct given_noise *noise;       /* that is read instead of drawn, or NULL */
    struct variation *variation;     /* of given samples, or NULL */
    struct continuation *after;      /* what samples go on from, or NULL; of the long sample */
    struct long_sample *long_sample; /* where samples are longer than the model's records, else NULL */
    size_t windows;  /* that a sample is joined from: a batch of the model is so many windows, else samples */
    double seconds;  /* of a sample as it is written; 0: all its frames */
    double interval; /* of its frames, s; where samples have tempi that of the fastest */
    size_t frames;   /* of the longest sample, as it is written */
    real *keys, *logits;  /* a batch's, on the host */
    double logit_sum;     /* of the windows of a long sample so far */
    struct record *batch; /* the samples that a batch completes */
    double *scores;       /* theirs */
    double *intervals;    /* theirs, s; of samples with a tempo */
    struct record record; /* that is read */
    struct best_samples best;
};

static void load_parameters(struct sampler *s, struct reader *reader)
{
    struct model *m = s->model;
    int rows = m->parameters[GENERATOR].count + m->parameters[DISCRIMINATOR].count;
    bool *found = allocate_or_die((size_t)rows, sizeof found[0]);
    while (reader_next_or_die(reader, &s->record))
        model_take_parameter_or_die(m, reader, &s->record, found, false);
    model_complete_or_die(m, reader, found, false, 0);
    free(found);
}

static double fastest_interval(const struct sampler *s)
{
    if (!s->header.keys.beat) return keys_facts_read(s->header.facts, s->header.keys.keys).frame_seconds;
    struct centres centres = prior_centres(s->model->generator->prior);
    double fastest = centres_fastest(&centres);
    centres_free(&centres);
    return fastest;
}

struct sampler *sampler_open_or_die(const char *device, const char *path, uint64_t seed, uint64_t count)
{
    struct sampler *s = allocate_or_die(1, sizeof *s);
    struct reader *reader = reader_open_or_die(path);
    s->path = path;
    s->seed = seed;
    s->count = count;
    s->header = model_read_header_or_die(reader, path);
    s->ops = ops_choose_or_die(device, (enum precision)s->header.config->precision);
    int most = s->ops->sample_batch, batch = count < (uint64_t)most ? (int)count : most;
    if (design_of(s->header.config)->fixed_batch) batch = most;
    s->model = model_new_or_die(s->ops, s->header.config, s->header.keys, batch, false);
    load_parameters(s, reader);
    reader_close(reader);
    s->keys = allocate_or_die(tensor_count(s->model->generator->output), sizeof s->keys[0]);
    s->logits = allocate_or_die((size_t)batch, sizeof s->logits[0]);
    s->batch = allocate_or_die((size_t)batch, sizeof s->batch[0]);
    s->scores = allocate_or_die((size_t)batch, sizeof s->scores[0]);
    s->windows = 1;
    s->intervals = allocate_or_die((size_t)batch, sizeof s->intervals[0]);
    s->interval = fastest_interval(s);
    s->frames = (size_t)s->header.keys.frames;
    return s;
}

static size_t frames_of(double seconds, double interval)
{
    return (size_t)fmax(1, round(seconds / interval));
}

void sampler_set_seconds_or_die(struct sampler *s, double seconds)
{
    s->seconds = seconds;
    s->frames = frames_of(seconds, s->interval);
    s->long_sample = long_sample_new_or_die(s->model, s->seed, s->frames);
    if (s->long_sample) s->windows = long_sample_windows(s->long_sample);
}

void sampler_after_or_die(struct sampler *s, const char *path, double seconds)
{
    s->after = continuation_new_or_die(s->model, path, s->header.facts);
    s->seconds = seconds;
    s->interval = continuation_interval(s->after);
    if (seconds > 0) s->frames = frames_of(seconds, s->interval);
    s->long_sample = long_sample_after_or_die(s->model, s->seed, s->frames, s->after);
    s->windows = long_sample_windows(s->long_sample);
}

void sampler_use_noise_or_die(struct sampler *s, const char *path)
{
    s->noise = given_noise_open_or_die(path, s->model);
}

void sampler_like_or_die(struct sampler *s, const char *path, double amount)
{
    s->variation = variation_like_or_die(s->model, path, amount, s->header.facts);
}

void sampler_interpolate_or_die(struct sampler *s, const char *from, const char *to)
{
    s->variation = variation_interpolate_or_die(s->model, from, to, s->count, s->header.facts);
}

/* The noise of the samples from number `first` on. */
static void draw_batch(struct sampler *s, uint64_t first)
{
    struct model *m = s->model;
    for (int i = 0; i < m->session.batch; i++) {
        m->design->draw(m->generator, i, 1, s->seed, (uint32_t)(first + (uint64_t)i));
        if (s->noise && first + (uint64_t)i < s->count) given_noise_read_or_die(s->noise, i);
    }
}

/* Starts the batch of samples (of windows in long samples) from number `first` on. The last batch is full
 * too, so that all are alike; numbers past the count are not fetched. */
static void begin_batch(struct sampler *s, uint64_t first)
{
    struct model *m = s->model;
    struct pass pass = {.seed = s->seed, .step = (uint32_t)first};
    /* Reading noise and drawing from a prior work on the host, which a graph cannot record. */
    bool graph = !s->noise && !m->generator->prior;
    if (graph) s->ops->graph_begin(0);
    if (!s->long_sample) draw_batch(s, first);
    if (s->long_sample)
        long_sample_decode(s->long_sample, first, pass);
    else if (s->variation)
        variation_decode(s->variation, first, pass);
    else
        m->design->sample(m->generator, pass);
    discriminator_forward(&m->discriminator, m->generator->output, pass);
    if (graph) s->ops->graph_end();
}

static void fetch_batch(struct sampler *s)
{
    struct model *m = s->model;
    s->ops->download(s->keys, m->generator->output.data, tensor_count(m->generator->output));
    s->ops->download(s->logits, m->discriminator.logit.data, (size_t)m->session.batch);
    for (int b = 0; m->generator->prior && b < m->session.batch; b++)
        s->intervals[b] = m->generator->articulation[b].interval;
}

/* Sample `number`, by its song where it has one. */
static struct sample_origin origin_of(const struct sampler *s, uint64_t number, double score, double interval)
{
    struct sample_origin origin = {
        .seed = s->seed, .number = number, .start = NAN, .interval = interval, .score = score};
    if (s->after) {
        origin.relation = "after";
        origin.song = continuation_source(s->after);
        origin.start = continuation_start(s->after);
        origin.interval = s->interval;
    } else if (s->variation) {
        origin.relation = "like";
        origin.song = variation_source(s->variation, number);
        origin.interval = variation_interval(s->variation, number);
    }
    return origin;
}

/* A sample as the record that is written. False where a value is not finite. */
static bool make_record(const struct sampler *s, struct record *record, struct joined keys,
                        struct sample_origin origin)
{
    bool by_tempo = s->seconds > 0 && s->header.keys.beat;
    keys.frames = by_tempo ? frames_of(s->seconds, origin.interval) : s->frames;
    return sample_record_make(record, keys, &s->header, origin);
}

static void check_finite_or_die(const struct sampler *s, bool finite, uint64_t number)
{
    if (!finite)
        die("%s: sample %llu is not finite: the model is of no use", s->path, (unsigned long long)number);
}

/* How many samples (windows) of the batch from number `first` on are wanted. */
static int wanted_of_batch(const struct sampler *s, uint64_t first)
{
    uint64_t left = s->count * s->windows - first;
    return left < (uint64_t)s->model->session.batch ? (int)left : s->model->session.batch;
}

/* The batch's samples as records; returns how many. */
static int make_records(struct sampler *s, uint64_t first)
{
    size_t length = (size_t)s->header.keys.frames, each = 2 * (size_t)s->header.keys.keys * length;
    int count = wanted_of_batch(s, first), broken = count;
#pragma omp parallel for schedule(dynamic) reduction(min : broken)
    for (int i = 0; i < count; i++) {
        s->scores[i] = (double)s->logits[i];
        struct joined keys = {.keys = s->keys + (size_t)i * each, .length = length, .gain = 1};
        bool finite = make_record(s, &s->batch[i], keys,
                                  origin_of(s, first + (uint64_t)i, s->scores[i], s->intervals[i]));
        if (!finite && i < broken) broken = i;
    }
    check_finite_or_die(s, broken == count, first + (uint64_t)broken);
    return count;
}

/* The long samples that the batch's windows complete, as records; returns how many. A sample's score is the
 * mean of its windows' logits. */
static int join_records(struct sampler *s, uint64_t first)
{
    size_t each = 2 * (size_t)s->header.keys.keys * (size_t)s->header.keys.frames;
    int made = 0;
    for (int i = 0; i < wanted_of_batch(s, first); i++) {
        uint64_t window = first + (uint64_t)i, number = window / s->windows;
        long_sample_join(s->long_sample, window, s->keys + (size_t)i * each);
        s->logit_sum = (window % s->windows ? s->logit_sum : 0) + (double)s->logits[i];
        if ((window + 1) % s->windows) continue;
        s->scores[made] = s->logit_sum / (double)s->windows;
        bool finite = make_record(s, &s->batch[made], long_sample_joined(s->long_sample),
                                  origin_of(s, number, s->scores[made], s->intervals[i]));
        check_finite_or_die(s, finite, number);
        made++;
    }
    return made;
}

/* Writes the samples that the batch completes, or considers them for the best. */
static void keep_batch(struct sampler *s, struct writer *writer, uint64_t first)
{
    int count = s->long_sample ? join_records(s, first) : make_records(s, first);
    if (!s->best.most) writer_put_all_or_die(writer, s->batch, count);
    for (int i = 0; s->best.most && i < count; i++)
        best_samples_consider(&s->best, s->scores[i], &s->batch[i]);
}

/* The device makes the next batch while the host writes this one. */
void sampler_run_or_die(struct sampler *s, struct writer *writer, struct sample_settings settings)
{
    uint64_t batch = (uint64_t)s->model->session.batch, all = s->count * s->windows;
    s->best = best_samples_make_or_die(settings.best ? settings.best : settings.worst, settings.worst > 0);
    progress_begin("samples", (double)s->count, settings.progress, settings.quiet);
    if (s->count) begin_batch(s, 0);
    for (uint64_t first = 0; first < all; first += batch) {
        fetch_batch(s);
        if (all - first > batch) begin_batch(s, first + batch);
        keep_batch(s, writer, first);
        progress_show((double)(first + batch) / (double)s->windows, NULL);
    }
    progress_end();
    if (s->noise) given_noise_finish_or_die(s->noise);
    best_samples_write_or_die(writer, &s->best);
}

void sampler_close(struct sampler *s)
{
    best_samples_free(&s->best);
    for (int i = 0; i < s->model->session.batch; i++) record_free(&s->batch[i]);
    free(s->batch);
    free(s->scores);
    free(s->intervals);
    free(s->logits);
    free(s->keys);
    given_noise_free(s->noise);
    variation_free(s->variation);
    long_sample_free(s->long_sample);
    record_free(&s->record);
    model_free(s->model);
    config_free(s->header.config);
    free(s->header.facts);
    free(s);
}
