/* Statistics of keys that the losses compare, as in kernels/cpu/keys-statistics.h: one kernel reads the
 * records and leaves sums over rows, a row being one key of one sample, (frames, 2); the functions here
 * compute the statistics from these sums. Sums are in double, of differences from the row's first value, so
 * that those of constant rows are 0. */
#ifndef KERNELS_CUDA_LOSSES_KEYS_STATISTICS_CUH
#define KERNELS_CUDA_LOSSES_KEYS_STATISTICS_CUH

#include "kernels/cuda/base/sums.cuh"

struct key_row {
    float first[2];            /* of each channel */
    double sum[2], squares[2]; /* Σ(x - first), Σ(x - first)² of a channel */
    double across;             /* Σ of the product of the channels, each around its first */
    double next[2];            /* … of the product with the next key; the last key has itself */
    double sounding;           /* Σ sigmoid((x - 0.05) / 0.01) */
    float largest, least;      /* over frames and channels */
    int largest_at, least_at;  /* 2 frame + channel of the first of equal ones */
};

/* Partial sums, one a thread block, of what is not summed by rows: of columns (a frame and channel, over the
 * keys), and of a pair of samples, even and odd. */
struct columns_part {
    double logs, distance; /* Σ log(steps + 0.001), Σ smooth L1 of x - r */
};
struct pair_part {
    double even, odd, logs; /* Σ p, Σ q, Σ p log(p/q) over the cells p of the even, q of the odd sample, at
                               least 1e-6 each */
};

/* The statistics of x and r, in scratch memory. */
struct key_statistics {
    struct key_row *rows;         /* (2, batch, keys): of x, of r */
    float *steps;                 /* (batch, 2 frames): Σ over k of |x[k] - x[k+1]|; NULL: not wanted */
    struct columns_part *columns; /* (batch, keys_column_parts); NULL with steps */
    struct pair_part *pairs;      /* (2, batch / 2, keys_song_parts); NULL: not wanted. Never with steps */
};

/* The numbers of partial sums of a sample's columns, and of a pair. */
int keys_column_parts(struct keys_shape shape);
int keys_pair_parts(struct keys_shape shape);
void keys_statistics(struct key_statistics to, struct tensor x, struct tensor r, struct keys_shape shape);

__host__ __device__ static inline size_t keys_cells(struct keys_shape shape)
{
    return 2 * (size_t)shape.keys * (size_t)shape.frames;
}

__device__ static inline float keys_sigmoid(float x)
{
    return 1 / (1 + expf((0.05f - x) / 0.01f));
}

__device__ static inline double square(double x)
{
    return x * x;
}

/* Σ(x - mean)² from sums of x - pivot and its squares; 0 where it is so small a share of these that it is
 * rounding. */
__device__ static inline double squares_around_mean(double sum, double squares, double count)
{
    double around_mean = squares - sum * sum / count;
    return around_mean <= 1e-12 * squares ? 0 : around_mean; /* NaN stays NaN */
}

struct moments {
    double mean, std; /* unbiased */
};

__device__ static inline moments moments_make(double first, double sum, double squares, double count)
{
    moments m = {first + sum / count,
                 count > 1 ? sqrt(squares_around_mean(sum, squares, count) / (count - 1)) : 0};
    return m;
}

__device__ static inline moments channel_moments(const key_row &row, int c, int frames)
{
    return moments_make(row.first[c], row.sum[c], row.squares[c], frames);
}

/* Over both channels. */
__device__ static inline moments key_moments(const key_row &row, int frames)
{
    double moved = (double)row.first[1] - (double)row.first[0];
    return moments_make(row.first[0], row.sum[0] + row.sum[1] + frames * moved,
                        row.squares[0] + row.squares[1] + moved * (2 * row.sum[1] + frames * moved),
                        2 * (double)frames);
}

/* Mean over the channels of std over the frames. */
__device__ static inline double key_deviation(const key_row &row, int frames)
{
    return (channel_moments(row, 0, frames).std + channel_moments(row, 1, frames).std) / 2;
}

/* Pearson's correlations: [0], [1] of neighbouring keys in a channel, [2] of the channels (its last key left
 * out). Means over all keys but the last, and over all but the first. */
struct melody {
    struct correlation {
        double value, inverse;   /* 1 / sqrt(Σ(a - mean_a)² Σ(b - mean_b)²), 0 where constant */
        double slope_a, slope_b; /* value / Σ(a - mean_a)² … */
    } of[3];
    double mean_upper[2], mean_lower[2]; /* [channel] */
};

/* Sums of many rows around one value. */
struct vector_sums {
    double sum, squares;
};

__device__ static inline void add_row(vector_sums *to, double sum, double squares, double moved,
                                      double frames)
{
    to->sum += sum + frames * moved;
    to->squares += squares + moved * (2 * sum + frames * moved);
}

__device__ static inline vector_sums warp_vector_sum(vector_sums v)
{
    vector_sums whole = {warp_sum(v.sum), warp_sum(v.squares)};
    return whole;
}

__device__ static inline melody::correlation correlation_make(vector_sums a, vector_sums b, double products,
                                                              double n)
{
    melody::correlation c = {0, 0, 0, 0};
    double va = squares_around_mean(a.sum, a.squares, n), vb = squares_around_mean(b.sum, b.squares, n);
    if (va <= n * 1e-12 || vb <= n * 1e-12) return c; /* rounding, and no gradient overflows */
    c.inverse = 1 / sqrt(va * vb);
    c.value = (products - a.sum * b.sum / n) * c.inverse;
    c.slope_a = c.value / va, c.slope_b = c.value / vb;
    return c;
}

/* Computed by one warp from a sample's rows, and returned to each of its lanes. */
__device__ static inline melody melody_of(const key_row *rows, struct keys_shape shape)
{
    const double frames = shape.frames, n = (double)(shape.keys - 1) * frames;
    const key_row &first = rows[0], &second = rows[shape.keys > 1];
    vector_sums upper[2] = {{0, 0}, {0, 0}}, lower[2] = {{0, 0}, {0, 0}};
    double products[3] = {0, 0, 0};
    for (int k = threadIdx.x % WARP; k + 1 < shape.keys; k += WARP) {
        const key_row &a = rows[k], &b = rows[k + 1];
        double up[2], low[2];
        for (int c = 0; c < 2; c++) {
            up[c] = (double)a.first[c] - (double)first.first[c];
            low[c] = (double)b.first[c] - (double)second.first[c];
            add_row(&upper[c], a.sum[c], a.squares[c], up[c], frames);
            add_row(&lower[c], b.sum[c], b.squares[c], low[c], frames);
            products[c] += a.next[c] + up[c] * b.sum[c] + low[c] * (a.sum[c] + frames * up[c]);
        }
        products[2] += a.across + up[0] * a.sum[1] + up[1] * (a.sum[0] + frames * up[0]);
    }
    melody m = {};
    for (int c = 0; c < 2; c++) upper[c] = warp_vector_sum(upper[c]), lower[c] = warp_vector_sum(lower[c]);
    for (int i = 0; i < 3; i++) products[i] = warp_sum(products[i]);
    if (n < 2) return m;
    for (int c = 0; c < 2; c++) {
        m.of[c] = correlation_make(upper[c], lower[c], products[c], n);
        m.mean_upper[c] = first.first[c] + upper[c].sum / n;
        m.mean_lower[c] = second.first[c] + lower[c].sum / n;
    }
    m.of[2] = correlation_make(upper[0], upper[1], products[2], n);
    return m;
}

/* The gradient of a weighted sum of correlations by a cell x: toward * (partner - its mean) - back * (x - its
 * mean). As an upper cell (all keys but the last) its partners are the next key's cell and the other
 * channel's; as a lower cell (all keys but the first) the previous key's cell. Indices are channels;
 * toward[2] is between the channels. */
struct melody_slopes {
    float toward[3], back_upper[2], back_lower[2], mean_upper[2], mean_lower[2];
};

__device__ static inline melody_slopes melody_slopes_make(const melody &m, const double weights[3])
{
    melody_slopes slopes;
    for (int i = 0; i < 3; i++) slopes.toward[i] = (float)(weights[i] * m.of[i].inverse);
    for (int c = 0; c < 2; c++) {
        const double channels = c ? m.of[2].slope_b : m.of[2].slope_a;
        slopes.back_upper[c] = (float)(weights[c] * m.of[c].slope_a + weights[2] * channels);
        slopes.back_lower[c] = (float)(weights[c] * m.of[c].slope_b);
        slopes.mean_upper[c] = (float)m.mean_upper[c], slopes.mean_lower[c] = (float)m.mean_lower[c];
    }
    return slopes;
}

/* The gradient by a cell of channel C as an upper, and as a lower cell. */
template <int C>
__device__ inline float melody_upper(const melody_slopes &s, float x, float next, float other)
{
    return s.toward[C] * (next - s.mean_lower[C]) + s.toward[2] * (other - s.mean_upper[1 - C]) -
           s.back_upper[C] * (x - s.mean_upper[C]);
}

template <int C> __device__ inline float melody_lower(const melody_slopes &s, float x, float before)
{
    return s.toward[C] * (before - s.mean_upper[C]) - s.back_lower[C] * (x - s.mean_lower[C]);
}

#endif
