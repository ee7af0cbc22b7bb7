/* CUDA graphs: the operations between graph_begin() and graph_end() are captured and replayed by one launch.
 */
#include "kernels/cuda/base/cuda.cuh"

/* One executable graph for each kind of graph_begin(). The first run of a kind is launched kernel by kernel,
 * which grows the workspaces and loads the kernels. Each later run is captured again, because its kernels'
 * arguments (seeds, steps) differ, and the executable graph is updated from the captured one. */
static struct {
    bool seen; /* run before */
    cudaGraphExec_t executable;
} graphs[OPS_GRAPHS];
static int capturing = -1; /* the kind, or -1 */

void cuda_graphs_forget()
{
    for (int kind = 0; kind < OPS_GRAPHS; kind++) graphs[kind].seen = false;
}

void cuda_graph_begin(int kind)
{
    if (!graphs[kind].seen) {
        graphs[kind].seen = true;
        return;
    }
    CUDA_CHECK(cudaStreamBeginCapture(cuda_stream, cudaStreamCaptureModeThreadLocal));
    capturing = kind;
}

void cuda_graph_end(void)
{
    cudaGraph_t captured;
    cudaGraphExecUpdateResultInfo difference;
    if (capturing < 0) return;
    cudaGraphExec_t *exec = &graphs[capturing].executable;
    capturing = -1;
    CUDA_CHECK(cudaStreamEndCapture(cuda_stream, &captured));
    if (*exec && cudaGraphExecUpdate(*exec, captured, &difference) != cudaSuccess) {
        cudaGetLastError();
        CUDA_CHECK(cudaGraphExecDestroy(*exec));
        *exec = NULL;
    }
    if (!*exec) CUDA_CHECK(cudaGraphInstantiate(exec, captured, 0));
    CUDA_CHECK(cudaGraphLaunch(*exec, cuda_stream));
    CUDA_CHECK(cudaGraphDestroy(captured));
}
