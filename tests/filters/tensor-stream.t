#!/usr/bin/python3
# The reader of tensor streams against all that can be wrong with one, through tensor-print.
import io
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import streams  # noqa: E402
from streams import end, header, record, run  # noqa: E402

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ["PATH"] = os.environ.get("BIN", os.path.join(root, "bin")) + ":" + os.environ["PATH"]
tap = streams.Tap()
CHECK = ["tensor-print", "-q"]
good_dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
values = np.array([1.5, -2], "<f4").tobytes()


def accepted(name, data):
    got = run(CHECK, data)
    tap.ok(got.returncode == 0 and not got.stderr, name, got.stderr)


def dictionary(descr="'<f4'", order="False", shape="(2,)", more=""):
    return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }%s" % (descr, order, shape, more)


def test_good():
    for kind in "f4 f2 f8 i4 i8 u1".split():
        for shape in [(), (0,), (3,), (2, 3), (1, 2, 1, 2, 1, 2, 1, 2)]:
            out = io.BytesIO()
            np.save(out, np.ones(shape, kind))
            accepted("numpy.save of %s %s" % (kind, shape), out.getvalue())
    for name, text in {
        "other order of keys": "{'shape': (2,), 'descr': '<f4', 'fortran_order': False}",
        "double quotes": '{"descr": "<f4", "fortran_order": False, "shape": (2,)}',
        "no spaces": "{'descr':'<f4','fortran_order':False,'shape':(2,)}",
        "many spaces": " {  'descr'\t:\n '<f4' , 'fortran_order' : False , 'shape' : ( 2 , ) , } ",
        "a trailing comma in the shape": dictionary(shape="(1, 2,)"),
        "an empty comment": good_dict + " #",
        "a fact without a value": good_dict + " # kind=",
        "facts with UTF-8 in the clear": good_dict + " # source=Dvo\u0159\xe1k".encode().decode("latin1"),
        "facts and more spaces": good_dict + "#  a=1   b=%20  ",
    }.items():
        data = header(text.encode("latin1")) + values
        accepted(name, data + (end(1) if "kind" in text else b""))
    a, b = record(np.ones(3, "<f4"), "kind=x"), record(np.ones(2, "<i8"))
    ours, numpy = a + b + end(2), b + b
    for name, data in {"ours + ours": ours + ours, "numpy + ours": numpy + ours, "ours + numpy": ours + numpy,
                       "no record but an end": end(0), "an end, then ours": end(0) + ours,
                       "numpy + numpy with an end": numpy + numpy + end(2)}.items():
        accepted("concatenated: " + name, data)


def test_bad_headers():
    for name, text, wanted in [
        ("big-endian", dictionary("'>f4'"), "big-endian"),
        ("objects", dictionary("'|O'"), "Python objects"),
        ("complex", dictionary("'<c8'"), "'<c8' is not one of"),
        ("structured", dictionary("[('a', '<f4')]"), "structured"),
        ("Fortran order", dictionary(order="True"), "fortran_order is True"),
        ("order is a number", dictionary(order="0"), "not True or False"),
        ("rank 9", dictionary(shape="(1, 1, 1, 1, 1, 1, 1, 1, 1)"), "more than 8 dimensions"),
        ("a negative size", dictionary(shape="(-2,)"), "negative"),
        ("a size that is a fraction", dictionary(shape="(2.0,)"), "',' is missing"),
        ("a shape that is a number", dictionary(shape="(2)"), "not a tuple"),
        ("a shape that is a list", dictionary(shape="[2]"), "not a tuple"),
        ("a shape of commas", dictionary(shape="(,)"), "not an integer"),
        ("a size beyond 64 bits", dictionary(shape="(18446744073709551617,)"), "too large"),
        ("a product that wraps to 4", dictionary(shape="(4194305, 4194305, 211106198978564)"), "overflows"),
        ("an overflow behind a 0", dictionary(shape="(0, 4294967296, 4294967296)"), "overflows"),
        ("bytes that overflow", dictionary("'<f8'", shape="(1152921504606846976,)"), "overflows"),
        ("floats that overflow", dictionary("'|u1'", shape="(4611686018427387904,)"), "overflows"),
        ("an unknown key", "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", "unknown key 'x'"),
        ("a key twice", "{'descr': '<f4', 'descr': '<f4', 'shape': (2,)}", "stands twice"),
        ("a key missing", "{'descr': '<f4', 'shape': (2,)}", "'fortran_order' is missing"),
        ("no dict", "[]", "'{' is missing"),
        ("nothing", "", "'{' is missing"),
        ("an open dict", "{'descr': '<f4'", "missing"),
        ("an open string", "{'descr", "malformed"),
        ("nested junk", "{" * 5000, "not a string"),
        ("nested tuples", dictionary(shape="(" * 60000), "not an integer"),
        ("a long string", dictionary("'" + "f" * 60000 + "'"), "malformed"),
        ("text behind", good_dict + " x", "text behind"),
        ("a second line", good_dict + " # a=1\nx", "text behind"),
        ("a zero byte", good_dict + "\0", "zero byte"),
        ("a comment without facts", good_dict + " # hello world", "not made of name=value"),
        ("a fact with a bracket", good_dict + " # a=(", "not made of name=value"),
        ("a fact badly encoded", good_dict + " # a=%4", "not made of name=value"),
        ("a fact with %00", good_dict + " # a=%00", "not made of name=value"),
        ("a short crc32", good_dict + " # crc32=123", "crc32 is not eight hex digits"),
        ("a wrong crc32", good_dict + " # crc32=00000000", "damaged"),
        ("an end with a shape", dictionary(more=" # kind=end records=0"), "shape is not (0,)"),
    ]:
        tap.refused("header: " + name, header(text.encode()) + values, "standard input: record 1 at byte 0: ")
        tap.refused("... says why", header(text.encode()) + values, wanted)


def test_bad_streams():
    marked, plain = record(np.ones(3, "<f4"), "kind=x"), record(np.ones(3, "<f4"))
    size = len(plain)
    for name, data, wanted in [
        ("an empty input", b"", "standard input: empty: no record"),
        ("text", b"hello, world\n", "record 1 at byte 0: not a NumPy array"),
        ("version 2.0", plain[:6] + b"\2\0" + plain[8:], "version 2.0"),
        ("a header of 65535 bytes that is not there", plain[:8] + b"\xff\xff" + plain[10:], "of 65535 bytes"),
        ("junk behind a record", plain + b"junk", "record 2 at byte %d: not a NumPy array" % size),
        ("a second record cut short", plain + plain[:-5], "record 2 at byte %d: cut short (1 of 3 values)" % size),
        ("no end record", marked + plain, "record 3 at byte %d: the end record is missing" % (2 * size)),
        ("no end record after another stream", marked + end(1) + marked, "the end record is missing"),
        ("an end with too few", marked + marked + end(1), "the end record says 1 records, 2 came"),
        ("an end with too many", marked + end(2), "the end record says 2 records, 1 came"),
        ("an end without a number", marked + record(np.zeros(0, "<f4"), "kind=end"), "without records=N"),
        ("an end with a negative number", marked + record(np.zeros(0, "<f4"), "kind=end records=-1"), "without records=N"),
    ]:
        tap.refused(name, data, wanted)
    tap.refused("a missing file", b"", "no/such: No such file", CHECK + ["no/such"])
    tap.refused("a folder", b"", "/: record 1 at byte 0: Is a directory", CHECK + ["/"])


def test_memory():
    """80 bytes that claim much: refused within 200 MB of address space."""
    limit = [] if "asan" in os.environ.get("BIN", "") else ["bash", "-c", 'ulimit -v 200000; exec "$@"', "x"]
    for shape in ["(65536, 65536)", "(2305843009213693951,)", "(1000000, 1000000)"]:
        tap.refused("80 bytes that claim " + shape, header(dictionary(shape=shape).encode()) + values,
                    "cut short (2 of ", limit + CHECK)


def small_stream():
    """Two records and their end, and which bytes are data."""
    parts = [record(np.arange(5, dtype="<f4"), "kind=x"), record(np.arange(4, dtype="|u1"), "kind=y"), end(2)]
    data = [False] * 0
    for part, size in zip(parts, [20, 4, 0]):
        data += [False] * (len(part) - size) + [True] * size
    return b"".join(parts), data


def test_cuts():
    stream, _ = small_stream()
    wrong = [cut for cut in range(len(stream)) if not sound_failure(run(CHECK, stream[:cut]))]
    tap.ok(not wrong, "a stream cut at each of %d bytes fails with one line" % len(stream), wrong[:10])


def sound_failure(got):
    return got.returncode == 1 and got.stderr.count(b"\n") == 1 and not got.stdout


def test_flips():
    stream, data = small_stream()
    accepted("the stream is good before", stream)
    missed, crashed = [], []
    for at in range(len(stream)):
        for mask in [1 << bit for bit in range(8)] if data[at] else [1, 4, 32, 128, 255]:
            got = run(CHECK, stream[:at] + bytes([stream[at] ^ mask]) + stream[at + 1:])
            if data[at] and not sound_failure(got):
                missed.append((at, mask))
            if not sound_failure(got) and (got.returncode != 0 or got.stderr):
                crashed.append((at, mask, got))
    tap.ok(not missed, "every flipped bit of the data is found", missed[:10])
    tap.ok(not crashed, "no flipped byte of a header does harm", crashed[:3])


test_good()
test_bad_headers()
test_bad_streams()
test_memory()
test_cuts()
test_flips()
tap.done()
