#!/bin/sh
# Marks and signals are declared, documented and shown alike: what the prelude and the compiler emit stands in
# vm/marks.def, and that in docs/log.md.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
failed=0
verdict() { # verdict NAME: stdin holds what breaks it
    found=$(cat)
    if [ -z "$found" ]; then
        echo "ok $1"
    else
        printf '%s\n' "$found"
        echo "not ok $1"
        failed=1
    fi
}

declared=$(sed -n 's/^MARK("\([a-z._]*\)".*/\1/p' vm/marks.def)
emitted=$( (
    grep -ho 'vm\.emit("[a-z._]*"' stdlib/*.plan
    grep -ho 'build_emit(core, *"[a-z._]*"' compiler/lower/*.c
) | sed 's/.*"\(.*\)"/\1/' | sort -u)
if [ -z "$declared" ] || [ -z "$emitted" ]; then
    echo "not ok marks are found at all"
    exit 1
fi

for mark in $emitted; do
    printf '%s\n' "$declared" | grep -qxF "$mark" || echo "$mark is emitted and not in vm/marks.def"
done | verdict "marks that are emitted are declared"
for mark in $declared; do
    grep -qF "\`$mark\`" docs/log.md || echo "$mark is not in docs/log.md"
done | verdict "marks are documented"
sed -n '/^fn handle_signal/,/^}/p' stdlib/prelude.plan | grep -oE '^ +("[a-z]+"(, )?)+ =>' | grep -o '[a-z]*' | while read -r signal; do
    grep -qF "\`$signal\`" docs/log.md || echo "the signal $signal is not in docs/log.md"
done | verdict "signals are documented"
sed -n 's/^LOG_KIND([A-Z]*, "\([a-z]*\)".*/\1/p' vm/log.def | while read -r kind; do
    grep -qF "| \`$kind\`" docs/log.md || echo "$kind is not in docs/log.md"
done | verdict "rows are documented"
sed -n 's/^COMMAND("\([a-z]*\)".*/\1/p' vm/commands.def | while read -r command; do
    grep -qE "(planvm |· .?)$command" docs/operations.md || echo "planvm $command is not in docs/operations.md"
done | verdict "commands are documented"
exit $failed
