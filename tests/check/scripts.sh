#!/bin/sh
# ShellCheck's remarks stand at the lines of the scripts, where it is installed; without it nothing is said.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANC=${PLANC:-$root/build/planc}
command -v shellcheck >/dev/null || exit 77
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cat >"$work/remark.plan" <<'PLAN'
service "Shop" { owner "Team"; runbook "https://wiki.example.com" }
plan p "P" {
  step "Pack" {
    run sh ```
      set -e
      cd /srv
      files=$(ls)
      rm -- $files
    ```
  }
}
PLAN
failed=0
expect() {
    name=$1
    shift
    if "$@"; then echo "ok $name"; else
        echo "not ok $name"
        cat "$work/said"
        failed=1
    fi
}
"$PLANC" check "$work/remark.plan" >"$work/said" 2>&1
expect "a remark is a warning" test $? -eq 0
sed -i 's/set -e/true/' "$work/remark.plan"
"$PLANC" check "$work/remark.plan" >"$work/said" 2>&1
expect "and stands at its line" grep -q "remark.plan:6:7: warning\[P0522\]: ShellCheck: .*SC2164" "$work/said"
expect "of those that ShellCheck calls warnings" test "$(grep -c 'P0522' "$work/said")" -eq 1

# Behind values, in whatever quotes, behind a list, and in texts that are not ASCII: the place is that of the plan.
cat >"$work/places.plan" <<'PLAN'
service "Shop" { owner "Team"; runbook "https://wiki.example.com" }
param ns = "prod"
param hosts = ["a", "b"]
plan p "P" {
  step "One" { run sh `true; echo ${ns} '${ns}' "${ns}"; cd /srv; rm -- \`ls\`` }
  step "Two" {
    run sh ```
	echo "é ${ns}" && cd ${ns}
      true; cd /tmp
      touch "${ns}" ${hosts...}; cd /opt
      ```
  }
}
PLAN
"$PLANC" check "$work/places.plan" >"$work/said" 2>&1
for place in 5:58 8:20 9:13 10:34; do
    expect "a remark stands at $place" grep -q "places.plan:$place: warning\[P0522\]: ShellCheck: .*SC2164" "$work/said"
done

mkdir "$work/bin"
ln -s "$(command -v sh)" "$work/bin/sh"
PATH=$work/bin "$PLANC" check "$work/remark.plan" >"$work/said" 2>&1
expect "without ShellCheck there is silence" test ! -s "$work/said"
exit $failed
