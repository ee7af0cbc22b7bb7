/* Writing Standard MIDI Files of format 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fail.h"
#include "common/files/midi.h"
#include "common/memory.h"

/* A chunk of the file in memory, while it grows. */
struct chunk {
    FILE *stream;
    char *bytes;
    size_t size;
    uint32_t tick; /* of the last event */
};

/* The beginning or the end of a note. */
struct edge {
    uint32_t tick;
    bool on;
    uint8_t number, velocity;
};

static void chunk_begin_or_die(struct chunk *chunk)
{
    *chunk = (struct chunk){0};
    chunk->stream = open_memstream(&chunk->bytes, &chunk->size);
    if (!chunk->stream) die("out of memory for a MIDI file");
}

/* A number in `count` bytes, big-endian. */
static void put_number(FILE *stream, uint32_t number, int count)
{
    while (count--) putc((int)(number >> 8 * count & 0xFF), stream);
}

/* A variable-length quantity: bytes of seven bits, big-endian, the eighth bit set in all but the last. */
static void put_variable(FILE *stream, uint32_t number)
{
    for (int shift = 21; shift > 0; shift -= 7)
        if (number >> shift) putc((int)(number >> shift & 0x7F) | 0x80, stream);
    putc((int)(number & 0x7F), stream);
}

static void put_delta(struct chunk *chunk, uint32_t tick)
{
    put_variable(chunk->stream, tick - chunk->tick);
    chunk->tick = tick;
}

static void put_message(struct chunk *chunk, uint32_t tick, const uint8_t *bytes, size_t size)
{
    put_delta(chunk, tick);
    fwrite(bytes, 1, size, chunk->stream);
}

static void put_meta(struct chunk *chunk, uint32_t tick, uint8_t type, const void *bytes, size_t size)
{
    put_message(chunk, tick, (uint8_t[]){MIDI_META, type}, 2);
    put_variable(chunk->stream, (uint32_t)size);
    fwrite(bytes, 1, size, chunk->stream);
}

/* Appends the chunk to the file and frees it. */
static void chunk_end_or_die(struct chunk *chunk, FILE *file, const char *type)
{
    bool good = !ferror(chunk->stream);
    if (fclose(chunk->stream) != 0 || !good) die("out of memory for a MIDI file");
    if (chunk->size > UINT32_MAX) die("more notes than a MIDI file can hold");
    fwrite(type, 1, 4, file);
    put_number(file, (uint32_t)chunk->size, 4);
    fwrite(chunk->bytes, 1, chunk->size, file);
    free(chunk->bytes);
}

/* At the same tick ends come first, so that a note can follow another of its number. */
static int by_time(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->tick != y->tick) return x->tick < y->tick ? -1 : 1;
    if (x->on != y->on) return x->on ? 1 : -1;
    return x->number - y->number;
}

static void put_notes_or_die(struct chunk *chunk, const struct midi_part *part, int channel)
{
    struct edge *edges = allocate_or_die(2 * part->count, sizeof *edges);
    for (size_t i = 0; i < part->count; i++) {
        const struct midi_note *note = &part->notes[i];
        edges[2 * i] = (struct edge){note->on, true, note->number, note->velocity};
        edges[2 * i + 1] = (struct edge){note->off, false, note->number, 64};
    }
    qsort(edges, 2 * part->count, sizeof *edges, by_time);
    for (size_t i = 0; i < 2 * part->count; i++) {
        uint8_t status = (uint8_t)((edges[i].on ? MIDI_NOTE_ON : MIDI_NOTE_OFF) | channel);
        put_message(chunk, edges[i].tick, (uint8_t[]){status, edges[i].number, edges[i].velocity}, 3);
    }
    free(edges);
}

/* The first track: tempo and texts, which apply to all tracks. */
static void put_conductor_or_die(FILE *file, const struct midi_score *score)
{
    struct chunk chunk;
    uint8_t tempo[] = {(uint8_t)(score->tempo >> 16), (uint8_t)(score->tempo >> 8), (uint8_t)score->tempo};
    chunk_begin_or_die(&chunk);
    if (score->title) put_meta(&chunk, 0, MIDI_TRACK_NAME, score->title, strlen(score->title));
    put_meta(&chunk, 0, MIDI_TEXT, score->comment, strlen(score->comment));
    put_meta(&chunk, 0, MIDI_TEMPO, tempo, sizeof tempo);
    put_meta(&chunk, score->ticks, MIDI_TRACK_END, "", 0);
    chunk_end_or_die(&chunk, file, "MTrk");
}

static void put_part_or_die(FILE *file, const struct midi_score *score, size_t index)
{
    struct chunk chunk;
    const struct midi_part *part = &score->parts[index];
    int channel = part->drums ? MIDI_DRUMS : (int)index;
    uint8_t program[] = {(uint8_t)(MIDI_PROGRAM | channel), (uint8_t)score->program};
    uint8_t pan[] = {(uint8_t)(MIDI_CONTROL | channel), MIDI_PAN, (uint8_t)part->pan};
    chunk_begin_or_die(&chunk);
    if (!part->drums) put_message(&chunk, 0, program, sizeof program);
    put_message(&chunk, 0, pan, sizeof pan);
    put_notes_or_die(&chunk, part, channel);
    put_meta(&chunk, score->ticks, MIDI_TRACK_END, "", 0);
    chunk_end_or_die(&chunk, file, "MTrk");
}

struct midi_file midi_write_or_die(const struct midi_score *score)
{
    struct midi_file result = {0};
    char *bytes;
    FILE *file = open_memstream(&bytes, &result.size);
    if (!file) die("out of memory for a MIDI file");
    fwrite("MThd", 1, 4, file);
    put_number(file, 6, 4);
    put_number(file, 1, 2);
    put_number(file, (uint32_t)score->count + 1, 2);
    put_number(file, (uint32_t)score->division, 2);
    put_conductor_or_die(file, score);
    for (size_t i = 0; i < score->count; i++) put_part_or_die(file, score, i);
    bool good = !ferror(file);
    if (fclose(file) != 0 || !good) die("out of memory for a MIDI file");
    result.bytes = bytes;
    return result;
}
