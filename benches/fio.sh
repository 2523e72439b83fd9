#!/usr/bin/env bash
# Throughput of large files: 4 KiB synchronous read, randread, write and randwrite with fsync on close, the raw lower
# directory against the mount, interleaved. Prints medians of the passes and their ratio.
#
# benches/fio.sh [--size 1G] [--passes 3] [--cold] [--peer DIR] [--parent DIR]
#   --cold    drop the page cache before each run, else the file is read once before
#   --peer    a directory of another mount to compare as well
#   --parent  where the volume is made; chooses the lower file system [the temporary directory]
# The release binary is built first; MEDIAGATE=FILE takes another one. Needs root and fio.
set -euo pipefail

size=1G passes=3 cold=0 peer='' parent=${TMPDIR:-/tmp}
while [ $# -gt 0 ]; do
    case $1 in
        --size) size=$2; shift 2 ;;
        --passes) passes=$2; shift 2 ;;
        --cold) cold=1; shift ;;
        --peer) peer=$2; shift 2 ;;
        --parent) parent=$2; shift 2 ;;
        *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
command -v fio >/dev/null || { echo "fio is not installed" >&2; exit 2; }
# shellcheck source=benches/volume.sh
. "$(dirname "${BASH_SOURCE[0]}")/volume.sh"
serve_volume "$parent"
results=$scratch/results

# one TARGET DIRECTORY MODE: appends "MODE TARGET KiB/s".
one() {
    local target=$1 mode=$3 file=$2/fio.$3 rate
    if [ ! -e "$file" ] || [ "$mode" = write ]; then
        rm -f "$file"
        [ "$mode" = write ] || dd if=/dev/zero of="$file" bs=1M count="$(numfmt --from=iec --to-unit=1M "$size")" \
            conv=fsync status=none
    fi
    sync
    if [ "$cold" = 1 ]; then
        echo 3 >/proc/sys/vm/drop_caches
    elif [ "$mode" != write ]; then
        cat "$file" >/dev/null
    fi
    rate=$(fio_rate "$file" "$mode" "$size")
    echo "$mode $target $rate" >>"$results"
}

describe_machine "$lower"
[ "$cold" = 1 ] && cache=cold || cache=warm
echo "# fio 4 KiB sync, fsync_on_close, $size, $cache, $passes passes"
targets=(raw mount)
[ -z "$peer" ] || targets+=(peer)
mkdir -p "$scratch/raw"
for ((pass = 0; pass < passes; pass++)); do
    for mode in read randread write randwrite; do
        for ((turn = 0; turn < ${#targets[@]}; turn++)); do
            # Each pass begins with another target, so that none always runs on a machine just warmed by another.
            target=${targets[(turn + pass) % ${#targets[@]}]}
            case $target in
                raw) one raw "$scratch/raw" "$mode" ;;
                mount) one mount "$mount/Download" "$mode" ;;
                peer) one peer "$peer" "$mode" ;;
            esac
        done
    done
done
[ -z "$peer" ] || rm -f "$peer"/fio.{read,randread,write,randwrite}

median() {
    awk -v mode="$1" -v target="$2" '$1 == mode && $2 == target { print $3 }' "$results" | sort -n |
        awk '{ value[NR] = $1 } END { print (NR % 2) ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}

printf '%-10s %14s %14s %10s' KiB/s raw mount mount/raw
[ -z "$peer" ] || printf ' %14s %10s' peer mount/peer
echo
for mode in read randread write randwrite; do
    raw=$(median "$mode" raw) ours=$(median "$mode" mount)
    printf '%-10s %14.0f %14.0f %10.3f' "$mode" "$raw" "$ours" "$(awk "BEGIN { print $ours / $raw }")"
    if [ -n "$peer" ]; then
        other=$(median "$mode" peer)
        printf ' %14.0f %10.3f' "$other" "$(awk "BEGIN { print $ours / $other }")"
    fi
    echo
done
