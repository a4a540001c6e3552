#!/bin/sh
# Coverage is proved by taking each drill away in turn: what only that drill was at appears among what no drill ever ran, and
# nothing else. Then the formats, the threshold, and that the points are told whatever the number of processes.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
PLANVM=${PLANVM:-$root/build/planvm}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$root" || exit 1
failed=0
result() { # result NAME STATUS
    if [ "$2" -eq 0 ]; then echo "ok $1"; else
        echo "not ok $1"
        failed=1
    fi
}
unreached() { # unreached PLAN…: what no drill ran, one point a line, without its file's name
    "$PLANVM" drill --coverage "$@" 2>&1 | sed -n '/^no drill ever ran/,$p' | sed -n 's/^    [^ ]*:\([0-9]*  \)/\1/p'
}

cat >"$work/point.plan" <<'END'
service "Shop" {
  owner   "Shop team"
  runbook "https://wiki.example.com/shop"
}
contact oncall "On call" { phone "+1-555-0100"; sms "+1-555-0100"; reach by phone, sms; answer within 5m }
severity SEV1 "Down" {
  means    "down"
  respond  within 30m
  resolve  within 4h
  escalate by ladder
}
escalation ladder {
  at once page oncall
  when severity raised page oncall
  at last page oncall every 10m
}
plan down "Down" {
  severity SEV1
  step "Look" {
    let look = observe `df -h`
    if look.ok { note "there is room" }
    if look.exit == 3 { note "three" } else { note "not three" }
    match look.exit {
      0 => note "zero"
      1 => note "one"
      otherwise => note "more"
    }
    let sure = (ask "Sure?" within 10m otherwise false)
    if sure { note "sure" }
  }
  step "Only sometimes" {
    only if observe http.get("http://shop.test/").ok
    run `systemctl restart shop` else { note "it did not restart" }
  }
  remedies "Fixes" until observe http.get("http://shop.test/").ok within 1m every 10s {
    remedy "First" { run `fix one` }
    remedy "Second" { run `fix two` }
  } else { note "nothing helped" }
  step "Over" { resolve "over" }
}
END
drill() { # drill NAME: one with the lines on stdin
    {
        echo "drill \"$1\" of down {"
        cat
        printf '  expect started "Look"\n}\n'
    } >"$work/$1.drill"
}
drill all-well <<'END'
  http GET "*" gives 200
  command `*` gives "ok"
  answer "Sure?" with true
END
drill three <<'END'
  http GET "*" gives 503
  command `df *` exits 3
  command `*` gives "ok"
  answer "Sure?" with false
END
drill one <<'END'
  http GET "*" gives 200
  command `df *` exits 1
  command `*` fails
END

whole() { cat "$work/point.plan" "$@" >"$work/now.plan"; }
whole "$work"/*.drill
"$PLANVM" drill "$work/now.plan" >"$work/out" 2>&1
result "the drills are green" $?
unreached "$work/now.plan" | sort >"$work/base"

lost() { # lost DRILL POINT…: without the drill each of these is missing; with it none is
    name=$1
    shift
    others=
    for one in "$work"/*.drill; do
        [ "$one" = "$work/$name.drill" ] || others="$others $one"
    done
    # shellcheck disable=SC2086
    whole $others
    unreached "$work/now.plan" | sort >"$work/without"
    comm -13 "$work/base" "$work/without" >"$work/lost"
    comm -23 "$work/base" "$work/without" >"$work/won"
    [ ! -s "$work/won" ]
    result "without $name nothing is won" $?
    for point in "$@"; do
        grep -qF -e "$point" "$work/lost"
        result "without $name is lost: $point" $?
    done
    [ "$(wc -l <"$work/lost")" -eq $# ]
    result "without $name nothing else is lost" $?
    [ "$(wc -l <"$work/lost")" -eq $# ] || cat "$work/lost"
}
lost all-well "21  look.ok: true" "24  look.exit: 0" "29  sure: true" "28  Sure?: true"
lost three "22  look.exit == 3: true" "26  look.exit: otherwise" "28  Sure?: false" \
    "32  only if observe http.get(\"http://shop.test/\").ok: false" "36  First" "37  Second" "36  \`fix one\`" "37  \`fix two\`" \
    "35  Fixes: else"
lost one "25  look.exit: 1" "28  Sure?: silence" "33  \`systemctl restart shop\`: else" "15  at last page oncall every 10m"

whole "$work"/*.drill
grep -q 'when severity raised' "$work/base"
result "a rung that never fired is told" $?
"$PLANVM" drill --coverage=json --coverage-out "$work/json" "$work/now.plan" >/dev/null 2>&1
/usr/bin/python3 -c '
import json, sys
told = json.load(open(sys.argv[1]))
assert told["points"] == len(told["list"]) and told["reached"] == sum(one["drills"] > 0 for one in told["list"])
assert [one["drills"] for one in told["list"] if one["kind"] == "step" and one["name"] == "Look"] == [3]
' "$work/json"
result "json counts" $?
"$PLANVM" drill --jobs 3 --coverage=json --coverage-out "$work/json3" "$work/now.plan" >/dev/null 2>&1
cmp "$work/json" "$work/json3"
result "three processes count the same" $?
"$PLANVM" drill --coverage=lcov "$work/now.plan" >"$work/lcov" 2>/dev/null
grep -q '^SF:.*now.plan$' "$work/lcov" && grep -q '^FNDA:3,Look$' "$work/lcov" && grep -q '^DA:37,1$' "$work/lcov" &&
    grep -q '^BRDA:22,0,[0-9]*,1$' "$work/lcov" && tail -n 1 "$work/lcov" | grep -q '^end_of_record$'
result "lcov" $?
"$PLANVM" drill --coverage=cobertura "$work/now.plan" 2>/dev/null >"$work/cobertura"
/usr/bin/python3 -c '
import sys, xml.etree.ElementTree as tree
lines = {int(one.get("number")): one for one in tree.parse(sys.argv[1]).iter("line")}
assert lines[37].get("hits") == "1" and lines[22].get("condition-coverage") == "100% (2/2)", lines[22].attrib
' "$work/cobertura"
result "cobertura" $?
"$PLANVM" drill --threshold 10 "$work/now.plan" >/dev/null 2>&1
result "a threshold that is reached" $?
"$PLANVM" drill --threshold 99.9 "$work/now.plan" >/dev/null 2>"$work/said"
[ $? -eq 1 ] && grep -q 'less than the threshold of 99.9 %' "$work/said"
result "a threshold that is missed" $?

# What does not check has no coverage, nor have those beside it a part of one.
printf 'plan broken "Broken" { step "One" { nonsense } }\n' >"$work/broken.plan"
for format in text json lcov cobertura; do
    "$PLANVM" drill --coverage=$format "$work/broken.plan" "$work/now.plan" >"$work/broken.out" 2>"$work/broken.err"
    [ $? -eq 2 ] && ! grep -qE '^coverage:|^\{"reached"|^SF:|<coverage' "$work/broken.out" &&
        grep -q 'no coverage is told: 1 plan could not be loaded' "$work/broken.err"
    result "$format: no coverage where a plan cannot be loaded" $?
done

# Real plans: each of their drills is taken away; every format has the same; programs that read the formats read them.
for args in "without plans/demo/outage.plan plans/omendb/outage.plan plans/omendb/degraded.plan plans/courtcase/incident.plan plans/courtcase/scenarios.plan" \
    "formats tests/drill/coverage-schema.json plans tests/drill/keyboard.plan"; do
    # shellcheck disable=SC2086
    /usr/bin/python3 tests/drill/coverage.py "$PLANVM" $args || failed=1
done
"$PLANVM" drill --coverage=cobertura --coverage-out "$work/cobertura.xml" plans >/dev/null 2>&1
if command -v xmllint >/dev/null 2>&1; then
    xmllint --noout --dtdvalid tests/drill/cobertura.dtd "$work/cobertura.xml"
    result "Cobertura holds its document type" $?
fi
if command -v lcov >/dev/null 2>&1; then
    "$PLANVM" drill --coverage=lcov --coverage-out "$work/all.info" plans >/dev/null 2>&1
    lcov --rc lcov_branch_coverage=1 --summary "$work/all.info" >"$work/summary" 2>&1
    result "lcov reads it" $?
    for sum in lines:LF:LH functions:FNF:FNH branches:BRF:BRH; do
        found=$(sed -n "s/^$(echo "$sum" | cut -d: -f2)://p" "$work/all.info" | paste -sd+ | xargs -I{} sh -c 'echo $(({}))')
        hit=$(sed -n "s/^$(echo "$sum" | cut -d: -f3)://p" "$work/all.info" | paste -sd+ | xargs -I{} sh -c 'echo $(({}))')
        grep -q "${sum%%:*}\.*: .*($hit of $found " "$work/summary"
        result "lcov counts the same ${sum%%:*}" $?
    done
    genhtml --quiet --branch-coverage --output-directory "$work/html" "$work/all.info" >"$work/genhtml" 2>&1 &&
        [ -f "$work/html/index.html" ] && ! grep -qi 'warning\|error' "$work/genhtml"
    result "genhtml makes pages of it, without a complaint" $?
fi
[ $failed -eq 0 ] || cat "$work/summary" "$work/genhtml"
[ $failed -eq 0 ] || cat "$work/out" "$work/base"
exit $failed
