#!/bin/sh
# kill -9 of planvm at many moments of the demo, then `planvm resume`, which may be killed as well. A recorder outside of
# planvm (the service's own list of calls and orders) says whether a change was made twice. The moments are random and
# the seed is printed: SEED=n repeats them. ROUNDS says how many runs.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/../live/tools/lib.sh"
# shellcheck source=plans/demo/world.sh
. "$demo/world.sh"

TMPDIR=$work
export TMPDIR
SEED=${SEED:-20260302}
ROUNDS=${ROUNDS:-10}
# The same plan with shorter waits, so that a run takes two seconds.
sed -e 's/within 4s every 500ms/within 800ms every 200ms/' -e 's/unacknowledged for 4s/unacknowledged for 1s/' \
    "$demo/outage.plan" >"$work/outage.plan"
# Commands that take their time, so that many of the moments fall into one.
mkdir "$work/slow"
printf '#!/bin/sh\nsleep 0.15\nexec "%s/shopctl" "$@"\n' "$demo" >"$work/slow/shopctl"
chmod +x "$work/slow/shopctl"
killed=0
at_end world_end

next_moment() { # sets moment to the next pseudo-random one, in ms below $1
    SEED=$(((SEED * 1103515245 + 12345) % 2147483648))
    moment=$(((SEED / 65536) % $1))
}
pause() { sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"; }

kill_after() { # kill_after MS COMMAND…: runs it, kills planvm after MS where it still runs; false when it was killed
    after=$1
    shift
    "$@" >>"$work/round.log" 2>&1 </dev/null &
    victim=$!
    pause "$after"
    if kill -9 $victim 2>/dev/null; then
        wait $victim 2>/dev/null
        [ $? -ne 137 ] || {
            killed=$((killed + 1))
            return 1
        }
    else
        wait $victim
    fi
}

ended() { "$PLANVM" list --journal "$world/runs" 2>/dev/null | grep -qiE 'resolved|failed'; }

round() {
    : >"$work/round.log"
    world_begin "$demo" || return 1
    PATH=$work/slow:$PATH
    next_moment 1800
    first=$moment
    next_moment 700
    second=$moment
    echo "round $1: kill after $first ms, again after $second ms"
    # shellcheck disable=SC2046
    kill_after "$first" "$PLANVM" run "$work/outage.plan" $(world_plan) --yes --journal "$world/runs"
    ls "$world"/runs/*/journal.db >/dev/null 2>&1 || { world_end; return 0; } # killed before there was a run
    ended || kill_after "$second" "$PLANVM" resume last --journal "$world/runs" --yes
    ended || "$PLANVM" resume last --journal "$world/runs" --yes >>"$work/round.log" 2>&1 </dev/null

    # Killed after its journal was made and before its first event: nothing was done, and resume says so.
    if has "$work/round.log" "ended before it began" && [ ! -s "$world/calls" ]; then
        world_end
        return 0
    fi
    wrong=
    ended || wrong="the run has no end"
    at_most 1 "$world/calls" unlock || wrong="$wrong; the lock was cleared twice"
    at_most 2 "$world/calls" restart || wrong="$wrong; a restart was repeated"
    orders=$(curl -s "$shop_url/orders" | sed 's/[^0-9]//g')
    [ "${orders:-0}" -le 1 ] || wrong="$wrong; an order was placed twice"
    sound=$(sqlite3 "$(echo "$world"/runs/*/journal.db)" 'PRAGMA integrity_check' 2>&1)
    [ "$sound" = ok ] || wrong="$wrong; the journal is damaged: $sound"
    # A change in doubt may end the run where nobody can be asked; otherwise it must have been repaired.
    if ! curl -sf "$shop_url/health" >/dev/null && ! grep -qiE 'not known|unknown|under way' "$work/round.log"; then
        wrong="$wrong; the shop was not repaired"
    fi
    [ -z "$wrong" ] || {
        echo "$wrong"
        cat "$world/calls"
        tail -n 40 "$work/round.log"
    }
    world_end
    [ -z "$wrong" ]
}

echo "seed $SEED"
number=0
while [ $number -lt "$ROUNDS" ]; do
    number=$((number + 1))
    check "killed at a random moment, round $number" round $number
done
check "at least half of the runs were killed under way ($killed times in $ROUNDS runs)" test $((killed * 2)) -ge "$ROUNDS"
finish
