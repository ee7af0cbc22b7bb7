#include "common/files/midi-to-loudness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static const double FULL = 0.1;       /* the loudness of the loudest note */
static const double TOO_SHORT = 1e-6; /* of an interval: rounding of times, not sound */

struct voice {
    bool on;      /* it sounds */
    bool pressed; /* and not only because of the pedal */
    uint8_t velocity;
    double start; /* s */
    double since; /* s: what was before is already in the loudness */
};

struct channel {
    uint8_t volume, expression, pan;
    bool pedal;
    struct voice voices[MIDI_NUMBERS];
};

/* A velocity of 0 ends a note. */
static bool is_beginning(const struct midi_event *event)
{
    return (event->status & 0xF0) == MIDI_NOTE_ON && event->data[1] > 0;
}

bool midi_has_note(const struct midi *midi, struct key_range keys)
{
    for (size_t i = 0; i < midi->count; i++) {
        const struct midi_event *event = &midi->events[i];
        int key = event->data[0] - KEY_TO_MIDI;
        if (is_beginning(event) && (event->status & 0x0F) != MIDI_DRUMS && key >= keys.first &&
            key <= keys.last)
            return true;
    }
    return false;
}

/* Where the sound goes: power (2, keys, intervals) from `start` on. */
struct page {
    float *power;
    size_t rows, intervals;
    double start; /* s */
};

struct midi_loudness {
    const struct midi *midi;
    struct midi_loudness_settings settings;
    size_t next;    /* event */
    uint64_t heard; /* intervals */
    struct page page;
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
        converter->channels[i].volume = 100; /* General MIDI's */
        converter->channels[i].pan = 64;
        reset_controllers(&converter->channels[i]);
    }
    return converter;
}

/* power (2): the square of the loudness that a note has at its start, on each side. */
static void note_power(const struct channel *channel, uint8_t velocity, double power[2])
{
    double share = velocity / 127.0 * channel->volume / 127.0 * channel->expression / 127.0;
    double angle = M_PI / 2 * fmax(0, channel->pan - 1.0) / 126, loudness = FULL * share * share;
    power[0] = 2 * pow(loudness * cos(angle), 2);
    power[1] = 2 * pow(loudness * sin(angle), 2);
}

/* The mean over an interval of exp(-2 t / decay) from t = a to b, all in intervals; 0 decay: none. */
static double mean_decayed(double a, double b, double decay)
{
    if (decay == 0) return b - a;
    return decay / 2 * (exp(-2 * a / decay) - exp(-2 * b / decay));
}

/* Adds what a voice has sounded since it was last settled. */
static void settle(struct midi_loudness *converter, struct channel *channel, int number, double now)
{
    const struct page *page = &converter->page;
    struct voice *voice = &channel->voices[number];
    struct key_range keys = converter->settings.keys;
    int key = number - KEY_TO_MIDI;
    double interval = converter->settings.interval, power[2];
    double from = fmax(0, (voice->since - page->start) / interval);
    double to = fmin((now - page->start) / interval, (double)page->intervals);
    double start = (voice->start - page->start) / interval;
    voice->since = now;
    if (key < keys.first || key > keys.last || to - from < TOO_SHORT) return;
    note_power(channel, voice->velocity, power);
    float *left = page->power + (size_t)(key - keys.first) * page->intervals;
    float *right = left + page->rows * page->intervals;
    for (size_t t = (size_t)from; t < page->intervals && (double)t < to; t++) {
        double a = fmax(from, (double)t), b = fmin(to, (double)t + 1);
        if (b - a < TOO_SHORT) continue;
        double share = mean_decayed(a - start, b - start, converter->settings.decay / interval);
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

/* A note that still sounds is struck anew. */
static void begin_note(struct midi_loudness *converter, struct channel *channel,
                       const struct midi_event *event)
{
    end_note(converter, channel, event->data[0], event->seconds);
    channel->voices[event->data[0]] =
        (struct voice){true, true, event->data[1], event->seconds, event->seconds};
}

static void release_note(struct midi_loudness *converter, struct channel *channel, int number, double now)
{
    channel->voices[number].pressed = false;
    if (!channel->pedal) end_note(converter, channel, number, now);
}

/* Ends what the pedal held. */
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
        if (event->data[0] < MIDI_NOTES_OFF) break; /* all from there on end the notes */
        for (int number = 0; number < MIDI_NUMBERS; number++) release_note(converter, channel, number, now);
    }
    if (!channel->pedal) lift_pedal(converter, channel, now);
}

static void play(struct midi_loudness *converter, const struct midi_event *event)
{
    struct channel *channel = &converter->channels[event->status & 0x0F];
    if (event->status == MIDI_META || (event->status & 0x0F) == MIDI_DRUMS) return;
    if (is_beginning(event))
        begin_note(converter, channel, event);
    else if ((event->status & 0xF0) == MIDI_CONTROL)
        control(converter, channel, event);
    else
        release_note(converter, channel, event->data[0], event->seconds);
}

void midi_loudness_fill(struct midi_loudness *converter, float *loudness, size_t intervals)
{
    size_t rows = (size_t)(converter->settings.keys.last - converter->settings.keys.first + 1);
    double interval = converter->settings.interval, end = (double)(converter->heard + intervals) * interval;
    const struct midi *midi = converter->midi;
    converter->page = (struct page){loudness, rows, intervals, (double)converter->heard * interval};
    memset(loudness, 0, 2 * rows * intervals * sizeof *loudness);
    for (; converter->next < midi->count && midi->events[converter->next].seconds < end; converter->next++)
        play(converter, &midi->events[converter->next]);
    /* A note that nothing ends, ends with the song. */
    for (int i = 0; i < MIDI_CHANNELS; i++)
        settle_channel(converter, &converter->channels[i], fmin(end, midi->seconds));
    for (size_t i = 0; i < 2 * rows * intervals; i++) loudness[i] = sqrtf(loudness[i]);
    converter->heard += intervals;
}

void midi_loudness_free(struct midi_loudness *converter)
{
    free(converter);
}
