/* The voices of keys-to-wave: sine, gaussian, piano. */
#include "common/synthesis/voice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys/keyboard.h"
#include "common/memory.h"
#include "common/synthesis/onset.h"

static const double INAUDIBLE = 1e-3; /* of the first partial: -60 dB */

/* Stiffness of a piano string: partial h is sharp by the factor sqrt(1 + INHARMONICITY h^2). A value for the
 * middle octaves. */
static const double INHARMONICITY = 3e-4;

/* Hz, the first partial of key 27. The spectra of lower keys are those of this one: what is strong lies as
 * high, so that small speakers let the bass be heard. */
static const double BASS = 123.47;

/* The strength of partial h is h^-FALL_OFF at the onset; then higher partials decay faster. */
static const double FALL_OFF = 1.5, LOSS = 0.005; /* the latter in 1/s for each Hz above the first partial */

static size_t sine(struct partial *partials, int key, double highest, const struct bell *bell)
{
    (void)highest, (void)bell;
    partials[0] = (struct partial){key_frequency(key), 1, 0};
    return 1;
}

static size_t gaussian(struct partial *partials, int key, double highest, const struct bell *bell)
{
    size_t count = sine(partials, key, highest, bell);
    double first = key_frequency(key), lower = fmin(1, first / BASS);
    for (int h = 2; h <= PARTIALS && h * first < highest; h++) {
        double strength = bell->height * exp(-0.5 * pow((h * lower - bell->centre) / bell->width, 2));
        if (strength < INAUDIBLE) continue;
        partials[count++] = (struct partial){h * first, strength, 0};
    }
    return count;
}

static size_t piano(struct partial *partials, int key, double highest, const struct bell *bell)
{
    size_t count = sine(partials, key, highest, bell);
    double first = key_frequency(key), lower = fmin(1, first / BASS);
    for (int h = 2; h <= PARTIALS; h++) {
        double frequency = h * first * sqrt((1 + INHARMONICITY * h * h) / (1 + INHARMONICITY));
        if (frequency >= highest) break;
        partials[count++] =
            (struct partial){frequency, pow(fmax(1, h * lower), -FALL_OFF), LOSS * (frequency - first)};
    }
    return count;
}

voice *voice_named(const char *name)
{
    static const struct {
        const char *name;
        voice *voice;
    } voices[] = {{"sine", sine}, {"gaussian", gaussian}, {"piano", piano}};
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++)
        if (strcmp(voices[i].name, name) == 0) return voices[i].voice;
    return NULL;
}

/* amplitude (count, frames.count), zeroed: of each partial. The squares of the partials' RMS add up to the
 * square of the loudness; a sine of RMS 1 has amplitude sqrt(2). */
static void partial_amplitudes(float *amplitude, struct frames frames, const struct partial *partials,
                               size_t count, const float *loudness)
{
    struct onset_state note = {0};
    for (size_t t = 0; t < frames.count; t++) {
        onset_follow(&note, t, loudness[t]);
        if (loudness[t] == 0) continue;
        double age = (double)(t - note.onset) * frames.seconds, share[PARTIALS], power = 0;
        for (size_t i = 0; i < count; i++) {
            share[i] = partials[i].strength * exp(-partials[i].decay * age);
            if (share[i] < INAUDIBLE) share[i] = 0;
            power += share[i] * share[i];
        }
        double scale = (double)loudness[t] * sqrt(2 / power);
        for (size_t i = 0; i < count; i++) amplitude[i * frames.count + t] = (float)(share[i] * scale);
    }
}

/* In turns. If all keys began at phase 0 their peaks would add up at the first sample; multiples of the
 * golden ratio are evenly distributed for any number of keys. */
static double first_phase(int key)
{
    return 0.6180339887498949 * key;
}

void voice_play(float *wave, struct frames frames, int key, const struct partial *partials, size_t count,
                const float *loudness)
{
    float *amplitude = allocate_or_die(count * frames.count, sizeof *amplitude);
    partial_amplitudes(amplitude, frames, partials, count, loudness);
    for (size_t i = 0; i < count; i++) {
        double phase = first_phase(key) * partials[i].frequency / key_frequency(key);
        oscillator_add(wave, frames, partials[i].frequency, phase, amplitude + i * frames.count);
    }
    free(amplitude);
}
