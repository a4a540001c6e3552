"""Inputs for planc and its peers, of a wanted number of lines. Called by bench/planc.py.

A service file holds people, ladders, severities, functions, plans and drills in the mixture of a hand-written one, and
checks without a finding; what its peers get has as many lines of the same kind of everyday code."""

HEAD = """import "std/terminal"
service "Everything" { owner "Platform team"; runbook "https://wiki.example.com/everything" }
param ns = "prod"                     ## namespace
param base = "http://load-balancer"   ## base URL
channel board = terminal.channel("board")
contact oncall "On call" { phone "+1-555-0"; reach by board, phone; answer within 5m; backup lead }
contact lead "Team lead" { phone "+1-555-1"; reach by phone, board; answer within 10m }
template raised {
  title "${service.name} is ${incident.severity}"
  body "impact ${incident.impact}, since ${incident.opened}"
}
""" + "".join(f"""escalation ladder{i} {{
  at once                      page oncall
  when unacknowledged for 15m  page lead
  when severity raised         notify board using raised
  at last                      page oncall every 10m
}}
severity SEV{i} "Level {i}" {{
  means    "complete outage", "data corruption"
  respond  within 15m
  resolve  within 4h
  update   board every 30m using raised
  escalate by ladder{i}
}}
""" for i in range(4))

BLOCK = """
## People and ladder of service {i}.
contact ann{i} "Ann {i}" {{
  phone "+1-555-{i}"
  slack "@ann{i}"
  reach by board, phone
  answer within 5m
  backup bob{i}
}}
contact bob{i} "Bob {i}" {{ title "Team lead"; phone "+2-555-{i}"; reach by phone, board; answer within 10m }}
role chief{i} "Commander {i}" {{ primary ann{i}; backup bob{i} }}

template raised{i} {{
  title "${{service.name}} part {i} is ${{incident.severity}}"
  body "impact ${{incident.impact}}, since ${{incident.opened}}"
}}

record Backup{i} {{ id: string; size: int; note: string? }}
fn healthy{i}() -> bool {{ return observe http.get("${{base}}/health/{i}", timeout: 5s).ok }}
fn weigh{i}(backups: [Backup{i}], limit: int) -> int {{
  var sum = 0
  for backup in backups {{
    if backup.size > limit and backup.note != none {{ sum = sum + backup.size }}
  }}
  let words = ["a", "b", "c"].map(x => x.upper()).join("-")
  return min(sum + words.len() * 2, limit)
}}

plan outage{i} "Part {i} is down" {{
  severity SEV{level}
  starts on alert "Part{i}Down"
  phase "Look {i}" 0m..5m {{
    step "Look" {{
      observe `kubectl get pods -n ${{ns}} -l app=part{i}`
      let log = observe `kubectl logs -n ${{ns}} -l app=part{i} --tail=100`
      if log.ok {{ attach log.out as "part{i}.log" }}
      set impact "reads and writes of part {i} fail"
      notify board using raised{i}
      page ann{i} "Part {i} is down"
    }}
  }}
  phase "Repair {i}" within 45m {{
    remedies "Quick fixes, in order" until healthy{i}() within 1m every 10s {{
      remedy "Restart" {{
        run `kubectl rollout restart deployment/part{i} -n ${{ns}}` with (timeout: 30s)
        verify `kubectl rollout status deployment/part{i} -n ${{ns}} --timeout=60s` with (timeout: 70s)
      }}
      remedy "Scale up" {{
        run  `kubectl scale deployment/part{i} -n ${{ns}} --replicas=5` with (timeout: 30s)
        undo {{ run `kubectl scale deployment/part{i} -n ${{ns}} --replicas=3` }}
      }}
    }}
    step "Weigh" {{
      # What is left over is only noted.
      let left = weigh{i}([Backup{i}(id: "x{i}", size: {i} * 3 + 4, note: "kept")], 100)
      if left >= 10 {{ note "left: ${{left}}" }}
    }}
    step "Say it is over" {{ resolve "part {i} is back" }}
  }}
  afterwards {{ followup "Root cause analysis" within 24h by chief{i} }}
}}

drill "a restart of part {i} is enough" of outage{i} {{
  http GET "*/health/{i}" gives 200
  command `kubectl *` gives "ok"
  oncall acknowledges after 4m
  expect paged oncall before 1m
  expect not paged bob{i}
  expect done "Restart"
  expect resolved before 15m
}}
"""

C_BLOCK = """
struct backup{i} {{
    const char *id;
    long size;
}};
static long weigh{i}(const struct backup{i} *backups, int count, long limit)
{{
    long sum = 0;
    for (int k = 0; k < count; k++) {{
        if (backups[k].size > limit && backups[k].id != 0) sum = sum + backups[k].size;
    }}
    return sum < limit ? sum * 2 + {i} : limit;
}}
long part{i}(const char *name)
{{
    struct backup{i} all[] = {{{{"x{i}", {i} * 3 + 4}}, {{name, 7}}}};
    long left = weigh{i}(all, 2, 100);
    if (left >= 10) left = left - 1; /* noted */
    return left;
}}
"""

LUA_BLOCK = """
local function weigh{i}(backups, limit)
  local sum = 0
  for _, backup in ipairs(backups) do
    if backup.size > limit and backup.note ~= nil then
      sum = sum + backup.size
    end
  end
  return math.min(sum * 2 + {i}, limit)
end
plans["outage{i}"] = function(world)
  local log = world.run("kubectl logs -l app=part{i} --tail=100")
  if log.ok then
    world.attach(log.out, "part{i}.log") -- kept
  end
  return weigh{i}({{ {{ id = "x{i}", size = {i} * 3 + 4, note = "kept" }} }}, 100)
end
"""

JS_BLOCK = """
function weigh{i}(backups, limit) {{
  let sum = 0;
  for (const backup of backups) {{
    if (backup.size > limit && backup.note !== null) {{
      sum = sum + backup.size;
    }}
  }}
  return Math.min(sum * 2 + {i}, limit);
}}
plans["outage{i}"] = function (world) {{
  const log = world.run(`kubectl logs -l app=part{i} --tail=${{weigh{i}([], 100)}}`);
  if (log.ok) {{
    world.attach(log.out, "part{i}.log"); // kept
  }}
  return weigh{i}([{{ id: "x{i}", size: {i} * 3 + 4, note: "kept" }}], 100);
}};
"""

RULE_BLOCK = """  - alert: Part{i}Down
    expr: sum(rate(http_requests_total{{job="part{i}", status=~"5.."}}[5m])) / sum(rate(http_requests_total{{job="part{i}"}}[5m])) > 0.{i}
    for: 5m
    labels:
      severity: page
      part: "{i}"
    annotations:
      summary: "Part {i} is down"
      runbook: "https://wiki.example.com/part{i}"
"""

SHELL_BLOCK = """
weigh{i}() {{
    sum=0
    for size in "$@"; do
        if [ "$size" -gt 100 ]; then
            sum=$((sum + size))
        fi
    done
    echo "$sum"
}}
outage{i}() {{
    log=$(kubectl logs -n "$1" -l app=part{i} --tail=100)
    if [ -n "$log" ]; then
        printf '%s\\n' "$log" >"part{i}.log" # kept
    fi
    weigh{i} 4 $(({i} * 3 + 4))
}}
outage{i} prod
"""


def blocks(head, block, lines, tail=""):
    """The head and as many blocks as make up so many lines."""
    each = block.count("\n")
    count = max(1, (lines - head.count("\n")) // each)
    return head + "".join(block.format(i=i, level=i % 4) for i in range(1, count + 1)) + tail


def service(lines):
    return blocks(HEAD, BLOCK, lines)


def peers(lines):
    return {
        "c": blocks("", C_BLOCK, lines, "int main(void)\n{\n    return 0;\n}\n"),
        # One function holds at most 200 names in Lua: each block is a scope of its own.
        "lua": blocks("plans = {}\n", "do" + LUA_BLOCK + "end\n", lines),
        "js": blocks("const plans = {};\n", JS_BLOCK, lines),
        "yml": blocks("groups:\n- name: parts\n  rules:\n", RULE_BLOCK, lines),
        "sh": blocks("#!/bin/sh\n", SHELL_BLOCK, lines),
    }


# ---- shapes whose checking must be linear ----

def deep_expression(depth):
    return HEAD + "let deep = " + "(1 + " * depth + "1" + ")" * depth + "\n"


def long_sum(terms):
    return HEAD + "let long = " + " + ".join(["1"] * terms) + "\n"


def long_string(characters):
    return HEAD + 'let long = "' + "abcdefghi " * (characters // 10) + '"\n'


def many_contacts(count):
    return HEAD + "".join(f'contact c{i} "C {i}" {{ phone "{i}"; reach by phone; answer within 5m; backup c{(i + 1)} }}\n'
                          for i in range(count)) + f'contact c{count} "C" {{ phone "0"; reach by phone; answer within 5m }}\n'


def many_rules(count):
    rules = "".join(f"  when unresolved for {i}m page ann\n" for i in range(1, count + 1))
    return (HEAD + 'contact ann "Ann" { phone "1"; reach by phone, board; answer within 5m }\n'
            'severity S1 "Down" { respond within 15m; resolve within 4h; escalate by ladder }\n'
            "escalation ladder {\n  at once page ann\n" + rules + "  at last page ann every 10m\n}\n"
            'plan p "P" { severity S1; step "x" { note "y" } }\n')


def many_expectations(count):
    plans = "".join(f'''plan p{i} "P {i}" {{
  severity SEV0
  step "Do {i}" {{
    run `systemctl restart part{i}` with (timeout: 30s)
    notify board "part {i}"
    attach "kept" as "part{i}.log"
    resolve "done"
  }}
}}
drill "part {i}" of p{i} {{
  command `systemctl *` gives "ok"
  expect ran `systemctl restart part{i}`
  expect notified board
  expect attached "part{i}.log"
}}
''' for i in range(count))
    return HEAD + plans
