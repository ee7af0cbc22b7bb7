/* keys-to-midi: keys records to Standard MIDI Files, by note segmentation. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/files/midi.h"
#include "common/files/outputs.h"
#include "common/files/tags.h"
#include "common/keys/keys-options.h"
#include "common/keys/note-segments.h"
#include "common/keys/score.h"
#include "common/level.h"
#include "common/memory.h"
#include "common/option.h"
#include "common/progress.h"
#include "common/stream/stream.h"

static long long instrument;
static const char *output = "-", *stereo = "mix";
static double on = 0.1, off = 0.05, gap = 0.04, shortest = 0.06, again = 1.5, loudness_floor;
static bool quiet, progress;
static const double RISE_SECONDS = 0.06;   /* in which a note that is struck again becomes louder */
static const double INTERVAL_LEAST = 1e-4; /* s; a quarter would have too many ticks */

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {'p', "program", OPTION_INT, &instrument, "PROGRAM", 0, 127, "Instrument of General MIDI; 0 is a piano"},
    {OPTION_FLOOR(&loudness_floor, "")},
    {0, "on", OPTION_REAL, &on, "SHARE", 1e-6, 1, "Loudness that begins a note, of the record's largest"},
    {0, "off", OPTION_REAL, &off, "SHARE", 1e-6, 1, "Loudness that keeps a note, of the record's largest"},
    {0, "gap", OPTION_REAL, &gap, "SECONDS", 0, 10, "Longest pause that does not end a note"},
    {0, "shortest", OPTION_REAL, &shortest, "SECONDS", 0, 10, "Leave out notes that last less"},
    {0, "again", OPTION_REAL, &again, "RATIO", 0, 1000,
     "Rise of loudness that begins a note again; 0: none does"},
    {0, "stereo", OPTION_CHOICE, &stereo, "mix|split", 0, 0, "One instrument, or one a channel"},
    {OPTION_KEYS_UNSTATED(&unstated.keys)},
    {OPTION_INTERVAL_UNSTATED(&unstated.interval)},
    {'o', "output", OPTION_TEXT, &output, "FILE", 0, 0, "Where to; for several songs NAME-%03d.mid"},
    {OPTION_QUIET(&quiet, "No progress")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"keys-to-midi", "[FILE]", "Write keys as MIDI files", 1, options};

/* A frame is a whole number of ticks; a quarter is about half a second and a whole number of frames and
 * microseconds. */
struct grid {
    int frames, ticks; /* frames of a quarter, ticks of a frame */
    int tempo;         /* microseconds of a quarter */
};

static struct grid grid_or_die(const struct reader *reader, const struct score *score)
{
    if (score->interval < INTERVAL_LEAST)
        reader_die(reader, "an interval of %g s is too short for a MIDI file", score->interval);
    struct grid grid = {.frames = (int)fmax(1, round(0.5 / score->interval))};
    grid.ticks = (int)fmax(1, round(500.0 / grid.frames));
    grid.tempo = (int)lround(1e6 * grid.frames * score->interval);
    if (score->parts * score->frames > (size_t)(MIDI_TICKS_MOST / grid.ticks))
        reader_die(reader, "too long for a MIDI file");
    return grid;
}

/* lines (channels, rows, count): the loudness of each key; of a mix the root of the mean power. */
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

/* The notes in the lines (rows, count) of one channel. */
static struct midi_part part_or_die(const float *lines, const struct score *score, struct grid grid,
                                    float largest)
{
    struct midi_part part = {.pan = 64};
    size_t room = 0, count = score->parts * score->frames;
    struct note_segment_rules rules = {fmaxf((float)on * largest, FLT_TRUE_MIN),
                                       fmaxf((float)off * largest, FLT_TRUE_MIN),
                                       (size_t)lround(gap / score->interval),
                                       (size_t)lround(shortest / score->interval),
                                       (float)again,
                                       (size_t)lround(RISE_SECONDS / score->interval)};
    for (size_t k = 0; k < score->pitched && largest > 0; k++) {
        struct note_segment note = {0};
        while (note_segment_next(&note, lines + k * count, count, rules)) {
            double velocity = fmax(1, round(127 * sqrt(note.loudness / largest)));
            if (part.count == room)
                part.notes = reallocate_or_die(part.notes, room = 2 * room + 64, sizeof *part.notes);
            part.notes[part.count++] = (struct midi_note){
                (uint32_t)note.start * (uint32_t)grid.ticks, (uint32_t)note.end * (uint32_t)grid.ticks,
                (uint8_t)(score->keys.first + (int)k + KEY_TO_MIDI), (uint8_t)velocity};
        }
    }
    return part;
}

static struct midi_file convert_or_die(const struct reader *reader, const struct record *keys,
                                       const struct score *score)
{
    struct grid grid = grid_or_die(reader, score);
    size_t channels = *stereo == 'm' ? 1 : score->channels, count = score->parts * score->frames;
    float *lines = lines_or_die(score, channels);
    float largest = level_peak(lines, channels * score->rows * count);
    struct midi_part parts[2];
    for (size_t c = 0; c < channels; c++) {
        parts[c] = part_or_die(lines + c * score->rows * count, score, grid, largest);
        if (channels == 2) parts[c].pan = c ? 127 : 0;
    }
    char *title = tags_title_or_die(keys), *comment = tags_comment_or_die(keys);
    struct midi_file file = midi_write_or_die(
        &(struct midi_score){grid.frames * grid.ticks, grid.tempo, (int)instrument,
                             (uint32_t)count * (uint32_t)grid.ticks, title, comment, parts, channels});
    for (size_t c = 0; c < channels; c++) free(parts[c].notes);
    free(title);
    free(comment);
    free(lines);
    return file;
}

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    if (off > on) die_usage("--off %g is more than --on %g", off, on);

    struct outputs *files = outputs_open_or_die(output, "song", "song-%03d.mid");
    struct reader *reader = reader_open_or_die(argv[operand]);
    struct record keys = {0};
    progress_begin("songs", 0, progress, quiet);
    while (reader_next_finite_or_die(reader, &keys)) {
        struct score score = score_or_die(reader, &keys, unstated);
        level_subtract_floor(keys.data, keys.count, (float)loudness_floor);
        struct midi_file file = convert_or_die(reader, &keys, &score);
        outputs_put_or_die(files, reader, file.bytes, file.size);
        progress_show((double)reader_count(reader), NULL);
    }
    progress_end();
    outputs_close_or_die(files, argv[operand]);
    reader_close(reader);
    record_free(&keys);
    return 0;
}
