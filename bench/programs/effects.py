import json
import sys


def run(n):
    fine = 0
    for _ in range(n):
        answer = json.loads((yield json.dumps({"argv": ["uptime"], "timeout": 30000})))
        if answer["ok"]:
            fine += 1
    print(fine)


fiber = run(int(sys.argv[1]))
request = next(fiber, None)
while request:
    try:
        request = fiber.send('{"ok":true,"exit":0,"out":"up 3 days","err":""}')
    except StopIteration:
        break
