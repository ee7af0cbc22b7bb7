/* The table of the designs. */
#include "kernels/model/design.h"

const struct design *design_of(const struct config *config)
{
    static const struct design *const designs[] = {
        [DESIGN_MUSIGAN] = &design_musigan, [DESIGN_TIME] = &design_time};
    return designs[config->design];
}
