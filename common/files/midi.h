/* Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001): reading formats 0 and 1, writing
 * format 1. */
#ifndef COMMON_FILES_MIDI_H
#define COMMON_FILES_MIDI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MIDI_CHANNELS = 16, MIDI_NUMBERS = 128, MIDI_DRUMS = 9 /* channel 10, counted from 0 */ };
enum { MIDI_DIVISION_MOST = 32767, MIDI_TICKS_MOST = 0x0FFFFFFF /* between two events */ };

/* The upper four bits of the status of an event; the lower four are the channel. */
enum midi_status {
    MIDI_NOTE_OFF = 0x80,
    MIDI_NOTE_ON = 0x90,
    MIDI_CONTROL = 0xB0,
    MIDI_PROGRAM = 0xC0,
    MIDI_META = 0xFF
};

enum midi_control {
    MIDI_VOLUME = 7,
    MIDI_PAN = 10,
    MIDI_EXPRESSION = 11,
    MIDI_PEDAL = 64,
    MIDI_SOUND_OFF = 120,
    MIDI_RESET = 121,
    MIDI_NOTES_OFF = 123
};

enum midi_meta { MIDI_TEXT = 1, MIDI_TRACK_NAME = 3, MIDI_TRACK_END = 0x2F, MIDI_TEMPO = 0x51 };

/* A note on or off, a controller, or (status MIDI_META) a tempo. */
struct midi_event {
    double seconds;  /* from the start of the song */
    uint64_t tick;   /* the same time in ticks */
    uint32_t order;  /* of the events in the file */
    uint8_t status;  /* with the channel */
    uint8_t data[3]; /* key and velocity, controller and value, or microseconds of a quarter */
};

/* A song: the events of all tracks, sorted by time. */
struct midi {
    struct midi_event *events; /* (count) */
    size_t count;
    double seconds;    /* where the last track ends */
    char problem[128]; /* why the file cannot be read, and at which byte; "" for none */
};

/* Fills in the song; false when the file is not valid, with midi->problem set. Checks every byte; dies only
 * when memory runs out. Call midi_free in either case. */
bool midi_read_or_die(struct midi *midi, const uint8_t *bytes, size_t size);

void midi_free(struct midi *midi);

/* A note to be written. */
struct midi_note {
    uint32_t on, off; /* ticks, on < off */
    uint8_t number, velocity;
};

/* The notes of one channel, and its pan. */
struct midi_part {
    struct midi_note *notes; /* (count), in any order; notes of one number do not overlap. Caller frees */
    size_t count;
    int pan;    /* 0 left, 64 centre, 127 right */
    bool drums; /* in channel 10, without a program */
};

struct midi_score {
    int division, tempo; /* ticks of a quarter, microseconds of a quarter */
    int program;         /* of General MIDI, counted from 0 */
    uint32_t ticks;      /* of the song; at most MIDI_TICKS_MOST */
    const char *title;   /* or NULL */
    const char *comment;
    const struct midi_part *parts; /* (count), one a channel, from the first on, and track */
    size_t count;
};

struct midi_file {
    void *bytes; /* (size); caller frees */
    size_t size;
};

struct midi_file midi_write_or_die(const struct midi_score *score);

#endif
