#!/usr/bin/env bash
# What a scan costs those who use files meanwhile: how long open, read of 4 KiB and close of one file take while a tree
# is scanned and while it is not, on the mount, for a reader whose file is passed through and for one who gets the
# filtered file. Rounds are interleaved; prints the median and the 99th percentile in microseconds.
#
# benches/scan.sh [--entries 200000] [--rounds 5] [--seconds 3] [--parent DIR]
#   --entries  files of the tree that is scanned again and again, all of them read
#   --seconds  of each measurement
#   --parent   where the volume is made; chooses the lower file system [the temporary directory]
# The release binary is built first; MEDIAGATE=FILE takes another one. Needs root and Python.
set -euo pipefail

entries=200000 rounds=5 seconds=3 parent=${TMPDIR:-/tmp}
while [ $# -gt 0 ]; do
    case $1 in
        --entries) entries=$2; shift 2 ;;
        --rounds) rounds=$2; shift 2 ;;
        --seconds) seconds=$2; shift 2 ;;
        --parent) parent=$2; shift 2 ;;
        *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
# shellcheck source=benches/volume.sh
. "$(dirname "${BASH_SOURCE[0]}")/volume.sh"
serve_volume "$parent"
program=$(release_binary)

python3 - "$lower/Pictures" "$entries" <<'FILL'
import os, sys
top, entries = sys.argv[1], int(sys.argv[2])
picture = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
for number in range(entries):
    directory = f"{top}/{number // 1000:04}"
    if number % 1000 == 0:
        os.makedirs(directory)
    with open(f"{directory}/{number}.jpg", "wb") as file:
        file.write(picture + b"\xff\xd9")
with open(f"{top}/read.jpg", "wb") as file:
    file.write(picture + bytes(8190) + b"\xff\xd9")
FILL
chmod 644 "$lower/Pictures/read.jpg"
sleep 2 # what was written a moment ago is not passed through yet

# measure WHO UID WHEN: appends "WHO WHEN MICROSECONDS" for each time.
measure() {
    python3 - "$mount/Pictures/read.jpg" "$2" "$seconds" "$1 $3" <<'READ' >>"$results"
import os, sys, time
path, uid, seconds, what = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
os.setgroups([])
os.setresgid(uid, uid, uid)
os.setresuid(uid, uid, uid)
taken, end = [], time.perf_counter() + seconds
while time.perf_counter() < end:
    began = time.perf_counter_ns()
    file = os.open(path, os.O_RDONLY)
    content = os.pread(file, 4096, 0)
    os.close(file)
    taken.append((time.perf_counter_ns() - began) / 1000)
    assert len(content) == 4096
print("\n".join(f"{what} {one:.1f}" for one in taken))
READ
}

scan() {
    "$program" scan "$@" --socket "$scratch/socket"
}

scan_on_and_on() {
    trap 'exit 0' TERM
    while scan --full --json >/dev/null; do :; done
}

scan --json >/dev/null
readers=("full $app_uid" "filtered $reader_uid")
for ((round = 0; round < rounds; round++)); do
    for reader in "${readers[@]}"; do
        read -r who uid <<<"$reader"
        measure "$who" "$uid" alone
        scan_on_and_on &
        scanning=$!
        sleep 0.3
        measure "$who" "$uid" scan
        kill "$scanning"
        scan --cancel | grep -q '^the scan ends' || { echo "nothing was scanned meanwhile" >&2; exit 1; }
        wait "$scanning" || true
        while ! scan --cancel | grep -q '^no scan'; do sleep 0.05; done
    done
done

describe_machine "$lower"
echo "# open, read 4 KiB, close of one file; $entries files scanned, $rounds rounds of $seconds s"
printf '%-10s %-8s %10s %10s %10s\n' reader when 'median µs' '99 % µs' 'a second'
for reader in "${readers[@]}"; do
    for when in alone scan; do
        which="${reader% *} $when"
        count=$(grep -c "^$which " "$results")
        printf '%-10s %-8s %10.0f %10.0f %10.0f\n' "${reader% *}" "$when" "$(median "$which")" \
            "$(quantile "$which" 0.99)" "$(awk "BEGIN { print $count / $rounds / $seconds }")"
    done
done
