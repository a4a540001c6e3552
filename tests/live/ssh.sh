#!/bin/sh
# Commands on a host, through a real sshd on loopback: every word arrives as it is, folder and environment too, exits are told
# apart from lost connections, and a change whose connection broke is unknown.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=tests/live/tools/sshd.sh
. "$root/tests/live/tools/sshd.sh"
cd "$work" || exit 1
mkdir -p bin far
sshd_start
PATH=$work/bin:$PATH
export PATH
cat >far.plan <<EOP
service "shop" { owner "ops" }
host far = ssh("127.0.0.1", user: "$(id -un)")
host gone = ssh("127.0.0.2", user: "$(id -un)")
param hostile: string
plan far_away "Far away" {
  step "Do" {
    let a = observe on far \`printf %s \${hostile}\`
    attach a.out as "hostile"
    note "same: \${a.out == hostile}"
    let b = observe on far \`sh -c "pwd; echo \$K"\` with (dir: "$work/far", env: {K: "v w"})
    note "place: \${b.out.trim().lines().join("+")}"
    let c = observe on far \`sh -c "exit 7"\`
    note "exit: \${c.exit}, \${c.failure ?? "none"}"
    let d = observe on far \`cat\` with (input: "from here")
    note "input: \${d.out}"
    let e = observe on gone \`true\`
    note "gone: \${e.failure ?? "none"}"
    let s = observe on far sh \`echo "\${hostile}" | wc -c\`
    note "script: \${s.out.trim()}"
    run on far \`touch $work/far/made\`
    let f = run on far \`sh -c "kill -9 \$PPID; sleep 1"\` on unknown fail else { note "lost" }
    note "unknown: \${f.unknown}"
  }
}
EOP
sed -i 's/sh -c "pwd; echo \$K"/sh -c "pwd; printenv K"/; s/kill -9 \$PPID; sleep 1/pkill -9 -f sshd:.*notty; sleep 1/' far.plan
sed -i "s/pkill -9 -f sshd:.*notty; sleep 1/sh cut/; s|sh -c \"sh cut\"|sh $work/cut|" far.plan
# Ends the connection that it came by, and nothing else: its own sshd is the nearest one above it.
cat >"$work/cut" <<'EOC'
up=$PPID
while [ "$up" -gt 1 ]; do
    case $(cat "/proc/$up/comm") in sshd*) kill -9 "$up"; sleep 2; exit 1 ;; esac
    up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$up/status")
done
EOC
hostile=$(printf "a'b\"c \$(touch %s/hacked) \`touch %s/hacked\`; touch %s/hacked | & * ~ \\\\ \n-x é" "$work" "$work" "$work")
"$PLANVM" run far.plan --yes --set "hostile=$hostile" --journal runs >run.log 2>&1 </dev/null
check "the run ends well" test $? -eq 0
check "a hostile word arrives as one" has run.log "same: true"
check "nothing of it was executed" test ! -e hacked
check "folder and environment" has run.log "place: $work/far+v w"
check "its exit" has run.log "exit: 7, exit"
check "its input" has run.log "input: from here"
check "a host that does not answer" has run.log "gone: not reached"
check "a script's values" has run.log "script: $(printf '%s\n' "$hostile" | wc -c)"
check "a change" test -e far/made
check "a lost connection is unknown" has run.log "unknown: true"
finish
