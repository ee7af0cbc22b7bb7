/* Products of matrices by cublasLt.
 *
 * Matrices are row-major. Where a factor or the result is bf16, both factors are made bf16 (bf16 x bf16,
 * sums in reals); otherwise both are reals (fp32, or tf32 where the precision allows it). The result may be
 * either.
 */
#ifndef KERNELS_CUDA_MATRIX_GEMM_CUH
#define KERNELS_CUDA_MATRIX_GEMM_CUH

#include "kernels/cuda/base/cuda.cuh"

struct matrix {
    void *data;
    bool bf16;
    int stride;  /* values from row to row; may be less than a row is long in neither factor nor result */
    size_t step; /* values from one of a batch to the next; 0: the same for all */
};

struct product {
    int rows, columns, inner; /* of the result; the sum runs over inner */
    bool transpose_a, transpose_b;
    int batch;
    float alpha, beta;
    const float *bias; /* (columns), or NULL */
    bool relu;
};

/* c (rows, columns) = alpha op(a) (rows, inner) op(b) (inner, columns) + beta c, + bias, then ReLU. */
void cuda_multiply(struct matrix c, struct matrix a, struct matrix b, struct product product);

void cuda_product_open();

#endif
