/* Drums. */
#include "common/synthesis/drum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys/drum-hits.h"
#include "common/memory.h"
#include "common/synthesis/band-noise.h"

static const float INAUDIBLE = 1e-5f;       /* of full scale: -100 dB; a softer hit is none */
static const double ATTACK_SECONDS = 0.001; /* a hit's noise would click without */

/* The noise of high drums goes on above its band. Songs that are heard and played have 3 dB more above 6 kHz
 * than they had; with 10 kHz here they have 6. */
static const double HIGH_TOP = 8000; /* Hz */

/* The tone of a low drum: TONE_END Hz, and at its beginning higher by TONE_FALL, which fades to 1/e in
 * TONE_FALL_SECONDS; the tone's share of the amplitude is exp(-(age / TONE_SECONDS)^2). */
static const double TONE_END = 50, TONE_FALL = 80, TONE_FALL_SECONDS = 0.03, TONE_SECONDS = 0.4;
static const double TONE_LEAST = 1e-3;

struct drum_sound drum_sound_or_die(enum keyboard_drum drum, struct frames frames)
{
    size_t samples = frame_start(frames, frames.count);
    struct band band = {DRUM_LIMITS[drum], DRUM_LIMITS[drum + 1],
                        drum == DRUM_HIGH ? HIGH_TOP : DRUM_LIMITS[drum + 1]};
    struct drum_sound sound = {.drum = drum, .noise = allocate_or_die(samples, sizeof *sound.noise)};
    sound.share = band_noise(sound.noise, samples, frames.rate, band, (uint32_t)drum);
    return sound;
}

void drum_sound_free(struct drum_sound *sound)
{
    free(sound->noise);
    sound->noise = NULL;
}

/* The drum while it is computed, in spans of constant loudness: the frames that sound, and silence. */
struct playing {
    double rate;
    const struct drum_sound *sound;
    size_t count;    /* of spans */
    size_t *start;   /* (count + 1): the first sample of each, and the number of samples */
    float *loudness; /* (count) */
    double *place;   /* (count): of a hit in the span, or -1 */
    float *carrier;  /* (samples): the sound at the loudness 1 */
    float *gain;     /* (count): of the carrier in the middle of each span */
    float *slope;    /* (samples of the longest frame): the gain of each sample */
};

/* carrier (count) from a hit on: the tone, and as much less of the noise. */
static void add_tone(float *carrier, size_t count, double rate)
{
    double fall = TONE_FALL * TONE_FALL_SECONDS;
    for (size_t n = 0; n < count; n++) {
        double age = (double)n / rate, weight = exp(-pow(age / TONE_SECONDS, 2));
        if (weight < TONE_LEAST) break;
        double turns = TONE_END * age + fall * (1 - exp(-age / TONE_FALL_SECONDS));
        carrier[n] = (float)((double)carrier[n] * sqrt(1 - weight * weight) +
                             M_SQRT2 * weight * sin(2 * M_PI * turns));
    }
}

static size_t length_of(const struct playing *drum, size_t t)
{
    return drum->start[t + 1] - drum->start[t];
}

static size_t hit_sample(const struct playing *drum, size_t t)
{
    return (size_t)(drum->place[t] * (double)length_of(drum, t));
}

static void add_span(struct playing *drum, size_t start, float loudness, double place)
{
    drum->start[drum->count] = start;
    drum->loudness[drum->count] = loudness;
    drum->place[drum->count++] = place;
}

/* place (frames.count): of a hit in each frame of the line, or -1. Caller frees. */
static double *places_or_die(const float *line, size_t count)
{
    double *place = allocate_or_die(count, sizeof *place);
    struct drum_hit hit = {0};
    for (size_t t = 0; t < count; t++) place[t] = -1;
    while (drum_hit_next(&hit, line, count, INAUDIBLE)) place[hit.frame] = hit.place;
    return place;
}

/* The spans of the line: a hit, and what sounds out of silence, begins where its frame does; what rings on
 * follows, a frame every hit_seconds, and then there is silence. */
static void make_spans_or_die(struct playing *drum, struct frames frames, const float *line,
                              double hit_seconds)
{
    size_t most = 2 * frames.count + 1, first = 0;
    double *place = places_or_die(line, frames.count);
    bool even = hit_seconds >= frames.seconds;
    drum->start = allocate_or_die(most + 1, sizeof *drum->start);
    drum->loudness = allocate_or_die(most, sizeof *drum->loudness);
    drum->place = allocate_or_die(most, sizeof *drum->place);
    for (size_t t = 0; t < frames.count; t++) {
        size_t start = frame_start(frames, t), end = frame_start(frames, t + 1);
        if (t == 0 || line[t - 1] == 0 || place[t] >= 0) first = t;
        if (!even && line[t] > 0) {
            size_t from = frame_start(frames, first), age = t - first;
            start = from + (size_t)llround((double)age * hit_seconds * frames.rate);
            end = from + (size_t)llround((double)(age + 1) * hit_seconds * frames.rate);
        }
        add_span(drum, start, line[t], place[t]);
        bool last = t + 1 == frames.count || line[t + 1] == 0 || place[t + 1] >= 0;
        if (!even && line[t] > 0 && last) add_span(drum, end, 0, -1);
    }
    drum->start[drum->count] = frame_start(frames, frames.count);
    free(place);
}

/* The carrier: the noise, and the tones of the hits of a low drum. */
static void make_carrier_or_die(struct playing *drum, size_t samples)
{
    drum->carrier = allocate_or_die(samples, sizeof *drum->carrier);
    memcpy(drum->carrier, drum->sound->noise, samples * sizeof *drum->carrier);
    size_t start = samples;
    for (size_t t = 0; t < drum->count && drum->sound->drum == DRUM_LOW; t++) {
        if (drum->place[t] < 0) continue;
        size_t next = drum->start[t] + hit_sample(drum, t);
        if (start < next) add_tone(drum->carrier + start, next - start, drum->rate);
        start = next;
    }
    if (start < samples) add_tone(drum->carrier + start, samples - start, drum->rate);
}

static void free_playing(struct playing *drum)
{
    free(drum->start);
    free(drum->loudness);
    free(drum->place);
    free(drum->gain);
    free(drum->carrier);
    free(drum->slope);
}

/* The gain at the border of span t and its neighbour on one side, as span t has it. */
static float border_gain(const struct playing *drum, size_t t, size_t other, bool hit_between)
{
    if (other >= drum->count || hit_between) return drum->gain[t];
    return drum->gain[other] == 0 ? 0 : (drum->gain[t] + drum->gain[other]) / 2;
}

/* slope (length): the gain in span t, without its hit. */
static void make_slope(struct playing *drum, size_t t, size_t length)
{
    size_t count = drum->count;
    float begin = border_gain(drum, t, t - 1, t > 0 && drum->place[t] >= 0);
    float end = border_gain(drum, t, t + 1, t + 1 < count && drum->place[t + 1] >= 0);
    for (size_t n = 0; n < length; n++) {
        float x = 2 * ((float)n + 0.5f) / (float)length; /* 0 … 2 */
        float edge = x < 1 ? begin : end;
        drum->slope[n] = edge + (drum->gain[t] - edge) * (x < 1 ? x : 2 - x);
    }
}

/* Until its hit a span has the gain of the one before, which rises at once then. */
static void cut_at_hit(struct playing *drum, size_t t, size_t length)
{
    size_t start = hit_sample(drum, t);
    float before = t > 0 ? drum->gain[t - 1] : 0, attack = (float)(ATTACK_SECONDS * drum->rate);
    for (size_t n = 0; n < length; n++) {
        float risen = n < start ? 0 : ((float)(n - start) + 0.5f) / attack;
        if (risen >= 1) break;
        drum->slope[n] = before + (drum->slope[n] - before) * risen;
    }
}

/* Multiplies a span of the carrier by its gain; writes it to `wave`, or measures it: its RMS in the band. */
static double play_span(struct playing *drum, size_t t, float *wave)
{
    size_t start = drum->start[t], length = length_of(drum, t);
    double power = 0;
    make_slope(drum, t, length);
    if (drum->place[t] >= 0) cut_at_hit(drum, t, length);
    for (size_t n = 0; n < length; n++) {
        float value = drum->slope[n] * drum->carrier[start + n];
        power += (double)value * (double)value;
        if (wave) wave[start + n] += value;
    }
    return length > 0 ? sqrt(power / (double)length * drum->sound->share) : 0;
}

/* Slopes, hits within spans and the noise itself change the RMS of spans: gains that make up for it. */
static void correct_gains(struct playing *drum)
{
    enum { ROUNDS = 3 };
    const double most = 4; /* a factor, a round */
    for (int round = 0; round < ROUNDS; round++)
        for (size_t t = 0; t < drum->count; t++) {
            if (drum->loudness[t] == 0) continue;
            double factor = (double)drum->loudness[t] / play_span(drum, t, NULL);
            drum->gain[t] *= (float)fmax(1 / most, fmin(most, factor));
        }
}

void drum_play_or_die(float *wave, struct frames frames, const struct drum_sound *sound, double hit_seconds,
                      const float *loudness)
{
    struct playing drum = {.rate = frames.rate, .sound = sound};
    make_spans_or_die(&drum, frames, loudness, hit_seconds);
    make_carrier_or_die(&drum, frame_start(frames, frames.count));
    drum.gain = allocate_or_die(drum.count, sizeof *drum.gain);
    drum.slope = allocate_or_die((size_t)ceil(frames.seconds * frames.rate) + 1, sizeof *drum.slope);
    memcpy(drum.gain, drum.loudness, drum.count * sizeof *drum.gain);
    correct_gains(&drum);
    for (size_t t = 0; t < drum.count; t++)
        if (drum.loudness[t] > 0) play_span(&drum, t, wave);
    free_playing(&drum);
}
