/* Iterations recorded as CUDA graphs: the first of a kind runs as it comes, later ones are captured and run
 * as one. */
#include "kernels/cuda/base/cuda.cuh"

/* One recorded iteration a kind. The first of a kind runs as it comes, which takes all scratch and loads all
 * kernels; later ones are recorded anew each time, for their numbers (seeds, steps) differ, and the graph
 * that is there is given the new ones. */
static struct {
    bool seen;
    cudaGraphExec_t graph;
} kinds[OPS_GRAPHS];
static int recording = -1;

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
