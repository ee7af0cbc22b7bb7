/* Musical features of a piano roll. Sources: Dong, Hsiao, Yang, Yang: "MuseGAN", AAAI 2018 (UPC, QN, TD);
 * Mogren: "C-RNN-GAN", 2016 (SC); Dong, Chen, McAuley, Berg-Kirkpatrick: "MusPy", ISMIR 2020 (POLY, PCE);
 * Harte, Sandler, Gasser: "Detecting harmonic change in musical audio", 2006 (the six dimensions of TD).
 * Windows are in seconds instead of bars, which recordings do not state. */
#include "common/metrics/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys/piano-roll.h"
#include "common/memory.h"

static const double TONAL_WINDOW = 0.5, PITCH_CLASS_WINDOW = 2, SHORTEST_PULSE = 0.2,
                    LONGEST_PULSE = 2; /* s */

/* UPC: number of pitch classes in a window, the mean over the windows that fit. */
static double used_pitch_classes(const struct piano_roll *roll)
{
    size_t length = piano_roll_frames(roll, PITCH_CLASS_WINDOW), windows = roll->frames / length, used = 0;
    for (size_t w = 0; w < windows; w++) {
        double share[12];
        piano_roll_pitch_classes(roll, w * length, (w + 1) * length, share);
        for (size_t i = 0; i < 12; i++) used += share[i] > 0;
    }
    return (double)used / (double)windows;
}

/* POLY: number of keys that sound together, the mean over frames in which any key sounds. */
static double polyphony(const struct piano_roll *roll)
{
    size_t cells = 0, sounding = 0;
    for (size_t t = 0; t < roll->frames; t++) {
        size_t keys = 0;
        for (size_t k = 0; k < roll->keys; k++) keys += roll->on[k * roll->frames + t];
        cells += keys;
        sounding += keys > 0;
    }
    return sounding ? (double)cells / (double)sounding : NAN;
}

/* NPS */
static double notes_a_second(const struct piano_roll *roll)
{
    return (double)piano_roll_notes(roll).count / ((double)roll->frames * roll->interval);
}

/* QN: the share of notes of 60 ms or more. */
static double qualified_notes(const struct piano_roll *roll)
{
    struct note_counts notes = piano_roll_notes(roll);
    return notes.count ? (double)notes.held / (double)notes.count : NAN;
}

/* NL: the logarithm of the mean length of notes in seconds. */
static double note_length(const struct piano_roll *roll)
{
    struct note_counts notes = piano_roll_notes(roll);
    return notes.count ? log((double)notes.frames * roll->interval / (double)notes.count) : NAN;
}

/* PCE: the entropy of the pitch classes in bits. */
static double pitch_class_entropy(const struct piano_roll *roll)
{
    double share[12], entropy = 0;
    if (!piano_roll_pitch_classes(roll, 0, roll->frames, share)) return NAN;
    for (size_t i = 0; i < 12; i++)
        if (share[i] > 0) entropy -= share[i] * log2(share[i]);
    return entropy;
}

/* SC: the largest share of the cells that one of the twelve major scales holds. */
static double scale_consistency(const struct piano_roll *roll)
{
    static const size_t major[] = {0, 2, 4, 5, 7, 9, 11};
    double share[12], best = 0;
    if (!piano_roll_pitch_classes(roll, 0, roll->frames, share)) return NAN;
    for (size_t tonic = 0; tonic < 12; tonic++) {
        double inside = 0;
        for (size_t i = 0; i < 7; i++) inside += share[(tonic + major[i]) % 12];
        best = fmax(best, inside);
    }
    return best;
}

/* curve (frames): number of onsets in a frame and its two neighbours, less the mean over all frames. */
static void onset_curve(const struct piano_roll *roll, double *curve)
{
    double mean = 0;
    for (size_t k = 0; k < roll->keys; k++)
        for (size_t t = 0; t < roll->frames; t++) {
            if (!piano_roll_onset(roll, k, t)) continue;
            for (size_t i = t ? t - 1 : 0; i <= t + 1 && i < roll->frames; i++) curve[i]++;
        }
    for (size_t t = 0; t < roll->frames; t++) mean += curve[t] / (double)roll->frames;
    for (size_t t = 0; t < roll->frames; t++) curve[t] -= mean;
}

/* The mean of curve[t] * curve[t + lag]. */
static double autocorrelation(const double *curve, size_t frames, size_t lag)
{
    double sum = 0;
    for (size_t t = 0; t + lag < frames; t++) sum += curve[t] * curve[t + lag];
    return sum / (double)(frames - lag);
}

/* PULSE: the largest autocorrelation of the onsets over the lags of a pulse, relative to lag 0. Lags are at
 * most half of the record: longer ones have too few terms. */
static double pulse(const struct piano_roll *roll)
{
    double *curve = allocate_or_die(roll->frames, sizeof *curve), best = NAN;
    onset_curve(roll, curve);
    double power = autocorrelation(curve, roll->frames, 0);
    size_t least = piano_roll_frames(roll, SHORTEST_PULSE), most = piano_roll_frames(roll, LONGEST_PULSE);
    for (size_t lag = least; power > 0 && lag <= most && lag <= roll->frames / 2; lag++)
        best = fmax(best, autocorrelation(curve, roll->frames, lag) / power); /* fmax ignores NaN */
    free(curve);
    return best;
}

/* centroid (6): of the pitch classes on Harte's circles of fifths, minor thirds and major thirds. */
static void tonal_centroid(const double *share, double *centroid)
{
    static const double radius[] = {1, 1, 0.5}, angle[] = {7 * M_PI / 6, 3 * M_PI / 2, 2 * M_PI / 3};
    for (size_t circle = 0; circle < 3; circle++) {
        double x = 0, y = 0;
        for (size_t i = 0; i < 12; i++) {
            x += share[i] * sin((double)i * angle[circle]);
            y += share[i] * cos((double)i * angle[circle]);
        }
        centroid[2 * circle] = radius[circle] * x;
        centroid[2 * circle + 1] = radius[circle] * y;
    }
}

/* TD: the mean distance of the tonal centroids of successive windows; windows without a key are skipped. */
static double tonal_distance(const struct piano_roll *roll)
{
    size_t length = piano_roll_frames(roll, TONAL_WINDOW), steps = 0;
    double share[12], last[6], now[6], sum = 0;
    bool defined = false;
    for (size_t begin = 0; begin + length <= roll->frames; begin += length) {
        if (!piano_roll_pitch_classes(roll, begin, begin + length, share)) continue;
        double square = 0;
        tonal_centroid(share, now);
        for (size_t i = 0; i < 6 && defined; i++) square += (now[i] - last[i]) * (now[i] - last[i]);
        sum += sqrt(square);
        steps += defined;
        defined = true;
        memcpy(last, now, sizeof last);
    }
    return steps ? sum / (double)steps : NAN;
}

/* LR: the correlation of the keys' loudnesses in the channels; 0 where one of them is constant. The first
 * value is subtracted before all sums, so that the variance of a constant channel is exactly 0. */
static double channel_correlation(const struct score *score, size_t part)
{
    size_t cells = score->pitched * score->frames, size = score->rows * score->frames;
    const float *left = score->loudness + part * score->channels * size,
                *right = left + (score->channels - 1) * size;
    double n = (double)cells, first[2] = {left[0], right[0]}, mean[2] = {0}, square[2] = {0}, product = 0;
    for (size_t i = 0; i < cells; i++) {
        mean[0] += ((double)left[i] - first[0]) / n;
        mean[1] += ((double)right[i] - first[1]) / n;
    }
    for (size_t i = 0; i < cells; i++) {
        double x = (double)left[i] - first[0] - mean[0], y = (double)right[i] - first[1] - mean[1];
        square[0] += x * x, square[1] += y * y, product += x * y;
    }
    return square[0] > 0 && square[1] > 0 ? product / sqrt(square[0]) / sqrt(square[1]) : 0;
}

const char *const feature_names[FEATURES] = {"UPC", "POLY", "NPS",   "QN", "NL",
                                             "PCE", "SC",   "PULSE", "TD", "LR"};

void features_or_die(double *value, const struct score *score, size_t part)
{
    static double (*const of_roll[])(const struct piano_roll *) = {
        used_pitch_classes,  polyphony,         notes_a_second, qualified_notes, note_length,
        pitch_class_entropy, scale_consistency, pulse,          tonal_distance};
    struct piano_roll roll = {0};
    piano_roll_make_or_die(&roll, score, part);
    for (size_t i = 0; i < FEATURES - 1; i++) value[i] = of_roll[i](&roll);
    value[FEATURES - 1] = channel_correlation(score, part);
    free(roll.on);
}
