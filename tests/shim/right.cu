/* What the shim must do as a GPU does. */
#include "cuda_bf16.h"
#include "self-test.h"

static cudaStream_t stream;
void (*cuda_operations_hook)(double operations);

/* Every thread writes where it is. */
static __global__ void places(float *to)
{
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    to[block * (blockDim.x * blockDim.y * blockDim.z) + thread] = (float)(100 * block + thread);
}

static void test_places()
{
    dim3 grid(2, 3, 2), block(5, 2, 3);
    float *to = numbers(12 * 30);
    bool good = launch(places, grid, block, 0, to) == cudaSuccess;
    for (size_t i = 0; i < 12 * 30; i++) good = good && fetch(to, i) == (float)(100 * (i / 30) + i % 30);
    ok(good, "places in grids of three dimensions");
    cudaFree(to);
}

static __global__ void shuffles(float *to, double *doubles, unsigned *votes)
{
    const unsigned all = 0xffffffffu;
    int lane = (int)threadIdx.x % 32;
    float *row = to + threadIdx.x * 7, value = (float)lane;
    row[0] = __shfl_sync(all, value, 7);
    row[1] = __shfl_sync(all, value, 3, 8);
    row[2] = __shfl_xor_sync(all, value, 5);
    row[3] = __shfl_down_sync(all, value, 3);
    row[4] = __shfl_up_sync(all, value, 3);
    row[5] = __shfl_down_sync(all, value, 3, 8);
    warp_values<uint64_t, 3> values = {{0, (uint64_t)lane << 40 | 1, (uint64_t)lane}};
    row[6] = (float)(values.of(lane ^ 5, 1) >> 40);
    doubles[threadIdx.x] = __shfl_xor_sync(all, 1e300 * lane, 1);
    unsigned ballot = __ballot_sync(all, lane % 3 == 0);
    int any = __any_sync(all, lane == 31), every = __all_sync(all, lane < 31);
    if (!lane) votes[0] = ballot, votes[1] = (unsigned)any, votes[2] = (unsigned)every;
}

static void test_shuffles()
{
    float *to = numbers(32 * 7);
    double *doubles;
    unsigned *votes, said[3];
    cudaMalloc(&doubles, 32 * sizeof *doubles), cudaMalloc(&votes, sizeof said);
    launch(shuffles, 1, 32, 0, to, doubles, votes);
    bool good = true;
    for (int lane = 0; lane < 32; lane++) {
        int want[] = {7,
                      lane / 8 * 8 + 3,
                      lane ^ 5,
                      lane + 3 < 32 ? lane + 3 : lane,
                      lane >= 3 ? lane - 3 : lane,
                      lane % 8 + 3 < 8 ? lane + 3 : lane,
                      lane ^ 5};
        for (int i = 0; i < 7; i++) good = good && fetch(to, (size_t)(lane * 7 + i)) == (float)want[i];
    }
    double second;
    cudaMemcpy(&second, doubles + 4, sizeof second, cudaMemcpyDeviceToHost);
    cudaMemcpy(said, votes, sizeof said, cudaMemcpyDeviceToHost);
    ok(good, "shuffles of floats, and rows handed over"), ok(second == 5e300, "shuffles of doubles");
    ok(said[0] == 0x49249249u && said[1] == 1 && said[2] == 0, "votes");
    cudaFree(to), cudaFree(doubles), cudaFree(votes);
}

/* A sum by halves, with leavers after the last barrier, and counts by atomics. */
static __global__ void sum(float *to, int *count, const float *from)
{
    float *shared = shared_memory<float>();
    shared[threadIdx.x] = from[blockIdx.x * blockDim.x + threadIdx.x];
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
    }
    atomicAdd(count, (int)threadIdx.x);
    if (threadIdx.x) return;
    to[blockIdx.x] = shared[0];
}

static void test_sums()
{
    enum { BLOCKS = 40, THREADS = 1024 };
    static float from[BLOCKS * THREADS];
    float *x = numbers(BLOCKS * THREADS), *to = numbers(BLOCKS), *count = zeros(1);
    int counted;
    for (int i = 0; i < BLOCKS * THREADS; i++) from[i] = (float)(i % 7);
    cudaMemcpy(x, from, sizeof from, cudaMemcpyHostToDevice);
    launch(sum, BLOCKS, THREADS, THREADS * sizeof(float), to, (int *)count, x);
    bool good = true;
    for (int b = 0; b < BLOCKS; b++) {
        float want = 0;
        for (int i = 0; i < THREADS; i++) want += from[b * THREADS + i];
        good = good && fetch(to, (size_t)b) == want;
    }
    cudaMemcpy(&counted, count, sizeof counted, cudaMemcpyDeviceToHost);
    ok(good, "sums through shared memory"),
        ok(counted == BLOCKS * THREADS * (THREADS - 1) / 2, "integer atomics");
    cudaFree(x), cudaFree(to), cudaFree(count);
}

/* The last block to take a ticket adds up what all wrote. */
static __global__ void last_adds(float *to, float *parts, unsigned *tickets)
{
    unsigned *last = shared_memory<unsigned>();
    parts[blockIdx.x * blockDim.x + threadIdx.x] = (float)(blockIdx.x + threadIdx.x);
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) *last = atomicAdd(tickets, 1u) + 1 == gridDim.x;
    __syncthreads();
    if (!*last) return;
    __threadfence();
    float total = 0;
    for (unsigned b = 0; b < gridDim.x; b++) total += parts[b * blockDim.x + threadIdx.x];
    to[threadIdx.x] = total;
    if (threadIdx.x == 0) *tickets = 0;
}

static void test_tickets()
{
    float *to = numbers(64), *parts = numbers(64 * 5), *tickets = zeros(1);
    for (int i = 0; i < 2; i++) launch(last_adds, 5, 64, 4, to, parts, (unsigned *)tickets);
    ok(fetch(to, 63) == 10 + 5 * 63, "the last block's sum");
    cudaFree(to), cudaFree(parts), cudaFree(tickets);
}

/* Many rendezvous of a few warps; the others wait. */
static __global__ void uneven(float *to)
{
    float value = 1;
    if (threadIdx.x < 32)
        for (int i = 0; i < 100; i++) value = __shfl_xor_sync(0xffffffffu, value, 1) + 1;
    int count = __syncthreads_count(value > 100);
    to[threadIdx.x] = value + (float)count;
}

static void test_uneven()
{
    float *to = numbers(256);
    launch(uneven, 1, 256, 0, to);
    ok(fetch(to, 0) == 133 && fetch(to, 255) == 33, "warps that do unlike work");
    cudaFree(to);
}

static __global__ void add(float *x, float value)
{
    x[threadIdx.x] += value;
}
static __global__ void multiply(float *x, float value)
{
    x[threadIdx.x] *= value;
}

static cudaGraph_t capture(float *x, float value, void (*kernel)(float *, float))
{
    cudaGraph_t graph;
    cudaLaunchConfig_t config = {};
    config.gridDim = 1, config.blockDim = 4, config.stream = stream;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
    cudaMemsetAsync(x, 0, 4 * sizeof *x, stream);
    cudaLaunchKernelEx(&config, kernel, x, value);
    cudaLaunchKernelEx(&config, kernel, x, value);
    cudaStreamEndCapture(stream, &graph);
    return graph;
}

static void test_graphs()
{
    float *x = zeros(4);
    cudaGraphExec_t exec;
    cudaGraphExecUpdateResultInfo info;
    cudaGraph_t first = capture(x, 2, add), second = capture(x, 3, add), other = capture(x, 2, multiply);
    ok(fetch(x, 0) == 0, "what is captured does not run");
    cudaGraphInstantiate(&exec, first, 0);
    cudaGraphLaunch(exec, stream), cudaGraphLaunch(exec, stream);
    ok(fetch(x, 0) == 4, "a graph runs as often as it is launched");
    ok(cudaGraphExecUpdate(exec, second, &info) == cudaSuccess, "other arguments: updated");
    cudaGraphDestroy(second);
    cudaGraphLaunch(exec, stream);
    ok(fetch(x, 3) == 6, "and they count");
    ok(cudaGraphExecUpdate(exec, other, &info) == cudaErrorGraphExecUpdateFailure, "another kernel: refused");
    cudaGetLastError();
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
    ok(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported, "no waiting in a capture");
    ok(cudaStreamEndCapture(stream, &second) == cudaErrorStreamCaptureInvalidated && !second, "it spoils it");
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
    float value, *more;
    ok(cudaMemcpyAsync(&value, x, 4, cudaMemcpyDeviceToHost, stream) == cudaErrorStreamCaptureUnsupported,
       "no copy to pageable memory in a capture");
    ok(cudaMalloc(&more, 4) == cudaErrorStreamCaptureUnsupported, "no allocation in a capture");
    cudaStreamEndCapture(stream, &second);
    cudaGraphExecDestroy(exec), cudaGraphDestroy(first), cudaGraphDestroy(other), cudaFree(x);
}

static void test_refusals()
{
    float *x = zeros(1024);
    size_t left, whole;
    ok(launch(add, 1, 1025, 0, x, 1.f) == cudaErrorInvalidConfiguration, "1025 threads");
    ok(launch(add, 1, dim3(64, 1, 65), 0, x, 1.f) == cudaErrorInvalidConfiguration, "65 threads deep");
    ok(launch(add, 1, dim3(0), 0, x, 1.f) == cudaErrorInvalidConfiguration, "no threads");
    ok(launch(add, dim3(0), 1, 0, x, 1.f) == cudaErrorInvalidConfiguration, "no blocks");
    ok(launch(add, dim3(1, 65536), 1, 0, x, 1.f) == cudaErrorInvalidConfiguration, "65536 blocks high");
    ok(launch(add, 1, 4, 48 * 1024 + 1, x, 1.f) == cudaErrorInvalidConfiguration,
       "48 KB of shared memory unasked");
    ok(cudaGetLastError() == cudaErrorInvalidConfiguration && cudaGetLastError() == cudaSuccess,
       "the last error");
    ok(cudaFuncSetAttribute(add, cudaFuncAttributeMaxDynamicSharedMemorySize, 232449) ==
           cudaErrorInvalidValue,
       "more than 227 KB of shared memory");
    cudaFuncSetAttribute(add, cudaFuncAttributeMaxDynamicSharedMemorySize, 232448);
    ok(launch(add, 1, 4, 232448, x, 1.f) == cudaSuccess, "227 KB of shared memory, asked for");
    ok(cudaMemsetAsync(x, 0, 4097, 0) == cudaErrorInvalidValue, "a fill beyond memory");
    ok(cudaMemcpy(x, x + 1, 4096, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue,
       "a copy from beyond memory");
    ok(cudaMemcpy(x, &left, 8, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue, "a copy the wrong way");
    cudaMemGetInfo(&left, &whole);
    ok(left == whole - 4096 && cudaMalloc((void **)&x, left + 1) == cudaErrorMemoryAllocation,
       "out of memory");
    ok(!x && cudaGetLastError() == cudaErrorMemoryAllocation, "and no pointer");
}

static __global__ void use_nothing(float *to)
{
    to[threadIdx.x] = shared_memory<float>()[threadIdx.x];
}

static void test_nan()
{
    float *x = numbers(32);
    if (*build == 'w') return;
    ok(isnan(fetch(x, 5)), "new memory is NaN");
    launch(use_nothing, 1, 32, 128, x);
    ok(isnan(fetch(x, 5)), "new shared memory is NaN");
    cudaFree(x);
}

static void count()
{
    float *x = zeros(100);
    setenv("SHIM_COUNT", "/dev/stderr", 1);
    cuda_operations_hook(7);
    launch(add, 1, 10, 0, x, 1.f);
    launch(add, 1, 4, 0, x + 1, 1.f);
}

static void test_counts()
{
    static char said[4096];
    if (*build != 'w') return;
    int status = run_apart(count, said, sizeof said);
    ok(status == 0 &&
           strstr(said, "kernel\tlaunches\tbytes_read\tbytes_written\toperations\nadd\t2\t56\t56\t7\n"),
       "the table of traffic");
}

static void test_bfloat16()
{
    const struct {
        float from, to;
    } cases[] = {{1, 1},
                 {1.00390625f, 1},
                 {1.01171875f, 1.015625f},
                 {1.004f, 1.0078125f},
                 {-3.14159274f, -3.140625f},
                 {3.4e38f, INFINITY},
                 {-INFINITY, -INFINITY},
                 {0, 0},
                 {1e-40f, 9.1835e-41f}};
    bool good = true;
    for (auto &c : cases) {
        float got = __bfloat162float(__float2bfloat16_rn(c.from));
        good = good && (got == c.to || fabsf(got - c.to) < 1e-42f);
    }
    ok(good && __bfloat16_as_ushort(__float2bfloat16_rn(NAN)) == 0x7fff,
       "bfloat16 rounds to nearest, ties to even");
}

int main()
{
    if (!freopen("/dev/null", "w", stderr)) return 1;
    cudaStreamCreate(&stream);
    test_counts(), test_places(), test_shuffles(), test_sums(), test_tickets(), test_uneven();
    test_graphs(), test_refusals(), test_nan(), test_bfloat16();
    cudaStreamDestroy(stream);
    return done();
}
