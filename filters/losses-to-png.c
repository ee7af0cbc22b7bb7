/* losses-to-png: losses.tsv of gan-train to a picture of training curves. */
#include <string.h>

#include "common/files/outputs.h"
#include "common/option.h"
#include "common/pictures/curves.h"
#include "common/pictures/losses-read.h"
#include "common/pictures/picture.h"

static long long wide = 1200;
static const char *output = "-";

static const struct option options[] = {
    {'W', "wide", OPTION_INT, &wide, "PIXELS", 600, 10000, "Width of the picture"},
    {'o', "output", OPTION_TEXT, &output, "FILE", 0, 0, "Where to"},
    {0},
};

static const struct program program = {"losses-to-png", "[FILE]", "Draw how the losses of a training went", 1,
                                       options};

int main(int argc, char **argv)
{
    int operand = options_parse_or_die(&program, argc, argv);
    const char *input = argv[operand];
    struct outputs *outputs = outputs_open_or_die(output, "table", "losses.png");
    struct losses *losses = losses_read_or_die(input);
    size_t size;
    void *png = picture_png_or_die(curves_or_die(losses, (int)wide, input ? input : "losses.tsv"), &size);
    outputs_put_or_die(outputs, NULL, png, size);
    outputs_close_or_die(outputs, input);
    losses_free(losses);
    return 0;
}
