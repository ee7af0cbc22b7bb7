# Helpers of the tests of gan-train and gan-sample: a small data set, configurations, runs.
# shellcheck shell=bash
python=${PYTHON:-/usr/bin/python3}
# The tests share the processors: threads that wait must not spin.
export OMP_WAIT_POLICY=passive

# make_keys FILE RECORDS SEED [KEYS FRAMES]: sparse random keys, one stream.
make_keys()
{
    PYTHONPATH=$here $python - "$@" >"$1" <<'PY'
import sys
import numpy as np
from streams import end, record
records, seed = int(sys.argv[2]), int(sys.argv[3])
keys, frames = (int(sys.argv[4]), int(sys.argv[5])) if len(sys.argv) > 4 else (5, 20)
random = np.random.RandomState(seed)
out = b""
for i in range(records):
    x = random.rand(2, keys, frames) * (random.rand(2, keys, frames) < 0.3)
    out += record(x.astype("<f4"), "kind=keys interval=0.02 keys=27-%d source=song%d" % (26 + keys, i))
sys.stdout.buffer.write(out + end(records))
PY
}

# make_notes FILE RECORDS: keys of 20 frames in which each of five keys sounds for five frames, now and then.
make_notes()
{
    PYTHONPATH=$here $python - "$@" >"$1" <<'PY'
import sys
import numpy as np
from streams import end, record
random, records = np.random.RandomState(8), int(sys.argv[2])
for i in range(records):
    x = np.zeros((2, 5, 20), "<f4")
    for key in range(5):
        for t in range(random.randint(0, 10), 20, 10):
            if random.rand() < 0.7:
                x[:, key, t:t + 5] = 0.3 + 0.7 * random.rand()
    sys.stdout.buffer.write(record(x, "kind=keys interval=0.02 keys=27-31 source=song%d" % i))
sys.stdout.buffer.write(end(records))
PY
}

# configure FILE SED...: pipelines/tiny.yaml with changes.
configure()
{
    local file=$1
    shift
    sed -e "" "$@" "$root/pipelines/tiny.yaml" >"$file"
}

# configure_time FILE SEQ_LEN LATENT_SEQ_LEN EPOCHS: pipelines/demo.yaml, as narrow as a test can wait for.
configure_time()
{
    sed -e 's/n_channels: 128/n_channels: 16/; s/latent_dim: 24/latent_dim: 6/; s/num_heads: 4/num_heads: 2/' \
        -e "s/seq_len: 32256/seq_len: $2/; s/latent_seq_len: 63/latent_seq_len: $3/" -e 's/shift: 5/shift: 0/' \
        -e "s/epochs: 140/epochs: $4/; s/save_after_nepochs: 20/save_after_nepochs: $4/" \
        -e 's/batch_size: 16/batch_size: 8/; s/learning_rate: 0.001/learning_rate: 0.003/' \
        "$root/pipelines/demo.yaml" >"$1"
}

# train CONFIG FOLDER [OPTION...]: the model goes to FOLDER.model.
train()
{
    local config=$1 folder=$2
    shift 2
    gan-train -q -c "$config" -o "$folder" "$@" <train.keys >"$folder.model"
}

# begin CONFIG FOLDER: starts or resumes a run in the background; its process is $!.
begin()
{
    gan-train -q -c "$1" -o "$2" --resume <train.keys >"$2.model" 2>"$2.err" &
}
