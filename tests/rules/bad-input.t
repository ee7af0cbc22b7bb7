#!/usr/bin/python3
# Every program against every kind of bad input: one line on standard error, exit status 1 (tensor-cmp: 2), nothing on
# standard output that looks whole, and the files that were there before as they were.
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "tests", "filters"))
sys.dont_write_bytecode = True
from streams import Tap, end, record, run  # noqa: E402

os.environ["PATH"] = os.environ.get("BIN", os.path.join(root, "bin")) + ":" + os.environ["PATH"]
os.environ["OMP_WAIT_POLICY"] = "passive"
tap = Tap()
work = tempfile.TemporaryDirectory(prefix="musigan-test.")
os.chdir(work.name)
random = np.random.RandomState(1)


def stream(*records):
    return b"".join(records) + end(len(records))


def parse(data):
    """[(facts without the checksum, array, where its data begin)] of a stream."""
    at, found = 0, []
    while at < len(data):
        start = at + 10 + int.from_bytes(data[at + 8:at + 10], "little")
        text, facts = data[at + 10:start].decode().split(" # ")
        head = eval(text)
        size = int(np.prod(head["shape"])) * np.dtype(head["descr"]).itemsize
        array = np.frombuffer(data[start:start + size], head["descr"]).reshape(head["shape"])
        found.append((" ".join(f for f in facts.split() if not f.startswith("crc32=")), array, start))
        at = start + size
    return found


wave = (0.1 * random.randn(2, 60)).astype("<f4")
keys = (random.rand(2, 5, 20) * (random.rand(2, 5, 20) < 0.3)).astype("<f4")
short = (random.rand(2, 5, 4) * (random.rand(2, 5, 4) < 0.3)).astype("<f4")
inputs = {
    "wave": stream(record(wave, "kind=wave rate=12000 source=a"), record(wave, "kind=wave rate=12000 source=b")),
    "one": stream(record(wave, "kind=wave rate=12000 source=a")),
    "pair": stream(record(wave[:, :40].reshape(2, 2, 20), "kind=pair rate=12000")),
    "keys": stream(record(keys, "kind=keys interval=0.02 keys=27-31"), record(keys[:, ::-1], "kind=keys")),
    "notes": stream(record(short, "kind=keys interval=0.02 keys=27-31"),
                    record(short, "kind=keys interval=0.02 keys=27-31")),
    "roll": stream(record(short, "kind=keys interval=0.02 keys=27-31")),
    "noise": stream(*[record(random.randn(2, 320).astype("<f4"), "kind=noise")] * 2),
}
config = open(os.path.join(root, "pipelines", "tiny.yaml")).read().replace("epochs: 3", "epochs: 0")
open("tiny.yaml", "w").write(config)
trained = run(["gan-train", "-q", "-c", "tiny.yaml", "-o", "first"], inputs["keys"])
inputs["model"] = trained.stdout
open("model", "wb").write(trained.stdout)
open("old", "wb").write(inputs["notes"])

# Each program: what it reads, how, its exit status for bad data, and the kinds that it takes (None: all).
programs = [
    ("wave-to-chunks", "wave", "wave-to-chunks -q -s 0.001 -v kept/valid", 1, ["wave", "one"]),
    ("chunks-to-keys", "pair", "chunks-to-keys", 1, ["wave", "one", "pair"]),
    ("gan-train", "keys", "gan-train -q -c tiny.yaml -o kept/run", 1, ["keys"]),
    ("gan-sample", "model", "gan-sample -m -", 1, ["model"]),
    ("gan-sample --noise", "noise", "gan-sample -m model -n 2 --noise -", 1, ["noise"]),
    ("keys-to-wave", "notes", "keys-to-wave", 1, ["keys", "notes", "roll"]),
    ("wave-to-mp3", "one", "wave-to-mp3", 1, ["one"]),
    ("wave-to-mp3 -o", "one", "wave-to-mp3 -o kept/song.mp3", 1, ["one"]),
    ("keys-to-png", "roll", "keys-to-png -W 300 -H 200", 1, ["roll"]),
    ("keys-to-png -o", "roll", "keys-to-png -W 300 -H 200 -o kept/roll.png", 1, ["roll"]),
    ("keys-stats", "notes", "keys-stats -q", 1, ["keys", "notes", "roll"]),
    ("keys-compare", "notes", "keys-compare --resamples 2 old -", 1, ["keys", "notes", "roll"]),
    ("keys-to-midi", "roll", "keys-to-midi --shortest 0", 1, ["keys", "notes", "roll"]),
    ("keys-to-midi -o", "roll", "keys-to-midi -o kept/song.mid", 1, ["keys", "notes", "roll"]),
    ("keys-to-beats", "notes", "keys-to-beats -q", 1, ["keys", "notes", "roll"]),
    ("keys-baseline", "notes", "keys-baseline --shuffle -n 20", 1, ["keys", "notes", "roll"]),
    ("tensor-print", "notes", "tensor-print", 1, None),
    ("tensor-cmp", "notes", "tensor-cmp - old", 2, None),
]

facts_used = {"wave-to-chunks": ["rate"], "chunks-to-keys": ["rate"], "keys-to-wave": ["interval"],
              "keys-stats": ["interval"], "keys-compare": ["interval"],
              "keys-baseline": ["interval"], "keys-to-beats": ["interval"],
              "wave-to-mp3": ["rate"], "keys-to-png": ["interval"], "keys-to-midi": ["interval"]}


def snapshot():
    return {os.path.join(folder, name): open(os.path.join(folder, name), "rb").read()
            for folder, _, names in os.walk("kept") for name in names}


def restore():
    shutil.rmtree("kept")
    for file, text in before.items():
        os.makedirs(os.path.dirname(file), exist_ok=True)
        open(file, "wb").write(text)


os.makedirs("kept/run")
shutil.copy(os.path.join("first", sorted(os.listdir("first"))[-2]), "kept/run/checkpoint-000000.tensors")
for name in ("valid", "song.mp3", "roll.png", "song.mid", "run/losses.tsv"):
    open(os.path.join("kept", name), "w").write("from before\n")
before = snapshot()


def refused(command, status, data):
    """What is wrong with how the program refuses the data, or None."""
    got = run(command.split(), data)
    lines = got.stderr.decode("latin1").split("\n")
    if got.returncode != status or len(lines) != 2 or not lines[0].startswith(command.split()[0] + ": "):
        return got.returncode, got.stderr
    if b"kind=end" in got.stdout or any(word in command for word in ("mp3", "png", "midi")) and got.stdout:
        return "the output looks whole"
    if snapshot() != before:
        restore()
        return "a file changed"
    return None


def every(name, command, status, cases):
    """cases: [(what, data)], all of which the program must refuse."""
    wrong = [(what, got) for what, got in ((what, refused(command, status, data)) for what, data in cases) if got]
    tap.ok(cases and not wrong, "%s: %s (%d)" % (name[0], name[1], len(cases)), wrong[:3])


def with_value(data, value, dtype):
    """The stream with that value in its last record, and a checksum that agrees."""
    *records, last = [(facts, array.copy()) for facts, array, _ in parse(data)[:-1]]
    changed = last[1].astype(dtype)
    changed.flat[changed.size // 2] = value
    return stream(*[record(array, facts) for facts, array in records], record(changed, last[0]))


def with_shape(data, shape):
    """A stream whose first record has that shape and the facts of the first of `data`."""
    return stream(record(np.zeros(shape, "<f4"), parse(data)[0][0]))


def flips(data, count):
    """(offset, bit, whether it is in the values) of bits all over the stream."""
    values = {at for _, array, start in parse(data) for at in range(start, start + array.nbytes)}
    for at in range(3, len(data), max(1, len(data) // count)):
        yield at, 1 << at % 8, at in values


def flipped(data, at, mask):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]


for name, kind, command, status, kinds in programs:
    good = inputs[kind]
    step = max(10, len(good) // 400 * 10)  # a model has some 50,000 bytes
    every((name, "cut at every %dth byte" % step), command, status,
          [(cut, good[:cut]) for cut in range(0, len(good), step)])
    every((name, "no stream"), command, status, [("text", b"hello, world\n"), ("zeros", bytes(1 << 20)),
                                                 ("a JPEG", b"\xff\xd8\xff\xe0\0\x10JFIF\0" * 9)])
    every((name, "a bit flipped in the values"), command, status,
          [((at, mask), flipped(good, at, mask)) for at, mask, inside in flips(good, 60) if inside])
    if kinds is None:
        continue
    every((name, "NaN, infinity, and what is none as a float"), command, status,
          [(value, with_value(good, *value)) for value in [(np.nan, "<f4"), (np.inf, "<f4"), (-np.inf, "<f4"),
                                                          (np.nan, "<f8"), (1e300, "<f8"), (np.inf, "<f2")]])
    every((name, "another kind of record"), command, status,
          [(other, data) for other, data in inputs.items() if other not in kinds] +
          [("nonsense", stream(record(parse(good)[0][1], "kind=nonsense")))] * (kind != "noise"))
    if kind != "model":
        every((name, "no such shape"), command, status,
              [(shape, with_shape(good, shape)) for shape in [(), (0,), (2, 0), (3, 33), (3, 3, 3), (1,) * 8]
               if not (kind == "pair" and shape in [(3, 33), (3, 3, 3)])])
    if bad_facts := [fact for fact in ("rate=fast", "rate=nan", "rate=-1", "interval=x", "interval=-1")
                     if fact.split("=")[0] in facts_used.get(name.split()[0], "")]:
        every((name, "facts that are no numbers"), command, status,
              [(fact, stream(record(parse(good)[0][1], fact))) for fact in bad_facts])
# A flipped bit of a header may mean the same, or another fact; it must never do harm.
for name, kind, command, status, kinds in programs:
    if name.startswith("gan-train"):
        continue  # what it takes, it learns from
    harm = []
    for at, mask, inside in flips(inputs[kind], 60):
        if inside:
            continue
        got = run(command.split(), flipped(inputs[kind], at, mask))
        if got.returncode not in (0, 1, 2) or got.stderr.count(b"\n") != (got.returncode == status):
            harm.append((at, mask, got.returncode, got.stderr))
    tap.ok(not harm, "%s: a bit flipped in a header does no harm" % name, harm[:3])
    restore()

# Keys of another shape; a model that is finite and makes what is not.
every(("gan-train", "keys of another shape"), programs[2][2], 1,
      [(shape, with_shape(inputs["keys"], shape)) for shape in [(2, 33, 500), (2, 5, 21), (2, 20, 5, 1), (5, 20)]])
huge = [(facts, np.full_like(array, 1e38) if "weight" in facts else array)
        for facts, array, _ in parse(inputs["model"])]
every(("gan-sample", "a model of huge numbers"), "gan-sample -m -", 1,
      [("1e38", b"".join(record(array, facts) for facts, array in huge))])
silent = stream(record(0 * keys, "kind=keys"))
every(("gan-train", "silence"), programs[2][2], 1, [("silence", silent)])
os.rename("kept/run/checkpoint-000000.tensors", "kept/run/checkpoint-000009.tensors")
before = snapshot()
every(("gan-train", "a folder with later checkpoints"), programs[2][2], 1, [("good keys", inputs["keys"])])

# Outputs that break. The MP3 and the MIDI file come from the pipeline itself.
loud = record(np.sin(np.arange(48000) * 0.3).reshape(1, -1).repeat(2, 0).astype("<f4"), "kind=wave rate=12000")
open("song.mp3", "wb").write(run(["wave-to-mp3"], stream(loud)).stdout)
open("song.mid", "wb").write(run(["keys-to-midi", "--shortest", "0"], inputs["roll"]).stdout)
broken = [("mp3-to-wave", "mp3-to-wave -s 3 song.mp3", b""), ("midi-to-keys", "midi-to-keys --as song song.mid", b"")] + [
    (name, command.replace("kept", "spoilt"), inputs[kind])
    for name, kind, command, _, _ in programs if " -o" not in name]
for name, command, data in broken:
    with open("/dev/full", "wb") as full:
        got = subprocess.run(command.split(), input=data, stdout=full, stderr=subprocess.PIPE)
    same = name == "tensor-cmp"  # it prints nothing
    tap.ok((same and got.returncode == 0) or (got.returncode == 1 and got.stderr.count(b"\n") == 1 and
                                              b"No space left" in got.stderr), "%s: a full disk" % name, got)
    shutil.rmtree("spoilt", ignore_errors=True)
    os.makedirs("spoilt")
    if same or name in ("tensor-print", "keys-stats", "keys-compare"):
        continue  # a short text fits into the pipe
    open("input", "wb").write(data)
    got = subprocess.run(["bash", "-c", "%s <input | head -c 100 | wc -c; echo ${PIPESTATUS[0]}" % command],
                         capture_output=True)
    tap.ok(got.stdout.split()[0] == b"100" and got.stdout.split()[1] in (b"0", b"141") and not got.stderr,
           "%s: a closed pipe" % name, got)
    shutil.rmtree("spoilt", ignore_errors=True)
    os.makedirs("spoilt")
tap.done()
