"""Tensor streams for the tests, written by this second implementation of the format."""
import subprocess
import zlib

import numpy as np


def header(text):
    """A header of this text, padded as numpy does it."""
    pad = -(10 + len(text) + 1) % 64
    text = text + b" " * pad + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def record(array, facts="", crc=True):
    array = np.asarray(array)
    data = array.tobytes()
    if crc:
        facts = (facts + " crc32=%08x" % zlib.crc32(data)).strip()
    text = repr({"descr": array.dtype.str, "fortran_order": False, "shape": array.shape})
    return header((text + (" # " + facts if facts else "")).encode("latin1")) + data


def end(records):
    return record(np.zeros(0, "<f4"), "kind=end records=%d" % records)


def run(arguments, data=b""):
    return subprocess.run(arguments, input=data, capture_output=True, timeout=20)


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, detail=""):
        self.count += 1
        self.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", self.count, name))
        if not good and detail:
            print("#   %s" % (detail,))

    def refused(self, name, data, wanted, program=("tensor-print", "-q"), status=1):
        """One line on standard error that holds `wanted`, nothing on standard output, this exit status."""
        got = run(program, data)
        lines = got.stderr.decode("latin1").split("\n")
        good = got.returncode == status and not got.stdout and len(lines) == 2 and wanted in lines[0]
        self.ok(good, name, (got.returncode, got.stderr))

    def done(self):
        print("1..%d" % self.count)
        raise SystemExit(self.failed != 0)
