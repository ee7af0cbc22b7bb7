#!/bin/bash
# pipelines/report: its parts, with verdicts that are known, and all of it on short songs with networks that are hardly
# trained: what is made, and what is made again.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
judging=$root/pipelines/judging

cat >some.yaml <<'END'
epochs: 140                   # as many as it takes
dropout: 0
model:
  dropout: 0.1
loss_weights:
  g_cost: 0
END
is "$("$judging/variant" some.yaml epochs=2 g_cost=0.1 model.dropout=0.2 loss_weights.g_melody_cost=1)" "epochs: 2
dropout: 0
model:
  dropout: 0.2
loss_weights:
  g_melody_cost: 1
  g_cost: 0.1" "a variant of a configuration"
for change in g_none=1 dropout=0.3 nowhere.epochs=1; do
    fails 1 "variant: some.yaml: $change: no such key, or more than one" "... which $change does not make" \
        "$judging/variant" some.yaml epochs=2 $change
done
while IFS=': ' read -r name changes; do
    # shellcheck disable=SC2086 # a list of words
    "$judging/variant" "$root/pipelines/demo.yaml" $changes >variant.yaml
    fails 1 'gan-train: standard input: ' "$name: gan-train takes the configuration, and misses records" \
        gan-train -q -c variant.yaml -o nowhere </dev/null
done < <(grep '^[^#]' "$judging/variants")

# verdicts OA-SHARE OA-LOW FD-HIGH NOVELTY DIVERSITY, of a network beside songs and chords by chance.
verdicts()
{
    {
        echo what split analysis seed OA-share OA-low OA-high FD-low FD-high novelty novelty-real diversity \
            diversity-low diversity-high diversity-real-low diversity-real-high
        echo ceiling 0 harmonic - 1 0.8 0.9 1 2 0 0.7 0.9 0.85 0.91 0.86 0.92
        echo markov-frame+--looped 0 harmonic - 0.6 0.55 0.65 6 8 0.7 0.7 0.9 0.85 0.91 0.86 0.92
        echo markov-frame+--looped 0 bands - 0.6 0.9 0.95 0 0.1 0.7 0.7 0.9 0.85 0.91 0.86 0.92
        echo time 0 harmonic 3 "$1" "$2" 0.9 0.5 "$3" "$4" 0.7 "$5" 0 0 0.86 0.92
    } | tr ' +' '\t ' | awk -f "$judging/verdicts.awk" | sed -n '2s/\t/ /gp'
}
is "$(verdicts 0.92 0.66 5.9 0.7 0.85)" "0 3 0.920 yes yes yes yes yes" "a network that passes"
is "$(verdicts 0.93 0.66 5.9 0.8 0.92)" "0 3 0.930 yes yes yes yes yes" "... and one that does elsewhere"
is "$(verdicts 0.91 0.65 6 0.69 0.84)" "0 3 0.910 no no no no no" "one that fails, within the intervals of chance"
is "$(verdicts 0.93 0.66 5.9 0.8 0.93)" "0 3 0.930 yes yes yes yes no" "one whose records are too different"
is "$(verdicts nan NaN NaN NaN NaN)" "0 3 nan no no no no no" "one whose numbers are not defined"

# Songs of seventy seconds: notes by chance.
mkdir -p tree "short songs"
PYTHONPATH=$root/tests/filters PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'END' >songs.keys
import sys
import numpy as np
from streams import end, record
random = np.random.RandomState(1)
for song in range(4):
    keys = np.zeros((2, 33, 3500), "<f4")
    for begin in range(0, 3500, 25):
        for key in random.randint(0, 33, 2):
            keys[:, key, begin:begin + random.randint(10, 50)] = random.rand(2, 1) / 10 + 0.01
    sys.stdout.buffer.write(record(keys, "kind=keys interval=0.02 keys=27-59"))
sys.stdout.buffer.write(end(4))
END
keys-to-wave -q songs.keys | wave-to-mp3 -q -o "short songs/%d's.mp3"
cp -r "$root/pipelines" tree/
ln -s "$BIN" tree/bin
# Both of the described design, which knows no beats: fitting a prior takes long.
# shellcheck disable=SC2016 # make's $(1)
sed -i 's/ | bin.keys-to-beats $(1)$//' tree/pipelines/designs.mk
smallest="n_channels=4 latent_dim=8 noise_dim=3360 pretrain_epochs_d=0"
# shellcheck disable=SC2086 # a list of words
"$judging/variant" "$root/pipelines/described.yaml" $smallest >tree/pipelines/described.yaml
"$judging/variant" tree/pipelines/described.yaml seq_len=32000 latent_seq_len=800 noise_dim=6400 >tree/pipelines/demo.yaml

# What was trained, in how many rows.
report()
{
    QUICK=1 tree/pipelines/report "short songs" >out 2>err || tail -n 3 err
    grep -c '^report: trained' err
}
table=tree/music/report-quick/report.tsv page=tree/music/report-quick/index.html

is "$(report)" 8 "eight networks are trained"
is "$(cut -f 1-4 $table | sort | uniq | wc -l)" 27 "the table has twenty-six rows, each once"
is "$(awk -F '\t' '{ print NF }' $table | sort -u | wc -l)" 1 "... of as many columns"
is "$(awk -F '\t' '$1 == "ceiling" { print $6 }' $table | tr '\n' ' ')" "1.0000 1.0000 1.0000 1.0000 " \
    "the ceiling reaches itself"
is "$(awk -F '\t' '$4 > 0 && !($5 > 0)' $table)" "" "training takes time"
is "$(awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /^AUC-roll(\+loudness)?$/) at[i] }
    NR > 1 { for (i in at) if ($i >= 0 && $i <= 1 && $i !~ /N/) judged++ } END { print judged }' $table)" 52 \
    "two fresh judges for each row"
is "$(grep -c -e '^time  *[01]  *harmonic  *[123] ' -e '^[01]  *[123]  ' out)" 12 "what is printed has rows and verdicts"
is "$(grep -c 'VARIANTS=1' out $page | tr '\n' ' ')" "out:1 $page:1 " "... and says what was not run"
is "$(grep -c '<img .*data:image/png;base64,[^"]' $page)" 46 "the page holds its pictures"
sounds() { grep -o 'src="[^"]*mp3"' $page | cut -d '"' -f 2; }
is "$(sounds | while IFS= read -r mp3; do [ -s "${page%/*}/$mp3" ] && echo; done | wc -l)" 42 "... and names its sounds"
is "$(grep -ciE '<script|(src|href)="(https?:)?//' $page)" 0 "... and needs neither script nor network"

is "$(report)" 0 "a second run trains nothing"
cp $table before.tsv
rm tree/build/report-quick/0/harmonic/time/2/model tree/build/report-quick/1/harmonic/noise/scores
is "$(report)" 1 "what is missing is made again"
is "$(cut -f 1-4,6- $table)" "$(cut -f 1-4,6- before.tsv)" "... the same numbers"
sed -i 's/^learning_rate:.*/learning_rate: 0.002/' tree/pipelines/described.yaml
is "$(report)" 2 "another configuration: its networks"
fails 1 'report: nowhere: no such folder' "no folder" tree/pipelines/report nowhere
done_testing
