/* The learned envelope: x times a sum of Gaussians along the sample, divided by the sample's largest product.
 * Positions along the sample are in double, because the narrowest Gaussians are narrower than a cell. */
#include "kernels/cuda/base/argmax.cuh"

enum {
    THREADS = 256,
    WARPS = THREADS / WARP,
    CELLS = 1024,   /* of a thread block that sums */
    FINISHERS = 512 /* threads of the one thread block that ends the backward pass */
};

static const double SPAN = 16000, SCALE = 4000, UNIT = 16500; /* in cells of a sample of UNIT cells */
static const double CENTRE_MARGIN = 1e-4, LEAST_PEAK = 1e-12;
static const float LEAST_POWER = -87; /* e^power is 0 below, as in kernels/cpu/fast-math.h */

/* e_g[i] = exp(-((i - centre) * inverse)² / 2), in cells */
struct gaussian {
    double centre, inverse;
    double c; /* c_g, the centre in 0 … 1 */
    double w; /* w_g */
};

/* What all samples of the batch share. */
struct common {
    double scale; /* what centres are divided by */
    uint32_t at;  /* index in `a` of the largest centre */
};

/* The Gaussians (batch, count) of this call. */
struct envelope {
    common *shared;
    gaussian *all;
    int count, length, channels;
};

static __device__ gaussian gaussian_of(view a, size_t width_at, double scale, int count, int length)
{
    double unit = length / UNIT, w = 4 / (1 + exp(10 - fabs((double)load(a, width_at))));
    double c = fabs((double)load(a, width_at + count)) / scale;
    gaussian g = {length / 2.0 + unit * SPAN * (c - 0.5), 1 / (SCALE * unit * w), c, w};
    return g;
}

/* The index in `a` of the width of Gaussian i of the batch; its centre is `count` further. */
static __device__ size_t width_place(size_t i, int count)
{
    return i / count * 2 * count + i % count;
}

/* All Gaussians, by one thread block. */
static __global__ void find_gaussians(envelope e, view a, size_t total)
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

/* e_g[i]; *deviations: the distance of i from the centre in standard deviations. */
static __device__ float bell(const gaussian &g, int i, double *deviations)
{
    double t = (i - g.centre) * g.inverse;
    float power = (float)(-0.5 * t * t);
    *deviations = t;
    return power < LEAST_POWER ? 0 : expf(power);
}

/* Sample b's envelope at cell i. */
static __device__ float envelope_at(const envelope &e, size_t b, int i)
{
    float sum = 0;
    double t;
    for (int k = 0; k < e.count; k++) sum += bell(e.all[b * e.count + k], i, &t);
    return sum;
}

/* partial (sample, part): the argmax of x times the envelope in each part. */
static __global__ void find_argmax(argmax *partial, view x, envelope e)
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

/* A thread for each cell; the products are computed again, which costs less than storing them. */
static __global__ void divide(view y, float *peak, const argmax *partial, int parts, view x, envelope e)
{
    int i = (int)blockIdx.x * THREADS + threadIdx.x;
    size_t at = ((size_t)blockIdx.y * e.length + i) * e.channels;
    argmax best = argmax_join(partial + (size_t)blockIdx.y * parts, parts);
    if (i == 0) peak[2 * blockIdx.y] = best.value, peak[2 * blockIdx.y + 1] = (float)best.at;
    if (i >= e.length) return;
    float inverse = (float)inverse_of(best.value), height = envelope_at(e, blockIdx.y, i);
    for (int c = 0; c < e.channels; c++) store(y, at + c, load(x, at + c) * height * inverse);
}

static size_t envelope_scratch_bytes(struct tensor a)
{
    return sizeof(common) + tensor_count(a) / 2 * sizeof(gaussian) + 2 * 256;
}

static envelope envelope_make(arena *arena, struct tensor a, struct tensor x)
{
    size_t total = tensor_count(a) / 2;
    envelope e = {NULL, NULL, a.channels / 2, x.length, x.channels};
    e.shared = arena_take<common>(arena, 1);
    e.all = arena_take<gaussian>(arena, total);
    launch(find_gaussians, 1, THREADS, WARP * sizeof(argmax), e, view_of(a), total);
    return e;
}

void cuda_envelope(struct tensor y, struct tensor peak, struct tensor x, struct tensor a)
{
    unsigned parts = blocks_for((size_t)x.length, CELLS), batch = (unsigned)x.batch;
    size_t bytes = envelope_scratch_bytes(a) + (size_t)batch * parts * sizeof(argmax) + 256;
    arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    envelope e = envelope_make(&arena, a, x);
    argmax *found = arena_take<argmax>(&arena, (size_t)batch * parts);
    launch(find_argmax, dim3(parts, batch), THREADS, WARP * sizeof(argmax), found, view_of(x), e);
    launch(divide, dim3(blocks_for((size_t)x.length, THREADS), batch), THREADS, 0, view_of(y),
           reals(peak.data), found, (int)parts, view_of(x), e);
}

/* Sums that the gradients of a Gaussian's width and of its centre are proportional to. */
struct slopes {
    double by_width, by_centre;
};

/* Partial sums of the backward pass: of dy * y, (part, batch), and of each Gaussian, (part, batch, count). */
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

/* dx of cell i, without the part through the largest product; returns the gradient of the envelope at i. */
static __device__ double cell_backward(double *along, const gradients &d, const envelope &e, double inverse,
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

/* Partial sums over CELLS cells of a sample: a thread block computes the gradient of the envelope there, then
 * each warp the sums of one Gaussian. */
static __global__ void sum_parts(sums to, gradients d, envelope e)
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

/* The cell of a sample's largest product, and the gradient of the product there, without and with the part
 * through the maximum. */
struct peak_gradient {
    size_t place; /* in the batch */
    int cell;
    float before, after;
};

static __device__ peak_gradient peak_backward(const sums &from, const gradients &d, const envelope &e,
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

/* The gradients by w_g and c_g of Gaussian i; the first Gaussian of each sample also completes dx. */
static __device__ slopes gaussian_backward(const sums &from, const gradients &d, const envelope &e, size_t i)
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
    sum.by_width /= e.all[i].w;
    sum.by_centre *= SPAN * e.length / UNIT * e.all[i].inverse;
    return sum;
}

static __device__ double sign_of(float x)
{
    return (x > 0) - (x < 0);
}

/* Adds the partial sums, then the gradients of `a`, also through the largest centre; one thread block. */
static __global__ void finish(sums from, gradients d, envelope e)
{
    double by_scale = 0, kept = 0;
    bool keeper = false;
    for (size_t i = threadIdx.x; i < (size_t)from.batch * e.count; i += FINISHERS) {
        size_t at = width_place(i, e.count);
        slopes by = gaussian_backward(from, d, e, i);
        double w = e.all[i].w, by_share = by.by_centre / e.shared->scale;
        double gradient = by_share * sign_of(load(d.a, at + e.count));
        store(d.da, at, (float)(by.by_width * w * (1 - w / 4) * sign_of(load(d.a, at))));
        if (at + e.count == e.shared->at)
            keeper = true, kept = gradient;
        else
            store(d.da, at + e.count, (float)gradient);
        by_scale -= by_share * e.all[i].c;
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
    size_t bytes = envelope_scratch_bytes(a) + total * sizeof(double) +
                   total * (size_t)(a.channels / 2) * sizeof(slopes) + 2 * 256;
    arena arena = {(char *)cuda_workspace(WORKSPACE_OPERATION, bytes), 0};
    envelope e = envelope_make(&arena, a, x);
    sums to = {arena_take<double>(&arena, total), arena_take<slopes>(&arena, total * (size_t)e.count),
               (int)parts, (int)batch};
    gradients d = {view_of(dx), view_of(da), view_of(dy),     view_of(y),
                   view_of(x),  view_of(a),  reals(peak.data)};
    launch(sum_parts, dim3(parts, batch), THREADS, (WARP + CELLS) * sizeof(double), to, d, e);
    launch(finish, 1, FINISHERS, WARP * sizeof(double), to, d, e);
}
