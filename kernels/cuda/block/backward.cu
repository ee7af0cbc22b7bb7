/* A block's backward pass: the sums of the normalisation's gradient, then dc, the gradient of c, then the
 * gradients of the convolution from dc. */
#include "kernels/cuda/block/batch-norm.cuh"
#include "kernels/cuda/block/recompute.cuh"
#include "kernels/cuda/block/rows.cuh"
#include "kernels/cuda/conv/conv.cuh"
#include "kernels/cuda/resize.cuh"

/* Kernel arguments: the gradient of the normalisation, and where dc and the gradient of the bias go. */
struct convolved_gradient {
    const float *dh_slope, *dh_offset; /* NULL without norm */
    view dc;                           /* no data: not wanted */
    float *dbias;                      /* NULL: not wanted */
};

/* dbias += the sum of partial (count, channels), for one tile of channels, by the tile's last thread block.
 */
__device__ static void join_bias(float *dbias, const float *partial, int count, int channels, int first,
                                 int columns, double *shared)
{
    int column = (int)threadIdx.x % columns, slice = (int)threadIdx.x / columns;
    int slices = (int)blockDim.x / columns, c = first + column;
    double sum = 0;
    for (int part = slice; c < channels && slice < slices && part < count; part += slices)
        sum += partial[(size_t)part * channels + c];
    __syncthreads();
    reduce_rows<double, 1>(&sum, shared, slice, slices, column, columns);
    if (c < channels && slice == 0) dbias[c] += (float)sum;
}

/* In place: g, the gradient of n, becomes dc, for the rows of a step. */
template <int N, int R>
__device__ inline void activation_gradient(vec<N> g[R], const vec<N> h[R], const struct block_rows &b,
                                           const struct convolved_gradient &to, int channel)
{
    vec<N> mean = load_channels_or<N>(b.mean, channel, 0),
           norm_scale = load_channels_or<N>(b.norm_scale, channel, 1);
    vec<N> dh_slope = load_channels_or<N>(to.dh_slope, channel, 0),
           dh_offset = load_channels_or<N>(to.dh_offset, channel, 0);
    for (int j = 0; j < R; j++)
        for (int i = 0; i < N; i++) {
            float d = norm_scale.v[i] * g[j].v[i] - dh_offset.v[i] - (h[j].v[i] - mean.v[i]) * dh_slope.v[i];
            g[j].v[i] = h[j].v[i] > 0 ? d : b.slope * d;
        }
}

template <int N, int R>
static __global__ void __launch_bounds__(ROWS_THREADS, 3)
    convolved_rows(struct row_loop loop, struct block_rows b, struct block_gradients d,
                   struct convolved_gradient to, float *partial, unsigned *tickets)
{
    float *shared = shared_memory<float>();
    struct thread_rows at = row_loop_thread<N>(loop);
    float v[N] = {};
    for (int step = at.first; step < at.end; step += loop.rows_at_once) {
        vec<N> h[R], g[R];
        load_h<N, R>(h, b, loop, step, at.channel);
        result_gradient<N, R>(g, h, b, d, loop, step, at.channel);
        activation_gradient<N, R>(g, h, b, to, at.channel);
        for (int j = 0; j < R; j++) {
            if (to.dc.data) store_vec<N>(to.dc, row_index(loop, step * R + j, at.channel), g[j]);
            for (int i = 0; i < N; i++) v[i] += g[j].v[i];
        }
    }
    if (!to.dbias) return;
    reduce_rows<float, N>(v, shared, at.row, loop.rows_at_once, at.column, loop.columns);
    for (int i = 0; i < N && at.end && at.row == 0; i++)
        partial[(size_t)blockIdx.y * loop.channels + at.channel + i] = v[i];
    if (last_block(tickets + blockIdx.x, gridDim.y, (unsigned *)shared))
        join_bias(to.dbias, partial, (int)gridDim.y, loop.channels, (int)blockIdx.x * loop.columns * N,
                  loop.columns * N, (double *)shared);
}

/* One backward pass. */
struct backward {
    struct block *block;
    struct block_parameters p, dp;
    struct tensor dx, x;
    struct block_gradients d;
    struct pass pass;
    view dc;        /* no data: not wanted */
    float *partial; /* scratch memory of partial sums */
    int rows;
};

/* Whether dc is dy itself: nothing but a skip follows the convolution, and there is no dbare. */
static bool gradient_is_dy(const struct backward *b)
{
    return convolution_only(&b->block->shape) && !b->d.dbare.data;
}

static void take_scratch(struct backward *b)
{
    const struct block *block = b->block;
    bool wanted = (b->dx.data || b->dp.weight) && !gradient_is_dy(b);
    struct arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, block_scratch_bytes(block, b->rows)),
                          0};
    b->partial = arena_take<float>(&arena, block_partial_count(block, b->rows));
    b->dc.bf16 = block->c.bf16;
    b->dc.data = wanted ? arena_take<char>(&arena, 0) : NULL;
}

static void convolved_gradient(struct backward *b)
{
    const struct block *block = b->block;
    int vec = row_loop_vec(block->shape.out, block->c, b->d.dy, b->d.dbare);
    struct row_loop loop =
        row_loop_make(b->rows / block_step(block), block->shape.out, vec, ROW_LOOP_SUMMING);
    struct convolved_gradient to = {NULL, NULL, b->dc, reals(b->dp.bias)};
    if (block->shape.norm) to.dh_slope = block->dh_slope, to.dh_offset = block->dh_offset;
    if (b->dc.data || to.dbias)
        launch(ROW_LOOP_KERNEL(convolved_rows, vec, block_step(block)), row_loop_grid(loop), ROWS_THREADS,
               ROWS_THREADS * (size_t)(vec > 2 ? vec : 2) * sizeof(float), loop,
               block_rows_make(block, block->c, b->pass), b->d, to, b->partial, block->tickets);
    if (gradient_is_dy(b)) b->dc = b->d.dy;
}

static void conv_gradients(const struct backward *b)
{
    struct conv conv = block_conv(b->block, b->x.batch);
    view x = view_of(b->x), dx = view_of(b->dx);
    const float *weight = reals(b->p.weight);
    bool transposed = b->block->shape.transposed;
    if (b->dp.weight)
        conv_weight_gradient(&conv, reals(b->dp.weight), transposed ? x : b->dc, transposed ? b->dc : x);
    if (b->dx.data && transposed) conv_correlate(&conv, dx, b->dc, weight, NULL);
    if (b->dx.data && !transposed) conv_transposed(&conv, dx, b->dc, weight, NULL);
}

/* dskip comes last, because it may be the same memory as dx. */
void cuda_block_backward(struct block *block, struct block_parameters p, struct block_parameters dp,
                         struct tensor dx, struct tensor dskip, struct tensor dy, struct tensor dbare,
                         struct tensor x, struct pass pass)
{
    block_check(block, x, dy, dbare, dskip);
    if (recompute_possible(&block->shape)) {
        recompute_backward(block, p, dp, dx, dy, dbare, x, pass);
        return;
    }
    struct backward b = {block, p, dp, dx, x, {view_of(dy), view_of(dbare)}, pass, {}, NULL, 0};
    b.rows = x.batch * block->convolved;
    take_scratch(&b);
    if (block->shape.norm) block_norm_gradient(block, dp, block->c, b.d, b.rows, b.partial, pass);
    convolved_gradient(&b);
    conv_gradients(&b);
    if (dskip.data) cuda_resize_backward(dskip, dy);
}
