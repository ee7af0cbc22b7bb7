/* Keys on the beat clock. */
#include "common/beats/beat-clock.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/keys/drum-hits.h"
#include "common/memory.h"

static const double HIT_FRAME = 0.02; /* s: about how long a frame of a hit is on either clock */

/* The frame of the score, between two of them, in which `frame` of the beat clock has its middle. Beats
 * before at[0] and behind at[beats] are as long as those next to them. */
static double middle_of(const double *at, size_t beats, double frame)
{
    double beat = fmin(fmax(floor(frame / BEAT_FRAMES), 0), (double)beats - 1),
           share = frame / BEAT_FRAMES - beat;
    const double *two = at + (size_t)beat;
    return two[0] + share * (two[1] - two[0]);
}

static float loudest(const float *line, size_t begin, size_t end)
{
    float most = 0;
    for (size_t t = begin; t < end; t++) most = fmaxf(most, line[t]);
    return most;
}

/* The frame of the beat clock whose middle is nearest to frame `wanted` of the score; -1 or count: outside.
 */
static long frame_at(const double *at, size_t beats, double wanted)
{
    long low = -1, high = (long)(beats * BEAT_FRAMES);
    while (low + 1 < high) {
        long middle = low + (high - low) / 2;
        if (middle_of(at, beats, (double)middle) <= wanted)
            low = middle;
        else
            high = middle;
    }
    return wanted - middle_of(at, beats, (double)low) < middle_of(at, beats, (double)high) - wanted ? low
                                                                                                    : high;
}

/* A row of the score and of its copy on the beat clock. */
struct row {
    const struct score *score;
    const double *at;
    size_t beats;
    const float *both, *lines; /* (frames): of the louder channel; (channels, frames) */
    float *target;             /* of the left channel */
    size_t target_size;        /* from one channel to the next */
};

/* Frame j of the beat clock is as loud as the loudest of the frames begin ... end - 1. */
static void set_loudness(const struct row *row, long j, size_t begin, size_t end)
{
    if (j < 0 || j >= (long)(row->beats * BEAT_FRAMES)) return;
    for (size_t c = 0; c < row->score->channels; c++) {
        float *target = row->target + c * row->target_size + j;
        *target = fmaxf(*target, loudest(row->lines + c * row->score->frames, begin, end));
    }
}

/* A note, the frames begin ... end - 1: each frame of the beat clock has those of them that it covers, or the
 * nearest; the first and the last one also those that stand over. */
static void map_note(const struct row *row, size_t begin, size_t end)
{
    long first = frame_at(row->at, row->beats, (double)begin),
         stop = frame_at(row->at, row->beats, (double)end);
    double last = (double)end - 1;
    if (stop <= first) stop = first + 1;
    for (long j = first; j < stop; j++) {
        double from = ceil(middle_of(row->at, row->beats, (double)j - 0.5));
        double to = ceil(middle_of(row->at, row->beats, (double)j + 0.5)) - 1;
        from = j == first ? (double)begin : fmin(fmax(from, (double)begin), last);
        to = j + 1 == stop ? last : fmin(fmax(to, from), last);
        set_loudness(row, j, (size_t)from, (size_t)to + 1);
    }
}

static void map_key(const struct row *row)
{
    size_t frames = row->score->frames;
    for (size_t begin = 0, end; begin < frames; begin = end + 1) {
        for (end = begin; end < frames && row->both[end] > 0;) end++;
        if (end > begin) map_note(row, begin, end);
    }
}

/* The middle of a hit's rise: the mean of its frames, weighted with the rises of the root of loudness, as
 * onset strength has them. */
static double middle_of_rise(const struct drum_hit *hit, const float *line)
{
    double sum = 0, weight = 0, before = hit->frame > 0 ? sqrt((double)line[hit->frame - 1]) : 0;
    for (size_t t = hit->frame; t < hit->end; t++) {
        double root = sqrt((double)line[t]);
        sum += (double)t * (root - before), weight += root - before;
        before = root;
    }
    return sum / weight;
}

static void map_drum(const struct row *row)
{
    const struct score *score = row->score;
    size_t frames = score->frames, joined = (size_t)fmax(1, round(HIT_FRAME / score->interval));
    long count = (long)(row->beats * BEAT_FRAMES);
    struct drum_hit hit = {0};
    bool more = drum_hit_next(&hit, row->both, frames, FLT_TRUE_MIN);
    while (more) {
        double middle = middle_of_rise(&hit, row->both);
        size_t t = hit.end - 1, next = frames;
        long j = frame_at(row->at, row->beats, middle), end = count;
        more = drum_hit_next(&hit, row->both, frames, FLT_TRUE_MIN);
        if (more) {
            next = hit.frame;
            end = frame_at(row->at, row->beats, middle_of_rise(&hit, row->both));
            end = end > j ? end : j + 1; /* of two hits in one frame both are kept in it */
        }
        for (; t < next && row->both[t] > 0 && j < end && j < count; t += joined, j++)
            set_loudness(row, j, t, t + joined < next ? t + joined : next);
    }
}

void beat_clock_or_die(float *loudness, const struct score *score, const double *at, size_t beats)
{
    size_t count = beats * BEAT_FRAMES, frames = score->frames;
    float *both = allocate_or_die(frames, sizeof *both);
    float *lines = allocate_or_die(score->channels * frames, sizeof *lines);
    memset(loudness, 0, score->channels * score->rows * count * sizeof *loudness);
    for (size_t k = 0; k < score->rows; k++) {
        struct row row = {score, at, beats, both, lines, loudness + k * count, score->rows * count};
        score_line_loudest(score, k, both);
        for (size_t c = 0; c < score->channels; c++) score_line(score, c, k, lines + c * frames);
        if (k < score->pitched)
            map_key(&row);
        else
            map_drum(&row);
    }
    free(lines);
    free(both);
}
