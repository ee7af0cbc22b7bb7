#include <cublasLt.h>
#include <string.h>

#include "kernels/cuda/base/bf16.cuh"
#include "kernels/cuda/matrix/gemm.cuh"

extern "C" {
#include "common/fail.h"
#include "common/memory.h"
}

/* Splitting the inner sum among blocks of threads is allowed only where the parts are added in a fixed order.
 */
enum { THREADS = 256 };
enum {
    LIBRARY_BYTES = 32 << 20,
    REDUCTIONS = CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
};

/* What a choice of the library depends on, and the choice: made once, for it takes time and must stay. */
struct plan {
    struct {
        int rows, columns, inner, batch, stride[3], alignment[3];
        size_t step[3];
        bool transpose_a, transpose_b, relu, bias, factors_narrow, result_narrow, exact;
    } key;
    cublasLtMatmulDesc_t description;
    cublasLtMatrixLayout_t layout[3]; /* of c, a, b */
    cublasLtMatmulAlgo_t algorithm;
    bool possible;
    struct plan *next;
};

static cublasLtHandle_t library;
static struct plan *plans;

static void check(cublasStatus_t status, const char *what)
{
    if (status != CUBLAS_STATUS_SUCCESS) die("cuda: product of matrices: %s: status %d", what, (int)status);
}

void cuda_product_open()
{
    check(cublasLtCreate(&library), "cublasLtCreate");
    cuda_workspace(WORKSPACE_GEMM, LIBRARY_BYTES);
}

static int alignment_of(const void *memory, int stride, size_t step, bool bf16)
{
    uintptr_t bits = (uintptr_t)memory | (uintptr_t)stride * (bf16 ? 2 : 4) | step * (bf16 ? 2 : 4) | 16;
    return (int)(bits & -bits);
}

/* c, a, b of a product; the library's order of names is its own, for its matrices are column-major: it is
 * asked for the transpose, b's first. */
struct operands {
    struct matrix c, a, b;
};

static void describe(struct plan *plan, const struct operands *o, const struct product *p)
{
    cublasComputeType_t compute =
        plan->key.exact || plan->key.factors_narrow ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_FAST_TF32;
    cublasOperation_t first = p->transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasOperation_t second = p->transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    cublasLtEpilogue_t epilogue = p->bias ? (p->relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
                                          : (p->relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT);
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
        int rows, columns; /* as the library has them */
    } shapes[] = {{o->c, p->columns, p->rows},
                  {o->a, p->transpose_a ? p->rows : p->inner, p->transpose_a ? p->inner : p->rows},
                  {o->b, p->transpose_b ? p->inner : p->columns, p->transpose_b ? p->columns : p->inner}};
    for (int i = 0; i < 3; i++) {
        int64_t step = (int64_t)shapes[i].matrix.step;
        cublasLtMatrixLayout_t *layout = &plan->layout[i];
        check(cublasLtMatrixLayoutCreate(layout, shapes[i].matrix.bf16 ? CUDA_R_16BF : CUDA_R_32F,
                                         (uint64_t)shapes[i].rows, (uint64_t)shapes[i].columns,
                                         shapes[i].matrix.stride),
              "layout");
        check(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &p->batch,
                                               sizeof p->batch),
              "batch");
        check(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step,
                                               sizeof step),
              "step");
    }
}

static void prefer(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute,
                   const void *value, size_t size)
{
    check(cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, size), "preference");
}

/* The library's first choice; none is possible for some odd sizes. */
static void choose(struct plan *plan)
{
    const uint32_t c = (uint32_t)plan->key.alignment[0], a = (uint32_t)plan->key.alignment[1],
                   b = (uint32_t)plan->key.alignment[2], reductions = REDUCTIONS;
    const uint64_t bytes = LIBRARY_BYTES;
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
    cublasLtMatmulAlgoGetHeuristic(library, plan->description, plan->layout[2], plan->layout[1],
                                   plan->layout[0], plan->layout[0], preference, 1, &result, &found);
    plan->possible = found > 0 && result.state == CUBLAS_STATUS_SUCCESS;
    if (plan->possible) plan->algorithm = result.algo;
    check(cublasLtMatmulPreferenceDestroy(preference), "preference");
}

static struct plan *plan_for(const struct operands *o, const struct product *p)
{
    const struct matrix matrices[] = {o->c, o->a, o->b};
    struct plan wanted;
    memset(&wanted, 0, sizeof wanted); /* keys are compared with what lies between their members */
    wanted.key.rows = p->rows, wanted.key.columns = p->columns, wanted.key.inner = p->inner;
    wanted.key.batch = p->batch;
    wanted.key.transpose_a = p->transpose_a, wanted.key.transpose_b = p->transpose_b;
    wanted.key.relu = p->relu, wanted.key.bias = p->bias != NULL;
    wanted.key.factors_narrow = o->a.bf16, wanted.key.result_narrow = o->c.bf16;
    wanted.key.exact = cuda_precision == PRECISION_FP32;
    for (int i = 0; i < 3; i++) {
        wanted.key.stride[i] = matrices[i].stride;
        wanted.key.step[i] = matrices[i].step;
        wanted.key.alignment[i] =
            alignment_of(matrices[i].data, matrices[i].stride, matrices[i].step, matrices[i].bf16);
    }
    for (struct plan *plan = plans; plan; plan = plan->next)
        if (!memcmp(&plan->key, &wanted.key, sizeof wanted.key)) return plan;
    struct plan *plan = (struct plan *)allocate_or_die(1, sizeof *plan);
    *plan = wanted;
    describe(plan, o, p);
    choose(plan);
    plan->next = plans;
    return plans = plan;
}

/* One thread a value: for what the library does not do. */
static __global__ void plain(struct operands o, struct product p)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    int row = (int)(i / (size_t)p.columns), column = (int)(i % (size_t)p.columns), batch = (int)blockIdx.y;
    if (row >= p.rows) return;
    view a = {o.a.data, o.a.bf16}, b = {o.b.data, o.b.bf16}, c = {o.c.data, o.c.bf16};
    size_t a0 = batch * o.a.step + (p.transpose_a ? row : (size_t)row * o.a.stride);
    size_t b0 = batch * o.b.step + (p.transpose_b ? (size_t)column * o.b.stride : column);
    size_t a1 = p.transpose_a ? o.a.stride : 1, b1 = p.transpose_b ? 1 : o.b.stride;
    float sum = 0;
    for (int k = 0; k < p.inner; k++) sum += load(a, a0 + k * a1) * load(b, b0 + k * b1);
    size_t at = batch * o.c.step + (size_t)row * o.c.stride + column;
    float value = p.alpha * sum + (p.beta == 0 ? 0 : p.beta * load(c, at)) + (p.bias ? p.bias[column] : 0);
    store(c, at, p.relu && value < 0 ? 0 : value);
}

/* Values from the first to the last that a matrix (of a batch) covers. */
static size_t span(const struct matrix *m, int rows, int columns, int batch)
{
    return (size_t)(batch - 1) * m->step + (size_t)(rows - 1) * m->stride + columns;
}

/* A bf16 copy of a factor of reals. */
static void make_narrow(struct matrix *m, struct arena *scratch, size_t count)
{
    view to = {arena_take<uint16_t>(scratch, count), true}, from = {m->data, false};
    cuda_convert(to, from, count);
    m->data = to.data;
    m->bf16 = true;
}

/* The library wants the bias in the result's type, and aligned. */
static const void *bias_for(struct matrix c, const struct product *p, struct arena *scratch)
{
    if (!p->bias || (!c.bf16 && (uintptr_t)p->bias % 16 == 0)) return p->bias;
    view to = {arena_take<float>(scratch, (size_t)p->columns), c.bf16},
         from = {(void *)(uintptr_t)p->bias, false};
    cuda_convert(to, from, (size_t)p->columns);
    return to.data;
}

static void run(const struct operands *o, const struct product *p, struct arena *scratch)
{
    struct plan *plan = plan_for(o, p);
    double operations = 2.0 * p->rows * p->columns * p->inner * p->batch;
    if (!plan->possible) {
        cuda_count_operations(operations);
        launch(plain, dim3(blocks_for((size_t)p->rows * (size_t)p->columns, THREADS), (unsigned)p->batch),
               THREADS, 0, *o, *p);
        return;
    }
    const void *bias = bias_for(o->c, p, scratch);
    if (bias)
        check(cublasLtMatmulDescSetAttribute(plan->description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias,
                                             sizeof bias),
              "bias");
    void *room = arena_take<char>(scratch, LIBRARY_BYTES);
    cuda_count_operations(operations);
    check(cublasLtMatmul(library, plan->description, &p->alpha, o->b.data, plan->layout[2], o->a.data,
                         plan->layout[1], &p->beta, o->c.data, plan->layout[0], o->c.data, plan->layout[0],
                         &plan->algorithm, room, LIBRARY_BYTES, cuda_stream),
          "cublasLtMatmul");
}

void cuda_multiply(struct matrix c, struct matrix a, struct matrix b, struct product p)
{
    size_t values_a = span(&a, p.transpose_a ? p.inner : p.rows, p.transpose_a ? p.rows : p.inner, p.batch);
    size_t values_b =
        span(&b, p.transpose_b ? p.columns : p.inner, p.transpose_b ? p.inner : p.columns, p.batch);
    bool bf16 = a.bf16 || b.bf16 || c.bf16;
    size_t bytes = LIBRARY_BYTES + 2 * (values_a * (bf16 && !a.bf16) + values_b * (bf16 && !b.bf16)) +
                   4 * (size_t)p.columns + 4 * 256;
    struct arena scratch = {(char *)cuda_workspace(WORKSPACE_GEMM, bytes), 0};
    if (bf16 && !a.bf16) make_narrow(&a, &scratch, values_a);
    if (bf16 && !b.bf16) make_narrow(&b, &scratch, values_b);
    struct operands o = {c, a, b};
    run(&o, &p, &scratch);
}
