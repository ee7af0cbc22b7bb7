#!/bin/bash
# gan-sample: samples that only the model, the seed and their number decide.
. "$(dirname "$0")/../tap.sh"
. "$here/gan.sh"

make_keys train.keys 8 1
configure tiny.yaml
train tiny.yaml run
model=run.model

gan-sample -m $model -n 20 -S 3 >twenty.keys
ok $? "samples"
is "$($python - <<'PY'
import numpy as np
with open("twenty.keys", "rb") as f:
    x = np.stack([np.load(f) for _ in range(20)])
print(x.shape, x.dtype, bool(0 <= x.min() and x.max() <= 1), len({a.tobytes() for a in x}))
PY
)" "(20, 2, 5, 20) float32 True 20" "numpy reads them: within 0 and 1, all different"
is "$(head -n 1 twenty.keys | grep -aoE 'interval=[^ ]+|keys=[^ ]+' | tr '\n' ' ')" "interval=0.02 keys=27-31 " \
    "the facts of the training records"
gan-sample -m $model -n 20 -S 3 | cmp -s - twenty.keys
ok $? "the same seed, the same bytes"
for threads in 1 3; do
    OMP_NUM_THREADS=$threads gan-sample -m $model -n 20 -S 3 | cmp -s - twenty.keys
    ok $? "the same bytes with $threads threads"
done
gan-sample -m $model -n 20 -S 4 | cmp -s - twenty.keys
is $? 1 "another seed, other samples"
gan-sample -m "$(printf '%s\n' run/checkpoint-*.tensors | tail -n 1)" -n 20 -S 3 | cmp -s - twenty.keys
ok $? "the last checkpoint is the model"
is "$($python - $model <<'PY'
import subprocess, sys
import numpy as np
def load(*options):
    out = subprocess.run(["gan-sample", "-m", sys.argv[1], "-S", "3", *options], capture_output=True).stdout
    import io
    f, xs, scores = io.BytesIO(out), [], []
    while True:
        x = np.load(f)
        if x.shape == (0,):
            return xs, scores
        xs.append(x)
        facts = out[:f.tell()].rsplit(b"\x93NUMPY", 1)[1]
        scores.append(float(facts.split(b"score=")[1].split()[0]))
x, s = load("-n", "20")
order = sorted(range(20), key=lambda i: -s[i])
best, bs = load("-n", "20", "--best", "3")
worst, ws = load("-n", "20", "--worst", "3")
print(all((best[i] == x[order[i]]).all() for i in range(3)), all((worst[i] == x[order[-1 - i]]).all() for i in range(3)),
      bs == sorted(bs, reverse=True), ws == sorted(ws), bs[0] > ws[0])
one, _ = load("-n", "1")
print(np.abs(one[0] - x[0]).max() < 1e-5)
PY
)" "$(printf 'True True True True True\nTrue')" "--best and --worst are the first and the last of all by score; a sample does not depend on the count"

$python -c '
import numpy as np
f = open("noise.npy", "wb")
x = np.random.RandomState(1).randn(2, 320)
for noise in (x, x, x * 0.5): np.save(f, noise)
'
gan-sample -m $model -n 3 --noise noise.npy >given.keys
ok $? "noise from numpy.save, in double"
gan-sample -m $model -n 3 >drawn.keys
cmp -s given.keys drawn.keys
is $? 1 "the noise given is used"

# The design with a fitted prior: the same bytes however many are made.
configure time.yaml -e '1i design: time' -e 's/latent_seq_len: 10/latent_seq_len: 5/' -e 's/latent_dim: 16/latent_dim: 3/' \
    -e 's/^epochs: 3/epochs: 60/' -e 's/learning_rate: 0.001/learning_rate: 0.01/' -e 's/n_channels: .*/n_channels: 16/'
make_notes notes.keys 40
gan-train -q -c time.yaml -o time <notes.keys >time.model
gan-sample -m time.model -n 20 -S 3 >time.keys
ok $? "samples from a fitted prior"
gan-sample -m time.model -n 1 -S 3 >one.keys
OMP_NUM_THREADS=1 gan-sample -m time.model -n 11 -S 3 >eleven.keys
is "$($python - <<'PY'
import numpy as np
def load(name, count):
    with open(name, "rb") as f:
        return [np.load(f) for _ in range(count)]
x, one, eleven = load("time.keys", 20), load("one.keys", 1), load("eleven.keys", 11)
print(x[0].shape, all(0 <= a.min() and a.max() <= 1 for a in x), any((a == 0).any() and (a > 0).any() for a in x),
      (one[0] == x[0]).all(), all((a == b).all() for a, b in zip(x, eleven)))
PY
)" "(2, 5, 20) True True True True" "the same samples however many are made"
$python -c '
import numpy as np
np.save("noise3.npy", np.random.RandomState(1).randn(3, 15))'
gan-sample -m time.model --noise noise3.npy >given.keys
ok $? "three noises of all latents"
fails 1 'gan-sample: noise.npy: .*is not the noise of this model, \(3, 15\)' "other noise" \
    gan-sample -m time.model --noise noise.npy

# Samples beside given ones.
gan-sample -m time.model -n 41 --like notes.keys --amount 0 -S 1 >made.keys
gan-sample -m time.model -n 41 --like notes.keys --amount 0 -S 2 >again.keys
gan-sample -m time.model -n 20 --like notes.keys --amount 1 -S 3 >forgotten.keys
gan-sample -m time.model -n 41 --like notes.keys -S 3 >varied.keys
gan-sample -m time.model -n 4 --from 3 --to 4 >between.keys
gan-sample -m time.model -S 4 >four.keys
gan-sample -m time.model -n 2 --from notes.keys --to 4 >home.keys
is "$($python - <<'PY'
import numpy as np
def load(name, count):
    with open(name, "rb") as f:
        return [np.load(f) for _ in range(count)]
# The same notes: how they are played is drawn anew for each record, and the threshold of their gates moves a little.
same = lambda a, b: bool(((a.max(0) > 0) == (b.max(0) > 0)).mean() > 0.9)
made, again, varied = load("made.keys", 41), load("again.keys", 41), load("varied.keys", 41)
print(all(map(same, made, again)), same(made[0], made[40]), not same(made[0], made[1]))
print(made[0].tobytes() != made[40].tobytes())
print(all(map(same, load("forgotten.keys", 20), load("time.keys", 20))), not all(map(same, made, varied)))
between, home = load("between.keys", 4), load("home.keys", 2)
three, four = load("time.keys", 1)[0], load("four.keys", 1)[0]
print(same(between[0], three), same(between[3], four), not np.array_equal(between[1], three), not np.array_equal(between[1], between[2]))
print(same(home[0], made[0]), same(home[1], four))
PY
)" "$(printf 'True True True\nTrue\nTrue True\nTrue True True True\nTrue True')" \
    "--like varies records in turn, between the record and a sample of its own; --from and --to are the ends of an interpolation"
fails 2 'gan-sample: --from and --to go together' "an interpolation without an end" gan-sample -m time.model --from 1
fails 2 'gan-sample: --from and --to exclude' "an interpolation and records" \
    gan-sample -m time.model --from 1 --to 2 --like train.keys
fails 1 'gan-sample: design: musigan does not encode' "a design whose encoder takes noise" gan-sample -m $model --like train.keys
fails 1 'gan-sample: nowhere: No such file' "a place that is neither seed nor file" \
    gan-sample -m time.model --from 1 --to nowhere
make_keys other.keys 2 1 4 25
fails 1 'gan-sample: other.keys: record 1 .*: keys=27-30, but the model has keys=27-31' "records of other keys" \
    gan-sample -m time.model --like other.keys

# Longer and shorter ones: a model of 0.4 s.
gan-sample -m time.model -n 20 -S 3 -s 0.4 | cmp -s - time.keys
ok $? "as long as the model's records: those"
gan-sample -m time.model -n 20 -S 3 -s 0.1 >short.keys
gan-sample -m time.model -n 9 -S 3 -s 6 >long.keys
ok $? "fifteen times as long"
OMP_NUM_THREADS=3 gan-sample -m time.model -n 9 -S 3 -s 6 | cmp -s - long.keys
ok $? "the same bytes with 3 threads"
gan-sample -m time.model -n 2 -S 3 -s 6 >two.keys
gan-sample -m time.model -n 9 -S 3 -s 2.5 >shorter.keys
gan-sample -m time.model -n 9 -S 3 -s 6 --best 2 >best.keys
is "$($python - <<'PY'
import re
import numpy as np
def load(name, count):
    with open(name, "rb") as f:
        return [np.load(f) for _ in range(count)]
x, short, long, two = load("time.keys", 20), load("short.keys", 20), load("long.keys", 9), load("two.keys", 2)
print(short[0].shape, all((a == b[:, :, :5]).all() for a, b in zip(short, x)))
print(long[0].shape, all(0 <= a.min() and a.max() <= 1 for a in long), len({a.tobytes() for a in long}))
same = lambda a, b: bool((np.abs(a - b) < 1e-5).mean() > 0.99)  # a last bit may open a gate
print(all((a == b).all() for a, b in zip(two, long)), (load("shorter.keys", 1)[0] == long[0][:, :, :125]).all(),
      all(same(a, b[:, :, :125]) for a, b in zip(load("shorter.keys", 9), long)))
for a in long:  # it goes on: no window is that before it, none is silent
    parts = [a[:, :, i:i + 60] for i in range(0, 300, 60)]
    assert all(p.any() for p in parts) and not any(same(p, q) for p, q in zip(parts, parts[1:])), a
scores = lambda name: [float(s) for s in re.findall(rb"score=(\S+)", open(name, "rb").read())]
print(scores("best.keys") == sorted(scores("long.keys"))[:-3:-1])
PY
)" "$(printf '(2, 5, 5) True\n(2, 5, 300) True 9\nTrue True True\nTrue')" \
    "-s cuts, or goes on; the same however many, and much the same however long; --best too"
for excluded in "--like train.keys" "--from 1 --to 2" "--noise noise3.npy"; do
    # shellcheck disable=SC2086 # several words
    fails 2 'gan-sample: --seconds excludes' "longer ones and ${excluded%% *}" gan-sample -m time.model -s 1 $excluded
done
fails 1 'gan-sample: design: musigan has no latents over time' "a design that has no time" gan-sample -m $model -s 1
fails 2 'gan-sample: .*seconds' "more than an hour" gan-sample -m time.model -s 3601

fails 2 'gan-sample: -m FILE' "no model" gan-sample
fails 1 'gan-sample: nowhere: No such file' "a model that is not there" gan-sample -m nowhere
fails 1 'gan-sample: noise.npy: fewer records|gan-sample: noise.npy: .*fewer' "less noise than samples" \
    gan-sample -m $model -n 5 --noise noise.npy
fails 1 'gan-sample: train.keys: .*shape \(2, 5, 20\) is not the noise' "other records as noise" \
    gan-sample -m $model --noise train.keys
fails 1 'gan-sample: train.keys: .*not a model' "keys for a model" gan-sample -m train.keys
fails 2 'gan-sample: .*best' "more best than samples" gan-sample -m $model -n 2 --best 3
fails 2 'gan-sample: .*exclude' "best and worst" gan-sample -m $model -n 5 --best 1 --worst 1
fails 2 'gan-sample: .*cuda' "no CUDA in this build" gan-sample -m $model -d cuda
size=$(stat -c %s $model)
for tenth in 1 2 3 4 5 6 7 8 9; do
    head -c $((size * tenth / 10)) $model >cut.model
    fails 1 'gan-sample: cut.model: ' "a model cut at $tenth tenths" gan-sample -m cut.model
done
$python -c '
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open("flipped.model", "wb").write(data)' $model
fails 1 'gan-sample: flipped.model: ' "one flipped bit" gan-sample -m flipped.model
fails 1 'gan-sample: .*No space left' "a full disk" bash -c 'exec gan-sample -m run.model -n 50 >/dev/full'
gan-sample -m $model -n 5000 | head -c 100 >/dev/null
is "${PIPESTATUS[0]}" 141 "a closed pipe ends it silently"
done_testing
