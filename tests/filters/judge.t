#!/bin/bash
# gan-train --against, gan-sample --score, keys-compare --by: a judge tells what differs and nothing else, and never
# scores what it was trained on.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
export OMP_WAIT_POLICY=passive

# Songs of two records each: scales that rise, from keys and in steps by chance. Shuffled: their notes in another order.
# Drums: the same with a drum on each note, and on other frames.
PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - <<'PY'
import numpy as np
from streams import end, record

random = np.random.RandomState(1)


def scale(shuffled=False):
    keys = (random.randint(12) + np.arange(10) * random.randint(1, 4)) % 12
    if shuffled:
        random.shuffle(keys)
    x = np.zeros((2, 12, 60))
    for i, key in enumerate(keys):
        x[:, key, 6 * i:6 * i + 5] = random.uniform(0.5, 1, (2, 1))
    return x


def write(name, arrays, names=None, facts="kind=keys interval=0.02 keys=30-41"):
    with open(name, "wb") as file:
        for i, array in enumerate(arrays):
            source = " source=%s start=%d" % (names[i], 10 * i) if names else ""
            file.write(record(np.asarray(array, "<f4"), facts + source))
        file.write(end(len(arrays)))


def songs(letter, count):
    return ["%s%d" % (letter, i // 2) for i in range(count)]


write("train.keys", [scale() for _ in range(80)], songs("a", 80))
write("valid.keys", [scale() for _ in range(60)], songs("b", 60))
write("alike.keys", [scale() for _ in range(120)], songs("c", 120))
write("shuffled.keys", [scale(True) for _ in range(120)])
write("pairs.keys", [[scale(), scale()] for _ in range(3)], songs("d", 3))
write("one.keys", [scale()])
write("none.keys", [])
write("short.keys", [scale()[..., :50]] * 4)
write("other.keys", [scale()] * 4, facts="kind=keys interval=0.02 keys=31-42")
write("wave.tensors", [np.zeros((2, 100))], facts="kind=wave rate=12000")


def drums(late):
    x = scale()
    beat = np.zeros((2, 3, 60))
    beat[:, random.randint(3), late::12] = 0.01
    return np.concatenate([x, beat], 1)


for name, letter in (("beats-train", "a"), ("beats-valid", "b"), ("beats-made", "c")):
    with open(name + ".keys", "wb") as file:
        for i in range(40):
            file.write(record(scale().astype("<f4"), "kind=keys beat=6 interval=%g keys=30-41 source=%s%d start=%d" %
                              (0.02 + 0.01 * (i // 2 % 2), letter, i // 2, 10 * (i % 2))))
        file.write(end(40))
facts = "kind=keys interval=0.02 keys=30-41 drums=3"
for name, late in (("drums-train", 0), ("drums-valid", 0), ("drums-late", 3)):
    write(name + ".keys", [drums(late) for _ in range(60)], facts=facts)
write("soft.keys", [x * [[[1]], [[0.5]]] for x in (scale() for _ in range(120))])
PY

# auc MADE [OPTION...]: of a judge that was trained on them.
auc()
{
    local made=$1 train=${TRAIN-train.keys} valid=${VALID-valid.keys}
    shift
    gan-train -q -d cpu --against "$made" --updates 100 "$@" "$train" >judge || return
    gan-sample -q -d cpu -m judge --score "$valid" >real.scored
    gan-sample -q -d cpu -m judge --score "$made" >made.scored
    keys-compare --resamples 200 --by score real.scored made.scored
}
# between LOW HIGH: the AUC that is read, inside its interval.
between()
{
    awk -v low="$1" -v high="$2" '$1 == "AUC" { found = $2 >= low && $2 <= high && $3 <= $2 && $2 <= $4 }
        { print "# " $0 } END { exit !found }'
}

auc shuffled.keys | between 0.95 1
ok $? "songs are told from their notes in another order"
cp judge first
is "$(tensor-print made.scored | grep -c '^record')" 60 "half of what was made was not trained on, and is scored"
is "$(tensor-print real.scored | grep -c 'kind=keys .*source=b.* score=')" 60 "... and all songs that were set aside"
auc alike.keys | between 0.3 0.7
ok $? "other songs of the same kind are not"
TRAIN=drums-train.keys VALID=drums-valid.keys auc drums-late.keys --updates 250 | between 0.95 1
ok $? "drums are heard"
auc soft.keys | between 0.2 0.8
ok $? "loudness is not seen on a roll"
auc soft.keys --loudness | between 0.95 1
ok $? "... but with --loudness"
auc train.keys --updates 10 | between 0 1
ok $? "training songs can be judged by themselves"
is "$(tensor-print made.scored | grep -c '^record')" 20 "... what is left of a deal"

for threads in 1 2 3; do
    OMP_NUM_THREADS=$threads gan-train -q -d cpu --updates 100 --against shuffled.keys train.keys | cmp -s first -
    ok $? "the same judge with $threads threads"
done
gan-train -q -d cpu --updates 100 --against shuffled.keys -S 2 <train.keys | cmp -s first -
is $? 1 "another seed, another judge"

gan-sample -m first -d cpu --score valid.keys >all.scored
PYTHONPATH=$here /usr/bin/python3 - <<'PY'
import numpy as np
from streams import end, record
with open("valid.keys", "rb") as file:
    x = [np.load(file) for _ in range(7)]
with open("seven.keys", "wb") as file:
    for i in x:
        file.write(record(5 * i, "kind=keys interval=0.02 keys=30-41 source=x"))
    file.write(end(7))
PY
scores() { tensor-print "$1" | grep -ao 'score=[^ ]*'; }
is "$(gan-sample -m first -d cpu --score seven.keys >seven.scored && scores seven.scored)" "$(scores all.scored | head -n 7)" \
    "a score depends on neither the other records nor the scale"
tensor-cmp -q seven.keys seven.scored
ok $? "the records are as they were"
gan-sample -m first -d cpu --score pairs.keys >pairs.scored
is "$(tensor-print pairs.scored | grep -c '^record.*(2, 12, 60)')" 6 "a pair is two records"
is "$(tensor-print pairs.scored | grep -ao 'start=[0-9.]*' | tr '\n' ' ')" \
    "start=0 start=1.2 start=10 start=11.2 start=20 start=21.2 " "... one after the other"
is "$(gan-sample -m first -d cpu --score train.keys 2>&1 >nothing)" \
    "gan-sample: 80 records left out: the judge was trained on their songs" "what it was trained on is left out, and counted"
is "$(keys-compare --by score real.scored real.scored --resamples 0 | tail -n 1)" \
    "$(printf 'AUC\t0.5\tNaN\tNaN')" "equal scores tell nothing"

# Beats: intervals differ from record to record, and the judge knows the beat.
TRAIN=beats-train.keys VALID=beats-valid.keys auc beats-made.keys --updates 10 | between 0 1
ok $? "records of several tempi"
is "$(head -n 1 judge | grep -aoE 'beat=[^ ]+|interval=[^ ]+')" "beat=6" "a judge states the beat, and no interval"
is "$(tensor-print real.scored | grep -ao 'interval=[0-9.]*' | sort | uniq -c | tr -s ' \n' ' ')" \
    " 20 interval=0.02 20 interval=0.03 " "what it scores keeps its tempo"
cp judge beats.judge

judge=(gan-train -q -d cpu --against)
fails 1 'gan-train: beats-made.keys: record 1 .*: beats of 6 frames, but the records before have 0' "beats on one side" \
    "${judge[@]}" beats-made.keys train.keys
fails 1 'valid.keys: record 1 .*: beats of 0 frames, but the records before have 6' "no beats to score" \
    gan-sample -m beats.judge --score valid.keys
fails 1 'gan-train: one.keys: too few songs: half of them is kept out' "one record has no halves" "${judge[@]}" one.keys train.keys
fails 1 'gan-train: none.keys: no records' "nothing made" "${judge[@]}" none.keys train.keys
fails 1 'gan-train: none.keys: no records' "no songs" "${judge[@]}" shuffled.keys none.keys
cat one.keys shuffled.keys >both.keys
fails 1 'gan-train: one.keys: too few songs: none is left to train on' "one song, which is dealt to the other side" \
    "${judge[@]}" both.keys one.keys
fails 1 'gan-train: short.keys: record 1 .*: 50 frames of 0.02 s, but the records before have 60' "shorter records" \
    "${judge[@]}" short.keys train.keys
fails 1 'gan-train: other.keys: record 1 .*: keys 31-42, but the records before have 30-41' "other keys" \
    "${judge[@]}" other.keys train.keys
fails 1 'gan-train: drums-late.keys: record 1 .*: 3 drums' "drums on one side" "${judge[@]}" drums-late.keys train.keys
fails 1 'gan-train: wave.tensors: record 1 .*: kind=wave' "waves" "${judge[@]}" wave.tensors train.keys
fails 2 'against excludes -c' "a configuration" "${judge[@]}" shuffled.keys -c x.yaml train.keys
fails 2 'only one of the inputs can be -' "standard input twice" "${judge[@]}" - -
fails 2 'loudness is for --against' "loudness of a model" gan-train -c x.yaml --loudness train.keys
fails 1 'gan-sample: first: .*keys 31-42|other.keys: record 1 .*: keys 31-42, but' "other keys to score" \
    gan-sample -m first --score other.keys
fails 1 'short.keys: record 1 .*: 50 frames' "shorter records to score" gan-sample -m first --score short.keys
fails 1 'train.keys: record 1 at byte 0: not a judge' "keys are no judge" gan-sample -m train.keys --score valid.keys
fails 1 'first: record 1 at byte 0: not a model' "a judge makes nothing" gan-sample -m first
fails 2 'score makes nothing' "scored samples" gan-sample -m first --score valid.keys --best 1
head -c 20000 first >short.judge
fails 1 'short.judge: record [0-9]+ at byte' "a judge cut short" gan-sample -m short.judge --score valid.keys
fails 1 'valid.keys: record 1 at byte 0: no fact score' "no scores" keys-compare --by score valid.keys made.scored
fails 1 'made.scored: record 1 at byte 0: kind=keys is not a number' "words" keys-compare --by kind made.scored made.scored
fails 1 'none.keys: no records' "no records" keys-compare --by score real.scored none.keys
fails 2 'by excludes --training' "a training set" keys-compare --by score -t train.keys real.scored made.scored
done_testing
