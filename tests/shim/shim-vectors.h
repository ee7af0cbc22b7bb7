/* Words of the language that only nvcc knows, and vectors of numbers. */
#ifndef TESTS_SHIM_SHIM_VECTORS_H
#define TESTS_SHIM_SHIM_VECTORS_H

#define __global__
#define __device__
#define __host__
#define __constant__
#define __shared__ /* only `extern`: the one array of dynamic shared memory */
#define __launch_bounds__(...)
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(N)    __attribute__((aligned(N)))

#define SHIM_VECTORS(T, NAME, ALIGN_2, ALIGN_4)                                                              \
    struct NAME##1                                                                                           \
    {                                                                                                        \
        T x;                                                                                                 \
    };                                                                                                       \
    struct alignas(ALIGN_2) NAME##2                                                                          \
    {                                                                                                        \
        T x, y;                                                                                              \
    };                                                                                                       \
    struct NAME##3                                                                                           \
    {                                                                                                        \
        T x, y, z;                                                                                           \
    };                                                                                                       \
    struct alignas(ALIGN_4) NAME##4                                                                          \
    {                                                                                                        \
        T x, y, z, w;                                                                                        \
    };                                                                                                       \
    static inline NAME##1 make_##NAME##1(T x)                                                                \
    {                                                                                                        \
        return {x};                                                                                          \
    }                                                                                                        \
    static inline NAME##2 make_##NAME##2(T x, T y)                                                           \
    {                                                                                                        \
        return {x, y};                                                                                       \
    }                                                                                                        \
    static inline NAME##3 make_##NAME##3(T x, T y, T z)                                                      \
    {                                                                                                        \
        return {x, y, z};                                                                                    \
    }                                                                                                        \
    static inline NAME##4 make_##NAME##4(T x, T y, T z, T w)                                                 \
    {                                                                                                        \
        return {x, y, z, w};                                                                                 \
    }
SHIM_VECTORS(float, float, 8, 16)
SHIM_VECTORS(double, double, 16, 16)
SHIM_VECTORS(int, int, 8, 16)
SHIM_VECTORS(unsigned, uint, 8, 16)
SHIM_VECTORS(short, short, 4, 8)
SHIM_VECTORS(unsigned short, ushort, 4, 8)
SHIM_VECTORS(signed char, char, 2, 4)
SHIM_VECTORS(unsigned char, uchar, 2, 4)
SHIM_VECTORS(long long, longlong, 16, 16)
SHIM_VECTORS(unsigned long long, ulonglong, 16, 16)
#undef SHIM_VECTORS

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z)
    {
    }
};

#endif
