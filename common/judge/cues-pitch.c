/* Cues of pitch: intervals, register, polyphony, how harmony moves, and the outer voices. */
#include <math.h>
#include <stdlib.h>

#include "common/judge/cues.h"
#include "common/memory.h"

static bool sounds(const struct passage *p, size_t key, size_t t)
{
    return p->on[key * p->frames + t];
}

/* The shares of the intervals, less octaves, between two keys that sound in one frame. */
void cues_chord(double *value, const struct cue_input *in)
{
    const struct passage *p = in->passage;
    for (size_t t = 0; t < p->frames; t++)
        for (size_t low = 0; low < p->keys; low++)
            for (size_t high = low + 1; high < p->keys && sounds(p, low, t); high++)
                if (sounds(p, high, t)) value[(high - low) % 12]++;
    cue_shares(value, CHORDS);
}

/* top[t]: 1 + the highest key that begins in frame t, 0 for none. Caller frees. */
static size_t *tops_or_die(const struct cue_input *in)
{
    size_t *top = allocate_or_die(in->passage->frames, sizeof *top);
    for (size_t i = 0; i < in->notes; i++) {
        size_t t = in->note[i].start;
        if (t > 0 && in->note[i].key + 1 > top[t]) top[t] = in->note[i].key + 1;
    }
    return top;
}

/* The shares of the steps from the highest key that begins to the next such one. */
void cues_step(double *value, const struct cue_input *in)
{
    static const double edges[STEPS] = {0, 1, 2, 4, 5, 7, 11, 12};
    size_t *top = tops_or_die(in), last = 0;
    for (size_t t = 0; t < in->passage->frames; t++) {
        if (!top[t]) continue;
        if (last) cue_count(value, STEPS, edges, fabs((double)top[t] - (double)last));
        last = top[t];
    }
    cue_shares(value, STEPS);
    free(top);
}

/* cells[k]: frames in which key k sounds, from … to - 1. */
static void count_cells(double *cells, const struct passage *p, size_t from, size_t to)
{
    for (size_t k = 0; k < p->keys; k++) {
        cells[k] = 0;
        for (size_t t = from; t < to; t++) cells[k] += sounds(p, k, t);
    }
}

/* Mean and deviation of the keys of all cells, and the shares of the four quarters of the keyboard. */
void cues_register(double *value, const struct cue_input *in)
{
    const struct passage *p = in->passage;
    double *cells = allocate_or_die(p->keys, sizeof *cells), sum = 0, square = 0, all = 0;
    count_cells(cells, p, 0, p->frames);
    for (size_t k = 0; k < p->keys; k++) {
        all += cells[k];
        sum += cells[k] * (double)k;
        square += cells[k] * (double)(k * k);
        value[2 + 4 * k / p->keys] += cells[k];
    }
    value[0] = all > 0 ? sum / all : NAN;
    value[1] = all > 0 ? sqrt(fmax(0, square / all - value[0] * value[0])) : NAN;
    cue_shares(value + 2, REGISTERS - 2);
    free(cells);
}

/* The shares of frames with 0, 1 … 6, 7 keys and more. */
void cues_voice(double *value, const struct cue_input *in)
{
    const struct passage *p = in->passage;
    for (size_t t = 0; t < p->frames; t++) {
        size_t keys = 0;
        for (size_t k = 0; k < p->keys; k++) keys += sounds(p, k, t);
        value[keys < VOICES ? keys : VOICES - 1]++;
    }
    cue_shares(value, VOICES);
}

/* chroma (12): cells of each pitch class in frames from … to - 1. Returns their number. */
static double chroma_of(double *chroma, const struct passage *p, size_t from, size_t to)
{
    double all = 0;
    for (size_t i = 0; i < 12; i++) chroma[i] = 0;
    for (size_t k = 0; k < p->keys; k++)
        for (size_t t = from; t < to; t++)
            if (sounds(p, k, t)) chroma[(k + (size_t)p->first) % 12]++, all++;
    return all;
}

static double cosine(const double *a, const double *b, size_t count)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < count; i++) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
    return ab / sqrt(aa * bb);
}

/* The mean of 1 - the cosine between the chroma of windows of `width` frames that follow one another. */
static double movement(const struct passage *p, size_t width)
{
    double last[12], now[12], sum = 0, steps = 0;
    bool begun = false;
    for (size_t from = 0; from + width <= p->frames; from += width) {
        if (chroma_of(now, p, from, from + width) == 0) continue;
        if (begun) sum += 1 - cosine(last, now, 12), steps++;
        for (size_t i = 0; i < 12; i++) last[i] = now[i];
        begun = true;
    }
    return steps > 0 ? sum / steps : NAN;
}

/* How far chroma moves in 0.3, 0.6, 1.2, 2.4 s, and from one half to the other. */
void cues_move(double *value, const struct cue_input *in)
{
    static const double seconds[] = {0.3, 0.6, 1.2, 2.4};
    for (size_t i = 0; i < 4; i++)
        value[i] = movement(in->passage, (size_t)fmax(1, round(seconds[i] / in->passage->interval)));
    value[4] = movement(in->passage, in->passage->frames / 2);
}

/* The largest share of the chroma that a major scale holds. */
static double scale_share(const double *chroma, double all)
{
    static const size_t major[] = {0, 2, 4, 5, 7, 9, 11};
    double best = 0;
    for (size_t tonic = 0; tonic < 12; tonic++) {
        double inside = 0;
        for (size_t i = 0; i < 7; i++) inside += chroma[(tonic + major[i]) % 12];
        best = fmax(best, inside / all);
    }
    return best;
}

/* The overlap of two histograms of keys: sum of the smaller by sum of the larger shares. */
static double overlap(const double *a, const double *b, size_t count)
{
    double sums[2] = {0}, least = 0, most = 0;
    for (size_t i = 0; i < count; i++) sums[0] += a[i], sums[1] += b[i];
    for (size_t i = 0; i < count; i++) {
        least += fmin(a[i] / sums[0], b[i] / sums[1]);
        most += fmax(a[i] / sums[0], b[i] / sums[1]);
    }
    return sums[0] > 0 && sums[1] > 0 ? least / most : NAN;
}

/* The entropy of pitch classes in bits; the best scale's share; the share of keys ever used; the overlap of
 * the halves' keys. */
void cues_scale(double *value, const struct cue_input *in)
{
    const struct passage *p = in->passage;
    double chroma[12], all = chroma_of(chroma, p, 0, p->frames), used = 0;
    double *first = allocate_or_die(p->keys, sizeof *first),
           *second = allocate_or_die(p->keys, sizeof *second);
    for (size_t i = 0; i < 12; i++)
        if (chroma[i] > 0) value[0] -= chroma[i] / all * log2(chroma[i] / all);
    count_cells(first, p, 0, p->frames / 2);
    count_cells(second, p, p->frames / 2, p->frames);
    for (size_t k = 0; k < p->keys; k++) used += first[k] + second[k] > 0;
    value[1] = all > 0 ? scale_share(chroma, all) : NAN;
    value[2] = used / (double)p->keys;
    value[3] = overlap(first, second, p->keys);
    if (all == 0) value[0] = NAN;
    free(first);
    free(second);
}

/* The lowest (highest) sounding key of a frame, -1 in silence. */
static int outer_key(const struct passage *p, size_t t, bool highest)
{
    for (size_t i = 0; i < p->keys; i++) {
        size_t k = highest ? p->keys - 1 - i : i;
        if (sounds(p, k, t)) return (int)k;
    }
    return -1;
}

/* Of the lowest and of the highest voice: changes a second, and how far a change goes. */
void cues_line(double *value, const struct cue_input *in)
{
    const struct passage *p = in->passage;
    for (size_t voice = 0; voice < 2; voice++) {
        double changes = 0, way = 0;
        for (size_t t = 1; t < p->frames; t++) {
            int before = outer_key(p, t - 1, voice), now = outer_key(p, t, voice);
            if (before < 0 || now < 0 || before == now) continue;
            changes++;
            way += abs(now - before);
        }
        value[2 * voice] = changes / ((double)p->frames * p->interval);
        value[2 * voice + 1] = changes > 0 ? way / changes : NAN;
    }
}
