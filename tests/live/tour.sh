#!/bin/sh
# docs/tour.md is true: its pieces make a plan, its commands say what it shows, and the shop that it breaks is repaired. The
# plan that comes of it is in its one form, and the page's links lead somewhere.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"

page=${TOUR:-$root/docs/tour.md}
# shellcheck disable=SC2317
stop_shop() { [ ! -d "$work/tour/shop" ] || "$demo/shopctl" --dir "$work/tour/shop" stop; }
at_end stop_shop
mkdir "$work/tour" && cd "$work/tour" || exit 1
PATH=$(dirname "$PLANVM"):$demo:$PATH
XDG_STATE_HOME=$work/state
export PATH XDG_STATE_HOME

/usr/bin/python3 "$root/tests/live/tools/tour.py" "$page" shop.plan || failures=$((failures + 1))
check "the plan is in its one form" "$PLANC" fmt --check shop.plan
# shellcheck disable=SC2317
links() { grep -o '](\([^)#:]*\.md\))' "$page" | tr -d ']()' | while read -r link; do [ -e "$root/docs/$link" ] || exit 1; done; }
check "the page's links lead somewhere" links
finish
