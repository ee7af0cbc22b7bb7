/* The learned envelope: a sum of Gaussians along the sample, then division by the sample's largest value.
 * Places along the sample are in double: the narrowest Gaussians are narrower than a cell. */
#include "kernels/cuda/base/argmax.cuh"

enum {
    THREADS = 256,
    WARPS = THREADS / WARP,
    CELLS = 1024,   /* a block's, where it sums */
    FINISHERS = 512 /* threads of the one block that ends the backward pass */
};

static const double SPAN = 16000, SCALE = 4000, UNIT = 16500; /* in cells of a sample of UNIT cells */
static const double CENTRE_MARGIN = 1e-4, LEAST_PEAK = 1e-12;
static const float LEAST_POWER = -87; /* below, e^power is 0 here as in kernels/cpu/fast-math.h */

/* e_g[i] = exp(-((i - centre) * inverse)² / 2), in cells */
struct gaussian {
    double centre, inverse;
    double share;  /* c_g, the centre in 0 … 1 */
    double spread; /* w_g */
};

/* What the samples share. */
struct common {
    double scale; /* what centres are divided by */
    uint32_t at;  /* index in `a` of the largest centre */
};

/* The Gaussians (batch, count) of this call. */
struct gaussians {
    common *shared;
    gaussian *all;
    int count, length, channels;
};

static __device__ gaussian gaussian_of(view a, size_t width_at, double scale, int count, int length)
{
    double unit = length / UNIT, spread = 4 / (1 + exp(10 - fabs((double)load(a, width_at))));
    double share = fabs((double)load(a, width_at + count)) / scale;
    gaussian g = {length / 2.0 + unit * SPAN * (share - 0.5), 1 / (SCALE * unit * spread), share, spread};
    return g;
}

/* Where Gaussian i of the batch has its width in `a`; the centre stands `count` further on. */
static __device__ size_t width_place(size_t i, int count)
{
    return i / count * 2 * count + i % count;
}

/* In one block. */
static __global__ void find_gaussians(gaussians e, view a, size_t total)
{
    argmax best = {fabsf(load(a, e.count)), (uint32_t)e.count};
    for (size_t i = threadIdx.x; i < total; i += THREADS) {
        size_t at = width_place(i, e.count) + e.count;
        argmax_update(&best, fabsf(load(a, at)), (uint32_t)at);
    }
    best = block_argmax(best, shared_memory<argmax>());
    common shared = {(double)best.value + CENTRE_MARGIN, best.at};
    for (size_t i = threadIdx.x; i < total; i += THREADS)
        e.all[i] = gaussian_of(a, width_place(i, e.count), shared.scale, e.count, e.length);
    if (threadIdx.x == 0) *e.shared = shared;
}

/* e_g[i], and how many standard deviations i is from the centre. */
static __device__ float bell(const gaussian &g, int i, double *deviations)
{
    double t = (i - g.centre) * g.inverse;
    float power = (float)(-0.5 * t * t);
    *deviations = t;
    return power < LEAST_POWER ? 0 : expf(power);
}

/* Sample b's envelope at cell i. */
static __device__ float envelope_at(const gaussians &e, size_t b, int i)
{
    float sum = 0;
    double t;
    for (int k = 0; k < e.count; k++) sum += bell(e.all[b * e.count + k], i, &t);
    return sum;
}

/* parts (sample, part): the largest product of a part. */
static __global__ void find_argmax(argmax *partial, view x, gaussians e)
{
    size_t start = (size_t)blockIdx.y * e.length * e.channels;
    int end = min(((int)blockIdx.x + 1) * CELLS, e.length);
    argmax best = {load(x, start) * envelope_at(e, blockIdx.y, 0), 0};
    for (int i = (int)blockIdx.x * CELLS + threadIdx.x; i < end; i += THREADS) {
        float height = envelope_at(e, blockIdx.y, i);
        for (int c = 0; c < e.channels; c++) {
            size_t at = (size_t)i * e.channels + c;
            argmax_update(&best, load(x, start + at) * height, (uint32_t)at);
        }
    }
    best = block_argmax(best, shared_memory<argmax>());
    if (threadIdx.x == 0) partial[(size_t)blockIdx.y * gridDim.x + blockIdx.x] = best;
}

static __device__ double inverse_of(float peak)
{
    return 1 / fmax((double)peak, LEAST_PEAK);
}

/* A thread has one cell; the products are made again, which costs less than keeping them. */
static __global__ void divide(view y, float *peak, const argmax *partial, int parts, view x, gaussians e)
{
    int i = (int)blockIdx.x * THREADS + threadIdx.x;
    size_t at = ((size_t)blockIdx.y * e.length + i) * e.channels;
    argmax best = argmax_join(partial + (size_t)blockIdx.y * parts, parts);
    if (i == 0) peak[2 * blockIdx.y] = best.value, peak[2 * blockIdx.y + 1] = (float)best.at;
    if (i >= e.length) return;
    float inverse = (float)inverse_of(best.value), height = envelope_at(e, blockIdx.y, i);
    for (int c = 0; c < e.channels; c++) store(y, at + c, load(x, at + c) * height * inverse);
}

static size_t gaussians_room(struct tensor a)
{
    return sizeof(common) + tensor_count(a) / 2 * sizeof(gaussian) + 2 * 256;
}

static gaussians gaussians_make(arena *scratch, struct tensor a, struct tensor x)
{
    size_t total = tensor_count(a) / 2;
    gaussians e = {NULL, NULL, a.channels / 2, x.length, x.channels};
    e.shared = arena_take<common>(scratch, 1);
    e.all = arena_take<gaussian>(scratch, total);
    launch(find_gaussians, 1, THREADS, WARP * sizeof(argmax), e, view_of(a), total);
    return e;
}

void cuda_envelope(struct tensor y, struct tensor peak, struct tensor x, struct tensor a)
{
    unsigned parts = blocks_for((size_t)x.length, CELLS), batch = (unsigned)x.batch;
    size_t bytes = gaussians_room(a) + (size_t)batch * parts * sizeof(argmax) + 256;
    arena scratch = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    gaussians e = gaussians_make(&scratch, a, x);
    argmax *found = arena_take<argmax>(&scratch, (size_t)batch * parts);
    launch(find_argmax, dim3(parts, batch), THREADS, WARP * sizeof(argmax), found, view_of(x), e);
    launch(divide, dim3(blocks_for((size_t)x.length, THREADS), batch), THREADS, 0, view_of(y),
           reals(peak.data), found, (int)parts, view_of(x), e);
}

/* Sums over parts of the samples: of dy * y (part, batch), and by Gaussian (part, batch, count) of what its
 * width and its centre are multiplied by. */
struct slopes {
    double by_width, by_centre;
};
struct sums {
    double *along;
    slopes *by;
    int parts, batch;
};

struct gradients {
    view dx, da, dy, y, x, a;
    const float *peak;
};

static __device__ void add_slopes(slopes *sum, const gaussian &g, int i, double de)
{
    double t, along = de * (double)bell(g, i, &t) * t;
    sum->by_width += along * t;
    sum->by_centre += along;
}

/* dx of cell i, without what flows through the largest value; returns the gradient by the envelope there. */
static __device__ double cell_backward(double *along, const gradients &d, const gaussians &e, double inverse,
                                       int i)
{
    float height = envelope_at(e, blockIdx.y, i);
    double de = 0;
    for (int c = 0; c < e.channels; c++) {
        size_t at = ((size_t)blockIdx.y * e.length + i) * e.channels + c;
        float dy = load(d.dy, at), dv = (float)((double)dy * inverse);
        *along += (double)dy * (double)load(d.y, at);
        de += (double)dv * (double)load(d.x, at);
        store(d.dx, at, dv * height);
    }
    return de;
}

/* A warp has a Gaussian, after the block has the envelope's gradients of its cells. */
static __global__ void sum_parts(sums to, gradients d, gaussians e)
{
    double *shared = shared_memory<double>(), *de = shared + WARP; /* (CELLS) */
    double inverse = inverse_of(d.peak[2 * blockIdx.y]), along = 0;
    int first = (int)blockIdx.x * CELLS, lane = threadIdx.x % WARP;
    for (int n = threadIdx.x; n < CELLS; n += THREADS)
        de[n] = first + n < e.length ? cell_backward(&along, d, e, inverse, first + n) : 0;
    along = block_sum(along, shared);
    size_t place = (size_t)blockIdx.x * to.batch + blockIdx.y;
    if (threadIdx.x == 0) to.along[place] = along;
    for (int k = threadIdx.x / WARP; k < e.count; k += WARPS) {
        gaussian g = e.all[blockIdx.y * e.count + k];
        slopes sum = {0, 0};
        for (int n = lane; n < CELLS && first + n < e.length; n += WARP)
            add_slopes(&sum, g, first + n, de[n]);
        sum.by_width = warp_sum(sum.by_width), sum.by_centre = warp_sum(sum.by_centre);
        if (lane == 0) to.by[place * e.count + k] = sum;
    }
}

/* A sample's largest value, and the gradient there before and after what flows through its being that. */
struct peak_gradient {
    size_t place; /* in the batch */
    int cell;
    float before, after;
};

static __device__ peak_gradient peak_backward(const sums &from, const gradients &d, const gaussians &e,
                                              size_t b)
{
    size_t at = (size_t)d.peak[2 * b + 1], place = b * e.length * e.channels + at;
    double inverse = inverse_of(d.peak[2 * b]), along = 0;
    float before = (float)((double)load(d.dy, place) * inverse);
    for (int part = 0; part < from.parts; part++) along += from.along[(size_t)part * from.batch + b];
    bool divided = (double)d.peak[2 * b] > LEAST_PEAK;
    peak_gradient p = {place, (int)(at / e.channels), before,
                       before - (divided ? (float)(along * inverse) : 0)};
    return p;
}

/* Gaussian i's gradients by its width and centre; the first of each sample ends dx as well. */
static __device__ slopes gaussian_backward(const sums &from, const gradients &d, const gaussians &e, size_t i)
{
    size_t b = i / e.count;
    peak_gradient p = peak_backward(from, d, e, b);
    slopes sum = {0, 0};
    for (int part = 0; part < from.parts; part++) {
        slopes one = from.by[((size_t)part * from.batch + b) * e.count + i % e.count];
        sum.by_width += one.by_width, sum.by_centre += one.by_centre;
    }
    double change = (double)p.after - (double)p.before;
    add_slopes(&sum, e.all[i], p.cell, change * (double)load(d.x, p.place));
    if (i % e.count == 0) store(d.dx, p.place, p.after * envelope_at(e, b, p.cell));
    sum.by_width /= e.all[i].spread;
    sum.by_centre *= SPAN * e.length / UNIT * e.all[i].inverse;
    return sum;
}

static __device__ double sign_of(float x)
{
    return (x > 0) - (x < 0);
}

/* In one block: the parts, then the gradients by `a`; those by centres go through the scale too. */
static __global__ void finish(sums from, gradients d, gaussians e)
{
    double by_scale = 0, kept = 0;
    bool keeper = false;
    for (size_t i = threadIdx.x; i < (size_t)from.batch * e.count; i += FINISHERS) {
        size_t at = width_place(i, e.count);
        slopes by = gaussian_backward(from, d, e, i);
        double spread = e.all[i].spread, by_share = by.by_centre / e.shared->scale;
        double gradient = by_share * sign_of(load(d.a, at + e.count));
        store(d.da, at, (float)(by.by_width * spread * (1 - spread / 4) * sign_of(load(d.a, at))));
        if (at + e.count == e.shared->at)
            keeper = true, kept = gradient;
        else
            store(d.da, at + e.count, (float)gradient);
        by_scale -= by_share * e.all[i].share;
    }
    by_scale = block_sum(by_scale, shared_memory<double>());
    size_t at = e.shared->at;
    if (keeper) store(d.da, at, (float)(kept + by_scale * sign_of(load(d.a, at))));
}

void cuda_envelope_backward(struct tensor dx, struct tensor da, struct tensor dy, struct tensor y,
                            struct tensor peak, struct tensor x, struct tensor a)
{
    unsigned parts = blocks_for((size_t)x.length, CELLS), batch = (unsigned)x.batch;
    size_t total = (size_t)batch * parts;
    size_t bytes = gaussians_room(a) + total * sizeof(double) +
                   total * (size_t)(a.channels / 2) * sizeof(slopes) + 2 * 256;
    arena scratch = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    gaussians e = gaussians_make(&scratch, a, x);
    sums to = {arena_take<double>(&scratch, total), arena_take<slopes>(&scratch, total * (size_t)e.count),
               (int)parts, (int)batch};
    gradients d = {view_of(dx), view_of(da), view_of(dy),     view_of(y),
                   view_of(x),  view_of(a),  reals(peak.data)};
    launch(sum_parts, dim3(parts, batch), THREADS, (WARP + CELLS) * sizeof(double), to, d, e);
    launch(finish, 1, FINISHERS, WARP * sizeof(double), to, d, e);
}
