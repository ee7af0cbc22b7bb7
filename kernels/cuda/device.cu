/* Opening the GPU: the first device, its compute capability, the stream, cublasLt. */
#include "kernels/cuda/base/cuda.cuh"
#include "kernels/cuda/matrix/gemm.cuh"

extern "C" {
#include "kernels/cuda/device.h"
}

enum { AMPERE = 8 }; /* the first with bf16 and tf32 */

static __global__ void empty()
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

/* Fails where this build has no code for the GPU's compute capability. */
static const char *try_kernel()
{
    cudaLaunchConfig_t config = {};
    config.gridDim = config.blockDim = dim3(1);
    config.stream = cuda_stream;
    cudaError_t status = cudaLaunchKernelEx(&config, empty);
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
    cuda_gemm_open();
    return NULL;
}
