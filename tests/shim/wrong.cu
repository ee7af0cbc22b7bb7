/* Kernels that are wrong on purpose: each must be reported in the builds that can see it. */
#include "self-test.h"

static __global__ void no_barrier(float *to)
{
    float *shared = shared_memory<float>();
    shared[threadIdx.x] = (float)threadIdx.x;
    to[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}
static void run_no_barrier()
{
    launch(no_barrier, 1, 64, 64 * sizeof(float), numbers(64));
}

/* One barrier where two are needed: the second round overwrites what others still read. */
static __global__ void one_barrier(float *to)
{
    float *shared = shared_memory<float>(), sum = 0;
    for (int round = 0; round < 2; round++) {
        shared[threadIdx.x] = (float)(threadIdx.x + round);
        __syncthreads();
        sum += shared[blockDim.x - 1 - threadIdx.x];
    }
    to[threadIdx.x] = sum;
}
static void run_one_barrier()
{
    launch(one_barrier, 1, 64, 64 * sizeof(float), numbers(64));
}

/* Lanes need not step together. */
static __global__ void no_syncwarp(float *to)
{
    float *shared = shared_memory<float>();
    shared[threadIdx.x] = 1;
    to[threadIdx.x] = shared[threadIdx.x ^ 1];
}
static void run_no_syncwarp()
{
    launch(no_syncwarp, 1, 32, 32 * sizeof(float), numbers(32));
}

/* A rendezvous of the warp orders nothing for other warps. */
static __global__ void only_syncwarp(float *to)
{
    float *shared = shared_memory<float>();
    shared[threadIdx.x] = 1;
    __syncwarp();
    to[threadIdx.x] = shared[threadIdx.x ^ 32];
}
static void run_only_syncwarp()
{
    launch(only_syncwarp, 1, 64, 64 * sizeof(float), numbers(64));
}

static __global__ void same_place(float *to)
{
    to[0] = (float)blockIdx.x;
}
static void run_same_place()
{
    launch(same_place, 2, 1, 0, numbers(1));
}

static __global__ void neighbour_block(float *x)
{
    x[blockIdx.x] = blockIdx.x ? x[blockIdx.x - 1] + 1 : 1;
}
static void run_neighbour_block()
{
    launch(neighbour_block, 4, 1, 0, zeros(4));
}

/* The last block reads what the others have not fenced. */
static __global__ void no_fence(float *parts, unsigned *tickets)
{
    parts[blockIdx.x] = 1;
    unsigned ticket = atomicAdd(tickets, 1u);
    for (unsigned b = 0; ticket + 1 == gridDim.x && b < gridDim.x; b++) parts[blockIdx.x] += parts[b];
}
static void run_no_fence()
{
    launch(no_fence, 4, 1, 0, numbers(4), (unsigned *)zeros(1));
}

/* Through bytes, as bf16 values are. */
static __global__ void half_a_word(unsigned short *x)
{
    x[threadIdx.x] = 1;
    x[threadIdx.x ^ 1] = 2;
}
static void run_half_a_word()
{
    launch(half_a_word, 1, 2, 0, (unsigned short *)numbers(1));
}

static __global__ void beyond(float *x, int count)
{
    x[count + (int)threadIdx.x] = 1;
}
static void run_beyond()
{
    float *x = numbers(100);
    launch(beyond, 1, 1, 0, x, 100);
    cudaFree(x);
}
static void run_before()
{
    launch(beyond, 1, 1, 0, numbers(100), -1);
}
static void run_freed()
{
    float *x = numbers(100);
    cudaFree(x);
    launch(beyond, 1, 1, 0, x, 0);
}
static void run_hosts_memory()
{
    float on_host[1];
    launch(beyond, 1, 1, 0, on_host, 0);
}

static __global__ void beyond_shared(float *to)
{
    float *shared = shared_memory<float>();
    shared[threadIdx.x + 1] = 1;
    __syncthreads();
    to[threadIdx.x] = shared[threadIdx.x];
}
static void run_beyond_shared()
{
    launch(beyond_shared, 1, 32, 32 * sizeof(float), numbers(32));
}

static __global__ void copy(float *to, const float *from)
{
    to[threadIdx.x] = from[threadIdx.x];
}
static void run_unwritten()
{
    launch(copy, 1, 32, 0, numbers(32), numbers(32));
}

static __global__ void unwritten_shared(float *to)
{
    to[threadIdx.x] = shared_memory<float>()[threadIdx.x];
}
static void run_unwritten_shared()
{
    launch(unwritten_shared, 1, 32, 32 * sizeof(float), numbers(32));
}
static void run_unwritten_fetched()
{
    fetch(numbers(32), 7);
}

static __global__ void barrier_in_branch(float *to)
{
    if (threadIdx.x < 40) __syncthreads();
    to[threadIdx.x] = 1;
}
static void run_barrier_in_branch()
{
    launch(barrier_in_branch, 1, 64, 0, numbers(64));
}

static __global__ void shuffle_in_branch(float *to)
{
    float value = (float)threadIdx.x;
    if (threadIdx.x % 2) value = __shfl_xor_sync(0xffffffffu, value, 1);
    to[threadIdx.x] = value;
}
static void run_shuffle_in_branch()
{
    launch(shuffle_in_branch, 1, 32, 0, numbers(32));
}

static __global__ void two_shuffles(float *to)
{
    float value = (float)threadIdx.x;
    if (threadIdx.x % 2)
        value = __shfl_xor_sync(0xffffffffu, value, 1);
    else
        value = __shfl_down_sync(0xffffffffu, value, 1);
    to[threadIdx.x] = value;
}
static void run_two_shuffles()
{
    launch(two_shuffles, 1, 32, 0, numbers(32));
}

/* A warp waits for its own, the others for the block. */
static __global__ void two_waits(float *to)
{
    if (threadIdx.x == 3) __syncwarp();
    __syncthreads();
    to[threadIdx.x] = 1;
}
static void run_two_waits()
{
    launch(two_waits, 1, 64, 0, numbers(64));
}

static __global__ void misaligned(float4 *x, int by)
{
    float4 *at = (float4 *)((float *)x + by);
    *at = make_float4(1, 2, 3, 4);
}
static void run_misaligned()
{
    launch(misaligned, 1, 1, 0, (float4 *)zeros(64), 1);
}

static void run_host_code()
{
    float *x = zeros(64);
    x[3] = 1;
}

static const struct {
    const char *name;
    void (*run)();
    const char *plain, *asan, *watched; /* what is said; NULL: nothing, the build cannot see it; "": it may */
} cases[] = {
    {"no barrier", run_no_barrier, NULL, NULL, "kernel no_barrier: block 0: thread "},
    {"one barrier of two", run_one_barrier, NULL, NULL, "race: "},
    {"no __syncwarp", run_no_syncwarp, NULL, NULL, "race: "},
    {"__syncwarp for a block", run_only_syncwarp, NULL, NULL, "race: "},
    {"blocks write to one place", run_same_place, NULL, NULL, "another block wrote"},
    {"a block reads another's", run_neighbour_block, NULL, NULL, "which another block"},
    {"no __threadfence", run_no_fence, NULL, NULL, "another block wrote"},
    {"a race for half a word", run_half_a_word, NULL, NULL, "byte 2 of allocation 1 (4 bytes)"},
    {"beyond memory", run_beyond, "was written to at byte 400", "heap-buffer-overflow",
     "write of 4 at byte 400 of allocation 1 (400 bytes)"},
    {"before memory", run_before, "fault", "heap-buffer-overflow", "bounds: "},
    {"freed memory", run_freed, "freed", "heap-use-after-free", "freed"},
    {"the host's memory", run_hosts_memory, NULL, NULL, "which is not the kernel's"},
    {"beyond shared memory", run_beyond_shared, NULL, "use-after-poison",
     "byte 128 of shared memory, which has 128"},
    {"unwritten memory", run_unwritten, NULL, NULL, "unwritten: "},
    {"unwritten shared memory", run_unwritten_shared, NULL, NULL, "unwritten: "},
    {"unwritten memory fetched", run_unwritten_fetched, NULL, NULL, "unwritten: "},
    {"a barrier in a branch", run_barrier_in_branch, "waits forever", "waits forever", "waits forever"},
    {"a shuffle in a branch", run_shuffle_in_branch, "waits forever", "waits forever", "waits forever"},
    {"two shuffles", run_two_shuffles, "while other lanes", "while other lanes", "while other lanes"},
    {"two waits", run_two_waits, "1 for their warp", "1 for their warp", "1 for their warp"},
    {"misaligned", run_misaligned, "", "misaligned", ""},
    {"the host's code", run_host_code, NULL, NULL, "by the host's code"},
};

int main()
{
    static char said[1 << 16];
    for (auto &c : cases) {
        const char *want = *build == 'p' ? c.plain : *build == 'a' ? c.asan : c.watched;
        int status = run_apart(c.run, said, sizeof said);
        if (want && !*want) continue;
        if (want)
            ok(status != 0 && strstr(said, want), "%s: %s: is seen", build, c.name);
        else
            ok(status == 0, "%s: %s: is not seen", build, c.name);
        if (want ? !strstr(said, want) : status) printf("# status %d\n# %.400s\n", status, said);
    }
    if (*build == 'p') {
        setenv("SHIM_STRICT", "1", 1);
        int status = run_apart(run_host_code, said, sizeof said);
        ok(status && strstr(said, "the host's code touched"), "strict: the host's code: is seen");
    }
    return done();
}
