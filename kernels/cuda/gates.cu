/* Keys as frames, and frames with gates as keys: a thread takes a key in a row of frames. */
#include "kernels/cuda/packs.cuh"
#include "kernels/cuda/sums.cuh"

enum { THREADS = 256, PARTS = 264 };

static const float FAINTEST = 0.1f; /* of what sounds where gates are hard */
static const float APART = 0.7f;    /* weight of the channels' difference beside their mean */

/* Rows of frames, `width` wide, and the cells of keys that belong to them. */
struct layout {
    int keys, frames, length, width;
    size_t count; /* keys in all rows of the batch */
};

static struct layout layout_of(struct tensor rows, struct keys_shape shape)
{
    return (struct layout){shape.keys, shape.frames, rows.length, rows.channels,
                           (size_t)rows.batch * (size_t)rows.length * (size_t)shape.keys};
}

struct place {
    int frame;
    size_t row, cell; /* the key's first column; its left channel */
};

__device__ static inline struct place place_of(struct layout l, size_t i)
{
    struct place p;
    int key = (int)(i % l.keys);
    size_t row = i / l.keys, sample = row / l.length;
    p.frame = (int)(row % l.length);
    p.row = row * l.width + key;
    p.cell = 2 * ((sample * l.keys + key) * l.frames + p.frame);
    return p;
}

__device__ static inline float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

static __global__ void frames(view y, view x, struct layout l)
{
    size_t i = thread_number();
    if (i >= l.count) return;
    struct place p = place_of(l, i);
    for (int c = 0; c < 2; c++)
        store(y, p.row + (size_t)c * l.keys, p.frame < l.frames ? sqrtf(load(x, p.cell + c)) : 0);
}

void cuda_frames(struct tensor y, struct tensor x, struct keys_shape shape)
{
    struct layout l = layout_of(y, shape);
    launch(frames, blocks_for(l.count, THREADS), THREADS, 0, view_of(y), view_of(x), l);
}

/* How far open a gate is. */
__device__ static inline float gate_of(view f, struct place p, struct layout l, struct gate gate)
{
    float own = load(f, p.row);
    if (!gate.hard) return sigmoid(own);
    float before = p.frame == 0 ? own : load(f, p.row - l.width);
    float after = p.frame == l.frames - 1 ? own : load(f, p.row + l.width);
    return own + gate.smoothing * (before + after - 2 * own) > gate.threshold ? 1 : 0;
}

static __global__ void gated(view x, view f, struct layout l, struct gate gate)
{
    size_t i = thread_number();
    if (i >= l.count) return;
    struct place p = place_of(l, i);
    if (p.frame >= l.frames) return;
    float open = gate_of(f, p, l, gate);
    for (int c = 0; c < 2; c++) {
        float root = sigmoid(load(f, p.row + (size_t)(c + 1) * l.keys)), loudness = open * root * root;
        store(x, p.cell + c, gate.hard && loudness < FAINTEST ? 0 : loudness);
    }
}

void cuda_gated(struct tensor x, struct tensor f, struct keys_shape shape, struct gate gate)
{
    struct layout l = layout_of(f, shape);
    launch(gated, blocks_for(l.count, THREADS), THREADS, 0, view_of(x), view_of(f), l, gate);
}

static __global__ void backward(view df, view dx, view f, struct layout l)
{
    size_t i = thread_number();
    if (i >= l.count) return;
    struct place p = place_of(l, i);
    bool inside = p.frame < l.frames;
    float open = sigmoid(load(f, p.row)), sum = 0;
    for (int c = 0; c < 2; c++) {
        size_t at = p.row + (size_t)(c + 1) * l.keys;
        float root = sigmoid(load(f, at)), loudness = root * root, d = inside ? load(dx, p.cell + c) : 0;
        sum += d * loudness;
        store(df, at, d * open * 2 * loudness * (1 - root));
    }
    store(df, p.row, sum * open * (1 - open));
}

void cuda_gated_backward(struct tensor df, struct tensor dx, struct tensor f, struct keys_shape shape)
{
    struct layout l = layout_of(f, shape);
    launch(backward, blocks_for(l.count, THREADS), THREADS, 0, view_of(df), view_of(dx), view_of(f), l);
}

struct losses {
    double of[GATE_LOSSES];
};

__device__ static inline float sign_of(float x)
{
    return (float)((x > 0) - (x < 0));
}

__device__ static inline void add_to(view x, size_t i, float more)
{
    store(x, i, load(x, i) + more);
}

/* Both losses of a key in a frame; its gradients, the weights being theirs. */
__device__ static inline void key_losses(struct losses *sums, view df, view f, view r, struct place p, int keys,
                                         float sounding, float loudness)
{
    float logit = load(f, p.row), r0 = load(r, p.cell), r1 = load(r, p.cell + 1);
    float on = r0 > 0 || r1 > 0;
    sums->of[GATE_SOUNDING] += (double)(fmaxf(logit, 0) - on * logit + log1pf(expf(-fabsf(logit))));
    add_to(df, p.row, sounding * (sigmoid(logit) - on));
    if (on == 0) return;
    float left = sigmoid(load(f, p.row + keys)), right = sigmoid(load(f, p.row + 2 * keys));
    float dl = left - sqrtf(r0), dr = right - sqrtf(r1);
    float mean = sign_of(dl + dr) / 2, half = APART * sign_of(dl - dr) / 2;
    sums->of[GATE_LOUDNESS] += (double)(mean * (dl + dr) + half * (dl - dr));
    add_to(df, p.row + keys, loudness * (mean + half) * left * (1 - left));
    add_to(df, p.row + 2 * keys, loudness * (mean - half) * right * (1 - right));
}

/* Each block's part of the sums. */
static __global__ void losses(float *parts, view df, view f, view r, struct layout l, float sounding,
                              float loudness)
{
    struct losses sums = {};
    for (size_t i = thread_number(); i < l.count; i += (size_t)gridDim.x * blockDim.x) {
        struct place p = place_of(l, i);
        if (p.frame < l.frames) key_losses(&sums, df, f, r, p, l.keys, sounding, loudness);
    }
    for (int n = 0; n < GATE_LOSSES; n++) {
        double whole = block_sum(sums.of[n], shared_memory<double>());
        if (threadIdx.x == 0) parts[blockIdx.x * GATE_LOSSES + n] = (float)whole;
        __syncthreads();
    }
}

void cuda_gate_losses(device values, struct tensor df, struct tensor f, struct tensor r,
                      struct keys_shape shape, const real weights[GATE_LOSSES])
{
    struct layout l = layout_of(f, shape);
    unsigned blocks = blocks_for(l.count, THREADS);
    if (blocks > PARTS) blocks = PARTS;
    float *parts = (float *)cuda_workspace(WORKSPACE_OPERATION, PARTS * GATE_LOSSES * sizeof *parts);
    launch(losses, blocks, THREADS, WARP * sizeof(double), parts, view_of(df), view_of(f), view_of(r), l,
           weights[GATE_SOUNDING] / (float)f.batch, weights[GATE_LOUDNESS] / (float)f.batch);
    cuda_add_parts(reals(values), parts, (int)blocks, GATE_LOSSES, 1 / (float)f.batch, true);
}
