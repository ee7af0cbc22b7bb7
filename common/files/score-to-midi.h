/* A score to a MIDI file: keys by note segmentation, drums by their hits. */
#ifndef COMMON_FILES_SCORE_TO_MIDI_H
#define COMMON_FILES_SCORE_TO_MIDI_H

#include "common/files/midi.h"
#include "common/keys/score.h"

struct score_to_midi {
    double on, off;       /* of the loudest key: what begins a note and what keeps it */
    double gap, shortest; /* s: the longest pause in a note, the shortest note */
    double again;         /* rise of loudness that begins a note again; 0: none does */
    double tempo;         /* quarters a minute; 0: that of the score's beat, or else of the onsets */
    bool split;           /* each channel its own instrument, left and right */
    int program;          /* of General MIDI, counted from 0 */
    const char *title;    /* or NULL */
    const char *comment;
};

/* Dies where the frames are too short or too many for a MIDI file. The drums are in channel 10, mixed. */
struct midi_file score_to_midi_or_die(const struct reader *reader, const struct score *score,
                                      const struct score_to_midi *settings);

#endif
