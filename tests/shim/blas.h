/* Descriptions of gemms: blas-describe.cpp makes them, blas.cpp runs them. */
#ifndef TESTS_SHIM_BLAS_H
#define TESTS_SHIM_BLAS_H

#include "cublasLt.h"
#include "shim.h"

struct shim_library {
    int nothing;
};
struct shim_layout {
    cudaDataType type;
    int order, batch;
    uint64_t rows, columns;
    int64_t ld, step;
};
struct shim_description {
    cublasComputeType_t compute;
    cublasOperation_t transpose_a, transpose_b;
    cublasLtEpilogue_t epilogue;
    const void *bias;
    int bias_type; /* -1: the result's */
};
struct shim_preference {
    uint64_t workspace;
    uint32_t reductions, alignment[4]; /* of A, B, C, D */
};

/* A whole gemm, as a graph keeps it. Matrices are A, B, C, D. */
struct shim_gemm {
    struct shim_description how;
    struct shim_layout layout[4];
    const void *data[4];
    float alpha, beta;
    void *workspace;
    size_t workspace_bytes;
};
enum { SHIM_ALGORITHM_WORKSPACE = 4096 };

/* What an algorithm was chosen for: it serves nothing else. */
struct shim_algorithm {
    uint64_t hash;
    uint32_t alignment[4];
    uint64_t workspace;
};
static_assert(sizeof(struct shim_algorithm) <= sizeof(cublasLtMatmulAlgo_t), "it must fit");

/* The sizes of a gemm; false where its layouts do not fit together. */
bool shim_gemm_sizes(const struct shim_gemm *gemm, size_t *m, size_t *n, size_t *k);
uint64_t shim_gemm_hash(const struct shim_gemm *gemm);
size_t shim_value_bytes(cudaDataType type);

#endif
