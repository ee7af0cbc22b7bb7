/* Notes and hits of a score, as a MIDI file. */
#include "common/files/score-to-midi.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "common/beats/tempo.h"
#include "common/files/midi-drums.h"
#include "common/keys/drum-hits.h"
#include "common/keys/note-segments.h"
#include "common/level.h"
#include "common/memory.h"

static const double RISE_SECONDS = 0.06;   /* in which a note that is struck again becomes louder */
static const double INTERVAL_LEAST = 1e-4; /* s; a quarter would have too many ticks */
static const double TICK_SECONDS = 1e-4;   /* about, so that a quarter can have any tempo */
static const double STANDARD_TEMPO = 120;  /* where none is heard */
static const double HIT_SECONDS = 0.1;     /* from note on to note off, unless struck again before */
static const double SOFTEST_DRUM = 0.02;   /* a hit at least, of what a drum has at velocity 127 */

/* A frame is a whole number of ticks, a quarter of ticks and microseconds. */
struct grid {
    int ticks;    /* of a frame */
    int division; /* ticks of a quarter */
    int tempo;    /* microseconds of a quarter */
};

static struct grid grid_or_die(const struct reader *reader, const struct score *score, double tempo)
{
    size_t frames = score->parts * score->frames;
    if (score->interval < INTERVAL_LEAST)
        reader_die(reader, "an interval of %g s is too short for a MIDI file", score->interval);
    if (frames > MIDI_TICKS_MOST) reader_die(reader, "too long for a MIDI file");
    double most = floor((double)MIDI_TICKS_MOST / (double)frames);
    struct grid grid = {.ticks = (int)fmax(1, fmin(most, round(score->interval / TICK_SECONDS)))};
    double tick = score->interval / grid.ticks, quarter = 60 / tempo;
    grid.division = (int)fmax(1, fmin(MIDI_DIVISION_MOST, round(quarter / tick)));
    grid.tempo = (int)lround(1e6 * grid.division * tick);
    return grid;
}

/* lines (channels, rows, count): the loudness of each row; of a mix the root of the mean power. */
static float *lines_or_die(const struct score *score, size_t channels)
{
    size_t count = score->parts * score->frames, size = score->rows * count;
    float *lines = allocate_or_die(score->channels * size, sizeof *lines);
    for (size_t c = 0; c < score->channels; c++)
        for (size_t k = 0; k < score->rows; k++) score_line(score, c, k, lines + c * size + k * count);
    for (size_t i = 0; channels < score->channels && i < size; i++)
        lines[i] = (float)(hypot(lines[i], lines[size + i]) * M_SQRT1_2);
    return lines;
}

static void add_note_or_die(struct midi_part *part, size_t *room, struct midi_note note)
{
    if (part->count == *room)
        part->notes = reallocate_or_die(part->notes, *room = 2 * *room + 64, sizeof *part->notes);
    part->notes[part->count++] = note;
}

static uint8_t velocity_of(float loudness, double largest)
{
    return (uint8_t)fmin(127, fmax(1, round(127 * sqrt((double)loudness / largest))));
}

/* The notes in the lines (rows, count) of one channel, told by their share of the loudest key's loudness. */
static struct midi_part part_or_die(const float *lines, const struct score *score, struct grid grid,
                                    float loudest, float largest, const struct score_to_midi *settings)
{
    struct midi_part part = {.pan = 64};
    size_t room = 0, count = score->parts * score->frames;
    struct note_segment_rules rules = {fmaxf((float)settings->on * loudest, FLT_TRUE_MIN),
                                       fmaxf((float)settings->off * loudest, FLT_TRUE_MIN),
                                       (size_t)lround(settings->gap / score->interval),
                                       (size_t)lround(settings->shortest / score->interval),
                                       (float)settings->again,
                                       (size_t)lround(RISE_SECONDS / score->interval)};
    for (size_t k = 0; k < score->pitched && loudest > 0; k++) {
        struct note_segment note = {0};
        while (note_segment_next(&note, lines + k * count, count, rules))
            add_note_or_die(&part, &room,
                            (struct midi_note){(uint32_t)note.start * (uint32_t)grid.ticks,
                                               (uint32_t)note.end * (uint32_t)grid.ticks,
                                               (uint8_t)(score->keys.first + (int)k + KEY_TO_MIDI),
                                               velocity_of(note.loudness, (double)largest)});
    }
    return part;
}

/* The hits of the drums, in lines (drums, count). A row's softest hit is a tenth of its loudest. */
static struct midi_part drums_or_die(const float *lines, const struct score *score, struct grid grid,
                                     float largest, double on)
{
    struct midi_part part = {.pan = 64, .drums = true};
    size_t room = 0, count = score->parts * score->frames;
    size_t longest = (size_t)fmax(1, round(HIT_SECONDS / score->interval));
    for (size_t d = 0; d < score->drums && largest > 0; d++) {
        const float *line = lines + d * count;
        int number = midi_drum_number((enum keyboard_drum)d);
        double full = midi_drum_of(number).share * (double)largest;
        float least = fmaxf((float)(on * (double)level_peak(line, count)), (float)(SOFTEST_DRUM * full));
        struct drum_hit hit = {0};
        while (drum_hit_next(&hit, line, count, least)) {
            double place =
                score->beat > 0 ? 0 : hit.place; /* where frames are parts of a beat, hits are on them */
            uint32_t at = (uint32_t)((double)hit.frame * grid.ticks + place * grid.ticks);
            struct midi_note *before = part.count > 0 ? &part.notes[part.count - 1] : NULL;
            if (before && before->number == number && before->off > at) before->off = at;
            add_note_or_die(&part, &room,
                            (struct midi_note){at, at + (uint32_t)longest * (uint32_t)grid.ticks,
                                               (uint8_t)number, velocity_of(hit.loudness, full)});
        }
        if (part.count > 0 && part.notes[part.count - 1].off > count * (size_t)grid.ticks)
            part.notes[part.count - 1].off = (uint32_t)(count * (size_t)grid.ticks);
    }
    return part;
}

static float loudest_key(const float *lines, size_t channels, const struct score *score)
{
    size_t count = score->parts * score->frames;
    float loudest = 0;
    for (size_t c = 0; c < channels; c++)
        loudest = fmaxf(loudest, level_peak(lines + c * score->rows * count, score->pitched * count));
    return loudest;
}

/* The loudness of velocity 127: that of the loudest key, or what drums of the same velocity would go with. */
static float largest_of(const float *lines, size_t channels, const struct score *score)
{
    size_t count = score->parts * score->frames;
    float largest = loudest_key(lines, channels, score);
    for (size_t c = 0; c < channels; c++, lines += score->rows * count) {
        for (size_t d = 0; d < score->drums; d++) {
            struct midi_drum drum = midi_drum_of(midi_drum_number((enum keyboard_drum)d));
            float peak = level_peak(lines + (score->pitched + d) * count, count);
            largest = fmaxf(largest, peak / (float)drum.share);
        }
    }
    return largest;
}

static double own_tempo_or_die(const struct score *score)
{
    if (score->beat > 0) return 60 / ((double)score->beat * score->interval);
    return tempo_or_die(score, STANDARD_TEMPO);
}

struct midi_file score_to_midi_or_die(const struct reader *reader, const struct score *score,
                                      const struct score_to_midi *settings)
{
    double tempo = settings->tempo > 0 ? settings->tempo : own_tempo_or_die(score);
    struct grid grid = grid_or_die(reader, score, tempo);
    size_t channels = settings->split ? score->channels : 1, count = score->parts * score->frames;
    float *lines = lines_or_die(score, channels);
    float loudest = loudest_key(lines, channels, score), largest = largest_of(lines, channels, score);
    struct midi_part *parts = allocate_or_die(channels + 1, sizeof *parts);
    for (size_t c = 0; c < channels; c++) {
        parts[c] = part_or_die(lines + c * score->rows * count, score, grid, loudest, largest, settings);
        if (channels == 2) parts[c].pan = c ? 127 : 0;
    }
    free(lines);
    if (score->drums) {
        lines = lines_or_die(score, 1);
        parts[channels] = drums_or_die(lines + score->pitched * count, score, grid, largest, settings->on);
        free(lines);
    }
    size_t used = channels + (score->drums > 0);
    struct midi_file file = midi_write_or_die(&(struct midi_score){
        grid.division, grid.tempo, settings->program, (uint32_t)count * (uint32_t)grid.ticks, settings->title,
        settings->comment, parts, used});
    for (size_t i = 0; i < used; i++) free(parts[i].notes);
    free(parts);
    return file;
}
