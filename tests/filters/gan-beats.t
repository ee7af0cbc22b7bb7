#!/bin/bash
# gan-train and gan-sample on the beat clock: songs of several tempi, whose keys state their beat.
. "$(dirname "$0")/../tap.sh"
. "$here/gan.sh"

# songs.py: music of beats of 12 frames, 4 of which are a record of 48; each song has its own interval.
cat >songs.py <<'PY'
import os
import sys
sys.path.insert(0, os.environ["here"])
import numpy as np
from streams import end, record

FACTS = "kind=keys keys=27-31 drums=3"
INTERVALS = (0.02, 0.025, 0.03, 0.04)


def song(seed, frames):
    """A key a beat, or two, for a third of it, and a drum on each beat."""
    random = np.random.RandomState(seed)
    x = np.zeros((2, 8, frames), "<f4")
    melody = [random.choice(5, 1 + random.randint(2), False) for _ in range(4)]
    for beat in range((frames + 11) // 12):
        x[:, melody[beat % 4], beat * 12:beat * 12 + 4] = 0.3 + 0.2 * random.rand()
        x[:, 5, beat * 12:beat * 12 + 2] = 0.5
    return x


def facts(seed, beat=12, start=0):
    interval = INTERVALS[seed % 4]
    return FACTS + " beat=%d interval=%g source=song%d start=%g" % (beat, interval, seed, start * interval)


def write(name, *records):
    with open(name, "wb") as file:
        for array, text in records:
            file.write(record(array, text))
        file.write(end(len(records)))


songs = [(i, song(i, 96)) for i in range(16)]
write("train.keys", *[(x[..., a:a + 48], facts(i, start=a)) for i, x in songs for a in (0, 48)])
long = song(102, 156)  # of 0.03 s a frame: 13 beats
write("long.keys", (long, facts(102)))
write("five-more.keys", (np.concatenate([long, long[..., :5]], -1), facts(102)))
write("parts.keys", (long[..., :96], facts(102)), (long[..., 96:], facts(102, start=96)))
write("fast.keys", (song(100, 48), facts(100)))
write("slow.keys", (song(103, 48), facts(103)))
write("varied.keys", (song(100, 48), facts(100)), (song(103, 48), facts(103)))
plain = FACTS + " interval=0.02 source=plain"
write("plain.keys", (long, plain))
write("mixed.keys", (long[..., :48], facts(1)), (long[..., :48], plain))
write("other-beat.keys", (long[..., :48], facts(1, beat=16)))
write("uneven.keys", *[(x[..., :48], facts(i, beat=36)) for i, x in songs])
write("no-interval.keys", (long[..., :48], FACTS + " beat=12"))
write("half-frames.keys", (long[..., :48], FACTS + " beat=2.5 interval=0.02"))
write("backwards.keys", (long[..., :48], FACTS + " beat=-12 interval=0.02"))
write("unstated.keys", (long[..., :48], facts(1)), (long[..., :48], FACTS))
write("standing.keys", (long[..., :48], facts(1).replace("interval=0.025", "interval=0")))
PY
export here PYTHONDONTWRITEBYTECODE=1
$python songs.py
configure_time time.yaml 384 12 60
train time.yaml time
ok $? "a model of music in four tempi"
model=time.model
facts()
{
    head -n 1 "$1" | grep -aoE " ($2)=[^ ]+" | tr -d '\n'
}
is "$(facts $model 'interval|beat|keys|drums')" " beat=12 keys=27-31 drums=3" "which keeps the beat and no interval"

gan-sample -m $model -n 40 >forty.keys
gan-sample -m $model -n 3 >three.keys
gan-sample -m $model -n 3 -s 4 >four-seconds.keys
gan-sample -m $model -n 3 -s 0.5 >half-second.keys
gan-sample -m $model -n 2 --after long.keys >after.keys
gan-sample -m $model -n 2 --after long.keys -s 3 >three-seconds.keys
gan-sample -m $model -n 4 --like varied.keys --amount 0.1 >like.keys
gan-sample -m $model -n 4 --like long.keys --amount 0 >windows.keys
gan-sample -m $model -n 3 --from fast.keys --to slow.keys >walk.keys
gan-sample -m $model -n 2 --from 1 --to slow.keys >from-seed.keys
is "$($python - <<'PY'
import re
import numpy as np
def load(name):
    out = []
    with open(name, "rb") as f:
        while f.peek(1):
            head = f.peek(400)[:400]
            x = np.load(f)
            if x.size:
                text = head.split(b"\n")[0].decode("latin1")
                out.append((x, float(re.search(r" interval=([^ ]+)", text)[1]), " beat=12 " in text + " "))
    return out
forty, three = load("forty.keys"), load("three.keys")
intervals = [i for _, i, _ in forty]
print(forty[0][0].shape, all(b for *_, b in forty), min(intervals) >= 0.02 - 1e-8, max(intervals) <= 0.04 + 1e-8,
      min(intervals) < 0.022, max(intervals) > 0.038)
print(all((a[0] == b[0]).all() and a[1] == b[1] for a, b in zip(three, forty)))
# Onsets keep the beat: most of what begins begins where a beat does.
begins = sum(np.diff((x.max(0) > 0).astype(int), axis=1, prepend=0).clip(0).sum(0).reshape(4, 12).sum(0) for x, *_ in forty)
print(begins[0] + begins[1] + begins[11] > 0.6 * begins.sum())
lengths = [x.shape[-1] * i for x, i, _ in load("four-seconds.keys")]
print(all(abs(s - 4) <= 0.02 for s in lengths), [i for _, i, _ in load("four-seconds.keys")] == intervals[:3])
print([round(x.shape[-1] * i, 1) for x, i, _ in load("half-second.keys")])
after, seconds = load("after.keys"), load("three-seconds.keys")
print(after[0][0].shape[-1], after[0][1], seconds[0][0].shape[-1], seconds[0][1])
print([i for _, i, _ in load("like.keys")], [i for _, i, _ in load("windows.keys")])
print([i for _, i, _ in load("walk.keys")], [i for _, i, _ in load("from-seed.keys")] == [intervals[0], 0.04])
PY
)" "(2, 8, 48) True True True True True
True
True
True True
[0.5, 0.5, 0.5]
48 0.03 100 0.03
[0.02, 0.04, 0.02, 0.04] [0.03, 0.03, 0.03, 0.03]
[0.02, 0.02828427125, 0.04] True" "samples have tempi of the songs, the same in any number; seconds are those of each tempo; \
what follows a song, and what is like one, has its tempo; between two songs the tempo goes over"

gan-sample -m $model -n 2 --after parts.keys | cmp -s - after.keys
ok $? "the same after the song in parts"
gan-sample -m $model -n 2 --after five-more.keys | cmp -s - after.keys
ok $? "what goes on begins on a beat: the song ends with its last whole one"
for threads in 1 3; do
    OMP_NUM_THREADS=$threads gan-sample -m $model -n 40 | cmp -s - forty.keys
    ok $? "the same bytes with $threads threads"
done

fails 1 'gan-train: mixed.keys: record 2 .*: no beat, but the records before have beat=12' "songs without a beat among others" \
    gan-train -q -c time.yaml -o no mixed.keys
fails 1 'gan-train: standing.keys: record 1 .*: interval=0 is not above 0 s' "a clock that stands" \
    gan-train -q -c time.yaml -o no standing.keys
fails 1 'gan-train: no-interval.keys: record 1 .*: no interval' "a beat without a tempo" gan-train -q -c time.yaml -o no no-interval.keys
fails 1 'gan-train: unstated.keys: record 2 .*: no interval' "... among others" gan-train -q -c time.yaml -o no unstated.keys
fails 1 'gan-train: half-frames.keys: record 1 .*: beat=2.5 is not a number of frames' "a beat between frames" \
    gan-train -q -c time.yaml -o no half-frames.keys
fails 1 'gan-train: backwards.keys: record 1 .*: beat=-12 is not a number of frames' "a beat before the first" \
    gan-train -q -c time.yaml -o no backwards.keys
fails 1 'gan-train: uneven.keys: record 1 .*: 48 frames are not whole beats of 36' "a record that ends within a beat" \
    gan-train -q -c time.yaml -o no uneven.keys
sed 's/latent_seq_len: 12/latent_seq_len: 6/' time.yaml >long-latents.yaml
fails 1 'gan-train: latent_seq_len: 6 latents of 8 frames each are no whole beats of 12 frames' \
    "latents that do not follow the beat" gan-train -q -c long-latents.yaml -o no train.keys
configure musigan.yaml -e 's/seq_len: 100/seq_len: 384/'
fails 1 'gan-train: design: musigan knows no tempo: records with a beat of 12 frames need design: time' \
    "the described design" gan-train -q -c musigan.yaml -o no train.keys
for option in --after --like; do
    fails 1 'gan-sample: plain.keys: record 1 .*: no beat, but the model has beat=12' "a song without a beat, $option" \
        gan-sample -m $model $option plain.keys
    fails 1 'gan-sample: other-beat.keys: record 1 .*: beat=16, but the model has beat=12' "another beat, $option" \
        gan-sample -m $model $option other-beat.keys
done
done_testing
