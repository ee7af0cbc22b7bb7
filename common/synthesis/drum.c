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

/* The drum while it is computed. */
struct playing {
    struct frames frames;
    const struct drum_sound *sound;
    const float *loudness; /* (frames.count) */
    double *place;         /* (frames.count): of a hit in the frame, or -1 */
    float *carrier;        /* (samples): the sound at the loudness 1 */
    float *gain;           /* (frames.count): of the carrier in the middle of each frame */
    float *slope;          /* (samples of the longest frame): the gain of each sample */
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
    return frame_start(drum->frames, t + 1) - frame_start(drum->frames, t);
}

static size_t hit_sample(const struct playing *drum, size_t t)
{
    return (size_t)(drum->place[t] * (double)length_of(drum, t));
}

/* Finds the hits, and makes the carrier. */
static void prepare_or_die(struct playing *drum)
{
    size_t count = drum->frames.count, samples = frame_start(drum->frames, count);
    drum->place = allocate_or_die(count, sizeof *drum->place);
    drum->gain = allocate_or_die(count, sizeof *drum->gain);
    drum->carrier = allocate_or_die(samples, sizeof *drum->carrier);
    drum->slope =
        allocate_or_die((size_t)ceil(drum->frames.seconds * drum->frames.rate) + 1, sizeof *drum->slope);
    memcpy(drum->gain, drum->loudness, count * sizeof *drum->gain);
    memcpy(drum->carrier, drum->sound->noise, samples * sizeof *drum->carrier);
    for (size_t t = 0; t < count; t++) drum->place[t] = -1;

    struct drum_hit hit = {0};
    size_t start = samples;
    while (drum_hit_next(&hit, drum->loudness, count, INAUDIBLE)) {
        drum->place[hit.frame] = hit.place;
        size_t next = frame_start(drum->frames, hit.frame) + hit_sample(drum, hit.frame);
        if (start < next && drum->sound->drum == DRUM_LOW)
            add_tone(drum->carrier + start, next - start, drum->frames.rate);
        start = next;
    }
    if (start < samples && drum->sound->drum == DRUM_LOW)
        add_tone(drum->carrier + start, samples - start, drum->frames.rate);
}

static void free_playing(struct playing *drum)
{
    free(drum->place);
    free(drum->gain);
    free(drum->carrier);
    free(drum->slope);
}

/* The gain at the border of frame t and its neighbour on one side, as frame t has it. */
static float border_gain(const struct playing *drum, size_t t, size_t other, bool hit_between)
{
    if (other >= drum->frames.count || hit_between) return drum->gain[t];
    return drum->gain[other] == 0 ? 0 : (drum->gain[t] + drum->gain[other]) / 2;
}

/* slope (length): the gain in frame t, without its hit. */
static void make_slope(struct playing *drum, size_t t, size_t length)
{
    size_t count = drum->frames.count;
    float begin = border_gain(drum, t, t - 1, t > 0 && drum->place[t] >= 0);
    float end = border_gain(drum, t, t + 1, t + 1 < count && drum->place[t + 1] >= 0);
    for (size_t n = 0; n < length; n++) {
        float x = 2 * ((float)n + 0.5f) / (float)length; /* 0 … 2 */
        float edge = x < 1 ? begin : end;
        drum->slope[n] = edge + (drum->gain[t] - edge) * (x < 1 ? x : 2 - x);
    }
}

/* Until its hit a frame has the gain of the one before, which rises at once then. */
static void cut_at_hit(struct playing *drum, size_t t, size_t length)
{
    size_t start = hit_sample(drum, t);
    float before = t > 0 ? drum->gain[t - 1] : 0, attack = (float)(ATTACK_SECONDS * drum->frames.rate);
    for (size_t n = 0; n < length; n++) {
        float risen = n < start ? 0 : ((float)(n - start) + 0.5f) / attack;
        if (risen >= 1) break;
        drum->slope[n] = before + (drum->slope[n] - before) * risen;
    }
}

/* Multiplies a frame of the carrier by its gain; writes it to `wave`, or measures it: its RMS in the band. */
static double play_frame(struct playing *drum, size_t t, float *wave)
{
    size_t start = frame_start(drum->frames, t), length = length_of(drum, t);
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

/* Slopes, hits within frames and the noise itself change the RMS of frames: gains that make up for it. */
static void correct_gains(struct playing *drum)
{
    enum { ROUNDS = 3 };
    const double most = 4; /* a factor, a round */
    for (int round = 0; round < ROUNDS; round++)
        for (size_t t = 0; t < drum->frames.count; t++) {
            if (drum->loudness[t] == 0) continue;
            double factor = (double)drum->loudness[t] / play_frame(drum, t, NULL);
            drum->gain[t] *= (float)fmax(1 / most, fmin(most, factor));
        }
}

void drum_play_or_die(float *wave, struct frames frames, const struct drum_sound *sound,
                      const float *loudness)
{
    struct playing drum = {.frames = frames, .sound = sound, .loudness = loudness};
    prepare_or_die(&drum);
    correct_gains(&drum);
    for (size_t t = 0; t < frames.count; t++)
        if (loudness[t] > 0) play_frame(&drum, t, wave);
    free_playing(&drum);
}
