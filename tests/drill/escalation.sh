#!/bin/sh
# Random incidents, lived through by planvm and by a second implementation of the rules of escalation: both page the same people
# at the same second. Other incidents, and more: tests/model/incidents.py --count 10000 --seed N.
set -u
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
PLANVM=${PLANVM:-$PWD/build/planvm} exec python3 -B tests/model/incidents.py --count 1000
