/* Fully connected layers. A gemm is computed in one of three ways: by cublasLt; by cublasLt with split-k,
 * where the result is too small to keep a GPU busy; or by a kernel of ours where the weight is tiny (the
 * discriminator's first layers), because cublasLt is slow there. */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/matrix/gemm.cuh"

enum {
    THREADS = 256,
    SMALL_WEIGHT = 1024,        /* values of a weight that is kept in shared memory, at most */
    SMALL_WEIGHT_BLOCKS = 2048, /* thread blocks of that kernel, at most */
    OUTPUT_TILE = 64,           /* rows and columns of a result that occupy one thread block of cublasLt */
    SPLIT_TILES = 16,           /* split-k where a result has at most so many tiles, … */
    SPLIT_PARTS = 512,          /* … into so many parts over all tiles, … */
    SPLIT_MOST = 256,           /* … but at most so many a tile, … */
    SPLIT_DEPTH = 512,          /* … of at least so many terms each */
    SUM_BLOCKS = 512,           /* thread blocks that share the rows of a column sum, at most, … */
    SUM_ROWS_LEAST = 32         /* … of at least so many rows each */
};

static int rows_of(struct tensor x)
{
    return x.batch * x.length;
}

static struct matrix matrix_of(view data, int columns)
{
    struct matrix m = {data.data, data.bf16, columns, 0};
    return m;
}

static struct matrix matrix_from(struct matrix m, size_t i)
{
    m.data = (char *)m.data + i * (m.bf16 ? 2 : 4);
    return m;
}

/* c = a W, (rows, inner) by (inner, columns), + bias, ReLU: W in shared memory, a thread for each value of c.
 */
static __global__ void small_weight(view c, view a, const float *weight, struct gemm gemm, size_t count)
{
    float *table = shared_memory<float>(); /* (inner, columns) */
    for (int i = (int)threadIdx.x; i < gemm.inner * gemm.columns; i += (int)blockDim.x)
        table[i] = weight[gemm.transpose_b ? i % gemm.columns * gemm.inner + i / gemm.columns : i];
    __syncthreads();
    for (size_t i = thread_number(); i < count; i += (size_t)gridDim.x * blockDim.x) {
        size_t row = i / gemm.columns * gemm.inner;
        int column = (int)(i % gemm.columns);
        float sum = gemm.bias ? gemm.bias[column] : 0;
        for (int k = 0; k < gemm.inner; k++) sum += load(a, row + k) * table[k * gemm.columns + column];
        if (gemm.beta != 0) sum += load(c, i);
        store(c, i, gemm.relu && !(sum > 0) ? 0 : sum);
    }
}

static void gemm_small_weight(struct matrix c, struct matrix a, const float *weight, struct gemm gemm)
{
    size_t count = (size_t)gemm.rows * (size_t)gemm.columns;
    unsigned blocks = blocks_for(count, THREADS);
    view to = {c.data, c.bf16}, from = {a.data, a.bf16};
    cuda_count_operations(2.0 * gemm.rows * gemm.columns * gemm.inner);
    launch(small_weight, blocks < SMALL_WEIGHT_BLOCKS ? blocks : (unsigned)SMALL_WEIGHT_BLOCKS, THREADS,
           SMALL_WEIGHT * sizeof(float), to, from, weight, gemm, count);
}

/* The number of parts of split-k; 1: no split. */
static int split_k_parts(const struct gemm *gemm)
{
    size_t tiles =
        (size_t)blocks_for((size_t)gemm->rows, OUTPUT_TILE) * blocks_for((size_t)gemm->columns, OUTPUT_TILE);
    int most = gemm->inner / SPLIT_DEPTH < SPLIT_MOST ? gemm->inner / SPLIT_DEPTH : SPLIT_MOST;
    if (tiles > SPLIT_TILES || most < 2) return 1;
    return SPLIT_PARTS / (int)tiles < most ? SPLIT_PARTS / (int)tiles : most;
}

/* The epilogue after split-k: c = sums (+ c where beta is 1) + bias, then ReLU. */
static __global__ void split_k_epilogue(view c, const float *sums, struct gemm gemm, size_t count)
{
    size_t i = thread_number();
    if (i >= count) return;
    float sum = sums[i] + (gemm.bias ? gemm.bias[i % gemm.columns] : 0) + (gemm.beta != 0 ? load(c, i) : 0);
    store(c, i, gemm.relu && !(sum > 0) ? 0 : sum);
}

/* Split-k into `count` parts or fewer: a batch of gemms over parts of equal depth, and one gemm more over the
 * rest of k. partial (parts, rows, columns). Returns the number of parts. */
static int multiply_split_k(float *partial, struct matrix a, struct matrix b, struct gemm gemm, int count)
{
    int depth = (gemm.inner / count + 7) / 8 * 8, whole = gemm.inner / depth, left = gemm.inner % depth;
    size_t values = (size_t)gemm.rows * (size_t)gemm.columns;
    struct matrix to = {partial, false, gemm.columns, values};
    a.batch_stride = (size_t)depth * (gemm.transpose_a ? (size_t)a.stride : 1);
    b.batch_stride = (size_t)depth * (gemm.transpose_b ? 1 : (size_t)b.stride);
    struct gemm slice = {gemm.rows, gemm.columns, depth, gemm.transpose_a, gemm.transpose_b, whole, 1,
                         0,         NULL,         false};
    cuda_gemm(to, a, b, slice);
    if (!left) return whole;
    slice.inner = left, slice.batch = 1;
    cuda_gemm(matrix_from(to, whole * values), matrix_from(a, whole * a.batch_stride),
              matrix_from(b, whole * b.batch_stride), slice);
    return whole + 1;
}

/* As cuda_gemm, for one dense gemm with alpha 1 and beta 0 or 1. */
static void gemm_or_split_k(struct matrix c, struct matrix a, struct matrix b, struct gemm gemm)
{
    int count = split_k_parts(&gemm);
    if (count < 2) {
        cuda_gemm(c, a, b, gemm);
        return;
    }
    size_t values = (size_t)gemm.rows * (size_t)gemm.columns,
           bytes = (count + 2) * values * sizeof(float) + 512;
    struct arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    float *sums = arena_take<float>(&arena, values),
          *partial = arena_take<float>(&arena, (count + 1) * values);
    count = multiply_split_k(partial, a, b, gemm, count);
    bool plain = !c.bf16 && !gemm.bias && !gemm.relu;
    cuda_add_partial_sums(plain ? (float *)c.data : sums, partial, count, (int)values, 1,
                          plain && gemm.beta != 0);
    view to = {c.data, c.bf16};
    if (!plain)
        launch(split_k_epilogue, blocks_for(values, THREADS), THREADS, 0, to, (const float *)sums, gemm,
               values);
}

/* c (rows, columns) (+)= a (rows, inner) by the weight, (columns, inner) where it is transposed. */
static void gemm_by_weight(struct matrix c, struct matrix a, device weight, struct gemm gemm)
{
    struct matrix b = {reals(weight), false, gemm.transpose_b ? gemm.inner : gemm.columns, 0};
    if ((size_t)gemm.inner * (size_t)gemm.columns <= SMALL_WEIGHT)
        gemm_small_weight(c, a, reals(weight), gemm);
    else
        gemm_or_split_k(c, a, b, gemm);
}

void cuda_linear(struct tensor y, struct tensor x, device weight, device bias, bool relu)
{
    struct gemm gemm = {rows_of(y), y.channels, x.channels, false, true, 1, 1, 0, reals(bias), relu};
    gemm_by_weight(matrix_of(view_of(y), y.channels), matrix_of(view_of(x), x.channels), weight, gemm);
}

/* The shape of a kernel over the rows of dy: `across` threads side by side, each with a vec of columns; each
 * thread block takes `each` rows. */
struct rows {
    int count, columns, across, each;
};

/* Sets dy to 0 where y is not positive (no mask where y has no data), and sums each thread block's rows into
 * partial (gridDim.y, columns), unless that is NULL. */
template <int N> static __global__ void mask_and_sum(view dy, view y, float *partial, struct rows rows)
{
    float *sums = shared_memory<float>(); /* (down, across, N) */
    int down = (int)blockDim.x / rows.across, line = (int)threadIdx.x / rows.across;
    int column = ((int)blockIdx.x * rows.across + (int)threadIdx.x % rows.across) * N;
    int first = (int)blockIdx.y * rows.each, left = rows.count - first;
    bool mine = line < down && column < rows.columns;
    vec<N> sum = {};
    for (int row = line; mine && row < rows.each && row < left; row += down) {
        size_t at = (size_t)(first + row) * rows.columns + column;
        vec<N> d = load_vec<N>(dy, at);
        if (y.data) {
            vec<N> kept = load_vec<N>(y, at);
            for (int j = 0; j < N; j++) d.v[j] = kept.v[j] > 0 ? d.v[j] : 0;
            store_vec<N>(dy, at, d);
        }
        for (int j = 0; j < N; j++) sum.v[j] += d.v[j];
    }
    for (int j = 0; j < N; j++) sums[threadIdx.x * N + j] = sum.v[j];
    __syncthreads();
    if (!partial || line > 0 || !mine) return;
    for (int other = 1; other < down; other++)
        for (int j = 0; j < N; j++) sum.v[j] += sums[(other * rows.across + (int)threadIdx.x) * N + j];
    for (int j = 0; j < N; j++) partial[(size_t)blockIdx.y * rows.columns + column + j] = sum.v[j];
}

static void output_gradient(struct tensor dy, struct tensor y, device dbias, bool relu)
{
    view d = view_of(dy), kept = relu ? view_of(y) : view_of((device)NULL);
    int n = vec_size((size_t)dy.channels, d, kept), vecs = dy.channels / n;
    struct rows rows = {rows_of(dy), dy.channels, vecs < WARP ? vecs : WARP, 0};
    unsigned across = blocks_for((size_t)vecs, WARP);
    unsigned down = blocks_for((size_t)rows.count, SUM_ROWS_LEAST), most = blocks_for(SUM_BLOCKS, across);
    rows.each = (int)blocks_for((size_t)rows.count, down < most ? down : most);
    down = blocks_for((size_t)rows.count, (size_t)rows.each);
    size_t bytes = (size_t)down * (size_t)dy.channels * sizeof(float);
    float *partial = dbias ? (float *)cuda_workspace(WORKSPACE_OPERATION, bytes) : NULL;
    LAUNCH_VEC(n, mask_and_sum, dim3(across, down), THREADS, THREADS * n * sizeof(float), d, kept, partial,
               rows);
    if (dbias) cuda_add_partial_sums(reals(dbias), partial, (int)down, dy.channels, 1, true);
}

void cuda_linear_backward(struct tensor dx, device dweight, device dbias, struct tensor dy, struct tensor y,
                          struct tensor x, device weight, bool relu, bool add)
{
    int rows = rows_of(dy), in = x.channels, out = dy.channels;
    struct matrix by_y = matrix_of(view_of(dy), out);
    struct gemm by_x = {rows, in, out, false, false, 1, 1, add ? 1.0f : 0.0f, NULL, false};
    struct gemm by_weight = {out, in, rows, true, false, 1, 1, 1, NULL, false};
    if (relu || dbias) output_gradient(dy, y, dbias, relu);
    if (dx.data) gemm_by_weight(matrix_of(view_of(dx), in), by_y, weight, by_x);
    if (dweight) gemm_or_split_k(matrix_of(view_of(dweight), in), by_y, matrix_of(view_of(x), in), by_weight);
}
