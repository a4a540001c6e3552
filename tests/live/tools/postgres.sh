# shellcheck shell=sh disable=SC2154
# A PostgreSQL of the test's own. Sourced behind lib.sh; its programs are put into the PATH.
#
# postgres_start PORT PASSWORD  starts it on loopback for the user shop, until the test ends; `pg_isready -p PORT` says when it is up.
#                               A backslash in a string is an escape there, as old servers have it.
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
export PATH

postgres_start() {
    pg=$(mktemp -d /tmp/plan-pg.XXXXXX) # not in $work, which only its owner may enter
    at_end "rm -rf '$pg'"
    as=
    if [ "$(id -u)" -eq 0 ]; then # it does not run as root
        chown nobody "$pg"
        as="setpriv --reuid=nobody --clear-groups --"
    fi
    echo "$2" >"$pg/password"
    chmod 644 "$pg/password"
    (
        cd "$pg" || exit 1
        $as initdb -D "$pg/data" -U shop --pwfile="$pg/password" -A scram-sha-256 --no-sync -E UTF8 --locale=C >initdb.log 2>&1
        exec $as postgres -D "$pg/data" -p "$1" -h 127.0.0.1 -k "$pg" -F -c standard_conforming_strings=off -c escape_string_warning=off
    ) >"$work/postgres.log" 2>&1 </dev/null &
    at_end "kill -INT $! 2>/dev/null; wait $! 2>/dev/null"
}
