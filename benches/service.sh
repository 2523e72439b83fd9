#!/usr/bin/env bash
# Calls of the service while files are used: clients that call `check` and `open` all the time (benches/service.rs), fio
# on the mount, and both at once, in turn. Prints medians of the passes: calls a second, p50 and p99 in microseconds, and
# fio's throughput alone, beside the clients, and beside as many clients of another daemon: what only those take that the
# other's take too is the processors' time.
#
# benches/service.sh [--clients 8] [--seconds 5] [--passes 3] [--size 256M] [--parent DIR]
#   --parent  where the volume is made; chooses the lower file system [the temporary directory]
# The release binary is built first; MEDIAGATE=FILE takes another one. Needs root and fio.
set -euo pipefail

clients=8 seconds=5 passes=3 size=256M parent=${TMPDIR:-/tmp}
while [ $# -gt 0 ]; do
    case $1 in
        --clients) clients=$2; shift 2 ;;
        --seconds) seconds=$2; shift 2 ;;
        --passes) passes=$2; shift 2 ;;
        --size) size=$2; shift 2 ;;
        --parent) parent=$2; shift 2 ;;
        *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
command -v fio >/dev/null || { echo "fio is not installed" >&2; exit 2; }
# shellcheck source=benches/volume.sh
. "$(dirname "${BASH_SOURCE[0]}")/volume.sh"
client=$(cd "$here" && cargo bench --locked --bench service --no-run --message-format=json |
    sed -n 's/.*"name":"service".*"executable":"\([^"]*\)".*/\1/p')
serve_volume "$parent"

# The other daemon, on a volume of its own.
other=$scratch/other
leave_both() {
    local status=$?
    set +e
    kill "$second" 2>/dev/null
    wait "$second"
    (exit "$status")
    leave_volume
}
mkdir -p "$other/lower/Pictures" "$other/mount" "$other/state"
chmod -R 777 "$other/lower"
"$(release_binary)" serve --lower "$other/lower" --mount "$other/mount" --state "$other/state" \
    --apps "$scratch/apps.toml" --socket "$other/socket" >"$other/log" 2>&1 &
second=$!
trap leave_both EXIT
until mountpoint -q "$other/mount"; do
    kill -0 "$second"
    sleep 0.05
done

printf '\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9' >"$lower/Pictures/bench.jpg"
chmod 666 "$lower/Pictures/bench.jpg"
cp -p "$lower/Pictures/bench.jpg" "$other/lower/Pictures/"
dd if=/dev/zero of="$mount/Download/fio" bs=1M count="$(numfmt --from=iec --to-unit=1M "$size")" conv=fsync status=none

# calls STATE SECONDS SOCKET: appends "check-rate-STATE N", "check-p50-STATE N" and so on.
calls() {
    "$client" --socket "$3" --file Pictures/bench.jpg --clients "$clients" --seconds "$2" |
        awk -v state="$1" '{ print $1 "-rate-" state, $2; print $1 "-p50-" state, $3; print $1 "-p99-" state, $4 }' \
            >>"$results"
}

# files STATE MODE: appends "MODE-STATE KiB/s".
files() {
    local rate
    rate=$(fio_rate "$mount/Download/fio" "$2" "$size" timeout "$((seconds * 20))")
    echo "$2-$1 $rate" >>"$results"
}

describe_machine "$lower"
echo "# $clients clients, fio 4 KiB sync of $size in the page cache, $passes passes"
for ((pass = 0; pass < passes; pass++)); do
    calls alone "$seconds" "$scratch/socket"
    for mode in randread randwrite; do
        cat "$mount/Download/fio" >/dev/null
        files alone "$mode"
        calls beside-fio "$((seconds + 2))" "$scratch/socket" &
        sleep 1
        files beside-clients "$mode"
        wait $!
        calls of-another "$((seconds + 2))" "$other/socket" &
        sleep 1
        files beside-others "$mode"
        wait $!
    done
done

printf '%-6s %-12s %10s %10s %10s\n' call '' calls/s p50/us p99/us
for call in check open; do
    for state in alone beside-fio; do
        printf '%-6s %-12s %10.0f %10.0f %10.0f\n' "$call" "$state" "$(median "$call-rate-$state")" \
            "$(median "$call-p50-$state")" "$(median "$call-p99-$state")"
    done
done
printf '%-10s %14s %16s %16s\n' KiB/s alone beside-clients beside-others
for mode in randread randwrite; do
    alone=$(median "$mode-alone") beside=$(median "$mode-beside-clients") others=$(median "$mode-beside-others")
    awk -v mode="$mode" -v alone="$alone" -v beside="$beside" -v others="$others" 'BEGIN {
        printf "%-10s %14.0f %9.0f (%.2f) %9.0f (%.2f)\n", mode, alone, beside, beside / alone, others, others / alone }'
done
