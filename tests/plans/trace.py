#!/usr/bin/python3
"""Holds the traces of plans/ against the demands of the runbooks that they replace.

    trace.py ITEMS TRACE...         ITEMS: tests/plans/items.txt; TRACE: plans/FOLDER/runbook.trace

A trace has one line for each demand, `#` begins a comment:

    NUMBER FILE: DECLARATION [-- REASON]      FILE lies beside the trace; DECLARATION stands in it as it is written here
    NUMBER - -- REASON                        the plan does not say it, and why

A REASON is owed where a command of the demand is not in the folder's plans, word by word but for parameters that are filled
in and words that are added. Prints `ok NAME` or `not ok NAME` with what is wrong before it.
"""
import os
import re
import shlex
import sys

# What stands behind a pipe only picks from what came before it: plans do that in their own words.
FILTERS = {"grep", "egrep", "head", "tail", "awk", "sed", "jq", "sort", "uniq", "wc", "cut", "echo", "tee", "xargs", "tr", "sleep"}
WILD = "\0"
DROPPED = {"-it", "-ti", "-i", "-t", "-s", "-sf", "-f", "-fsS", "-sS", "-v", "-w", "--follow", "--stdin", "--tty"}


def read_items(path):
    items = {}
    current = None
    for line in open(path, encoding="utf-8"):
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("    "):
            current.append(line[4:].rstrip("\n"))
        else:
            number, _ = line.split()
            current = items.setdefault(number, [])
    return items


def read_trace(path):
    lines = []
    for at, line in enumerate(open(path, encoding="utf-8"), 1):
        text = line.rstrip("\n")
        if not text.strip() or text.startswith("#"):
            continue
        said, _, reason = text.partition(" -- ")
        number, _, target = said.strip().partition(" ")
        lines.append((at, number, target.strip(), reason.strip()))
    return lines


# ---- commands of a runbook ----

def split_shell(text):
    """Commands of a shell text: quotes kept together, split at | ; && || and line ends."""
    text = re.sub(r"\\\n\s*", " ", text)
    parts, part, quote = [], "", None
    i = 0
    while i < len(text):
        c = text[i]
        if quote:
            quote = None if c == quote else quote
            part += c
        elif c in "'\"":
            quote = c
            part += c
        elif c == "#" and (not part or part[-1].isspace()):
            while i < len(text) and text[i] != "\n":
                i += 1
            continue
        elif c in "|;&\n":
            parts.append(part)
            part = ""
        else:
            part += c
        i += 1
    return [p.strip() for p in parts + [part] if p.strip()]


def words_of(text):
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def normal(words):
    """Without redirections, terminals and the assignment before it; `--flag=value` as two words."""
    out = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif re.fullmatch(r"\d?>>?|<", word):
            skip = True
        elif re.match(r"\d?>>?.|2>&1", word) or word in DROPPED:
            continue
        elif word.startswith("--") and "=" in word:
            out += word.split("=", 1)
        else:
            out.append(re.sub(r"\s+", "", word) if word[:1] in "{[" else word)
    # kubectl takes `deployment NAME` and `deployment/NAME`.
    if "deployment" in out[1:-1]:
        at = out.index("deployment")
        out[at:at + 2] = ["/".join(out[at:at + 2])]
    return out


def commands_of(lines):
    text = "\n".join(lines)
    text = re.sub(r"^\s*[A-Z_]+=\$\(", "", text, flags=re.M)
    text = re.sub(r"\$\(date[^()]*\)\d*", "$TIME", text)
    found = []
    for part in split_shell(text):
        part = re.sub(r"^[A-Z_]+=\S+\s+", "", part).rstrip(")")
        words = normal(words_of(part))
        if words and words[0] == "watch":
            words = normal(words_of(split_shell(words[-1])[0]))
        if words and words[0] not in FILTERS:
            found.append(words)
    return found


# ---- commands of plans ----

def literals(text):
    """Words of each command in a plan, and (method, url) of each request; values are WILD."""
    text = re.sub(r"(?m)^\s*#.*$", "", text)
    commands, requests = [], []
    fill = lambda t: re.sub(r"\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}", WILD, t)
    for block in re.findall(r"```(.*?)```|`([^`]*)`", text, flags=re.S):
        for part in split_shell(fill(block[0] or block[1])):
            words = normal(words_of(part))
            if words:
                commands.append(words)
    for method, url in re.findall(r"http\.(\w+)\(\s*\"((?:[^\"\\]|\\.)*)\"", text):
        requests.append((method.upper(), fill(url)))
    # A command that a command runs (in a pod, on a host, in a shell) is one as well.
    for words in list(commands):
        for i, word in enumerate(words):
            if word in ("--", "-c") and i + 1 < len(words):
                commands.append(normal(words_of(" ".join(words[i + 1:]))))
    return commands, requests


def is_open(word):
    return bool(re.search(r"[<$\[]|^[A-Z][A-Z_0-9]*$|[A-Z]+_[A-Z]+|\bPOD\b|\.\.\.", word))


def same_word(asked, said):
    if WILD in said:
        pattern = ".*".join(re.escape(p) for p in said.split(WILD))
        return re.fullmatch(pattern, asked, flags=re.S) is not None or is_open(asked)
    return asked == said or (is_open(asked) and asked.strip("$<>[]{}\"'").lower() in said.lower())


def same_command(asked, said):
    if not said or not same_word(asked[0], said[0]) or said[0] == WILD:
        return False
    rest = list(said[1:])
    for word in asked[1:]:
        match = next((i for i, other in enumerate(rest) if other == word), None)
        if match is None:
            match = next((i for i, other in enumerate(rest) if same_word(word, other)), None)
        if match is None:
            return False
        rest.pop(match)
    return True


def path_of(url):
    return re.sub(r"^(https?://)?[^/?]*", "", url) or "/"


def same_request(asked, requests):
    method, url, after = "GET", None, None
    for word in asked[1:]:
        if after == "-X" or after == "--request":
            method = word
        elif after in ("-d", "--data", "--data-raw", "-F"):
            method = "POST" if method == "GET" else method
        elif re.match(r"https?://|localhost|[\w.<>${}-]+\.[\w.<>${}-]+[:/]|<", word) and after not in ("-H", "-o", "-u"):
            url = word
        after = word
    if url is None:
        return False
    for said_method, said in requests:
        said_path = path_of(said.replace(WILD, "X", 1) if said.startswith(WILD) else said)
        if said_method in (method, "REQUEST") and same_word(path_of(url), said_path):
            return True
    return False


# ---- a folder ----

def check_trace(path, items, owners):
    wrong = []
    folder = os.path.dirname(path)
    texts = {}
    for base, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".plan"):
                texts[os.path.relpath(os.path.join(base, name), folder)] = open(os.path.join(base, name), encoding="utf-8").read()
    commands, requests = [], []
    for text in texts.values():
        more_commands, more_requests = literals(text)
        commands += more_commands
        requests += more_requests
    for at, number, target, reason in read_trace(path):
        where = f"{path}:{at}: {number}"
        if number not in items:
            wrong.append(f"{where}: there is no such demand")
            continue
        if number in owners:
            wrong.append(f"{where}: it is traced at {owners[number]} already")
        owners[number] = f"{path}:{at}"
        if target == "-":
            if not reason:
                wrong.append(f"{where}: it is not in the plan, and no reason is given")
            continue
        file, _, declaration = target.partition(": ")
        if file not in texts:
            wrong.append(f"{where}: there is no {file} beside the trace")
        elif not re.search(r"(?<![\w.])" + re.sub(r"(\\ )+", r"\\s+", re.escape(declaration)) + r"(?![\w.])", texts[file]):
            wrong.append(f"{where}: {file} holds no `{declaration}`")
        if reason:
            continue
        for asked in commands_of(items[number]):
            if asked[0] == "curl" and same_request(asked, requests):
                continue
            if not any(same_command(asked, said) for said in commands):
                wrong.append(f"{where}: the plans hold no `{' '.join(asked)}`, and no reason is given")
    return wrong


def main():
    items = read_items(sys.argv[1])
    owners = {}
    failed = False
    for path in sys.argv[2:]:
        wrong = check_trace(path, items, owners)
        print("\n".join(wrong) + "\n" if wrong else "", end="")
        print(("not ok " if wrong else "ok ") + f"{path}: what it names is there")
        failed = failed or bool(wrong)
    # A runbook that no trace speaks of has no plan yet.
    begun = {number.split("-")[0] for number in owners}
    missing = [number for number in items if number not in owners and number.split("-")[0] in begun]
    if missing:
        print("in no trace: " + " ".join(missing))
    print(("not ok " if missing else "ok ") + f"each of the {len(items)} demands is in exactly one trace")
    return 1 if failed or missing else 0


sys.exit(main())
