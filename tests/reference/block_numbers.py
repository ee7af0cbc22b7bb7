"""Numbers for the convolution blocks of kernels/ops.h, channels last as there."""

import torch.nn.functional as F

import musigan
from cases import Cases, draw, gradients, last

MOMENTUM = 0.1


def convolve(x, weight, bias, s):
    """weight in the core's layout"""
    if s["transposed"]:
        return F.conv_transpose1d(x, last(weight), bias, s["stride"], s["padding"], s["output_padding"])
    return F.conv1d(x, last(weight), bias, s["stride"], s["padding"])


def block(cases, name, batch, length, s, skip_length=None, with_bare=False):
    s = {
        "transposed": False,
        "output_padding": 0,
        "slope": 0.0,
        "norm": True,
        "training": True,
        "pool_pairs": False,
    } | s
    inputs, outputs, training = s["in"], s["out"], s["training"]
    rows = inputs if s["transposed"] else outputs
    x = draw(batch, length, inputs)
    weight = draw(rows, s["kernel"], inputs + outputs - rows, scale=(inputs * s["kernel"]) ** -0.5)
    bias = draw(outputs, scale=0.3)
    scale, shift = (draw(outputs, at=1, scale=0.3), draw(outputs)) if s["norm"] else (None, None)
    mean, variance = draw(outputs, scale=0.2).detach(), draw(outputs, scale=0.3).detach().abs() + 0.5
    skip = draw(batch, skip_length, outputs) if skip_length else None
    moved_mean, moved_variance = mean.clone(), variance.clone()

    h = F.leaky_relu(convolve(last(x), weight, bias, s), s["slope"])
    if s["norm"]:
        h = F.batch_norm(
            h, moved_mean, moved_variance, scale, shift, training, MOMENTUM, musigan.BATCH_NORM_EPSILON
        )
    bare = last(musigan.pool_pairs(h) if s["pool_pairs"] else h)
    y = bare + last(musigan.resize(last(skip), bare.shape[1])) if skip_length else bare
    dy = draw(*y.shape)
    dbare = draw(*y.shape) if with_bare else None

    inputs_of = {"dx": x, "dweight": weight, "dbias": bias, "dscale": scale, "dshift": shift, "dskip": skip}
    inputs_of = {k: v for k, v in inputs_of.items() if v is not None}
    pulled = gradients([(y, dy)] + ([(bare, dbare)] if with_bare else []), list(inputs_of.values()))
    statistics = {}
    if s["norm"]:
        statistics = {"mean": mean, "variance": variance}
        statistics |= {"moved_mean": moved_mean, "moved_variance": moved_variance}
    cases.case(
        name,
        s,
        x=x, weight=weight, bias=bias, scale=scale, shift=shift, **statistics,
        skip=skip, y=y, bare=bare, dy=dy, dbare=dbare, **dict(zip(inputs_of, pulled)),
    )  # fmt: skip


def conv(inputs, outputs, kernel, stride, padding, **more):
    return {"in": inputs, "out": outputs, "kernel": kernel, "stride": stride, "padding": padding} | more


def up(inputs, outputs, kernel, stride, padding, output_padding, **more):
    return conv(
        inputs, outputs, kernel, stride, padding, transposed=True, output_padding=output_padding, **more
    )


def write(folder):
    first = conv(3, 5, 9, 2, 4)
    down = conv(3, 6, 4, 2, 1, slope=0.25)
    with Cases(folder / "block.tensors") as c:
        block(c, "conv", 3, 23, first)
        block(c, "conv, evaluation", 3, 23, first | {"training": False})
        block(c, "conv, no norm", 2, 23, first | {"norm": False})
        block(c, "conv, pooled pairs", 2, 24, first | {"pool_pairs": True})
        block(c, "conv, pooled pairs, evaluation", 2, 24, first | {"pool_pairs": True, "training": False})
        block(c, "conv, leaky, skip", 3, 21, down, skip_length=10)
        block(c, "conv, leaky, skip, bare gradient", 3, 21, down, skip_length=10, with_bare=True)
        block(c, "conv, leaky, no norm", 2, 21, down | {"norm": False}, skip_length=10)
        block(c, "conv, longer skip", 2, 20, down, skip_length=17)
        block(c, "conv, one tap, linear", 3, 11, conv(4, 7, 1, 1, 0, slope=1.0, norm=False))
        block(c, "conv, several tiles", 2, 151, conv(16, 24, 7, 2, 3))
        block(c, "one output", 3, 5, conv(2, 3, 4, 2, 1))
        block(c, "up 7/2", 2, 9, up(4, 4, 7, 2, 3, 1), skip_length=9, with_bare=True)
        block(c, "up 7/2, evaluation", 2, 9, up(4, 4, 7, 2, 3, 1, training=False), skip_length=9)
        block(c, "up 2/2", 2, 11, up(4, 5, 2, 2, 0, 0), skip_length=11, with_bare=True)
        block(c, "up 3/5", 2, 8, up(4, 5, 3, 5, 1, 4), skip_length=8, with_bare=True)
        block(c, "up 3/5, no skip", 3, 7, up(3, 4, 3, 5, 1, 4, slope=0.25))
        block(c, "up 9/2, linear", 3, 13, up(5, 2, 9, 2, 4, 1, slope=1.0, norm=False))
        block(c, "up, several tiles", 2, 67, up(16, 24, 7, 2, 3, 1), skip_length=67)
