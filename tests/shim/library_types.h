/* The types of values that libraries are told of; the numbers are CUDA's. */
#ifndef TESTS_SHIM_LIBRARY_TYPES_H
#define TESTS_SHIM_LIBRARY_TYPES_H

typedef enum cudaDataType_t {
    CUDA_R_32F = 0,
    CUDA_R_64F = 1,
    CUDA_R_16F = 2,
    CUDA_R_16BF = 14
} cudaDataType_t;
typedef cudaDataType_t cudaDataType;

#endif
