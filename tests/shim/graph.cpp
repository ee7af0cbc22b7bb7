/* Streams and CUDA graphs: work runs as it is submitted, or is captured and runs when the graph is launched.
 */
#include "shim.h"

struct shim_graph {
    std::vector<struct shim_node> nodes;
};
struct shim_exec {
    std::vector<struct shim_node> nodes;
};
struct shim_stream {
    struct shim_graph *capture;
    bool invalid;
};

static struct shim_stream first_stream; /* cudaStream_t 0, which cannot be captured */
static struct shim_stream *captured;    /* the stream that is */

static struct shim_stream *of(cudaStream_t stream)
{
    return stream ? stream : &first_stream;
}

bool shim_capturing(cudaStream_t stream)
{
    return of(stream)->capture != NULL;
}

bool shim_any_capture()
{
    return captured != NULL;
}

cudaError_t shim_forbidden()
{
    if (!captured) return cudaSuccess;
    captured->invalid = true;
    return shim_error(cudaErrorStreamCaptureUnsupported);
}

static void run(const struct shim_node *node)
{
    shim_memory_open();
    node->run();
    shim_memory_close();
}

cudaError_t shim_submit(cudaStream_t stream, struct shim_node node)
{
    struct shim_stream *s = of(stream);
    if (s->capture && s->invalid) return shim_error(cudaErrorStreamCaptureInvalidated);
    if (s->capture)
        s->capture->nodes.push_back(node);
    else
        run(&node);
    return cudaSuccess;
}

/* Scratch is nobody's again each time it is asked for, in captures too. */
static void forget_scratch(void *at, size_t bytes)
{
    if (at && bytes) shim_submit(captured, {SHIM_MEMSET, NULL, [=] { shim_forget(at, bytes); }});
}

/* kernels/cuda/base/memory.cu calls it for cuda_workspace(), if it is there. */
extern void (*cuda_scratch_hook)(void *memory, size_t bytes) __attribute__((weak));
__attribute__((constructor)) static void hook_scratch()
{
    if (&cuda_scratch_hook) cuda_scratch_hook = forget_scratch;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned)
{
    *stream = new shim_stream();
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *stream)
{
    return cudaStreamCreateWithFlags(stream, 0);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    if (!stream) return shim_error(cudaErrorInvalidResourceHandle);
    if (captured == stream) captured = NULL;
    delete stream->capture;
    delete stream;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    return shim_capturing(stream) ? shim_forbidden() : cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream)
{
    return cudaStreamSynchronize(stream);
}

cudaError_t cudaDeviceSynchronize()
{
    return shim_forbidden();
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode)
{
    if (!stream) return shim_error(cudaErrorStreamCaptureUnsupported);
    if (captured) return shim_error(cudaErrorInvalidValue);
    stream->capture = new shim_graph();
    stream->invalid = false;
    captured = stream;
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    *graph = NULL;
    if (!stream || captured != stream) return shim_error(cudaErrorInvalidValue);
    struct shim_graph *finished = stream->capture;
    captured = NULL;
    stream->capture = NULL;
    if (stream->invalid) {
        delete finished;
        return shim_error(cudaErrorStreamCaptureInvalidated);
    }
    *graph = finished;
    return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status)
{
    *status = !shim_capturing(stream) ? cudaStreamCaptureStatusNone
              : of(stream)->invalid   ? cudaStreamCaptureStatusInvalidated
                                      : cudaStreamCaptureStatusActive;
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    if (!graph) return shim_error(cudaErrorInvalidValue);
    *exec = new shim_exec{graph->nodes};
    return cudaSuccess;
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph, cudaGraphExecUpdateResultInfo *info)
{
    if (!exec || !graph) return shim_error(cudaErrorInvalidValue);
    *info = {cudaGraphExecUpdateSuccess, NULL, NULL};
    if (exec->nodes.size() != graph->nodes.size()) info->result = cudaGraphExecUpdateErrorTopologyChanged;
    for (size_t i = 0; i < graph->nodes.size() && info->result == cudaGraphExecUpdateSuccess; i++) {
        if (exec->nodes[i].kind != graph->nodes[i].kind)
            info->result = cudaGraphExecUpdateErrorNodeTypeChanged;
        else if (exec->nodes[i].function != graph->nodes[i].function)
            info->result = cudaGraphExecUpdateErrorFunctionChanged;
        info->errorNode = &graph->nodes[i];
    }
    if (info->result != cudaGraphExecUpdateSuccess) return shim_error(cudaErrorGraphExecUpdateFailure);
    info->errorNode = NULL;
    exec->nodes = graph->nodes;
    return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t)
{
    return exec ? cudaSuccess : shim_error(cudaErrorInvalidValue);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    if (!exec) return shim_error(cudaErrorInvalidValue);
    if (shim_capturing(stream)) return shim_forbidden();
    for (const struct shim_node &node : exec->nodes) run(&node);
    return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count)
{
    if (!graph) return shim_error(cudaErrorInvalidValue);
    if (nodes)
        for (size_t i = 0; i < *count && i < graph->nodes.size(); i++) nodes[i] = &graph->nodes[i];
    *count = graph->nodes.size();
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    delete exec;
    return cudaSuccess;
}
