/* Reading Standard MIDI Files. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/files/midi.h"
#include "common/memory.h"

/* A longer song comes from a damaged file. */
static const double SECONDS_MOST = 36000;
static const double STANDARD_TEMPO = 500000; /* microseconds a quarter */

/* A position in the file. The first problem is kept, and moves the position to the end, so that every loop
 * ends. */
struct cursor {
    struct midi *midi;
    const uint8_t *bytes;
    size_t position, end;
    size_t room;    /* events that memory is allocated for */
    uint64_t ticks; /* of the longest track */
};

static void __attribute__((format(printf, 2, 3))) fail(struct cursor *cursor, const char *format, ...)
{
    char *problem = cursor->midi->problem;
    if (!*problem) {
        va_list values;
        va_start(values, format);
        int length = snprintf(problem, sizeof cursor->midi->problem, "byte %zu: ", cursor->position);
        vsnprintf(problem + length, sizeof cursor->midi->problem - (size_t)length, format, values);
        va_end(values);
    }
    cursor->position = cursor->end;
}

static bool take(struct cursor *cursor, size_t count)
{
    if (cursor->end - cursor->position >= count) return true;
    fail(cursor, "cut short");
    return false;
}

static void skip(struct cursor *cursor, size_t count)
{
    if (take(cursor, count)) cursor->position += count;
}

/* A number of `count` bytes, big-endian. */
static uint32_t read_number(struct cursor *cursor, size_t count)
{
    uint32_t number = 0;
    if (!take(cursor, count)) return 0;
    while (count--) number = number << 8 | cursor->bytes[cursor->position++];
    return number;
}

/* A variable-length quantity: at most four bytes of seven bits, the eighth bit set in all but the last. */
static uint32_t read_variable(struct cursor *cursor)
{
    uint32_t number = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t byte = read_number(cursor, 1);
        number = number << 7 | (byte & 0x7F);
        if (!(byte & 0x80)) return number;
    }
    fail(cursor, "a number of more than four bytes");
    return 0;
}

static uint8_t read_data(struct cursor *cursor)
{
    uint32_t byte = read_number(cursor, 1);
    if (byte & 0x80) fail(cursor, "a status where data should be");
    return (uint8_t)(byte & 0x7F);
}

static void add(struct cursor *cursor, uint64_t tick, uint8_t status, const uint8_t data[3])
{
    struct midi *midi = cursor->midi;
    if (*midi->problem) return;
    if (midi->count == cursor->room) {
        cursor->room = 2 * cursor->room + 256;
        midi->events = reallocate_or_die(midi->events, cursor->room, sizeof *midi->events);
    }
    midi->events[midi->count] = (struct midi_event){
        .tick = tick, .order = (uint32_t)midi->count, .status = status, .data = {data[0], data[1], data[2]}};
    midi->count++;
}

/* Keeps a tempo and skips other meta events. True at the end of the track. */
static bool read_meta(struct cursor *cursor, uint64_t tick)
{
    uint32_t type = read_number(cursor, 1), length = read_variable(cursor);
    if (type == MIDI_TEMPO) {
        uint32_t tempo = length == 3 ? read_number(cursor, 3) : 0;
        if (tempo == 0) fail(cursor, "a tempo that is none");
        add(cursor, tick, MIDI_META,
            (uint8_t[]){(uint8_t)(tempo >> 16), (uint8_t)(tempo >> 8), (uint8_t)tempo});
    } else {
        skip(cursor, length);
    }
    return type == MIDI_TRACK_END;
}

static void read_message(struct cursor *cursor, uint64_t tick, uint8_t status)
{
    uint8_t data[3] = {read_data(cursor)};
    uint8_t kind = status & 0xF0;
    if (kind != MIDI_PROGRAM && kind != 0xD0) data[1] = read_data(cursor);
    if (kind == MIDI_NOTE_OFF || kind == MIDI_NOTE_ON || kind == MIDI_CONTROL)
        add(cursor, tick, status, data);
}

/* The running status survives meta events: the standard says no, but there are such files. */
static void read_track(struct cursor *cursor)
{
    uint64_t tick = 0;
    uint8_t running = 0;
    for (bool ended = false; !ended && cursor->position < cursor->end;) {
        tick += read_variable(cursor);
        if (!take(cursor, 1)) return;
        uint8_t status = cursor->bytes[cursor->position] & 0x80 ? cursor->bytes[cursor->position++] : running;
        if (status == MIDI_META)
            ended = read_meta(cursor, tick);
        else if (status == 0xF0 || status == 0xF7)
            skip(cursor, read_variable(cursor));
        else if (status == 0)
            fail(cursor, "an event without a status");
        else if (status > 0xF0)
            fail(cursor, "status %02X, which no file may have", status);
        else
            read_message(cursor, tick, running = status);
    }
    if (tick > cursor->ticks) cursor->ticks = tick;
}

/* Skips chunks of other types between the tracks. */
static void read_tracks(struct cursor *cursor, uint32_t tracks)
{
    size_t end = cursor->end;
    for (uint32_t track = 0; track < tracks && !*cursor->midi->problem;) {
        if (cursor->position == end) {
            fail(cursor, "%u of %u tracks", track, tracks);
            return;
        }
        uint32_t type = read_number(cursor, 4), length = read_number(cursor, 4);
        if (!take(cursor, length)) return;
        cursor->end = cursor->position + length;
        if (type == 0x4D54726B) { /* MTrk */
            read_track(cursor);
            track++;
        }
        cursor->position = cursor->end;
        cursor->end = end;
    }
}

/* Seconds of a tick when the file counts SMPTE frames, or 0 when it counts quarters. */
static double frame_tick(struct cursor *cursor, uint32_t division)
{
    if (division < 0x8000) {
        if (division == 0) fail(cursor, "no ticks in a quarter");
        return 0;
    }
    uint32_t frames = 0x100 - (division >> 8), ticks = division & 0xFF;
    if (ticks == 0 || (frames != 24 && frames != 25 && frames != 29 && frames != 30)) {
        fail(cursor, "%u frames a second, %u ticks a frame", frames, ticks);
        return 0;
    }
    return 1 / ((frames == 29 ? 30000 / 1001.0 : frames) * ticks);
}

static int by_time(const void *a, const void *b)
{
    const struct midi_event *x = a, *y = b;
    if (x->tick != y->tick) return x->tick < y->tick ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Sets the seconds of all events. `film`: seconds of a tick in SMPTE frames, which have no tempo; 0: in
 * quarters. */
static void set_times(struct midi *midi, uint64_t ticks, uint32_t division, double film)
{
    double seconds = 0, scale = film > 0 ? film : 1e-6 * STANDARD_TEMPO / division;
    uint64_t since = 0; /* tick of the last tempo, which is at `seconds` */
    for (size_t i = 0; i < midi->count; i++) {
        struct midi_event *event = &midi->events[i];
        event->seconds = seconds + scale * (double)(event->tick - since);
        if (event->status != MIDI_META || film > 0) continue;
        uint32_t tempo = (uint32_t)event->data[0] << 16 | (uint32_t)event->data[1] << 8 | event->data[2];
        seconds = event->seconds;
        since = event->tick;
        scale = 1e-6 * tempo / division;
    }
    midi->seconds = seconds + scale * (double)(ticks - since);
}

bool midi_read_or_die(struct midi *midi, const uint8_t *bytes, size_t size)
{
    *midi = (struct midi){0};
    struct cursor cursor = {.midi = midi, .bytes = bytes, .end = size};
    if (size < 4 || memcmp(bytes, "MThd", 4) != 0) {
        fail(&cursor, "not a Standard MIDI File");
        return false;
    }
    skip(&cursor, 4);
    uint32_t length = read_number(&cursor, 4), format = read_number(&cursor, 2);
    uint32_t tracks = read_number(&cursor, 2), division = read_number(&cursor, 2);
    if (length < 6) fail(&cursor, "a header of %u bytes", length);
    if (format > 1) fail(&cursor, "format %u, not 0 or 1", format);
    double film = frame_tick(&cursor, division);
    skip(&cursor, length - 6);
    read_tracks(&cursor, tracks);
    if (*midi->problem) return false;
    if (midi->count > 0) qsort(midi->events, midi->count, sizeof *midi->events, by_time);
    set_times(midi, cursor.ticks, division, film);
    if (!(midi->seconds <= SECONDS_MOST)) fail(&cursor, "%g s long", midi->seconds);
    return !*midi->problem;
}

void midi_free(struct midi *midi)
{
    free(midi->events);
    midi->events = NULL;
}
