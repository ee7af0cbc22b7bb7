/* Batch normalisation: the statistics of h, and the sums that its backward pass needs. */
#include "kernels/cuda/block/batch-norm.cuh"
#include "kernels/cuda/block/rows.cuh"

/* Kernel arguments: where the statistics go, and what they depend on. */
struct statistics {
    float *mean, *inverse_std, *norm_scale, *norm_shift;
    const float *scale, *shift; /* of the parameters */
    float *running_mean, *running_variance;
    double epsilon, momentum;
    int channels;
    bool training, update;
};

/* Kernel arguments: where the sums of the backward pass go, and what they depend on. */
struct norm_gradient {
    float *dh_slope, *dh_offset, *dscale, *dshift;
    const float *inverse_std, *norm_scale;
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
    float inverse_std = (float)(1 / sqrt(variance + s.epsilon));
    s.mean[c] = (float)mean;
    s.inverse_std[c] = inverse_std;
    s.norm_scale[c] = s.scale[c] * inverse_std;
    s.norm_shift[c] = s.shift[c];
}

/* Joins the statistics of `count` parts for some columns, by one thread block. Differences from the mean of
 * the first part are added, which are small even where the means are large (Chan, Golub and LeVeque 1979). */
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
    reduce_rows<double, 3>(v, shared, slice, slices, column, columns);
    if (!there || slice) return;
    double mean_offset = v[0] > 0 ? v[1] / v[0] : 0;
    finish_statistics(s, c, v[0], pivot + mean_offset, v[2] - v[1] * mean_offset);
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
    reduce_rows<double, 2>(v, shared, slice, slices, column, columns);
    if (!there || slice) return;
    double inverse_std = n.inverse_std[c], norm_scale = n.norm_scale[c];
    if (n.dshift) n.dshift[c] += (float)v[0];
    if (n.dscale) n.dscale[c] += (float)(v[1] * inverse_std);
    n.dh_offset[c] = n.training ? (float)(norm_scale * v[0] / n.rows) : 0;
    n.dh_slope[c] = n.training ? (float)(norm_scale * inverse_std * inverse_std * v[1] / n.rows) : 0;
}

static __global__ void join_statistics_only(struct statistics s, const float *partial, int count)
{
    join_statistics(s, partial, count, (int)blockIdx.x * WARP, WARP, shared_memory<double>());
}

static __global__ void join_gradient_only(struct norm_gradient n, const float *partial, int count)
{
    join_gradient(n, partial, count, (int)blockIdx.x * WARP, WARP, shared_memory<double>());
}

/* Stores a partial sum, from the sums of h - pivot and of its squares. */
__device__ static inline void store_part(float *part, int channels, float pivot, float sum, float squares,
                                         int rows)
{
    part[PART_ROWS * channels] = (float)rows;
    part[PART_MEAN * channels] = (float)(pivot + (double)sum / rows);
    part[PART_SQUARES * channels] = (float)fmax((double)squares - (double)sum * sum / rows, 0.0);
}

/* The statistics of h. The pivot is the part's first row: differences from it are small where the values are
 * not. The last thread block of a tile of channels joins the tile's partial sums. */
template <int N>
static __global__ void __launch_bounds__(ROWS_THREADS, 3)
    sum_statistics(struct row_loop loop, struct block_rows b, float *partial, unsigned *tickets,
                   struct statistics s)
{
    float *shared = shared_memory<float>();
    struct thread_rows at = row_loop_thread<N>(loop);
    int first = (int)blockIdx.y * loop.share;
    float v[2 * N] = {};
    vec<N> h, pivot = {};
    if (at.end) load_h<N, 1>(&pivot, b, loop, first, at.channel);
    for (int step = at.first; step < at.end; step += loop.rows_at_once) {
        load_h<N, 1>(&h, b, loop, step, at.channel);
        for (int i = 0; i < N; i++) {
            float d = h.v[i] - pivot.v[i];
            v[i] += d, v[N + i] += d * d;
        }
    }
    reduce_rows<float, 2 * N>(v, shared, at.row, loop.rows_at_once, at.column, loop.columns);
    float *part = partial + (size_t)blockIdx.y * STATISTICS_PART * loop.channels + at.channel;
    for (int i = 0; i < N && at.end && at.row == 0; i++)
        store_part(part + i, loop.channels, pivot.v[i], v[i], v[N + i], at.end - first);
    if (last_block(tickets + blockIdx.x, gridDim.y, (unsigned *)shared))
        join_statistics(s, partial, (int)gridDim.y, (int)blockIdx.x * loop.columns * N, loop.columns * N,
                        (double *)shared);
}

template <int N, int R>
static __global__ void __launch_bounds__(ROWS_THREADS, 3)
    sum_gradient(struct row_loop loop, struct block_rows b, struct block_gradients d, float *partial,
                 unsigned *tickets, struct norm_gradient n)
{
    float *shared = shared_memory<float>();
    struct thread_rows at = row_loop_thread<N>(loop);
    float v[2 * N] = {};
    for (int step = at.first; step < at.end; step += loop.rows_at_once) {
        vec<N> h[R], g[R], mean = load_channels_or<N>(b.mean, at.channel, 0);
        load_h<N, R>(h, b, loop, step, at.channel);
        result_gradient<N, R>(g, h, b, d, loop, step, at.channel);
        for (int j = 0; j < R; j++)
            for (int i = 0; i < N; i++) {
                v[i] += g[j].v[i];
                v[N + i] += g[j].v[i] * (h[j].v[i] - mean.v[i]);
            }
    }
    reduce_rows<float, 2 * N>(v, shared, at.row, loop.rows_at_once, at.column, loop.columns);
    float *part = partial + (size_t)blockIdx.y * GRADIENT_PART * loop.channels + at.channel;
    for (int i = 0; i < N && at.end && at.row == 0; i++)
        part[i] = v[i], part[PART_MOMENT * loop.channels + i] = v[N + i];
    if (last_block(tickets + blockIdx.x, gridDim.y, (unsigned *)shared))
        join_gradient(n, partial, (int)gridDim.y, (int)blockIdx.x * loop.columns * N, loop.columns * N,
                      (double *)shared);
}

size_t block_partial_count(const struct block *block, int rows)
{
    int most = 1;
    for (int vec = 1; vec <= 8; vec *= 2) {
        if (block->shape.out % vec) continue;
        struct row_loop loop = row_loop_make(rows, block->shape.out, vec, ROW_LOOP_SUMMING);
        most = loop.parts > most ? loop.parts : most;
    }
    return (size_t)most * STATISTICS_PART * block->shape.out;
}

size_t block_scratch_bytes(const struct block *block, int rows)
{
    size_t c = (size_t)rows * block->shape.out * (block->c.bf16 ? 2 : 4);
    return c + block_partial_count(block, rows) * sizeof(float) + 256;
}

static struct statistics statistics_of(struct block *block, struct block_parameters p, struct pass pass)
{
    struct statistics s = {
        block->mean,           block->inverse_std,    block->norm_scale,     block->norm_shift,
        reals(p.scale),        reals(p.shift),        reals(p.running_mean), reals(p.running_variance),
        block->shape.epsilon,  block->shape.momentum, block->shape.out,      pass.training,
        pass.update_statistics};
    return s;
}

static struct norm_gradient gradient_of(struct block *block, struct block_parameters dp, int rows,
                                        struct pass pass)
{
    struct norm_gradient n = {block->dh_slope,
                              block->dh_offset,
                              reals(dp.scale),
                              reals(dp.shift),
                              block->inverse_std,
                              block->norm_scale,
                              rows,
                              block->shape.out,
                              pass.training};
    return n;
}

void block_join_statistics(struct block *block, struct block_parameters p, const float *partial, int count,
                           struct pass pass)
{
    launch(join_statistics_only, blocks_for((size_t)block->shape.out, WARP), ROWS_THREADS,
           3 * ROWS_THREADS * sizeof(double), statistics_of(block, p, pass), partial,
           pass.training ? count : 0);
}

void block_join_gradient(struct block *block, struct block_parameters dp, const float *partial, int count,
                         int rows, struct pass pass)
{
    launch(join_gradient_only, blocks_for((size_t)block->shape.out, WARP), ROWS_THREADS,
           2 * ROWS_THREADS * sizeof(double), gradient_of(block, dp, rows, pass), partial, count);
}

/* Shared memory of reductions of two floats for each value of a vec, then of up to three doubles. */
static size_t summing_shared_bytes(int vec)
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
    int vec = row_loop_vec(block->shape.out, c);
    struct row_loop loop = row_loop_make(rows, block->shape.out, vec, ROW_LOOP_SUMMING);
    launch(vec == 8   ? sum_statistics<8>
           : vec == 4 ? sum_statistics<4>
                      : sum_statistics<1>,
           row_loop_grid(loop), ROWS_THREADS, summing_shared_bytes(vec), loop,
           block_rows_make(block, c, pass), partial, block->tickets, statistics_of(block, p, pass));
}

void block_norm_gradient(struct block *block, struct block_parameters dp, view c, struct block_gradients d,
                         int rows, float *partial, struct pass pass)
{
    int vec = row_loop_vec(block->shape.out, c, d.dy, d.dbare);
    struct row_loop loop = row_loop_make(rows / block_step(block), block->shape.out, vec, ROW_LOOP_SUMMING);
    launch(ROW_LOOP_KERNEL(sum_gradient, vec, block_step(block)), row_loop_grid(loop), ROWS_THREADS,
           summing_shared_bytes(vec), loop, block_rows_make(block, c, pass), d, partial, block->tickets,
           gradient_of(block, dp, rows, pass));
}
