/* cublasLtMatmul: what the library checks and some more, then OpenBLAS. */
#include "blas.h"

#include <cblas.h>

#include "cuda_bf16.h"

/* From the first value to the last. */
static size_t span(const struct shim_layout *l)
{
    return ((size_t)(l->batch - 1) * (size_t)l->step + (size_t)(l->ld * ((int64_t)l->columns - 1)) +
            l->rows) *
           shim_value_bytes(l->type);
}

static bool overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    return (uintptr_t)a < (uintptr_t)b + b_bytes && (uintptr_t)b < (uintptr_t)a + a_bytes;
}

static bool has_bias(const struct shim_gemm *p)
{
    return p->how.epilogue == CUBLASLT_EPILOGUE_BIAS || p->how.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
}

static const char *wrong_memory(const struct shim_gemm *p)
{
    const struct shim_layout *d = &p->layout[3];
    size_t bias_bytes = d->rows * shim_value_bytes(d->type);
    for (int i = 0; i < 4; i++) {
        if (i == 2 && p->beta == 0) continue;
        if (!shim_holds(p->data[i], span(&p->layout[i])))
            return "a matrix is not within one piece of device memory";
    }
    if (has_bias(p) && !shim_holds(p->how.bias, bias_bytes)) return "the bias is not within device memory";
    for (int i = 0; i < 2; i++)
        if (overlap(p->data[3], span(d), p->data[i], span(&p->layout[i])))
            return "the result overlaps a factor";
    if (has_bias(p) && overlap(p->data[3], span(d), p->how.bias, bias_bytes))
        return "the result overlaps the bias";
    if (p->beta != 0 && p->data[2] != p->data[3] &&
        overlap(p->data[3], span(d), p->data[2], span(&p->layout[2])))
        return "the result overlaps what is added";
    if (p->data[2] == p->data[3] && memcmp(&p->layout[2], d, sizeof *d)) return "C is D, of another layout";
    return NULL;
}

static const char *wrong_algorithm(const struct shim_gemm *p, const struct shim_algorithm *algorithm)
{
    if (algorithm->hash != shim_gemm_hash(p)) return "the algorithm was chosen for another gemm";
    for (int i = 0; i < 4; i++)
        if ((uintptr_t)p->data[i] % algorithm->alignment[i])
            return "a matrix is less aligned than was promised";
    if (p->workspace_bytes < algorithm->workspace) return "the workspace is too small";
    return NULL;
}

static const char *wrong(const struct shim_gemm *p, const cublasLtMatmulAlgo_t *algo)
{
    size_t m, n, k;
    struct shim_algorithm algorithm;
    if (!shim_gemm_sizes(p, &m, &n, &k)) return "the layouts do not fit together";
    if (p->workspace_bytes && !shim_holds(p->workspace, p->workspace_bytes))
        return "the workspace is not within device memory";
    if ((uintptr_t)p->workspace % 256) return "the workspace is not aligned to 256 bytes";
    if (algo) memcpy(&algorithm, algo, sizeof algorithm);
    const char *why = algo ? wrong_algorithm(p, &algorithm) : NULL;
    return why ? why : wrong_memory(p);
}

/* 10 bits of the fraction, rounded to the nearest, ties away from zero. */
static float as_tf32(float x)
{
    return isfinite(x) ? __uint_as_float((__float_as_uint(x) + 0x1000u) & 0xffffe000u) : x;
}

static float value_at(const void *data, cudaDataType type, size_t i)
{
    if (type == CUDA_R_32F) return ((const float *)data)[i];
    return __bfloat162float(((const __nv_bfloat16 *)data)[i]);
}

/* The columns of one of a batch, side by side, as the multiplication sees them. */
static std::vector<float> factor(const struct shim_gemm *p, int which, int batch)
{
    const struct shim_layout *l = &p->layout[which];
    std::vector<float> values(l->rows * l->columns);
    bool tf32 = p->how.compute == CUBLAS_COMPUTE_32F_FAST_TF32 && l->type == CUDA_R_32F;
    for (size_t column = 0; column < l->columns; column++) {
        size_t at = (size_t)batch * (size_t)l->step + column * (size_t)l->ld;
        shim_watch_read((const char *)p->data[which] + at * shim_value_bytes(l->type),
                        l->rows * shim_value_bytes(l->type));
        for (size_t row = 0; row < l->rows; row++) {
            float value = value_at(p->data[which], l->type, at + row);
            values[column * l->rows + row] = tf32 ? as_tf32(value) : value;
        }
    }
    return values;
}

static void finish_column(const struct shim_gemm *p, const float *sums, size_t at_c, size_t at_d)
{
    const struct shim_layout *c = &p->layout[2], *d = &p->layout[3];
    bool relu = p->how.epilogue == CUBLASLT_EPILOGUE_RELU || p->how.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
    size_t bytes = shim_value_bytes(d->type);
    if (p->beta != 0) shim_watch_read((const char *)p->data[2] + at_c * bytes, d->rows * bytes);
    for (size_t row = 0; row < d->rows; row++) {
        float value = p->alpha * sums[row];
        if (p->beta != 0) value += p->beta * value_at(p->data[2], c->type, at_c + row);
        if (has_bias(p)) value += value_at(p->how.bias, d->type, row);
        if (relu && value < 0) value = 0;
        if (d->type == CUDA_R_32F)
            ((float *)p->data[3])[at_d + row] = value;
        else
            ((__nv_bfloat16 *)p->data[3])[at_d + row] = __float2bfloat16_rn(value);
    }
    shim_watch_write((const char *)p->data[3] + at_d * bytes, d->rows * bytes);
}

static void run_one(const struct shim_gemm *p, int batch)
{
    size_t m, n, k;
    shim_gemm_sizes(p, &m, &n, &k);
    const struct shim_layout *c = &p->layout[2], *d = &p->layout[3];
    std::vector<float> a = factor(p, 0, batch), b = factor(p, 1, batch), sums(m * n);
    cblas_sgemm(CblasColMajor, p->how.transpose_a == CUBLAS_OP_N ? CblasNoTrans : CblasTrans,
                p->how.transpose_b == CUBLAS_OP_N ? CblasNoTrans : CblasTrans, (int)m, (int)n, (int)k, 1,
                a.data(), (int)p->layout[0].rows, b.data(), (int)p->layout[1].rows, 0, sums.data(), (int)m);
    for (size_t column = 0; column < n; column++)
        finish_column(p, sums.data() + column * m, (size_t)batch * (size_t)c->step + column * (size_t)c->ld,
                      (size_t)batch * (size_t)d->step + column * (size_t)d->ld);
}

static void run(const struct shim_gemm *p, double operations)
{
    size_t m, n, k;
    shim_gemm_sizes(p, &m, &n, &k);
    shim_watch_launch("gemm", operations ? operations : 2.0 * (double)(m * n * k) * p->layout[3].batch);
    if (p->workspace) shim_forget(p->workspace, p->workspace_bytes < 1 << 16 ? p->workspace_bytes : 1 << 16);
    if (has_bias(p)) shim_watch_read(p->how.bias, m * shim_value_bytes(p->layout[3].type));
    for (int batch = 0; batch < p->layout[3].batch; batch++) run_one(p, batch);
    shim_watch_landed();
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t description, const void *alpha,
                              const void *a, cublasLtMatrixLayout_t a_layout, const void *b,
                              cublasLtMatrixLayout_t b_layout, const void *beta, const void *c,
                              cublasLtMatrixLayout_t c_layout, void *d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t *algo, void *workspace, size_t workspace_bytes,
                              cudaStream_t stream)
{
    if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
    struct shim_gemm p = {*description,         {*a_layout, *b_layout, *c_layout, *d_layout},
                          {a, b, c, d},         *(const float *)alpha,
                          *(const float *)beta, workspace,
                          workspace_bytes};
    const char *why = wrong(&p, algo);
    double operations = shim_take_operations();
    if (why) {
        shim_say("cublasLtMatmul: %zu x %zu: %s", (size_t)d_layout->rows, (size_t)d_layout->columns, why);
        return CUBLAS_STATUS_INVALID_VALUE;
    }
    shim_submit(stream,
                {SHIM_KERNEL, (const void *)cublasLtMatmul, [p, operations] { run(&p, operations); }});
    return CUBLAS_STATUS_SUCCESS;
}
