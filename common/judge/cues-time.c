/* Cues of time: note lengths, rests, onsets, their grid, their periods, and literal repetition. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/judge/cues.h"
#include "common/memory.h"

/* Seconds as frames, so that cues mean the same at any length of a frame. */
static double frames_in(const struct cue_input *in, double seconds)
{
    return seconds / in->passage->interval;
}

/* A histogram of lengths (10 classes), the mean and the deviation of their logarithms. */
void cues_length(double *value, const struct cue_input *in)
{
    enum { CLASSES = LENGTHS - 2 };
    static const double seconds[CLASSES] = {0.02, 0.04, 0.08, 0.12, 0.18, 0.28, 0.45, 0.8, 1.5};
    double edges[CLASSES], *logarithm = allocate_or_die(in->notes + 1, sizeof *logarithm);
    for (size_t i = 0; i < CLASSES; i++) edges[i] = frames_in(in, seconds[i]) + 0.5;
    for (size_t i = 0; i < in->notes; i++) {
        double length = (double)(in->note[i].end - in->note[i].start);
        cue_count(value, CLASSES, edges, length);
        logarithm[i] = log(length * in->passage->interval);
    }
    cue_shares(value, CLASSES);
    cue_moments(value + CLASSES, logarithm, in->notes);
    free(logarithm);
}

/* A histogram of the rests between two notes of one key, and the mean of their logarithms. */
void cues_gap(double *value, const struct cue_input *in)
{
    enum { CLASSES = GAPS - 1 };
    static const double seconds[CLASSES] = {0.02, 0.06, 0.12, 0.25, 0.5, 1, 1.9};
    double edges[CLASSES], sum = 0, gaps = 0;
    for (size_t i = 0; i < CLASSES; i++) edges[i] = frames_in(in, seconds[i]) + 0.5;
    for (size_t i = 1; i < in->notes; i++) {
        if (in->note[i].key != in->note[i - 1].key) continue;
        double length = (double)(in->note[i].start - in->note[i - 1].end);
        cue_count(value, CLASSES, edges, length);
        sum += log(length * in->passage->interval);
        gaps++;
    }
    cue_shares(value, CLASSES);
    value[CLASSES] = gaps > 0 ? sum / gaps : NAN;
}

/* count[t]: notes that begin in frame t; a note that sounds at the passage's start does not begin there. */
static double *onsets_or_die(const struct cue_input *in)
{
    double *count = allocate_or_die(in->passage->frames, sizeof *count);
    for (size_t i = 0; i < in->notes; i++)
        if (in->note[i].start > 0) count[in->note[i].start]++;
    return count;
}

/* Onsets a second; frames with an onset a second; the Fano factor (variance by mean) of counts in 0.1, 0.25,
 * 0.5, 1 s; the share of the passage before the first onset; the longest time without one. */
void cues_onset(double *value, const struct cue_input *in)
{
    static const double widths[] = {0.1, 0.25, 0.5, 1};
    double *count = onsets_or_die(in), all = 0, busy = 0, first = -1, last = 0, longest = 0;
    size_t frames = in->passage->frames;
    double seconds = (double)frames * in->passage->interval;
    for (size_t t = 0; t < frames; t++) {
        if (count[t] == 0) continue;
        all += count[t], busy++;
        if (first < 0) first = (double)t;
        longest = fmax(longest, (double)t - last);
        last = (double)t;
    }
    value[0] = all / seconds;
    value[1] = busy / seconds;
    for (size_t w = 0; w < 4; w++) {
        size_t width = (size_t)fmax(1, round(frames_in(in, widths[w]))), bins = frames / width;
        double *bin = allocate_or_die(bins + 1, sizeof *bin), moments[2];
        for (size_t t = 0; t < bins * width; t++) bin[t / width] += count[t];
        cue_moments(moments, bin, bins);
        value[2 + w] = moments[0] > 0 ? moments[1] * moments[1] / moments[0] : NAN;
        free(bin);
    }
    value[6] = first < 0 ? NAN : first / (double)frames;
    value[7] = all > 0 ? fmax(longest, (double)frames - last) * in->passage->interval : NAN;
    free(count);
}

/* A histogram of the time from a frame with onsets to the next one. */
void cues_grid(double *value, const struct cue_input *in)
{
    static const double seconds[GRID] = {0.06, 0.12, 0.18, 0.26, 0.36, 0.5, 0.8};
    double edges[GRID], *count = onsets_or_die(in);
    size_t last = 0;
    for (size_t i = 0; i < GRID; i++) edges[i] = frames_in(in, seconds[i]) + 0.5;
    for (size_t t = 0; t < in->passage->frames; t++) {
        if (count[t] == 0) continue;
        if (last) cue_count(value, GRID, edges, (double)(t - last));
        last = t;
    }
    cue_shares(value, GRID);
    free(count);
}

/* A histogram of how many notes begin within a frame of one another, and the share of onsets with another
 * beside. */
void cues_together(double *value, const struct cue_input *in)
{
    enum { CLASSES = TOGETHER - 1 };
    static const double edges[CLASSES] = {1, 2, 4};
    double *count = onsets_or_die(in), together = 0, all = 0;
    size_t frames = in->passage->frames;
    for (size_t t = 0; t < frames; t++) {
        if (count[t] == 0) continue;
        double near = count[t] + (t > 0 ? count[t - 1] : 0) + (t + 1 < frames ? count[t + 1] : 0);
        cue_count(value, CLASSES, edges, near);
        all += count[t];
        together += near > 1 ? count[t] : 0;
    }
    cue_shares(value, CLASSES);
    value[CLASSES] = all > 0 ? together / all : NAN;
    free(count);
}

/* The mean of x[t] x[t + lag]. */
static double autocorrelation(const double *x, size_t count, size_t lag)
{
    double sum = 0;
    for (size_t t = 0; t + lag < count; t++) sum += x[t] * x[t + lag];
    return sum / (double)(count - lag);
}

/* The autocorrelation of onsets, smoothed by three frames: its means over PULSES - 2 classes of lags, evenly
 * apart in the logarithm from 0.1 to 3 s, then the largest from 0.2 s on, and the logarithm of its lag. */
void cues_pulse(double *value, const struct cue_input *in)
{
    enum { CLASSES = PULSES - 2 };
    size_t frames = in->passage->frames, from = (size_t)fmax(1, round(frames_in(in, 0.1)));
    double *count = onsets_or_die(in), *curve = allocate_or_die(frames, sizeof *curve), moments[2];
    double lags[CLASSES] = {0};
    for (size_t t = 0; t < frames; t++)
        curve[t] = count[t] + (t > 0 ? count[t - 1] : 0) + (t + 1 < frames ? count[t + 1] : 0);
    cue_moments(moments, curve, frames);
    for (size_t t = 0; t < frames; t++) curve[t] -= moments[0];
    double power = autocorrelation(curve, frames, 0), best = -1;
    for (size_t lag = from; lag <= (size_t)frames_in(in, 3) && lag <= frames / 2; lag++) {
        double r = power > 0 ? autocorrelation(curve, frames, lag) / power : NAN;
        double place = log((double)lag / frames_in(in, 0.1)) / log(30);
        size_t at = (size_t)fmax(0, place * (CLASSES - 1e-6));
        value[at < CLASSES ? at : CLASSES - 1] += r;
        lags[at < CLASSES ? at : CLASSES - 1]++;
        if (lag < 2 * from || !(r > best)) continue;
        best = r;
        value[CLASSES] = r;
        value[CLASSES + 1] = log((double)lag * in->passage->interval);
    }
    for (size_t i = 0; i < CLASSES; i++) value[i] = lags[i] > 0 ? value[i] / lags[i] : NAN;
    free(count);
    free(curve);
}

/* The keys of a frame, a bit each: a piano has 88. */
struct keys_of_frame {
    uint64_t bits[2];
};

static struct keys_of_frame *frames_or_die(const struct passage *p)
{
    struct keys_of_frame *frame = allocate_or_die(p->frames, sizeof *frame);
    for (size_t i = 0; i < p->keys * p->frames; i++)
        frame[i % p->frames].bits[i / p->frames / 64] |= (uint64_t)p->on[i] << i / p->frames % 64;
    return frame;
}

/* Cells that sound both in a frame and `lag` later, by the cells that sound in either: Jaccard's index of the
 * passage and itself, 1 where it repeats literally. */
static double repeated(const struct keys_of_frame *frame, size_t frames, size_t lag)
{
    int both = 0, either = 0;
    for (size_t t = 0; t + lag < frames; t++)
        for (size_t i = 0; i < 2; i++) {
            uint64_t now = frame[t].bits[i], later = frame[t + lag].bits[i];
            both += __builtin_popcountll(now & later);
            either += __builtin_popcountll(now | later);
        }
    return either > 0 ? (double)both / either : NAN;
}

/* How literally the passage repeats: at the best lag from 0.4 to 4.5 s, that lag's logarithm, the second best
 * lag's (a tenth of itself away from the first), the mean over all lags, and the best below 1 s, from 1 to 2,
 * from 2 to 3 and from there on. */
void cues_return(double *value, const struct cue_input *in)
{
    const struct passage *p = in->passage;
    double best = -1, at = NAN, second = -1, sum = 0, tried = 0;
    size_t most = (size_t)fmin(frames_in(in, 4.5), (double)p->frames / 2),
           from = (size_t)fmax(1, frames_in(in, 0.4));
    double *r = allocate_or_die(most + 1, sizeof *r);
    struct keys_of_frame *frame = frames_or_die(p);
    for (size_t lag = from; lag <= most; lag++) {
        r[lag] = repeated(frame, p->frames, lag);
        size_t class = 4 + (size_t)fmin(3, (double)lag * p->interval);
        value[class] = fmax(value[class], r[lag]);
        sum += r[lag], tried++;
        if (r[lag] > best) best = r[lag], at = (double)lag;
    }
    for (size_t lag = from; lag <= most; lag++)
        if (fabs((double)lag - at) > 0.1 * at) second = fmax(second, r[lag]);
    value[0] = best < 0 ? NAN : best;
    value[1] = best < 0 ? NAN : log(at * p->interval);
    value[2] = second < 0 ? NAN : second;
    value[3] = tried > 0 ? sum / tried : NAN;
    free(r);
    free(frame);
}
