/* Gates with hysteresis, onsets, and what is drawn for each note: its level, attack and balance. */
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

enum {
    START_REACH = 2, /* frames: how far from its gate's opening a note may begin */
    ONSET_REACH = 3  /* frames: an onset is the likeliest of those as near */
};

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

/* The logits of one row of keys: row t is `stride` behind row t - 1. */
struct logits {
    const real *gate, *onset;
    size_t stride, frames;
};

static double onset_at(const struct logits *l, size_t t)
{
    return (double)l->onset[t * l->stride];
}

/* The end of a note that begins in frame `start`. */
static size_t note_end(const struct logits *l, size_t start, double closes)
{
    size_t end = start + 1;
    while (end < l->frames && (double)l->gate[end * l->stride] > closes) end++;
    return end;
}

/* The frame of frames first … last in which an onset is likelier than in frame `best`, or that one. */
static size_t likeliest_onset(const struct logits *l, size_t first, size_t last, size_t best)
{
    for (size_t t = first; t <= last; t++)
        if (onset_at(l, t) > onset_at(l, best)) best = t;
    return best;
}

static void add_note(struct notes *notes, size_t key, size_t start, size_t end)
{
    if (notes->count == notes->room)
        notes->note = reallocate_or_die(notes->note, notes->room = 2 * notes->room + 64, sizeof *notes->note);
    notes->note[notes->count++] = (struct note){key, start, end};
}

/* Appends what sounds from `start` to `end`: a note, and those that are struck again before it ends, each
 * after a frame of silence, which belongs to the least length of what is before. */
static void add_struck(struct notes *notes, const struct logits *l, size_t key, size_t start, size_t end,
                       struct gating gating)
{
    size_t shortest = (size_t)fmax(2, gating.least);
    for (size_t t = start + shortest; t + shortest <= end; t++) {
        size_t first = t > ONSET_REACH ? t - ONSET_REACH : 0;
        size_t last = t + ONSET_REACH < l->frames ? t + ONSET_REACH : l->frames - 1;
        if (onset_at(l, t) <= gating.again || likeliest_onset(l, first, last, t) != t) continue;
        add_note(notes, key, start, t - 1);
        start = t;
        t += shortest - 1;
    }
    add_note(notes, key, start, end);
}

/* Appends the notes of a row of keys. */
static void add_notes(struct notes *notes, const struct logits *l, size_t key, struct gating gating)
{
    size_t silent = 0; /* the first frame behind the last note */
    for (size_t t = 0; t < l->frames; t++) {
        if ((double)l->gate[t * l->stride] <= gating.threshold + gating.opening) continue;
        size_t start = t, end = t = note_end(l, start, gating.threshold - gating.closing);
        if ((double)(end - start) < gating.least && start > 0 && end < l->frames) continue;
        if (start > 0) {
            size_t first = start > silent + START_REACH ? start - START_REACH : silent + 1;
            size_t last = start + START_REACH < end - 1 ? start + START_REACH : end - 1;
            start = likeliest_onset(l, first, last, start);
        }
        add_struck(notes, l, key, start, end, gating);
        silent = end;
    }
}

/* All notes; drums need not last, and their gates have no hysteresis. */
static struct notes find_notes(const real *f, size_t stride, struct keys_shape shape, struct gating gating,
                               const struct note_statistics *statistics)
{
    struct notes notes = {0};
    size_t pitched = (size_t)(shape.keys - shape.drums);
    gating.threshold += statistics[0].of[NOTE_THRESHOLD];
    for (size_t key = 0; key < (size_t)shape.keys; key++) {
        struct logits logits = {f + key, f + (size_t)shape.keys + key, stride, (size_t)shape.frames};
        struct gating own = gating;
        if (key >= pitched)
            own = (struct gating){.threshold = statistics[1 + key - pitched].of[NOTE_THRESHOLD],
                                  .least = 1,
                                  .again = gating.again};
        add_notes(&notes, &logits, key, own);
    }
    return notes;
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

/* The width of the sample, between the two nearest quantiles; outside of all the first or the last. */
static double width_of(const struct note_statistics *statistics, double quantile)
{
    double place = fmin(fmax(quantile * WIDTH_QUANTILES - 0.5, 0), WIDTH_QUANTILES - 1);
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

/* The decoder's loudness of a cell. */
static double decoded(const struct player *p, size_t key, size_t t)
{
    double root = 1 / (1 + exp(-(double)p->f[t * p->stride + 2 * (size_t)p->shape.keys + key]));
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

/* What is drawn may be louder than 1, the most that a record has: from 1/2 on it approaches that. */
static double limited(double loudness)
{
    return loudness < 0.5 ? loudness : 1 - 0.25 / loudness;
}

/* The note's loudness as it is played, into its cells' left channels. Its deviation in frame t is an
 * autoregressive process with the deviation and the correlation of its age: songs' notes rise alike, then
 * change little, and now and then much, as v |v| does (kurtosis 11.7). Largest of `loudest` and these. */
static double play_note(const struct player *p, const struct note *note, double loudest)
{
    const double *s = p->statistics[kind_of(p, note->key)].of;
    size_t rows = (size_t)p->shape.keys, place = (p->own.begin + note->start) * rows + note->key;
    double level = s[NOTE_GAIN] + p->expression * s[NOTE_LEVEL] * normal_of(p->own, DRAWN_NOTE, place, 0);
    double deviation = 0;
    for (size_t t = note->start; t < note->end; t++) {
        size_t age = t - note->start, known = age < ATTACK_FRAMES ? age : ATTACK_FRAMES - 1;
        double v = normal_of(p->own, DRAWN_FRAME, (p->own.begin + t) * rows + note->key, 0);
        double colour = s[NOTE_COLOUR + known], innovation = v * fabs(v) / sqrt(3);
        deviation = age ? colour * deviation + sqrt(1 - colour * colour) * innovation : v;
        double change =
            level + s[NOTE_ATTACK + known] + p->expression * s[NOTE_DEVIATION + known] * deviation;
        double loudness = limited(decoded(p, note->key, t) * pow(10, change / 20));
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
    struct notes notes = find_notes(f, stride, shape, gating, statistics);
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
