/* Devices, errors, and events. */
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "shim.h"

enum { CAPABILITY = 90, PROCESSORS = 132, MOST_RESIDENT = 2048, SHARED_PROCESSOR = 228 * 1024 };

static cudaError_t last_error;

long shim_setting(const char *name, long otherwise)
{
    const char *text = getenv(name);
    char *end;
    if (!text || !*text) return otherwise;
    long value = strtol(text, &end, 0);
    if (*end || value < 0) shim_die("%s: not a number: %s", name, text);
    return value;
}

const char *shim_where()
{
    static char where[512];
    if (!shim_now.grid) return "";
    snprintf(where, sizeof where, "kernel %s: block %zu: thread %u: ", shim_now.kernel, shim_now.block,
             shim_now.thread);
    return where;
}

static void say(const char *format, va_list values)
{
    fflush(stdout);
    fprintf(stderr, "shim: %s", shim_where());
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
}

void shim_say(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
}

void shim_die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
    abort();
}

cudaError_t shim_error(cudaError_t error)
{
    if (error != cudaSuccess) last_error = error;
    return error;
}

cudaError_t cudaGetLastError()
{
    cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError()
{
    return last_error;
}

static const struct {
    cudaError_t error;
    const char *name, *text;
} errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration of a launch"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver", "the driver is too old"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no device"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "no such device"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid handle"},
    {cudaErrorNotSupported, "cudaErrorNotSupported", "not supported"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "not permitted while a stream is captured"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "an earlier error spoilt the capture"},
    {cudaErrorGraphExecUpdateFailure, "cudaErrorGraphExecUpdateFailure", "the graphs differ too much"}};

const char *cudaGetErrorName(cudaError_t error)
{
    for (auto &e : errors)
        if (e.error == error) return e.name;
    return "unknown error";
}

const char *cudaGetErrorString(cudaError_t error)
{
    for (auto &e : errors)
        if (e.error == error) return e.text;
    return "unknown error";
}

static cudaError_t present()
{
    if (!shim_setting("SHIM_DRIVER", 1)) return shim_error(cudaErrorInsufficientDriver);
    return shim_setting("SHIM_DEVICES", 1) ? cudaSuccess : shim_error(cudaErrorNoDevice);
}

cudaError_t cudaGetDeviceCount(int *count)
{
    cudaError_t error = present();
    *count = error ? 0 : (int)shim_setting("SHIM_DEVICES", 1);
    return error;
}

cudaError_t cudaSetDevice(int device)
{
    int count;
    cudaError_t error = cudaGetDeviceCount(&count);
    return error ? error : shim_error(device >= 0 && device < count ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDevice(int *device)
{
    *device = 0;
    return present();
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device)
{
    cudaError_t error = cudaSetDevice(device);
    long capability = shim_setting("SHIM_CAPABILITY", CAPABILITY);
    if (error) return error;
    memset(properties, 0, sizeof *properties);
    snprintf(properties->name, sizeof properties->name, "host shim");
    properties->totalGlobalMem = (size_t)shim_setting("SHIM_MEMORY", 8l << 30);
    properties->sharedMemPerBlock = SHARED_UNASKED;
    properties->sharedMemPerBlockOptin = SHARED_MOST;
    properties->sharedMemPerMultiprocessor = SHARED_PROCESSOR;
    properties->major = (int)(capability / 10);
    properties->minor = (int)(capability % 10);
    properties->multiProcessorCount = PROCESSORS;
    properties->warpSize = WARP;
    properties->maxThreadsPerBlock = MOST_THREADS;
    properties->maxThreadsPerMultiProcessor = MOST_RESIDENT;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device)
{
    cudaDeviceProp p;
    cudaError_t error = cudaGetDeviceProperties(&p, device);
    if (error) return error;
    switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock: *value = p.maxThreadsPerBlock; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = (int)p.sharedMemPerBlock; break;
    case cudaDevAttrWarpSize: *value = p.warpSize; break;
    case cudaDevAttrMultiProcessorCount: *value = p.multiProcessorCount; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *value = p.maxThreadsPerMultiProcessor; break;
    case cudaDevAttrComputeCapabilityMajor: *value = p.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = p.minor; break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *value = (int)p.sharedMemPerMultiprocessor; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = (int)p.sharedMemPerBlockOptin; break;
    default: return shim_error(cudaErrorInvalidValue);
    }
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = CUDART_VERSION;
    return cudaSuccess;
}

struct shim_event {
    struct timespec time;
};

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned)
{
    *event = new shim_event();
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    return cudaEventCreateWithFlags(event, 0);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t)
{
    if (!event) return shim_error(cudaErrorInvalidResourceHandle);
    clock_gettime(CLOCK_MONOTONIC, &event->time);
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    return event ? cudaSuccess : shim_error(cudaErrorInvalidResourceHandle);
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    return cudaEventSynchronize(event);
}

cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t event, unsigned)
{
    return cudaEventSynchronize(event);
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end)
{
    if (!start || !end) return shim_error(cudaErrorInvalidResourceHandle);
    *milliseconds = 1e3f * (float)(end->time.tv_sec - start->time.tv_sec) +
                    1e-6f * (float)(end->time.tv_nsec - start->time.tv_nsec);
    return cudaSuccess;
}
