import json
import sys

with open(sys.argv[2], encoding="utf-8") as file:
    whole = json.load(file)
total = sum(item["id"] + item["tags"][1] + item["where"]["x"] for item in whole["items"])
print(total, len(json.dumps(whole, separators=(",", ":"))))
