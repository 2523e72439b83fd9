#!/usr/bin/env bash
# Small operations a second: open+close, open+read 4 KiB+close, create+unlink, as an application, the raw lower
# directory against the mount and, if given, another mount. Makes the volume and calls benches/open_close.rs.
#
# benches/open_close.sh [--pin CPU] [--files 1000] [--peer DIR] [--parent DIR] [OPTION of open_close.rs …]
#   --pin     client and daemon on this CPU
#   --peer    a mount whose lower directory the script fills with the same files
#   --parent  where the volume is made; chooses the lower file system [the temporary directory]
# The release binary is built first; MEDIAGATE=FILE takes another one. Needs root.
set -euo pipefail

files=1000 peer='' parent=${TMPDIR:-/tmp}
pin=() pin_client=() rest=()
while [ $# -gt 0 ]; do
    case $1 in
        --pin) pin=(taskset -c "$2"); pin_client=(--pin "$2"); shift 2 ;;
        --files) files=$2; shift 2 ;;
        --peer) peer=$(realpath "$2"); shift 2 ;;
        --parent) parent=$2; shift 2 ;;
        --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) rest+=("$1"); shift ;;
    esac
done
# shellcheck source=benches/volume.sh
. "$(dirname "${BASH_SOURCE[0]}")/volume.sh"

# fill DIRECTORY: pictures that begin as a JPEG file does, so that name and content agree.
fill() {
    local number
    mkdir -p "$1"
    for ((number = 0; number < files; number++)); do
        { printf '\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00'; head -c 8190 /dev/zero; printf '\xff\xd9'; } \
            >"$1/$number.jpg"
    done
    chmod -R 777 "$1"
}

serve_volume "$parent" ${pin[@]+"${pin[@]}"}
raw=$scratch/raw
fill "$raw"
fill "$lower/Pictures/bench"
targets=(--raw "$raw" --mount "$mount/Pictures/bench")
if [ -n "$peer" ]; then
    fill "$peer"
    targets+=(--peer "$peer")
fi
describe_machine "$lower"
cd "$here"
cargo bench --locked --bench open_close -- "${targets[@]}" --uid "$app_uid" \
    ${pin_client[@]+"${pin_client[@]}"} ${rest[@]+"${rest[@]}"}
