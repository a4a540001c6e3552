#!/bin/sh
# Everything builds with clang as it does with gcc: same flags, no warning.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
[ -z "${SANITIZE:-}" ] || {
    echo "the plain build checks this"
    exit 77
}
command -v clang >/dev/null 2>&1 || {
    echo "clang is not installed"
    exit 77
}
exec "${MAKE:-make}" --no-print-directory -s -k SAY=@: BUILD=build/clang CC=clang CFLAGS=-O1 all
