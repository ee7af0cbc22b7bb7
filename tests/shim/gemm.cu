/* cublasLt's gemms in the shim against plain loops, and what it must refuse. */
#include "cublasLt.h"
#include "cuda_bf16.h"
#include "self-test.h"

enum { MOST = 4096 };

static cublasLtHandle_t library;

/* One gemm, column-major. */
struct gemm {
    int m, n, k, batch;
    bool turn_a, turn_b, narrow_factors, narrow_result, tf32;
    float alpha, beta;
    cublasLtEpilogue_t epilogue;
    int spare; /* added to each leading dimension */
};

/* A matrix on both sides; the device's holds what the host's says, as float or bf16. */
struct matrix {
    int rows, columns, ld, step;
    bool bf16;
    float host[MOST];
    char *device;
    cublasLtMatrixLayout_t layout;
};
static struct matrix a, b, c;
static float bias[64], scale = 1; /* of the factors' and the result's numbers */
static char *bias_device, *workspace;

static void upload(char *to, const float *from, int count, bool bf16)
{
    static __nv_bfloat16 halves[MOST];
    for (int i = 0; i < count; i++) halves[i] = __float2bfloat16_rn(from[i]);
    if (bf16)
        cudaMemcpy(to, halves, (size_t)count * 2, cudaMemcpyHostToDevice);
    else
        cudaMemcpy(to, from, (size_t)count * 4, cudaMemcpyHostToDevice);
}

static float download(const char *from, int i, bool bf16)
{
    float value;
    __nv_bfloat16 half;
    cudaMemcpy(&value, from + 4 * (bf16 ? 0 : i), bf16 ? 2 : 4, cudaMemcpyDeviceToHost);
    if (!bf16) return value;
    cudaMemcpy(&half, from + 2 * i, 2, cudaMemcpyDeviceToHost);
    return __bfloat162float(half);
}

static void make(struct matrix *x, int rows, int columns, bool bf16, const struct gemm *p, unsigned seed)
{
    *x = {rows, columns, rows + p->spare, (rows + p->spare) * columns, bf16, {}, NULL, NULL};
    int count = x->step * p->batch;
    int64_t step = x->step;
    for (int i = 0; i < count; i++)
        x->host[i] = (float)((int)((seed + (unsigned)i) * 2654435761u >> 24) - 128) / 64 * scale;
    cudaMalloc(&x->device, (size_t)count * (bf16 ? 2 : 4));
    upload(x->device, x->host, count, bf16);
    cublasLtMatrixLayoutCreate(&x->layout, bf16 ? CUDA_R_16BF : CUDA_R_32F, (uint64_t)rows, (uint64_t)columns,
                               x->ld);
    cublasLtMatrixLayoutSetAttribute(x->layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &p->batch,
                                     sizeof p->batch);
    cublasLtMatrixLayoutSetAttribute(x->layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step,
                                     sizeof step);
}

static void unmake(struct matrix *x)
{
    cudaFree(x->device);
    cublasLtMatrixLayoutDestroy(x->layout);
}

static void open(const struct gemm *p)
{
    make(&a, p->turn_a ? p->k : p->m, p->turn_a ? p->m : p->k, p->narrow_factors, p, 1);
    make(&b, p->turn_b ? p->n : p->k, p->turn_b ? p->k : p->n, p->narrow_factors, p, 2);
    make(&c, p->m, p->n, p->narrow_result, p, 3);
    for (int i = 0; i < 64; i++) bias[i] = (float)(i % 16 - 8);
    upload(bias_device, bias, 64, p->narrow_result);
}

static void close()
{
    unmake(&a), unmake(&b), unmake(&c);
}

static cublasStatus_t run(const struct gemm *p, int *found, char *result)
{
    cublasLtMatmulDesc_t how;
    cublasLtMatmulPreference_t wish;
    cublasLtMatmulHeuristicResult_t choice;
    cublasOperation_t turn_a = p->turn_a ? CUBLAS_OP_T : CUBLAS_OP_N,
                      turn_b = p->turn_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    uint64_t room = 1 << 16;
    cublasLtMatmulDescCreate(&how, p->tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F, CUDA_R_32F);
    cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_TRANSA, &turn_a, sizeof turn_a);
    cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_TRANSB, &turn_b, sizeof turn_b);
    cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_EPILOGUE, &p->epilogue, sizeof p->epilogue);
    cublasLtMatmulDescSetAttribute(how, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias_device, sizeof bias_device);
    cublasLtMatmulPreferenceCreate(&wish);
    cublasLtMatmulPreferenceSetAttribute(wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &room, sizeof room);
    cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(library, how, a.layout, b.layout, c.layout,
                                                           c.layout, wish, 1, &choice, found);
    if (*found)
        status = cublasLtMatmul(library, how, &p->alpha, a.device, a.layout, b.device, b.layout, &p->beta,
                                result, c.layout, result, c.layout, &choice.algo, workspace, room, 0);
    cublasLtMatmulPreferenceDestroy(wish);
    cublasLtMatmulDescDestroy(how);
    return status;
}

static double expected(const struct gemm *p, int batch, int row, int column)
{
    double sum = 0;
    for (int i = 0; i < p->k; i++)
        sum += (double)a.host[batch * a.step + (p->turn_a ? row * a.ld + i : i * a.ld + row)] *
               b.host[batch * b.step + (p->turn_b ? i * b.ld + column : column * b.ld + i)];
    sum = p->alpha * sum + p->beta * c.host[batch * c.step + column * c.ld + row];
    if (p->epilogue & CUBLASLT_EPILOGUE_BIAS) sum += bias[row];
    return p->epilogue & CUBLASLT_EPILOGUE_RELU && sum < 0 ? 0 : sum;
}

/* The largest error over the largest value. */
static double error_of(const struct gemm *p)
{
    double worst = 0, largest = 0;
    for (int batch = 0; batch < p->batch; batch++)
        for (int row = 0; row < p->m; row++)
            for (int column = 0; column < p->n; column++) {
                double want = expected(p, batch, row, column);
                double got = download(c.device, batch * c.step + column * c.ld + row, c.bf16);
                worst = isfinite(got) ? fmax(worst, fabs(got - want)) : INFINITY;
                largest = fmax(largest, fabs(want));
            }
    return worst / largest;
}

static void test(const char *name, struct gemm p, double least, double most)
{
    int found;
    open(&p);
    cublasStatus_t status = run(&p, &found, c.device);
    double error = error_of(&p);
    ok(!status && error >= least && error <= most, "%s: %.1e", name, error);
    close();
}

static void test_refusals(struct gemm p)
{
    int found;
    open(&p);
    ok(run(&p, &found, c.device + 4) == CUBLAS_STATUS_INVALID_VALUE, "a result beyond its memory");
    ok(run(&p, &found, a.device) == CUBLAS_STATUS_INVALID_VALUE, "a result in a factor");
    int64_t ld = p.m - 1;
    cublasLtMatrixLayoutSetAttribute(c.layout, CUBLASLT_MATRIX_LAYOUT_LD, &ld, sizeof ld);
    ok(run(&p, &found, c.device) == CUBLAS_STATUS_INVALID_VALUE && !found, "columns that overlap");
    close();
    p.narrow_factors = p.narrow_result = true, p.k = 12;
    open(&p);
    ok(run(&p, &found, c.device) == CUBLAS_STATUS_NOT_SUPPORTED && !found,
       "bf16, inner size 12: no algorithm");
    close();
}

int main()
{
    if (!freopen("/dev/null", "w", stderr)) return 1;
    cublasLtCreate(&library);
    cudaMalloc(&bias_device, sizeof bias), cudaMalloc(&workspace, 1 << 16);
    const struct gemm plain = {
        16, 24, 8, 1, false, false, false, false, false, 1, 0, CUBLASLT_EPILOGUE_DEFAULT, 0};
    struct gemm p = plain;
    for (int turns = 0; turns < 4; turns++) {
        p.turn_a = turns & 1, p.turn_b = turns & 2;
        p.spare = turns, p.batch = 1 + turns;
        test("transposes, strides, batches", p, 0, 1e-6);
    }
    p = plain, p.alpha = 0.5f, p.beta = -2, p.m = 13;
    test("alpha and beta", p, 0, 1e-6);
    p = plain, p.epilogue = CUBLASLT_EPILOGUE_BIAS;
    test("bias", p, 0, 1e-6);
    p.epilogue = CUBLASLT_EPILOGUE_RELU_BIAS, p.beta = 1;
    test("bias and ReLU", p, 0, 1e-6);
    p.narrow_factors = true;
    test("bf16 factors", p, 0, 1e-6);
    p.narrow_result = true;
    test("bf16 result", p, 1e-5, 4e-3);
    p = plain, p.tf32 = true;
    test("tf32 of numbers it holds", p, 0, 1e-6);
    scale = 1.001f;
    test("tf32 of numbers it does not hold", p, 1e-5, 1e-3);
    scale = 1;
    test_refusals(plain);
    cudaFree(bias_device), cudaFree(workspace);
    cublasLtDestroy(library);
    return done();
}
