/* What an image tells hosts: a plan is checked, its metadata is written, and looked at as the hosts do. */
#include "tests/unit/check.h"

#include "compiler/lower/metadata.h"
#include "vm/base/json.h"

static const char source[] =
    "service \"Shop\" {\n  owner \"Shop team\"\n  runbook \"https://wiki/shop\"\n}\n"
    "param ns = \"shop\"  ## the namespace\n"
    "param count: int\n"
    "let base = \"http://shop\"\n"
    "secret key = env \"SHOP_KEY\"\n"
    "contact oncall \"On call\" { phone \"+1-555\"; sms \"+1-555\"; reach by phone, sms; answer within 5m; "
    "backup lead }\n"
    "contact lead \"Lead\" { title \"Team lead\"; phone \"+1-556\"; sms \"+1-556\"; reach by phone, sms; "
    "answer within 10m }\n"
    "role commander \"Commander\" { primary lead; backup oncall }\n"
    "severity SEV1 \"Down\" {\n  means \"nobody can buy\"\n  respond within 15m\n  resolve within 1h\n  "
    "escalate by ladder\n}\n"
    "escalation ladder {\n  at once page oncall\n  when unacknowledged for 5m page lead\n  at last page "
    "oncall every 10m\n}\n"
    "plan outage \"It is down\" {\n"
    "  severity SEV1\n"
    "  starts on alert \"ShopDown\"\n"
    "  phase \"Recovery\" within 45m {\n"
    "    remedies \"Fixes\" until observe http.get(\"${base}/health\").ok within 1m every 10s {\n"
    "      remedy \"Restart\" { run `kubectl rollout restart deployment/shop -n ${ns}` with (timeout: 30s) "
    "}\n"
    "    }\n"
    "    step \"Over\" { resolve \"restored ${count}\" }\n"
    "  }\n"
    "  afterwards { followup \"Post-mortem\" within 7d by commander }\n"
    "}\n"
    "drill \"first\" of outage {\n"
    "  with ns = \"test\", count = 3, severity SEV1\n"
    "  start at 2026-03-02 03:12 in \"UTC\"\n"
    "  until 5h\n"
    "  http GET \"${base}/health\" gives 503 before 6m, then gives json {ok: true, n: [1, 2.5]}\n"
    "  command `kubectl 'rollout'   restart * -n ${ns}` fails 2 times, then gives \"ok\" delayed 30s\n"
    "  command `kubectl *` exits 3 with \"boom\" once ran `kubectl rollout *`\n"
    "  phone of lead fails\n"
    "  oncall acknowledges after 4m\n"
    "  commander refuses \"x\" after 1m\n"
    "  answer \"Was it*\" with true after 30s\n"
    "  manual * done after 1m\n"
    "  at 20m note \"so\"\n"
    "  at 10m kill for 20m\n"
    "  expect paged oncall by phone before 1m at least 2 times\n"
    "  expect not ran `kubectl delete * -n ${ns}` before GET \"*/health\"\n"
    "  expect elapsed < 2h\n"
    "}\n";

static Json *metadata;

static const Json *list(const char *key)
{
    return json_get(metadata, key);
}

static void check_json(const Json *found, const char *expected)
{
    Buffer text = {0};
    json_write(&text, found);
    CHECK_STR(buffer_str(&text), str_from_c(expected));
    buffer_free(&text);
}

/* What a line says, without where it stands. */
static void check_line(size_t index, const char *expected)
{
    const Json *lines = json_get(json_first(list("drills")), "lines");
    Json *line = json_copy(json_at(lines, index));
    CHECK(json_int(line, "line", 0) > 30);
    CHECK(json_string(line, "text", "").len > 0);
    Json *bare = json_new_object();
    for (const Json *member = json_first(line); member; member = json_next(member)) {
        Str key = str_from_c(json_key(member));
        bool place = str_equal_c(key, "file") || str_equal_c(key, "line") || str_equal_c(key, "text");
        if (!place) json_set(bare, json_key(member), json_copy(member));
    }
    check_json(bare, expected);
    json_free(bare);
    json_free(line);
}

static void test_declarations(void)
{
    check_json(json_get(metadata, "service"),
               "{\"name\":\"Shop\",\"owner\":\"Shop team\",\"runbook\":\"https://wiki/shop\",\"provides\":[],\"needs\":[],"
                             "\"caps\":[],\"review\":null}");
    const Json *ns = json_first(list("params"));
    CHECK_STR_C(json_string(ns, "default", ""), "\"shop\"");
    CHECK_STR_C(json_string(ns, "doc", ""), "the namespace");
    CHECK(!json_bool(json_next(ns), "required", true)); /* the plan asks for it when it needs it */
    check_json(json_get(json_first(list("plans")), "needs"), "[\"count\"]");
    check_json(list("secrets"), "[{\"name\":\"key\",\"from\":\"env\",\"value\":\"SHOP_KEY\"}]");
    check_json(json_first(list("contacts")),
               "{\"name\":\"oncall\",\"title\":\"On "
               "call\",\"job\":null,\"ways\":{\"phone\":\"+1-555\",\"sms\":\"+1-555\"},"
               "\"reach\":[\"phone\",\"sms\"],\"answer_within\":300000,\"backup\":\"lead\"}");
    check_json(
        list("roles"),
        "[{\"name\":\"commander\",\"title\":\"Commander\",\"primary\":\"lead\",\"backup\":\"oncall\"}]");
    check_json(list("severities"), "[{\"name\":\"SEV1\",\"title\":\"Down\",\"means\":[\"nobody can "
                                   "buy\"],\"respond\":900000,\"resolve\":3600000,"
                                   "\"update_every\":null,\"escalate\":\"ladder\"}]");
    const Json *rules = json_get(json_first(list("escalations")), "rules");
    CHECK_STR_C(json_string(json_at(rules, 1), "text", ""), "when unacknowledged for 5m page lead");
}

static void test_plan(void)
{
    const Json *plan = json_first(list("plans"));
    CHECK_STR_C(json_string(plan, "entry", ""), "plan.outage");
    CHECK_STR_C(json_string(plan, "severity", ""), "SEV1");
    check_json(json_get(plan, "alerts"), "[\"ShopDown\"]");
    const Json *phase = json_first(json_get(plan, "phases"));
    CHECK_INT(json_int(phase, "within", 0), 2700000);
    const Json *steps = json_get(phase, "steps");
    CHECK_INT((int64_t)json_count(steps), 2);
    CHECK_STR_C(json_string(json_at(steps, 0), "name", ""), "Restart");
    CHECK_STR_C(json_string(json_at(steps, 0), "kind", ""), "remedy");
    CHECK_STR_C(json_string(json_at(steps, 1), "name", ""), "Over");
    CHECK_INT((int64_t)json_count(json_get(plan, "steps")), 0);
    check_json(json_get(plan, "followups"),
               "[{\"text\":\"Post-mortem\",\"within\":604800000,\"by\":\"commander\"}]");
}

static void test_drill(void)
{
    const Json *drill = json_first(list("drills"));
    CHECK_INT(json_int(drill, "start", 0), 1772421120000);
    CHECK_INT(json_int(drill, "until", 0), 18000000);
    CHECK(json_get(drill, "trouble") == NULL);
    check_json(json_get(drill, "with"), "{\"params\":{\"ns\":\"test\",\"count\":3},\"severity\":\"SEV1\"}");
    check_line(0, "{\"on\":\"http\",\"method\":\"GET\",\"url\":\"http://shop/"
                  "health\",\"answers\":[{\"gives\":{\"status\":503},"
                  "\"before\":360000},{\"gives\":{\"json\":{\"ok\":true,\"n\":[1,2.5]}}}]}");
    check_line(1, "{\"on\":\"command\",\"pattern\":\"kubectl rollout restart * -n "
                  "test\",\"answers\":[{\"gives\":{\"fails\":true},"
                  "\"times\":2},{\"gives\":{\"text\":\"ok\"},\"delay\":30000}]}");
    check_line(2, "{\"on\":\"command\",\"pattern\":\"kubectl *\",\"ran\":{\"pattern\":\"kubectl rollout "
                  "*\"},\"answers\":[{"
                  "\"gives\":{\"exit\":3,\"err\":\"boom\"}}]}");
    check_line(
        3,
        "{\"on\":\"way\",\"way\":\"phone\",\"contact\":\"lead\",\"answers\":[{\"gives\":{\"fails\":true}}]}");
    check_line(4, "{\"on\":\"person\",\"contact\":\"oncall\",\"does\":\"acknowledges\",\"after\":240000}");
    check_line(
        5,
        "{\"on\":\"person\",\"contact\":\"commander\",\"does\":\"refuses\",\"what\":\"x\",\"after\":60000}");
    check_line(6, "{\"on\":\"answer\",\"what\":\"Was it*\",\"value\":true,\"after\":30000}");
    check_line(7, "{\"on\":\"manual\",\"what\":\"*\",\"after\":60000}");
    check_line(8, "{\"on\":\"at\",\"at\":1200000,\"signal\":{\"kind\":\"note\",\"text\":\"so\"}}");
    check_line(9, "{\"on\":\"at\",\"at\":600000,\"signal\":{\"kill_for\":1200000}}");
}

static void test_expectations(void)
{
    const Json *first = json_first(json_get(json_first(list("drills")), "expect"));
    CHECK_STR_C(json_string(first, "text", ""), "expect paged oncall by phone before 1m at least 2 times");
    check_json(json_get(first, "args"), "{\"contact\":\"oncall\",\"way\":\"phone\"}");
    check_json(json_get(first, "times"), "{\"op\":\">=\",\"n\":2}");
    CHECK_INT(json_int(first, "before", 0), 60000);
    const Json *second = json_next(first);
    CHECK(json_bool(second, "not", false));
    check_json(json_get(second, "args"), "{\"pattern\":{\"pattern\":\"kubectl delete * -n test\"}}");
    check_json(json_get(second, "before_ran"), "{\"method\":\"GET\",\"url\":\"*/health\"}");
    check_json(json_get(json_next(second), "args"), "{\"op\":\"<\",\"value\":7200000}");
}

int main(void)
{
    Arena arena = {0};
    SourceSet sources = {0};
    Diagnostics diagnostics = {0};
    Error error = {{0}};
    Buffer text = {0};
    Program *program = check_text(&arena, &sources, types_new(&arena), STR("shop.plan"), str_from_c(source),
                                  &diagnostics);
    if (!CHECK(program != NULL)) return check_done();
    CoreProgram core = {.arena = &arena};
    metadata_write(program, &core, &text);
    metadata = json_parse(buffer_str(&text), &error);
    if (CHECK(metadata != NULL)) {
        test_declarations();
        test_plan();
        test_drill();
        test_expectations();
    }
    json_free(metadata);
    buffer_free(&text);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
    arena_free(&arena);
    return check_done();
}
