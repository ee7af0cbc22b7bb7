/* The GPU itself: finding it, its one stream, and iterations recorded as graphs. */
#include <string.h>

#include "kernels/cuda/base/cuda.cuh"
#include "kernels/cuda/matrix/gemm.cuh"

extern "C" {
#include "common/fail.h"
}

enum { AMPERE = 8 }; /* the first with bf16 and tf32 */

cudaStream_t cuda_stream;
enum precision cuda_precision;
void (*cuda_operations_hook)(double operations);

/* One recorded iteration a kind. The first of a kind runs as it comes, which takes all scratch and loads all
 * kernels; later ones are recorded anew each time, for their numbers (seeds, steps) differ, and the graph
 * that is there is given the new ones. */
static struct {
    bool seen;
    cudaGraphExec_t graph;
} kinds[OPS_GRAPHS];
static int recording = -1;

void cuda_check(cudaError_t status, const char *call)
{
    if (status != cudaSuccess)
        die("cuda: %.*s: %s", (int)strcspn(call, "("), call, cudaGetErrorString(status));
}

void cuda_count_operations(double operations)
{
    if (cuda_operations_hook) cuda_operations_hook(operations);
}

static __global__ void nothing()
{
}

static const char *find_device(int *major)
{
    int devices = 0;
    cudaError_t status = cudaGetDeviceCount(&devices);
    if (status == cudaErrorInsufficientDriver || status == cudaErrorStubLibrary)
        return "no driver of a GPU, or one that is older than this build's CUDA";
    if (status == cudaErrorNoDevice || (status == cudaSuccess && devices < 1)) return "no GPU";
    if (status == cudaSuccess) status = cudaSetDevice(0);
    if (status == cudaSuccess) status = cudaDeviceGetAttribute(major, cudaDevAttrComputeCapabilityMajor, 0);
    return status == cudaSuccess ? NULL : cudaGetErrorString(status);
}

/* A GPU that is older than all that this build is for has no code for any kernel. */
static const char *try_kernel()
{
    cudaLaunchConfig_t config = {};
    config.gridDim = config.blockDim = dim3(1);
    config.stream = cuda_stream;
    cudaError_t status = cudaLaunchKernelEx(&config, nothing);
    if (status == cudaSuccess) status = cudaStreamSynchronize(cuda_stream);
    return status == cudaSuccess ? NULL : cudaGetErrorString(status);
}

const char *cuda_open(enum precision precision)
{
    static int major;
    const char *why = cuda_stream ? NULL : find_device(&major);
    if (why) return why;
    if (major < AMPERE && (precision == PRECISION_TF32 || precision == PRECISION_BF16))
        return "tf32 and bf16 need a GPU of compute capability 8.0";
    if (precision == PRECISION_AUTO) precision = major < AMPERE ? PRECISION_FP32 : PRECISION_BF16;
    cuda_precision = precision;
    if (cuda_stream) return NULL;
    CUDA_CHECK(cudaStreamCreateWithFlags(&cuda_stream, cudaStreamNonBlocking));
    why = try_kernel();
    if (why) return why;
    cuda_product_open();
    return NULL;
}

void cuda_recordings_forget()
{
    for (int kind = 0; kind < OPS_GRAPHS; kind++) kinds[kind].seen = false;
}

void cuda_graph_begin(int kind)
{
    if (!kinds[kind].seen) {
        kinds[kind].seen = true;
        return;
    }
    CUDA_CHECK(cudaStreamBeginCapture(cuda_stream, cudaStreamCaptureModeThreadLocal));
    recording = kind;
}

void cuda_graph_end(void)
{
    cudaGraph_t graph;
    cudaGraphExecUpdateResultInfo difference;
    if (recording < 0) return;
    cudaGraphExec_t *exec = &kinds[recording].graph;
    recording = -1;
    CUDA_CHECK(cudaStreamEndCapture(cuda_stream, &graph));
    if (*exec && cudaGraphExecUpdate(*exec, graph, &difference) != cudaSuccess) {
        cudaGetLastError();
        CUDA_CHECK(cudaGraphExecDestroy(*exec));
        *exec = NULL;
    }
    if (!*exec) CUDA_CHECK(cudaGraphInstantiate(exec, graph, 0));
    CUDA_CHECK(cudaGraphLaunch(*exec, cuda_stream));
    CUDA_CHECK(cudaGraphDestroy(graph));
}
