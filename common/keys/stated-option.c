/* Options whose default is a fact. */
#include "common/keys/stated-option.h"

#include <math.h>
#include <string.h>

#include "common/stream/expect.h"

static const struct option *row_named(const struct option *options, const char *name)
{
    while (strcmp(options->name, name) != 0) options++;
    return options;
}

double stated_real_or_die(const struct reader *reader, const struct record *record,
                          const struct option *options, const char *name, double fallback)
{
    const struct option *row = row_named(options, name);
    double given = *(const double *)row->value;
    if (!isnan(given)) return given;
    double stated = expect_number_or_die(reader, record, name, fallback);
    char range[80];
    if (!(stated >= row->least && stated <= row->most))
        reader_die(reader, "%s=%g is not %s", name, stated, option_range(row, range, sizeof range));
    return stated;
}
