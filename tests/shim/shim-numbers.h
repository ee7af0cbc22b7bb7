/* Functions of numbers that C's mathematics does not have. */
#ifndef TESTS_SHIM_SHIM_NUMBERS_H
#define TESTS_SHIM_SHIM_NUMBERS_H

#include <math.h>
#include <stdint.h>

#define SHIM_REINTERPRET(NAME, FROM, TO)                                                                     \
    static inline TO NAME(FROM from)                                                                         \
    {                                                                                                        \
        TO to;                                                                                               \
        __builtin_memcpy(&to, &from, sizeof to);                                                             \
        return to;                                                                                           \
    }
SHIM_REINTERPRET(__uint_as_float, unsigned, float)
SHIM_REINTERPRET(__int_as_float, int, float)
SHIM_REINTERPRET(__float_as_uint, float, unsigned)
SHIM_REINTERPRET(__float_as_int, float, int)
SHIM_REINTERPRET(__double_as_longlong, double, long long)
SHIM_REINTERPRET(__longlong_as_double, long long, double)
#undef SHIM_REINTERPRET

#define SHIM_MOST_AND_LEAST(T)                                                                               \
    static inline T max(T a, T b)                                                                            \
    {                                                                                                        \
        return a > b ? a : b;                                                                                \
    }                                                                                                        \
    static inline T min(T a, T b)                                                                            \
    {                                                                                                        \
        return a < b ? a : b;                                                                                \
    }
SHIM_MOST_AND_LEAST(int)
SHIM_MOST_AND_LEAST(unsigned)
SHIM_MOST_AND_LEAST(long)
SHIM_MOST_AND_LEAST(unsigned long)
SHIM_MOST_AND_LEAST(long long)
SHIM_MOST_AND_LEAST(unsigned long long)
#undef SHIM_MOST_AND_LEAST
static inline float max(float a, float b)
{
    return fmaxf(a, b);
}
static inline float min(float a, float b)
{
    return fminf(a, b);
}
static inline double max(double a, double b)
{
    return fmax(a, b);
}
static inline double min(double a, double b)
{
    return fmin(a, b);
}

static inline float rsqrtf(float x)
{
    return (float)(1 / sqrt((double)x));
}
static inline double rsqrt(double x)
{
    return 1 / sqrt(x);
}
static inline float rcbrtf(float x)
{
    return (float)(1 / cbrt((double)x));
}
static inline float sinpif(float x)
{
    return (float)sin(M_PI * fmod((double)x, 2));
}
static inline float cospif(float x)
{
    return (float)cos(M_PI * fmod((double)x, 2));
}
static inline void sincospif(float x, float *sine, float *cosine)
{
    *sine = sinpif(x), *cosine = cospif(x);
}
static inline float __saturatef(float x)
{
    return x > 0 ? fminf(x, 1) : 0;
}
static inline float __fmaf_rn(float a, float b, float c)
{
    return fmaf(a, b, c);
}
static inline float __fmul_rn(float a, float b)
{
    volatile float product = a * b;
    return product;
}
static inline float __fadd_rn(float a, float b)
{
    volatile float sum = a + b;
    return sum;
}
static inline float __fdiv_rn(float a, float b)
{
    return a / b;
}
static inline float __fsqrt_rn(float x)
{
    return sqrtf(x);
}
static inline int __float2int_rn(float x)
{
    return (int)lrintf(x);
}
static inline int __float2int_rd(float x)
{
    return (int)floorf(x);
}
static inline int __float2int_rz(float x)
{
    return (int)x;
}

static inline unsigned __umulhi(unsigned a, unsigned b)
{
    return (unsigned)((uint64_t)a * b >> 32);
}
static inline int __popc(unsigned x)
{
    return __builtin_popcount(x);
}
static inline int __clz(int x)
{
    return x ? __builtin_clz((unsigned)x) : 32;
}
static inline int __ffs(int x)
{
    return __builtin_ffs(x);
}

/* Loads and stores that only say how to cache. */
template <class T> static inline T __ldg(const T *at)
{
    return *at;
}
template <class T> static inline T __ldcs(const T *at)
{
    return *at;
}
template <class T> static inline T __ldcg(const T *at)
{
    return *at;
}
template <class T> static inline void __stcs(T *at, T value)
{
    *at = value;
}
template <class T> static inline void __stcg(T *at, T value)
{
    *at = value;
}

#endif
