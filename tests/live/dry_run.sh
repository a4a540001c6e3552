#!/bin/sh
# A dry run of every plan in the tree starts no changing program and sends no changing request: strace sees every program that
# is started and every connection. It runs in a network of its own, so nothing can leave this machine.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
command -v strace >/dev/null 2>&1 || {
    echo "strace is not installed"
    exit 77
}
unshare -rn true 2>/dev/null || {
    echo "no network of one's own can be made here"
    exit 77
}
cd "$root" || exit 1
# shellcheck disable=SC2016
unshare -rn sh -c 'ip link set lo up 2>/dev/null || /usr/bin/python3 -c "
import fcntl, socket, struct
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(one, 0x8914, struct.pack(\"16sh22x\", b\"lo\", 0x41))"
exec /usr/bin/python3 "$@"' _ "$root/tests/live/tools/dry_run.py" "$work" "$PLANC" "$PLANVM" "$root"/plans/*/*.plan
