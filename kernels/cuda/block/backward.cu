/* A block's backward pass: the gradients of the normalisation, the gradient by c, then the convolution's. */
#include "kernels/cuda/block/batch-norm.cuh"
#include "kernels/cuda/block/recompute.cuh"
#include "kernels/cuda/block/rows.cuh"
#include "kernels/cuda/conv/conv.cuh"
#include "kernels/cuda/resize.cuh"

/* What becomes of a gradient on its way to c, and where it goes. */
struct convolved_gradient {
    const float *pull, *slip; /* NULL without norm */
    view dc;                  /* no data: only the bias is wanted */
    float *dbias;             /* NULL: not wanted */
};

/* The last block of threads of a tile joins the partial (partial, channels) of the bias' gradient. */
__device__ static void join_bias(float *dbias, const float *partial, int count, int channels, int first,
                                 int columns, double *shared)
{
    int column = (int)threadIdx.x % columns, slice = (int)threadIdx.x / columns;
    int slices = (int)blockDim.x / columns, c = first + column;
    double sum = 0;
    for (int part = slice; c < channels && slice < slices && part < count; part += slices)
        sum += partial[(size_t)part * channels + c];
    __syncthreads();
    fold<double, 1>(&sum, shared, slice, slices, column, columns);
    if (c < channels && slice == 0) dbias[c] += (float)sum;
}

/* dc of a step's rows, from g, in place. */
template <int N, int R>
__device__ inline void activation_gradient(vec<N> g[R], const vec<N> h[R], const struct block_rows &b,
                                           const struct convolved_gradient &to, int channel)
{
    vec<N> mean = load_constants<N>(b.mean, channel, 0), gain = load_constants<N>(b.gain, channel, 1);
    vec<N> pull = load_constants<N>(to.pull, channel, 0), slip = load_constants<N>(to.slip, channel, 0);
    for (int j = 0; j < R; j++)
        for (int i = 0; i < N; i++) {
            float d = gain.v[i] * g[j].v[i] - slip.v[i] - (h[j].v[i] - mean.v[i]) * pull.v[i];
            g[j].v[i] = h[j].v[i] > 0 ? d : b.slope * d;
        }
}

template <int N, int R>
static __global__ void __launch_bounds__(ROWS_THREADS, 3)
    convolved_rows(struct walk w, struct block_rows b, struct block_gradients d, struct convolved_gradient to,
                   float *partial, unsigned *tickets)
{
    float *shared = shared_memory<float>();
    struct stride at = walk_stride<N>(w);
    float v[N] = {};
    for (int step = at.first; step < at.end; step += w.at_once) {
        vec<N> h[R], g[R];
        load_h<N, R>(h, b, w, step, at.channel);
        result_gradient<N, R>(g, h, b, d, w, step, at.channel);
        activation_gradient<N, R>(g, h, b, to, at.channel);
        for (int j = 0; j < R; j++) {
            if (to.dc.data) store_vec<N>(to.dc, row_index(w, step * R + j, at.channel), g[j]);
            for (int i = 0; i < N; i++) v[i] += g[j].v[i];
        }
    }
    if (!to.dbias) return;
    fold<float, N>(v, shared, at.row, w.at_once, at.lane, w.lanes);
    for (int i = 0; i < N && at.end && at.row == 0; i++)
        partial[(size_t)blockIdx.y * w.channels + at.channel + i] = v[i];
    if (last_of(tickets + blockIdx.x, gridDim.y, (unsigned *)shared))
        join_bias(to.dbias, partial, (int)gridDim.y, w.channels, (int)blockIdx.x * w.lanes * N, w.lanes * N,
                  (double *)shared);
}

/* One backward pass. */
struct backward {
    struct block *block;
    struct block_parameters p, dp;
    struct tensor dx, x;
    struct block_gradients d;
    struct pass pass;
    view dc;        /* no data: not wanted */
    float *partial; /* of sums */
    int rows;
};

/* Where a plain block has one gradient by its output, that is dc. */
static bool passes_through(const struct backward *b)
{
    return block_plain(&b->block->shape) && !b->d.dbare.data;
}

static void take_scratch(struct backward *b)
{
    const struct block *block = b->block;
    bool wanted = (b->dx.data || b->dp.weight) && !passes_through(b);
    struct arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, block_scratch(block, b->rows)), 0};
    b->partial = arena_take<float>(&arena, block_parts(block, b->rows));
    b->dc.bf16 = block->c.bf16;
    b->dc.data = wanted ? arena_take<char>(&arena, 0) : NULL;
}

static void convolved_gradient(struct backward *b)
{
    const struct block *block = b->block;
    int vec = walk_pack(block->shape.out, block->c, b->d.dy, b->d.dbare);
    struct walk w = walk_make(b->rows / block_step(block), block->shape.out, vec, WALK_SUMMING);
    struct convolved_gradient to = {NULL, NULL, b->dc, reals(b->dp.bias)};
    if (block->shape.norm) to.pull = block->pull, to.slip = block->slip;
    if (b->dc.data || to.dbias)
        launch(WALK_KERNEL(convolved_rows, vec, block_step(block)), walk_grid(w), ROWS_THREADS,
               ROWS_THREADS * (size_t)(vec > 2 ? vec : 2) * sizeof(float), w,
               block_rows_make(block, block->c, b->pass), b->d, to, b->partial, block->tickets);
    if (passes_through(b)) b->dc = b->d.dy;
}

static void conv_gradients(const struct backward *b)
{
    struct conv w = block_conv(b->block, b->x.batch);
    view x = view_of(b->x), dx = view_of(b->dx);
    const float *weight = reals(b->p.weight);
    bool transposed = b->block->shape.transposed;
    if (b->dp.weight)
        conv_weight_gradient(&w, reals(b->dp.weight), transposed ? x : b->dc, transposed ? b->dc : x);
    if (b->dx.data && transposed) conv_correlate(&w, dx, b->dc, weight, NULL);
    if (b->dx.data && !transposed) conv_transposed(&w, dx, b->dc, weight, NULL);
}

/* dskip comes last: it may be the same memory as dx. */
void cuda_block_backward(struct block *block, struct block_parameters p, struct block_parameters dp,
                         struct tensor dx, struct tensor dskip, struct tensor dy, struct tensor dbare,
                         struct tensor x, struct pass pass)
{
    block_check(block, x, dy, dbare, dskip);
    if (recomputed_possible(&block->shape)) {
        recomputed_backward(block, p, dp, dx, dy, dbare, x, pass);
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
