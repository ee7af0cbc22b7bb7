/* The number type of the core: float; double in the build that the tests' finite differences use. */
#ifndef KERNELS_REAL_H
#define KERNELS_REAL_H

#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
