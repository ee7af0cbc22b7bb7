/* Fully connected layers. Three ways to a product: the library's; the library's with a long sum arena_take
 * into parts, where the result is too small to keep a GPU busy; and a kernel for the few channels at the
 * discriminator's start, where the library would mostly wait. */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"
#include "kernels/cuda/matrix/gemm.cuh"

enum {
    THREADS = 256,
    FEW_WEIGHTS = 1024,
    FEW_BLOCKS = 2048,
    TILE = 64,          /* rows and columns of a result that keep one block of the library's threads busy */
    TILES_CUT = 16,     /* so many tiles, or fewer, … */
    PARTS_LEAST = 512,  /* … are arena_take into so many parts in all, */
    PARTS_MOST = 256,   /* at most so many a tile, */
    DEPTH_LEAST = 512,  /* each of them a sum of so many terms or more */
    SUM_BLOCKS = 512,   /* that share the rows of a sum over rows */
    SUM_ROWS_LEAST = 32 /* for each */
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

static struct matrix from_value(struct matrix m, size_t i)
{
    m.data = (char *)m.data + i * (m.bf16 ? 2 : 4);
    return m;
}

/* c = a W of (rows, inner) and (inner, columns): W from shared memory, one thread a value. */
static __global__ void few(view c, view a, const float *weight, struct product p, size_t count)
{
    float *table = shared_memory<float>(); /* (inner, columns) */
    for (int i = (int)threadIdx.x; i < p.inner * p.columns; i += (int)blockDim.x)
        table[i] = weight[p.transpose_b ? i % p.columns * p.inner + i / p.columns : i];
    __syncthreads();
    for (size_t i = thread_number(); i < count; i += (size_t)gridDim.x * blockDim.x) {
        size_t row = i / p.columns * p.inner;
        int column = (int)(i % p.columns);
        float sum = p.bias ? p.bias[column] : 0;
        for (int k = 0; k < p.inner; k++) sum += load(a, row + k) * table[k * p.columns + column];
        if (p.beta != 0) sum += load(c, i);
        store(c, i, p.relu && !(sum > 0) ? 0 : sum);
    }
}

static void multiply_few(struct matrix c, struct matrix a, const float *weight, struct product p)
{
    size_t count = (size_t)p.rows * (size_t)p.columns;
    unsigned blocks = blocks_for(count, THREADS);
    view to = {c.data, c.bf16}, from = {a.data, a.bf16};
    cuda_count_operations(2.0 * p.rows * p.columns * p.inner);
    launch(few, blocks < FEW_BLOCKS ? blocks : (unsigned)FEW_BLOCKS, THREADS, FEW_WEIGHTS * sizeof(float), to,
           from, weight, p, count);
}

/* How many parts a long sum is arena_take into; 1: none. */
static int parts_for(const struct product *p)
{
    size_t tiles = (size_t)blocks_for((size_t)p->rows, TILE) * blocks_for((size_t)p->columns, TILE);
    int most = p->inner / DEPTH_LEAST < PARTS_MOST ? p->inner / DEPTH_LEAST : PARTS_MOST;
    if (tiles > TILES_CUT || most < 2) return 1;
    return PARTS_LEAST / (int)tiles < most ? PARTS_LEAST / (int)tiles : most;
}

/* c = sums (+ c) + bias, then ReLU where asked. */
static __global__ void finish(view c, const float *sums, struct product p, size_t count)
{
    size_t i = thread_number();
    if (i >= count) return;
    float sum = sums[i] + (p.bias ? p.bias[i % p.columns] : 0) + (p.beta != 0 ? load(c, i) : 0);
    store(c, i, p.relu && !(sum > 0) ? 0 : sum);
}

/* The partial of the sum are a batch of products, and one more of what is left; partial (…, rows, columns).
 * Returns their number. */
static int multiply_parts(float *partial, struct matrix a, struct matrix b, struct product p, int count)
{
    int depth = (p.inner / count + 7) / 8 * 8, whole = p.inner / depth, left = p.inner % depth;
    size_t values = (size_t)p.rows * (size_t)p.columns;
    struct matrix to = {partial, false, p.columns, values};
    a.step = (size_t)depth * (p.transpose_a ? (size_t)a.stride : 1);
    b.step = (size_t)depth * (p.transpose_b ? 1 : (size_t)b.stride);
    struct product part = {p.rows, p.columns, depth, p.transpose_a, p.transpose_b, whole, 1, 0, NULL, false};
    cuda_multiply(to, a, b, part);
    if (!left) return whole;
    part.inner = left, part.batch = 1;
    cuda_multiply(from_value(to, whole * values), from_value(a, whole * a.step),
                  from_value(b, whole * b.step), part);
    return whole + 1;
}

/* As cuda_multiply of one product of dense matrices, alpha 1, beta 0 or 1. */
static void multiply(struct matrix c, struct matrix a, struct matrix b, struct product p)
{
    int count = parts_for(&p);
    if (count < 2) {
        cuda_multiply(c, a, b, p);
        return;
    }
    size_t values = (size_t)p.rows * (size_t)p.columns, bytes = (count + 2) * values * sizeof(float) + 512;
    struct arena scratch = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    float *sums = arena_take<float>(&scratch, values),
          *parts = arena_take<float>(&scratch, (count + 1) * values);
    count = multiply_parts(parts, a, b, p, count);
    bool plain = !c.bf16 && !p.bias && !p.relu;
    cuda_add_partial_sums(plain ? (float *)c.data : sums, parts, count, (int)values, 1, plain && p.beta != 0);
    view to = {c.data, c.bf16};
    if (!plain) launch(finish, blocks_for(values, THREADS), THREADS, 0, to, (const float *)sums, p, values);
}

/* c (rows, columns) (+)= a (rows, inner) by the weight, (columns, inner) where it is transposed. */
static void multiply_by_weight(struct matrix c, struct matrix a, device weight, struct product p)
{
    struct matrix b = {reals(weight), false, p.transpose_b ? p.inner : p.columns, 0};
    if ((size_t)p.inner * (size_t)p.columns <= FEW_WEIGHTS)
        multiply_few(c, a, reals(weight), p);
    else
        multiply(c, a, b, p);
}

void cuda_linear(struct tensor y, struct tensor x, device weight, device bias, bool relu)
{
    struct product p = {rows_of(y), y.channels, x.channels, false, true, 1, 1, 0, reals(bias), relu};
    multiply_by_weight(matrix_of(view_of(y), y.channels), matrix_of(view_of(x), x.channels), weight, p);
}

/* What a kernel that goes over the rows of dy has: `across` threads side by side, each with a vec of its
 * columns, and each block `each` rows. */
struct rows {
    int count, columns, across, each;
};

/* Masks dy in place where y is not positive (y without data: no mask), and adds up each block's rows: partial
 * (gridDim.y, columns), or NULL. */
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
    struct product by_x = {rows, in, out, false, false, 1, 1, add ? 1.0f : 0.0f, NULL, false};
    struct product by_weight = {out, in, rows, true, false, 1, 1, 1, NULL, false};
    if (relu || dbias) output_gradient(dy, y, dbias, relu);
    if (dx.data) multiply_by_weight(matrix_of(view_of(dx), in), by_y, weight, by_x);
    if (dweight) multiply(matrix_of(view_of(dweight), in), by_y, matrix_of(view_of(x), in), by_weight);
}
