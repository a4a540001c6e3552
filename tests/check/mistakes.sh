#!/bin/sh
# What a beginner's mistakes are answered with: tests/check/mistakes/*.txt say each sentence.
cd "${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}" || exit 2
exec python3 tests/check/mistakes.py "${PLANC:-build/planc}" tests/check/mistakes/*.txt
