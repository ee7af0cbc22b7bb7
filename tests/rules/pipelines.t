#!/bin/bash
# pipelines/music with stand-ins for the programs: what is made again, and what goes on, after which change.
# shellcheck disable=SC2016 # the stand-ins expand their own variables
. "$(dirname "$0")/../tap.sh"

mkdir tree tree/bin "Möller's songs"
cp -r "$root/pipelines" tree/
echo one >"Möller's songs/a b.MP3"
echo two >"Möller's songs/ü.mp3"

# A stand-in notes that it ran, and writes something that depends on what it reads.
stand_in()
{
    printf '#!/bin/bash\necho %s >>%q/ran\n%s\n' "$1" "$work" "$2" >"tree/bin/$1"
    chmod +x "tree/bin/$1"
}
stand_in mp3-to-wave 'shift 2; find "$1" -type f | LC_ALL=C sort | tr "\n" "\0" | xargs -0 cat'
stand_in wave-to-chunks 'cat'
stand_in chunks-to-keys 'cat'
stand_in keys-to-beats 'cat'
stand_in gan-train '
    while getopts c:o:-: option; do [ $option = o ] && folder=$OPTARG; done
    mkdir -p "$folder"
    if [ -e "$folder/last" ]; then echo resumed >>'"$work"'/ran; fi
    touch "$folder/last" "$folder/losses.tsv"
    [ ! -e '"$work"'/killed ] || { head -c 2; exit 1; }
    cat'
stand_in gan-sample 'cat "$2"'
stand_in keys-to-wave 'cat'
stand_in keys-to-png 'cat >/dev/null; for i in 1 2 3 4 5; do touch "$(printf "${!#}" $i)"; done'
stand_in losses-to-png 'cp "$3" "$2"'
stand_in keys-to-midi 'for i in 1 2 3 4 5; do echo "piece $i, $4" >"$(printf "${!#}" $i)"; done'
stand_in raw-to-wave 'cat'
stand_in wave-to-mp3 'text=$(cat); for i in 1 2 3 4 5; do echo "$text" >"$(printf "${!#}" $i)"; done'
# fluidsynth, and a dpkg-query for which it is installed.
mkdir path
printf '#!/bin/sh\necho installed\n' >path/dpkg-query
printf '#!/bin/bash\necho fluidsynth >>%q/ran\n[ ! -e %q/broken ] || echo "fluidsynth: error: broken" >&2\n' \
    "$work" "$work" >path/fluidsynth
echo 'file=${!#}; echo "${*: -2:1} plays $(cat "$file")"' >>path/fluidsynth
chmod +x path/*
PATH=$work/path:$PATH

# What ran, in the order of the stages.
music()
{
    rm -f ran
    tree/pipelines/music "Möller's songs" >out 2>err
    touch ran
    grep -x -e mp3-to-wave -e gan-train -e resumed -e gan-sample ran | tr '\n' ' '
}

touch killed
is "$(music)" "mp3-to-wave gan-train " "training that is interrupted ends the run"
[ ! -e tree/build/music/demo/model ] && [ ! -e tree/music/demo-001.mp3 ]
ok $? "it leaves neither a model nor music"
rm killed
is "$(music)" "gan-train resumed gan-sample " "the next run goes on from the checkpoint"
is "$(cat tree/music/demo-003.mp3)" "one
two" "songs with spaces, quotes and umlauts in their names arrive"
is "$(grep -c 'music/demo-005.mp3' err)" 1 "what was made is said"
is "$(music)" "" "a second run makes nothing again"
rm tree/music/demo-002.mp3
is "$(music)" "" "a missing piece: nothing is sampled again"
[ -s tree/music/demo-002.mp3 ]
ok $? "but it is there again"
touch -d '2030-01-01' "Möller's songs/ü.mp3"
is "$(music)" "mp3-to-wave gan-train gan-sample " "another song: everything, from no checkpoint"
touch tree/pipelines/demo.yaml
is "$(music)" "" "a configuration that is only touched: nothing"
echo "epochs: 1" >"my config.yaml"
export CONFIG="my config.yaml"
is "$(music)" "mp3-to-wave gan-train gan-sample " "another configuration, whose design hears otherwise: its keys, training"
[ -s tree/music/my_config-005.mp3 ]
ok $? "its music has its name"
[ -e tree/music/my_config-005.png ] && [ -e tree/music/my_config-losses.png ]
ok $? "so have its pictures"
unset CONFIG

# A soundfont.
printf 'RIFF1234sfbk' >"my font.sf2"
played() { SOUND="my font.sf2" music; }
is "$(played)" "" "SOUND=FILE: nothing is sampled again"
is "$(cat tree/music/demo-003.mp3) $(grep -c fluidsynth ran)" "$work/my font.sf2 plays piece 3, 0 5" "... but played, by a piano"
is "$(PROGRAM=19 played)$(cat tree/music/demo-005.mp3)" "$work/my font.sf2 plays piece 5, 19" "PROGRAM=19: by an organ"
is "$(PROGRAM=19 played)$(grep -c fluidsynth ran)" 0 "a second run plays nothing again"
touch broken
rm tree/music/demo-002.mp3
played >/dev/null
is "$(ls tree/music/demo-*.mp3 2>/dev/null)" "" "fluidsynth fails: no piece"
is "$(grep -c "music: fluidsynth does not play $work/my font.sf2: fluidsynth: error: broken" err)" 1 "... and one line says so"
rm broken
is "$(music)$(cat tree/music/demo-003.mp3)" "one
two" "without SOUND again: keys-to-wave"
SOUND=nowhere.sf2 fails 1 'music: nowhere.sf2: no such soundfont' "no soundfont" tree/pipelines/music "Möller's songs"
SOUND='my config.yaml' fails 1 'my config.yaml: not a soundfont' "no font" tree/pipelines/music "Möller's songs"
for program in 128 piano -1; do
    SOUND="my font.sf2" PROGRAM=$program fails 1 "PROGRAM=$program is no instrument" "PROGRAM=$program" \
        tree/pipelines/music "Möller's songs"
done

fails 1 'nowhere: no such folder' "no folder" tree/pipelines/music nowhere
mkdir empty
fails 1 'empty: no MP3 file there' "no songs" tree/pipelines/music empty
CONFIG=nothing.yaml fails 1 'nothing.yaml: no such configuration' "no configuration" tree/pipelines/music empty
SCORES=nowhere fails 1 'nowhere: no MIDI files' "no scores to render" "$root/pipelines/render-songs" songs
done_testing
