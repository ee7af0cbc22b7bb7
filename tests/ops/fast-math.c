/* The vectorised exponential against the library's, and where it is 0, infinite or no number. */
#include "kernels/cpu/fast-math.h"

#include "tests/tap.h"

static double worst_error(double from, double to)
{
    enum { STEPS = 1000000 };
    double worst = 0;
    for (int i = 0; i <= STEPS; i++) {
        const real x = (real)(from + (to - from) * i / STEPS);
        const double want = exp((double)x);
        worst = fmax(worst, fabs((double)fast_exp(x) - want) / want);
    }
    return worst;
}

int main(void)
{
    const double near = worst_error(-1, 1), far = worst_error(-87, 88.7);
    ok(near < 1.5e-7 && far < 1.5e-7, "at most two units in the last place: %.1e, %.1e", near, far);
    ok(fast_exp(0) == 1, "exp(0) is 1");
    ok(fast_exp(-(real)INFINITY) == 0 && fast_exp(-1000) == 0, "0 far below");
    ok(isinf((double)fast_exp((real)INFINITY)) && isinf((double)fast_exp(1000)), "infinite far above");
    ok(isnan((double)fast_exp((real)NAN)), "NaN stays NaN");
    ok(fast_sigmoid(0) == (real)0.5 && fast_sigmoid(-1000) == 0 && fast_sigmoid(1000) == 1, "sigmoid's ends");
    return done();
}
