/* The exponential function in a form that compilers turn into vector instructions. */
#ifndef KERNELS_CPU_FAST_MATH_H
#define KERNELS_CPU_FAST_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/real.h"

#ifdef REAL_IS_DOUBLE
static inline real fast_exp(real x)
{
    return exp(x);
}
#else
/* 2^n e^r, |r| <= ln(2)/2, e^r by a polynomial that interpolates at the Chebyshev nodes (relative error 1e-8,
 * so about 1 ulp with rounding). 0 below -87, where results would be denormal; NaN stays NaN. */
static inline real fast_exp(real x)
{
    const float least = -87, most = 88.7228f;
    const float whole = 12582912; /* 1.5 * 2^23: adding it leaves the integer in the lowest bits */
    float inside = x < least ? least : x;
    inside = inside > most ? most : inside;
    const float shifted = inside * 1.44269504f + whole, n = shifted - whole;
    const float r = (inside - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f; /* ln(2) in two parts */
    float q = 0.00139261836f;
    q = q * r + 0.00836317905f;
    q = q * r + 0.0416665546f;
    q = q * r + 0.16666577f;
    q = q * r + 0.5f;
    float y = 1 + (r + r * r * q);
    uint32_t power, bits;
    memcpy(&power, &shifted, sizeof power);
    memcpy(&bits, &y, sizeof bits);
    bits += power << 23;
    memcpy(&y, &bits, sizeof y);
    y = x < least ? 0 : y;
    y = x > most ? INFINITY : y;
    return x == x ? y : x;
}
#endif

static inline real fast_sigmoid(real x)
{
    return 1 / (1 + fast_exp(-x));
}

#endif
