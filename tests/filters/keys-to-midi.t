#!/bin/bash
# keys-to-midi: the notes as another library reads them, the rules that make notes of loudness, and everything that is
# no keys.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io
import os
import shutil
import subprocess

import mido
import numpy as np
from streams import Tap, end, record, run

tap = Tap()


def convert(keys, *options, facts="kind=keys"):
    got = run(["keys-to-midi", *options], record(np.asarray(keys, "<f4"), facts) + end(1))
    if got.returncode or got.stderr:
        raise SystemExit("# %s" % got.stderr)
    return mido.MidiFile(file=io.BytesIO(got.stdout))


def notes(midi, interval=0.02):
    """[(first frame, last + 1, MIDI number, velocity, channel)]; fails where a time is between two frames."""
    found, tempo = [], next(m.tempo for m in midi.tracks[0] if m.type == "set_tempo")
    for track in midi.tracks:
        ticks, sounding = 0, {}
        for message in track:
            ticks += message.time
            at = mido.tick2second(ticks, midi.ticks_per_beat, tempo) / interval
            if message.type == "note_on":
                assert (message.channel, message.note) not in sounding and message.velocity > 0
                sounding[message.channel, message.note] = at, message.velocity
            elif message.type == "note_off":
                start, velocity = sounding.pop((message.channel, message.note))
                assert max(abs(start - round(start)), abs(at - round(at))) < 1e-6 * max(1, at), (start, at)
                found.append((round(start), round(at), message.note, velocity, message.channel))
        assert not sounding
    return sorted(found)


def line(*values):
    """Both channels of 33 keys; key 40, number 60, has these values."""
    keys = np.zeros((2, 33, len(values)), "<f4")
    keys[:, 13] = values
    return keys


# Notes: places, numbers, velocities.
keys = np.zeros((2, 33, 500), "<f4")
keys[:, 0, 10:20] = 1
keys[:, 32, 15:500] = 0.25
keys[:, 13, 0:3] = 0.5
want = [(0, 3, 60, 90, 0), (10, 20, 47, 127, 0), (15, 500, 79, 64, 0)]
midi = convert(keys)
tap.ok(notes(midi) == want, "places, numbers and velocities", notes(midi))
tap.ok(midi.type == 1 and len(midi.tracks) == 2 and abs(midi.length - 10) < 1e-9, "format 1, as long as the keys")
tap.ok(midi.ticks_per_beat == 5000, "a frame is 200 ticks exactly")
tap.ok([m.dict() for m in midi.tracks[1][:2]] ==
       [mido.Message("program_change", program=0).dict(), mido.Message("control_change", control=10, value=64).dict()],
       "a piano in the middle")
tap.ok(convert(keys, "-p", "19").tracks[1][0].program == 19, "-p")
tap.ok(notes(convert(keys * 1e-6)) == want, "loudness counts relative to the record's largest")
tap.ok(notes(convert(keys[0])) == want, "mono")
tap.ok(notes(convert(np.stack([keys[:, :, :250], keys[:, :, 250:]]))) == want, "the chunks of a pair follow one another")
tap.ok(notes(convert(keys[:, :1], facts="kind=keys keys=88-88"))[0][2] == 108, "the record's keys")
tap.ok(notes(convert(keys[:, :1], "-k", "1-1"))[0][2] == 21, "-k where it has none")
for interval in (0.01, 0.02004535147, 0.0001, 1 / 3, 0.5, 10):
    midi = convert(keys[:, :, :30], "--gap", "0", "--shortest", "0", facts="kind=keys interval=%.10g" % interval)
    tap.ok(len(notes(midi, interval)) == 3 and abs(midi.length / (30 * interval) - 1) < 2e-6,
           "an interval of %g s: every note is in its place" % interval, midi.length)
tap.ok(notes(convert(keys, "-i", "0.5"), 0.5) == want, "-i")
long = np.zeros((30000, 2), "<f4")
long[[0, 1, 2, -3, -2, -1]] = 1
tap.ok(notes(convert(long.T, facts="kind=keys keys=1-2 interval=1"), 1)[2:] ==
       [(29997, 30000, 21, 127, 0), (29997, 30000, 22, 127, 0)], "after a pause of hours")

# When a note begins, goes on and ends.
wobble = [0, 1, 1, 0.07, 0.06, 0.2, 0.06, 0.09, 0.07, 0.06, 0, 0, 0]
for values, options, spans, name in [
        (wobble, [], [(1, 10)], "what stays above --off is one note"),
        (wobble, ["--off", "0.1", "--gap", "0", "--shortest", "0"], [(1, 3), (5, 6)], "... and without hysteresis two"),
        ([0, 1, 1, 1, 0, 0, 1, 1, 1], [], [(1, 9)], "a pause of 40 ms is none"),
        ([0, 1, 1, 1, 0, 0, 0, 1, 1, 1], [], [(1, 4), (7, 10)], "one of 60 ms is one"),
        ([0, 1, 1, 1, 0, 1, 1, 1], ["--gap", "0"], [(1, 4), (5, 8)], "--gap 0"),
        ([0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1], ["--gap", "0.08"], [(1, 11)], "--gap"),
        ([1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1], [], [(9, 12)], "less than 60 ms is no note"),
        ([1, 0, 0, 0, 1, 1, 0], ["--shortest", "0"], [(0, 1), (4, 6)], "--shortest 0"),
        ([1, 1, 1, 0, 0, 0, 0.09, 0.09, 0.09], [], [(0, 3)], "below --on nothing begins"),
        ([1, 1, 1, 0, 0, 0, 0.09, 0.09, 0.09], ["--on", "0.09"], [(0, 3), (6, 9)], "--on"),
        ([*[0.4] * 6, 0.7, 0.7, 0.7], [], [(0, 6), (6, 9)], "what becomes louder by half is struck again"),
        ([*[0.4] * 5, 0.7, 0.7, 0.7], [], [(0, 8)], "... but not before 120 ms"),
        ([*[0.5] * 6, 0.7, 0.7, 0.7], [], [(0, 9)], "what becomes louder by less is not"),
        ([*[0.5] * 6, 0.6, 0.7, 0.8, 0.8, 0.8], [], [(0, 8), (8, 11)], "within 60 ms"),
        ([*[0.5] * 6, 0.6, 0.65, 0.7, 0.8, 0.8, 0.8], [], [(0, 12)], "... not in 80"),
        ([*[0.4] * 6, 0.7, 0.7, 0.7], ["--again", "2"], [(0, 9)], "--again"),
        ([*[0.01] * 6, 0.7, 0.7, 0.7, *[0.01] * 6, 1, 1, 1], ["--again", "0", "--on", "0.01", "--off", "0.01"], [(0, 18)],
         "--again 0"),
        ([*[0.04] * 6, *[0.06] * 6, 1, 1, 1], ["--again", "1.2", "--on", "0.1", "--off", "0.02"], [(12, 15)],
         "below --on nothing is struck"),
        ([1, 1, 1, 0, 0], [], [(0, 3)], "what follows the last sound is silent"),
        ([-1, -1, 0.1, 0.1, 0.1], [], [(2, 5)], "below 0 is silent")]:
    got = [note[:2] for note in notes(convert(line(*values), *options))]
    tap.ok(got == spans, name, got)
tap.ok([n[3] for n in notes(convert(line(0.25, 1, 0.5, 0, 0, 0, 0.125, 0.25, 0.1)))] == [127, 64],
       "the velocity is that of the loudest frame")
tap.ok(notes(convert(line(0, 0, 0))) == [] and notes(convert(0 * keys[:, :, :1])) == [], "silence is a song without notes")

tap.ok(notes(convert(line(*[0.4] * 20, 0.9, 0.9, 0.9, *[0.5] * 20), "--floor", "0.6")) == [(20, 23, 60, 127, 0)] and
       notes(convert(line(0.4, 0.9, 0.6), "--floor", "1")) == [], "--floor")
lifted = line(*[0.4] * 20, 0.9, 0.9, 0.9, *[0.5] * 20)
tap.ok(notes(convert(lifted, facts="kind=keys floor=0.6")) == [(20, 23, 60, 127, 0)] and
       notes(convert(lifted, "--floor", "0", facts="kind=keys floor=0.6")) == notes(convert(lifted)),
       "the record's floor, unless --floor is given")

# Both channels.
sides = 0 * keys
sides[0, 0, :10], sides[1, 32, 20:30] = 0.8, 0.2
tap.ok([n[2:] for n in notes(convert(sides))] == [(47, 127, 0), (79, 64, 0)], "mixed: one instrument")
both = np.stack([keys[0], 0.5 * keys[0]])
tap.ok(notes(convert(both)) == want, "... that the same balance everywhere does not change")
apart = np.stack([line(1, 1, 1)[0], line(0, 0, 0)[0]])
apart[:, 20] = 1
tap.ok([n[3] for n in notes(convert(apart))] == [107, 127], "... by the root of the mean power")
split = convert(both, "--stereo", "split")
tap.ok([n for n in notes(split) if n[4] == 0] == want and
       [n[3] for n in notes(split) if n[4] == 1] == [64, 90, 45], "split: each its notes, at its loudness", notes(split))
tap.ok([track[1].value for track in split.tracks[1:]] == [0, 127] and len(split.tracks) == 3, "... left and right")
tap.ok(len(convert(keys[0], "--stereo", "split").tracks) == 2, "mono has nothing to split")

# What it says.
text = convert(keys, facts="kind=keys source=My%20Music/F%C3%BCr%20Elise.mp3 seed=7 score=0.5").tracks[0]
tap.ok([m.name.encode("latin1").decode() for m in text if m.type == "track_name"] == ["Für Elise"], "the title", text)
tap.ok([m.text for m in text if m.type == "text"] == ["made by MusiGAN, seed 7, score 0.5"], "the comment")

# Random music against a plain reading of the rules.
random = np.random.default_rng(1)
music = (random.random((33, 700)) * (random.random((33, 700)) < 0.6)).astype("<f4")
want = []
for k, row in enumerate(music / music.max()):
    start, last = None, None
    for t, value in enumerate(list(row) + [0] * 9):
        least = min([v for v in row[max(0, t - 3):t] if v >= np.float32(0.2)] or [np.inf])
        if start is not None and t - start >= 6 and value >= 0.7 and value >= 1.5 * least and \
                value > row[t - 1] and t - last <= 3:
            if last + 1 - start >= 4:
                want.append((start, last + 1, 47 + k, round(127 * float(row[start:last + 1].max()) ** 0.5), 0))
            start = last = t
        elif start is None and value >= 0.7:
            start = last = t
        elif start is not None and value >= 0.2:
            last = t
        elif start is not None and t - last > 2:
            if last + 1 - start >= 4:
                want.append((start, last + 1, 47 + k, round(127 * float(row[start:last + 1].max()) ** 0.5), 0))
            start = None
got = notes(convert(music, "--on", "0.7", "--off", "0.2", "--gap", "0.04", "--shortest", "0.08"))
tap.ok(len(want) > 100 and got == sorted(want), "random loudness: the rules", (len(got), len(want)))
back = run(["midi-to-keys", "--as", "song"],
           run(["keys-to-midi", "--gap", "0", "--shortest", "0", "--on", "1e-6", "--off", "1e-6"],
               record(music, "kind=keys") + end(1)).stdout).stdout
back = np.load(io.BytesIO(back))
tap.ok(back.shape == (2, 33, 700) and ((back[0] > 0) == (music > 0)).all(), "keys to MIDI to keys: every cell")

# Files: one, numbered, and what leaves none.
good = record(keys, "kind=keys")
open("one", "wb").write(good + end(1))
open("three", "wb").write(good * 3 + end(3))
alone = run(["keys-to-midi", "one"]).stdout
tap.ok(run(["file", "-b", "-"], alone).stdout == b"Standard MIDI data (format 1) using 2 tracks at 1/5000\n", "file(1)")
got = run(["keys-to-midi", "-o", "song-%02d.mid", "three"])
tap.ok(got.returncode == 0 and [open("song-%02d.mid" % i, "rb").read() for i in (1, 2, 3)] == [alone] * 3, "-o", got)
tap.ok(run(["keys-to-midi", "-o", "only.mid", "one"]).returncode == 0 and open("only.mid", "rb").read() == alone,
       "one file")
if shutil.which("fluidsynth") and os.path.exists("/usr/share/sounds/sf2/TimGM6mb.sf2"):
    got = run(["fluidsynth", "-ni", "-F", "song.wav", "/usr/share/sounds/sf2/TimGM6mb.sf2", "song-01.mid"])
    wave = np.frombuffer(open("song.wav", "rb").read()[44:], "<i2").astype(float)
    tap.ok(got.returncode == 0 and abs(wave).max() > 300 and len(wave) > 2 * 44100 * 9, "fluidsynth plays it", got)
else:
    tap.ok(True, "fluidsynth plays it # SKIP not installed")


def refused(name, data, wanted, *options, status=1):
    tap.refused(name, data, wanted, ("keys-to-midi", *options), status)


refused("a second song", good * 3 + end(3), "several songs need numbered files: -o song-%03d.mid")
refused("... for one file", good * 2 + end(2), "several songs", "-o", "two.mid")
refused("no end record", good, "end record is missing", "-o", "two.mid")
refused("a cut record", good[:9000], "cut short", "-o", "two.mid")
tap.ok(not os.path.exists("two.mid"), "... leave no file")
refused("nothing", b"", "empty")
refused("no records", end(0), "no song in it")
refused("a wave", record(keys, "kind=wave") + end(1), "kind=wave, not keys")
refused("rows and keys that differ", record(keys, "kind=keys keys=1-9") + end(1), "33 rows for the keys 1-9")
refused("NaN", record(keys * np.nan), "value 1 is nan")
refused("an interval that is too short", record(keys, "kind=keys interval=0.00001") + end(1), "too short for a MIDI file")
refused("a folder that is not there", good + end(1), "no/x.mid", "-o", "no/x.mid")
for options, wanted in [(["--off", "0.2"], "--off 0.2 is more than --on 0.1"), (["-p", "128"], "128"), (["-k", "9"], "9"),
                        (["--on", "0"], "0"), (["--gap", "-1"], "-1"), (["--again", "-1"], "-1"), (["--stereo", "left"], "left"),
                        (["-o", "%d%d"], "like song-%03d.mid")]:
    refused("usage: " + " ".join(options), good + end(1), wanted, *options, status=2)
with open("/dev/full", "wb") as full:
    got = subprocess.run(["keys-to-midi", "one"], stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1 and b"No space left" in got.stderr, "a full disk", got)
tap.done()
PYTHON
