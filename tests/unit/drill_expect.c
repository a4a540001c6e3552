/* Expectations against logs that are made by hand: what holds, what does not, and what is said then. */
#include "tests/unit/check.h"

#include "vm/drill/expect.h"
#include "vm/drill/timeline.h"

static Record record;

static void add(LogKind kind, int64_t minute, uint64_t effect, const char *name, const char *json)
{
    record_add(&record, &(LogRow){.kind = kind,
                                  .now = minute * 60000,
                                  .effect = effect,
                                  .name = str_from_c(name),
                                  .step = STR("Look"),
                                  .json = str_from_c(json)});
}

static void make_record(void)
{
    add(LOG_MARK, 0, 0, "incident.opened", "{\"severity\":\"SEV2\"}");
    add(LOG_MARK, 0, 0, "page.sent", "{\"page\":1,\"contact\":\"oncall\",\"way\":\"pager\",\"attempt\":1}");
    add(LOG_INTENT, 1, 1, "command", "{\"argv\":[\"kubectl\",\"get\",\"pods\"]}");
    add(LOG_RESULT, 2, 1, "", "{\"ok\":true,\"out\":\"pod-0 Running\"}");
    add(LOG_MARK, 3, 0, "step.started", "{\"name\":\"Restart\",\"kind\":\"remedy\"}");
    add(LOG_INTENT, 3, 2, "http", "{\"method\":\"POST\",\"url\":\"http://a/restart\"}");
    add(LOG_MARK, 5, 0, "page.sent", "{\"page\":1,\"contact\":\"oncall\",\"way\":\"phone\",\"attempt\":2}");
    add(LOG_MARK, 6, 0, "step.failed",
        "{\"name\":\"Restart\",\"kind\":\"remedy\",\"error\":\"it did not help\"}");
    add(LOG_MARK, 7, 0, "severity.changed", "{\"from\":\"SEV2\",\"to\":\"SEV1\"}");
    add(LOG_MARK, 8, 0, "notify.sent",
        "{\"target\":\"incidents\",\"title\":\"Investigating\",\"body\":\"\"}");
    add(LOG_MARK, 9, 0, "page.sent", "{\"page\":2,\"contact\":\"lead\",\"way\":\"pager\",\"attempt\":1}");
    add(LOG_SIGNAL, 10, 0, "", "{\"kind\":\"ack\",\"by\":\"lead\"}");
    add(LOG_MARK, 10, 0, "acknowledged", "{\"by\":\"lead\"}");
    add(LOG_MARK, 12, 0, "resolved", "{\"by\":\"plan\",\"because\":\"restored\"}");
}

/* How many of the expectation (its JSON members after "text") do not hold: 0 or 1; the message goes to *said.
 */
static size_t failing(const char *members, Buffer *said)
{
    Buffer text = {0};
    Error error = {{0}};
    Script script;
    buffer_printf(&text,
                  "{\"roles\":[{\"name\":\"commander\",\"primary\":\"lead\"}],\"drill\":{\"expect\":[{"
                  "\"text\":\"expect it\","
                  "\"file\":\"x.plan\",\"line\":9,%s}]}}",
                  members);
    Json *json = json_parse(buffer_str(&text), &error);
    CHECK(json != NULL);
    CHECK(script_read(&script, json, json_get(json, "drill"), NULL, &error));
    buffer_clear(said);
    size_t failed = expect_check(&script, &record, "", said);
    script_free(&script);
    json_free(json);
    buffer_free(&text);
    return failed;
}

static const char *const holding[] = {
    "\"fact\":\"paged\",\"args\":{\"contact\":\"oncall\"},\"before\":60000",
    "\"fact\":\"paged\",\"args\":{\"contact\":\"oncall\"},\"times\":{\"op\":\"==\",\"n\":1}",
    "\"fact\":\"paged\",\"args\":{\"contact\":\"oncall\",\"way\":\"phone\"},\"at\":300000",
    "\"fact\":\"paged\",\"args\":{\"contact\":\"commander\"},\"after\":540000",
    "\"fact\":\"paged\",\"not\":true,\"args\":{\"contact\":\"head\"}",
    "\"fact\":\"notified\",\"args\":{\"channel\":\"incidents\",\"matching\":\"Invest\"},\"times\":{\"op\":\">"
    "=\",\"n\":1}",
    "\"fact\":\"failed\",\"args\":{\"what\":\"Restart\"}",
    "\"fact\":\"started\",\"not\":true,\"args\":{\"what\":\"Scale up\"}",
    "\"fact\":\"ran\",\"args\":{\"pattern\":{\"pattern\":\"kubectl get "
    "*\"}},\"before_ran\":{\"method\":\"POST\",\"url\":\"*\"}",
    "\"fact\":\"ran\",\"args\":{\"pattern\":{\"method\":\"POST\",\"url\":\"*/"
    "restart\"}},\"after_ran\":{\"pattern\":\"kubectl *\"}",
    "\"fact\":\"severity\",\"args\":{\"severity\":\"SEV2\"},\"at\":360000",
    "\"fact\":\"severity\",\"args\":{\"severity\":\"SEV1\"},\"at\":420000",
    "\"fact\":\"acknowledged\",\"args\":{},\"before\":600001",
    "\"fact\":\"resolved\",\"args\":{},\"before\":720001",
    "\"fact\":\"resolved\",\"not\":true,\"args\":{},\"before\":720000",
    "\"fact\":\"unresolved\",\"not\":true,\"args\":{}",
    "\"fact\":\"unresolved\",\"args\":{},\"before\":600000",
    "\"fact\":\"elapsed\",\"args\":{\"op\":\"<\",\"value\":720001}",
    "\"fact\":\"output of\",\"args\":{\"what\":\"Look\",\"op\":\"matches\",\"value\":\"*Running\"}",
};

/* An expectation that does not hold, and a part of what is said. */
static const struct Failing {
    const char *members, *said;
} not_holding[] = {
    {"\"fact\":\"paged\",\"args\":{\"contact\":\"lead\"},\"before\":300000",
     "it was so: lead by pager at 9m"},
    {"\"fact\":\"paged\",\"args\":{\"contact\":\"head\"}",
     "there was only: oncall by pager at 0s, oncall by phone at 5m, lead by"},
    {"\"fact\":\"paged\",\"not\":true,\"args\":{\"contact\":\"lead\"}", "it was so: lead by pager at 9m"},
    {"\"fact\":\"paged\",\"args\":{\"contact\":\"oncall\"},\"times\":{\"op\":\">=\",\"n\":2}",
     "counted: 1 times"},
    {"\"fact\":\"done\",\"args\":{\"what\":\"Restart\"}",
     "that step: started at 3m, failed at 6m (it did not help)"},
    {"\"fact\":\"done\",\"args\":{\"what\":\"Scale up\"}", "no step was done"},
    {"\"fact\":\"ran\",\"args\":{\"pattern\":{\"pattern\":\"kubectl delete *\"}}",
     "no such command or request ran"},
    {"\"fact\":\"ran\",\"args\":{\"pattern\":{\"pattern\":\"kubectl get "
     "*\"}},\"before_ran\":{\"pattern\":\"helm *\"}",
     "`helm *` never ran"},
    {"\"fact\":\"severity\",\"args\":{\"severity\":\"SEV1\"},\"at\":0", "the severity was SEV2"},
    {"\"fact\":\"elapsed\",\"args\":{\"op\":\"<\",\"value\":60000}", "it took 12m"},
    {"\"fact\":\"mitigated\",\"args\":{}", "it was not mitigated"},
    {"\"fact\":\"resolved\",\"args\":{},\"before\":60000", "it was so:"},
    {"\"fact\":\"output of\",\"args\":{\"what\":\"Look\",\"op\":\"matches\",\"value\":\"Crash\"}",
     "pod-0 Running"},
    {"\"fact\":\"danced\",\"args\":{}", "cannot tell this"},
    {"\"fact\":\"danced\",\"not\":true,\"args\":{}", "cannot tell this"},
};

static void test_log_is_json(void)
{
    Buffer log = {0};
    record_write(&record, &log);
    CHECK_CONTAINS(buffer_str(&log),
                   "{\"now\":60000,\"row\":\"intent\",\"id\":1,\"name\":\"command\",\"class\":\"look\",");
    Str line = str_slice(buffer_str(&log), 0, (size_t)str_find(buffer_str(&log), STR("\n")));
    Json *json = json_parse(line, NULL);
    CHECK(json != NULL);
    json_free(json);
    buffer_free(&log);
}

static void test_timeline(void)
{
    Buffer text = {0};
    timeline_whole(&record, "  ", &text);
    CHECK_CONTAINS(buffer_str(&text), "  +6m        remedy \"Restart\" failed: it did not help\n");
    CHECK_CONTAINS(buffer_str(&text), "  +10m       lead says ack\n");
    buffer_clear(&text);
    timeline_around(&record, 0, "", &text);
    CHECK_INT(str_find(buffer_str(&text), STR("restored")), -1);
    buffer_free(&text);
}

int main(void)
{
    Buffer said = {0};
    make_record();
    for (size_t i = 0; i < sizeof holding / sizeof *holding; i++) {
        CHECK_INT((int64_t)failing(holding[i], &said), 0);
        CHECK_STR(buffer_str(&said), STR(""));
    }
    for (size_t i = 0; i < sizeof not_holding / sizeof *not_holding; i++) {
        CHECK_INT((int64_t)failing(not_holding[i].members, &said), 1);
        CHECK_CONTAINS(buffer_str(&said), not_holding[i].said);
        CHECK_CONTAINS(buffer_str(&said), "x.plan:9: expect it");
    }
    test_log_is_json();
    test_timeline();
    buffer_free(&said);
    record_free(&record);
    return check_done();
}
