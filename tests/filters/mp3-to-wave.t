#!/bin/bash
# mp3-to-wave: rates, channels, lengths, walking through folders, and everything that is no MP3.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
export LC_ALL=C.UTF-8
python=/usr/bin/python3

# make.py NAME RATE CHANNELS SECONDS [LAME OPTION ...]: an MP3 of sines, 440 Hz at 0.5 in the left or only
# channel and 660 Hz at 0.25 in the right one.
cat >make.py <<'END'
import io, subprocess, sys, wave, numpy
name, rate, channels, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
time = numpy.arange(round(seconds * rate)) / rate
rows = [0.5 * numpy.sin(2 * numpy.pi * 440 * time), 0.25 * numpy.sin(2 * numpy.pi * 660 * time)][:channels]
song = io.BytesIO()
with wave.open(song, "wb") as file:
    file.setparams((channels, 2, rate, 0, "NONE", ""))
    file.writeframes((numpy.stack(rows, 1) * 32767).astype("<i2").tobytes())
# At a constant bit rate lame turns the level down to 0.95.
options = sys.argv[5:] or ["--scale", "1.0526"]
subprocess.run(["lame", "--quiet", *options, "-", name], input=song.getvalue(), check=True)
END

# look.py STREAM: each record's source and shape, then for each channel the frequency and the level of its peak.
cat >look.py <<'END'
import sys, urllib.parse, numpy
def records(path):
    with open(path, "rb") as file:
        while head := file.read(10):
            text = file.read(int.from_bytes(head[8:], "little")).decode()
            facts = dict(fact.split("=", 1) for fact in text.split("#", 1)[1].split())
            shape = eval(text.split("#")[0])["shape"]
            data = numpy.frombuffer(file.read(4 * int(numpy.prod(shape))), "<f4").reshape(shape)
            yield facts, data
if __name__ == "__main__":
    for facts, wave in records(sys.argv[1]):
        if facts["kind"] == "end":
            print("end", facts["records"])
            break
        print(urllib.parse.unquote(facts["source"]), facts["kind"], facts["rate"], facts["start"], *wave.shape, end="")
        for row in wave:
            middle = row[len(row) // 4 : len(row) // 4 + int(facts["rate"]) // 2]  # 2 Hz a bin
            spectrum = abs(numpy.fft.rfft(middle)) / (len(middle) / 2)
            print(" ", 2 * spectrum.argmax(), f"{spectrum.max():.2f}", sep=" ", end="")
        print()
END
make() { "$python" make.py "$@"; }
look() { "$python" look.py "$1"; }

# Rates and channels.
make cd.mp3 44100 2 6
make half.mp3 22050 1 6
make dat.mp3 48000 2 6
make low.mp3 8000 1 6
make medium.mp3 32000 2 6 -V 4
for name in cd dat medium; do
    mp3-to-wave -s 5 $name.mp3 >$name.wave
    is "$(look $name.wave)" "$name.mp3 wave 12000 0 2 60000  440 0.50  660 0.25
end 1" "$name.mp3: length, facts, frequencies and levels"
done
for name in half low; do
    mp3-to-wave -s 5 $name.mp3 >$name.wave
    is "$(look $name.wave)" "$name.mp3 wave 12000 0 2 60000  440 0.50  440 0.50
end 1" "$name.mp3: a mono song comes in both channels"
done
mp3-to-wave -s 2.5 -r 22050 cd.mp3 >rate.wave
is "$(look rate.wave | sed -n 1p)" "cd.mp3 wave 22050 0 2 55125  440 0.50  660 0.25" "another rate and length"
mp3-to-wave low.mp3 cd.mp3 dat.mp3 -qs5 | "$python" -c '
import look, sys
got = list(look.records("/dev/stdin"))
sys.exit(not all((got[i][1] == next(look.records(name))[1]).all() for i, name in ((1, "cd.wave"), (2, "dat.wave"))))'
ok $? "a song is the same after others"

# Lengths.
make exact.mp3 44100 2 5
make below.mp3 44100 2 4.9
is "$(mp3-to-wave -s 5 exact.mp3 | look /dev/stdin | sed -n 1p | cut -d ' ' -f 5,6)" "2 60000" "a song of just the length is whole"
fails 1 '^mp3-to-wave: below.mp3: too short: 4.90 of 5 s$' "a shorter one is skipped" mp3-to-wave -s 5 below.mp3
is "$(wc -c <fails.out)" 0 "... and writes nothing"
is "$(mp3-to-wave -s 5 -m 4.9 below.mp3 | look /dev/stdin)" "below.mp3 wave 12000 0 2 58800  440 0.50  660 0.25
end 1" "-m keeps it in its own length"
fails 1 'too short: 4.90 of 4.91 s' "-m says how short" mp3-to-wave -s 5 -m 4.91 below.mp3
cat cd.mp3 half.mp3 >glued.mp3
is "$(mp3-to-wave -m 1 glued.mp3 | look /dev/stdin | "$python" -c '
import sys
samples = int(input().split()[5])
print(141000 < samples < 147000)')" True "a file that changes its rate goes on"

# Standard input.
data() { "$python" -c 'import look, sys; sys.stdout.buffer.write(next(look.records("/dev/stdin"))[1].tobytes())'; }
data <cd.wave >cd.data
# shellcheck disable=SC2002 # a pipe, not a file
cat cd.mp3 | mp3-to-wave -s 5 - | tee pipe.wave | data | cmp - cd.data
ok $? "a pipe gives what the file gives"
is "$(look pipe.wave | sed -n 1p | cut -d ' ' -f 1)" - "... and its source is -"
mp3-to-wave -s 5 <cd.mp3 | cmp - pipe.wave
ok $? "no operand means standard input"

# The same as libsoxr's one-shot resampling of the whole decoded song.
cat >whole.c <<'END'
#include <mpg123.h>
#include <soxr.h>
#include <stdio.h>
static float in[1 << 21], out[2][1 << 19];
int main(int argc, char **argv)
{
    mpg123_handle *decoder = mpg123_new(NULL, NULL);
    mpg123_param(decoder, MPG123_ADD_FLAGS, MPG123_FORCE_FLOAT | MPG123_FORCE_STEREO | MPG123_QUIET, 0);
    mpg123_open(decoder, argv[argc - 1]);
    long rate;
    int channels, encoding;
    mpg123_getformat(decoder, &rate, &channels, &encoding);
    size_t bytes, made;
    mpg123_read(decoder, in, sizeof in, &bytes);
    soxr_io_spec_t layout = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_S);
    soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_oneshot(rate, 12000, 2, in, bytes / 8, NULL, (float *[]){out[0], out[1]}, 1 << 19, &made, &layout, &quality,
                 NULL);
    fwrite(out[0], 4, made, stdout);
    fwrite(out[1], 4, made, stdout);
    return fflush(stdout) != 0;
}
END
cc -o whole whole.c -lmpg123 -lsoxr
for name in cd half dat low; do
    ./whole $name.mp3 >whole.data
    mp3-to-wave -s 100 -m 1 $name.mp3 >all.wave
    "$python" -c '
import look, numpy, sys
want = numpy.fromfile("whole.data", "<f4").reshape(2, -1)
start, full = next(look.records(sys.argv[1]))[1], next(look.records("all.wave"))[1]
print("#", full.shape, want.shape, abs(full - want).max())
sys.exit(not (full.shape == want.shape and abs(full - want).max() < 1e-6 and abs(start - want[:, :60000]).max() < 1e-6))' $name.wave
    ok $? "$name.mp3: as resampled in one piece, cut off and to the end"
done

# Folders.
mkdir -p "Müsic/b side" Müsic/A Müsic/.trash elsewhere empty
make short.mp3 44100 2 1.2
cp short.mp3 "Müsic/b side/Für Elise.MP3"
cp short.mp3 Müsic/A/z.Mp3
cp short.mp3 Müsic/B.mp3
cp short.mp3 Müsic/notes.txt
cp short.mp3 Müsic/.hidden.mp3
cp short.mp3 Müsic/.trash/gone.mp3
cp short.mp3 elsewhere/target
ln -s ../elsewhere/target Müsic/a.mp3
ln -s .. Müsic/A/up
ln -s ../elsewhere Müsic/other
mkfifo Müsic/pipe.mp3
walked="Müsic/A/z.Mp3
Müsic/B.mp3
Müsic/a.mp3
Müsic/b side/Für Elise.MP3"
sources() { "$python" -c '
import look, urllib.parse
for facts, _ in look.records("/dev/stdin"):
    if facts["kind"] == "wave": print(urllib.parse.unquote(facts["source"]))'; }
is "$(mp3-to-wave -s 1 Müsic 2>walk.err | sources)" "$walked" "a folder: sorted, recursive, links to files, no loops"
is "$(cat walk.err)" "mp3-to-wave: 4 songs, 0 skipped" "... and counted"
ln -s Müsic link
is "$(mp3-to-wave -qs 1 link | sources | wc -l)" 4 "a link to a folder as an operand is followed"
is "$(mp3-to-wave -qs 1 Müsic/notes.txt Müsic/a.mp3 | sources)" "Müsic/notes.txt
Müsic/a.mp3" "files: in the order given, whatever their names"
fails 1 '^mp3-to-wave: empty: no MP3 file in this folder$' "an empty folder" mp3-to-wave empty
is "$(wc -c <fails.out)" 0 "... writes nothing"

# What is no MP3. Each is one line, and the rest goes on.
mkdir bad
: >bad/empty.mp3
truncate -s 64M bad/zeros.mp3
"$python" -c '
import random, sys
random.seed(1)
sys.stdout.buffer.write(random.randbytes(64 << 20))' >bad/random.mp3
# The start of a JPEG, then what its compressed part looks like: FF only as FF00.
"$python" -c '
import random, sys
random.seed(2)
start = bytes.fromhex("ffd8ffe000104a46494600010101004800480000ffdb004300") + bytes(range(1, 65))
sys.stdout.buffer.write(start + bytes.fromhex("ffda000c03010002110311003f00")
                        + random.randbytes(1 << 20).replace(b"\xff", b"\xff\0") + b"\xff\xd9")' >bad/jpeg.mp3
echo "not music" >bad/text.mp3
head -c 300 cd.mp3 >bad/cut-early.mp3
head -c 40000 cd.mp3 >bad/cut.mp3
ln -s nowhere bad/dangling.mp3
for name in empty zeros random jpeg text cut-early; do
    fails 1 "^mp3-to-wave: bad/$name.mp3: not an MP3" "$name" mp3-to-wave -s 5 bad/$name.mp3
    is "$(wc -c <fails.out)" 0 "... writes nothing"
done
fails 1 '^mp3-to-wave: bad/cut.mp3: too short: 2.4. of 5 s$' "an MP3 cut in the middle is too short" mp3-to-wave -s 5 bad/cut.mp3
is "$(mp3-to-wave -s 2 bad/cut.mp3 | look /dev/stdin | sed -n 1p)" \
    "bad/cut.mp3 wave 12000 0 2 24000  440 0.50  660 0.25" "... unless what is left is long enough"
fails 1 'dangling.mp3: No such file' "a link to nowhere" mp3-to-wave bad/dangling.mp3
fails 1 'none.mp3: No such file' "a missing file" mp3-to-wave none.mp3
fails 1 '^mp3-to-wave: -: not an MP3' "nothing on standard input" mp3-to-wave - </dev/null
mp3-to-wave -s 5 bad cd.mp3 none.mp3 >mixed.wave 2>mixed.err
is "$? $(look mixed.wave | tail -n 1) $(wc -l <mixed.err) $(tail -n 1 mixed.err)" \
    "0 end 1 10 mp3-to-wave: 1 song, 9 skipped" "bad files stop nothing and are counted"
mp3-to-wave -q --strict -s 5 bad/text.mp3 cd.mp3 >strict.wave 2>strict.err
is "$? $(wc -l <strict.err) $(look strict.wave | grep -c end)" "1 1 0" "--strict fails, without an end record"

# Damage in the middle never ends in a crash.
"$python" -c '
import random, subprocess
random.seed(3)
song = open("cd.mp3", "rb").read()
statuses = set()
for turn in range(60):
    broken = bytearray(song)
    for _ in range(random.randrange(1, 300)): broken[random.randrange(len(broken))] = random.randrange(256)
    at = random.randrange(len(broken))
    broken[at:at + random.randrange(3000)] = random.randbytes(random.randrange(3000))
    statuses.add(subprocess.run(["mp3-to-wave", "-s", "3", "-m", "0.1"], input=broken, capture_output=True).returncode)
print("#", statuses)
raise SystemExit(not statuses <= {0, 1})'
ok $? "damaged songs are read as far as they go, or named"

# Memory: tags of any size, songs in any number.
"$python" -c '
size = 255 << 20
digits = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
with open("tag.mp3", "wb") as file:
    file.write(b"ID3\4\0\0" + digits)
    file.seek(size, 1)
    file.write(open("cd.mp3", "rb").read())'
mkdir three many
for i in 1 2 3; do ln -s ../short.mp3 "three/$i.mp3"; done
for i in $(seq 300); do ln -s ../short.mp3 "many/$i.mp3"; done
# peak.py COMMAND ...: the command's largest memory in kB.
cat >peak.py <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
# What the address sanitiser keeps of freed memory would count.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:quarantine_size_mb=1
few=$("$python" peak.py mp3-to-wave -qs 1 three)
many=$("$python" peak.py mp3-to-wave -qs 1 many)
tag=$("$python" peak.py mp3-to-wave -qs 1 tag.mp3)
echo "# kB: 3 songs $few, 300 songs $many, a tag of 255 MB $tag"
[ "$many" -lt $((few + 2000)) ]
ok $? "300 songs take as much memory as 3"
[ "$tag" -lt $((few + 4000)) ]
ok $? "a tag of 255 MB takes none"
mp3-to-wave -s 5 tag.mp3 | data | cmp - cd.data
ok $? "... and changes nothing"
mp3-to-wave -s 5 <tag.mp3 | data | cmp - cd.data
ok $? "... nor through a pipe"

# Outputs that break, wrong usage.
fails 1 '^mp3-to-wave: standard output: No space left' "a full disk" sh -c 'mp3-to-wave -s 5 cd.mp3 >/dev/full'
mp3-to-wave -qs 1 many 2>pipe.err | head -c 100 >/dev/null
is "${PIPESTATUS[0]} $(cat pipe.err)" "141 " "a closed pipe ends it silently"
fails 2 '-m 6 is more than -s 5' "-m above -s" mp3-to-wave -s 5 -m 6 cd.mp3
fails 2 '' "a rate out of range" mp3-to-wave -r 10 cd.mp3
fails 2 '' "an unknown option" mp3-to-wave --louder cd.mp3
done_testing
