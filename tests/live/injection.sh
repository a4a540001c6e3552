#!/bin/sh
# Injection is impossible: 10,000 hostile values go through a command's words, sh in every quoting, a real
# sshd, code arguments for dash and bash, a real PostgreSQL, URLs,
# forms, headers, JSON and mail. Each arrives as exactly one value, or is refused with a message.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
# shellcheck source=tests/live/tools/postgres.sh
. "$root/tests/live/tools/postgres.sh"
# shellcheck source=tests/live/tools/sshd.sh
. "$root/tests/live/tools/sshd.sh"
# libcurl waits within itself for the last reply to a mail, and this server takes its time: decision 56.
unset PLAN_STALLS
tools=$root/tests/live/tools
command -v initdb >/dev/null || {
    echo "postgresql is not installed"
    exit 77
}
cd "$work" || exit 1
mkdir bin out
"${CC:-cc}" -O1 -o bin/recv "$tools/recv.c" || exit 1
sshd_start
PATH=$work/bin:$PATH
KEY=sentinel-key-1
DB_PASSWORD=sentinel-db-2
no_proxy=127.0.0.1
export PATH KEY DB_PASSWORD no_proxy
pg_port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
postgres_start "$pg_port" "$DB_PASSWORD"
# One connection carries all that goes to the far host: what is tested is its words, not ten handshakes a second.
ssh -o BatchMode=yes -o ControlMaster=yes -o ControlPath="$work/mux" -N 127.0.0.1 >master.log 2>&1 </dev/null &
at_end "kill $! 2>/dev/null"
await 10 test -S mux || {
    cat master.log
    exit 1
}
sed -i "s|-F none|-F none -o ControlPath=$work/mux|" bin/ssh
/usr/bin/python3 "$tools/hostile.py" serve out >server.log 2>&1 </dev/null &
at_end "kill $! 2>/dev/null"
/usr/bin/python3 "$tools/hostile.py" plan >feed.plan
check "the plan has no error" "$PLANC" check feed.plan
await 20 test -s out/port && await 30 pg_isready -q -h 127.0.0.1 -p "$pg_port" || exit 1
"$PLANVM" run feed.plan feed --yes --set base="http://127.0.0.1:$(cat out/port)" --set mail="smtp://127.0.0.1:$(cat out/mail.port)" --set folder="$work/out" \
    --set pg_port="$pg_port" --journal runs >run.out 2>&1 </dev/null
check "the run ends" test $? -eq 0
tail -n 40 run.out | cut -c1-300 >run.log
PGPASSWORD=$DB_PASSWORD psql -X -q -A -t -h 127.0.0.1 -p "$pg_port" -U shop postgres -R "$(printf '\036')" \
    -c "SELECT encode(convert_to(t, 'UTF8'), 'hex') FROM v WHERE n >= 0" >out/sql 2>sql.log
printf '\036' >>out/sql
/usr/bin/python3 "$tools/hostile.py" check out >differences.log 2>&1
check "each value arrives as exactly one value" test ! -s differences.log -o "$(tr -d '\n' <differences.log)" = ""
for place in argv sh far header url mail; do
    check "what cannot go is refused ($place)" grep -q "refused $place" run.out
done
check "nothing was run that nobody wrote" test ! -e /tmp/x
finish
