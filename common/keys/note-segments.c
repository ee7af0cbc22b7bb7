/* Note segmentation with two thresholds, a longest gap, a shortest length, and notes struck again. */
#include "common/keys/note-segments.h"

static bool struck_again(const struct note_segment *note, const float *line, size_t t,
                         const struct note_segment_rules *rules)
{
    if (rules->again <= 0 || t < note->start + 2 * rules->rise || line[t] < rules->on ||
        line[t] <= line[t - 1])
        return false;
    for (size_t past = 1; past <= rules->rise; past++)
        if (line[t - past] >= rules->off && line[t] >= rules->again * line[t - past]) return true;
    return false;
}

bool note_segment_next(struct note_segment *note, const float *line, size_t count,
                       struct note_segment_rules rules)
{
    for (size_t t = note->end; t < count; t++) {
        if (line[t] < rules.on) continue;
        *note = (struct note_segment){t, t + 1, line[t]};
        for (t++; t < count && t - note->end <= rules.gap; t++) {
            if (line[t] < rules.off) continue;
            if (struck_again(note, line, t, &rules)) break;
            note->end = t + 1;
            if (line[t] > note->loudness) note->loudness = line[t];
        }
        if (note->end - note->start >= rules.shortest) return true;
        t = note->end - 1;
    }
    return false;
}
