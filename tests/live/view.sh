#!/bin/sh
# The live view, lived through by keys in a terminal (tmux): acknowledge, done by hand, answer, approve, note,
# severity, what comes next, a resize, a suspension, a terminal that is killed, another one that attaches. What the panels
# show is compared with tests/live/view/*.pane, clocks and ids made equal; UPDATE=1 writes them anew.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
command -v tmux >/dev/null 2>&1 || {
    echo "tmux is not installed"
    exit 77
}
panes=$root/tests/live/view
server=plan-view-$$
at_end 'tmux -L "$server" kill-server 2>/dev/null'
mux() { tmux -L "$server" -f /dev/null "$@"; }
keys() { mux send-keys -t "$@"; }
screen() { mux capture-pane -p -t "$1"; }
shows() { screen "$1" | grep -qF -e "$2"; } # shows SESSION TEXT

open_terminal() { # open_terminal NAME COLUMNS ROWS LOCALE
    mux new-session -d -s "$1" -x "$2" -y "$3" -e "LC_ALL=$4" -e 'PS1=$ ' -e "PLAN_KEEPER=${PLAN_KEEPER:-}" \
        "cd '$work'; exec sh -i"
    await 5 shows "$1" '$ '
}

same_pane() { # same_pane NAME SESSION: does it show what NAME.pane holds?
    screen "$2" | sed -E -e 's/ +$//' -e 's/[0-9]{8}-[0-9]{4}-[a-z]{4}/RUN/g' -e 's/[0-9]{2}:[0-9]{2}:[0-9]{2}/HH:MM:SS/g' \
        -e 's/\b([0-9]+[dhms])+\b/T/g' -e 's/─+$/──/' -e 's/-{3,}$/--/' -e '/^$/d' -e '/^next: /d' |
        sed -n '/RUN \(──\|--\)$/,$p' >"$work/$1.pane"
    [ -z "${UPDATE:-}" ] || cp "$work/$1.pane" "$panes/$1.pane"
    diff -u "$panes/$1.pane" "$work/$1.pane"
}

"$PLANC" check "$panes/outage.plan" >"$work/check.log" 2>&1
check "the plan checks" test ! -s "$work/check.log"
cp "$panes/outage.plan" "$work/"
open_terminal one 100 30 C.UTF-8
keys one "clear; '$PLANVM' run outage.plan outage --journal runs --as ann" Enter
check "the person at the keyboard is asked" await 10 shows one '? Pull the plug'
check "a manual step is on the screen" same_pane asked one
check "the panel says what comes next, and when" await 10 sh -c 'tmux -L "$1" capture-pane -p -t one | grep -q "^next: in .*:"' _ "$server"
keys one a
check "a acknowledges" await 5 shows one 'acknowledged by ann'
keys one n
keys one 'it smells of smoke' Enter
check "n notes" await 5 shows one 'note of ann: it smells of smoke'
keys one s
keys one 'SEV2' Enter
keys one 'it is slow only' Enter
check "s changes the severity, with a reason" await 5 shows one 'says ann: it is slow only'
check "the panel has it" await 5 shows one 'SEV2  The shop is down'
keys one x
keys one 'dump' Enter
check "x runs a procedure" await 5 shows one 'step "Ask the system" done'
keys one '?'
check "? explains" await 5 shows one 'x  run a procedure'

mux resize-window -t one -x 60 -y 20
sleep 0.4
check "a narrow terminal shows the panel once" test "$(screen one | grep -c '^── ')" -eq 1
mux resize-window -t one -x 200 -y 60
sleep 0.4
check "a wide one as well" test "$(screen one | grep -c '^── ')" -eq 1
check "with all keys" shows one 'procedure  R Resolve  ? help'
mux resize-window -t one -x 100 -y 30
keys one C-z
check "^Z gives the terminal back" await 5 shows one 'Stopped'
check "without the panel" test "$(screen one | grep -c '^── ')" -eq 0
keys one 'clear; fg' Enter
check "fg brings the panel again" await 5 shows one '? Pull the plug'

open_terminal two 80 24 C
keys two "clear; '$PLANVM' attach last --journal runs --as bob" Enter
check "another terminal attaches" await 5 shows two '? Pull the plug'
check "in plain ASCII, at 80 columns" same_pane attached two
keys two d
check "d says that it is done, to the run" await 5 shows one 'question 1: done, says bob'
check "and the next question is on both" await 5 shows two '? Was there a deployment today?'
mux kill-session -t one
sleep 0.5
keys two q
check "q leaves and says how to come back" await 5 shows two 'planvm attach'
check "the run goes on without any terminal" test "$("$PLANVM" list --journal "$work/runs" | grep -c ' waiting ')" -eq 1
keys two "clear; '$PLANVM' attach last --journal runs --as ann" Enter
check "what is open is shown again" await 5 shows two '? Was there a deployment today?'
keys two y
check "y answers yes" await 5 shows two 'deployment: true'
check "the gate shows what it is for" await 5 shows two '? `sleep 0.1`'
check "the gate is on the screen" same_pane gate two
keys two y
check "y approves, and the run ends" await 10 shows two 'run ended: resolved'
keys two 'stty -a | grep -o " -*icanon\| -*echo "' Enter
check "with its modes" await 5 shows two ' icanon'
"$PLANVM" log last --journal "$work/runs" >"$work/log"
check "every key is on record" has "$work/log" 'ack of ann'

# A terminal that is killed: the run goes on and pages on time; another terminal comes back to it and resolves it.
sed -e 's/for 15m/for 3s/' "$panes/outage.plan" >"$work/soon.plan"
open_terminal three 100 30 C.UTF-8
keys three "clear; '$PLANVM' run soon.plan outage --journal runs --as ann" Enter
check "a second run begins" await 10 shows three '? Pull the plug'
mux kill-session -t three
check "without its terminal it pages on time" await 10 sh -c '"$1" log last --journal "$2" | grep -q "paging bob"' _ "$PLANVM" "$work/runs"
check "not late" sh -c '! "$1" log last --journal "$2" | grep -q "s late"' _ "$PLANVM" "$work/runs"
keys two "clear; '$PLANVM' attach last --journal runs --as ann" Enter
check "another terminal attaches to it" await 5 shows two '? Pull the plug'
keys two w
check "w says what comes next" await 5 shows two 'bob'
open_terminal four 100 30 C.UTF-8
keys four "clear; '$PLANVM' run soon.plan outage --journal runs --as bob" Enter
check "who starts another is asked first" await 5 shows four 'is open: j join'
keys four j Enter
check "and joins it as a note" await 5 shows two 'alert outage joined'
keys two R
keys two 'it was the plug' Enter
check "R resolves" await 5 shows two 'resolved, says ann: it was the plug'
check "the list knows it" await 5 sh -c '"$1" list --journal "$2" | grep -q resolved' _ "$PLANVM" "$work/runs"
finish
