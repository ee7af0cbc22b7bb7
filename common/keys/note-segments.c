/* Note segmentation with two thresholds, a longest gap and a shortest length. */
#include "common/keys/note-segments.h"

bool note_segment_next(struct note_segment *note, const float *line, size_t count,
                       struct note_segment_rules rules)
{
    for (size_t t = note->end; t < count; t++) {
        if (line[t] < rules.on) continue;
        *note = (struct note_segment){t, t + 1, line[t]};
        for (t++; t < count && t - note->end <= rules.gap; t++) {
            if (line[t] < rules.off) continue;
            note->end = t + 1;
            if (line[t] > note->loudness) note->loudness = line[t];
        }
        if (note->end - note->start >= rules.shortest) return true;
        t = note->end - 1;
    }
    return false;
}
