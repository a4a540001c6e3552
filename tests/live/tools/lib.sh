# shellcheck shell=sh
# What the tests against the real world share. Sourced by tests/live/*.sh and tests/crash/*.sh; needs $PLANVM.
#
# work          a folder of this test's own, removed at its end
# at_end CMD    runs CMD when the test ends, however it does
# await SECONDS COMMAND…  runs COMMAND every 50 ms until it succeeds; fails after SECONDS
# has FILE TEXT  does FILE hold TEXT
# check NAME COMMAND…  prints `ok NAME` or `not ok NAME`
# reap SECONDS PID  the exit status of a child, which must end in time
# finish        shows $work's logs where something failed, and exits

set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
BUILD=${BUILD:-$root/build}
PLANVM=${PLANVM:-$BUILD/planvm}
PLANC=${PLANC:-$BUILD/planc}
# shellcheck disable=SC2034
demo=$root/plans/demo
work=$(mktemp -d "${TMPDIR:-/tmp}/plan-test.XXXXXX") || exit 1
keep_runs=$work/kept
mkdir "$keep_runs"
export keep_runs
# Whatever keeps the loop of a planvm of this test for more than 50 ms says so here.
PLAN_STALLS=$work/stalls
export PLAN_STALLS
failures=0
ends=

at_end() { ends="$1
$ends"; }
retell_runs() { # every run that the test leaves is retold as a drill
    [ -n "$(find "$work" -name journal.db -print -quit)" ] || return 0
    /usr/bin/python3 "$root/tests/live/tools/retell.py" "$PLANVM" "$work"
}
end_all() {
    status=$?
    trap - EXIT
    eval "$ends"
    retell_runs || status=1
    rm -rf "$work"
    exit $status
}
trap end_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

await() {
    limit=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        limit=$((limit - 1))
        [ $limit -gt 0 ] || return 1
        sleep 0.05
    done
}

has() { grep -qF -e "$2" "$1" 2>/dev/null; }
hasnt() { ! has "$@"; }
gone() { # has that process ended (it may still wait to be reaped)
    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)
    [ -z "$state" ] || [ "$state" = Z ]
}
reap() { # reap SECONDS PID: the exit status of a child that ends in time; else it is ended, and the status is 124
    if await "$1" gone "$2"; then
        wait "$2"
    else
        kill -9 "$2"
        wait "$2" 2>/dev/null
        return 124
    fi
}
count_is() { # count_is N FILE LINE: LINE stands N times in FILE, as whole lines
    [ "$(grep -cxF -e "$3" "$2" 2>/dev/null)" -eq "$1" ]
}
at_most() { # at_most N FILE LINE
    [ "$(grep -cxF -e "$3" "$2" 2>/dev/null)" -le "$1" ]
}

check() {
    name=$1
    shift
    if "$@"; then
        echo "ok $name"
    else
        echo "not ok $name"
        echo "  (it was: $*)"
        failures=$((failures + 1))
    fi
}

# What is a little beyond the 50 ms is shown; only a wait fails, because how much work goes into a time is the machine's.
no_wait_in_the_loop() {
    [ -s "$work/stalls" ] || return 0
    cat "$work/stalls"
    awk '$1 - $3 > 500 { waits = 1 } END { exit waits }' "$work/stalls"
}

finish() {
    check "no call blocks the loop" no_wait_in_the_loop
    [ $failures -eq 0 ] && exit 0
    for log in "$work"/*.log; do
        [ -f "$log" ] || continue
        echo "--- $(basename "$log")"
        tail -n 60 "$log"
    done
    exit 1
}
