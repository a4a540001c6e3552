/* The drill's world by itself: requests and marks are handed to it as the driver would, and its events are
 * looked at. */
#include "tests/unit/check.h"

#include "vm/drill/world.h"

static Json *metadata;
static Script script;
static World *world;

/* Opens a world for a drill whose lines are the JSON text. It begins at time 0. */
static void open_drill(const char *lines)
{
    Buffer text = {0};
    Error error = {{0}};
    buffer_printf(
        &text,
        "{\"roles\":[{\"name\":\"commander\",\"primary\":\"lead\",\"backup\":\"head\"}],\"drills\":[{"
        "\"name\":\"d\",\"plan\":\"p\",\"file\":\"plans/"
        "x.plan\",\"start\":0,\"until\":3600000,\"lines\":[%s]}]}",
        lines);
    metadata = json_parse(buffer_str(&text), &error);
    CHECK(metadata != NULL);
    CHECK(script_read(&script, metadata, json_at(json_get(metadata, "drills"), 0), NULL, &error));
    world = drill_open(&script);
    buffer_free(&text);
}

static void close_drill(void)
{
    world->close(world);
    script_free(&script);
    json_free(metadata);
}

static void start(uint64_t id, const char *op, EffectClass effect_class, bool again, const char *args)
{
    EffectRequest request = {
        .id = id,
        .op = str_from_c(op),
        .effect_class = effect_class,
        .step = STR("Look"),
        .at = STR("plans/x.plan:7"),
        .args = str_from_c(args),
        .again = again,
    };
    world->start(world, &request);
}

static void mark(const char *kind, const char *args)
{
    WorldMark said = {.now = world->now(world), .kind = str_from_c(kind), .args = str_from_c(args)};
    world->mark(world, &said);
}

/* Checks the next event and gives its JSON. */
static Str expect_event(WorldEventKind kind, int64_t now, uint64_t effect)
{
    WorldEvent event = world->next(world, INT64_MAX, true);
    CHECK_INT(event.kind, kind);
    CHECK_INT(event.now, now);
    CHECK_INT((int64_t)event.effect, (int64_t)effect);
    return event.json;
}

static void test_answers_hold_one_after_the_other(void)
{
    open_drill(
        "{\"on\":\"http\",\"method\":\"GET\",\"url\":\"*/health\",\"answers\":[{\"gives\":{\"status\":503},"
        "\"before\":60000},{\"gives\":{\"fails\":true,\"error\":\"refused\"},\"times\":1},"
        "{\"gives\":{\"json\":{\"ok\":1}},\"delay\":2000}]}");
    const char *args = "{\"method\":\"GET\",\"url\":\"http://a/health\",\"timeout\":5000}";
    start(1, "http", EFFECT_LOOK, false, args);
    Str first = expect_event(WORLD_RESULT, 0, 1);
    CHECK_CONTAINS(first, "\"ok\":false,\"status\":503");
    WorldEvent time = world->next(world, 60000, true);
    CHECK_INT(time.kind, WORLD_TIME);
    CHECK_INT(time.now, 60000);
    start(2, "http", EFFECT_LOOK, false, args);
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 60000, 2),
                   "\"status\":0,\"headers\":{},\"body\":\"\",\"error\":\"refused\"");
    start(3, "http", EFFECT_LOOK, false, args);
    CHECK_INT(world->next(world, INT64_MAX, false).kind, WORLD_NOTHING);
    Str last = expect_event(WORLD_RESULT, 62000, 3);
    CHECK_CONTAINS(last, "\"body\":\"{\\\"ok\\\":1}\"");
    CHECK_CONTAINS(last, "application/json");
    CHECK_CONTAINS(last, "\"elapsed\":2000");
    expect_event(WORLD_QUIET, 62000, 0);
    close_drill();
}

static void test_commands(void)
{
    open_drill(
        "{\"on\":\"command\",\"pattern\":\"kubectl get *\",\"ran\":{\"pattern\":\"kubectl rollout undo *\"},"
        "\"answers\":[{\"gives\":{\"text\":\"well\"}}]},"
        "{\"on\":\"command\",\"pattern\":\"kubectl get "
        "*\",\"answers\":[{\"gives\":{\"exit\":3,\"err\":\"boom\"}}]},"
        "{\"on\":\"command\",\"pattern\":\"kubectl rollout *\",\"answers\":[{\"gives\":{\"hangs\":true}}]},"
        "{\"on\":\"command\",\"pattern\":\"echo a b\",\"answers\":[{\"gives\":{\"unknown\":true}}]}");
    const char *get = "{\"argv\":[\"kubectl\",\"get\",\"pods\"],\"timeout\":30000}";
    start(1, "command", EFFECT_LOOK, false, get);
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 0, 1),
                   "\"ok\":false,\"exit\":3,\"signal\":null,\"out\":\"\",\"err\":\"boom\"");
    start(2, "command", EFFECT_CHANGE, false,
          "{\"argv\":[\"kubectl\",\"rollout\",\"undo\",\"x\"],\"timeout\":10000}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 10000, 2), "\"timed_out\":true");
    start(3, "command", EFFECT_LOOK, false, get);
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 10000, 3),
                   "\"ok\":true,\"exit\":0,\"signal\":null,\"out\":\"well\"");
    start(4, "command", EFFECT_CHANGE, false, "{\"sh\":\"echo \\\"$1\\\" ${2}\",\"params\":[\"a\",\"b\"]}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 10000, 4), "\"unknown\":true");
    close_drill();
}

static void test_body_must_contain(void)
{
    open_drill(
        "{\"on\":\"http\",\"method\":\"POST\",\"url\":\"*\",\"with\":{\"a\":1},\"answers\":[{\"gives\":{"
        "\"status\":201}}]},"
        "{\"on\":\"http\",\"method\":\"POST\",\"url\":\"*\",\"answers\":[{\"gives\":{\"status\":400}}]}");
    start(1, "http", EFFECT_CHANGE, false,
          "{\"method\":\"POST\",\"url\":\"u\",\"body\":\"{\\\"a\\\":1,\\\"b\\\":2}\"}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 0, 1), "\"status\":201");
    start(2, "http", EFFECT_CHANGE, false, "{\"method\":\"POST\",\"url\":\"u\",\"body\":\"{\\\"a\\\":2}\"}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 0, 2), "\"status\":400");
    close_drill();
}

static void test_what_no_line_answers(void)
{
    open_drill("");
    start(1, "command", EFFECT_LOOK, false,
          "{\"argv\":[\"kubectl\",\"get\",\"pods\"],\"host\":{\"name\":\"db1\"}}");
    expect_event(WORLD_QUIET, 0, 0);
    CHECK_CONTAINS(drill_trouble(world), "plans/x.plan:7");
    CHECK_CONTAINS(drill_trouble(world), "on db1 command `kubectl get pods` gives \"ok\"");
    close_drill();
    open_drill("");
    start(1, "http", EFFECT_LOOK, false,
          "{\"method\":\"GET\",\"url\":\"http://a/\xEF\xB7\x90key\xEF\xB7\x91/x\"}");
    CHECK_CONTAINS(drill_trouble(world), "http GET \"http://a/*/x\" gives 200");
    close_drill();
    open_drill("");
    mark("question.asked",
         "{\"id\":1,\"kind\":\"manual\",\"what\":\"Say `so`\",\"text\":\"Say `so`\",\"by\":[]}");
    CHECK_CONTAINS(drill_trouble(world), "manual \"Say *so*\" done after 1m");
    close_drill();
    open_drill("");
    mark("question.asked",
         "{\"id\":1,\"kind\":\"approval\",\"what\":\"Restore\",\"by\":[\"head\"],\"deadline\":null}");
    CHECK_CONTAINS(drill_trouble(world), "head approves \"Restore\" after 1m");
    close_drill();
    open_drill("");
    mark("question.asked",
         "{\"id\":1,\"kind\":\"approval\",\"what\":\"Restore\",\"by\":[\"head\"],\"deadline\":5000}");
    mark("question.asked", "{\"id\":2,\"kind\":\"failed\",\"what\":\"Restore\",\"by\":[],\"deadline\":null}");
    CHECK_INT((int64_t)drill_trouble(world).len, 0);
    close_drill();
}

static void test_messages_arrive_unless_a_line_says_no(void)
{
    open_drill(
        "{\"on\":\"way\",\"way\":\"phone\",\"contact\":\"cto\",\"answers\":[{\"gives\":{\"fails\":true}}]},"
        "{\"on\":\"channel\",\"name\":\"incidents\",\"answers\":[{\"gives\":{\"fails\":true},\"before\":1000}"
        "]},"
        "{\"on\":\"call\",\"fn\":\"slack.post\",\"answers\":[{\"gives\":{\"json\":[1]},\"times\":1}]}");
    start(1, "deliver", EFFECT_NOTIFY, false, "{\"kind\":\"page\",\"contact\":\"cto\",\"way\":\"phone\"}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 0, 1), "\"ok\":false");
    start(2, "deliver", EFFECT_NOTIFY, false, "{\"kind\":\"page\",\"contact\":\"vp\",\"way\":\"phone\"}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 0, 2), "\"body\":false,\"ok\":true");
    start(3, "deliver", EFFECT_NOTIFY, false, "{\"kind\":\"notify\",\"channel\":\"incidents\"}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 0, 3), "\"ok\":false");
    world->next(world, 1000, true);
    start(4, "deliver", EFFECT_NOTIFY, false, "{\"kind\":\"notify\",\"channel\":\"incidents\"}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 1000, 4), "\"ok\":true");
    start(5, "call", EFFECT_CHANGE, false, "{\"fn\":\"slack.post\",\"args\":{}}");
    CHECK_CONTAINS(expect_event(WORLD_RESULT, 1000, 5),
                   "\"body\":false,\"ok\":true,\"error\":null,\"unknown\":false,\"value\":[1]");
    start(6, "call", EFFECT_CHANGE, false, "{\"fn\":\"slack.post\",\"args\":{}}");
    CHECK_STR_C(expect_event(WORLD_RESULT, 1000, 6), "{\"body\":true}");
    close_drill();
}

static void test_people(void)
{
    open_drill("{\"on\":\"person\",\"contact\":\"oncall\",\"does\":\"acknowledges\",\"after\":240000},"
               "{\"on\":\"person\",\"contact\":\"cto\",\"does\":\"answers\",\"after\":1000},"
               "{\"on\":\"person\",\"contact\":\"commander\",\"does\":\"refuses\",\"what\":\"Restore\","
               "\"after\":500},"
               "{\"on\":\"manual\",\"what\":\"*\",\"after\":100},"
               "{\"on\":\"answer\",\"what\":\"Was there*\",\"value\":true,\"after\":50}");
    mark("page.sent", "{\"page\":1,\"contact\":\"oncall\",\"way\":\"pager\",\"attempt\":1}");
    mark("page.sent", "{\"page\":2,\"contact\":\"oncall\",\"way\":\"pager\",\"attempt\":1}");
    mark("page.sent", "{\"page\":3,\"contact\":\"cto\",\"way\":\"pager\",\"attempt\":1}");
    mark("page.sent", "{\"page\":4,\"contact\":\"nobody\",\"way\":\"pager\",\"attempt\":1}");
    mark("question.asked", "{\"id\":1,\"kind\":\"approval\",\"what\":\"Restore\",\"by\":[\"head\"]}");
    mark("question.asked", "{\"id\":2,\"kind\":\"manual\",\"what\":\"Do it\",\"by\":[\"lead\"]}");
    mark("question.asked", "{\"id\":3,\"kind\":\"ask\",\"what\":\"Was there a deployment?\",\"by\":[]}");
    CHECK_STR_C(expect_event(WORLD_SIGNAL, 50, 0),
                "{\"kind\":\"answer\",\"by\":\"drill\",\"via\":\"drill\",\"id\":3,\"value\":true}");
    CHECK_STR_C(expect_event(WORLD_SIGNAL, 100, 0),
                "{\"kind\":\"done\",\"by\":\"lead\",\"via\":\"drill\",\"id\":2}");
    CHECK_STR_C(expect_event(WORLD_SIGNAL, 500, 0),
                "{\"kind\":\"refuse\",\"by\":\"head\",\"via\":\"drill\",\"id\":1}");
    CHECK_CONTAINS(expect_event(WORLD_SIGNAL, 1000, 0), "\"kind\":\"answered\",\"by\":\"cto\"");
    CHECK_CONTAINS(expect_event(WORLD_SIGNAL, 240000, 0), "\"kind\":\"ack\",\"by\":\"oncall\"");
    expect_event(WORLD_QUIET, 240000, 0);
    close_drill();
}

static void test_order_at_one_instant(void)
{
    open_drill(
        "{\"on\":\"command\",\"pattern\":\"a\",\"answers\":[{\"gives\":{\"text\":\"\"},\"delay\":1000}]},"
        "{\"on\":\"at\",\"at\":1000,\"signal\":{\"kind\":\"note\",\"text\":\"x\"}}");
    start(1, "command", EFFECT_LOOK, false, "{\"argv\":[\"a\"]}");
    CHECK_INT(world->next(world, 1000, true).kind, WORLD_SIGNAL);
    CHECK_INT(world->next(world, 1000, true).kind, WORLD_RESULT);
    CHECK_INT(world->next(world, 1000, true).kind, WORLD_TIME);
    close_drill();
}

static void test_cancel_and_end(void)
{
    open_drill(
        "{\"on\":\"command\",\"pattern\":\"a\",\"answers\":[{\"gives\":{\"text\":\"\"},\"delay\":1000}]}");
    start(1, "command", EFFECT_LOOK, false, "{\"argv\":[\"a\"]}");
    world->cancel(world, 1);
    WorldEvent event = world->next(world, 7200000, true);
    CHECK_INT(event.kind, WORLD_QUIET);
    CHECK_INT(event.now, 3600000);
    close_drill();
}

static void test_kill(void)
{
    open_drill(
        "{\"on\":\"command\",\"pattern\":\"*\",\"answers\":[{\"gives\":{\"text\":\"x\"},\"delay\":5000}]},"
        "{\"on\":\"at\",\"at\":1000,\"signal\":{\"kill_for\":60000}}");
    start(1, "command", EFFECT_LOOK, false, "{\"argv\":[\"look\"]}");
    start(2, "command", EFFECT_CHANGE, false, "{\"argv\":[\"change\"]}");
    expect_event(WORLD_INTERRUPT, 1000, 0);
    drill_resume(world);
    CHECK_INT(world->now(world), 61000);
    start(1, "command", EFFECT_LOOK, true, "{\"argv\":[\"look\"]}");
    start(2, "command", EFFECT_CHANGE, true, "{\"argv\":[\"change\"]}");
    expect_event(WORLD_RESULT, 61000, 2);
    expect_event(WORLD_RESULT, 66000, 1);
    expect_event(WORLD_QUIET, 66000, 0);
    close_drill();
}

static void test_time_that_stands_still(void)
{
    open_drill("{\"on\":\"command\",\"pattern\":\"*\",\"answers\":[{\"gives\":{\"text\":\"\"}}]}");
    WorldEventKind kind = WORLD_RESULT;
    for (uint64_t id = 1; id < 200000 && kind == WORLD_RESULT; id++) {
        start(id, "command", EFFECT_LOOK, false, "{\"argv\":[\"a\"]}");
        kind = world->next(world, INT64_MAX, true).kind;
    }
    CHECK_INT(kind, WORLD_QUIET);
    CHECK_CONTAINS(drill_trouble(world), "time will not go on");
    close_drill();
}

int main(void)
{
    test_answers_hold_one_after_the_other();
    test_commands();
    test_body_must_contain();
    test_what_no_line_answers();
    test_messages_arrive_unless_a_line_says_no();
    test_people();
    test_order_at_one_instant();
    test_cancel_and_end();
    test_kill();
    test_time_that_stands_still();
    return check_done();
}
