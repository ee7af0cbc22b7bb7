#!/bin/bash
# The whole pipeline by hand, on four short songs: pipes, tee, cat, two training sets from one, and every intermediate
# file as numpy, file, head and tensor-print see it.
. "$(dirname "$0")/../tap.sh"
export OMP_WAIT_POLICY=passive
python=/usr/bin/python3

# Four songs of five seconds, one of them silent, one of three seconds.
mkdir "My Müsic" elsewhere
PYTHONPATH=$root/tests/filters PYTHONDONTWRITEBYTECODE=1 $python - <<'PY'
import subprocess
import numpy as np
from streams import end, record

random = np.random.RandomState(1)
for song, name in enumerate(["My Müsic/a.mp3", "My Müsic/b c.MP3", "My Müsic/d.mp3", "elsewhere/silence.mp3",
                             "elsewhere/3s.mp3"]):
    phase = np.cumsum(np.repeat(440 * 2 ** (random.randint(-20, 10, 12 if song == 4 else 20) / 12), 3000)) / 12000
    wave = np.sin(2 * np.pi * phase) * np.array([[0.4], [0.2]]) * (song != 3)
    subprocess.run(["wave-to-mp3", "-o", name], input=record(wave.astype("<f4"), "kind=wave rate=12000") + end(1),
                   check=True)
PY
cat >narrow.yaml <<'YAML'
batch_size: 4
epochs: 2
pretrain_epochs_g: 1
pretrain_epochs_d: 1
noise_dim: 336
model: {n_channels: 4, seq_len: 1650, latent_seq_len: 42, latent_dim: 16, num_heads: 2}
YAML

# Songs, from a folder and one by one from pipes.
mp3-to-wave -q -s 5 "My Müsic" >songs.wave
for song in "My Müsic"/*; do
    # shellcheck disable=SC2002 # a pipe, not a file
    cat "$song" | mp3-to-wave -s 5 - >>piped.wave
done
tensor-cmp songs.wave piped.wave
ok $? "songs from pipes, joined by cat, are those of the folder"

# Two training sets from one.
wave-to-chunks -s 1 --share 0.5 -v one.pairs songs.wave | tee two.pairs | chunks-to-keys >two.keys
is "${PIPESTATUS[*]}" "0 0 0" "tee stands in between"
chunks-to-keys one.pairs >one.keys
is "$(cat one.pairs two.pairs | tensor-print | grep -c ^record)" 6 "two sets of pairs hold two pairs of each song"
is "$(head -qn 1 one.keys two.keys | grep -aoE 'source=[^ ]+' | sort -u | wc -l)" 2 "... of different songs"

# Training on both; samples; music.
cat one.keys two.keys | gan-train -q -c narrow.yaml -o run >model
ok $? "two sets joined by cat train a model"
gan-sample -m model -n 2 | tee new.keys | keys-to-wave | tee new.wave | wave-to-mp3 -o new-%d.mp3
is "${PIPESTATUS[*]}" "0 0 0 0 0" "it makes music"
is "$(mp3-to-wave -q -s 1 new-1.mp3 new-2.mp3 | tensor-print | grep -cE '^record.*\(2, 12000\)|min -[01][.].*max [01][.]')" 4 \
    "... of a second each, and heard"
gan-sample -m model -n 2 | cmp - new.keys && keys-to-wave new.keys | cmp - new.wave
ok $? "files give what pipes give"

# Every intermediate file.
while read -r file records shape kind; do
    is "$($python - "$file" <<'PY'
import sys, numpy
shapes = []
with open(sys.argv[1], "rb") as file:
    while file.peek(1):
        shapes.append(numpy.load(file).shape)
print(len(shapes) - 1, shapes[-1], str(shapes[0]).replace(" ", ""))
PY
)" "$records (0,) $shape" "$file: numpy.load reads every record"
    is "$(file -b "$file" | grep -c '^NumPy .*version 1.0')" 1 "... file knows it"
    is "$(head -n1 "$file" | LC_ALL=C grep -ac "^.NUMPY.*'shape': (.*# .*kind=$kind ")" 1 "... head -n1 shows its header"
    is "$(tensor-print "$file" | grep -c "^record [0-9]*: .* kind=")" "$records" "... tensor-print prints it"
done <<'LIST'
songs.wave 3 (2,60000) wave
one.pairs 4 (2,2,12000) pair
two.pairs 2 (2,2,12000) pair
one.keys 4 (2,2,33,50) keys
two.keys 2 (2,2,33,50) keys
new.keys 2 (2,33,50) keys
new.wave 2 (2,12000) wave
LIST
is "$(tensor-print -t model)" "$(cat narrow.yaml)" "the model holds its configuration"

# Nothing to learn from.
mp3-to-wave -s 5 elsewhere/silence.mp3 | wave-to-chunks -s 1 | chunks-to-keys >silent.keys
is "${PIPESTATUS[*]} $(tensor-print silent.keys | grep -c '100% zeros')" "0 0 0 2" "silence has silent keys"
fails 1 '^gan-train: no record sounds' "... from which nothing is learnt" gan-train -c narrow.yaml -o none silent.keys
keys-to-wave silent.keys | wave-to-mp3 -o silent-%d.mp3
is "${PIPESTATUS[*]}" "0 0" "... but which can be played"
fails 1 '^mp3-to-wave: elsewhere/3s.mp3: too short: 3.00 of 120 s$' "a song of three seconds" mp3-to-wave elsewhere/3s.mp3
for last in wave-to-chunks "gan-train -c narrow.yaml -o none" keys-to-wave wave-to-mp3; do
    # shellcheck disable=SC2086 # a command and its options
    fails 1 'standard input: empty: no record' "... and $last behind it" $last \
        < <(mp3-to-wave elsewhere/3s.mp3 2>/dev/null | chunks-to-keys 2>/dev/null)
done
done_testing
