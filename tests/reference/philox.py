"""common/random.h in NumPy: Philox4x32-10 and Box and Muller's transform, in the same precision."""

import numpy

LOW = numpy.uint64(0xFFFFFFFF)


def blocks(seed, purpose, step, count):
    """(count, 4) uint32"""
    counter = numpy.arange(count, dtype=numpy.uint64)
    c0, c1 = counter, numpy.zeros_like(counter)
    c2, c3 = c1 + numpy.uint64(purpose), c1 + numpy.uint64(step)
    k0, k1 = numpy.uint64(seed & 0xFFFFFFFF), numpy.uint64(seed >> 32)
    for _ in range(10):
        p0, p1 = numpy.uint64(0xD2511F53) * c0, numpy.uint64(0xCD9E8D57) * c2
        c0, c1 = (p1 >> numpy.uint64(32)) ^ c1 ^ k0, p1 & LOW
        c2, c3 = (p0 >> numpy.uint64(32)) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + numpy.uint64(0x9E3779B9)) & LOW, (k1 + numpy.uint64(0xBB67AE85)) & LOW
    return numpy.stack([c0, c1, c2, c3], 1).astype(numpy.uint32)


def uniform(bits):
    return ((bits >> numpy.uint32(9)).astype(numpy.float32) + numpy.float32(0.5)) * numpy.float32(2.0**-23)


def normal(seed, purpose, step, *shape):
    """N(0, 1) in float32"""
    count = int(numpy.prod(shape))
    u = uniform(blocks(seed, purpose, step, (count + 3) // 4))
    radius = numpy.sqrt(numpy.float32(-2) * numpy.log(u[:, 0::2]))
    angle = numpy.float32(6.28318530718) * u[:, 1::2]
    pairs = numpy.stack([radius * numpy.cos(angle), radius * numpy.sin(angle)], 2)
    return pairs.reshape(-1)[:count].reshape(shape)
