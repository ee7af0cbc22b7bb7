/* A block's normalisation: the statistics of h and the sums that its gradient needs. */
#include "kernels/cuda/block/batch-norm.cuh"
#include "kernels/cuda/block/rows.cuh"

/* Where the statistics go, and what they are made with. */
struct statistics {
    float *mean, *inverse, *gain, *shift;
    const float *scale, *offset;
    float *running_mean, *running_variance;
    double epsilon, momentum;
    int channels;
    bool training, update;
};

struct norm_gradient {
    float *pull, *slip, *dscale, *dshift;
    const float *inverse, *gain;
    int rows, channels;
    bool training;
};

__device__ static inline void move(float *running, double value, double momentum)
{
    *running = (float)((1 - momentum) * (double)*running + momentum * value);
}

/* squares: the sum of (h - mean)^2 over the rows. */
__device__ static void finish_statistics(const struct statistics &s, int c, double rows, double mean,
                                         double squares)
{
    double variance = squares > 0 ? squares / rows : 0;
    if (!s.training) mean = s.running_mean[c], variance = s.running_variance[c];
    if (s.training && s.update) {
        move(s.running_mean + c, mean, s.momentum);
        move(s.running_variance + c, rows > 1 ? variance * rows / (rows - 1) : 0, s.momentum);
    }
    float inverse = (float)(1 / sqrt(variance + s.epsilon));
    s.mean[c] = (float)mean;
    s.inverse[c] = inverse;
    s.gain[c] = s.scale[c] * inverse;
    s.shift[c] = s.offset[c];
}

/* A block of threads joins the partial of some columns: the sums of all partial' differences from the first
 * part's mean are small where the means are not. */
__device__ static void join_statistics(const struct statistics &s, const float *partial, int count, int first,
                                       int columns, double *shared)
{
    int column = (int)threadIdx.x % columns, slice = (int)threadIdx.x / columns;
    int slices = (int)blockDim.x / columns, c = first + column;
    bool there = c < s.channels;
    double v[3] = {0, 0, 0}, pivot = there && count ? partial[PART_MEAN * s.channels + c] : 0;
    for (int part = slice; there && slice < slices && part < count; part += slices) {
        const float *at = partial + (size_t)part * STATISTICS_PART * s.channels + c;
        double rows = at[PART_ROWS * s.channels], d = at[PART_MEAN * s.channels] - pivot;
        v[0] += rows;
        v[1] += rows * d;
        v[2] += at[PART_SQUARES * s.channels] + rows * d * d;
    }
    __syncthreads();
    fold<double, 3>(v, shared, slice, slices, column, columns);
    if (!there || slice) return;
    double shift = v[0] > 0 ? v[1] / v[0] : 0;
    finish_statistics(s, c, v[0], pivot + shift, v[2] - v[1] * shift);
}

__device__ static void join_gradient(const struct norm_gradient &n, const float *partial, int count,
                                     int first, int columns, double *shared)
{
    int column = (int)threadIdx.x % columns, slice = (int)threadIdx.x / columns;
    int slices = (int)blockDim.x / columns, c = first + column;
    bool there = c < n.channels;
    double v[2] = {0, 0};
    for (int part = slice; there && slice < slices && part < count; part += slices) {
        const float *at = partial + (size_t)part * GRADIENT_PART * n.channels + c;
        v[0] += at[PART_SUM * n.channels];
        v[1] += at[PART_MOMENT * n.channels];
    }
    __syncthreads();
    fold<double, 2>(v, shared, slice, slices, column, columns);
    if (!there || slice) return;
    double inverse = n.inverse[c], gain = n.gain[c];
    if (n.dshift) n.dshift[c] += (float)v[0];
    if (n.dscale) n.dscale[c] += (float)(v[1] * inverse);
    n.slip[c] = n.training ? (float)(gain * v[0] / n.rows) : 0;
    n.pull[c] = n.training ? (float)(gain * inverse * inverse * v[1] / n.rows) : 0;
}

static __global__ void join_statistics_parts(struct statistics s, const float *partial, int count)
{
    join_statistics(s, partial, count, (int)blockIdx.x * WARP, WARP, shared_memory<double>());
}

static __global__ void join_gradient_parts(struct norm_gradient n, const float *partial, int count)
{
    join_gradient(n, partial, count, (int)blockIdx.x * WARP, WARP, shared_memory<double>());
}

/* A part's statistics from the sums of differences from the pivot and of their squares. */
__device__ static inline void store_part(float *part, int channels, float pivot, float sum, float squares,
                                         int rows)
{
    part[PART_ROWS * channels] = (float)rows;
    part[PART_MEAN * channels] = (float)(pivot + (double)sum / rows);
    part[PART_SQUARES * channels] = (float)fmax((double)squares - (double)sum * sum / rows, 0.0);
}

/* Differences from a part's first row are small where the values are not. The last block of threads of a tile
 * joins its partial. */
template <int N>
static __global__ void __launch_bounds__(ROWS_THREADS, 3)
    sum_statistics(struct walk w, struct block_rows b, float *partial, unsigned *tickets, struct statistics s)
{
    float *shared = shared_memory<float>();
    struct stride at = walk_stride<N>(w);
    int first = (int)blockIdx.y * w.share;
    float v[2 * N] = {};
    vec<N> h, pivot = {};
    if (at.end) load_h<N, 1>(&pivot, b, w, first, at.channel);
    for (int step = at.first; step < at.end; step += w.at_once) {
        load_h<N, 1>(&h, b, w, step, at.channel);
        for (int i = 0; i < N; i++) {
            float d = h.v[i] - pivot.v[i];
            v[i] += d, v[N + i] += d * d;
        }
    }
    fold<float, 2 * N>(v, shared, at.row, w.at_once, at.lane, w.lanes);
    float *part = partial + (size_t)blockIdx.y * STATISTICS_PART * w.channels + at.channel;
    for (int i = 0; i < N && at.end && at.row == 0; i++)
        store_part(part + i, w.channels, pivot.v[i], v[i], v[N + i], at.end - first);
    if (last_of(tickets + blockIdx.x, gridDim.y, (unsigned *)shared))
        join_statistics(s, partial, (int)gridDim.y, (int)blockIdx.x * w.lanes * N, w.lanes * N,
                        (double *)shared);
}

template <int N, int R>
static __global__ void __launch_bounds__(ROWS_THREADS, 3)
    sum_gradient(struct walk w, struct block_rows b, struct block_gradients d, float *partial,
                 unsigned *tickets, struct norm_gradient n)
{
    float *shared = shared_memory<float>();
    struct stride at = walk_stride<N>(w);
    float v[2 * N] = {};
    for (int step = at.first; step < at.end; step += w.at_once) {
        vec<N> h[R], g[R], mean = load_constants<N>(b.mean, at.channel, 0);
        load_h<N, R>(h, b, w, step, at.channel);
        result_gradient<N, R>(g, h, b, d, w, step, at.channel);
        for (int j = 0; j < R; j++)
            for (int i = 0; i < N; i++) {
                v[i] += g[j].v[i];
                v[N + i] += g[j].v[i] * (h[j].v[i] - mean.v[i]);
            }
    }
    fold<float, 2 * N>(v, shared, at.row, w.at_once, at.lane, w.lanes);
    float *part = partial + (size_t)blockIdx.y * GRADIENT_PART * w.channels + at.channel;
    for (int i = 0; i < N && at.end && at.row == 0; i++)
        part[i] = v[i], part[PART_MOMENT * w.channels + i] = v[N + i];
    if (last_of(tickets + blockIdx.x, gridDim.y, (unsigned *)shared))
        join_gradient(n, partial, (int)gridDim.y, (int)blockIdx.x * w.lanes * N, w.lanes * N,
                      (double *)shared);
}

size_t block_parts(const struct block *block, int rows)
{
    int most = 1;
    for (int vec = 1; vec <= 8; vec *= 2) {
        if (block->shape.out % vec) continue;
        struct walk w = walk_make(rows, block->shape.out, vec, WALK_SUMMING);
        most = w.parts > most ? w.parts : most;
    }
    return (size_t)most * STATISTICS_PART * block->shape.out;
}

size_t block_scratch(const struct block *block, int rows)
{
    size_t c = (size_t)rows * block->shape.out * (block->c.bf16 ? 2 : 4);
    return c + block_parts(block, rows) * sizeof(float) + 256;
}

static struct statistics statistics_of(struct block *block, struct block_parameters p, struct pass pass)
{
    struct statistics s = {
        block->mean,           block->inverse,        block->gain,           block->shift,
        reals(p.scale),        reals(p.shift),        reals(p.running_mean), reals(p.running_variance),
        block->shape.epsilon,  block->shape.momentum, block->shape.out,      pass.training,
        pass.update_statistics};
    return s;
}

static struct norm_gradient gradient_of(struct block *block, struct block_parameters dp, int rows,
                                        struct pass pass)
{
    struct norm_gradient n = {block->pull, block->slip, reals(dp.scale),  reals(dp.shift), block->inverse,
                              block->gain, rows,        block->shape.out, pass.training};
    return n;
}

void block_join_statistics(struct block *block, struct block_parameters p, const float *partial, int count,
                           struct pass pass)
{
    launch(join_statistics_parts, blocks_for((size_t)block->shape.out, WARP), ROWS_THREADS,
           3 * ROWS_THREADS * sizeof(double), statistics_of(block, p, pass), partial,
           pass.training ? count : 0);
}

void block_join_gradient(struct block *block, struct block_parameters dp, const float *partial, int count,
                         int rows, struct pass pass)
{
    launch(join_gradient_parts, blocks_for((size_t)block->shape.out, WARP), ROWS_THREADS,
           2 * ROWS_THREADS * sizeof(double), gradient_of(block, dp, rows, pass), partial, count);
}

/* For sums of two floats for each of a vec, then of doubles. */
static size_t summing_bytes(int vec)
{
    return ROWS_THREADS * (vec == 8 ? 16 * sizeof(float) : vec == 4 ? 8 * sizeof(float) : 3 * sizeof(double));
}

void block_statistics(struct block *block, struct block_parameters p, view c, int rows, float *partial,
                      struct pass pass)
{
    if (!pass.training) {
        block_join_statistics(block, p, NULL, 0, pass);
        return;
    }
    int vec = walk_pack(block->shape.out, c);
    struct walk w = walk_make(rows, block->shape.out, vec, WALK_SUMMING);
    launch(vec == 8   ? sum_statistics<8>
           : vec == 4 ? sum_statistics<4>
                      : sum_statistics<1>,
           walk_grid(w), ROWS_THREADS, summing_bytes(vec), w, block_rows_make(block, c, pass), partial,
           block->tickets, statistics_of(block, p, pass));
}

void block_norm_gradient(struct block *block, struct block_parameters dp, view c, struct block_gradients d,
                         int rows, float *partial, struct pass pass)
{
    int vec = walk_pack(block->shape.out, c, d.dy, d.dbare);
    struct walk w = walk_make(rows / block_step(block), block->shape.out, vec, WALK_SUMMING);
    launch(WALK_KERNEL(sum_gradient, vec, block_step(block)), walk_grid(w), ROWS_THREADS, summing_bytes(vec),
           w, block_rows_make(block, c, pass), d, partial, block->tickets,
           gradient_of(block, dp, rows, pass));
}
