#!/bin/bash
# tensor-print: what it says about a stream, and its values as text.
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON' || exit 1
import numpy as np
from streams import end, record

def write(name, *parts):
    open(name, "wb").write(b"".join(parts))

write("two", record(np.array([[0, 1.5, -2], [0.25, 0, 1]], "<f4"), "kind=keys source=My%20Song%1B%0a.mp3 keys=27-59"),
      record(np.array([-9223372036854775807, 7], "<i8"), "kind=x"), end(2))
write("odd", record(np.array([np.nan, np.inf, -np.inf, 1, 3], "<f8")))
write("model", record(np.ones(2, "<f4"), "kind=parameter"),
      record(np.frombuffer(b"batch_size: 64\nepochs: 3\n", "u1"), "kind=config"), end(2))
write("empty", record(np.zeros((0, 3), "<f4")))
np.save("numpy.npy", np.float32(0.1))
np.random.seed(1)
wide = np.random.randn(3, 5, 7).astype("<f4") + np.float32(1000)
write("wide", record(wide))
open("wide.txt", "w").write("105 values, min %.7g, max %.7g, mean %.7g, std %.7g, 0%% zeros, 0 NaN, 0 infinite\n" % (
    wide.min(), wide.max(), wide.astype("f8").mean(), wide.astype("f8").std()))
wide.tofile("wide.raw")
with open("big", "wb") as file:
    for i in range(3):
        file.write(record(np.zeros(300000, "<f4"), "kind=x"))
    file.write(end(3))
PYTHON

is "$(tensor-print two | sed 's/ crc32=.*//')" 'record 1: <f4 (2, 3) kind=keys source="My Song??.mp3" keys=27-59
  6 values, min -2, max 1.5, mean 0.125, std 1.096871, 33.33% zeros, 0 NaN, 0 infinite
record 2: <i8 (2,) kind=x
  2 values, min -9223372036854775807, max 7, mean -4.611686e+18, std 4.611686e+18, 0% zeros, 0 NaN, 0 infinite' \
    "headers, decoded facts and statistics"
is "$(tensor-print - <odd | tail -n1)" "  5 values, min 1, max 3, mean 2, std 1, 0% zeros, 1 NaN, 2 infinite" \
    "NaN and infinity are counted and left out"
is "$(tensor-print empty)" "record 1: <f4 (0, 3) crc32=00000000
  0 values, 0 NaN, 0 infinite" "an empty tensor"
is "$(tensor-print numpy.npy)" "record 1: <f4 ()
  1 value, min 0.1, max 0.1, mean 0.1, std 0, 0% zeros, 0 NaN, 0 infinite" "numpy's own scalar"
is "$(tensor-print wide | tail -n1 | sed 's/^ *//')" "$(cat wide.txt)" "statistics as numpy gives them"
is "$(tensor-print -v two | grep -v '^#')" "0 1.5 -2
0.25 0 1
-9223372036854775807 7" "values, a row a line, integers exact"
is "$(tensor-print -v -n 4 -r 1 two | grep -v '^#')" "0 1.5 -2
0.25" "the first values of one record"
is "$(tensor-print -v -n 1 two | grep -c '^#')" 4 "with -v the headers are comments"
tensor-print -v wide | /usr/bin/python3 -c "
import numpy as np, sys
assert (np.loadtxt(sys.stdin, 'f4').ravel() == np.fromfile('wide.raw', '<f4')).all()"
ok $? "numpy.loadtxt reads the values back, to the last bit"
is "$(tensor-print -t model)" "batch_size: 64
epochs: 3" "the text in a model"
is "$(tensor-print two numpy.npy | grep record | sed 's/ record.*//' | uniq | tr '\n' ' ')" "two: numpy.npy: " \
    "several files are named"
is "$(tensor-print -q two numpy.npy)" "" "-q prints nothing"

fails 1 "^tensor-print: no record 3$" "no such record" tensor-print -r 3 two
fails 1 "no |u1 record" "no text" tensor-print -t two
fails 1 "^tensor-print: no/such: No such file or directory$" "no such file" tensor-print no/such
fails 2 "out of range" "a negative count" tensor-print -n -1 two
head -c 300 two >cut-short
fails 1 "^tensor-print: cut-short: record 2 at byte" "a stream cut short" tensor-print cut-short
fails 1 "^tensor-print: standard output: No space left on device$" "a full disk" bash -c 'tensor-print two >/dev/full'
tensor-print -v big 2>pipe.err | head -c 100 >/dev/null
is "${PIPESTATUS[0]} $(cat pipe.err)" "141 " "a closed pipe ends it silently"
done_testing
