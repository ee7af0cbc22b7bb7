/* Spectral normalisation (Miyato and others 2018). The matrices are small, at most about (256, 512): the
 * number of kernels launched one after the other determines the time. */
#include "kernels/cuda/base/sums.cuh"
#include "kernels/cuda/base/vectors.cuh"

enum {
    THREADS = 256,
    WARPS = THREADS / WARP,
    SLICES = WARPS, /* parts of a column's sum */
    PARTS = 128     /* thread blocks of element-wise kernels, at most */
};

/* The factor that gives a vector with this sum of squares length 1. */
static __device__ float unit_factor(double squares)
{
    return (float)(1 / fmax(sqrt(squares), 1e-12));
}

/* raw (columns) = W^T u; a thread block takes WARP columns. */
static __global__ void down_columns(float *raw, const float *u, const float *weight, int rows, int columns)
{
    double *slices = shared_memory<double>(); /* (SLICES, WARP) */
    int lane = threadIdx.x % WARP, slice = threadIdx.x / WARP, c = (int)blockIdx.x * WARP + lane;
    double sum = 0;
    for (int r = slice; c < columns && r < rows; r += SLICES)
        sum += (double)u[r] * (double)weight[(size_t)r * columns + c];
    slices[threadIdx.x] = sum;
    __syncthreads();
    if (slice || c >= columns) return;
    for (int other = 1; other < SLICES; other++) sum += slices[other * WARP + lane];
    raw[c] = (float)sum;
}

/* along (rows) = W v, a warp for each row. With `iterate` v = from / its length; else from is v. */
static __global__ void along_rows(double *along, float *v, const float *from, const float *weight, int rows,
                                  int columns, bool iterate)
{
    int lane = threadIdx.x % WARP, r = (int)(blockIdx.x * WARPS + threadIdx.x / WARP);
    double squares = 0, sum = 0;
    for (int c = threadIdx.x; iterate && c < columns; c += THREADS)
        squares += (double)from[c] * (double)from[c];
    squares = block_sum(squares, shared_memory<double>());
    float factor = iterate ? unit_factor(squares) : 1;
    for (int c = threadIdx.x; iterate && blockIdx.x == 0 && c < columns; c += THREADS)
        v[c] = from[c] * factor;
    for (int c = lane; r < rows && c < columns; c += WARP)
        sum += (double)weight[(size_t)r * columns + c] * (double)(from[c] * factor);
    sum = warp_sum(sum);
    if (lane == 0 && r < rows) along[r] = sum;
}

/* From along = W v: with `iterate` u = along / its length; sigma = u^T along. Each thread block computes
 * sigma, the first stores it. */
static __device__ float find_sigma(float *sigma, float *u, const double *along, int rows, bool iterate)
{
    double *shared = shared_memory<double>(), squares = 0, sum = 0;
    for (int r = threadIdx.x; iterate && r < rows; r += THREADS)
        squares += (double)(float)along[r] * (double)(float)along[r];
    float factor = unit_factor(block_sum(squares, shared));
    for (int r = threadIdx.x; r < rows; r += THREADS) {
        float unit = iterate ? (float)along[r] * factor : u[r];
        if (iterate && blockIdx.x == 0) u[r] = unit;
        sum += (double)unit * along[r];
    }
    sum = block_sum(sum, shared);
    if (threadIdx.x == 0 && blockIdx.x == 0) *sigma = (float)sum;
    return (float)sum;
}

template <int N>
static __global__ void divide(view normal, float *sigma, float *u, const double *along, view weight, int rows,
                              int columns, bool iterate)
{
    size_t count = (size_t)rows * columns, grid_stride = (size_t)gridDim.x * THREADS * N;
    float divisor = find_sigma(sigma, u, along, rows, iterate);
    for (size_t i = thread_number() * N; i < count; i += grid_stride) {
        vec<N> w = load_vec<N>(weight, i);
        for (int j = 0; j < N; j++) w.v[j] /= divisor;
        store_vec<N>(normal, i, w);
    }
}

static unsigned parts_for(size_t count, size_t values)
{
    unsigned blocks = blocks_for(count, THREADS * values), most = PARTS;
    return blocks < most ? blocks : most;
}

void cuda_spectral(device normal, device sigma, device u, device v, device weight, int rows, int columns,
                   bool iterate)
{
    size_t bytes = (size_t)rows * sizeof(double) + (size_t)columns * sizeof(float) + 2 * 256;
    arena scratch = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    double *along = arena_take<double>(&scratch, (size_t)rows);
    float *raw = arena_take<float>(&scratch, (size_t)columns);
    view to = view_of(normal), from = view_of(weight);
    int n = vec_size((size_t)columns, to, from);
    if (iterate)
        launch(down_columns, blocks_for((size_t)columns, WARP), THREADS, THREADS * sizeof(double), raw,
               reals(u), reals(weight), rows, columns);
    launch(along_rows, blocks_for((size_t)rows, WARPS), THREADS, WARP * sizeof(double), along, reals(v),
           iterate ? raw : reals(v), reals(weight), rows, columns, iterate);
    LAUNCH_VEC(n, divide, parts_for((size_t)rows * (size_t)columns, (size_t)n), THREADS,
               WARP * sizeof(double), to, reals(sigma), reals(u), along, from, rows, columns, iterate);
}

/* partial[blockIdx.x] = the thread block's part of sum dnormal * normal. */
template <int N> static __global__ void dot(double *partial, view dnormal, view normal, size_t count)
{
    size_t grid_stride = (size_t)gridDim.x * THREADS * N;
    double sum = 0;
    for (size_t i = thread_number() * N; i < count; i += grid_stride) {
        vec<N> d = load_vec<N>(dnormal, i), w = load_vec<N>(normal, i);
        for (int j = 0; j < N; j++) sum += (double)d.v[j] * (double)w.v[j];
    }
    sum = block_sum(sum, shared_memory<double>());
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

/* sigma, u and v of the forward pass. */
struct singular {
    const float *sigma, *u, *v;
};

template <int N>
static __global__ void add_gradient(view dweight, view dnormal, singular s, const double *partial, int rows,
                                    int columns)
{
    size_t count = (size_t)rows * columns, grid_stride = (size_t)gridDim.x * THREADS * N;
    double sum = 0;
    for (unsigned part = threadIdx.x; part < gridDim.x; part += THREADS) sum += partial[part];
    float along = (float)block_sum(sum, shared_memory<double>()), inverse = 1 / *s.sigma;
    for (size_t i = thread_number() * N; i < count; i += grid_stride) {
        int r = (int)(i / (size_t)columns), c = (int)(i % (size_t)columns);
        float down = along * s.u[r];
        vec<N> d = load_vec<N>(dnormal, i), to = load_vec<N>(dweight, i);
        for (int j = 0; j < N; j++) to.v[j] += (d.v[j] - down * s.v[c + j]) * inverse;
        store_vec<N>(dweight, i, to);
    }
}

void cuda_spectral_backward(device dweight, device dnormal, device normal, device sigma, device u, device v,
                            int rows, int columns)
{
    view to = view_of(dweight), d = view_of(dnormal), w = view_of(normal);
    singular s = {reals(sigma), reals(u), reals(v)};
    int n = vec_size((size_t)columns, to, d, w);
    size_t count = (size_t)rows * (size_t)columns;
    unsigned blocks = parts_for(count, (size_t)n);
    double *partial = (double *)cuda_workspace(WORKSPACE_OPERATION, PARTS * sizeof(double));
    LAUNCH_VEC(n, dot, blocks, THREADS, WARP * sizeof(double), partial, d, w, count);
    LAUNCH_VEC(n, add_gradient, blocks, THREADS, WARP * sizeof(double), to, d, s, partial, rows, columns);
}
