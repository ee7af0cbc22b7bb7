#!/bin/bash
# keys-baseline: what each way keeps of the training set and what it loses, seeds, shapes, and what it refuses.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here:$root/tests/reference PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io
import subprocess

import music
import numpy as np
from streams import Tap, end, record, run

tap = Tap()
FACTS = "kind=keys keys=27-59 interval=0.02"
WAYS = ["--noise", "--independent", "--shuffle", "--markov-key", "--markov-frame", "--markov-frame --looped",
        "--markov-frame --bars"]


def stream(arrays, facts=FACTS):
    return b"".join(record(np.asarray(a, "<f4"), facts) for a in arrays) + end(len(arrays))


def make(way, data, *options):
    got = run(["keys-baseline", *way.split(), *options], data)
    if got.returncode or got.stderr:
        print("#", got)
        return np.full((1, 2, 33, 500), np.nan)
    file, arrays = io.BytesIO(got.stdout), []
    while file.tell() < len(got.stdout):
        arrays.append(np.load(file))
    return np.array(arrays[:-1])


def states(keys):
    """(frames): the keys that sound, as one number each, where the largest loudness of the source is 1."""
    on = keys.mean(0) > 0.1
    return (on * 2.0 ** np.arange(len(on))[:, None]).sum(0)


def frames(keys):
    """The set of its frames."""
    return {column.tobytes() for column in np.moveaxis(keys, 2, 0)}


songs = [music.piece(seed) for seed in range(1, 13)]
scaled = [song / song.max() for song in songs]
data = stream(songs)
ours = set().union(*map(frames, scaled))
steps = {step for song in map(states, scaled) for step in zip(song, song[1:])}
ends = {states(song)[-1] for song in scaled}

made = {way: make(way, data, "-n", "40") for way in WAYS}
for way in WAYS:
    tap.ok(made[way].shape == (40, 2, 33, 500) and made[way].min() >= 0 and 0.5 < made[way].max() <= 1 and
           len({record.tobytes() for record in made[way]}) > 11, f"{way}: different records of the shape of the set's")
    tap.ok((make(way, data, "-n", "3") == made[way][:3]).all() and (make(way, data, "-n", "3", "-S", "2") !=
           made[way][:3]).any(), f"{way}: the seed decides, whatever -n")

# Noise: even, and without any order.
noise = made["--noise"]
tap.ok(abs(noise.mean() - 0.5) < 2e-3 and abs(noise.var() - 1 / 12) < 1e-3, "noise is even", noise.mean())
tap.ok(abs(np.corrcoef(noise[..., 1:].ravel(), noise[..., :-1].ravel())[0, 1]) < 5e-3, "... and white")

# How often a key sounds stays the same, but for chance; which keys go together is kept by what takes whole frames.
often = np.mean([song > 0 for song in scaled], (0, 1, 3))
for way in ("--independent", "--markov-key", "--markov-frame"):
    there = (made[way] > 0).mean((0, 1, 3))
    tap.ok(abs(there - often).max() < (0.005 if way == "--independent" else 0.06), f"{way}: how often a key sounds",
           abs(there - often).max())
for way in WAYS[2:3] + WAYS[4:]:
    tap.ok(all(frames(keys) <= ours for keys in made[way]), f"{way}: every frame is one of the set's")
for way in ("--independent", "--markov-key"):
    tap.ok(not frames(made[way][0]) <= ours, f"{way}: chords that are not in the set")
tap.ok(all(any(frames(keys) == frames(song) for song in scaled) for keys in made["--shuffle"]) and
       not any((keys == song).all() for keys in made["--shuffle"] for song in scaled), "shuffled records are records")

# Chains go from one state to the next as the set does.
for way in ("--markov-frame", "--markov-frame --looped"):
    strange = [step for keys in made[way] for step in zip(states(keys), states(keys)[1:])
               if step not in steps and step[0] not in ends]
    tap.ok(not strange, f"{way}: only steps that the set has", strange[:3])
walk = np.zeros((2, 33, 6))
for t, key in enumerate([0, 1, 2, 0, 1, 2]):
    walk[:, key, t] = t + 1
walked = make("--markov-frame", stream([walk]), "-n", "50").argmax(2)[:, 0]
tap.ok(walked.shape == (50, 6) and (np.diff(walked) % 3 == 1).all(), "a set with one way to go", walked[:2])
long = [np.repeat(walk, 100, 2)]
turns = [(np.diff(states(keys)) != 0).sum() for keys in make("--markov-frame", stream(long), "-n", "100")]
tap.ok(4.2 < np.mean(turns) < 7.2, "states last as long as in the set: six turns in 600 frames", np.mean(turns))
def stay(records):
    """How often a key that sounds sounds on."""
    on = np.array(records).mean(1) > 0.1
    return (on[..., 1:] & on[..., :-1]).sum() / on[..., :-1].sum()


tap.ok(abs(stay(made["--markov-key"]) - stay(scaled)) < 0.01 < stay(scaled) - stay(made["--independent"]),
       "--markov-key: notes last as long as in the set", [stay(made["--markov-key"]), stay(scaled)])


# What comes again.
def pulse(way):
    return np.mean([music.features(keys)[7] for keys in made[way]])


def again(keys):
    """The largest share of frames that are those of a bar before."""
    return max((keys[..., period:] == keys[..., :-period]).all((0, 1)).mean() for period in range(15, 96))


tap.ok(np.mean([again(k) for k in made["--markov-frame --bars"]]) >
       np.mean([again(k) for k in made["--markov-frame"]]) + 0.2, "--bars come again")
tap.ok(pulse("--markov-frame --bars") > pulse("--markov-frame --looped") > pulse("--markov-frame"),
       "loops and bars have more of a pulse", [pulse(way) for way in WAYS[4:]])

# Shapes, levels, facts.
pairs = stream([np.stack(songs[i:i + 2]) for i in range(0, 12, 2)])
tap.ok((make("--markov-frame", pairs, "-n", "3") == made["--markov-frame"][:3]).all(), "a pair counts as two")
mono = make("--markov-frame", stream([song[0] for song in songs]), "-n", "2")
tap.ok(mono.shape == (2, 33, 500), "mono stays mono")
tap.ok((make("--shuffle", stream([4 * song for song in songs]), "-n", "5") == made["--shuffle"][:5]).all(),
       "loud records are not louder")
silent = make("--markov-frame", stream([0 * songs[0]]))
tap.ok(silent.shape == (1, 2, 33, 500) and not silent.any(), "silence makes silence")
single = make("--markov-frame", stream([song[..., :1] for song in songs]), "-n", "4")
tap.ok(single.shape == (4, 2, 33, 1), "records of one frame")
head = run(["keys-baseline", "--noise", "-k", "40-43", "-i", "0.05"], record(songs[0][:, :4])).stdout.split(b"\n")[0]
tap.ok({b"kind=keys", b"keys=40-43", b"interval=0.05", b"seed=1"} <= set(head.split()), "facts; -k and -i", head)

# Beats: records have tempi of the set, begin on a beat of it, and repeat whole beats.
tempi = [(20 + i) / 1000 for i in range(12)]


def on_beats(beats, intervals):
    """The songs as a set whose records state these facts."""
    return b"".join(record(song.astype("<f4"), "kind=keys keys=27-59 beat=%d interval=%g" % facts)
                    for song, facts in zip(songs, zip(beats, intervals))) + end(12)


beaten = on_beats([25] * 12, tempi)
for way in WAYS:
    lines = [line.split() for line in run(["keys-baseline", *way.split(), "-n", "40"], beaten).stdout.split(b"\n")
             if b"kind=keys" in line]
    found = [float(fact[9:]) for line in lines for fact in line if fact.startswith(b"interval=")]
    tap.ok(len(found) == 40 and set(found) <= set(tempi) and len(set(found)) > 8 and
           all(b"beat=25" in line for line in lines), f"{way}: tempi of the set", found)
    made[way] = make(way, beaten, "-n", "40")
    if way == "--shuffle":
        whose = [next(i for i, song in enumerate(scaled) if frames(keys) == frames(song)) for keys in made[way]]
        tap.ok(found == [tempi[i] for i in whose], "a shuffled record has its own tempo", (found, whose))
starts = {song[..., t].astype("<f4").tobytes() for song in (s.astype("<f4") / s.astype("<f4").max() for s in songs)
          for t in range(0, 500, 25)}
for way in WAYS[4:]:
    tap.ok(all(keys[..., 0].astype("<f4").tobytes() in starts for keys in made[way]), f"{way}: begins on a beat")


def share(keys, period):
    return (keys[..., period:] == keys[..., :-period]).all((0, 1)).mean()


periods = [max(range(20, 240), key=lambda period: share(keys, period)) for keys in made["--markov-frame --bars"]
           if max(share(keys, period) for period in range(20, 240)) > 0.6]
tap.ok(len(periods) > 5 and set(periods) <= {50, 100, 200}, "bars of 2, 4 or 8 beats", periods)
for name, data_, wanted in [
        ("beats after none", record(songs[0].astype("<f4"), FACTS) + beaten, "record 2"),
        ("another beat", on_beats([25] * 11 + [20], tempi), "beats of 20 frames, but the records before have 25"),
        ("no beat after beats", beaten[:beaten.rfind(b"\x93NUMPY")] + record(songs[0].astype("<f4"), FACTS) + end(13),
         "beats of 0 frames, but the records before have 25")]:
    tap.refused(name, data_, wanted, ("keys-baseline", "--shuffle"))

# What it refuses.
for name, text, wanted in [
        ("NaN", stream([np.full((2, 33, 5), np.nan)]), "value 1 is nan"),
        ("a wave", stream(songs, "kind=wave"), "kind=wave, not keys"),
        ("other lengths", stream([songs[0], songs[1][..., :400]]), "record 2 at byte"),
        ("mono after stereo", stream([songs[0], songs[1][0]]), "1 channels, but the records before have 2"),
        ("no end", record(songs[0], FACTS), "end record is missing"),
        ("no records", end(0), "standard input: no records"),
        ("nothing", b"", "empty")]:
    tap.refused(name, text, wanted, ("keys-baseline", "--shuffle"))
for options in ("", "--noise --shuffle", "--noise --looped", "--markov-key --bars", "--markov-frame --bars --looped",
                "--noise -n 0", "--noise -k 5", "--noise -i 0"):
    tap.refused("usage: " + options, data, "keys-baseline: ", ("keys-baseline", *options.split()), 2)
open("songs", "wb").write(data)
got = subprocess.run("keys-baseline --noise -n 20 songs | head -c 100 | wc -c; echo ${PIPESTATUS[0]}", shell=True,
                     executable="/bin/bash", capture_output=True)
tap.ok(got.stdout.split() == [b"100", b"141"] and not got.stderr, "a closed pipe ends it silently", got)
tap.done()
PYTHON
