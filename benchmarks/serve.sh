#!/bin/sh
# Starts payphone with the world of world.toml and prints `payphone=PID` once it listens; end it with SIGTERM.
# Its book and its log live in a folder of their own, which goes when it ends.
#   PAYPHONE   the command, .venv/bin/payphone if not set (a profiler can stand before it)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
payphone=${PAYPHONE:-$here/../.venv/bin/payphone}
folder=$(mktemp -d "${TMPDIR:-/tmp}/payphone-bench.XXXXXX")

{
    cat "$here/world.toml"
    i=0
    while [ "$i" -lt 1000 ]; do
        printf '\n[[users]]\nuser = "u%d"\npassword = "pw%d"\n' "$i" "$i"
        i=$((i + 1))
    done
} >"$folder/world.toml"

# Whoever reads this script's output waits until nobody holds it: the switch must not.
(
    exec </dev/null >/dev/null 2>&1
    trap '' HUP INT
    # shellcheck disable=SC2086
    $payphone serve --config "$folder/world.toml" --log-level warning >"$folder/out" 2>"$folder/err" &
    echo "$!" >"$folder/pid.new"
    mv "$folder/pid.new" "$folder/pid"
    wait
    [ -f "$folder/listens" ] && rm -rf "$folder"
) &

tries=0
until grep -qs 'listens for SIP' "$folder/out"; do
    tries=$((tries + 1))
    pid=$(cat "$folder/pid" 2>/dev/null || echo "$$")
    if [ "$tries" -gt 300 ] || ! kill -0 "$pid" 2>/dev/null; then
        echo "payphone did not start:" >&2
        cat "$folder/err" >&2
        kill "$pid" 2>/dev/null && [ "$pid" != "$$" ]
        rm -rf "$folder"
        exit 1
    fi
    sleep 0.1
done
touch "$folder/listens"
echo "payphone=$(cat "$folder/pid")"
