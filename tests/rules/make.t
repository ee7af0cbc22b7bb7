#!/bin/bash
# shellcheck disable=SC2016 # the stand-in expands its own variables
# The Makefile, on a copy with one small program: nothing is compiled twice, what is missing is said, and what was
# installed goes away again.
. "$(dirname "$0")/../tap.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS asan

mkdir -p tree/filters tree/man tree/kernels/cuda tree/tests
cp "$root/kernels/cuda/cuda.mk" tree/kernels/cuda/
cp "$root/tests/check.mk" tree/tests/
cp -r "$root/Makefile" "$root/common" "$root/pipelines" tree/
cp "$root/filters/tensor-print.c" tree/filters/
cp "$root"/man/*.[157] tree/man/
quickly() { make --no-print-directory -C tree -j2 CFLAGS=-O0 "$@"; }

# A stand-in for dpkg-query that knows every package but one.
mkdir stand-in
printf '#!/bin/sh\nfor last; do :; done\n[ "$last" != libsoxr-dev ] && echo installed\n' >stand-in/dpkg-query
chmod +x stand-in/dpkg-query
PATH=$work/stand-in:$PATH quickly >missing.out 2>missing.err
is $? 2 "a package is missing"
is "$(grep -v '^make: \*\*\*' missing.err | sed 's/sudo //')" \
    "make: missing: libsoxr-dev; install with: apt-get install -y libsoxr-dev" "... one line says which, and what installs it"
is "$(find tree -name '*.o')" "" "... and nothing is compiled"

quickly >first.out 2>&1
is "$? $(tree/bin/tensor-print --version | cut -d ' ' -f 1)" "0 tensor-print" "builds"
is "$(grep -c warning first.out)" 0 "... without a warning"
quickly -q
is $? 0 "nothing changed: nothing is made again"
touch tree/common/stream/statistics.h
is "$(quickly -n | grep -o ' -c -o .*' | sort)" " -c -o build/common/statistics.o common/stream/statistics.c
 -c -o build/filters/tensor-print.o filters/tensor-print.c" "a header changed: what includes it is compiled"
quickly -t >/dev/null

for folders in "DESTDIR=$work/a new root,PREFIX=/usr" "DESTDIR=,PREFIX=$work/a prefix" "DESTDIR=,PREFIX=~/.my local"; do
    list() { find . -path ./tree -prune -o -type f -newer marker -print | grep -e /bin/ -e /share/ | sort; }
    touch -d '2 seconds ago' marker
    HOME=$work quickly install "${folders%,*}" "${folders#*,}" >install.out 2>&1
    is "$? $(list | grep -c -e bin/tensor-print$ -e share/musigan/.*yaml$ -e share/man/man[157]/)" \
        "0 $(find tree/man tree/pipelines/*.yaml tree/filters -type f | wc -l)" "$folders: the programs, pages and configurations"
    HOME=$work quickly uninstall "${folders%,*}" "${folders#*,}" >install.out 2>&1
    is "$? $(list)" "0 " "... and gone again"
done
[ -d "$work/.my local/bin" ] && [ -d "$work/a new root/usr/bin" ] && [ -d "$work/a prefix/bin" ] && [ -d tree/common ]
ok $? "they were where they should be"
done_testing
