/* Gemm by cublasLt, with a kernel for the sizes that cublasLt does not support. */
#include <cublasLt.h>
#include <string.h>

#include "kernels/cuda/base/bf16.cuh"
#include "kernels/cuda/matrix/gemm.cuh"

extern "C" {
#include "common/fail.h"
#include "common/memory.h"
}

/* cublasLt may split k among thread blocks only where it adds the partial sums in a fixed order. */
enum { THREADS = 256 };
enum {
    CUBLASLT_BYTES = 32 << 20,
    REDUCTIONS = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
};

/* An algorithm chosen by cublasLt, and the key it depends on. The choice is made once for each key: it takes
 * time, and another algorithm might give other bytes. */
struct plan {
    struct {
        int rows, columns, inner, batch, stride[3], alignment[3];
        size_t batch_stride[3];
        bool transpose_a, transpose_b, relu, bias, operands_bf16, result_bf16, fp32;
    } key;
    cublasLtMatmulDesc_t description;
    cublasLtMatrixLayout_t layout[3]; /* of c, a, b */
    cublasLtMatmulAlgo_t algorithm;
    bool possible;
    struct plan *next;
};

static cublasLtHandle_t cublaslt;
static struct plan *plans;

static void check(cublasStatus_t status, const char *what)
{
    if (status != CUBLAS_STATUS_SUCCESS) die("cuda: gemm: %s: status %d", what, (int)status);
}

void cuda_gemm_open()
{
    check(cublasLtCreate(&cublaslt), "cublasLtCreate");
    cuda_workspace(WORKSPACE_GEMM, CUBLASLT_BYTES);
}

/* The alignment in bytes, at most 16, of all rows of all matrices of a batch. */
static int alignment_of(const void *memory, int stride, size_t batch_stride, bool bf16)
{
    uintptr_t bits =
        (uintptr_t)memory | (uintptr_t)stride * (bf16 ? 2 : 4) | batch_stride * (bf16 ? 2 : 4) | 16;
    return (int)(bits & -bits);
}

/* The matrices of a gemm. cublasLt's matrices are column-major: it is asked for the transpose of c, with b as
 * its first operand and a as its second. */
struct operands {
    struct matrix c, a, b;
};

static void describe(struct plan *plan, const struct operands *o, const struct gemm *gemm)
{
    cublasComputeType_t compute =
        plan->key.fp32 || plan->key.operands_bf16 ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_FAST_TF32;
    cublasOperation_t first = gemm->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasOperation_t second = gemm->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasLtEpilogue_t epilogue = gemm->bias
                                      ? (gemm->relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
                                      : (gemm->relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT);
    check(cublasLtMatmulDescCreate(&plan->description, compute, CUDA_R_32F), "description");
    check(
        cublasLtMatmulDescSetAttribute(plan->description, CUBLASLT_MATMUL_DESC_TRANSA, &first, sizeof first),
        "transpose");
    check(cublasLtMatmulDescSetAttribute(plan->description, CUBLASLT_MATMUL_DESC_TRANSB, &second,
                                         sizeof second),
          "transpose");
    check(cublasLtMatmulDescSetAttribute(plan->description, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                         sizeof epilogue),
          "epilogue");
    const struct {
        struct matrix matrix;
        int rows, columns; /* column-major */
    } shapes[] = {
        {o->c, gemm->columns, gemm->rows},
        {o->a, gemm->transpose_a ? gemm->rows : gemm->inner, gemm->transpose_a ? gemm->inner : gemm->rows},
        {o->b, gemm->transpose_b ? gemm->inner : gemm->columns,
         gemm->transpose_b ? gemm->columns : gemm->inner}};
    for (int i = 0; i < 3; i++) {
        int64_t batch_stride = (int64_t)shapes[i].matrix.batch_stride;
        cublasLtMatrixLayout_t *layout = &plan->layout[i];
        check(cublasLtMatrixLayoutCreate(layout, shapes[i].matrix.bf16 ? CUDA_R_16BF : CUDA_R_32F,
                                         (uint64_t)shapes[i].rows, (uint64_t)shapes[i].columns,
                                         shapes[i].matrix.stride),
              "layout");
        check(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &gemm->batch,
                                               sizeof gemm->batch),
              "batch");
        check(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                               &batch_stride, sizeof batch_stride),
              "batch_stride");
    }
}

static void prefer(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute,
                   const void *value, size_t size)
{
    check(cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, size), "preference");
}

/* The first algorithm that cublasLt proposes; there is none for some odd sizes. */
static void choose(struct plan *plan)
{
    const uint32_t c = (uint32_t)plan->key.alignment[0], a = (uint32_t)plan->key.alignment[1],
                   b = (uint32_t)plan->key.alignment[2], reductions = REDUCTIONS;
    const uint64_t bytes = CUBLASLT_BYTES;
    cublasLtMatmulPreference_t preference;
    cublasLtMatmulHeuristicResult_t result;
    int found = 0;
    check(cublasLtMatmulPreferenceCreate(&preference), "preference");
    prefer(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes);
    prefer(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reductions, sizeof reductions);
    prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &b, sizeof b);
    prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &a, sizeof a);
    prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &c, sizeof c);
    prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &c, sizeof c);
    cublasLtMatmulAlgoGetHeuristic(cublaslt, plan->description, plan->layout[2], plan->layout[1],
                                   plan->layout[0], plan->layout[0], preference, 1, &result, &found);
    plan->possible = found > 0 && result.state == CUBLAS_STATUS_SUCCESS;
    if (plan->possible) plan->algorithm = result.algo;
    check(cublasLtMatmulPreferenceDestroy(preference), "preference");
}

static struct plan *plan_of(const struct operands *o, const struct gemm *gemm)
{
    const struct matrix matrices[] = {o->c, o->a, o->b};
    struct plan wanted;
    memset(&wanted, 0, sizeof wanted); /* keys are compared by memcmp, padding included */
    wanted.key.rows = gemm->rows, wanted.key.columns = gemm->columns, wanted.key.inner = gemm->inner;
    wanted.key.batch = gemm->batch;
    wanted.key.transpose_a = gemm->transpose_a, wanted.key.transpose_b = gemm->transpose_b;
    wanted.key.relu = gemm->relu, wanted.key.bias = gemm->bias != NULL;
    wanted.key.operands_bf16 = o->a.bf16, wanted.key.result_bf16 = o->c.bf16;
    wanted.key.fp32 = cuda_precision == PRECISION_FP32;
    for (int i = 0; i < 3; i++) {
        wanted.key.stride[i] = matrices[i].stride;
        wanted.key.batch_stride[i] = matrices[i].batch_stride;
        wanted.key.alignment[i] =
            alignment_of(matrices[i].data, matrices[i].stride, matrices[i].batch_stride, matrices[i].bf16);
    }
    for (struct plan *plan = plans; plan; plan = plan->next)
        if (!memcmp(&plan->key, &wanted.key, sizeof wanted.key)) return plan;
    struct plan *plan = (struct plan *)allocate_or_die(1, sizeof *plan);
    *plan = wanted;
    describe(plan, o, gemm);
    choose(plan);
    plan->next = plans;
    return plans = plan;
}

/* Any gemm, a thread for each value of c: for sizes that cublasLt does not support. */
static __global__ void gemm_fallback(struct operands o, struct gemm gemm)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    int row = (int)(i / (size_t)gemm.columns), column = (int)(i % (size_t)gemm.columns),
        batch = (int)blockIdx.y;
    if (row >= gemm.rows) return;
    view a = {o.a.data, o.a.bf16}, b = {o.b.data, o.b.bf16}, c = {o.c.data, o.c.bf16};
    size_t a0 = batch * o.a.batch_stride + (gemm.transpose_a ? row : (size_t)row * o.a.stride);
    size_t b0 = batch * o.b.batch_stride + (gemm.transpose_b ? (size_t)column * o.b.stride : column);
    size_t a1 = gemm.transpose_a ? o.a.stride : 1, b1 = gemm.transpose_b ? 1 : o.b.stride;
    float sum = 0;
    for (int k = 0; k < gemm.inner; k++) sum += load(a, a0 + k * a1) * load(b, b0 + k * b1);
    size_t at = batch * o.c.batch_stride + (size_t)row * o.c.stride + column;
    float value = gemm.alpha * sum + (gemm.beta == 0 ? 0 : gemm.beta * load(c, at)) +
                  (gemm.bias ? gemm.bias[column] : 0);
    store(c, at, gemm.relu && value < 0 ? 0 : value);
}

/* The number of values from the first to the last of a batch of matrices. */
static size_t span(const struct matrix *m, int rows, int columns, int batch)
{
    return (size_t)(batch - 1) * m->batch_stride + (size_t)(rows - 1) * m->stride + columns;
}

/* Replaces a float matrix by a bf16 copy. */
static void make_bf16(struct matrix *m, struct arena *arena, size_t count)
{
    view to = {arena_take<uint16_t>(arena, count), true}, from = {m->data, false};
    cuda_convert(to, from, count);
    m->data = to.data;
    m->bf16 = true;
}

/* The bias in c's type and aligned to 16 bytes, as cublasLt requires it. */
static const void *bias_for(struct matrix c, const struct gemm *gemm, struct arena *arena)
{
    if (!gemm->bias || (!c.bf16 && (uintptr_t)gemm->bias % 16 == 0)) return gemm->bias;
    view to = {arena_take<float>(arena, (size_t)gemm->columns), c.bf16},
         from = {(void *)(uintptr_t)gemm->bias, false};
    cuda_convert(to, from, (size_t)gemm->columns);
    return to.data;
}

static void gemm_run(const struct operands *o, const struct gemm *gemm, struct arena *arena)
{
    struct plan *plan = plan_of(o, gemm);
    double operations = 2.0 * gemm->rows * gemm->columns * gemm->inner * gemm->batch;
    if (!plan->possible) {
        cuda_count_operations(operations);
        launch(gemm_fallback,
               dim3(blocks_for((size_t)gemm->rows * (size_t)gemm->columns, THREADS), (unsigned)gemm->batch),
               THREADS, 0, *o, *gemm);
        return;
    }
    const void *bias = bias_for(o->c, gemm, arena);
    if (bias)
        check(cublasLtMatmulDescSetAttribute(plan->description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias,
                                             sizeof bias),
              "bias");
    void *workspace = arena_take<char>(arena, CUBLASLT_BYTES);
    cuda_count_operations(operations);
    check(cublasLtMatmul(cublaslt, plan->description, &gemm->alpha, o->b.data, plan->layout[2], o->a.data,
                         plan->layout[1], &gemm->beta, o->c.data, plan->layout[0], o->c.data, plan->layout[0],
                         &plan->algorithm, workspace, CUBLASLT_BYTES, cuda_stream),
          "cublasLtMatmul");
}

void cuda_gemm(struct matrix c, struct matrix a, struct matrix b, struct gemm gemm)
{
    size_t values_a = span(&a, gemm.transpose_a ? gemm.inner : gemm.rows,
                           gemm.transpose_a ? gemm.rows : gemm.inner, gemm.batch);
    size_t values_b = span(&b, gemm.transpose_b ? gemm.columns : gemm.inner,
                           gemm.transpose_b ? gemm.inner : gemm.columns, gemm.batch);
    bool bf16 = a.bf16 || b.bf16 || c.bf16;
    size_t bytes = CUBLASLT_BYTES + 2 * (values_a * (bf16 && !a.bf16) + values_b * (bf16 && !b.bf16)) +
                   4 * (size_t)gemm.columns + 4 * 256;
    struct arena arena = {(char *)cuda_workspace(WORKSPACE_GEMM, bytes), 0};
    if (bf16 && !a.bf16) make_bf16(&a, &arena, values_a);
    if (bf16 && !b.bf16) make_bf16(&b, &arena, values_b);
    struct operands o = {c, a, b};
    gemm_run(&o, &gemm, &arena);
}
