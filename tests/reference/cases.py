"""Cases of numbers for the tests in C, as a tensor stream: a record kind=case with the case's settings, then
its tensors, kind=number name=NAME, in float32."""

import struct
from urllib.parse import quote
from zlib import crc32

import numpy
import torch


class Cases:
    def __init__(self, path):
        self.file = open(path, "wb")
        self.records = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.record(numpy.zeros(0, "<f4"), kind="end", records=self.records)
        self.file.close()

    def record(self, array, **facts):
        array = numpy.ascontiguousarray(array, "<f4")
        if facts["kind"] != "end":
            facts["crc32"] = f"{crc32(array.tobytes()):08x}"
        text = " ".join(f"{name}={quote(str(value), safe='')}" for name, value in facts.items())
        shape = f"({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }} # {text}"
        header += " " * (-(len(header) + 11) % 64) + "\n"
        self.file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("ascii"))
        self.file.write(array.tobytes())
        self.records += facts["kind"] != "end"

    def case(self, name, settings, **tensors):
        """Settings become facts (true and false 1 and 0); a tensor that is None is left out."""
        facts = {k: int(v) if isinstance(v, bool) else v for k, v in settings.items()}
        self.record(numpy.zeros(1), kind="case", name=name, **facts)
        for tensor_name, tensor in tensors.items():
            if tensor is not None:
                self.record(tensor.detach().numpy(), kind="number", name=tensor_name)


def draw(*shape, scale=1.0, at=0.0):
    """A leaf of normal numbers that float32 holds exactly, in float64."""
    x = at + scale * torch.randn(*shape, dtype=torch.float64)
    return x.float().double().requires_grad_()


def gradients(outputs, inputs):
    """Pulls back [(output, its gradient) …]; returns the inputs' gradients (0 where there is none)."""
    got = torch.autograd.grad(
        [y for y, _ in outputs], inputs, [dy for _, dy in outputs], allow_unused=True, retain_graph=True
    )
    return [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, got)]


def last(x):
    """(batch, channels, length) to (batch, length, channels), and back"""
    return x.transpose(1, 2)
