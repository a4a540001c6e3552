#!/bin/sh
# Every demand of the runbooks is in exactly one trace, and what a trace names is in the plans: declarations, steps, commands.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
exec /usr/bin/python3 tests/plans/trace.py tests/plans/items.txt plans/*/runbook.trace
