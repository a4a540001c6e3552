#!/bin/sh
# docs/providers.md shows plans/provider/ntfy.plan as it is, and names every provider of the standard library.
cd "${root:-$(dirname "$0")/../..}" || exit 2
sed -n '/^```plan/,/^```$/p' docs/providers.md | sed '1d;$d' | diff -u plans/provider/ntfy.plan - || exit 1
for file in stdlib/*.plan; do
    name=$(basename "$file" .plan)
    case $name in prelude*) continue ;; esac
    grep -q "\`$name\`\|std/$name" docs/providers.md || {
        echo "docs/providers.md does not name $name"
        exit 1
    }
done
