"""`kubectl exec`: runs a program of the test's folder and carries its output, over WebSocket (kubectl from 1.31 on) or SPDY/3.1.

`serve` takes over the connection of one request. The program is FOLDER/exec/NAME where NAME is the command's first word; its
end goes back as the Status that the kubelet sends."""

import base64
import hashlib
import json
import os
import struct
import subprocess
import zlib

ERROR, STDOUT, STDERR = 3, 1, 2


def run(command, folder):
    """Gives (out, err, status)."""
    program = os.path.join(folder, "exec", os.path.basename(command[0]) if command else "")
    if not command or not os.access(program, os.X_OK):
        text = f"command terminated with exit code 127: {command[:1]} is not in this container"
        return b"", text.encode(), failure(127)
    done = subprocess.run([program, *command[1:]], cwd=folder, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    return done.stdout, done.stderr, failure(done.returncode) if done.returncode else {"metadata": {}, "status": "Success"}


def failure(code):
    return {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": f"command terminated with non-zero exit code: exit status {code}",
            "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}}


def serve(handler, command, folder):
    upgrade = handler.headers.get("Upgrade", "").lower()
    if upgrade == "websocket":
        serve_websocket(handler, command, folder)
    elif upgrade == "spdy/3.1":
        serve_spdy(handler, command, folder)
    else:
        return None
    return True


# ---- WebSocket, RFC 6455, with the channel's number as the first byte of each message

def serve_websocket(handler, command, folder):
    key = handler.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    offered = [one.strip() for one in handler.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    handler.send_response(101)
    handler.send_header("Upgrade", "websocket")
    handler.send_header("Connection", "Upgrade")
    handler.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
    handler.send_header("Sec-WebSocket-Protocol", "v5.channel.k8s.io" if "v5.channel.k8s.io" in offered else offered[0])
    handler.end_headers()
    out, err, status = run(command, folder)
    for channel, data in ((STDOUT, out), (STDERR, err), (ERROR, json.dumps(status).encode())):
        for at in range(0, len(data), 32000):
            message(handler, 2, bytes([channel]) + data[at:at + 32000])
    message(handler, 8, struct.pack(">H", 1000))
    handler.connection.settimeout(2)
    try:
        handler.rfile.read(1)
    except OSError:
        pass


def message(handler, opcode, data):
    head = bytes([0x80 | opcode])
    head += bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
    handler.wfile.write(head + data)
    handler.wfile.flush()


# ---- SPDY/3.1, as far as a kubectl before 1.31 needs it

WORDS = ("options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
         "authorization cache-control connection content-base content-encoding content-language content-length content-location "
         "content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match "
         "if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range "
         "referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get "
         "status|200 OK|version|HTTP/1.1|url|public|set-cookie|keep-alive|origin")
TAIL = (b"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
        b"203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
        b"404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
        b"Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
        b"chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
        b"publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.")


def dictionary():
    """The one that the protocol prescribes for its headers; its checksum is part of every connection's first bytes."""
    words = [word for part in WORDS.split("|")[:1] for word in part.split(" ")] + WORDS.split("|")[1:]
    return b"".join(struct.pack(">I", len(word)) + word.encode() for word in words) + TAIL


def serve_spdy(handler, command, folder):
    handler.send_response(101)
    handler.send_header("Upgrade", "SPDY/3.1")
    handler.send_header("Connection", "Upgrade")
    handler.send_header("X-Stream-Protocol-Version", handler.headers.get("X-Stream-Protocol-Version", "v4.channel.k8s.io"))
    handler.end_headers()
    reader, writer = zlib.decompressobj(zdict=dictionary()), zlib.compressobj(zdict=dictionary())
    query_streams = {"error", "stdout", "stderr"}
    streams = {}
    while not query_streams <= set(streams):
        head = handler.rfile.read(8)
        if len(head) < 8:
            return
        control, kind, flags_len = struct.unpack(">HHI", head)
        body = handler.rfile.read(flags_len & 0xFFFFFF)
        if control & 0x8000 and kind == 1:
            stream = struct.unpack(">I", body[:4])[0]
            streams[headers_of(reader.decompress(body[10:]))["streamtype"]] = stream
            block = writer.compress(struct.pack(">I", 0)) + writer.flush(zlib.Z_SYNC_FLUSH)
            send(handler, struct.pack(">HHI", 0x8003, 2, 4 + len(block)) + struct.pack(">I", stream) + block)
        elif control & 0x8000 and kind == 6:
            send(handler, head + body)
    out, err, status = run(command, folder)
    for name, data in (("stdout", out), ("stderr", err), ("error", b"" if status["status"] == "Success" else json.dumps(status).encode())):
        for at in range(0, len(data), 16000):
            part = data[at:at + 16000]
            send(handler, struct.pack(">II", streams[name], len(part)) + part)
        send(handler, struct.pack(">II", streams[name], 1 << 24))
    handler.connection.settimeout(2)
    try:
        while handler.rfile.read(1):
            pass
    except OSError:
        pass


def headers_of(block):
    count, at, headers = struct.unpack(">I", block[:4])[0], 4, {}
    for _ in range(count):
        pair = []
        for _ in range(2):
            size = struct.unpack(">I", block[at:at + 4])[0]
            pair.append(block[at + 4:at + 4 + size].decode())
            at += 4 + size
        headers[pair[0].lower()] = pair[1]
    return headers


def send(handler, data):
    handler.wfile.write(data)
    handler.wfile.flush()
