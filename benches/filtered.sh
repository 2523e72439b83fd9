#!/usr/bin/env bash
# Reading a filtered file: 4 KiB synchronous read and randread of a large MP4 that tells where it was recorded, by an
# application that may not learn that, against the same file of the lower directory, interleaved, with the page cache
# dropped before and with the file in it. Prints medians of the passes and their ratio.
#
# benches/filtered.sh [--size 1G] [--passes 5] [--parent DIR]
#   --size    of the recording
#   --parent  where the volume is made; chooses the lower file system [the temporary directory]
# The release binary is built first; MEDIAGATE=FILE takes another one. Needs root, fio and Python.
set -euo pipefail

size=1G passes=5 parent=${TMPDIR:-/tmp}
while [ $# -gt 0 ]; do
    case $1 in
        --size) size=$2; shift 2 ;;
        --passes) passes=$2; shift 2 ;;
        --parent) parent=$2; shift 2 ;;
        *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
command -v fio >/dev/null || { echo "fio is not installed" >&2; exit 2; }
# shellcheck source=benches/volume.sh
. "$(dirname "${BASH_SOURCE[0]}")/volume.sh"
serve_volume "$parent"

# The place stands in the user data of `moov`, which follows the samples.
python3 - "$lower/Pictures/film.mp4" "$(numfmt --from=iec "$size")" <<'MAKE'
import os, struct, sys
def box(kind, body):
    return struct.pack(">I", len(body) + 8) + kind + body
place = b"+48.8584+002.2945/"
user_data = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15c7) + place))
with open(sys.argv[1], "wb") as file:
    file.write(box(b"ftyp", b"isom\0\0\2\0isomiso2mp41"))
    samples = int(sys.argv[2])
    file.write(struct.pack(">I4sQ", 1, b"mdat", samples + 16))
    for start in range(0, samples, 1 << 20):
        file.write(os.urandom(min(1 << 20, samples - start)))
    file.write(box(b"moov", user_data))
MAKE
chmod 644 "$lower/Pictures/film.mp4"
sleep 2 # what was written a moment ago is looked at each time

as_reader=(setpriv --reuid="$reader_uid" --regid="$reader_uid" --clear-groups)
if "${as_reader[@]}" grep -qa '48\.8584' "$mount/Pictures/film.mp4"; then
    echo "the file is not filtered" >&2
    exit 1
fi

# one TARGET FILE MODE CACHE: appends "MODE-CACHE-TARGET KiB/s".
one() {
    local target=$1 file=$2 mode=$3 cache=$4
    sync
    if [ "$cache" = cold ]; then
        echo 3 >/proc/sys/vm/drop_caches
    else
        "${as_reader[@]}" cat "$file" >/dev/null
    fi
    echo "$mode-$cache-$target $(fio_rate "$file" "$mode" "$size" "${as_reader[@]}")" >>"$results"
}

describe_machine "$lower"
echo "# fio 4 KiB sync on an MP4 of $size, $passes passes"
targets=("raw $lower/Pictures/film.mp4" "filtered $mount/Pictures/film.mp4")
for ((pass = 0; pass < passes; pass++)); do
    for cache in cold warm; do
        for mode in read randread; do
            for turn in 0 1; do
                # Each pass begins with another target, so that none always runs on a machine just warmed by another.
                read -r target file <<<"${targets[(turn + pass) % 2]}"
                one "$target" "$file" "$mode" "$cache"
            done
        done
    done
done

printf '%-16s %14s %14s %14s\n' KiB/s raw filtered filtered/raw
for cache in cold warm; do
    for mode in read randread; do
        raw=$(median "$mode-$cache-raw") ours=$(median "$mode-$cache-filtered")
        printf '%-16s %14.0f %14.0f %14.3f\n' "$mode, $cache" "$raw" "$ours" "$(awk "BEGIN { print $ours / $raw }")"
    done
done
