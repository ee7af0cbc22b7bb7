/* Playing a score. */
#include "common/synthesis/play.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/synthesis/attack.h"
#include "common/synthesis/drum.h"
#include "common/synthesis/sharpen.h"

struct frames play_frames(const struct score *score, double rate)
{
    return (struct frames){score->parts * score->frames, score->interval, rate};
}

static void add_key_or_die(float *samples, const struct score *score, const struct play *play,
                           const struct attack *attack, int key, float *line)
{
    struct frames frames = play_frames(score, play->rate);
    double deviation = 1 / (2 * M_PI * key_sigma(score->width, key) * score->interval);
    if (play->sharpness > 1) sharpen(line, frames.count, deviation, play->sharpness);
    if (play->release > 0) sharpen_release(line, frames.count, (float)exp(-score->interval / play->release));
    struct partial partials[PARTIALS];
    size_t count = play->voice(partials, key, play->rate / 2, &play->bell);
    voice_play(samples, frames, key, partials, count, line);
    if (play->attack > 0) attack_add(samples, frames, attack, line, play->attack);
}

/* wave (samples) later by `late` samples; what was at its end is lost. */
static void delay(float *wave, size_t samples, size_t late)
{
    if (late > samples) late = samples;
    memmove(wave + late, wave, (samples - late) * sizeof *wave);
    memset(wave, 0, late * sizeof *wave);
}

void play_score_or_die(float *wave, const struct score *score, const struct play *play)
{
    struct frames frames = play_frames(score, play->rate);
    size_t samples = frame_start(frames, frames.count);
    float *line = allocate_or_die(frames.count, sizeof *line);
    struct attack attack = attack_or_die(play->rate);
    memset(wave, 0, score->channels * samples * sizeof *wave);
    for (size_t channel = 0; channel < score->channels; channel++)
        for (size_t k = 0; k < score->pitched; k++) {
            score_line(score, channel, k, line);
            add_key_or_die(wave + channel * samples, score, play, &attack, score->keys.first + (int)k, line);
        }
    /* The noise of a drum is the same in both channels. A beat's tempo does not change how a drum fades. */
    double hit = score->beat ? FRAME_SECONDS_DEFAULT : score->interval;
    for (size_t d = 0; d < score->drums; d++) {
        struct drum_sound sound = drum_sound_or_die((enum keyboard_drum)d, frames);
        for (size_t channel = 0; channel < score->channels; channel++) {
            score_line(score, channel, score->pitched + d, line);
            drum_play_or_die(wave + channel * samples, frames, &sound, hit, line);
        }
        drum_sound_free(&sound);
    }
    for (size_t channel = 0; channel < score->channels; channel++)
        delay(wave + channel * samples, samples, (size_t)llround(play->lead * play->rate));
    free(attack.noise);
    free(line);
}
