#!/bin/bash
# tensor-cmp: the first difference, the tolerance, and cmp's three exit codes.
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON' || exit 1
import numpy as np
from streams import end, record

def write(name, *parts):
    open(name, "wb").write(b"".join(parts))

base = np.arange(24, dtype="<f4").reshape(2, 3, 4)
first = record(base, "kind=x rate=12000")
write("a", first, record(np.ones(3, "<f4"), "kind=x"), end(2))
write("facts", record(base, "kind=x rate=44100"), record(np.ones(3, "<f4"), "kind=x"), end(2))
write("more-facts", record(base, "kind=x rate=12000 start=0"), record(np.ones(3, "<f4"), "kind=x"), end(2))
write("no-crc", record(base, "rate=12000 kind=x", crc=False), record(np.ones(3, "<f4"), "kind=x"), end(2))
write("short", first, end(1))
changed = base.copy()
changed[1, 0, 2] += 0.01
write("value", record(changed, "kind=x"), record(np.ones(3, "<f4"), "kind=x"), end(2))
write("shape", record(base.reshape(2, 4, 3), "kind=x"), end(1))
write("rank", record(base.reshape(6, 4), "kind=x"), end(1))
write("type", record(base.astype("<f8"), "kind=x"), end(1))
write("damaged", first[:-1] + b"\0", end(1))
for kind in "f2", "f4", "f8":
    write("nan." + kind, record(np.array([1, np.nan], kind)))
    write("inf." + kind, record(np.array([1, np.inf], kind)))
    write("minus." + kind, record(np.array([1, -np.inf], kind)))
    write("one." + kind, record(np.array([1, 1], kind)))
write("zero", record(np.array([0.0], "<f4")))
write("minus-zero", record(np.array([-0.0], "<f4")))
write("i8", record(np.array([9223372036854775806], "<i8")))
write("i8-next", record(np.array([9223372036854775807], "<i8")))
write("i8-least", record(np.array([-9223372036854775808], "<i8")))
write("halves", record(np.array([np.nextafter(np.float16(1), np.float16(2))], "<f2")))
write("half", record(np.array([1], "<f2")))
PYTHON

# same NAME ARGUMENT...; differ LINE NAME ARGUMENT...
same()
{
    local name=$1
    shift
    is "$(tensor-cmp "$@" 2>&1) $?" " 0" "$name"
}
differ()
{
    local line=$1 name=$2
    shift 2
    is "$(tensor-cmp "$@" 2>&1) $?" "$line 1" "$name"
}

same "a stream and itself" a a
same "facts do not count" a facts
same "with -f crc32 and the order do not count" -f a no-crc
same "zero and minus zero" zero minus-zero
differ "a facts differ: record 1: fact rate" "with -f facts count" -f a facts
differ "a more-facts differ: record 1: fact start" "a fact more" -f a more-facts
differ "more-facts a differ: record 1: fact start" "a fact less" -f more-facts a
differ "a value differ: record 1: value 15 at (1, 0, 2): 14 and 14.0100002" "the first value that differs" a value
differ "a shape differ: record 1: shape (2, 3, 4) and (2, 4, 3)" "shapes" a shape
differ "a rank differ: record 1: shape (2, 3, 4) and (6, 4)" "ranks" a rank
differ "a type differ: record 1: type <f4 and <f8" "types" a type
differ "a short differ: short ends before record 2" "a stream that is shorter" a short
differ "short a differ: short ends before record 2" "the other way round" short a
differ "half halves differ: record 1: value 1 at (0,): 1 and 1.00097656" "halves" half halves
differ "" "-q prints nothing" -q a value
is "$(tensor-cmp - value <a)" "- value differ: record 1: value 15 at (1, 0, 2): 14 and 14.0100002" "standard input"

same "a tolerance relative to the largest: 0.01 of 23 is within 0.0005" -t 0.0005 a value
differ "a value differ: record 1: value 15 at (1, 0, 2): 14 and 14.0100002" "and not within 0.0004" -t 0.0004 a value
differ "i8 i8-next differ: record 1: value 1 at (0,): 9223372036854775806 and 9223372036854775807" "64-bit integers exactly" i8 i8-next
differ "i8-least i8 differ: record 1: value 1 at (0,): -9223372036854775808 and 9223372036854775806" \
    "their difference does not wrap" -t 1 i8-least i8
same "integers within a tolerance" -t 1e-9 i8 i8-next
for kind in f2 f4 f8; do
    for tolerance in 0 1; do
        tensor-cmp -q -t $tolerance nan.$kind nan.$kind
        is $? 1 "$kind: NaN is not NaN, tolerance $tolerance"
        tensor-cmp -q -t $tolerance nan.$kind one.$kind
        is $? 1 "$kind: NaN is not 1, tolerance $tolerance"
        tensor-cmp -q -t $tolerance one.$kind nan.$kind
        is $? 1 "$kind: 1 is not NaN, tolerance $tolerance"
        tensor-cmp -q -t $tolerance inf.$kind minus.$kind
        is $? 1 "$kind: infinity is not minus infinity, tolerance $tolerance"
        tensor-cmp -q -t $tolerance one.$kind inf.$kind
        is $? 1 "$kind: 1 is not infinity, tolerance $tolerance"
        tensor-cmp -q -t $tolerance inf.$kind inf.$kind
        is $? 0 "$kind: infinity is infinity, tolerance $tolerance"
    done
done

fails 2 "^tensor-cmp: damaged: record 1 at byte 0: damaged" "a damaged stream is trouble, not a difference" tensor-cmp a damaged
fails 2 "^tensor-cmp: no/such: No such file" "no such file" tensor-cmp a no/such
head -c 200 a >cut-short
fails 2 "^tensor-cmp: cut-short: record 1 at byte 0: cut short" "a stream cut short" tensor-cmp cut-short a
fails 2 "two streams are needed" "one operand" tensor-cmp a
fails 2 "unexpected operand 'a'" "three operands" tensor-cmp a a a
fails 2 "standard input" "both standard input" tensor-cmp - -
fails 2 "out of range" "a tolerance above 1" tensor-cmp -t 1.5 a a
fails 2 "No space left" "a full disk" bash -c 'tensor-cmp a value >/dev/full'
done_testing
