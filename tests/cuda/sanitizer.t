#!/bin/bash
# On a GPU: compute-sanitizer's four tools find nothing in any operation. (On the host the watched build looks for
# the same.)
. "$(dirname "$0")/../tap.sh"
[ "${DEVICE-}" = cuda ] || { echo "1..0 # SKIP wants a GPU: make check DEVICE=cuda" && exit 0; }
sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
[ -x "$sanitizer" ] || { echo "1..0 # SKIP there is no compute-sanitizer" && exit 0; }

for test in "$root"/build/cuda/tests/cuda/*.t; do
    for tool in memcheck racecheck initcheck synccheck; do
        "$sanitizer" --tool $tool --error-exitcode 99 "$test" >report 2>&1
        [ $? -ne 99 ]
        ok $? "$tool: $(basename "$test" .t)" || grep -m 5 '=========' report
    done
done
done_testing
