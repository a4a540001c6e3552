#!/bin/sh
# A server of mail that takes its time to answer holds up nothing: this one answers when the run, which goes on meanwhile, has
# done something else. A mail that nobody waits for any more is let go of.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
cd "$work" || exit 1
cat >serve.py <<'END'
import os, socketserver, sys, time

class Handler(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")
    def handle(self):
        self.say("220 slow")
        for line in self.rfile:
            word = line.decode().split()[0].upper()
            if word != "DATA":
                self.say("250 slow")
                continue
            self.say("354 go on")
            while self.rfile.readline() != b".\r\n":
                pass
            open("taken", "a").write("taken\n")
            for _ in range(600):
                if os.path.exists("meanwhile"):
                    break
                time.sleep(0.05)
            self.say("250 taken")

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

server = Server(("127.0.0.1", 0), Handler)
open("port.new", "w").write(str(server.server_address[1]))
os.rename("port.new", "port")
server.serve_forever()
END
/usr/bin/python3 serve.py >serve.log 2>&1 </dev/null &
at_end "kill $! 2>/dev/null"
await 10 test -s port || exit 1
cat >slow.plan <<'END'
import "std/smtp"
service "Mail" { owner "tests" }
param server: string
effect fn tell(server: string) {
  let told = run smtp.send(smtp.Server(url: server, tls: "none"), "ops@example.com", ["ann@example.com"], Message(title: "It is down"))
  note "told: ${told.ok}"
}
plan both "Two things at once" {
  step "Tell and do" {
    parallel {
      run tell(server)
      run `sh -c "sleep 0.3; touch meanwhile"`
    }
  }
}
plan late "Nobody waits" {
  step "Tell" {
    timeout 1s
    on failure continue
    run smtp.send(smtp.Server(url: server, tls: "none"), "ops@example.com", ["ann@example.com"], Message(title: "It is down"))
  }
  step "Afterwards" { note "afterwards" }
}
END
check "the plan has no error" "$PLANC" check --fail-level error slow.plan
"$PLANVM" run slow.plan both --yes --set "server=smtp://127.0.0.1:$(cat port)" --journal runs </dev/null >run.log 2>&1
check "the run ends" test $? -eq 0
check "the mail is taken while the run goes on" has run.log "told: true"
rm -f meanwhile taken
"$PLANVM" run slow.plan late --yes --set "server=smtp://127.0.0.1:$(cat port)" --journal runs </dev/null >late.log 2>&1
check "a run goes on without a mail that takes too long" has late.log "afterwards"
finish
