/* Linear resizing of the length, forward (added to a tensor's rows) and backward. */
#include "kernels/cpu/resize.h"

#include "kernels/cpu/cpu.h"

enum { TILE_ROWS = 64 };

/* An output is (1 - share) input[at] + share input[next]. */
struct place {
    int at, next;
    real share;
};

static struct place place_of(int i, int outputs, int inputs)
{
    double x = (i + 0.5) * inputs / outputs - 0.5;
    if (x < 0) x = 0;
    int at = (int)x;
    if (at > inputs - 1) at = inputs - 1;
    return (struct place){at, at + 1 < inputs ? at + 1 : at, (real)(x - at)};
}

void cpu_resize_add(real *restrict y, int first, int count, int outputs, const real *restrict x, int inputs,
                    int channels)
{
    for (int i = first; i < first + count; i++, y += channels) {
        struct place place = place_of(i, outputs, inputs);
        const real *a = x + (size_t)place.at * channels, *b = x + (size_t)place.next * channels;
        for (int c = 0; c < channels; c++) y[c] += (1 - place.share) * a[c] + place.share * b[c];
    }
}

/* dx of one row: the outputs between the rows before and after it, and those that are cut to it. */
static void gather_row(real *restrict dx, int row, int inputs, const real *restrict dy, int outputs,
                       int channels)
{
    double ratio = (double)outputs / inputs;
    int first = row == 0 ? 0 : (int)((row - 0.5) * ratio - 0.5);
    int last = row == inputs - 1 ? outputs - 1 : (int)((row + 1.5) * ratio - 0.5) + 1;
    if (first < 0) first = 0;
    if (last > outputs - 1) last = outputs - 1;
    for (int i = first; i <= last; i++) {
        struct place place = place_of(i, outputs, inputs);
        real weight = (place.at == row ? 1 - place.share : 0) + (place.next == row ? place.share : 0);
        if (weight == 0) continue;
        for (int c = 0; c < channels; c++) dx[c] += weight * dy[(size_t)i * channels + c];
    }
}

void cpu_resize_backward(struct tensor dx, struct tensor dy)
{
    int inputs = dx.length, outputs = dy.length, channels = dx.channels;
    int tiles = (inputs + TILE_ROWS - 1) / TILE_ROWS;
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < dx.batch; b++)
        for (int tile = 0; tile < tiles; tile++)
            for (int row = tile * TILE_ROWS; row < inputs && row < (tile + 1) * TILE_ROWS; row++)
                gather_row(cpu_values(dx.data) + ((size_t)b * inputs + row) * channels, row, inputs,
                           cpu_values(dy.data) + (size_t)b * outputs * channels, outputs, channels);
}
