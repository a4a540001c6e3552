/* A log made by hand, folded and told: times, targets, pages, changes, questions, and text that must not
 * become markup. */
#include "vm/report/report.h"

#include "tests/unit/check.h"

#include <stdlib.h>

static const char metadata[] =
    "{\"service\":{\"name\":\"Shop\"},\"contacts\":[{\"name\":\"lead\",\"title\":\"Alice Johnson\"}],"
    "\"severities\":[{\"name\":\"SEV1\",\"respond\":60000,\"resolve\":3600000},{\"name\":\"SEV2\","
    "\"respond\":120000}]}";

typedef struct Line {
    int64_t second;
    LogKind kind;
    uint64_t effect;
    EffectClass effect_class;
    const char *name, *json;
} Line;

static const Line lines[] = {
    {0, LOG_START, 0, 0, "", "{\"plan\":\"outage\",\"starter\":\"alice\",\"since\":null}"},
    {0, LOG_MARK, 0, 0, "incident.opened", "{\"severity\":\"SEV1\",\"title\":\"It is | down\"}"},
    {0, LOG_MARK, 0, 0, "page.started",
     "{\"page\":1,\"contact\":\"oncall\",\"reason\":\"at once page oncall\"}"},
    {1, LOG_MARK, 0, 0, "page.failed",
     "{\"page\":1,\"contact\":\"oncall\",\"way\":\"pager\",\"error\":\"503\"}"},
    {1, LOG_MARK, 0, 0, "page.sent", "{\"page\":1,\"contact\":\"oncall\",\"way\":\"phone\",\"attempt\":2}"},
    {5, LOG_MARK, 0, 0, "phase.started", "{\"name\":\"Repair\"}"},
    {5, LOG_MARK, 0, 0, "step.started", "{\"name\":\"Restart\",\"kind\":\"remedy\",\"phase\":null}"},
    {5, LOG_INTENT, 1, EFFECT_LOOK, "http", "{\"method\":\"GET\",\"url\":\"http://lb/health\"}"},
    {6, LOG_RESULT, 1, 0, "", "{\"ok\":false,\"status\":503}"},
    {6, LOG_INTENT, 2, EFFECT_CHANGE, "command", "{\"argv\":[\"kubectl\",\"restart\",\"a b\"]}"},
    {9, LOG_RESULT, 2, 0, "", "{\"ok\":false,\"exit\":3,\"err\":\"first\\nboom\\n\"}"},
    {9, LOG_MARK, 0, 0, "step.failed", "{\"name\":\"Restart\",\"kind\":\"remedy\",\"error\":\"boom\"}"},
    {60, LOG_MARK, 0, 0, "target.missed", "{\"what\":\"respond\",\"target\":60000}"},
    {61, LOG_MARK, 0, 0, "page.ended", "{\"page\":1,\"contact\":\"oncall\",\"how\":\"unanswered\"}"},
    {61, LOG_MARK, 0, 0, "page.started", "{\"page\":2,\"contact\":\"lead\",\"reason\":\"backup\"}"},
    {61, LOG_MARK, 0, 0, "page.sent", "{\"page\":2,\"contact\":\"lead\",\"way\":\"pager\",\"attempt\":1}"},
    {90, LOG_MARK, 0, 0, "page.answered", "{\"contact\":\"lead\",\"by\":\"lead\"}"},
    {90, LOG_MARK, 0, 0, "acknowledged", "{\"by\":\"lead\"}"},
    {91, LOG_INTENT, 3, EFFECT_NOTIFY, "deliver", "{\"kind\":\"notify\",\"channel\":\"chat\"}"},
    {91, LOG_RESULT, 3, 0, "", "{\"body\":true}"},
    {91, LOG_INTENT, 4, EFFECT_CHANGE, "http", "{\"method\":\"POST\",\"url\":\"http://chat/hook\"}"},
    {91, LOG_RESULT, 4, 0, "", "{\"ok\":true,\"status\":200}"},
    {95, LOG_MARK, 0, 0, "severity.changed",
     "{\"from\":\"SEV1\",\"to\":\"SEV2\",\"by\":\"lead\",\"because\":\"half\"}"},
    {100, LOG_MARK, 0, 0, "question.asked",
     "{\"id\":1,\"kind\":\"ask\",\"what\":\"w\",\"text\":\"Lost "
     "<b>writes</b>?\",\"by\":[\"lead\"],\"deadline\":null,"
     "\"silence\":null}"},
    {130, LOG_MARK, 0, 0, "question.answered",
     "{\"id\":1,\"kind\":\"ask\",\"what\":\"w\",\"value\":\"no\",\"by\":\"lead\",\"how\":\"answered\"}"},
    {140, LOG_MARK, 0, 0, "attached", "{\"name\":\"a.log\",\"text\":\"```\\n# not a heading\\n\"}"},
    {150, LOG_MARK, 0, 0, "fact.set", "{\"name\":\"cause\",\"value\":\"a full disk\",\"by\":\"lead\"}"},
    {200, LOG_MARK, 0, 0, "resolved", "{\"by\":\"lead\",\"because\":\"it serves again\"}"},
    {200, LOG_MARK, 0, 0, "followup", "{\"text\":\"Root cause\",\"due\":1772508000000,\"by\":\"lead\"}"},
    {200, LOG_MARK, 0, 0, "run.ended", "{\"outcome\":\"resolved\",\"error\":null}"},
    {200, LOG_END, 0, 0, "", "{\"failed\":false,\"error\":null}"},
};

static const int64_t began = 1772421120000;

static void fold(Story *story)
{
    story_begin(story, str_from_c(metadata));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        LogRow row = {.seq = i + 1,
                      .kind = lines[i].kind,
                      .now = began + lines[i].second * 1000,
                      .effect = lines[i].effect,
                      .effect_class = lines[i].effect_class,
                      .name = str_from_c(lines[i].name),
                      .json = str_from_c(lines[i].json)};
        story_add(story, &row);
    }
}

static void story_case(const Story *story)
{
    CHECK_INT(story->opened - began, 0);
    CHECK_INT(story->first_acknowledged - began, 90000);
    CHECK_STR_C(story->first_acknowledged_by, "lead");
    CHECK_STR_C(story_severity(story), "SEV2");
    CHECK_STR_C(story->outcome, "resolved");
    CHECK_INT((int64_t)story_open_questions(story), 0);
    if (CHECK(story->pages.count == 2)) {
        CHECK_INT((int64_t)story->pages.items[0].attempts.count, 2);
        CHECK_INT(story->pages.items[1].answered - began, 90000);
    }
    if (CHECK(story->effects.count == 4)) {
        CHECK_STR_C(story->effects.items[0].outcome, "503");
        CHECK_STR_C(story->effects.items[1].what, "kubectl restart 'a b'");
        CHECK_STR_C(story->effects.items[1].outcome, "exit 3: boom");
    }
    if (CHECK(story->steps.count == 1)) {
        CHECK_INT(story->steps.items[0].state, STEP_FAILED);
        CHECK_STR_C(story->steps.items[0].phase, "Repair");
    }
    ReportTargets targets = {0};
    report_targets(story, &targets);
    if (CHECK(targets.count == 3)) {
        CHECK_INT(targets.items[0].missed - began, 60000);
        CHECK(targets.items[1].missed == STORY_NEVER);
        CHECK_STR_C(targets.items[2].severity, "SEV2");
    }
    vec_free(&targets);
}

static void markdown_case(const Story *story, const ReportHead *head)
{
    Buffer out = {0};
    report_markdown(story, head, &out);
    static const char *const parts[] = {
        "# Incident report: It is \\| down\n",
        "| Time to acknowledge | 1m30s |",
        "| Time to resolve | 3m20s |",
        "| SEV1 | acknowledge within 1m | **missed** |",
        "| SEV1 | resolve within 1h | kept |",
        "| 03:12:00 | oncall | at once page oncall | 03:12:01 pager failed (503), 03:12:01 phone | **nobody "
        "answered** |",
        "| 03:13:01 | Alice Johnson (lead) | backup | 03:13:01 pager | answered after 29s |",
        "| 03:12:06 |  | `kubectl restart 'a b'` | exit 3: boom |",
        "Looks: 1, of which 0 ended well.",
        "| Lost &lt;b>writes&lt;/b>? | no | Alice Johnson (lead) | 30s |",
        "````text\n```\n# not a heading\n````\n",
        "| Root cause | Alice Johnson (lead) | 2026-03-03 03:20 |",
        "### Root cause\n\na full disk\n",
        "### Impact\n\n_to be written_\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        CHECK_CONTAINS(buffer_str(&out), parts[i]);
    CHECK(str_find(buffer_str(&out), STR("chat/hook")) < 0); /* how a message is handed over is no change */
    buffer_free(&out);
}

static void json_case(const Story *story, const ReportHead *head)
{
    Buffer out = {0};
    Error error = {""};
    report_json(story, head, &out);
    Json *report = json_parse(buffer_str(&out), &error);
    if (CHECK(report != NULL)) {
        CHECK_INT(json_int(json_get(report, "times"), "to_resolve", 0), 200000);
        CHECK(json_is_null(json_get(json_get(report, "times"), "mitigated")));
        CHECK_INT((int64_t)json_count(json_get(report, "timeline")), (int64_t)story->lines.count);
        CHECK_INT((int64_t)json_count(json_get(json_at(json_get(report, "pages"), 0), "attempts")), 2);
    }
    json_free(report);
    buffer_free(&out);
}

int main(void)
{
    Story story = {0};
    fold(&story);
    ReportHead head = {.id = STR("20260302-0312-aaaa"),
                       .service = STR("Shop"),
                       .plan = STR("outage"),
                       .file = STR("plans/outage.plan"),
                       .starter = STR("alice"),
                       .state = STR("resolved")};
    story_case(&story);
    markdown_case(&story, &head);
    json_case(&story, &head);
    story_free(&story);
    return check_done();
}
