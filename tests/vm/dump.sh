#!/bin/sh
# `planc dump --bytecode` shows each source line above the instructions that were made of it.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/shop.plan" <<'E2'
service "Shop" { owner "Shop team"; runbook "https://wiki.example.com/shop" }
fn ratio(a: int, b: int) -> int {
  let more = a + 1
  return more / b
}
plan look "Look" { step "One" { note "${ratio(8, 2)}" } }
E2
cd "$scratch" || exit 2
"$PLANC" dump --bytecode shop.plan | awk '/^function fn.ratio/ { shown = 1; next } /^$/ { shown = 0 } shown' |
    sed 's/^ *\([0-9]* *\)\{0,1\}//; s/ \{2,\}/ /g; s/ [SR][0-9].*//' >found
cat >expected <<'E2'
# shop.plan:3 let more = a + 1
add.i
# shop.plan:4 return more / b
div
return.s
E2
diff -u expected found && echo "ok dump" && exit 0
echo "not ok dump"
exit 1
