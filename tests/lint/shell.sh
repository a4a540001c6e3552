#!/bin/sh
# Every shell script of ours passes ShellCheck.
set -u
cd "${root:-$(dirname "$0")/../..}" || exit 2
command -v shellcheck >/dev/null 2>&1 || {
    echo "shellcheck is not installed"
    exit 77
}
scripts=$(
    { find .ci tests stdlib plans bench vm compiler -type f -name '*.sh'
      find .ci tests plans -type f ! -name '*.*' -exec sh -c 'head -n 1 "$1" | grep -q "^#!/bin/sh" && echo "$1"' _ {} \;
    } 2>/dev/null | sort -u
)
# shellcheck disable=SC2086
exec shellcheck -x -S warning $scripts
