#!/bin/sh
# HTTP against nginx: TLS that is verified, certificates of ours, HTTP/2, queries, redirects, a proxy, and a thousand requests of
# which a hundred are under way at a time.
# shellcheck source=tests/live/tools/lib.sh
. "$(dirname "$0")/tools/lib.sh"
nginx=$(command -v nginx || echo /usr/sbin/nginx)
[ -x "$nginx" ] && command -v openssl >/dev/null 2>&1 || {
    echo "nginx or openssl is not installed"
    exit 77
}
cd "$work" || exit 1
{
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -addext "subjectAltName=DNS:localhost" -keyout server.key -out server.csr
    printf 'subjectAltName=DNS:localhost\n' >names
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem
    openssl req -newkey rsa:2048 -nodes -subj /CN=on-call -keyout client.key -out client.csr
    openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out client.pem
} >openssl.log 2>&1
# shellcheck disable=SC2046
set -- $(/usr/bin/python3 -c '
import socket
held = [socket.socket() for _ in range(2)]
for one in held:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))')
user=
[ "$(id -u)" -ne 0 ] || user="user root root;"
sed -e "s|^@USER@|$user|" -e "s|@WORK@|$work|g" -e "s|@TLS@|$1|" -e "s|@PLAIN@|$2|" "$root/tests/live/tools/tls.conf" >nginx.conf
"$nginx" -c "$work/nginx.conf" -p "$work" >nginx.log 2>&1 </dev/null &
nginx_pid=$!
at_end "kill $nginx_pid 2>/dev/null; wait $nginx_pid 2>/dev/null"
check "nginx answers" await 5 curl -sf -o /dev/null "http://127.0.0.1:$2/here"

cat >http.plan <<'EOP'
service "shop" { owner "ops" }
param tls: string
param plain: string
plan speak "Speaks" {
  step "Speak" {
    let stranger = observe http.get("${tls}/who")
    note "stranger: ${stranger.error ?? "trusted"}"
    let wrong_name = observe http.get(tls.replace("localhost", "127.0.0.1"), ca: "ca.pem")
    note "wrong name: ${wrong_name.error ?? "trusted"}"
    let known = observe http.get("${tls}/who", ca: "ca.pem")
    note "known:${known.body}"
    note "parts in order: ${known.lookup <= known.connected and known.connected <= known.secured and known.secured <= known.first_byte and known.first_byte <= known.elapsed}"
    let shut = observe http.get("${tls}/closed", ca: "ca.pem")
    note "shut: ${shut.status}"
    let open = observe http.get("${tls}/closed", ca: "ca.pem", cert: "client.pem", key: "client.key")
    note "open: ${open.body}"
    let lacking = observe http.get("${tls}/who", ca: "no.pem")
    note "lacking: ${lacking.error ?? "fine"}"
    let asked = observe http.get("${plain}/q?first=1", query: {"a b": "c&d=e", q: "ä\"'"})
    note "asked: ${asked.body}"
    let moved = observe http.get("${plain}/moved")
    note "moved: ${moved.body}"
    let proxied = observe http.get("http://shop.invalid/x", proxy: plain)
    note "proxied: ${proxied.body}"
    let nowhere = observe http.get("http://192.0.2.1:9/", connect_timeout: 300ms, timeout: 20s, proxy: "http://127.0.0.1:1")
    note "nowhere: ${nowhere.error ?? "there"}"
    run http.put("${plain}/put", body: "x")
    run http.patch("${plain}/patch", json: {a: 1})
    run http.delete("${plain}/delete")
    run http.post("${tls}/post", form: {a: "1&2", b: "ü"}, ca: "ca.pem")
    run http.post("${tls}/post", form: {a: "1"}, ca: "ca.pem")
    let head = observe http.head("${plain}/here")
    note "head: ${head.status}, ${head.body.len()}"
  }
}
plan crowd "A thousand" {
  step "All" {
    var urls: [string] = []
    for i in 1..1000 { urls += "${plain}/item/${i}" }
    var good = 0
    for url in urls at most 100 at once {
      let r = observe http.get(url, timeout: 60s)
      if r.ok { good = good + 1 }
    }
    note "good: ${good}"
  }
}
EOP
"$PLANVM" run http.plan speak --yes --set "tls=https://localhost:$1" --set "plain=http://127.0.0.1:$2" --journal runs >speak.log 2>&1 </dev/null
check "the run ends well" test $? -eq 0
check "an unknown authority is refused" grep -qi 'stranger: .*certificate' speak.log
check "another name is refused" grep -qiE 'wrong name: .*(subject|match|name)' speak.log
check "HTTP/2" has speak.log "known: HTTP/2.0"
check "the time is told apart" has speak.log "parts in order: true"
check "no certificate is not enough" has speak.log "shut: 403"
check "with ours it opens" has speak.log "open: welcome CN=on-call"
check "a file that is not there is named" has speak.log 'lacking: `ca` cannot be read: no.pem'
check "a query is encoded" has speak.log "asked: GET first=1&a%20b=c%26d%3De&q=%C3%A4%22%27"
check "a redirect is followed" has speak.log "moved: arrived"
check "a proxy is used" has access "GET /x "
check "a connection that cannot be made says so" grep -q 'nowhere: .*onnect' speak.log
for method in PUT PATCH DELETE POST HEAD; do
    check "$method" grep -q "^$method " access
done
check "each change on a connection of its own, with a key" sh -c 'test "$(grep "^POST" access | cut -d" " -f4 | sort -u | wc -l)" = 2 && ! grep -q "^POST.* -$" access'
: >access.old
cat access >access.old
"$PLANVM" run http.plan crowd --yes --set "tls=x" --set "plain=http://127.0.0.1:$2" --journal runs >crowd.log 2>&1 </dev/null
check "a thousand requests" has crowd.log "good: 1000"
check "over at most a hundred connections" sh -c 'n=$(grep "^GET /item" access | cut -d" " -f4 | sort -u | wc -l); echo "$n connections" >>crowd.log; test "$n" -le 100'
finish
