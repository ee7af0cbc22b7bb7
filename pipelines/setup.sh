# What `music` and `report` begin with; they source it.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail()
{
    echo "${0##*/}: $*" >&2
    exit 1
}

# Replaces a file when the new text on standard input differs: make goes by its time.
refresh()
{
    cat >"$1.new"
    if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# choose_songs [FOLDER]: goes to the project's folder and sets FOLDER, of the songs to learn from, for the stages;
# without one, free songs are rendered.
choose_songs()
{
    local songs=${1-}
    songs=${songs/#\~\//$HOME/}
    [ -z "$songs" ] || [ -d "$songs" ] || fail "$songs: no such folder"
    [ -z "$songs" ] || songs=$(realpath "$songs")
    cd "$root" || exit
    if [ -z "$songs" ]; then
        songs=build/songs
        echo "${0##*/}: no SONGS=FOLDER given: learning from free songs in $songs" >&2
        pipelines/packages install songs
        pipelines/render-songs "$songs"
    fi
    export FOLDER=$songs
}

# list_songs FILE: what a change of the songs is seen by.
list_songs()
{
    find -L "$FOLDER" -type f -iname '*.mp3' -printf '%T@ %s %p\0' | sort -z | refresh "$1"
    [ -s "$1" ] || fail "$FOLDER: no MP3 file there"
}
