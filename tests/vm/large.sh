#!/bin/sh
# A plan with 2,000 steps and 500 variables, which are more than there are registers, compiles and runs.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
awk 'BEGIN {
    print "service \"Big\" { owner \"Shop team\"; runbook \"https://wiki.example.com/big\" }"
    print "fn sum() -> int {"
    for (i = 0; i < 500; i++) printf "  var l%d = %d\n", i, i
    for (i = 0; i < 500; i++) printf "  l%d = l%d + l%d\n", i, i, (i + 1) % 500
    printf "  return l0"
    for (i = 1; i < 500; i++) printf " + l%d", i
    print "\n}"
    print "plan big \"Many steps and variables\" {"
    for (i = 0; i < 500; i++) printf "  var v%d = %d\n", i, i
    for (i = 0; i < 2000; i++) printf "  step \"Step %d\" { v%d = v%d + 1 }\n", i, i % 500, (i + 7) % 500
    print "  step \"End\" { observe `report ${v0} ${v499} ${sum()}` }"
    print "}"
    print "drill \"all\" of big {\n  command `report *` gives \"ok\"\n  expect ran `report 32 39 249501`\n  expect done \"End\"\n}"
}' >"$scratch/big.plan"
"$PLANVM" drill "$scratch/big.plan" && echo "ok large" && exit 0
echo "not ok large"
exit 1
