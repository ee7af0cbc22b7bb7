#!/bin/bash
# gan-train and gan-sample on CUDA: the CPU's losses, the same bytes again, and one clear line where there is no GPU.
# CUDA_BIN is where those programs are; without a GPU they are built on the host's stand-in for one.
. "$(dirname "$0")/../tap.sh"
here=$root/tests/filters
# shellcheck source=../filters/gan.sh
. "$here/gan.sh"
CUDA_BIN=${CUDA_BIN:-$root/build/shim/bin}
cpu_train=$BIN/gan-train

make_keys train.keys 10 1

# on_cuda CONFIG FOLDER [OPTION...]: as train, on CUDA.
on_cuda()
{
    PATH=$CUDA_BIN:$PATH train "$@" -d cuda
}

# close_losses A B TOLERANCE: the tables have the same losses in every row, to this share of each; what is missing in
# one (nan) is missing in both.
close_losses()
{
    paste "$1" "$2" | awk -F'\t' -v most="$3" '
        NR == 1 { n = NF / 2; for (i = 1; i <= n; i++) name[i] = $i; next }
        {
            if (NF != 2 * n) bad = "row " NR
            for (i = 3; i <= n; i++) {
                if (name[i] ~ /^(seconds|records_per_second)$/) continue
                if ($i ~ /nan/ || $(i + n) ~ /nan/) {
                    if ($i != $(i + n)) bad = name[i] " " $i " " $(i + n)
                    continue
                }
                d = $i - $(i + n); size = $i < 0 ? -$i : $i
                if (!((d < 0 ? -d : d) <= most * (size > 0.01 ? size : 0.01))) bad = name[i] " " $i " " $(i + n)
                compared++
            }
        }
        END { if (bad) print "# " bad; exit bad || !compared }'
}

# The whole run, both backends, precision fp32: pretraining, adversarial epochs, checkpoints.
configure fp32.yaml -e "\$aprecision: fp32"
train fp32.yaml cpu -d cpu
on_cuda fp32.yaml cuda
ok $? "trains on CUDA"
close_losses cpu/losses.tsv cuda/losses.tsv 2e-3
ok $? "the losses of the CPU's run"
on_cuda fp32.yaml again
cmp -s cuda.model again.model
ok $? "the same bytes again"
SHIM_ORDER=reverse on_cuda fp32.yaml reversed
cmp -s cuda.model reversed.model
ok $? "the same bytes with blocks and threads in reversed order"
SHIM_ORDER=shuffle on_cuda fp32.yaml shuffled
cmp -s cuda.model shuffled.model
ok $? "the same bytes with blocks and threads in shuffled order"

# Enough channels for gemms, where the small network's convolutions have small patches.
configure wide.yaml -e "\$aprecision: fp32" -e 's/n_channels:.*/n_channels: 16/' -e 's/latent_dim:.*/latent_dim: 64/' \
    -e 's/^epochs:.*/epochs: 1/'
train wide.yaml wide -d cpu
on_cuda wide.yaml wide-cuda
close_losses wide/losses.tsv wide-cuda/losses.tsv 2e-3
ok $? "the CPU's losses with more channels"

# Narrower precisions stay near.
for precision in tf32 bf16; do
    configure $precision.yaml -e "\$aprecision: $precision"
    on_cuda $precision.yaml $precision
    ok $? "trains in $precision"
    close_losses cpu/losses.tsv $precision/losses.tsv 0.3
    ok $? "losses near those of fp32 in $precision"
done

# Killed and resumed.
configure long.yaml -e "\$aprecision: fp32" -e 's/^epochs:.*/epochs: 12/'
on_cuda long.yaml whole
for pause in 0.2 0.5 0.8; do
    PATH=$CUDA_BIN:$PATH gan-train -q -d cuda -c long.yaml -o killed --resume <train.keys >killed.model 2>/dev/null &
    sleep $pause
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
done
on_cuda long.yaml killed --resume
cmp -s whole.model killed.model
ok $? "the same bytes when killed and resumed"

# Sampling.
gan-sample -d cpu -q -m cuda.model -n 5 >cpu.keys
PATH=$CUDA_BIN:$PATH gan-sample -d cuda -q -m cuda.model -n 5 >cuda.keys
tensor-cmp -q -t 1e-4 cpu.keys cuda.keys
ok $? "samples as the CPU's"

# A judge: after a few updates its scores are the CPU's, but for a GPU's precision.
make_keys other.keys 10 2
# scores DEVICE: of what it was not trained on.
scores()
{
    gan-train -q -d "$1" --updates 3 --against other.keys train.keys >judge &&
        gan-sample -q -d "$1" -m judge --score train.keys | tensor-print | grep -ao 'score=[^ ]*' | cut -d = -f 2
}
scores cpu >cpu.scores
PATH=$CUDA_BIN:$PATH scores cuda >cuda.scores
ok $? "trains and asks a judge on CUDA"
paste cpu.scores cuda.scores | awk '{ d = $1 - $2; if (!(d * d < 1e-4)) bad++ } END { exit bad || NR < 2 }'
ok $? "scores as the CPU's"

if [ "$CUDA_BIN" != "$BIN" ]; then
    # What a machine without a driver, or with too little memory, says.
    export SHIM_DEVICES=0
    fails 2 '^gan-train: -d cuda: no GPU' "no GPU: -d cuda is refused" "$CUDA_BIN/gan-train" -q -d cuda -c fp32.yaml -o x train.keys
    PATH=$CUDA_BIN:$PATH train fp32.yaml auto -d auto
    cmp -s cpu.model auto.model
    ok $? "no GPU: -d auto takes the CPU"
    unset SHIM_DEVICES
    export SHIM_DRIVER=0
    fails 2 '^gan-train: -d cuda: no driver' "no driver: -d cuda is refused" "$CUDA_BIN/gan-train" -q -d cuda -c fp32.yaml -o x train.keys
    unset SHIM_DRIVER
    configure large.yaml -e 's/^batch_size:.*/batch_size: 4096/'
    SHIM_MEMORY=100000000 fails 1 'batch_size 4096 wants [0-9]+ bytes of memory, [0-9]+ are free; batch_size [0-9]+ fits' \
        "too little memory: says which batch fits" "$CUDA_BIN/gan-train" -q -d cuda -c large.yaml -o x train.keys
    fails 2 '-d cuda: this build has no CUDA|-d cuda: no (GPU|driver)' "-d cuda here" "$cpu_train" -q -d cuda -c fp32.yaml -o x train.keys
fi
done_testing
