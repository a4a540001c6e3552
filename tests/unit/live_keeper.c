/* Changes: done by the keeper, once, whatever is killed; their true result found again by the next planvm. */
#include "tests/unit/live_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static LiveTest test;

static const Json *change(uint64_t id, bool again, const char *args)
{
    live_test_start(&test, id, "command", EFFECT_CHANGE, again, args);
    return live_test_result(&test, id, 20000);
}

/* "{"sh": script}" with DIR replaced by the test's folder. */
static const char *script(const char *text)
{
    static char args[2000];
    size_t used = (size_t)snprintf(args, sizeof args, "{\"sh\":\"");
    for (; *text; text++) {
        if (strncmp(text, "DIR", 3) == 0) {
            used += (size_t)snprintf(args + used, sizeof args - used, "%s", test.dir);
            text += 2;
        } else {
            args[used++] = *text;
        }
    }
    snprintf(args + used, sizeof args - used, "\"}");
    return args;
}

static int64_t lines_in(const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", test.dir, name);
    FILE *file = fopen(path, "r");
    int64_t count = 0;
    for (int c; file && (c = fgetc(file)) != EOF;)
        count += c == '\n';
    if (file) fclose(file);
    return count;
}

static Str file_text(const char *name)
{
    static char text[1000];
    char path[400];
    snprintf(path, sizeof path, "%s/%s", test.dir, name);
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(text, 1, sizeof text, file) : 0;
    if (file) fclose(file);
    return (Str){text, len};
}

static void write_file(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", test.dir, name);
    FILE *file = fopen(path, "w");
    if (!CHECK(file != NULL)) return;
    fputs(text, file);
    fclose(file);
}

enum { STATE_ENDED = 5 }; /* lines of a state's file that says more than what was started */

static bool wait_for_lines(const char *name, int64_t count)
{
    for (int i = 0; i < 2000 && lines_in(name) < count; i++)
        usleep(10000);
    return lines_in(name) >= count;
}

/* The same while the world goes on. As long as a busy machine may take: who waits in vain has failed anyway. */
static bool run_until_line(const char *name)
{
    for (int i = 0; i < 2000 && lines_in(name) < 1; i++)
        test.world->next(test.world, test.world->now(test.world) + 10, true);
    return lines_in(name) >= 1;
}

static void end_world(void)
{
    test.world->close(test.world);
    test.world = NULL;
}

static bool wait_until_keeper_goes(void)
{
    char path[400];
    snprintf(path, sizeof path, "%s/keeper/sock", test.dir);
    for (int i = 0; i < 2000 && access(path, F_OK) == 0; i++)
        usleep(10000);
    return access(path, F_OK) != 0 && errno == ENOENT;
}

static void test_results(void)
{
    const Json *r = change(1, false, "{\"sh\":\"cat; echo bad >&2; exit 4\",\"input\":\"given\\n\"}");
    CHECK(!json_bool(r, "ok", true));
    CHECK_INT(json_int(r, "exit", 0), 4);
    CHECK_STR_C(json_string(r, "out", ""), "given\n");
    CHECK_STR_C(json_string(r, "err", ""), "bad\n");
    r = change(2, false, "{\"argv\":[\"no-such-program-here\"]}");
    CHECK_INT(json_int(r, "exit", 0), 127);
    r = change(3, false, "{\"sh\":\"sleep 77 & setsid sleep 77 & sleep 77\",\"timeout\":200}");
    CHECK(json_bool(r, "timed_out", false));
    CHECK_STR_C(json_string(r, "signal", ""), "TERM");
}

static void test_started_once(void)
{
    const Json *r = change(10, false, script("echo x >> DIR/ten"));
    CHECK(json_bool(r, "ok", false));
    /* The same number again, asked for as new and as begun before: the result is the first one's. */
    r = change(10, false, script("echo y >> DIR/ten"));
    CHECK(json_bool(r, "ok", false));
    r = change(10, true, script("echo z >> DIR/ten"));
    CHECK(json_bool(r, "ok", false));
    CHECK_INT(lines_in("ten"), 1);
    /* Begun before, but it never came to a start: it is started now. */
    r = change(11, true, script("echo x >> DIR/eleven"));
    CHECK(json_bool(r, "ok", false));
    CHECK_INT(lines_in("eleven"), 1);
}

/* A process like planvm begins a change and is killed in the middle of it. */
static void kill_in_the_middle(uint64_t id, const char *args, const char *sign)
{
    end_world();
    pid_t child = fork();
    if (child == 0) {
        live_test_open(&test, "{}");
        live_test_start(&test, id, "command", EFFECT_CHANGE, false, args);
        test.event = test.world->next(test.world, INT64_MAX, true);
        fprintf(stderr, "the change ended too early: %.*s\n", STR_ARG(test.event.json));
        _exit(0);
    }
    CHECK(wait_for_lines(sign, 1));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    live_test_open(&test, "{}");
}

static void test_adopted(void)
{
    /* It still runs: waited for. */
    kill_in_the_middle(20, script("echo x >> DIR/twenty; sleep 0.7; echo out; echo x >> DIR/twenty; exit 5"),
                       "twenty");
    const Json *r = change(20, true, script("echo z >> DIR/twenty"));
    CHECK_INT(json_int(r, "exit", 0), 5);
    CHECK(!json_bool(r, "unknown", false));
    CHECK_STR_C(json_string(r, "out", ""), "out\n");
    CHECK_INT(lines_in("twenty"), 2);
    /* It ended meanwhile: adopted. */
    kill_in_the_middle(21, script("echo x >> DIR/twenty-one; sleep 0.2; exit 6"), "twenty-one");
    usleep(500000);
    r = change(21, true, script("echo z >> DIR/twenty-one"));
    CHECK_INT(json_int(r, "exit", 0), 6);
    CHECK_INT(lines_in("twenty-one"), 1);
}

/* planvm may be resumed where the program is not to be found: what runs is waited for all the same. */
static void test_adopted_elsewhere(void)
{
    char path[5000], *before = strdup(getenv("PATH"));
    snprintf(path, sizeof path, "%s/tool", test.dir);
    FILE *tool = fopen(path, "w");
    if (!CHECK(tool != NULL)) return;
    fprintf(tool, "#!/bin/sh\necho x >> %s/tool-ran\nsleep 0.7\nexit 7\n", test.dir);
    fclose(tool);
    chmod(path, 0700);
    snprintf(path, sizeof path, "%s:%s", test.dir, before);
    setenv("PATH", path, 1);
    kill_in_the_middle(22, "{\"argv\":[\"tool\"]}", "tool-ran");
    setenv("PATH", before, 1);
    const Json *r = change(22, true, "{\"argv\":[\"tool\"]}");
    CHECK_INT(json_int(r, "exit", 0), 7);
    CHECK_INT(lines_in("tool-ran"), 1);
    free(before);
}

static void signal_keeper(const char *name)
{
    char command[600];
    snprintf(command, sizeof command, "kill -%s $(pgrep -f '[p]lan-keeper %s')", name, test.dir);
    CHECK_INT(system(command), 0);
}

static void test_keeper_killed(void)
{
    live_test_start(&test, 30, "command", EFFECT_CHANGE, false,
                    script("echo x >> DIR/thirty; until [ -e DIR/go-on ]; do sleep 0.1; done; "
                           "echo x >> DIR/thirty"));
    CHECK(run_until_line("thirty"));
    signal_keeper("KILL");
    write_file("go-on", "");
    const Json *r = live_test_result(&test, 30, 20000);
    CHECK(!json_bool(r, "ok", true));
    CHECK(json_bool(r, "unknown", false));
    CHECK_CONTAINS(json_string(r, "error", ""), "keeper was killed");
    /* It was waited for, although nobody could see its exit; and it ran once. */
    CHECK_INT(lines_in("thirty"), 2);
    r = change(30, true, script("echo z >> DIR/thirty"));
    CHECK(json_bool(r, "unknown", false));
    CHECK_INT(lines_in("thirty"), 2);
    r = change(31, false, "{\"argv\":[\"true\"]}");
    CHECK(json_bool(r, "ok", false));
}

static void test_cancelled(void)
{
    live_test_start(
        &test, 40, "command", EFFECT_CHANGE, false,
        script("trap 'echo x >> DIR/forty-end; exit 1' TERM; echo x >> DIR/forty; sleep 9 & wait"));
    CHECK(run_until_line("forty"));
    test.world->cancel(test.world, 40);
    CHECK(wait_for_lines("forty-end", 1));
    test.event = test.world->next(test.world, test.world->now(test.world) + 100, true);
    CHECK_INT(test.event.kind, WORLD_TIME);
}

/* Who was told to end has the time to: also what left the group, when the program itself is gone already. */
static void test_rest_ends_by_itself(void)
{
    char polite[1000], args[1000];
    snprintf(polite, sizeof polite,
             "trap 'sleep 0.3; echo x >> %s/ended; exit 1' TERM\necho x >> %s/begun\nwhile :; do sleep 0.05; done\n",
             test.dir, test.dir);
    write_file("polite", polite);
    snprintf(args, sizeof args, "{\"sh\":\"setsid sh %s/polite & sleep 9\",\"timeout\":700}", test.dir);
    live_test_start(&test, 47, "command", EFFECT_CHANGE, false, args);
    CHECK(json_bool(live_test_result(&test, 47, 9000), "timed_out", false));
    CHECK_INT(lines_in("begun"), 1);
    CHECK_INT(lines_in("ended"), 1);
    live_test_start(&test, 147, "command", EFFECT_LOOK, false, args);
    CHECK(json_bool(live_test_result(&test, 147, 9000), "timed_out", false));
    CHECK_INT(lines_in("begun"), 2);
    CHECK_INT(lines_in("ended"), 2);
}

/* Two runs of one id, in folders of their own: what ends the one leaves the other alone, whatever left its group. */
static void test_same_id_elsewhere(void)
{
    LiveTest other = {0};
    Error error = {0};
    char args[600];
    snprintf(other.dir, sizeof other.dir, "%.200s/elsewhere", test.dir);
    mkdir(other.dir, 0700);
    other.world = live_open(&(LiveOptions){.run_dir = str_from_c(other.dir),
                                           .run_id = str_from_c(strrchr(test.dir, '/') + 1),
                                           .metadata = STR("{}"),
                                           .output = LIVE_QUIET},
                            &error);
    if (!CHECK(other.world != NULL)) return;
    snprintf(args, sizeof args,
             "{\"sh\":\"setsid sh -c 'echo x >> %s/begin-49; sleep 0.7; echo x >> %s/end-49' & wait\"}", test.dir,
             test.dir);
    live_test_start(&test, 49, "command", EFFECT_CHANGE, false, args);
    CHECK(run_until_line("begin-49"));
    live_test_start(&other, 49, "command", EFFECT_CHANGE, false, "{\"argv\":[\"sleep\",\"9\"],\"timeout\":100}");
    CHECK(json_bool(live_test_result(&other, 49, 5000), "timed_out", false));
    other.world->close(other.world);
    json_free(other.result);
    CHECK(json_bool(live_test_result(&test, 49, 5000), "ok", false));
    CHECK_INT(lines_in("end-49"), 1);
}

/* planvm dies between the record of a cancel and the cancel: the next one carries it out. */
static void test_cancelled_after_death(void)
{
    kill_in_the_middle(
        41, script("trap 'echo x >> DIR/end-41; exit 1' TERM; echo x >> DIR/begin-41; sleep 9 & wait"),
        "begin-41");
    test.world->cancel(test.world, 41);
    CHECK(wait_for_lines("end-41", 1));
}

/* Nobody cleans the output of a program that nobody waits for: nothing of it is kept. */
static void test_cancelled_with_secrets(void)
{
    end_world();
    setenv("PLAN_TEST_TOKEN", "hunter2/hun ter", 1);
    live_test_open(&test, "{\"secrets\":[{\"name\":\"token\","
                          "\"from\":\"env\",\"value\":\"PLAN_TEST_TOKEN\"}]}");
    char args[2000];
    snprintf(args, sizeof args,
             "{\"sh\":\"echo $T; echo x >> %s/begin-42; sleep 9\","
             "\"env\":{\"T\":\"\xEF\xB7\x90token\xEF\xB7\x91\"}}",
             test.dir);
    /* A path keeps its slashes when it is percent-encoded. */
    const Json *r = live_test_run(&test, "command", EFFECT_LOOK,
                                  "{\"argv\":[\"printf\",\"%s %s\",\"hunter2/hun%20ter\"],"
                                  "\"env\":{\"T\":\"\xEF\xB7\x90token\xEF\xB7\x91\"}}");
    CHECK_STR_C(json_string(r, "out", ""), "[secret token] ");
    live_test_start(&test, 42, "command", EFFECT_CHANGE, false, args);
    CHECK(run_until_line("begin-42"));
    CHECK_INT(lines_in("fx/42.out"), 1);
    test.world->cancel(test.world, 42);
    end_world();
    CHECK(wait_for_lines("fx/42.state", STATE_ENDED));
    CHECK_INT(lines_in("fx/42.out"), 0);
    live_test_open(&test, "{}");
}

/* The keeper finds the words of a planvm that is gone: it cannot answer the first, and obeys the second. */
static void test_last_words(void)
{
    live_test_start(&test, 43, "command", EFFECT_CHANGE, false, script("echo x >> DIR/begin-43; sleep 9"));
    CHECK(run_until_line("begin-43"));
    signal_keeper("STOP");
    live_test_start(&test, 44, "command", EFFECT_CHANGE, false, "{\"sh\":\"sleep 9\"}");
    test.world->cancel(test.world, 44);
    end_world();
    signal_keeper("CONT");
    CHECK(wait_for_lines("fx/44.state", STATE_ENDED));
    CHECK_CONTAINS(file_text("fx/44.state"), "signal 15\n");
    live_test_open(&test, "{}");
    test.world->cancel(test.world, 43);
    CHECK(wait_for_lines("fx/43.state", STATE_ENDED));
    CHECK_CONTAINS(file_text("fx/43.state"), "signal 15\n");
}

/* It was started before the machine was: nothing of it can still run, and nobody knows how it ended. */
static void test_other_boot(void)
{
    char path[400];
    snprintf(path, sizeof path, "%s/fx/50.state", test.dir);
    FILE *file = fopen(path, "w");
    fprintf(file, "pid %d\nticks 1\nboot 00000000-0000-0000-0000-000000000000\ndeadline 0\n", (int)getpid());
    fclose(file);
    const Json *r = change(50, true, script("echo z >> DIR/fifty"));
    CHECK(json_bool(r, "unknown", false));
    CHECK_INT(lines_in("fifty"), 0);
}

static void test_no_keeper(void)
{
    setenv("PLAN_KEEPER", "/no/such/plan-keeper", 1);
    end_world();
    wait_until_keeper_goes();
    live_test_open(&test, "{}");
    const Json *r = change(60, false, script("echo x >> DIR/sixty"));
    CHECK(!json_bool(r, "ok", true));
    CHECK(!json_bool(r, "unknown", false)); /* it certainly was not started */
    CHECK_CONTAINS(json_string(r, "error", ""), "the keeper /no/such/plan-keeper could not be started");
    CHECK_INT(lines_in("sixty"), 0);
}

/* When the run is over, its keeper goes. */
static void test_keeper_goes(void)
{
    end_world();
    CHECK(wait_until_keeper_goes());
}

/* A machine that was started anew before the traces of a program reached its disk: nobody knows whether it ran. */
static void test_lost_traces(void)
{
    live_test_start(&test, 70, "command", EFFECT_CHANGE, false, "{\"argv\":[\"true\"]}");
    CHECK(json_bool(live_test_result(&test, 70, 20000), "ok", false));
    end_world();
    write_file("boot", "00000000-0000-0000-0000-000000000000");
    live_test_open(&test, "{}");
    char args[600];
    snprintf(args, sizeof args, "{\"sh\":\"echo x >> %s/began-71\"}", test.dir);
    live_test_start(&test, 71, "command", EFFECT_CHANGE, true, args);
    CHECK(json_bool(live_test_result(&test, 71, 20000), "unknown", false));
    CHECK_INT(lines_in("began-71"), 0);
    /* And it stays so, also when a program of this boot was begun before anybody was told. */
    live_test_start(&test, 72, "command", EFFECT_CHANGE, false, "{\"argv\":[\"true\"]}");
    CHECK(json_bool(live_test_result(&test, 72, 20000), "ok", false));
    end_world();
    live_test_open(&test, "{}");
    live_test_start(&test, 71, "command", EFFECT_CHANGE, true, args);
    CHECK(json_bool(live_test_result(&test, 71, 20000), "unknown", false));
    CHECK_INT(lines_in("began-71"), 0);
}

int main(void)
{
    live_test_begin(&test, "{}");
    test_results();
    test_started_once();
    test_adopted();
    test_adopted_elsewhere();
    test_keeper_killed();
    test_cancelled();
    test_same_id_elsewhere();
    test_rest_ends_by_itself();
    test_cancelled_after_death();
    test_cancelled_with_secrets();
    test_last_words();
    test_other_boot();
    test_lost_traces();
    test_keeper_goes();
    live_test_open(&test, "{}");
    test_no_keeper();
    live_test_end(&test);
    return check_done();
}
