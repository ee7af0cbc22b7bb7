/* Gemm by cublasLt: c = alpha op(a) op(b) + beta c, then bias and ReLU.
 *
 * Matrices are row-major. Where one of a, b and c is bf16, a and b are converted to bf16 and multiplied with
 * fp32 accumulators; otherwise both are float, multiplied in fp32, or in tf32 where the precision allows it.
 * c may be either. */
#ifndef KERNELS_CUDA_MATRIX_GEMM_CUH
#define KERNELS_CUDA_MATRIX_GEMM_CUH

#include "kernels/cuda/base/cuda.cuh"

struct matrix {
    void *data;
    bool bf16;
    int stride;          /* leading dimension: values from row to row, at least the length of a row */
    size_t batch_stride; /* values from a matrix of the batch to the next; 0: the same for all */
};

struct gemm {
    int rows, columns, inner; /* m, n, k */
    bool transpose_a, transpose_b;
    int batch;
    float alpha, beta;
    const float *bias; /* (columns), added to each row; or NULL */
    bool relu;
};

/* op(a) is (rows, inner), op(b) (inner, columns). Takes WORKSPACE_GEMM. */
void cuda_gemm(struct matrix c, struct matrix a, struct matrix b, struct gemm gemm);

void cuda_gemm_open();

#endif
