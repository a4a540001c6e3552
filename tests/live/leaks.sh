#!/bin/sh
# After ten thousand effects no descriptor is left open and the memory is what it was. The limit of descriptors is so low that a
# leak of one for each effect would end the run.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
cd "$work" || exit 1
/usr/bin/python3 -c '
import asyncio
async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())' >port 2>server.log </dev/null &
server_pid=$!
at_end "kill $server_pid 2>/dev/null; wait $server_pid 2>/dev/null"
await 5 test -s port || exit 1
cat >many.plan <<'EOP'
service "shop" { owner "ops" }
param url: string
plan many "Many" {
  step "Warm" {
    for i in 1..50 { observe `true` }
    run `true`
    observe http.get(url)
    note "warm"
    wait 1s
  }
  step "Looks" {
    for i in 1..9000 { observe http.get(url) }
    for i in 1..900 { observe `true` }
    for i in 1..100 { run `true` }
    note "done"
    wait 1s
  }
}
EOP
(
    # shellcheck disable=SC3045 # dash and bash have it
    ulimit -n 64
    # A sanitizer keeps what was freed for a while: little of it here.
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1 \
        exec "$PLANVM" run many.plan --yes --set "url=http://127.0.0.1:$(cat port)/" --journal runs >run.log 2>&1 </dev/null
) &
run_pid=$!
state() { # state NAME: planvm's memory in KiB and its descriptors, once the run says so
    await 200 has run.log "note of the plan: $1" || return 1
    sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$run_pid/status" >"$1.rss"
    find "/proc/$run_pid/fd" -mindepth 1 | wc -l >"$1.fds"
}
check "it begins" state warm
check "it comes to its end" state "done"
reap 60 $run_pid
check "and ends well" test $? -eq 0
echo "descriptors $(cat warm.fds) then $(cat done.fds); memory $(cat warm.rss) then $(cat done.rss) KiB" >numbers.log
check "no descriptor is left open" test "$(cat done.fds)" -le "$(cat warm.fds)"
# Half as much again, and no more than 8 MiB: ten thousand results of 200 bytes that were kept would be seen.
check "its memory stays flat" test "$(cat done.rss)" -le $(($(cat warm.rss) + 8192))
cat numbers.log
finish
