/* Transposing keys to frames, frames with gates to keys, and the losses of gates. Keys have the frames of a
 * key side by side, frames the keys of a frame. A thread block takes WARP frames of one sample and up to KEYS
 * keys through shared memory, so that it reads and writes global memory along rows in both. */
#include "kernels/cuda/base/sums.cuh"

enum { THREADS = 256, WARPS = THREADS / WARP, FRAMES = WARP, KEYS = 64, LOGITS = 3 /* of a cell */ };

/* The tiling of a tensor of frames, (batch, length, kinds * keys). A thread block has a row of shared memory
 * for each frame of its tile: the `kinds` values of each of its keys. */
struct tiling {
    struct keys_shape shape;
    int length, kinds, keys; /* keys: of a block */
    int stride; /* floats from row to row: odd, so that the frames of a warp fall into different banks */
};

struct tile {
    int first, key, keys; /* its first frame and key, and how many keys */
    size_t row, cell;     /* the sample's first row and key in tensors of frames and of keys */
};

static tiling tiling_make(struct keys_shape shape, struct tensor f)
{
    const int kinds = f.channels / shape.keys, parts = (int)blocks_for((size_t)shape.keys, KEYS);
    const int keys = (shape.keys + parts - 1) / parts;
    tiling c = {shape, f.length, kinds, keys, (kinds * keys) | 1};
    return c;
}

/* The grid over `frames` frames, which may be all of the length. */
static dim3 tiles(const tiling &c, int frames, int batch)
{
    return dim3(blocks_for((size_t)frames, FRAMES), blocks_for((size_t)c.shape.keys, (size_t)c.keys),
                (unsigned)batch);
}

static size_t tile_bytes(const tiling &c)
{
    return FRAMES * (size_t)c.stride * sizeof(float);
}

__device__ static inline tile tile_here(const tiling &c)
{
    const int key = (int)blockIdx.y * c.keys, left = c.shape.keys - key;
    tile t = {(int)blockIdx.x * FRAMES, key, left < c.keys ? left : c.keys,
              (size_t)blockIdx.z * (size_t)c.length, (size_t)blockIdx.z * (size_t)c.shape.keys};
    return t;
}

/* The index, in a tensor of frames, of a column of the tile in a frame. */
__device__ static inline size_t frames_index(const tiling &c, const tile &t, int frame, int column)
{
    const int kind = (column >= t.keys) + (column >= 2 * t.keys);
    return (t.row + (size_t)frame) * (size_t)(c.kinds * c.shape.keys) +
           (size_t)(column + kind * (c.shape.keys - t.keys) + t.key);
}

/* Loads a tile; behind the frames the last one is repeated. */
__device__ static inline void read_tile(float *rows, view f, const tiling &c, const tile &t)
{
    const unsigned width = (unsigned)(c.kinds * t.keys), count = FRAMES * width;
    for (unsigned i = threadIdx.x; i < count; i += THREADS) {
        const int row = (int)(i / width), column = (int)(i % width), frame = t.first + row;
        const int inside = frame < c.shape.frames ? frame : c.shape.frames - 1;
        rows[row * c.stride + column] = load(f, frames_index(c, t, inside, column));
    }
}

/* Stores the tile's frames before `end`, or adds them to f. */
__device__ static inline void write_tile(view f, const float *rows, const tiling &c, const tile &t, int end,
                                         bool add)
{
    const unsigned width = (unsigned)(c.kinds * t.keys);
    const unsigned count = (unsigned)(end - t.first < FRAMES ? end - t.first : FRAMES) * width;
    for (unsigned i = threadIdx.x; i < count; i += THREADS) {
        const int row = (int)(i / width), column = (int)(i % width);
        const size_t to = frames_index(c, t, t.first + row, column);
        store(f, to, rows[row * c.stride + column] + (add ? load(f, to) : 0));
    }
}

/* Both channels of a cell of keys; one load where the tensor is aligned to a cell. */
struct cell {
    float v[2];
};

__device__ static inline bool cell_aligned(view x)
{
    return (uintptr_t)x.data % (x.bf16 ? 4 : 8) == 0;
}

__device__ static inline size_t cell_at(const tiling &c, const tile &t, int key, int frame)
{
    return (t.cell + (size_t)(t.key + key)) * (size_t)c.shape.frames + (size_t)frame;
}

__device__ static inline cell load_cell(view x, size_t i)
{
    cell both;
    if (!cell_aligned(x)) {
        both.v[0] = load(x, 2 * i), both.v[1] = load(x, 2 * i + 1);
    } else if (x.bf16) {
        unpack_bf16(both.v, ((const uint32_t *)x.data)[i]);
    } else {
        const float2 pair = ((const float2 *)x.data)[i];
        both.v[0] = pair.x, both.v[1] = pair.y;
    }
    return both;
}

__device__ static inline void store_cell(view x, size_t i, cell both)
{
    if (!cell_aligned(x))
        store(x, 2 * i, both.v[0]), store(x, 2 * i + 1, both.v[1]);
    else if (x.bf16)
        ((uint32_t *)x.data)[i] = pack_bf16(both.v[0], both.v[1]);
    else
        ((float2 *)x.data)[i] = make_float2(both.v[0], both.v[1]);
}

__device__ static inline float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

static __global__ void frames(view y, view x, const tiling c)
{
    float *rows = shared_memory<float>();
    const tile t = tile_here(c);
    const int lane = threadIdx.x % WARP, frame = t.first + lane;
    for (int k = threadIdx.x / WARP; k < t.keys; k += WARPS) {
        const int mirrored = frame < c.shape.frames ? frame : 2 * c.shape.frames - 1 - frame;
        cell from = {{0, 0}};
        if (mirrored >= 0) from = load_cell(x, cell_at(c, t, k, mirrored)); /* else behind the length too */
        for (int i = 0; i < 2; i++) rows[lane * c.stride + i * t.keys + k] = sqrtf(from.v[i]);
    }
    __syncthreads();
    write_tile(y, rows, c, t, c.length, false);
}

void cuda_frames(struct tensor y, struct tensor x, struct keys_shape shape)
{
    const tiling c = tiling_make(shape, y);
    launch(frames, tiles(c, c.length, x.batch), THREADS, tile_bytes(c), view_of(y), view_of(x), c);
}

static __global__ void gated(view x, view f, const tiling c)
{
    float *rows = shared_memory<float>();
    const tile t = tile_here(c);
    const int lane = threadIdx.x % WARP, frame = t.first + lane;
    read_tile(rows, f, c, t);
    __syncthreads();
    for (int k = threadIdx.x / WARP; k < t.keys && frame < c.shape.frames; k += WARPS) {
        const float *logits = rows + lane * c.stride + k;
        const float root = sigmoid(logits[2 * t.keys]), loudness = sigmoid(logits[0]) * root * root;
        store_cell(x, cell_at(c, t, k, frame), {{loudness, loudness}});
    }
}

void cuda_gated(struct tensor x, struct tensor f, struct keys_shape shape)
{
    const tiling c = tiling_make(shape, f);
    launch(gated, tiles(c, shape.frames, x.batch), THREADS, tile_bytes(c), view_of(x), view_of(f), c);
}

/* In place: a cell's logits, `apart` floats from each other, become their gradients. d: those of x. */
__device__ static inline void cell_backward(float *logits, int apart, cell d)
{
    const float gate = sigmoid(logits[0]), root = sigmoid(logits[2 * apart]);
    const float loudness = root * root, both = d.v[0] + d.v[1];
    logits[0] = both * loudness * gate * (1 - gate);
    logits[apart] = 0;
    logits[2 * apart] = both * gate * 2 * loudness * (1 - root);
}

static __global__ void gated_backward(view df, view dx, view f, const tiling c)
{
    float *rows = shared_memory<float>();
    const tile t = tile_here(c);
    const int lane = threadIdx.x % WARP, frame = t.first + lane;
    read_tile(rows, f, c, t);
    __syncthreads();
    for (int k = threadIdx.x / WARP; k < t.keys; k += WARPS) {
        float *logits = rows + lane * c.stride + k;
        if (frame < c.shape.frames)
            cell_backward(logits, t.keys, load_cell(dx, cell_at(c, t, k, frame)));
        else
            for (int i = 0; i < LOGITS; i++) logits[i * t.keys] = 0;
    }
    __syncthreads();
    write_tile(df, rows, c, t, c.length, false);
}

void cuda_gated_backward(struct tensor df, struct tensor dx, struct tensor f, struct keys_shape shape)
{
    const tiling c = tiling_make(shape, f);
    launch(gated_backward, tiles(c, c.length, f.batch), THREADS, tile_bytes(c), view_of(df), view_of(dx),
           view_of(f), c);
}

struct gate_sums {
    double of[GATE_LOSSES];
};
struct gate_weights {
    float of[GATE_LOSSES]; /* of a sample */
};

/* What the logits of a cell should tell. */
struct target {
    bool sounds, begins, first, drum; /* first: in frame 0, where nobody knows what begins */
    float root;                       /* of the louder channel's loudness */
};

__device__ static inline float louder(view r, size_t i)
{
    const cell both = load_cell(r, i);
    return fmaxf(both.v[0], both.v[1]);
}

__device__ static inline target target_at(view r, const tiling &c, const tile &t, int key, int frame)
{
    const size_t i = cell_at(c, t, key, frame);
    const float loudness = louder(r, i);
    const bool sounds = loudness > 0, first = frame == 0, before = !first && louder(r, i - 1) > 0;
    const bool drum = t.key + key >= c.shape.keys - c.shape.drums;
    target to = {sounds, sounds && !before, first, drum, sqrtf(loudness)};
    return to;
}

/* Sets *loss to the binary cross entropy of a logit; its gradient. */
__device__ static inline float entropy(float *loss, float logit, bool wanted)
{
    *loss = fmaxf(logit, 0) - (wanted ? logit : 0) + log1pf(expf(-fabsf(logit)));
    return sigmoid(logit) - (wanted ? 1 : 0);
}

/* Adds the losses of a cell to sums; in place: its logits become their gradients. */
__device__ static inline void cell_losses(gate_sums *sums, float *logits, int apart, const target &to,
                                          const gate_weights &weights)
{
    float gate, onset = 0, dgate = entropy(&gate, logits[0], to.sounds), donset = 0;
    if (!to.first) donset = entropy(&onset, logits[apart], to.begins);
    const float root = sigmoid(logits[2 * apart]), d = to.sounds ? root - to.root : 0;
    sums->of[GATE_SOUNDING] += to.drum ? 0 : (double)gate;
    sums->of[GATE_ONSETS] += to.drum ? 0 : (double)onset;
    sums->of[GATE_DRUMS] += to.drum ? (double)gate + (double)onset : 0;
    sums->of[GATE_LOUDNESS] += (double)fabsf(d);
    logits[0] = (to.drum ? weights.of[GATE_DRUMS] : weights.of[GATE_SOUNDING]) * dgate;
    logits[apart] = (to.drum ? weights.of[GATE_DRUMS] : weights.of[GATE_ONSETS]) * donset;
    logits[2 * apart] = weights.of[GATE_LOUDNESS] * (float)((d > 0) - (d < 0)) * root * (1 - root);
}

/* partial[thread block] = its sums. */
static __global__ void gate_losses(gate_sums *partial, view df, view f, view r, const tiling c,
                                   const gate_weights weights)
{
    double *shared = shared_memory<double>(); /* (WARP), then the tile */
    float *rows = (float *)(shared + WARP);
    const tile t = tile_here(c);
    const int lane = threadIdx.x % WARP, frame = t.first + lane;
    gate_sums sums = {{0}};
    read_tile(rows, f, c, t);
    __syncthreads();
    for (int k = threadIdx.x / WARP; k < t.keys && frame < c.shape.frames; k += WARPS)
        cell_losses(&sums, rows + lane * c.stride + k, t.keys, target_at(r, c, t, k, frame), weights);
    for (int i = 0; i < GATE_LOSSES; i++) sums.of[i] = block_sum(sums.of[i], shared);
    if (threadIdx.x == 0) partial[(blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x] = sums;
    __syncthreads();
    write_tile(df, rows, c, t, c.shape.frames, true);
}

/* values += the sum of partial / batch; one thread block. */
static __global__ void add_sums(float *values, const gate_sums *partial, size_t count, int batch)
{
    gate_sums sums = {{0}};
    for (size_t i = threadIdx.x; i < count; i += THREADS)
        for (int j = 0; j < GATE_LOSSES; j++) sums.of[j] += partial[i].of[j];
    for (int j = 0; j < GATE_LOSSES; j++) {
        const double sum = block_sum(sums.of[j], shared_memory<double>());
        if (threadIdx.x == 0) values[j] += (float)(sum / batch);
    }
}

void cuda_gate_losses(device values, struct tensor df, struct tensor f, struct tensor r,
                      struct keys_shape shape, const real weights[GATE_LOSSES])
{
    const tiling c = tiling_make(shape, f);
    const dim3 grid = tiles(c, shape.frames, f.batch);
    const size_t count = (size_t)grid.x * grid.y * grid.z;
    gate_sums *partial = (gate_sums *)cuda_workspace(WORKSPACE_OPERATION, count * sizeof *partial);
    gate_weights each;
    for (int i = 0; i < GATE_LOSSES; i++) each.of[i] = weights[i] / (float)f.batch;
    launch(gate_losses, grid, THREADS, WARP * sizeof(double) + tile_bytes(c), partial, view_of(df),
           view_of(f), view_of(r), c, each);
    launch(add_sums, 1, THREADS, WARP * sizeof(double), reals(values), partial, count, f.batch);
}
