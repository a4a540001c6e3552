#!/bin/sh
# Drills that must fail: each plan in tests/drill/wrong/ says in its `# says:` lines what is printed then.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$root/tests/drill" || exit 1
failed=0
for plan in wrong/*.plan; do
    "$PLANVM" drill "$plan" >"$work/said" 2>&1
    status=$?
    missing=
    sed -n 's/^# says: //p' "$plan" >"$work/wanted"
    while IFS= read -r line; do
        grep -qF -e "$line" "$work/said" || missing="$missing
  $line"
    done <"$work/wanted"
    if [ "$status" -eq 1 ] && [ -z "$missing" ] && [ -s "$work/wanted" ]; then
        echo "ok $plan"
    else
        echo "not ok $plan"
        echo "it exits $status; not said:$missing"
        cat "$work/said"
        failed=1
    fi
done

"$PLANVM" drill --format tap wrong/expectations.plan effects.plan >"$work/tap" 2>&1
[ $? -eq 1 ] && grep -q '^not ok 1 - wrong/expectations.plan: all is wrong$' "$work/tap" &&
    grep -q '^ok 2 - effects.plan: every line answers$' "$work/tap" && grep -q '^1\.\.3$' "$work/tap"
if [ $? -eq 0 ]; then echo "ok tap"; else
    echo "not ok tap"
    cat "$work/tap"
    failed=1
fi
for args in "--format yaml" "--colour" "no/such/file.plan" "--filter nothing-is-called-so effects.plan"; do
    # shellcheck disable=SC2086
    "$PLANVM" drill $args >"$work/said" 2>&1
    if [ $? -eq 2 ] && [ -s "$work/said" ]; then echo "ok misuse: $args"; else
        echo "not ok misuse: $args"
        failed=1
    fi
done
exit $failed
