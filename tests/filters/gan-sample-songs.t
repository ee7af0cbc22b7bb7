#!/bin/bash
# gan-sample --after and --like: what follows a song, variations of songs of any length, and what they refuse.
. "$(dirname "$0")/../tap.sh"
. "$here/gan.sh"

# songs.py: `training` is music with a beat of 0.9 s, frames of 0.05 s, and three songs of it that the training
# does not have.
cat >songs.py <<'PY'
import os
import sys
sys.path.insert(0, os.environ["here"])
import numpy as np
from streams import end, record

FACTS = "kind=keys interval=0.05 keys=27-31 analysis=bands width=0.25st"


def song(seed, frames):
    """A beat of 18 frames: each key has its places in it, and leaves some of them out."""
    random = np.random.RandomState(seed)
    x = np.zeros((2, 5, frames), "<f4")
    for key in range(5):
        for place in random.choice(3, 1 + key % 2, False) * 6:
            for t in range(place, frames - 5, 18):
                if random.rand() < 0.9:
                    x[:, key, t:t + 5] = 0.05 * (0.5 + random.rand())
    return x


def write(name, *records):
    with open(name, "wb") as file:
        for array, facts in records:
            file.write(record(array, facts))
        file.write(end(len(records)))


write("train.keys", *[(np.stack([x[..., :40], x[..., 40:]]), FACTS + " source=song%d start=0" % i)
                      for i, x in ((i, song(i, 80)) for i in range(24))])
long = song(100, 210)
source = " source=some/folder/long.mp3"
write("long.keys", (long, FACTS + source))
write("again.keys", (song(100, 310)[..., 100:], FACTS + source))
write("one-part.keys", (long[None], FACTS + source))
parts = [(np.stack([long[..., a:a + 35], long[..., a + 35:a + 70]]), FACTS + source + " start=%g" % (a * 0.05))
         for a in (0, 70, 140)]
write("parts.keys", parts[2], parts[0], parts[1])
write("gap.keys", parts[2], parts[0])
write("gap-short.keys", (long[..., 180:], FACTS + source + " start=9"), parts[0])
write("other.keys", (song(101, 60), FACTS + " source=other.mp3"))
write("short.keys", (long[..., :39], FACTS + source))
write("silent.keys", (np.zeros((2, 5, 50), "<f4"), FACTS))
write("quiet-end.keys", (np.concatenate([long, 0 * long[..., :45]], -1), FACTS))
write("exact.keys", (long[..., -40:], FACTS))
write("half.keys", (long * np.float32(0.5), FACTS + source))
np.save("plain.npy", long)
for name, old, new in (("analysis", "bands", "harmonic"), ("width", "0.25st", "0.3st"), ("keys", "27-31", "28-32"),
                       ("interval", "0.05", "0.06")):
    write(name + ".keys", (long, FACTS), (long, FACTS.replace(name + "=" + old, name + "=" + new)))
    write("train-" + name + ".keys", *[(song(i, 40), FACTS if i < 2 else FACTS.replace(old, new)) for i in range(3)])
write("almost.keys", (long, FACTS.replace("0.05", "0.0501") + source))
write("fewer.keys", (long[:, :4], "kind=keys"))
PY
export here PYTHONDONTWRITEBYTECODE=1
$python songs.py
configure_time time.yaml 200 10 120
train time.yaml time
ok $? "a model of music with a beat"
model=time.model
facts()
{
    head -n 1 "$1" | grep -aoE " ($2)=[^ ]+" | tr -d '\n'
}
is "$(facts $model 'interval|keys|analysis|width')" " interval=0.05 keys=27-31 analysis=bands width=0.25st" \
    "which keeps how its keys were measured"

gan-sample -m $model --after long.keys -S 3 -n 5 >five.keys
ok $? "what follows a song"
is "$(facts five.keys 'analysis|width|source|start|seed|voice|release|floor|sharpen')" \
    " analysis=bands width=0.25st source=musigan%203-0%20after%20long.mp3 start=10.5 seed=3 voice=gaussian release=0.06" \
    "says where it comes from and how it is played"
for threads in 1 3; do
    OMP_NUM_THREADS=$threads gan-sample -m $model --after long.keys -S 3 -n 5 | cmp -s - five.keys
    ok $? "the same bytes with $threads threads"
done
for song in one-part parts almost; do
    gan-sample -m $model --after $song.keys -S 3 -n 5 | cmp -s - five.keys
    ok $? "the same bytes of $song.keys"
done
gan-sample -m $model --after long.keys -S 3 -n 2 >two.keys
gan-sample -m $model --after long.keys -S 4 -n 2 >four.keys
gan-sample -m $model --after long.keys -S 3 -n 2 -s 7 >seven.keys
gan-sample -m $model --after long.keys -S 3 -s 0.5 >half-second.keys
gan-sample -m $model --after half.keys -S 3 -n 5 >softer.keys
gan-sample -m $model --after other.keys -S 3 -n 5 >other-five.keys
gan-sample -m $model --after exact.keys -S 3 -n 2 >exact-two.keys
gan-sample -m $model --after gap.keys -S 3 -n 2 >gap-two.keys
gan-sample -m $model --after plain.npy -S 3 -n 5 >plain-five.keys
gan-sample -m $model --after long.keys -S 3 -n 60 --best 2 >best.keys
ok $? "of other lengths, other songs"
gan-sample -m $model --like long.keys -n 7 --amount 0 >reconstructed.keys
gan-sample -m $model --like exact.keys -n 1 --amount 0 >end.keys
is "$($python - <<'PY'
import numpy as np
def load(name):
    with open(name, "rb") as f:
        xs = []
        while f.peek(1):
            x = np.load(f)
            if x.size:
                xs.append(x)
        return xs
five, two, four, seven = load("five.keys"), load("two.keys"), load("four.keys"), load("seven.keys")
same = lambda a, b: bool((np.abs(a - b) < 1e-6).mean() > 0.99)  # a last bit may open a gate
print(five[0].shape, len({x.tobytes() for x in five}), all(x.any() for x in five))
print(all((a == b).all() for a, b in zip(two, five)), not any((a == b).all() for a, b in zip(four, five)))
print(seven[0].shape, all(same(a[..., :40], b) for a, b in zip(seven, five)),
      same(load("half-second.keys")[0], five[0][..., :10]), len(load("best.keys")))
print(all(same(2 * a, b) for a, b in zip(load("softer.keys"), five)),
      not any(same(a, b) for a, b in zip(load("other-five.keys"), five)),
      len(load("exact-two.keys")), len(load("gap-two.keys")),
      all((a == b).all() for a, b in zip(load("plain-five.keys"), five)))
again, end = load("reconstructed.keys"), load("end.keys")
# How they are played is drawn anew: the notes are the same.
alike = lambda a, b: bool(((a.max(0) > 0) == (b.max(0) > 0)).mean() > 0.95)
print(len(again), alike(again[0], again[6]), alike(again[5], end[0]), not any(map(alike, again[:5], again[1:6])))
PY
)" "$(printf '(2, 5, 40) 5 True\nTrue True\n(2, 5, 140) True True 2\nTrue True 2 2 True\n7 True True True')" \
    "each number goes on otherwise, the same however many and however long, at the song's loudness; a long song is \
varied in windows, the last of which ends with it"

# Joint and beat: songs that end in the midst of a note. What sounds first is what sounded last, more than in other
# songs, and the keys come at their places in the song's beat.
is "$($python - <<'PY'
import io
import subprocess
import sys
import numpy as np
sys.path.insert(0, ".")
sys.argv = ["songs.py"]
from songs import FACTS, song, write
def load(*options):
    out = subprocess.run(["gan-sample", "-m", "time.model", *options], capture_output=True).stdout
    f, xs = io.BytesIO(out), []
    while f.tell() < len(out):
        x = np.load(f)
        if x.size:
            xs.append(x)
    return xs
ends, firsts, beats, places = [], [], [], []
for seed in range(200, 212):
    x = song(seed, 216)
    sounds = x.any((0, 1))
    end = next(t for t in range(180, 216) if sounds[t - 2] and not sounds[t - 3])  # in the midst of a note
    x = x[..., end - 180:end]
    write("x.keys", (x, FACTS))
    after = load("--after", "x.keys", "-n", "8", "-s", "3.6")
    ends.append(x[..., -1].mean(0))
    firsts.append(np.mean([y[..., :2].mean((0, 2)) for y in after], 0))
    fold = lambda y: y.mean(0).reshape(5, -1, 18).mean(1)
    places.append(fold(x)), beats.append(np.mean([fold(y) for y in after], 0))
def own(a, b):
    d = [[np.corrcoef(x.ravel(), y.ravel())[0, 1] for y in b] for x in a]
    d = np.nan_to_num(np.array(d))
    return np.diag(d).mean(), (d.sum() - np.trace(d)) / (d.size - len(d))
join, beat = own(ends, firsts), own(places, beats)
print(join[0] > join[1] + 0.3, beat[0] > beat[1] + 0.3)
print("# joint %.2f, others %.2f; beat %.2f, others %.2f" % (*join, *beat), file=sys.stderr)
PY
)" "True True" "it joins the song's end, and its beat goes on"

fails 1 'gan-sample: short.keys: only 39 frames follow one another .* needs 40, 2 s' "a song that is too short" \
    gan-sample -m $model --after short.keys
fails 1 'gan-sample: gap-short.keys: only 30 frames follow' "a song whose end stands alone" gan-sample -m $model --after gap-short.keys
fails 1 "gan-sample: silent.keys: nothing sounds in the song's last 2 s" "silence" gan-sample -m $model --after silent.keys
fails 1 "gan-sample: quiet-end.keys: nothing sounds" "a silent end" gan-sample -m $model --after quiet-end.keys
cat long.keys other.keys >both.keys
fails 1 'gan-sample: both.keys: record 2 .*: of other.mp3, but the records before are of .*long.mp3' "two songs" \
    gan-sample -m $model --after both.keys
for option in --after --like; do
    fails 1 'gan-sample: analysis.keys: record 2 .*: analysis=harmonic, but the model has analysis=bands' \
        "another analysis, $option" gan-sample -m $model $option analysis.keys
    fails 1 'width.keys: record 2 .*: width=0.3st, but the model has width=0.25st' "another width, $option" \
        gan-sample -m $model $option width.keys
    fails 1 'keys.keys: record 2 .*: keys=28-32, but the model has keys=27-31' "other keys, $option" \
        gan-sample -m $model $option keys.keys
    fails 1 'interval.keys: record 2 .*: interval=0.06, but' "other frames, $option" gan-sample -m $model $option interval.keys
    fails 1 'fewer.keys: record 1 .*: shape \(2, 4, 210\): the model has 5 keys' "fewer keys, $option" \
        gan-sample -m $model $option fewer.keys
    fails 1 "$model: .*kind=config, not keys" "a model for a song, $option" gan-sample -m $model $option $model
    head -c 3000 long.keys >cut.keys
    fails 1 'cut.keys: record 1' "a song cut short, $option" gan-sample -m $model $option cut.keys
    fails 1 'nowhere: No such file' "a song that is not there, $option" gan-sample -m $model $option nowhere
done
fails 1 'short.keys: record 1 .*: 39 frames: the model needs 40, 2 s' "a record that is too short to vary" \
    gan-sample -m $model --like short.keys
gan-sample -m $model --like quiet-end.keys >varied.keys 2>remark
is "$(cat remark)" "gan-sample: quiet-end.keys: 1 silent stretches of 40 frames left out" "silence that is not varied is said"
for excluded in "--like long.keys" "--from 1 --to 2" "--noise plain.npy"; do
    # shellcheck disable=SC2086 # several words
    fails 2 'gan-sample: --after excludes' "--after and ${excluded%% *}" gan-sample -m $model --after long.keys $excluded
done
for name in analysis width keys interval; do
    fails 1 "gan-train: train-$name.keys: record 3 .*: $name=.*, but the records before have $name=" \
        "training records that differ in $name" gan-train -q -c time.yaml -o no train-$name.keys
done

configure musigan.yaml -e 's/seq_len: 100/seq_len: 200/'
train musigan.yaml musigan
fails 1 'gan-sample: design: musigan does not encode records: --after needs design: time' "a design without a prior" \
    gan-sample -m musigan.model --after long.keys
gan-sample -m musigan.model >sample.keys
is "$(facts sample.keys 'source|voice|release|floor|sharpen')" \
    " source=musigan%201-0 voice=gaussian release=0.1 floor=0.2 sharpen=1" "which plays otherwise"
done_testing
