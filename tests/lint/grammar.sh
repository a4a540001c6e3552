#!/bin/sh
# Precedence decides between the rules of `expr` and `sum`, and nothing else in the grammar: a conflict anywhere else would
# be resolved without a word.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bison --report=solved --report-file="$scratch/report" -o "$scratch/plan.tab.c" "$BUILD/gen/plan.y"
# "   12 name: rule" and "   13     | rule" say which rule is whose; "Conflict between rule 12 and token …" names one.
awk '
    /^ +[0-9]+ [a-z_@$]+[0-9]*: / { name = $2; sub(/:$/, "", name); of[$1] = name; next }
    /^ +[0-9]+ +\| / { of[$1] = name; next }
    /Conflict between rule/ {
        match($0, /rule [0-9]+/)
        rule = of[substr($0, RSTART + 5, RLENGTH - 5)]
        resolved++
        if (rule != "expr" && rule != "sum") { print "not ok, a rule of " rule ":" $0; bad = 1 }
    }
    END { if (!resolved) { print "not ok: no conflict was found"; bad = 1 } exit bad }' "$scratch/report"
