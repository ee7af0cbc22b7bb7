/* A block's passes from x to y, and back from dy, with c in registers only. Each goes over pairs of rows: the
 * convolution, then what the pass is for. Forward: the statistics; the result. Backward: the sums of the
 * normalisation; the gradients by c and by the weight. */
#include "kernels/cuda/recomputed-pair.cuh"
#include "kernels/cuda/recomputed.cuh"

enum { THREADS = 256, STEPS = 16, MOST_GROUPS = 32, TILE_BYTES = 32 << 10 };

/* Blocks of threads, each a part of every sum. */
static const unsigned most_parts = 264;

bool recomputed_possible(const struct block_shape *s)
{
    return !s->transposed && s->norm && s->pool_pairs && s->kernel * s->in <= WIDTH && s->out % 8 == 0;
}

/* Sums over the lanes of the thread's two for each channel, to the thread of lane 0. */
__device__ static inline void sum_lanes(const recomputed &r, float *first, float *second, float *shared)
{
    __syncthreads();
    for (int c = 0; c < N; c++) {
        shared[(2 * c) * THREADS + (int)threadIdx.x] = first[c];
        shared[(2 * c + 1) * THREADS + (int)threadIdx.x] = second[c];
    }
    __syncthreads();
    for (int lane = 1; lane < r.lanes && (int)threadIdx.x < r.groups; lane++)
        for (int c = 0; c < N; c++) {
            first[c] += shared[(2 * c) * THREADS + lane * r.groups + (int)threadIdx.x];
            second[c] += shared[(2 * c + 1) * THREADS + lane * r.groups + (int)threadIdx.x];
        }
}

/* The block's part. at.mean is the pivot of the statistics, over `rows` rows. */
template <enum stage STAGE>
__device__ inline void store_part(const recomputed &r, totals &sums, const channels &at, int a, int rows,
                                  float *shared)
{
    size_t all = (size_t)r.w.coarse_channels, number = blockIdx.x;
    if (STAGE == RESULT) return;
    sum_lanes(r, sums.first, sums.second, shared);
    bool writes = (int)threadIdx.x < r.groups && a < r.w.coarse_channels;
    for (int c = 0; c < N && writes; c++) {
        float *part = r.parts +
                      number * (STAGE == STATISTICS ? (int)STATISTICS_PART : (int)GRADIENT_PART) * all + a +
                      c;
        double sum = sums.first[c], squares = sums.second[c];
        if (STAGE == STATISTICS) {
            part[PART_ROWS * all] = (float)rows;
            part[PART_MEAN * all] = (float)(at.mean[c] + sum / rows);
            part[PART_SQUARES * all] = (float)fmax(squares - sum * sum / rows, 0.0);
        } else if (STAGE == SUMS) {
            part[PART_SUM * all] = sums.first[c], part[PART_MOMENT * all] = sums.second[c];
        } else
            r.bias_parts[number * all + a + c] = sums.first[c];
    }
    if (STAGE == GRADIENT)
        thin_store_sums(r.parts + number * all * window_width(r.w), shared, sums.weight, r.w,
                        a - (int)threadIdx.x % r.groups * N, r.groups, r.lanes);
}

/* Every thread goes through every step: neighbours make each other's random numbers. */
template <enum stage STAGE> static __global__ void __launch_bounds__(THREADS) recompute(recomputed r)
{
    float *shared = shared_memory<float>(), *tile = shared + r.groups * N * WIDE; /* (groups N, WIDE) */
    int column = (int)blockIdx.y * r.groups * N, group = (int)threadIdx.x % r.groups;
    int lane = (int)threadIdx.x / r.groups, a = column + group * N, outputs = r.w.coarse / 2, rows = 0;
    bool idle = lane >= r.lanes || a >= r.w.coarse_channels;
    thin_load_weights(shared, r.w, r.weight, column, r.groups * N, WIDE);
    __syncthreads();
    thin_weights<WIDTH, N> weights;
    thin_hold(weights, shared + group * N * WIDE);
    channels at = load_channels(r, a, STAGE);
    totals sums = {};
    for (int number = (int)blockIdx.x; number < r.w.batch * r.tiles; number += (int)gridDim.x) {
        size_t sample = number / r.tiles;
        int first = number % r.tiles * r.pairs, end = min(r.pairs, outputs - first);
        __syncthreads();
        thin_load_windows(tile, r.w, r.x, sample, 2 * first, 2 * r.pairs, r.pitch, WIDE);
        __syncthreads();
        if (STAGE == STATISTICS && !rows) {
            pair pivot = activations(r, weights, at, tile);
            for (int c = 0; c < N; c++) at.mean[c] = pivot.v[0][c];
        }
        for (int start = 0; start < r.pairs; start += r.lanes) {
            bool there = !idle && start + lane < end;
            int i = there ? start + lane : 0;
            size_t pooled = (sample * outputs + first + i) * r.w.coarse_channels + a, row = pooled;
            row += (sample * outputs + first + i) * r.w.coarse_channels;
            pair f = {}, h = activations(r, weights, at, tile + 2 * i * r.pitch);
            if (STAGE != STATISTICS) f = mask_pair(r.mask, row, r.w.coarse_channels);
            if (there) take_pair<STAGE>(sums, r, h, f, at, tile + 2 * i * r.pitch, row, pooled);
        }
        rows += 2 * end;
    }
    store_part<STAGE>(r, sums, at, a, rows, shared);
}

static struct recomputed recomputed_make(const struct block *block, struct block_parameters p,
                                         struct tensor x, struct pass pass)
{
    struct recomputed r = {};
    int all = block->shape.out / N, steps = STEPS;
    r.w = block_window(block, x.batch);
    r.groups = all < MOST_GROUPS ? all : MOST_GROUPS, r.lanes = THREADS / r.groups;
    r.pitch = thin_pitch(&r.w, WIDE);
    while (steps > 1 && 2 * (size_t)r.lanes * steps * r.pitch * sizeof(float) > TILE_BYTES) steps /= 2;
    r.pairs = r.lanes * steps, r.tiles = (r.w.coarse / 2 + r.pairs - 1) / r.pairs;
    r.x = view_of(x), r.weight = reals(p.weight), r.bias = reals(p.bias);
    r.slope = block->shape.slope, r.mask = mask_make(block->shape.dropout, pass);
    r.mean = block->mean, r.gain = block->gain, r.shift = block->shift;
    r.pull = block->pull, r.slip = block->slip;
    return r;
}

static unsigned parts_of(const struct recomputed *r)
{
    size_t tiles = (size_t)r->w.batch * r->tiles;
    return tiles < most_parts ? (unsigned)tiles : most_parts;
}

template <enum stage STAGE> static void run(const struct recomputed *r)
{
    size_t floats = (size_t)r->groups * N * WIDE + (size_t)(2 * r->pairs - 1) * r->pitch + WIDE;
    size_t sums = THREADS * (size_t)thin_shared_sums<WIDTH>();
    cuda_count_operations(window_operations(&r->w) * (STAGE == GRADIENT ? 2 : 1));
    launch(recompute<STAGE>,
           dim3(parts_of(r), blocks_for((size_t)r->w.coarse_channels / N, (size_t)r->groups)), THREADS,
           (floats > sums ? floats : sums) * sizeof(float), *r);
}

/* Parts of the sums and then of the weight's gradient, of the bias' gradient, and dc, as values of 2 or 4
 * bytes. */
static void take_scratch(struct recomputed *r, const struct block *block, bool dc)
{
    size_t out = (size_t)block->shape.out, parts = parts_of(r), width = (size_t)window_width(r->w);
    size_t sums = width > STATISTICS_PART ? width : (size_t)STATISTICS_PART;
    size_t values = dc ? (size_t)r->w.batch * r->w.coarse * out : 0;
    size_t bytes = parts * out * (sums + 1) * sizeof(float) + values * (block->c.narrow ? 2 : 4) + 3 * 256;
    struct cutter cutter = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    r->parts = cut<float>(&cutter, parts * out * sums);
    r->bias_parts = cut<float>(&cutter, parts * out);
    r->dc.narrow = block->c.narrow;
    if (dc) r->dc.data = cut<char>(&cutter, values * (block->c.narrow ? 2 : 4));
}

void recomputed_forward(struct block *block, struct block_parameters p, struct tensor y, struct tensor x,
                        struct pass pass)
{
    struct recomputed r = recomputed_make(block, p, x, pass);
    int parts = (int)parts_of(&r);
    take_scratch(&r, block, false);
    if (pass.training) run<STATISTICS>(&r);
    block_join_statistics(block, p, r.parts, parts, pass);
    r.y = view_of(y);
    run<RESULT>(&r);
}

void recomputed_backward(struct block *block, struct block_parameters p, struct block_parameters dp,
                         struct tensor dx, struct tensor dy, struct tensor dbare, struct tensor x,
                         struct pass pass)
{
    struct recomputed r = recomputed_make(block, p, x, pass);
    int parts = (int)parts_of(&r), out = block->shape.out;
    take_scratch(&r, block, dx.data != NULL);
    r.y = view_of(dy), r.dbare = view_of(dbare);
    run<SUMS>(&r);
    block_join_gradient(block, dp, r.parts, parts, x.batch * block->convolved, pass);
    if (!dp.weight && !dp.bias && !dx.data) return;
    run<GRADIENT>(&r);
    if (dp.weight) cuda_add_parts(reals(dp.weight), r.parts, parts, out * window_width(r.w), 1, true);
    if (dp.bias) cuda_add_parts(reals(dp.bias), r.bias_parts, parts, out, 1, true);
    if (dx.data) window_spread(&r.w, view_of(dx), r.dc, r.weight, NULL);
}

void recomputed_reserve(const struct block *block)
{
    struct block_parameters none = {};
    struct tensor x = tensor_make(NULL, block->batch, block->length, block->shape.in);
    struct pass pass = {};
    struct recomputed r = recomputed_make(block, none, x, pass);
    take_scratch(&r, block, false);
}
