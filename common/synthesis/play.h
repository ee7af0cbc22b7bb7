/* Playing a score: all keys with a voice, and the drums. */
#ifndef COMMON_SYNTHESIS_PLAY_H
#define COMMON_SYNTHESIS_PLAY_H

#include "common/keys/score.h"
#include "common/synthesis/oscillator.h"
#include "common/synthesis/voice.h"

/* How a score is played. */
struct play {
    double rate; /* samples a second */
    voice *voice;
    struct bell bell;
    double attack;    /* noise that notes begin with, of the rise of their loudness; 0: none */
    double sharpness; /* the most by which a short note is raised; 1: not at all */
    double release;   /* s in which a key that ends fades to 1/e; 0: none */
    double lead;      /* s by which the sound comes later; what was at the end is lost */
};

/* The time axis of a score at this rate. */
struct frames play_frames(const struct score *score, double rate);

/* wave (score->channels, samples), as many as the score's frames have: the sound of the score. */
void play_score_or_die(float *wave, const struct score *score, const struct play *play);

#endif
