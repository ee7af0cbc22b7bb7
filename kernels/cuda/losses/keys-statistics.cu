/* Statistics of keys: one kernel that sums over rows, columns and pairs of samples (keys-statistics.cuh). */
#include "kernels/cuda/losses/keys-statistics.cuh"

enum { THREADS = 128, ROWS = THREADS / WARP /* a thread block */, PAIR_CELLS = 32 * THREADS };

/* Kernel arguments. The first row_blocks thread blocks take rows, a warp each; the others columns or pairs.
 */
struct statistics_arguments {
    struct key_statistics to;
    view x, r;
    struct keys_shape shape;
    int batch;
    unsigned row_blocks, parts; /* of the columns of a sample, or of the cells of a pair */
};

struct extreme {
    float value;
    int at;
};

/* `at` must grow from call to call: of equal values the first stays. */
__device__ static inline void take_larger(extreme *most, float value, int at)
{
    if (value > most->value) most->value = value, most->at = at;
}

__device__ static inline extreme warp_largest(extreme most)
{
    for (int step = WARP / 2; step > 0; step /= 2) {
        float value = __shfl_xor_sync(WHOLE_WARP, most.value, step);
        int at = __shfl_xor_sync(WHOLE_WARP, most.at, step);
        if (value > most.value || (value == most.value && at < most.at)) most.value = value, most.at = at;
    }
    return most;
}

/* One thread's share of the row at `at`: each WARP-th frame. `next` is where the next key's row begins. */
__device__ static inline key_row scan_row(view x, size_t at, size_t next, int frames)
{
    key_row row = {};
    float after[2];
    for (int c = 0; c < 2; c++) row.first[c] = load(x, at + c), after[c] = load(x, next + c);
    extreme largest = {row.first[0], 0}, least = {-row.first[0], 0};
    for (int f = threadIdx.x % WARP; f < frames; f += WARP) {
        double d[2];
        for (int c = 0; c < 2; c++) {
            const size_t i = 2 * (size_t)f + c;
            const float value = load(x, at + i);
            d[c] = (double)value - (double)row.first[c];
            row.sum[c] += d[c];
            row.squares[c] += d[c] * d[c];
            row.next[c] += d[c] * ((double)load(x, next + i) - (double)after[c]);
            row.sounding += (double)keys_sigmoid(value);
            take_larger(&largest, value, (int)i), take_larger(&least, -value, (int)i);
        }
        row.across += d[0] * d[1];
    }
    largest = warp_largest(largest), least = warp_largest(least);
    row.largest = largest.value, row.largest_at = largest.at;
    row.least = -least.value, row.least_at = least.at;
    return row;
}

__device__ static inline void row_statistics(const statistics_arguments &o, size_t index)
{
    const size_t rows = (size_t)o.batch * o.shape.keys, length = 2 * (size_t)o.shape.frames;
    if (index >= 2 * rows) return;
    const size_t at = index % rows * length;
    const bool last = index % o.shape.keys + 1 == (size_t)o.shape.keys;
    key_row row = scan_row(index < rows ? o.x : o.r, at, last ? at : at + length, o.shape.frames);
    for (int c = 0; c < 2; c++) {
        row.sum[c] = warp_sum(row.sum[c]);
        row.squares[c] = warp_sum(row.squares[c]);
        row.next[c] = warp_sum(row.next[c]);
    }
    row.across = warp_sum(row.across);
    row.sounding = warp_sum(row.sounding);
    if (threadIdx.x % WARP == 0) o.to.rows[index] = row;
}

/* Smooth L1, beta 1. */
__device__ static inline float smooth_distance(float d)
{
    const float bounded = d < -1 ? -1 : d > 1 ? 1 : d; /* NaN stays NaN */
    return bounded * (d - bounded / 2);
}

/* One column: a frame and channel, over the keys. */
__device__ static inline columns_part one_column(const statistics_arguments &o, int sample, int column)
{
    const size_t length = 2 * (size_t)o.shape.frames;
    size_t i = (size_t)sample * o.shape.keys * length + column;
    float value = load(o.x, i), steps = 0;
    double distance = (double)smooth_distance(value - load(o.r, i));
    for (int k = 1; k < o.shape.keys; k++) {
        i += length;
        const float next = load(o.x, i);
        steps += fabsf(value - next);
        distance += (double)smooth_distance(next - load(o.r, i));
        value = next;
    }
    o.to.steps[(size_t)sample * length + column] = steps;
    columns_part part = {log((double)steps + 0.001), distance};
    return part;
}

__device__ static inline void column_statistics(const statistics_arguments &o, unsigned block)
{
    const int column = (int)(block % o.parts * THREADS + threadIdx.x);
    columns_part part = {0, 0};
    if (column < 2 * o.shape.frames) part = one_column(o, (int)(block / o.parts), column);
    part.logs = block_sum(part.logs, shared_memory<double>());
    part.distance = block_sum(part.distance, shared_memory<double>());
    if (threadIdx.x == 0) o.to.columns[block] = part;
}

/* NaN stays NaN. */
__device__ static inline double at_least(double x)
{
    return x < 1e-6 ? 1e-6 : x;
}

__device__ static inline void divergence_statistics(const statistics_arguments &o, unsigned block)
{
    const size_t cells = keys_cells(o.shape), pairs = o.batch / 2;
    const size_t pair = block / o.parts, start = (size_t)(block % o.parts) * PAIR_CELLS;
    const size_t end = start + PAIR_CELLS < cells ? start + PAIR_CELLS : cells;
    const view x = pair < pairs ? o.x : o.r;
    const size_t even = 2 * (pair % pairs) * cells, odd = even + cells;
    pair_part part = {0, 0, 0};
    for (size_t i = start + threadIdx.x; i < end; i += THREADS) {
        const double p = at_least((double)load(x, even + i)), q = at_least((double)load(x, odd + i));
        part.even += p;
        part.odd += q;
        part.logs += p * log(p / q);
    }
    part.even = block_sum(part.even, shared_memory<double>());
    part.odd = block_sum(part.odd, shared_memory<double>());
    part.logs = block_sum(part.logs, shared_memory<double>());
    if (threadIdx.x == 0) o.to.pairs[block] = part;
}

/* The kernel: rows, then columns or pairs. */
static __global__ void statistics(const statistics_arguments o)
{
    if (blockIdx.x < o.row_blocks)
        row_statistics(o, (size_t)blockIdx.x * ROWS + threadIdx.x / WARP);
    else if (o.to.steps)
        column_statistics(o, blockIdx.x - o.row_blocks);
    else
        divergence_statistics(o, blockIdx.x - o.row_blocks);
}

int keys_column_parts(struct keys_shape shape)
{
    return (int)blocks_for(2 * (size_t)shape.frames, THREADS);
}

int keys_pair_parts(struct keys_shape shape)
{
    return (int)blocks_for(keys_cells(shape), PAIR_CELLS);
}

void keys_statistics(struct key_statistics to, struct tensor x, struct tensor r, struct keys_shape shape)
{
    const unsigned row_blocks = blocks_for(2 * (size_t)x.batch * shape.keys, ROWS);
    const unsigned parts = (unsigned)(to.steps ? keys_column_parts(shape) : keys_pair_parts(shape));
    const unsigned others = to.steps ? x.batch * parts : to.pairs ? x.batch / 2 * 2 * parts : 0;
    statistics_arguments o = {to, view_of(x), view_of(r), shape, x.batch, row_blocks, parts};
    launch(statistics, row_blocks + others, THREADS, WARP * sizeof(double), o);
}
