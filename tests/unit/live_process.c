/* Commands that look: exits, signals, missing programs, time-outs, output, input, environment, cancelling. */
#include "tests/unit/live_world.h"

static LiveTest test;

static const Json *look(const char *args)
{
    return live_test_run(&test, "command", EFFECT_LOOK, args);
}

static void test_exits(void)
{
    const Json *r = look("{\"argv\":[\"echo\",\"a b\",\"*\",\"$HOME\"]}");
    CHECK(json_bool(r, "ok", false));
    CHECK_STR_C(json_string(r, "out", ""), "a b * $HOME\n");
    r = look("{\"sh\":\"echo \\\"$2\\\" >&2; exit 3\",\"params\":[\"one\",\"two words\"]}");
    CHECK(!json_bool(r, "ok", true));
    CHECK_INT(json_int(r, "exit", 0), 3);
    CHECK_INT(json_as_int(json_at(json_get(r, "exits"), 0)), 3);
    CHECK_STR_C(json_string(r, "err", ""), "two words\n");
    CHECK_STR_C(json_string(r, "error", ""), "");
    r = look("{\"sh\":\"kill -9 $$\"}");
    CHECK(!json_bool(r, "ok", true));
    CHECK_STR_C(json_string(r, "signal", ""), "KILL");
}

static void test_missing(void)
{
    const Json *r = look("{\"argv\":[\"no-such-program-here\"]}");
    CHECK(!json_bool(r, "ok", true));
    CHECK_INT(json_int(r, "exit", 0), 127);
    CHECK_STR_C(json_string(r, "error", ""), "there is no program `no-such-program-here` on the PATH");
    r = look("{\"argv\":[\"/no/such/file\"]}");
    CHECK_INT(json_int(r, "exit", 0), 127);
    r = look("{\"argv\":[\"/etc/passwd\"]}");
    CHECK_INT(json_int(r, "exit", 0), 126);
    CHECK_CONTAINS(json_string(r, "error", ""), "may not be executed");
    r = look("{\"argv\":[\"true\"],\"dir\":\"/no/such/folder\"}");
    CHECK_CONTAINS(json_string(r, "error", ""), "there is no folder /no/such/folder");
    r = look("{\"argv\":[]}");
    CHECK_STR_C(json_string(r, "error", ""), "there is no command to run");
}

static void test_surroundings(void)
{
    const Json *r = look("{\"argv\":[\"cat\"],\"input\":\"what goes in\"}");
    CHECK_STR_C(json_string(r, "out", ""), "what goes in");
    r = look("{\"argv\":[\"cat\"]}");
    CHECK_STR_C(json_string(r, "out", "x"), "");
    r = look("{\"sh\":\"echo $COLOUR; pwd\",\"env\":{\"COLOUR\":\"blue\"},\"dir\":\"/usr\"}");
    CHECK_STR_C(json_string(r, "out", ""), "blue\n/usr\n");
    /* No descriptor but the three. */
    r = look("{\"sh\":\"for n in 3 4 5 6 7 8 9 10 11 12; do [ ! -e /proc/$$/fd/$n ] || echo $n; done\"}");
    CHECK_STR_C(json_string(r, "out", "x"), "");
    r = look("{\"sh\":\"printf 'a\\\\377b\\\\000c\\\\357\\\\267\\\\220x'\"}");
    CHECK_STR_C(json_string(r, "out", ""), "a\xEF\xBF\xBD"
                                           "b\xEF\xBF\xBD"
                                           "c\xEF\xBF\xBDx");
}

/* The file of the run that has all of a stream. */
static bool keeps_whole(const Json *whole, int64_t size)
{
    char path[400];
    snprintf(path, sizeof path, "%s/outputs/%s.zst", test.dir, json_string(whole, "hash", "").data);
    return json_int(whole, "size", 0) == size && access(path, R_OK) == 0;
}

static void test_output_is_bounded(void)
{
    const Json *r = look("{\"sh\":\"head -c 12000000 /dev/zero | tr '\\\\0' x; echo end >&2\"}");
    CHECK(json_bool(r, "ok", false));
    CHECK(json_bool(r, "out_cut", false) && json_bool(r, "truncated", false));
    Str out = json_string(r, "out", "");
    CHECK(out.len > (size_t)8 << 20 && out.len < ((size_t)8 << 20) + 200);
    CHECK(str_find(out, STR("\n[cut: there was more than 8 MiB; all of it: planvm output ")) > 0);
    CHECK(keeps_whole(json_get(r, "out_whole"), 12000000));
    CHECK_STR_C(json_string(r, "err", ""), "end\n");
    CHECK(!json_bool(r, "err_cut", false));
    r = look("{\"sh\":\"head -c 2000000 /dev/zero | tr '\\\\0' x\"}");
    CHECK(!json_bool(r, "truncated", false) && json_string(r, "out", "").len == 2000000);
    char command[400];
    snprintf(command, sizeof command, "test $(ls -A %s/outputs | wc -l) -eq 1", test.dir);
    CHECK_INT(system(command), 0);
}

static bool is_running(const char *pattern)
{
    char command[200];
    snprintf(command, sizeof command, "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -q '%s'",
             pattern);
    return system(command) == 0;
}

/* A byte that is no text takes three in the machine, which has room for a string of 16 MiB. */
static void test_output_of_zeros_is_bounded(void)
{
    const Json *r = look("{\"sh\":\"head -c 7000000 /dev/zero\"}");
    CHECK(json_bool(r, "ok", false));
    CHECK(json_string(r, "out", "").len < (size_t)9 << 20);
    CHECK(str_find(json_string(r, "out", ""), STR("\n[cut: ")) >= 0);
}

static void test_timeout_ends_all(void)
{
    int64_t before = time_now();
    /* One grandchild in the group, one that left it; the leader ignores TERM. */
    const Json *r =
        look("{\"sh\":\"trap '' TERM; sleep 4321.5 & setsid sleep 4321.5 & wait; wait; sleep 4321.5\","
             "\"timeout\":300}");
    CHECK(json_bool(r, "timed_out", false));
    CHECK(!json_bool(r, "ok", true));
    CHECK_STR_C(json_string(r, "signal", ""), "KILL");
    CHECK(time_now() - before < 6000);
    usleep(100000);
    CHECK(!is_running("sleep 4321[.]5"));
}

static void test_background_is_not_waited_for(void)
{
    int64_t before = time_now();
    const Json *r = look("{\"sh\":\"sleep 3 & echo started\"}");
    CHECK(json_bool(r, "ok", false));
    CHECK_STR_C(json_string(r, "out", ""), "started\n");
    CHECK(time_now() - before < 2500);
}

static void test_cancel(void)
{
    live_test_start(&test, 900, "command", EFFECT_LOOK, false, "{\"argv\":[\"sleep\",\"8765.5\"]}");
    test.event = test.world->next(test.world, test.world->now(test.world) + 100, true);
    CHECK_INT(test.event.kind, WORLD_TIME);
    CHECK(is_running("sleep 8765[.]5"));
    test.world->cancel(test.world, 900);
    usleep(50000);
    CHECK(!is_running("sleep 8765[.]5"));
    test.event = test.world->next(test.world, INT64_MAX, false);
    CHECK_INT(test.event.kind, WORLD_NOTHING);
}

static void test_other_operations(void)
{
    const Json *r = live_test_run(&test, "call", EFFECT_CHANGE, "{\"fn\":\"slack.post\",\"args\":{}}");
    CHECK(json_bool(r, "body", false));
    r = live_test_run(
        &test, "deliver", EFFECT_NOTIFY,
        "{\"kind\":\"page\",\"contact\":\"cto\",\"way\":\"phone\",\"provider\":null,\"title\":\"t\"}");
    CHECK(!json_bool(r, "ok", true));
    CHECK_CONTAINS(json_string(r, "error", ""), "nobody at the keyboard");
    r = live_test_run(&test, "deliver", EFFECT_NOTIFY,
                      "{\"kind\":\"page\",\"provider\":\"pagerduty.trigger\"}");
    CHECK(json_bool(r, "body", false));
    r = live_test_run(&test, "terminal", EFFECT_NOTIFY,
                      "{\"target\":\"here\",\"title\":\"t\",\"body\":\"b\"}");
    CHECK(json_bool(r, "ok", false));
}

int main(void)
{
    live_test_begin(&test, "{}");
    test_exits();
    test_missing();
    test_surroundings();
    test_output_is_bounded();
    test_output_of_zeros_is_bounded();
    test_timeout_ends_all();
    test_background_is_not_waited_for();
    test_cancel();
    test_other_operations();
    live_test_end(&test);
    return check_done();
}
