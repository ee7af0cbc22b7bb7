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

/* line (frames): the loudness of a row, later by the lead. */
static void late_line(const struct score *score, size_t channel, size_t row, const struct play *play,
                      float *line)
{
    size_t count = score->parts * score->frames, lead = play->lead < count ? play->lead : count;
    score_line(score, channel, row, line);
    memmove(line + lead, line, (count - lead) * sizeof *line);
    memset(line, 0, lead * sizeof *line);
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

void play_score_or_die(float *wave, const struct score *score, const struct play *play)
{
    struct frames frames = play_frames(score, play->rate);
    size_t samples = frame_start(frames, frames.count);
    float *line = allocate_or_die(frames.count, sizeof *line);
    struct attack attack = attack_or_die(play->rate);
    memset(wave, 0, score->channels * samples * sizeof *wave);
    for (size_t channel = 0; channel < score->channels; channel++)
        for (size_t k = 0; k < score->pitched; k++) {
            late_line(score, channel, k, play, line);
            add_key_or_die(wave + channel * samples, score, play, &attack, score->keys.first + (int)k, line);
        }
    /* The noise of a drum is the same in both channels. */
    for (size_t d = 0; d < score->drums; d++) {
        struct drum_sound sound = drum_sound_or_die((enum keyboard_drum)d, frames);
        for (size_t channel = 0; channel < score->channels; channel++) {
            late_line(score, channel, score->pitched + d, play, line);
            drum_play_or_die(wave + channel * samples, frames, &sound, line);
        }
        drum_sound_free(&sound);
    }
    free(attack.noise);
    free(line);
}
