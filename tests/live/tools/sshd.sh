# shellcheck shell=sh disable=SC2154
# A real sshd on loopback, with keys of its own. Sourced after lib.sh by tests that need one; where there is none the test is
# skipped.
#
# sshd_start   starts it, ends it with the test, and makes $work/bin/ssh: the real ssh, with this test's key and port. What it
#              runs finds programs in $work/bin first. $sshd_port is where it listens.

: "${work:?}"
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[ -x "$sshd" ] && command -v ssh >/dev/null 2>&1 || {
    echo "sshd is not installed"
    exit 77
}

sshd_start() {
    sshd_port=$(/usr/bin/python3 -c 'import socket; one = socket.socket(); one.bind(("127.0.0.1", 0)); print(one.getsockname()[1])')
    ssh-keygen -q -t ed25519 -N '' -f "$work/host_key"
    ssh-keygen -q -t ed25519 -N '' -f "$work/user_key"
    cp "$work/user_key.pub" "$work/authorized_keys"
    mkdir -p "$work/bin"
    cat >"$work/sshd.conf" <<EOC
Port $sshd_port
ListenAddress 127.0.0.1
HostKey $work/host_key
AuthorizedKeysFile $work/authorized_keys
PidFile $work/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
SetEnv PATH=$work/bin:/usr/local/bin:/usr/bin:/bin
EOC
    [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
    "$sshd" -D -e -f "$work/sshd.conf" >"$work/sshd.log" 2>&1 </dev/null &
    sshd_pid=$!
    at_end "kill $sshd_pid 2>/dev/null; wait $sshd_pid 2>/dev/null"
    await 10 has "$work/sshd.log" "Server listening" || {
        cat "$work/sshd.log"
        exit 77
    }
    cat >"$work/bin/ssh" <<EOC
#!/bin/sh
exec "$(command -v ssh)" -F none -p $sshd_port -i "$work/user_key" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile="$work/known" -o LogLevel=ERROR "\$@"
EOC
    chmod +x "$work/bin/ssh"
}
