#!/usr/bin/env bash
# Listing one large directory, the raw lower directory against the mount, for each kind of caller, interleaved: the
# names alone (ls -U) and with the attributes of every entry (find -size). Prints medians in milliseconds, their ratio,
# and the daemon's peak memory.
#
# benches/listing.sh [--entries 100000] [--passes 5] [--parent DIR]
#   --parent  where the volume is made; chooses the lower file system [the temporary directory]
# The release binary is built first; MEDIAGATE=FILE takes another one. Needs root and setpriv.
set -euo pipefail

entries=100000 passes=5 parent=${TMPDIR:-/tmp}
while [ $# -gt 0 ]; do
    case $1 in
        --entries) entries=$2; shift 2 ;;
        --passes) passes=$2; shift 2 ;;
        --parent) parent=$2; shift 2 ;;
        *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
# shellcheck source=benches/volume.sh
. "$(dirname "${BASH_SOURCE[0]}")/volume.sh"
serve_volume "$parent"

as() {
    local uid=$1
    shift
    setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"
}

# Made through the mount, so that they are the owner's.
# shellcheck disable=SC2016 # the inner shell expands it
as "$owner_uid" bash -c '
    mkdir "$1" && cd "$1"
    for ((number = 0; number < $2; number++)); do
        printf "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9" >"IMG_$number.jpg"
    done' bash "$mount/Pictures/many" "$entries"
chmod 777 "$lower/Pictures/many"

# one WHO UID WHAT DIRECTORY: appends "WHAT WHO MICROSECONDS".
one() {
    local who=$1 uid=$2 what=$3 directory=$4 began count
    local -a command=(ls -U "$directory")
    [ "$what" = names ] || command=(find "$directory" -mindepth 1 -size -1000)
    began=${EPOCHREALTIME/./}
    count=$(as "$uid" "${command[@]}" | wc -l)
    echo "$what $who $((${EPOCHREALTIME/./} - began))" >>"$results"
    [ "$count" = "$entries" ] || { echo "$who sees $count entries" >&2; exit 1; }
}

callers=("raw 0" "root 0" "manager $app_uid" "reader $reader_uid" "owner $owner_uid")
for ((pass = 0; pass < passes; pass++)); do
    for what in names attributes; do
        for ((turn = 0; turn < ${#callers[@]}; turn++)); do
            read -r who uid <<<"${callers[(turn + pass) % ${#callers[@]}]}"
            [ "$who" = raw ] && directory=$lower/Pictures/many || directory=$mount/Pictures/many
            one "$who" "$uid" "$what" "$directory"
        done
    done
done

describe_machine "$lower"
echo "# $entries entries, $passes passes, daemon's peak memory $(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$daemon/status") MiB"
printf '%-10s %-12s %10s %10s\n' caller what ms 'to raw'
for what in names attributes; do
    raw=$(median "$what raw")
    for caller in "${callers[@]}"; do
        ours=$(median "$what ${caller% *}")
        printf '%-10s %-12s %10.1f %10.2f\n' "${caller% *}" "$what" "$(awk "BEGIN { print $ours / 1000 }")" \
            "$(awk "BEGIN { print $ours / $raw }")"
    done
done
