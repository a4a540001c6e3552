/* People: signals dropped into the inbox, what is shown, and the keys of a person at a terminal (a
 * pseudo-terminal whose other side this test holds). Also time: deadlines, and ^C. */
#include "tests/unit/live_world.h"
#include "vm/live/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>

static LiveTest test;

static void drop(const char *name, const char *text)
{
    char fresh[400], path[400];
    snprintf(fresh, sizeof fresh, "%s/inbox/.new", test.dir);
    snprintf(path, sizeof path, "%s/inbox/%s.json", test.dir, name);
    FILE *file = fopen(fresh, "w");
    if (!CHECK(file != NULL)) return;
    fputs(text, file);
    fclose(file);
    CHECK(rename(fresh, path) == 0);
}

static bool is_in_inbox(const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/inbox/%s", test.dir, name);
    return access(path, F_OK) == 0;
}

/* Waits for the next signal and gives it. */
static Json *next_signal(void)
{
    Error error = {0};
    test.event = test.world->next(test.world, test.world->now(test.world) + 5000, true);
    if (!CHECK_INT(test.event.kind, WORLD_SIGNAL)) return NULL;
    return json_parse(test.event.json, &error);
}

static void test_inbox(void)
{
    drop("one", "{\"kind\":\"ack\",\"by\":\"oncall\"}");
    Json *signal = next_signal();
    CHECK_STR_C(json_string(signal, "kind", ""), "ack");
    CHECK_STR_C(json_string(signal, "msg", ""), "one");
    json_free(signal);
    /* Not yet durable: it stays, and comes again when planvm is started anew. */
    CHECK(is_in_inbox("one.json"));
    test.world->close(test.world);
    live_test_open(&test, "{}");
    signal = next_signal();
    CHECK_STR_C(json_string(signal, "msg", ""), "one");
    json_free(signal);
    live_inbox_consumed(test.world, STR("one"));
    CHECK(!is_in_inbox("one.json"));
    drop("torn", "{\"kind\":");
    drop("kindless", "{\"by\":\"x\"}");
    drop("two", "{\"kind\":\"note\",\"text\":\"t\"}");
    signal = next_signal();
    CHECK_STR_C(json_string(signal, "msg", ""), "two");
    json_free(signal);
    live_inbox_consumed(test.world, STR("two"));
    CHECK(is_in_inbox("torn.json.bad") && is_in_inbox("kindless.json.bad"));
}

static void test_time(void)
{
    int64_t start = test.world->now(test.world);
    test.event = test.world->next(test.world, INT64_MAX, false);
    CHECK_INT(test.event.kind, WORLD_NOTHING);
    test.event = test.world->next(test.world, start + 150, true);
    CHECK_INT(test.event.kind, WORLD_TIME);
    CHECK(test.event.now >= start + 150 && test.event.now < start + 1500);
    kill(getpid(), SIGTERM);
    test.event = test.world->next(test.world, start + 10000, true);
    CHECK_INT(test.event.kind, WORLD_INTERRUPT);
    /* A run whose last event is from a clock that was ahead goes on from there. */
    Clock clock;
    int64_t before = clock_boot(), ahead = time_now() + 60000;
    clock_start(&clock, ahead);
    int64_t first = clock_now(&clock);
    usleep(50000);
    int64_t second = clock_now(&clock);
    CHECK(first >= ahead && second > first && second - first <= clock_boot() - before + 1);
}

/* ---- a person at a terminal ---- */

static void tell(const char *kind, const char *args)
{
    WorldMark mark = {test.world->now(test.world), str_from_c(kind), STR(""), str_from_c(args), false};
    test.world->mark(test.world, &mark);
}

/* The side that planvm has: says every signal that it gets, until it is told to leave. */
static int at_the_terminal(void)
{
    Error error = {0};
    LiveOptions options = {.run_dir = str_from_c(test.dir),
                           .run_id = STR("run"),
                           .as = STR("tester"),
                           .attended = true,
                           .output = LIVE_TERMINAL};
    test.world = live_open(&options, &error);
    if (!test.world) return 1;
    tell(
        "question.asked",
        "{\"id\":7,\"kind\":\"approval\",\"what\":\"restore\","
        "\"text\":\"\\u001b[2JRestore?\\u009b1m now\",\"by\":[\"commander\"]}");
    printf("READY\n");
    for (;;) {
        test.event = test.world->next(test.world, INT64_MAX, true);
        if (test.event.kind == WORLD_INTERRUPT) break;
        printf("SIGNAL %.*s\n", STR_ARG(test.event.json));
        tell("question.answered", "{\"id\":7}");
    }
    test.world->close(test.world);
    printf("LEFT\n");
    return 0;
}

/* Reads from the other side until it said this. */
static bool expect(int fd, const char *text)
{
    static Buffer seen;
    char bytes[4096];
    for (int i = 0; i < 100; i++) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        Str all = buffer_str(&seen);
        ptrdiff_t at = str_find(all, str_from_c(text));
        if (at >= 0) {
            size_t used = (size_t)at + strlen(text);
            memmove(seen.data, seen.data + used, seen.len - used);
            seen.len -= used;
            return true;
        }
        if (poll(&ready, 1, 100) <= 0) continue;
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got > 0)
            buffer_add(&seen, bytes, (size_t)got);
        else if (got < 0 && errno != EINTR)
            break;
    }
    fprintf(stderr, "\"%s\" did not come; there is\n%.*s\n", text, STR_ARG(buffer_str(&seen)));
    return false;
}

static void press(int fd, const char *keys)
{
    CHECK(write(fd, keys, strlen(keys)) == (ssize_t)strlen(keys));
}

static void test_keys(void)
{
    int fd, status = 1;
    struct winsize size = {.ws_row = 24, .ws_col = 200};
    pid_t child = forkpty(&fd, NULL, NULL, &size);
    if (child == 0) _exit(at_the_terminal() ? 1 : (fflush(stdout), 0));
    /* What a program printed can be part of a question: the terminal must not obey it. */
    CHECK(expect(fd, " [2JRestore? 1m now") && expect(fd, "READY"));
    press(fd, "\023"); /* ^S holds up nothing */
    press(fd, "y");
    CHECK(expect(
        fd,
        "SIGNAL {\"kind\":\"approve\",\"id\":7,\"by\":\"tester\",\"via\":\"terminal\",\"msg\":\"terminal-"));
    CHECK(expect(fd, "a ack"));
    press(fd, "a");
    CHECK(expect(fd, "SIGNAL {\"kind\":\"ack\","));
    press(fd, "nseen\177\177\177\177it is the disk\r");
    CHECK(expect(fd, "SIGNAL {\"kind\":\"note\",\"text\":\"it is the disk\""));
    press(fd, "d");
    CHECK(expect(fd, "nothing waits to be done by hand"));
    press(fd, "?");
    CHECK(expect(fd, "R  resolve"));
    press(fd, "q");
    if (!CHECK(expect(fd, "LEFT"))) kill(child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(fd);
}

/* A terminal that takes nothing any more (its connection hangs) does not hold up the run. */
static void test_stalled(void)
{
    int fd, status = 1;
    pid_t child = forkpty(&fd, NULL, NULL, NULL);
    if (child == 0) {
        Error error = {0};
        LiveOptions options = {.run_dir = str_from_c(test.dir), .run_id = STR("run"), .attended = true,
                               .output = LIVE_TERMINAL};
        test.world = live_open(&options, &error);
        for (int i = 0; test.world && i < 3000; i++)
            tell("note", "{\"text\":\"a line that is long enough to fill a terminal in time\",\"by\":\"x\"}");
        if (test.world) test.world->close(test.world);
        _exit(test.world ? 0 : 1);
    }
    pid_t ended = 0;
    for (int i = 0; i < 1000 && !ended; i++) {
        usleep(10000);
        ended = waitpid(child, &status, WNOHANG);
    }
    CHECK(ended == child && status == 0);
    if (!ended) kill(child, SIGKILL);
    close(fd);
}

int main(void)
{
    live_test_begin(&test, "{}");
    test_inbox();
    test_time();
    test_keys();
    test_stalled();
    live_test_end(&test);
    return check_done();
}
