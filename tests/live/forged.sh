#!/bin/sh
# Nobody can forge the handle of a secret: whatever a command prints, a server answers, a person says or a setting holds
# (U+FDD0 name U+FDD1 as it is, escaped in JSON, percent-encoded, in pieces that the plan puts together), the secret's value
# does not leave with it.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
cd "$work" || exit 1
FORGED_SECRET=sentinel-5b1e77
export FORGED_SECRET
handle=$(printf '\357\267\220key\357\267\221')
percent=$(printf '\357\267\224key\357\267\221')
printf '{"escaped":"\\ufdd0key\\ufdd1","upper":"\\uFDD0key\\uFDD1","url":"\\ufdd4key\\ufdd1","raw":"%s","rawurl":"%s",' "$handle" "$percent" >body.json
printf '"twice":"\\\\ufdd0key\\\\ufdd1","\\ufdd0key\\ufdd1":1,"start":"\\ufdd0","end":"\\ufdd1","percent":"%%EF%%B7%%90key%%EF%%B7%%91"}' >>body.json

cat >serve.py <<'END'
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Forged", "\u00ef\u00b7\u0090key\u00ef\u00b7\u0091")
        self.end_headers()
        self.wfile.write(open("body.json", "rb").read())
    def do_POST(self):
        with open("got", "ab") as got:
            got.write(("%s %s\n" % (self.path, self.headers)).encode("latin-1") + self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
open("port", "w").write(str(server.server_port))
server.serve_forever()
END
/usr/bin/python3 serve.py >serve.log 2>&1 &
at_end "kill $! 2>/dev/null"
await 5 test -s port

cat >forge.plan <<'END'
service "Forgery" { owner "tests" }
param base: string
param who = "nobody"
secret key = env "FORGED_SECRET"

effect fn leave(text: string) {
  run sh `printf '%s\n' "$V"; cat` with (input: "${text}\n", env: {V: text})
  run http.post("${base}/x?q=${text.for_url}", headers: {"X-Value": text}, json: {value: text})
  run http.post("${base}/form", form: {value: text})
}

plan forge "What comes from outside" {
  step "Forge" {
    let printed = observe `cat body.json`
    let answered = observe http.get("${base}/body")
    for each in [printed.json, answered.json] {
      for name in ["escaped", "upper", "url", "raw", "rawurl", "twice", "percent"] { run leave(each[name] as string) }
      run leave("${each.start as string}key${each.end as string}")
      run leave(each.to_text())
      run leave(each.keys().join(" "))
    }
    run leave(printed.out)
    run leave(answered.body)
    run leave(answered.headers["x-forged"] ?? "no header")
    run leave(who)
    let said = (ask "What do you say?" as string within 20s otherwise "nothing")
    run leave(said)
    run http.post("${base}/real", headers: {"X-Real": key}, body: "no forgery")
  }
}
END
"$PLANC" check forge.plan >check.log 2>&1
check "the plan checks" test ! -s check.log
"$PLANVM" run forge.plan --set "base=http://127.0.0.1:$(cat port)" --set "who=$handle" --journal runs >run.log 2>&1 </dev/null &
pid=$!
await 20 sh -c '"$1" status last --journal runs 2>/dev/null | grep -q "What do you say"' _ "$PLANVM"
"$PLANVM" answer last "$handle" --journal runs >answer.log 2>&1
reap 30 $pid
check "the run ends well" test $? -eq 0
check "a person's words arrived" sh -c '"$1" log last --journal runs | grep -q "signal.*answer"' _ "$PLANVM"
check "what the plan itself gives away arrives" has got "X-Real: $FORGED_SECRET"
check "and nothing else does" test "$(grep -c "$FORGED_SECRET" got)" -eq 1
check "no value in what commands printed" test -z "$(grep -rlF "$FORGED_SECRET" runs run.log)"
check "all values were sent" test "$(grep -o '/form Host:' got | wc -l)" -eq 25
finish
