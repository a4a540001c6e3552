#!/bin/sh
# `planc check` for machines: one document whatever the number of files, a finding of a shared file once, and nothing else
# on stdout; --output, --fail-level, --deny; SARIF against every member that it must have and against the 2.1.0 schema (OASIS,
# as the npm package @microsoft/jest-sarif ships it), JUnit as GitLab reads it.
# To renew the expected documents after a message has changed: planc check --format F tests/check/formats.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
PLANC=${PLANC:-$PWD/build/planc}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
unset GITHUB_STEP_SUMMARY
failed=0
expect() { # expect NAME CONDITION…
    name=$1
    shift
    if "$@" >"$work/why" 2>&1; then echo "ok $name"; else
        cat "$work/why"
        echo "not ok $name"
        failed=1
    fi
}
exits() { # exits STATUS ARGUMENT…: of planc check on the three files; stdout goes to $work/out
    wanted=$1
    shift
    "$PLANC" check "$@" >"$work/out" 2>"$work/messages"
    status=$?
    [ "$status" -eq "$wanted" ] || { cat "$work/messages"; echo "exits $status, not $wanted"; false; }
}
sarif() {
    python3 tests/check/sarif.py "$1" tests/check/sarif-schema-2.1.0.json
}
result() { # result EXPRESSION WANTED: a Python expression over the results of $work/out
    python3 -c 'import json, sys
results = json.load(open(sys.argv[1]))["runs"][0]["results"]
found = eval(sys.argv[2])
print(found)
sys.exit(str(found) != sys.argv[3])' "$work/out" "$1" "$2"
}
here=tests/check/formats

for format in json github junit; do
    expect "$format: three files exit 1" exits 1 --format $format $here
    expect "$format: the document" diff -u $here/expected.$format "$work/out"
    expect "$format: nothing on stderr" test ! -s "$work/messages"
done
expect "junit: what GitLab reads" python3 tests/check/junit.py $here/expected.junit
expect "sarif: three files exit 1" exits 1 --format=sarif $here
expect "sarif: the document is SARIF" sarif "$work/out"
expect "sarif: a finding of a shared file once" result 'sum(r["ruleId"] == "P0306" for r in results)' 1
expect "sarif: four findings, the worst first" result '" ".join(r["level"] for r in results)' "error error error warning"
expect "sarif: columns count characters" result 'results[0]["locations"][0]["physicalLocation"]["region"]["startColumn"]' 44
cp "$work/out" "$work/before.sarif"
expect "sarif: from another folder the same document" sh -c "cd $here && '$PLANC' check --format sarif . | cmp - '$work/before.sarif'"
expect "sarif: every case of the checker" sh -c "'$PLANC' check --format sarif tests/check/fail >'$work/all.sarif'; test \$? -eq 1"
expect "sarif: is SARIF, too" sarif "$work/all.sarif"
expect "junit: every case of the checker" sh -c "'$PLANC' check --format junit tests/check/fail >'$work/all.xml'; test \$? -eq 1"
expect "junit: is JUnit, too" python3 tests/check/junit.py "$work/all.xml"

expect "a clean file: sarif exits 0" exits 0 --format sarif tests/drill/sample.plan
expect "a clean file: sarif without results" sarif "$work/out"
expect "a clean file: junit exits 0" exits 0 --format junit tests/drill/sample.plan
expect "a clean file: one case that passes" python3 tests/check/junit.py "$work/out"
expect "a clean file: it is named" grep -q 'name="check" file="tests/drill/sample.plan" time="0"/>' "$work/out"

for format in sarif junit github; do
    expect "$format: an absent file exits 2" exits 2 --format $format tests/drill/sample.plan "$work/absent.plan"
    expect "$format: and is in the document" grep -q 'absent\.plan' "$work/out"
done
expect "sarif: of an absent file is SARIF" sh -c "'$PLANC' check --format sarif '$work/absent.plan' >'$work/out'; exec python3 tests/check/sarif.py '$work/out'"
printf 'service "\377" { owner "x" }\n\033\n' >"$work/bytes.plan"
for format in json sarif junit; do
    expect "$format: bytes that are no text exit 1" exits 1 --format $format "$work/bytes.plan"
    expect "$format: and the document is UTF-8" iconv -f UTF-8 -t UTF-8 -o /dev/null "$work/out"
    [ $format != junit ] || expect "junit: and XML" python3 tests/check/junit.py "$work/out"
    [ $format != sarif ] || expect "sarif: and SARIF" sarif "$work/out"
done

sed '/ulr/d; /import/d; /param/d' $here/two.plan >"$work/warns.plan"
expect "warnings exit 0" exits 0 "$work/warns.plan"
expect "--deny warnings exits 1" exits 1 --deny warnings "$work/warns.plan"
expect "--fail-level warning exits 1" exits 1 --fail-level=warning "$work/warns.plan"
expect "--fail-level note exits 1" exits 1 --fail-level note "$work/warns.plan"
expect "--fail-level error exits 0" exits 0 --fail-level error "$work/warns.plan"
"$PLANC" check --format junit --deny warnings "$work/warns.plan" >"$work/out"
expect "junit: what is denied fails" grep -q '<failure type="P0515"' "$work/out"

expect "--output writes the document" exits 1 --format sarif --output "$work/file.sarif" $here
expect "--output: nothing on stdout" test ! -s "$work/out"
expect "--output: the findings as text on stderr" grep -q 'error\[P0306\]' "$work/messages"
expect "--output: the same document" cmp "$work/file.sarif" "$work/before.sarif"
expect "--output to nowhere exits 2" exits 2 --output "$work/no/such/folder" $here
GITHUB_STEP_SUMMARY=$work/summary "$PLANC" check --format github $here >"$work/out"
expect "github: the job's summary" grep -qF '| tests/check/formats/two.plan:6 | error P0201 |' "$work/summary"
printf 'service "S" { owner "x" }\n' >"$work/many.plan"
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo "param a$number = b$number" >>"$work/many.plan"; done
"$PLANC" check --format github "$work/many.plan" >"$work/out"
expect "github: what it will not show is counted" grep -q 'in this log only: 3 errors, 0 warnings, 0 notes' "$work/out"

suggests() { # suggests WORD ARGUMENT…
    word=$1
    shift
    "$PLANC" "$@" >"$work/out" 2>"$work/messages"
    [ $? -eq 2 ] && [ ! -s "$work/out" ] && grep -q "did you mean $word?" "$work/messages"
}
expect "an unknown command gets the nearest" suggests check chekc
expect "an unknown option gets the nearest" suggests --format check --fromat sarif
expect "an unknown format gets the nearest" suggests sarif check --format=sarfi
expect "an unknown level gets the nearest" suggests warning check --fail-level warnings
expect "help lists every option of a command" sh -c "'$PLANC' help check | grep -q -- --fail-level"
exit $failed
