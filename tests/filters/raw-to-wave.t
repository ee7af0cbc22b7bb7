#!/bin/bash
# raw-to-wave: every sample in its place, the facts, and what is cut short.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PYTHON'
import io
import subprocess

import numpy as np
from streams import Tap, run

tap = Tap()
samples = np.random.default_rng(1).integers(-32768, 32768, (300000, 2)).astype("<i2")
samples[:2] = [[-32768, 32767], [0, 1]]
raw = samples.tobytes()
got = run(["raw-to-wave"], raw)
wave = np.load(io.BytesIO(got.stdout))
head = got.stdout.split(b"\n")[0]
tap.ok(not got.returncode and not got.stderr and wave.shape == (2, 300000) and wave.dtype == "<f4", "stereo", got.stderr)
tap.ok((wave == samples.T / np.float32(32768)).all(), "each sample is where it was, full scale being 1")
tap.ok(b"kind=wave" in head and b"rate=44100" in head and b"source" not in head, "facts", head)
head = run(["raw-to-wave", "-r", "12000", "--source", "a b"], raw[:400]).stdout.split(b"\n")[0]
tap.ok(b"rate=12000" in head and b"source=a%20b" in head, "-r and --source", head)
open("raw", "wb").write(raw[:400])
tap.ok(run(["raw-to-wave", "raw"]).stdout == run(["raw-to-wave"], raw[:400]).stdout == run(["raw-to-wave", "-"], raw[:400]).stdout,
       "a file gives what standard input gives")
back = run(["wave-to-mp3"], run(["raw-to-wave"], raw).stdout)
tap.ok(not back.returncode and len(back.stdout) > 1000, "wave-to-mp3 takes it", back.stderr)
tap.refused("nothing", b"", "standard input: no sample in it", ("raw-to-wave",))
tap.refused("half a sample", raw[:6], "standard input: cut short: 6 bytes", ("raw-to-wave",))
tap.refused("no such file", b"", "nowhere: No such file", ("raw-to-wave", "nowhere"))
tap.refused("a folder", b"", "Is a directory", ("raw-to-wave", "."))
tap.refused("no rate", b"", "0", ("raw-to-wave", "-r", "0"), 2)
with open("/dev/full", "wb") as full:
    got = subprocess.run(["raw-to-wave", "raw"], stdout=full, stderr=subprocess.PIPE)
tap.ok(got.returncode == 1 and got.stderr.count(b"\n") == 1 and b"No space left" in got.stderr, "a full disk", got)
tap.done()
PYTHON
