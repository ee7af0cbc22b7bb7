/* Gates with hysteresis, common onsets, and what is drawn for each note: its level, attack and balance. */
#include "kernels/model/articulation.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Of the loudest key: least loudness of a note, for what is softer is silence to whoever measures music. Of
 * the loudest key or drum: a channel that is softer is silent. */
static const double LEAST_LOUDNESS = 0.105, LEAST_CHANNEL = 0.03;
/* Of u: the share of its variance that is the record's, and that is the key's. */
static const double OF_RECORD = 0.18, OF_KEY = 0.12;
static const double BALANCE_POWER = 1.2;

struct note {
    size_t key, start, end; /* frames start … end - 1 */
};

struct notes {
    struct note *note;
    size_t count, room;
};

/* balance of u */
static double balance_of(double u, double width)
{
    double balance = width * u * pow(fabs(u), BALANCE_POWER);
    return fmin(fmax(balance, -1), 1);
}

double width_to_deviation(double width)
{
    const double STEP = 0.01, END = 5;
    double sum = 0, all = 0;
    for (double u = -END; u <= END; u += STEP) {
        double density = exp(-0.5 * u * u), balance = balance_of(u, width);
        sum += density * balance * balance;
        all += density;
    }
    return sqrt(sum / all);
}

double width_of_deviation(double deviation)
{
    double low = 0, high = 10;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        *(width_to_deviation(middle) < deviation ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

/* open (frames): where the gate of a key is open, in either channel. */
static void open_gates(unsigned char *open, const real *f, size_t stride, size_t key, struct keys_shape shape,
                       struct gating gating)
{
    bool now = false;
    for (size_t t = 0; t < (size_t)shape.frames; t++) {
        const real *row = f + t * stride + key;
        double logit = (double)(row[0] > row[shape.keys] ? row[0] : row[shape.keys]);
        if (logit > gating.threshold + gating.opening)
            now = true;
        else if (logit <= gating.threshold - gating.closing)
            now = false;
        open[t] = now;
    }
}

/* Appends the runs of `open` that are long enough. */
static void add_notes(struct notes *notes, const unsigned char *open, size_t key, size_t frames, double least)
{
    for (size_t start = 0, end; start < frames; start = end) {
        end = start + 1;
        if (!open[start]) continue;
        while (end < frames && open[end]) end++;
        if ((double)(end - start) < least && start > 0 && end < frames) continue;
        if (notes->count == notes->room)
            notes->note =
                reallocate_or_die(notes->note, notes->room = 2 * notes->room + 64, sizeof *notes->note);
        notes->note[notes->count++] = (struct note){key, start, end};
    }
}

/* All notes; drums need not last, and their gates have no hysteresis. */
static struct notes find_notes(const real *f, size_t stride, struct keys_shape shape, struct gating gating)
{
    struct notes notes = {0};
    unsigned char *open = allocate_or_die((size_t)shape.frames, 1);
    const struct gating of_drums = {.threshold = gating.threshold, .least = 1};
    for (size_t key = 0; key < (size_t)shape.keys; key++) {
        struct gating own = (int)key < shape.keys - shape.drums ? gating : of_drums;
        open_gates(open, f, stride, key, shape, own);
        add_notes(&notes, open, key, (size_t)shape.frames, own.least);
    }
    free(open);
    return notes;
}

/* strength[t]: onsets in frame t, and half of those beside it. */
static void onset_strength(double *strength, const struct notes *notes, size_t frames)
{
    memset(strength, 0, frames * sizeof *strength);
    for (size_t i = 0; i < notes->count; i++) {
        size_t t = notes->note[i].start;
        if (t == 0) continue;
        strength[t] += 1;
        strength[t - 1] += 0.5;
        if (t + 1 < frames) strength[t + 1] += 0.5;
    }
}

/* The frame of the greatest strength, the first of equal ones, that is not taken yet; false where no onset is
 * left. */
static bool next_common(size_t *common, const double *strength, size_t frames)
{
    *common = 0;
    for (size_t t = 1; t < frames; t++)
        if (strength[t] > strength[*common]) *common = t;
    return strength[*common] > 0;
}

/* Moves onsets to the nearest frame in which most begin, at most `reach` frames away: frames are taken in the
 * order of their strength. */
static void gather_onsets(struct notes *notes, size_t frames, size_t reach)
{
    double *strength = allocate_or_die(frames, sizeof *strength);
    size_t *target = allocate_or_die(frames, sizeof *target), common;
    onset_strength(strength, notes, frames);
    strength[0] = 0;
    while (next_common(&common, strength, frames))
        for (size_t t = common > reach ? common - reach : 0; t <= common + reach && t < frames; t++) {
            if (!target[t]) target[t] = common;
            strength[t] = 0;
        }
    for (size_t i = 0; i < notes->count; i++) {
        struct note *note = &notes->note[i];
        size_t t = target[note->start];
        bool free = i == 0 || note[-1].key != note->key || note[-1].end < t;
        if (note->start > 0 && t > 0 && t + 1 < note->end && free) note->start = t;
    }
    free(strength);
    free(target);
}

/* A number of N(0, 1), by what it is for and where. */
enum drawn { DRAWN_RECORD, DRAWN_KEY, DRAWN_NOTE, DRAWN_FRAME };
static double normal_of(struct articulation own, enum drawn what, size_t index, int place)
{
    float four[4];
    own.notes.purpose[0] += (uint32_t)what;
    random_normal_block(own.notes, (uint32_t)index, four);
    return (double)four[place];
}

/* The width of the sample, between the two nearest quantiles. */
static double width_of(const struct note_statistics *statistics, double quantile)
{
    double place = quantile * (WIDTH_QUANTILES - 1);
    int below = (int)fmin(floor(place), WIDTH_QUANTILES - 2);
    const double *width = statistics->of + NOTE_WIDTH + below;
    return width[0] + (place - below) * (width[1] - width[0]);
}

struct player {
    const real *f;
    real *x;
    size_t stride;
    struct keys_shape shape;
    const struct note_statistics *statistics;
    struct articulation own;
    double expression, record; /* of the gating; of the sample */
};

/* Which statistics a row has. */
static size_t kind_of(const struct player *p, size_t key)
{
    size_t pitched = (size_t)(p->shape.keys - p->shape.drums);
    return key < pitched ? 0 : 1 + key - pitched;
}

/* The decoder's loudness of a cell: the mean of both channels' roots, squared. */
static double decoded(const struct player *p, size_t key, size_t t)
{
    const real *row = p->f + t * p->stride + 2 * (size_t)p->shape.keys + key;
    double root = (1 / (1 + exp(-(double)row[0])) + 1 / (1 + exp(-(double)row[p->shape.keys]))) / 2;
    return root * root;
}

static double note_balance(const struct player *p, const struct note *note, size_t place)
{
    double u = sqrt(OF_RECORD) * p->record + sqrt(OF_KEY) * normal_of(p->own, DRAWN_KEY, note->key, 0) +
               sqrt(1 - OF_RECORD - OF_KEY) * normal_of(p->own, DRAWN_NOTE, place, 1);
    return balance_of(u, width_of(&p->statistics[kind_of(p, note->key)], (double)p->own.width));
}

static real *cell_of(const struct player *p, const struct note *note, size_t t)
{
    return p->x + 2 * (note->key * (size_t)p->shape.frames + t);
}

/* The note's loudness as it is played, into its cells' left channels. Its deviation in frame t is an
 * autoregressive process with the spread of its age. Largest of `loudest` and these. */
static double play_note(const struct player *p, const struct note *note, double loudest)
{
    const double *s = p->statistics[kind_of(p, note->key)].of, colour = s[NOTE_COLOUR];
    size_t rows = (size_t)p->shape.keys, place = (p->own.begin + note->start) * rows + note->key;
    double level = s[NOTE_GAIN] + p->expression * s[NOTE_LEVEL] * normal_of(p->own, DRAWN_NOTE, place, 0);
    double deviation = 0;
    for (size_t t = note->start; t < note->end; t++) {
        size_t age = t - note->start, known = age < ATTACK_FRAMES ? age : ATTACK_FRAMES - 1;
        double innovation = normal_of(p->own, DRAWN_FRAME, (p->own.begin + t) * rows + note->key, 0);
        deviation = age ? colour * deviation + sqrt(1 - colour * colour) * innovation : innovation;
        double change =
            level + s[NOTE_ATTACK + known] + p->expression * s[NOTE_DEVIATION + known] * deviation;
        double loudness = decoded(p, note->key, t) * pow(10, change / 20);
        cell_of(p, note, t)[0] = (real)loudness;
        loudest = fmax(loudest, loudness);
    }
    return loudest;
}

/* The note in both channels, none softer than `least` in their mean; what is softer than `silent` is none. */
static void place_note(const struct player *p, const struct note *note, double least, double silent)
{
    double balance = note_balance(p, note, (p->own.begin + note->start) * (size_t)p->shape.keys + note->key);
    double share[2] = {fmin(1, 1 + balance), fmin(1, 1 - balance)};
    for (size_t t = note->start; t < note->end; t++) {
        real *cell = cell_of(p, note, t);
        double loudness = fmax((double)cell[0], 2 * least / (share[0] + share[1]));
        for (size_t c = 0; c < 2; c++)
            cell[c] = (real)(loudness * share[c] < silent ? 0 : loudness * share[c]);
    }
}

/* Keys and drums are each heard beside the loudest of their sort, and drums at any level. */
static void play_notes(const struct player *p, const struct notes *notes)
{
    double loudest[2] = {0, 0};
    for (size_t i = 0; i < notes->count; i++) {
        double *most = &loudest[kind_of(p, notes->note[i].key) > 0];
        *most = play_note(p, &notes->note[i], *most);
    }
    for (size_t i = 0; i < notes->count; i++) {
        bool drum = kind_of(p, notes->note[i].key) > 0;
        place_note(p, &notes->note[i], drum ? 0 : LEAST_LOUDNESS * loudest[0], LEAST_CHANNEL * loudest[drum]);
    }
}

void articulate_or_die(real *x, const real *f, size_t stride, struct keys_shape shape, struct gating gating,
                       const struct note_statistics *statistics, struct articulation own)
{
    struct notes notes = find_notes(f, stride, shape, gating);
    if (gating.together >= 1)
        gather_onsets(&notes, (size_t)shape.frames, (size_t)fmin(gating.together, shape.frames));
    struct player player = {.f = f,
                            .x = x,
                            .stride = stride,
                            .shape = shape,
                            .statistics = statistics,
                            .own = own,
                            .expression = gating.expression,
                            .record = normal_of(own, DRAWN_RECORD, 0, 0)};
    memset(x, 0, 2 * (size_t)shape.keys * (size_t)shape.frames * sizeof *x);
    play_notes(&player, &notes);
    free(notes.note);
}
