/* A MIDI song played to the loudness of keys. */
#include "common/files/midi-to-loudness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/files/midi-drums.h"
#include "common/memory.h"

static const double FULL_LOUDNESS = 0.1;  /* of the loudest note */
static const double DRUM_LENGTH = 6.9;    /* decays: then it is softer by 60 dB */
static const double OVERLAP_LEAST = 1e-6; /* of a frame: a shorter overlap of a note comes from rounding */

struct voice {
    bool on;      /* sounds */
    bool pressed; /* the key is down: the note does not sound by the pedal alone */
    uint8_t velocity;
    double start; /* s */
    double since; /* s: the sound before is already in the loudness */
};

struct channel {
    uint8_t volume, expression, pan;
    bool pedal;
    struct voice voices[MIDI_NUMBERS];
};

/* A note on with velocity 0 is a note off. */
static bool is_note_on(const struct midi_event *event)
{
    return (event->status & 0xF0) == MIDI_NOTE_ON && event->data[1] > 0;
}

size_t midi_loudness_rows(struct midi_loudness_settings settings)
{
    return (size_t)(settings.keys.last - settings.keys.first + 1) + (settings.drums ? KEYBOARD_DRUMS : 0);
}

bool midi_has_note(const struct midi *midi, struct midi_loudness_settings settings)
{
    for (size_t i = 0; i < midi->count; i++) {
        const struct midi_event *event = &midi->events[i];
        int key = event->data[0] - KEY_TO_MIDI;
        bool drum = (event->status & 0x0F) == MIDI_DRUMS;
        if (is_note_on(event) &&
            (drum ? settings.drums : key >= settings.keys.first && key <= settings.keys.last))
            return true;
    }
    return false;
}

/* The frames that are computed: power (2, rows, frames) from `start` on. */
struct block {
    float *power;
    size_t rows, frames;
    double start; /* s */
};

struct midi_loudness {
    const struct midi *midi;
    struct midi_loudness_settings settings;
    size_t next;     /* event */
    uint64_t played; /* frames */
    struct block block;
    struct channel channels[MIDI_CHANNELS];
};

static void reset_controllers(struct channel *channel)
{
    channel->expression = 127;
    channel->pedal = false;
}

struct midi_loudness *midi_loudness_new_or_die(const struct midi *midi,
                                               struct midi_loudness_settings settings)
{
    struct midi_loudness *converter = allocate_or_die(1, sizeof *converter);
    converter->midi = midi;
    converter->settings = settings;
    for (int i = 0; i < MIDI_CHANNELS; i++) {
        converter->channels[i].volume = 100; /* default of General MIDI */
        converter->channels[i].pan = 64;
        reset_controllers(&converter->channels[i]);
    }
    return converter;
}

/* power (2): the square of the loudness of a note at its start, left and right. */
static void note_power(const struct channel *channel, uint8_t velocity, double power[2])
{
    double share = velocity / 127.0 * channel->volume / 127.0 * channel->expression / 127.0;
    double angle = M_PI / 2 * fmax(0, channel->pan - 1.0) / 126, loudness = FULL_LOUDNESS * share * share;
    power[0] = 2 * pow(loudness * cos(angle), 2);
    power[1] = 2 * pow(loudness * sin(angle), 2);
}

/* The mean over a frame of the function that is exp(-2 t / decay) from t = a to b, else 0; in frames. decay
 * 0: 1 instead of exp. */
static double mean_decayed(double a, double b, double decay)
{
    if (decay == 0) return b - a;
    return decay / 2 * (exp(-2 * a / decay) - exp(-2 * b / decay));
}

static bool is_drums(const struct midi_loudness *converter, const struct channel *channel)
{
    return channel == &converter->channels[MIDI_DRUMS];
}

/* What a note number of a channel sounds like. */
struct sound {
    size_t row;
    double share, decay; /* of a key's loudness; s */
    double longest;      /* s */
};

/* False where its key is not wanted. */
static bool sound_of(const struct midi_loudness *converter, const struct channel *channel, int number,
                     struct sound *sound)
{
    struct key_range keys = converter->settings.keys;
    int key = number - KEY_TO_MIDI;
    if (is_drums(converter, channel)) {
        struct midi_drum drum = midi_drum_of(number);
        *sound = (struct sound){(size_t)(keys.last - keys.first + 1) + drum.drum, drum.share, drum.decay,
                                DRUM_LENGTH * drum.decay};
        return true;
    }
    *sound = (struct sound){(size_t)(key - keys.first), 1, converter->settings.decay, INFINITY};
    return key >= keys.first && key <= keys.last;
}

/* Adds the power of a voice from `since` to now. */
static void settle(struct midi_loudness *converter, struct channel *channel, int number, double now)
{
    const struct block *block = &converter->block;
    struct voice *voice = &channel->voices[number];
    struct sound sound;
    bool wanted = sound_of(converter, channel, number, &sound);
    double interval = converter->settings.interval, power[2];
    double begin = fmax(0, (voice->since - block->start) / interval);
    double end =
        fmin((fmin(now, voice->start + sound.longest) - block->start) / interval, (double)block->frames);
    double start = (voice->start - block->start) / interval;
    voice->since = now;
    if (!wanted || end - begin < OVERLAP_LEAST) return;
    note_power(channel, voice->velocity, power);
    float *left = block->power + sound.row * block->frames;
    float *right = left + block->rows * block->frames;
    for (size_t t = (size_t)begin; t < block->frames && (double)t < end; t++) {
        double a = fmax(begin, (double)t), b = fmin(end, (double)t + 1);
        if (b - a < OVERLAP_LEAST) continue;
        double share = sound.share * sound.share * mean_decayed(a - start, b - start, sound.decay / interval);
        left[t] += (float)(power[0] * share);
        right[t] += (float)(power[1] * share);
    }
}

static void settle_channel(struct midi_loudness *converter, struct channel *channel, double now)
{
    for (int number = 0; number < MIDI_NUMBERS; number++)
        if (channel->voices[number].on) settle(converter, channel, number, now);
}

static void end_note(struct midi_loudness *converter, struct channel *channel, int number, double now)
{
    if (channel->voices[number].on) settle(converter, channel, number, now);
    channel->voices[number].on = false;
}

/* Ends a note of the same number that still sounds. */
static void begin_note(struct midi_loudness *converter, struct channel *channel,
                       const struct midi_event *event)
{
    end_note(converter, channel, event->data[0], event->seconds);
    channel->voices[event->data[0]] =
        (struct voice){true, true, event->data[1], event->seconds, event->seconds};
}

/* Drums ring on. */
static void release_note(struct midi_loudness *converter, struct channel *channel, int number, double now)
{
    if (is_drums(converter, channel)) return;
    channel->voices[number].pressed = false;
    if (!channel->pedal) end_note(converter, channel, number, now);
}

/* Ends the notes that only the pedal held. */
static void lift_pedal(struct midi_loudness *converter, struct channel *channel, double now)
{
    for (int number = 0; number < MIDI_NUMBERS; number++)
        if (!channel->voices[number].pressed) end_note(converter, channel, number, now);
}

static void control(struct midi_loudness *converter, struct channel *channel, const struct midi_event *event)
{
    uint8_t value = event->data[1];
    double now = event->seconds;
    settle_channel(converter, channel, now);
    switch (event->data[0]) {
    case MIDI_VOLUME: channel->volume = value; break;
    case MIDI_EXPRESSION: channel->expression = value; break;
    case MIDI_PAN: channel->pan = value; break;
    case MIDI_PEDAL: channel->pedal = converter->settings.pedal && value >= 64; break;
    case MIDI_RESET: reset_controllers(channel); break;
    case MIDI_SOUND_OFF:
        for (int number = 0; number < MIDI_NUMBERS; number++) end_note(converter, channel, number, now);
        break;
    default:
        if (event->data[0] < MIDI_NOTES_OFF) break; /* this and all higher controllers end the notes */
        for (int number = 0; number < MIDI_NUMBERS; number++) release_note(converter, channel, number, now);
    }
    if (!channel->pedal) lift_pedal(converter, channel, now);
}

static void play(struct midi_loudness *converter, const struct midi_event *event)
{
    struct channel *channel = &converter->channels[event->status & 0x0F];
    if (event->status == MIDI_META || (is_drums(converter, channel) && !converter->settings.drums)) return;
    if (is_note_on(event))
        begin_note(converter, channel, event);
    else if ((event->status & 0xF0) == MIDI_CONTROL)
        control(converter, channel, event);
    else
        release_note(converter, channel, event->data[0], event->seconds);
}

void midi_loudness_fill(struct midi_loudness *converter, float *loudness, size_t frames)
{
    size_t rows = midi_loudness_rows(converter->settings);
    double interval = converter->settings.interval, end = (double)(converter->played + frames) * interval;
    const struct midi *midi = converter->midi;
    converter->block = (struct block){loudness, rows, frames, (double)converter->played * interval};
    memset(loudness, 0, 2 * rows * frames * sizeof *loudness);
    for (; converter->next < midi->count && midi->events[converter->next].seconds < end; converter->next++)
        play(converter, &midi->events[converter->next]);
    /* Notes without a note off end with the song. */
    for (int i = 0; i < MIDI_CHANNELS; i++)
        settle_channel(converter, &converter->channels[i], fmin(end, midi->seconds));
    for (size_t i = 0; i < 2 * rows * frames; i++) loudness[i] = sqrtf(loudness[i]);
    converter->played += frames;
}

void midi_loudness_free(struct midi_loudness *converter)
{
    free(converter);
}
