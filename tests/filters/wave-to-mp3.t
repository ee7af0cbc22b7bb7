#!/bin/bash
# wave-to-mp3: what goes in comes out again, names, tags, and the streams that must leave no MP3.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
export LC_ALL=C.UTF-8
python=/usr/bin/python3

# stream.py: streams of a 440 Hz sine at 0.5 (left) and a 660 Hz sine at 0.25 (right), 3 s.
cat >stream.py <<'END'
import urllib.parse, numpy
def sines(rate=12000, seconds=3):
    time = numpy.arange(int(seconds * rate)) / rate
    return numpy.stack([0.5 * numpy.sin(2 * numpy.pi * 440 * time), 0.25 * numpy.sin(2 * numpy.pi * 660 * time)])
def record(data, **facts):
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }" % (data.shape,)
    if facts: text += " # " + " ".join(f"{k}={urllib.parse.quote(str(v), safe='/')}" for k, v in facts.items())
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode() + data.astype("<f4").tobytes()
def stream(*records):
    return b"".join(records) + record(numpy.zeros(0), kind="end", records=len(records))
def write(name, data):
    open(name, "wb").write(data)
END
"$python" -c '
import numpy
from stream import *
song = record(sines(), kind="wave", rate=12000, source="album/Für Elise.mp3", start=0, seed=7, score=0.93)
write("one", stream(song))
write("three", stream(song, record(sines()[:1], kind="wave"), record(sines(44100), kind="wave", rate=44100)))
write("cut", stream(song)[:-150])
write("no-end", song)
write("cut-second", (song + song)[:-100])
write("keys", stream(record(sines(), kind="keys")))
write("pair", stream(record(numpy.stack([sines()] * 2), kind="wave")))
write("none", stream())
write("no-samples", stream(record(sines()[:, :0], kind="wave")))
write("odd-rate", stream(record(sines(), kind="wave", rate=12345)))
write("loud", stream(record(sines() * 4, kind="wave")))
write("loudest", stream(record(sines() * 1e30, kind="wave")))
for name, value in ("nan", numpy.nan), ("infinity", numpy.inf):
    broken = sines()
    broken[1, 20000] = value
    write(name, stream(record(broken, kind="wave")))
numpy.save("mono.npy", sines()[0].astype("f4"))
for samples in 1, 100, 1000: write(f"short{samples}", stream(record(sines()[:, :samples], kind="wave")))'

# look.py: of the first wave on standard input the shape, then each row's strongest frequency and its level.
cat >look.py <<'END'
import io, sys, numpy
wave = numpy.load(io.BytesIO(sys.stdin.buffer.read()))
print(*wave.shape, end="")
for row in wave:
    middle = row[6000:30000]
    spectrum = abs(numpy.fft.rfft(middle)) / (len(middle) / 2)
    print(f"  {spectrum.argmax() / 2:.0f} {spectrum.max():.2f}", end="")
print()
END
back() { mp3-to-wave -q -m 0.0001 - <"$1" | "$python" look.py; }

# Round trips.
wave-to-mp3 one >one.mp3
is "$(back one.mp3)" "2 36000  440 0.50  660 0.25" "length, frequencies and levels survive"
wave-to-mp3 <one | cmp - one.mp3
ok $? "standard input gives what the file gives"
for bitrate in 32 64; do
    wave-to-mp3 -b $bitrate one >constant.mp3
    is "$(back constant.mp3)" "2 36000  440 0.50  660 0.25" "... and at $bitrate kbit/s"
done
[ "$(wave-to-mp3 -V 9.5 one | wc -c)" -lt "$(wave-to-mp3 -V 0 one | wc -c)" ]
ok $? "a lower quality takes fewer bytes"
wave-to-mp3 mono.npy >mono.mp3
is "$(back mono.mp3)" "2 36000  440 0.50  440 0.50" "(samples) without facts is mono at 12000 Hz"
is "$(file -b one.mp3 mono.mp3 | grep -o '12 kHz.*')" "12 kHz, JntStereo
12 kHz, Monaural" "12000 Hz stays 12000 Hz, stereo joint"
for samples in 1 100 1000; do
    wave-to-mp3 "short$samples" >short.mp3
    is "$(mp3-to-wave -q -m 0.00001 - <short.mp3 | "$python" -c 'import io, numpy, sys; print(numpy.load(io.BytesIO(sys.stdin.buffer.read())).shape[1])')" \
        $samples "$samples samples remain $samples"
done
wave-to-mp3 -r 24000 mono.npy >rate.mp3
is "$(file -b rate.mp3 | grep -o '[0-9]* kHz')" "24 kHz" "-r is the rate of waves that state none"
is "$(wave-to-mp3 -r 24000 one | cmp - one.mp3 && echo same)" same "... and of no others"

# Tags.
tag() { "$python" -c '
import sys
data = open(sys.argv[1], "rb").read()
at = data.index(sys.argv[2].encode())
text = data[at + 10 : at + 10 + int.from_bytes(data[at + 4 : at + 8], "big")]
print(text[1:].decode(["latin-1", "utf-16"][text[0]]).replace("\0", "|"))' "$@"; }
is "$(tag one.mp3 TIT2)" "Für Elise" "the title is the source without folder and .mp3"
is "$(tag one.mp3 COMM)" "eng|made by MusiGAN, seed 7, score 0.93" "the comment tells seed and score"

# Several songs.
mkdir out
wave-to-mp3 -o out/song-%03d.mp3 three
is "$? $(ls out)" "0 song-001.mp3
song-002.mp3
song-003.mp3" "-o numbers the files"
cmp one.mp3 out/song-001.mp3 && cmp mono.mp3 out/song-002.mp3
ok $? "... each as it would be alone"
is "$(file -b out/song-003.mp3 | grep -o '44.1 kHz')" "44.1 kHz" "... at its own rate"
wave-to-mp3 -o 'out/%d b.mp3' one && wave-to-mp3 -o out/%2d.mp3 one && wave-to-mp3 -o out/only.mp3 one
is "$? $(ls out)" "0  1.mp3
1 b.mp3
only.mp3
song-001.mp3
song-002.mp3
song-003.mp3" "%d, %2d and a name without a number"
cmp out/only.mp3 one.mp3
ok $? "... hold the song"
for name in %s %n %d%d %-3d %03x % %%d %d-% %99d %3; do
    fails 2 'like song-%03d.mp3' "-o a$name is refused" wave-to-mp3 -o "a$name" one
done

# Streams that leave no MP3.
rm -r out && mkdir out
refuse() { # INPUT PATTERN NAME
    fails 1 "^wave-to-mp3: $1: $2" "$3" wave-to-mp3 "$1"
    is "$(wc -c <fails.out)" 0 "... nothing is written"
    fails 1 "^wave-to-mp3: $1: $2" "... nor to a file" wave-to-mp3 -o out/x.mp3 "$1"
    is "$(ls out)" "" "... which does not appear"
}
refuse three 'record 2 .*several songs need numbered files' "a second song"
refuse cut 'record 1' "a record cut short"
refuse no-end '' "a stream without its end"
refuse cut-second 'record 2' "a second record cut short"
refuse keys 'record 1.*kind=keys' "keys"
refuse pair 'record 1.*shape \(2, 2, 36000\)' "a pair's shape"
refuse no-samples 'record 1.*shape \(2, 0\)' "no samples"
refuse none 'no song' "a stream of nothing"
refuse odd-rate 'record 1.*12345 Hz' "a rate that MP3 lacks"
refuse nan 'record 1.*nan' "NaN"
refuse infinity 'record 1.*inf' "infinity"
fails 1 'no constant 128 kbit/s' "a bit rate that the rate lacks" wave-to-mp3 -b 128 one
fails 1 'missing' "a missing file" wave-to-mp3 missing
fails 1 'no/x.mp3' "a missing folder" wave-to-mp3 -o no/x.mp3 one

# Loud waves are clipped with one warning.
fails 0 '^wave-to-mp3: loud: record 1.*peak is 2' "a wave above full scale" wave-to-mp3 loud
mp3-to-wave -q -m 1 - <fails.out | "$python" -c '
import io, numpy, sys
peak = abs(numpy.load(io.BytesIO(sys.stdin.buffer.read()))).max()
sys.exit(not 0.9 < peak < 1.4)'
ok $? "... is clipped"
fails 0 'peak is 5e\+29' "a wave far above it" wave-to-mp3 loudest

# Loudness. By ITU-R BS.1770 a sine of 997 Hz in both channels has as many LUFS as decibels of its amplitude.
"$python" -c '
import numpy
from stream import *
sine = numpy.sin(2 * numpy.pi * 997 * numpy.arange(3 * 44100) / 44100) + numpy.zeros((2, 1))
click = 0.05 * sine
click[:, 44100:44110] = 0.99
paused = numpy.concatenate([0.1 * sine] * 5 + [0.00001 * sine] * 5, 1)
facts = {"kind": "wave", "rate": 44100}
write("levels", stream(*[record(wave, **facts) for wave in (0.05 * sine, 0.9 * sine, paused, 0.3 * sine[:1], 3 * sine)]))
write("click", stream(record(click, **facts)))
write("silence", stream(record(0 * sine, **facts)))
write("short", stream(record(sine[:, :9000], **facts)))'
cat >level.py <<'END'
import io, sys, numpy
wave = numpy.load(io.BytesIO(sys.stdin.buffer.read()))[:, 20000:60000]
print(numpy.round(20 * numpy.log10(abs(wave).max() + 1e-9)).astype(int))
END
level() { mp3-to-wave -q -r 44100 -m 0.01 - <"$1" | "$python" level.py; }
wave-to-mp3 --loudness -18 -o out/level-%d.mp3 levels
is "$? $(for i in 1 2 3 4 5; do level out/level-$i.mp3; done | xargs)" "0 -18 -18 -18 -18 -18" \
    "--loudness: soft, loud, with a pause that does not count, mono, above full scale"
wave-to-mp3 -L -30 -o out/level-%d.mp3 levels
is "$(level out/level-2.mp3)" -30 "-L"
wave-to-mp3 -L -18 click >click.mp3 2>click.err
is "$? $(wc -c <click.err)" "0 0" "a click beside a soft sine: no warning"
mp3-to-wave -q -r 44100 -m 0.01 - <click.mp3 | "$python" -c '
import io, sys, numpy
wave = abs(numpy.load(io.BytesIO(sys.stdin.buffer.read())))
level = lambda part: 20 * numpy.log10(part.max())
sines = [level(wave[:, at:at + 1500]) for at in (20000, 41500, 45500, 90000)]
sys.exit(not (-4 < level(wave) < -0.5 and all(abs(one + 18) < 1 for one in sines)))'
ok $? "... the click is turned down below full scale, the sine is not, 30 ms before and behind it"
wave-to-mp3 -L -18 silence >silence.mp3
is "$? $(level silence.mp3)" "0 -180" "silence stays silent"
wave-to-mp3 -L -18 short | cmp -s - <(wave-to-mp3 short)
ok $? "what is too short to have a loudness keeps its level"
fails 2 'loudness' "a loudness above full scale" wave-to-mp3 -L 1 one

fails 1 'standard output: No space left' "a full disk" sh -c 'wave-to-mp3 one >/dev/full'
fails 2 '' "a quality out of range" wave-to-mp3 -V 10 one
fails 2 '' "two inputs" wave-to-mp3 one one
done_testing
