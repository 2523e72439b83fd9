# shellcheck shell=bash
# Serves a temporary volume for a measurement; sourced by the scripts beside it.
#
# After `serve_volume`: $lower and $mount are the directories to compare, $app_uid is an application that may read and
# write everything, $reader_uid one that reads pictures and videos without their location, $owner_uid one without permissions.
# Whatever happens, leaving the script unmounts, ends the daemon and removes the directories.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
app_uid=10001
reader_uid=10002
owner_uid=10003
scratch=
results=
daemon=

release_binary() {
    if [ -n "${MEDIAGATE:-}" ]; then
        echo "$MEDIAGATE"
        return
    fi
    (cd "$here" && cargo build --locked --release --bin mediagate >&2)
    echo "${CARGO_TARGET_DIR:-$here/target}/release/mediagate"
}

# serve_volume PARENT [PREFIX…] [-- ARGUMENT…]: PARENT holds the volume, so it chooses the lower file system; PREFIX is
# put before the daemon's command (taskset -c 0), the ARGUMENTs after it.
serve_volume() {
    local parent=$1 program
    shift
    local -a prefix=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        prefix+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    [ "$(id -u)" = 0 ] || { echo "a measurement needs root: it mounts and drops the page cache" >&2; exit 2; }
    program=$(release_binary)
    scratch=$(mktemp -d "$parent/mediagate-bench.XXXXXX")
    trap leave_volume EXIT
    trap 'exit 130' INT TERM
    chmod 755 "$scratch"
    results=$scratch/results
    lower=$scratch/lower mount=$scratch/mount
    mkdir -p "$lower/Pictures" "$lower/Download" "$mount" "$scratch/state"
    chmod -R 777 "$lower"
    cat >"$scratch/apps.toml" <<APPS
[[app]]
name = "org.example.bench"
uid = $app_uid
target_sdk = 34
permissions = ["READ_MEDIA_IMAGES", "ACCESS_MEDIA_LOCATION", "MANAGE_EXTERNAL_STORAGE"]

[[app]]
name = "org.example.reader"
uid = $reader_uid
target_sdk = 34
permissions = ["READ_MEDIA_IMAGES", "READ_MEDIA_VIDEO"]

[[app]]
name = "org.example.owner"
uid = $owner_uid
target_sdk = 34
APPS
    ${prefix[@]+"${prefix[@]}"} "$program" serve --lower "$lower" --mount "$mount" --state "$scratch/state" \
        --apps "$scratch/apps.toml" --socket "$scratch/socket" "$@" >"$scratch/log" 2>&1 &
    daemon=$!
    local tries=0
    until mountpoint -q "$mount"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 400 ] || ! kill -0 "$daemon" 2>/dev/null; then
            echo "the daemon does not serve:" >&2
            cat "$scratch/log" >&2
            exit 1
        fi
        sleep 0.05
    done
}

leave_volume() {
    local status=$? point
    cd /
    awk -v root="$scratch/" 'index($2, root) == 1 { print $2 }' /proc/self/mounts | tac | while read -r point; do
        umount -l "$(printf '%b' "$point")" || true # the kernel writes a space as \040
    done
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    rm -rf --one-file-system "$scratch"
    exit "$status"
}

# quantile WHAT SHARE: of the numbers in $results whose line begins with WHAT.
quantile() {
    grep "^$1 " "$results" | awk '{ print $NF }' | sort -n |
        awk -v share="$2" '{ value[NR] = $1 } END { print value[int((NR - 1) * share) + 1] }'
}

median() {
    quantile "$1" 0.5
}

# fio_rate FILE MODE SIZE [PREFIX…]: KiB/s of 4 KiB synchronous calls; the closing fsync counts as part of the run.
fio_rate() {
    local file=$1 mode=$2 size=$3
    shift 3
    # invalidate=0: fio would drop the raw file's pages but not those of the file below a mount.
    "$@" fio --name=run --filename="$file" --rw="$mode" --bs=4k --size="$size" --ioengine=sync --fsync_on_close=1 \
        --invalidate=0 --randrepeat=1 --norandommap --output-format=json |
        awk -v direction="${mode#rand}" '
            $1 == "\"" direction "\"" { inside = 1 }
            inside && !done && $1 == "\"bw\"" { gsub(/[^0-9.]/, "", $3); print $3; done = 1 }'
}

# What the figures were measured on.
describe_machine() {
    printf '# %s, %s CPUs, lower: %s, %s\n' "$(uname -sr)" "$(nproc)" "$(stat -f -c %T "$1")" "$(date -u +%F)"
}
