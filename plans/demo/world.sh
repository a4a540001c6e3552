# shellcheck shell=sh
# The demo's world, for `run` and for the tests: a shop that has really crashed, and a sink for pages. Sourced, not run.
#
# world_begin DEMO_FOLDER  starts both in a new folder, $world, and sets $shop_url, $hook_url and PATH
# world_plan               prints the arguments that hand this world to the plan, one word per line
# world_end                ends what was started and removes the folder; safe to call twice. Where keep_runs names a folder the
#                          journals of the runs are put there first

world=
sink_pid=

await_file() { # await_file FILE: up to 5 s
    tries=0
    until [ -s "$1" ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "demo: $1 does not appear" >&2; return 1; }
        sleep 0.05
    done
}

world_begin() {
    world=$(mktemp -d "${TMPDIR:-/tmp}/plan-demo.XXXXXX") || return 1
    PATH=$1:$PATH
    export PATH
    /usr/bin/python3 "$1/sink.py" "$world" >/dev/null 2>&1 </dev/null &
    sink_pid=$!
    await_file "$world/sink.port" || return 1
    hook_url=http://127.0.0.1:$(cat "$world/sink.port")

    # The crash is a real one: the process is killed and leaves its lock, so the next one cannot write.
    shopctl --dir "$world" start >/dev/null || return 1
    kill -9 "$(cat "$world/pid")"
    shopctl --dir "$world" start >/dev/null || return 1
    : >"$world/calls"
    # shellcheck disable=SC2034
    shop_url=http://127.0.0.1:$(cat "$world/port")
}

world_plan() { printf '%s\n' --set "url=$shop_url" --set "hook=$hook_url" --set "dir=$world"; }

world_end() {
    [ -n "$world" ] || return 0
    shopctl --dir "$world" stop >/dev/null 2>&1
    [ -z "$sink_pid" ] || kill "$sink_pid" 2>/dev/null
    [ -z "${keep_runs:-}" ] || [ ! -d "$world/runs" ] || mv "$world/runs" "$keep_runs/$(basename "$world")"
    rm -rf "$world"
    world=
    return 0
}
