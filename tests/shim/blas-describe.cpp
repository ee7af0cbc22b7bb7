/* Describing gemms and choosing their algorithm. The heuristic refuses operands in bf16 of sizes that are no
 * multiples of 8, as the library may, so that the caller's own way is used. */
#include "blas.h"

template <class T> static cublasStatus_t set(T *to, const void *value, size_t bytes)
{
    if (!value || bytes != sizeof *to) return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(to, value, sizeof *to);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    *handle = new shim_library();
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *description, cublasComputeType_t compute,
                                        cudaDataType_t scale)
{
    if (scale != CUDA_R_32F) return CUBLAS_STATUS_INVALID_VALUE;
    *description =
        new shim_description{compute, CUBLAS_OP_N, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, NULL, -1};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t description)
{
    delete description;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t d,
                                              cublasLtMatmulDescAttributes_t attribute, const void *value,
                                              size_t bytes)
{
    switch (attribute) {
    case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE: return set(&d->compute, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSA: return set(&d->transpose_a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB: return set(&d->transpose_b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return set(&d->epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return set(&d->bias, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE: return set(&d->bias_type, value, bytes);
    default: return CUBLAS_STATUS_INVALID_VALUE;
    }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t ld)
{
    *layout = new shim_layout{type, CUBLASLT_ORDER_COL, 1, rows, columns, ld, 0};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
    delete layout;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t l,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void *value,
                                                size_t bytes)
{
    switch (attribute) {
    case CUBLASLT_MATRIX_LAYOUT_TYPE: return set(&l->type, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_ORDER: return set(&l->order, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_ROWS: return set(&l->rows, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_COLS: return set(&l->columns, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_LD: return set(&l->ld, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: return set(&l->batch, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET: return set(&l->step, value, bytes);
    }
    return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference)
{
    *preference = new shim_preference{0, CUBLASLT_REDUCTION_SCHEME_MASK, {256, 256, 256, 256}};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference)
{
    delete preference;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t p,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void *value, size_t bytes)
{
    switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES: return set(&p->workspace, value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK: return set(&p->reductions, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES: return set(&p->alignment[0], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES: return set(&p->alignment[1], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES: return set(&p->alignment[2], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES: return set(&p->alignment[3], value, bytes);
    default: return CUBLAS_STATUS_INVALID_VALUE;
    }
}

size_t shim_value_bytes(cudaDataType type)
{
    return type == CUDA_R_16BF ? 2 : 4;
}

bool shim_gemm_sizes(const struct shim_gemm *p, size_t *m, size_t *n, size_t *k)
{
    const struct shim_layout *a = &p->layout[0], *b = &p->layout[1], *c = &p->layout[2], *d = &p->layout[3];
    bool turn_a = p->how.transpose_a != CUBLAS_OP_N, turn_b = p->how.transpose_b != CUBLAS_OP_N;
    *m = d->rows, *n = d->columns, *k = turn_a ? a->rows : a->columns;
    bool fit = (turn_a ? a->columns : a->rows) == *m && (turn_b ? b->columns : b->rows) == *k &&
               (turn_b ? b->rows : b->columns) == *n && c->rows == *m && c->columns == *n;
    for (const struct shim_layout &l : p->layout)
        fit = fit && l.order == CUBLASLT_ORDER_COL && l.ld >= (int64_t)l.rows && l.rows && l.columns &&
              l.batch == d->batch && l.batch > 0 && (l.type == CUDA_R_32F || l.type == CUDA_R_16BF);
    /* Results of a batch stand one after another, or their columns take turns, as those of attention's heads.
     */
    bool apart = d->batch == 1 || d->step >= (int64_t)d->ld * ((int64_t)d->columns - 1) + (int64_t)d->rows ||
                 (d->step >= (int64_t)d->rows && d->ld >= d->step * (d->batch - 1) + (int64_t)d->rows);
    bool bias = p->how.bias_type < 0 || p->how.bias_type == d->type;
    bool known = p->how.compute == CUBLAS_COMPUTE_32F || p->how.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
    return fit && apart && bias && known && a->type == b->type && c->type == d->type &&
           (a->type == CUDA_R_16BF || d->type == CUDA_R_32F);
}

uint64_t shim_gemm_hash(const struct shim_gemm *p)
{
    uint64_t hash = 1469598103934665603u;
    auto add = [&hash](uint64_t value) { hash = (hash ^ value) * 1099511628211u; };
    add(p->how.compute), add(p->how.transpose_a), add(p->how.transpose_b), add(p->how.epilogue);
    for (const struct shim_layout &l : p->layout)
        add(l.type), add(l.rows), add(l.columns), add((uint64_t)l.ld), add((uint64_t)l.batch),
            add((uint64_t)l.step);
    return hash;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t description,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int asked,
                                              cublasLtMatmulHeuristicResult_t results[], int *found)
{
    struct shim_gemm p = {*description, {*a, *b, *c, *d}, {}, 0, 0, NULL, 0};
    size_t m, n, k;
    *found = 0;
    if (asked < 1 || !shim_gemm_sizes(&p, &m, &n, &k)) return CUBLAS_STATUS_INVALID_VALUE;
    if (a->type == CUDA_R_16BF && (m % 8 || n % 8 || k % 8)) return CUBLAS_STATUS_NOT_SUPPORTED;
    struct shim_algorithm algorithm = {shim_gemm_hash(&p), {}, SHIM_ALGORITHM_WORKSPACE};
    if (preference->workspace < algorithm.workspace) algorithm.workspace = 0;
    memcpy(algorithm.alignment, preference->alignment, sizeof algorithm.alignment);
    memset(results, 0, sizeof *results);
    memcpy(&results->algo, &algorithm, sizeof algorithm);
    results->workspaceSize = algorithm.workspace;
    *found = 1;
    return CUBLAS_STATUS_SUCCESS;
}
