#!/bin/bash
# wave-to-chunks: every pair once, songs on one side only, the seed, and everything that is no wave.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import os
import subprocess

import numpy as np
from streams import Tap, end, record, run

tap = Tap()


def song(number, samples):
    """(2, samples): each value tells its song, channel and sample."""
    return np.stack([number * 100000 + channel * 50000 + np.arange(samples) for channel in (0, 1)]).astype("<f4")


def read(data):
    """[(facts, array)] of a whole stream."""
    records = []
    while data:
        length = 10 + int.from_bytes(data[8:10], "little")
        text = data[10:length].decode()
        shape = eval(text.split(" #")[0])["shape"]
        size = 4 * int(np.prod(shape))
        facts = dict(fact.split("=", 1) for fact in text.split("#", 1)[1].split())
        records.append((facts, np.frombuffer(data[length:length + size], "<f4").reshape(shape)))
        data = data[length + size:]
    last = records.pop()[0]
    assert last["kind"] == "end" and int(last["records"]) == len(records)
    return records


# 20 songs of 0 to 4 pairs of chunks of 5 samples at 100 Hz, and a tail.
lengths = [10 * (i % 5) + 3 * (i % 3) for i in range(20)]
stream = b"".join(record(song(i, n), f"kind=wave rate=100 source=s{i} start={i} colour=red")
                  for i, n in enumerate(lengths)) + end(20)
wanted = {(i, p) for i, n in enumerate(lengths) for p in range(n // 10)}
small = ["wave-to-chunks", "-q", "-s", "0.05"]


def identify(pair):
    """(song, pair) when the data and facts of the record are those of that pair, else None."""
    facts, data = pair
    i, first = divmod(int(data[0, 0, 0]), 100000)
    p = first // 10
    whole = song(i, lengths[i])[:, 10 * p:10 * p + 10].reshape(2, 2, 5).swapaxes(0, 1)
    good = (data.shape == (2, 2, 5) and (data == whole).all() and facts["kind"] == "pair" and facts["rate"] == "100" and
            facts["source"] == f"s{i}" and facts["colour"] == "red" and
            abs(float(facts["start"]) - (i + 0.1 * p)) < 1e-9)
    return (i, p) if good else None


def chunks(*options, data=stream):
    if os.path.exists("valid"):
        os.remove("valid")
    got = run([*small, *options], data)
    aside = open("valid", "rb").read() if os.path.exists("valid") else None
    return got, aside


plain, _ = chunks()
order = [identify(pair) for pair in read(plain.stdout)]
tap.ok(len(order) == len(wanted) and set(order) == wanted, "every pair once, with its data and facts")
tap.ok(order != sorted(order), "the pairs are shuffled")
tap.ok(chunks()[0].stdout == plain.stdout, "the same seed, the same bytes")
other = [identify(pair) for pair in read(chunks("-S", "1")[0].stdout)]
tap.ok(set(other) == wanted and other != order, "another seed, another order")
first = np.bincount([[identify(p) for p in read(chunks("-S", str(seed))[0].stdout)].index((4, 0))
                     for seed in range(60)], minlength=len(wanted))
tap.ok((first > 0).sum() > 20, "a pair comes to many places")

# Setting aside.
songs = len({i for i, _ in wanted})
for options, count in [((), round(0.1 * songs)), (("--share", "0.5"), songs // 2), (("--share", "0"), 1),
                       (("--share", "1"), songs - 1), (("-S", "9"), round(0.1 * songs))]:
    got, aside = chunks("-v", "valid", *options)
    left, right = [[identify(pair) for pair in read(data)] for data in (got.stdout, aside)]
    tap.ok(sorted(left + right) == sorted(wanted), f"{options}: every pair on one side")
    tap.ok(not {i for i, _ in left} & {i for i, _ in right}, f"{options}: no song on both sides")
    tap.ok(len({i for i, _ in right}) == count, f"{options}: {count} songs aside", right)
    again, aside_again = chunks("-v", "valid", *options)
    tap.ok((again.stdout, aside_again) == (got.stdout, aside), f"{options}: the same bytes again")
tap.ok(len({tuple(sorted({identify(pair)[0] for pair in read(chunks("-v", "valid", "-S", str(seed))[1])}))
            for seed in range(20)}) > 5, "the seed decides which songs")
got, aside = chunks("-v", "valid", "--split", "pair", "--share", "0.3")
left, right = [[identify(pair) for pair in read(data)] for data in (got.stdout, aside)]
tap.ok(sorted(left + right) == sorted(wanted) and len(right) == round(0.3 * len(wanted)), "--split pair")
tap.ok({i for i, _ in left} & {i for i, _ in right}, "--split pair: songs on both sides")
got, aside = chunks("-v", "valid", data=record(song(0, 25), "kind=wave rate=100") + end(1))
tap.ok(got.returncode == 0 and len(read(got.stdout)) == 2 and read(aside) == [] and got.stderr.count(b"\n") == 1,
       "one song: nothing to set aside, a warning", got.stderr)

# Defaults, messages, numpy's streams.
wave = np.random.default_rng(1).standard_normal((2, 500000)).astype("<f4")
np.save("song.npy", wave)
got = run(["wave-to-chunks", "song.npy"])
pairs = sorted(read(got.stdout), key=lambda pair: float(pair[0]["start"]))
tap.ok([pair[0]["start"] for pair in pairs] == ["0", "20"] and pairs[0][0]["rate"] == "12000" and
       (pairs[1][1][1, 0] == wave[0, 360000:480000]).all() and not got.stderr, "ten seconds at 12000 Hz; no message")
got = run(["wave-to-chunks", "-s", "0.05"], stream)
tap.ok(got.stderr.count(b"\n") == 4 and b"record 6 at byte" in got.stderr and b"s5: skipped" in got.stderr,
       "songs that are too short are named", got.stderr)
tap.ok(not plain.stderr, "-q: they are not")
got = run(small + ["-v", "sub/valid"], stream)
tap.ok(got.returncode == 1 and b"sub/valid" in got.stderr, "no such folder for the validation file")


# What it refuses; the validation file is not left behind.
def refused(name, data, wanted, *options, status=1):
    tap.refused(name, data, wanted, (*small, "-v", "valid", *options), status)
    tap.ok(not [file for file in os.listdir() if file.startswith("valid")], f"{name}: no file")


os.path.exists("valid") and os.remove("valid")
good = record(song(1, 40), "kind=wave rate=100")
nan = song(1, 40)
nan[0, 39] = np.inf
refused("infinity", good + record(nan, "kind=wave rate=100") + end(2), "record 2 at byte")
refused("another rate", good + record(song(2, 40), "kind=wave rate=200") + end(2), "rate=200, but the records before")
refused("keys", record(song(1, 40), "kind=keys") + end(1), "kind=keys, not wave")
refused("one row", record(np.zeros(40, "<f4")), "shape (40,)")
refused("three rows", record(np.zeros((3, 40), "<f4")), "shape (3, 40)")
refused("a cut record", (good + end(1))[:300], "cut short")
refused("no end record", good, "end record is missing")
refused("nothing", b"", "empty")
refused("no record", end(0), "no song is as long")
refused("short songs only", record(song(1, 9), "kind=wave rate=100") + end(1), "no song is as long")
refused("no rate", record(song(1, 40), "kind=wave rate=-5") + end(1), "rate=-5")
for option, value in [("-s", "0"), ("-s", "x"), ("--share", "1.1"), ("--split", "half"), ("-S", "-1"), ("-r", "0")]:
    refused(f"usage: {option} {value}", stream, value, option, value, status=2)
refused("usage: two outputs in one", stream, "-v -", "-v", "-", status=2)

with open("/dev/full", "wb") as full:
    got = subprocess.run([*small, "-v", "valid"], input=stream, stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1 and not os.path.exists("valid"), "a full disk", got.stderr)
got = subprocess.run("wave-to-chunks song.npy | head -c 100 | wc -c; echo ${PIPESTATUS[0]}", shell=True,
                     executable="/bin/bash", capture_output=True)
tap.ok(got.stdout.split() == [b"100", b"141"] and not got.stderr, "a closed pipe ends it silently", got)

# Memory does not grow with the number of songs.
with open("many", "wb") as file:
    for _ in range(100):
        file.write(record(wave[:, :240000], "kind=wave rate=12000"))
    file.write(end(100))
sanitised = b"__asan_init" in open(os.path.join(os.environ["PATH"].split(":")[0], "wave-to-chunks"), "rb").read()
got = subprocess.run(["bash", "-c", ("" if sanitised else "ulimit -d 16384; ") + "wave-to-chunks -v valid many >train"],
                     capture_output=True)
tap.ok(got.returncode == 0 and not got.stderr, "a hundred songs within 16 MB", got.stderr)
tap.done()
PYTHON
