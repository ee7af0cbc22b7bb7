/* keys-to-midi: keys records to Standard MIDI Files, by note segmentation. */
#include <math.h>
#include <stdlib.h>

#include "common/fail.h"
#include "common/files/outputs.h"
#include "common/files/score-to-midi.h"
#include "common/files/tags.h"
#include "common/keys/keys-options.h"
#include "common/keys/score.h"
#include "common/keys/stated-option.h"
#include "common/level.h"
#include "common/option-auto.h"
#include "common/progress.h"
#include "common/stream/stream.h"

static long long instrument;
static const char *output = "-", *stereo = "mix";
static double on = 0.1, off = 0.05, gap = 0.04, shortest = 0.06, again = 1.5, loudness_floor = NAN, tempo;
static bool quiet, progress;

/* What records mean that do not state their facts. */
static struct score unstated = {.keys = {KEYS_DEFAULT}, .interval = FRAME_SECONDS_DEFAULT};

static const struct option options[] = {
    {'p', "program", OPTION_INT, &instrument, "PROGRAM", 0, 127, "Instrument of General MIDI; 0 is a piano"},
    {OPTION_FLOOR_STATED(&loudness_floor)},
    {0, "on", OPTION_REAL, &on, "SHARE", 1e-6, 1, "Loudness that begins a note, of the loudest key's"},
    {0, "off", OPTION_REAL, &off, "SHARE", 1e-6, 1, "Loudness that keeps a note, of the loudest key's"},
    {0, "gap", OPTION_REAL, &gap, "SECONDS", 0, 10, "Longest pause that does not end a note"},
    {0, "shortest", OPTION_REAL, &shortest, "SECONDS", 0, 10, "Leave out notes that last less"},
    {0, "again", OPTION_REAL, &again, "RATIO", 0, 1000,
     "Rise of loudness that begins a note again; 0: none does"},
    {0, "tempo", OPTION_AUTO, &tempo, "auto|BPM", 20, 400,
     "Quarters a minute; auto: of the fact beat, or the onsets"},
    {0, "stereo", OPTION_CHOICE, &stereo, "mix|split", 0, 0, "One instrument, or one a channel"},
    {OPTION_KEYS_UNSTATED(&unstated.keys)},
    {OPTION_INTERVAL_UNSTATED(&unstated.interval)},
    {'o', "output", OPTION_TEXT, &output, "FILE", 0, 0, "Where to; for several songs NAME-%03d.mid"},
    {OPTION_QUIET(&quiet, "No progress")},
    {OPTION_PROGRESS(&progress)},
    {0},
};

static const struct program program = {"keys-to-midi", "[FILE]", "Write keys as MIDI files", 1, options};

static struct midi_file convert_or_die(const struct reader *reader, const struct record *keys,
                                       const struct score *score)
{
    char *title = tags_title_or_die(keys), *comment = tags_comment_or_die(keys);
    struct score_to_midi settings = {
        on, off, gap, shortest, again, tempo, *stereo == 's', (int)instrument, title, comment};
    struct midi_file file = score_to_midi_or_die(reader, score, &settings);
    free(title);
    free(comment);
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
        level_subtract_floor(keys.data, keys.count,
                             (float)stated_real_or_die(reader, &keys, options, "floor", 0));
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
