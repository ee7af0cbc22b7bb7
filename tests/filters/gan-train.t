#!/bin/bash
# gan-train: the same bytes whatever happens on the way, and one clear line for whatever is wrong.
. "$(dirname "$0")/../tap.sh"
. "$here/gan.sh"

make_keys train.keys 10 1
configure tiny.yaml
configure long.yaml -e 's/^epochs:.*/epochs: 40/'

# A run leaves a model, checkpoints and a table.
train tiny.yaml first
ok $? "trains"
is "$(tensor-print -q first.model >/dev/null 2>&1 || echo broken)" "" "the model is a whole stream"
is "$(find first -name 'checkpoint-*.tensors' | wc -l)" 3 "three checkpoints stay"
is "$(wc -l <first/losses.tsv)" 6 "a row an epoch and a header"
is "$(head -n 3 first/losses.tsv | cut -f 2 | tr '\n' ' ')" "phase generator discriminator " "the phases"
is "$(awk -F'\t' 'NR > 3 { for (i = 3; i <= NF; i++) if ($i !~ /^-?[0-9.]+(e[-+][0-9]+)?$/) print $i }' first/losses.tsv)" "" \
    "every loss of an adversarial epoch is a number"

# The same seed, the same bytes.
for threads in 1 2 3; do
    OMP_NUM_THREADS=$threads train tiny.yaml "threads$threads"
    cmp -s first.model "threads$threads.model"
    ok $? "the same bytes with $threads threads"
done
train tiny.yaml other -S 2
cmp -s first.model other.model
is $? 1 "another seed, another model"

# Killed at ten random moments of a run, resumed each time; moments are shares of what a whole run takes here.
start=$(date +%s%N)
train long.yaml whole
took=$(($(date +%s%N) - start))
RANDOM=7
kills=0
for _ in 1 2 3 4 5 6 7 8 9 10; do
    begin long.yaml killed
    sleep "$(awk "BEGIN { print $took / 1e9 * $RANDOM / 32768 / 5 }")"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    [ $? -eq 137 ] && kills=$((kills + 1))
done
[ "$kills" -gt 2 ]
ok $? "killed while it ran ($kills of 10 times)"
train long.yaml killed --resume
cmp -s whole.model killed.model
ok $? "the same bytes when killed and resumed"
is "$(cut -f 1-18 killed/losses.tsv | md5sum)" "$(cut -f 1-18 whole/losses.tsv | md5sum)" "the same losses, each epoch once"

# A signal writes a checkpoint inside the epoch.
configure slow.yaml -e 's/^epochs:.*/epochs: 400/' -e 's/^accumulation_steps:.*/accumulation_steps: 3/'
stopped=0
for _ in 1 2 3 4 5; do
    touch begun
    begin slow.yaml stopped
    # A loaded machine may take seconds until training starts with a new losses.tsv, and listens.
    until [ stopped/losses.tsv -nt begun ] || ! kill -0 $! 2>/dev/null; do sleep 0.05; done
    sleep 0.3
    kill -TERM $! 2>/dev/null || continue
    wait $!
    is $? 1 "SIGTERM: exit 1"
    grep -q -- '--resume goes on' stopped.err && [ "$(wc -l <stopped.err)" -eq 1 ] && stopped=$((stopped + 1))
done
[ "$stopped" -gt 0 ]
ok $? "SIGTERM: one line that says how to go on"
train slow.yaml unstopped
train slow.yaml stopped --resume
cmp -s unstopped.model stopped.model
ok $? "the same bytes when stopped and resumed"
is "$(cut -f 1-18 stopped/losses.tsv | md5sum)" "$(cut -f 1-18 unstopped/losses.tsv | md5sum)" "the same losses, of epochs in two parts too"

# A resumed run may be longer; a cut checkpoint is passed over.
configure longer.yaml -e 's/^epochs:.*/epochs: 5/'
cp -r first cut
newest=$(cd first && printf '%s\n' checkpoint-* | tail -n 1)
head -c 3000 "first/$newest" >"cut/$newest"
gan-train -c longer.yaml -o cut --resume <train.keys >cut.model 2>cut.err
ok $? "goes on from an older checkpoint where the newest is cut"
grep -q 'cut short' cut.err
ok $? "and says so"
train longer.yaml straight
cmp -s straight.model cut.model
ok $? "to the same bytes"

# The discriminator from the start.
configure update.yaml -e 's/^epochs:.*/epochs: 5/' -e '1i update_discriminator: true\ndiscriminator:\n  norm: spectral'
cp -r first updated
gan-train -c update.yaml -o updated --resume <train.keys >updated.model 2>updated.err
ok $? "update_discriminator takes another discriminator's checkpoint"
grep -q 'tensors initialised' updated.err
ok $? "and says how many tensors are new"
fails 1 'discriminator.*(no such parameter|missing|shape)' "without it that is an error" \
    gan-train -q -c <(sed /update_discriminator/d update.yaml) -o first --resume train.keys

# Variants of the networks and of the loop train too.
while read -r name change; do
    configure "$name.yaml" -e "$change"
    train "$name.yaml" "$name" 2>"$name.err"
    ok $? "trains with $name"
done <<'LIST'
gaussians s/^model:/model:\n  use_gaussians: true/
spectral 1i discriminator:\n  norm: spectral\n  activation: leaky_relu
standard 1i normalize: standard
frozen 1i freeze_discriminator_after: 1
clipped 1i grad_clip_value: 0.5
steps 1i d_steps_per_g_step: 2\ng_steps_per_batch: 1
untracked 1i track_all: false
features 1i loss_weights:\n  g_feature_matching_cost: 1
positionless s/^model:/model:\n  position: none/
layers s/^model:/model:\n  num_layers: 3/
LIST

# The design with a fitted prior and records made anew: killed and resumed, with other threads, the same bytes.
configure time.yaml -e '1i design: time\naugmentation: {windows: true, shift: 1, swap: true}\nlearning_rate_end: 0.1\nkl_ramp: 0.5' \
    -e 's/latent_seq_len: 10/latent_seq_len: 5/' -e 's/latent_dim: 16/latent_dim: 3/' -e 's/^epochs:.*/epochs: 8/'
start=$(date +%s%N)
OMP_NUM_THREADS=1 train time.yaml time
ok $? "trains the design whose latents run over time"
took=$(($(date +%s%N) - start))
for _ in 1 2 3 4 5; do
    begin time.yaml time-killed
    sleep "$(awk "BEGIN { print $took / 1e9 * $RANDOM / 32768 }")"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
done
OMP_NUM_THREADS=2 train time.yaml time-killed --resume
cmp -s time.model time-killed.model
ok $? "the same bytes when killed and resumed"
is "$(head -n 1 time/losses.tsv | tr '\t' '\n' | grep -c -E '^g_(gate|onset|drum|loudness)_loss$')" 4 "its own losses have columns"
is "$(tensor-print time.model | grep -c 'name=generator.prior')" 5 "its prior is in the model"
fails 1 'latent_seq_len: 20 latents for 20 frames' "a latent for each frame" \
    gan-train -c <(sed 's/latent_seq_len: 5/latent_seq_len: 20/' time.yaml) -o no train.keys
fails 1 'line [0-9]+: normalize: .*peak' "loudnesses that are not" \
    gan-train -c <(sed '1i normalize: standard' time.yaml) -o no train.keys

# What is wrong gets one line.
fails 2 'gan-train: -c FILE' "no configuration" gan-train train.keys
fails 1 'gan-train: .*nowhere.yaml' "a configuration that is not there" gan-train -c nowhere.yaml train.keys
fails 2 'gan-train: .*cuda' "no CUDA in this build" gan-train -d cuda -c tiny.yaml train.keys
fails 1 'gan-train: .*line 3: .*batch_sise' "a misspelt key" \
    gan-train -c <(sed 's/batch_size/batch_sise/' tiny.yaml) train.keys
fails 1 'gan-train: train.keys: record 1 .*shape \(2, 5, 20\).*seq_len, 16500' "the published configuration is taken" \
    gan-train -c "$root/tests/reference/published.yaml" -o no train.keys
make_keys other.keys 4 1 7 20
fails 1 'gan-train: other.keys: record 1 .*shape \(2, 7, 20\).*seq_len, 100' "keys of another shape" \
    gan-train -c tiny.yaml -o no other.keys
PYTHONPATH=$here $python -c '
import sys, numpy as np
from streams import *
out = sys.stdout.buffer
write = lambda name, *records: open(name, "wb").write(b"".join(records) + end(len(records)))
x = np.ones((2, 5, 20), "<f4")
write("wave.wave", record(np.zeros((2, 100), "<f4"), "kind=wave rate=12000"))
write("flat.keys", record(np.ones((5, 20), "<f4"), "kind=keys"))
write("mixed.keys", record(x, "kind=keys"), record(np.ones((2, 4, 25), "<f4"), "kind=keys"))
write("silent.keys", record(0 * x, "kind=keys"), record(0 * x, "kind=keys"))
x[1, 2, 3] = np.nan
write("nan.keys", record(x, "kind=keys"))
'
fails 1 'gan-train: wave.wave: record 1.*kind=wave, not keys' "a wave" gan-train -c tiny.yaml -o no wave.wave
fails 1 'gan-train: flat.keys: record 1.*shape \(5, 20\)' "one channel" gan-train -c tiny.yaml -o no flat.keys
fails 1 'gan-train: mixed.keys: record 2.*shape' "a second shape" gan-train -c tiny.yaml -o no mixed.keys
fails 1 'gan-train: .*record sounds' "silence only" gan-train -c tiny.yaml -o no silent.keys
fails 1 'gan-train: nan.keys: record 1.*(nan|NaN)' "a NaN" gan-train -c tiny.yaml -o no nan.keys
head -c 2000 train.keys >cut.keys
fails 1 'gan-train: cut.keys: record' "a stream cut short" gan-train -c tiny.yaml -o no cut.keys
fails 1 'gan-train: .*empty' "no stream" gan-train -c tiny.yaml -o no /dev/null
fails 1 'gan-train: .*epoch 77' "an epoch that has no checkpoint" \
    gan-train -c <(sed '1i resume_from_checkpoint: 77' tiny.yaml) -o first train.keys
[ ! -d no ] || [ -z "$(ls no)" ]
ok $? "nothing was written"
# A checkpoint whose posterior overflows, right by its checksum.
cp -r first wild
$python - "wild/$newest" <<'PY'
import re
import struct
import sys
import zlib
data = open(sys.argv[1], "rb").read()
name = data.index(b"name=generator.logvar.bias")
start, body = data.rindex(b"\x93NUMPY", 0, name), data.index(b"\n", name) + 1
size = 4 * int(re.search(rb"'shape': \((\d+),", data[start:body])[1])
values = struct.pack("<f", 1e30) * (size // 4)
header = re.sub(rb"crc32=[0-9a-f]{8}", b"crc32=%08x" % zlib.crc32(values), data[start:body])
open(sys.argv[1], "wb").write(data[:start] + header + values + data[body + size:])
PY
fails 1 "gan-train: epoch 6: .* is not finite; last good checkpoint: wild/$newest" "a loss that is not finite" \
    gan-train -q -c <(sed 's/^epochs:.*/epochs: 9/' tiny.yaml) -o wild --resume train.keys
gan-train -q -c tiny.yaml -o full <train.keys 2>full.err >/dev/full
is $? 1 "a full disk"
is "$(wc -l <full.err)" 1 "a full disk: one line"
done_testing
