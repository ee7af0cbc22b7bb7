#!/bin/bash
# The EXAMPLES of every manual page, run as they stand in a folder that has the files which they name: short songs, a
# narrow network.
. "$(dirname "$0")/../tap.sh"
export OMP_WAIT_POLICY=passive

mkdir -p stand-in ready home/Music home/MIDI
printf '#!/bin/sh\ncat >/dev/null\n' >stand-in/mpg123
printf '#!/bin/sh\nhead -c 400000 /dev/zero\n' >stand-in/fluidsynth
ln -s /usr/bin/python3 stand-in/python3
chmod +x stand-in/mpg123 stand-in/fluidsynth
export PATH=$work/stand-in:$PATH HOME=$work/home

cd ready || exit 1
PYTHONPATH=$root/tests/filters PYTHONDONTWRITEBYTECODE=1 python3 - <<'PY'
import subprocess
import numpy as np
from streams import end, record

random = np.random.RandomState(1)
time = np.arange(121 * 12000) / 12000
for song, name in enumerate(["home/Music/a.mp3", "home/Music/b c.mp3", "home/Music/d.MP3", "ready/song.mp3"]):
    notes = 440 * 2 ** (random.randint(-20, 10, 242) / 12)
    phase = 2 * np.pi * np.cumsum(np.repeat(notes, 6000)) / 12000
    wave = 0.3 * np.sin(phase) * np.array([[1], [0.5]]) * (1 - time * 2 % 1)
    subprocess.run(["wave-to-mp3", "-o", "../" + name],
                   input=record(wave.astype("<f4"), "kind=wave rate=12000") + end(1), check=True)
np.save("roll.npy", (random.rand(88, 50) < 0.05) * 0.1)
with open("noise.tensors", "wb") as file:
    for noise in random.randn(2, 2, 3400):
        np.save(file, noise)
PY
cat >musigan.yaml <<'YAML'
batch_size: 4
epochs: 1
pretrain_epochs_g: 0
pretrain_epochs_d: 0
noise_dim: 3400
model: {n_channels: 2, latent_seq_len: 420, latent_dim: 4, num_heads: 1}
YAML
mp3-to-wave -q ~/Music | tee songs.wave | wave-to-chunks -v valid.pairs >train.pairs
chunks-to-keys train.pairs >train.keys
for song in ~/Music/* song.mp3; do
    mp3-to-wave "$song" | chunks-to-keys | keys-to-midi -o ~/MIDI/"$(basename "${song%.*}")".mid
done
cp ~/MIDI/song.mid .
for name in one other jazz blues; do cp train.keys $name.keys; done
gan-train -q -c musigan.yaml -o "$work/first" train.keys >model
cat >best.yaml <<'YAML'
design: time
batch_size: 4
epochs: 0
pretrain_epochs_g: 0
pretrain_epochs_d: 0
model: {n_channels: 4, latent_seq_len: 8, latent_dim: 2, num_heads: 1}
YAML
gan-train -q -c best.yaml -o "$work/second" train.keys >best.model
ok $? "the folder is ready"
cd "$work" || exit 1

# examples PAGE: the examples of a page, each ended by a form feed.
examples()
{
    awk '/^\.Sh/ { on = /EXAMPLES/ || /SYNOPSIS/ && FILENAME ~ /musigan\.7/ }
        on && /^\.Dl / { printf "%s\n\f", substr($0, 5) }
        on && /^\.Ed/ { literal = 0; printf "\f" }
        on && literal
        on && /^\.Bd -literal/ { literal = 1 }' "$1"
}

for page in "$root"/man/*.[157]; do
    name=$(basename "$page")
    rm -rf page && cp -r ready page && cd page || exit 1
    count=0
    while IFS= read -r -d $'\f' example; do
        count=$((count + 1))
        if [ "$name" = musigan-config.5 ]; then # a piece of YAML
            fails 1 'one.keys: record 1 .* seq_len, 16501' "$name: example $count" \
                gan-train -c <(printf '%s\n  seq_len: 16501\n' "$example") -o no one.keys
            continue
        fi
        bash -o pipefail -c "$example" >../out 2>../err
        status=$?
        # Streams that differ are no failure.
        [[ $status = 1 && $example = *tensor-cmp* ]] && status=0
        remarks=$(grep -vE '^((mp3-to-wave|midi-to-keys): [0-9]+ songs, 0 skipped|keys-to-beats: [0-9]+ songs, .*|gan-train: going on from .*)$' ../err)
        is "$status$remarks" 0 "$name: ${example%%$'\n'*}"
    done < <(examples "$page")
    [ "$count" -gt 0 ]
    ok $? "$name has examples"
    cd ..
done
done_testing
