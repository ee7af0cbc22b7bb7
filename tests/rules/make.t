#!/bin/bash
# shellcheck disable=SC2016 # the stand-in expands its own variables
# The Makefile, on a copy with one small program: what a change asks for is compiled and nothing else, in the same bytes
# everywhere; what is missing is said, what make help says is there, and what was installed goes away again.
. "$(dirname "$0")/../tap.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS V T asan debug CC CXX NVCC CFLAGS CPPFLAGS LDFLAGS MARCH CUDA CUDA_ARCH DEPS DEVICE
export CCACHE_DISABLE=1

mkdir -p tree/filters tree/man tree/kernels/cuda tree/tests
cp "$root/kernels/cuda/cuda.mk" tree/kernels/cuda/
cp "$root/tests/check.mk" tree/tests/
cp -r "$root/Makefile" "$root/common" "$root/pipelines" tree/
cp "$root/filters/tensor-print.c" tree/filters/
cp "$root"/man/*.[157] tree/man/
quickly() { make --no-print-directory -C tree -j2 CFLAGS=-O0 "$@"; }
# What is in a folder, by names, sizes and times.
state() { find "$1" -printf '%p %s %T@ %C@\n' | sort | md5sum; }

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
# counted OUTPUT: are its lines numbered from 1 to their count?
counted() { is "$(grep -o '^\[[^ ]*' "$1")" "$(seq "$(wc -l <"$1")" | sed "s|.*|[&/$(wc -l <"$1")]|")" "$2"; }
counted first.out "... and counts what it makes"
quickly -q
is $? 0 "nothing changed: nothing is made again"
statistics=$(cd tree && find common -name statistics.h)
touch "tree/$statistics"
is "$(quickly -n | grep -o ' -c -o .*' | sort)" " -c -o build/${statistics%.h}.o ${statistics%.h}.c
 -c -o build/filters/tensor-print.o filters/tensor-print.c" "a header changed: what includes it is compiled"
quickly V= >again.out 2>&1
counted again.out "... and counted"
is "$(wc -l <again.out)" 4 "... with the library and the program"

quickly -n LDFLAGS=-Wl,-O1 >flags.out
is "$(grep -c ' -c -o ' flags.out) $(grep -c ' -o bin/' flags.out)" "0 1" "other LDFLAGS: linked again, not compiled"
sources=$(find tree/common tree/filters -name '*.c' | wc -l)
for flags in MARCH= CPPFLAGS=-DX CC=c99 VERSION=9; do
    is "$(quickly -n "$flags" | grep -c ' -c -o ')" "$sources" "$flags: all is compiled again"
done
quickly CFLAGS=-g >/dev/null && quickly -q CFLAGS=-g
is $? 0 "... once"
mkdir "an other tree"
cp -r tree/[!b]* "an other tree"
make -C "an other tree" -j2 CFLAGS=-g >/dev/null
is "$? $(cmp tree/bin/tensor-print "an other tree/bin/tensor-print" 2>&1)" "0 " "the same bytes in another folder"
version=$(sed -n 's/^VERSION := //p' tree/Makefile)
is "$(tree/bin/tensor-print --version)" "tensor-print (MusiGAN) $version" "the version is the Makefile's"
quickly >/dev/null

# A compiler for another machine knows nothing of this one's processor.
printf '#!/bin/sh\ncase "$*" in *-march=native*) exit 1 ;; esac\nexec gcc "$@"\n' >stand-in/cross-gcc
# One that is a stand-in for CUDA's, and a GPU or two of two sorts.
printf '#!/bin/sh\necho release 13.0; for i in 61 75 80 86 89 90 100 110 120; do echo compute_$i; done\n' >stand-in/nvcc
printf '#!/bin/sh\nprintf "9.0\\n8.6\\n9.0\\n"\n' >stand-in/two-gpus
printf '#!/bin/sh\necho 6.1\n' >stand-in/old-gpu
chmod +x stand-in/*
is "$(quickly -n CC="$work/stand-in/cross-gcc" | grep -c -e -march)" 0 "a cross compiler is told no processor"
# codes GPU VARIABLE...: the code that nvcc is to make on a machine with this GPU.
codes()
{
    mkdir -p gpu
    ln -sf "../stand-in/$1" gpu/nvidia-smi
    touch tree/kernels/cuda/some.cu
    PATH=$work/gpu:$PATH quickly -n V=1 NVCC="$work/stand-in/nvcc" "${@:2}" build/kernels/cuda/some.o |
        grep ' -o build/kernels' | grep -o 'code=[a-z0-9_]*' | cut -d = -f 2 | tr '\n' ' '
    rm tree/kernels/cuda/some.cu
}
is "$(codes two-gpus)" "sm_86 sm_90 " "CUDA: code for the GPUs that are there"
is "$(codes none)" "compute_80 " "... without one, for any with tensor cores of bf16"
is "$(codes old-gpu)" "compute_80 " "... also beside one that is too old"
is "$(codes two-gpus CUDA_ARCH=75)" "sm_75 " "... for the one that was asked for"
is "$(codes none CUDA_ARCH=all)" "sm_75 sm_80 sm_86 sm_89 sm_90 sm_100 sm_120 compute_80 " "... for all"

# make -n, of everything that make help speaks of, and in a tree where nothing is built.
mkdir whole
cp -r "$root"/[!b.]* whole/
quickly help >help.out
mapfile -t targets < <(grep -oP 'make \K[a-z][a-z0-9/-]*[a-z0-9](?![a-z0-9/-]*=)' help.out | sort -u)
printf '%s\n' "${targets[@]}" >targets.out
is "$(sed -n 's/^\.PHONY: all //p' tree/Makefile | tr ' ' '\n' | grep -vxFf targets.out)" "" "make help speaks of every target"
before=$(state whole)
for target in "${targets[@]}"; do
    make --no-print-directory -C whole -n "$target" >dry.out 2>&1
    is "$? $(state whole)" "0 $before" "make -n $target: there is one, and it does nothing"
done
for variable in $(grep -oE '\b[A-Za-z_]+=' help.out | tr -d = | sort -u) CC CXX NVCC CFLAGS CPPFLAGS LDFLAGS; do
    grep -hv '^#' "$root"/{Makefile,kernels/cuda/cuda.mk,tests/check.mk,pipelines/packages.mk,pipelines/report} |
        grep -w -e "$variable" >found.out || echo "$variable"
done >unknown.out
is "$(cat unknown.out)" "" "... and every variable is asked for"
before=$(state tree)
quickly -n music >dry.out 2>&1
is "$? $(state tree)" "0 $before" "make -n music: where all is built too"

# One test of several.
cp "$root/tests/run" tree/tests/
mkdir -p tree/tests/rules
for name in one only-one two; do printf '#!/bin/sh\necho ok; echo 1..1\n' >tree/tests/rules/$name.t; done
chmod +x tree/tests/rules/*.t
check() { quickly check CHECKED= "$@" 2>&1; }
printf '#!/bin/sh\necho installed\n' >stand-in/dpkg-query
PATH=$work/stand-in:$PATH
is "$(check T=rules/one | grep -o 'tests/rules/[a-z-]*')" "tests/rules/one" "make check T=NAME: one test"
is "$(check T=rules/ | grep -c 'tests/rules/[a-z-]*')" 3 "... or a folder of them"
is "$(check T=nothing | grep -o 'no test.*[a-z]')" "no test's name begins with nothing.  Stop" "... or none"

# What others get.
(cd tree && git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm all)
quickly dist && mv "tree/musigan-$version.tar.gz" one.tar.gz && sleep 1 && quickly dist
is "$? $(cmp one.tar.gz "tree/musigan-$version.tar.gz" 2>&1)" "0 " "make dist: the same bytes twice"
tar -xf one.tar.gz && make --no-print-directory -C "musigan-$version" -n >dist.out 2>&1
is "$? $(grep -c ' -c -o ' dist.out)" "0 $sources" "... which build"

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
