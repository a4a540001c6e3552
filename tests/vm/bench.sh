#!/bin/sh
# bench/run works: every program of bench/programs gives what its peers give, at sizes that take no time. Nothing is
# judged by a clock.
set -u
[ -x /usr/bin/python3 ] || {
    echo "there is no python3"
    exit 77
}
bench/run --quick --no-install >"$TMPDIR/tables" 2>"$TMPDIR/messages" || {
    cat "$TMPDIR/messages"
    exit 1
}
for row in 'planc check |' 'the recogniser |' 'fib 15' 'suspended 100' 'forks of a state'; do
    grep -qF "$row" "$TMPDIR/tables" || {
        echo "bench/run says nothing of: $row"
        cat "$TMPDIR/tables" "$TMPDIR/messages"
        exit 1
    }
done
