# TAP for tests in shell: source it, call ok, is, fails …, end with done_testing.
# shellcheck shell=bash
set -u -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
root=${here%/tests/*}
BIN=${BIN:-$root/bin}
PATH=$BIN:$PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/musigan-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
tap_count=0
tap_failed=0

# ok STATUS NAME: passes when STATUS is 0.
ok()
{
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then echo "ok $tap_count - $2"; else
        echo "not ok $tap_count - $2"
        tap_failed=$((tap_failed + 1))
    fi
}

# is GOT WANTED NAME
is()
{
    if [ "$1" = "$2" ]; then ok 0 "$3"; else
        ok 1 "$3"
        printf '#   got: %s\n#   expected: %s\n' "$1" "$2"
    fi
}

# fails STATUS PATTERN NAME COMMAND...: the command exits with STATUS, prints exactly one line on standard
# error, and that line matches the extended regular expression PATTERN. Standard output goes to ./fails.out.
fails()
{
    local status=$1 pattern=$2 name=$3 got
    shift 3
    "$@" >fails.out 2>fails.err
    got=$?
    if [ $got -eq "$status" ] && [ "$(wc -l <fails.err)" -eq 1 ] && grep -Eq -- "$pattern" fails.err; then
        ok 0 "$name"
    else
        ok 1 "$name"
        printf '#   exit %s, expected %s; standard error:\n' $got "$status"
        sed 's/^/#   /' fails.err | head -n 5
    fi
}

done_testing()
{
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ] && [ "$tap_count" -gt 0 ]
    exit
}
