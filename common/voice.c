#include "common/voice.h"

#include <math.h>
#include <string.h>

#include "common/keyboard.h"

/* Keys that all began at phase 0 would meet in one peak at the first sample; turns by the golden ratio are
 * spread evenly for any number of keys. */
static double first_phase(int key)
{
    return 0.6180339887498949 * key;
}

/* A sine of RMS 1 has amplitude sqrt(2). */
static void play_sine(float *wave, struct intervals intervals, int key, const float *loudness)
{
    oscillator_add(wave, intervals, key_frequency(key), first_phase(key), loudness, M_SQRT2);
}

voice *voice_named(const char *name)
{
    static const struct {
        const char *name;
        voice *play;
    } voices[] = {{"sine", play_sine}};
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++)
        if (strcmp(voices[i].name, name) == 0) return voices[i].play;
    return NULL;
}
