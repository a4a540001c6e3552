/* HTTP against a server of our own on loopback: answers, failures, what is known and what is not, secrets. */
#include "tests/unit/live_world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

static LiveTest test;
static int server_port;
static atomic_int request_count;

static void answer(int fd, const char *status, const char *headers, const char *body, size_t len)
{
    char head[1024];
    int used =
        snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status, len, headers);
    if (send(fd, head, (size_t)used, MSG_NOSIGNAL) < 0) return;
    while (len) {
        ssize_t sent = send(fd, body, len, MSG_NOSIGNAL);
        if (sent <= 0) return;
        body += sent;
        len -= (size_t)sent;
    }
}

/* Reads one request: head and, by its Content-Length, body. 0: the client has closed. */
static size_t read_request(int fd, char *text, size_t size)
{
    size_t len = 0, wanted = SIZE_MAX;
    while (len < wanted && len + 1 < size) {
        ssize_t got = recv(fd, text + len, size - 1 - len, 0);
        if (got <= 0) return 0;
        len += (size_t)got;
        text[len] = 0;
        char *end = strstr(text, "\r\n\r\n"), *field = strstr(text, "Content-Length: ");
        if (end)
            wanted = (size_t)(end + 4 - text) + (field && field < end ? strtoul(field + 16, NULL, 10) : 0);
    }
    return len;
}

static void *serve(void *arg)
{
    static char big[9 << 20];
    int fd = (int)(intptr_t)arg;
    char text[20000];
    for (size_t len; (len = read_request(fd, text, sizeof text));) {
        atomic_fetch_add(&request_count, 1);
        struct linger hard = {1, 0};
        if (strncmp(text, "HEAD ", 5) == 0) {
            answer(fd, "204 No Content", "", "", 0);
        } else if (strstr(text, " /ok ")) {
            answer(fd, "200 OK", "Content-Type: text/plain\r\nX-Two: a\r\nx-two: b\r\n", "hello", 5);
        } else if (strstr(text, " /echo")) {
            answer(fd, "200 OK", "", text, len);
        } else if (strncmp(text, "CONNECT ", 8) == 0) {
            answer(fd, "403 Forbidden", "", "", 0);
        } else if (strstr(text, " /busy ")) {
            answer(fd, "503 Service Unavailable", "", "no", 2);
        } else if (strstr(text, " /moved ")) {
            answer(fd, "302 Found", "Location: /ok\r\n", "", 0);
        } else if (strstr(text, " /big ")) {
            memset(big, 'x', sizeof big);
            answer(fd, "200 OK", "", big, sizeof big);
        } else if (strstr(text, " /reset ")) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
            break;
        } else if (strstr(text, " /half ")) {
            const char *half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
            send(fd, half, strlen(half), MSG_NOSIGNAL);
            break;
        } else {
            sleep(2); /* no answer in time */
            break;
        }
    }
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    int listener = (int)(intptr_t)arg;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd < 0) return NULL;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0) pthread_detach(thread);
    }
}

static int listen_somewhere(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 16) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static const Json *request(EffectClass effect_class, const char *method, const char *path, const char *more)
{
    char args[4000];
    snprintf(args, sizeof args, "{\"method\":\"%s\",\"url\":\"http://127.0.0.1:%d%s\"%s}", method,
             server_port, path, more);
    return live_test_run(&test, "http", effect_class, args);
}

static void test_answers(void)
{
    const Json *r = request(EFFECT_LOOK, "GET", "/ok", "");
    CHECK(json_bool(r, "ok", false));
    CHECK_INT(json_int(r, "status", 0), 200);
    CHECK_STR_C(json_string(r, "body", ""), "hello");
    CHECK_STR_C(json_string(json_get(r, "headers"), "content-type", ""), "text/plain");
    CHECK_STR_C(json_string(json_get(r, "headers"), "x-two", ""), "a, b");
    r = request(EFFECT_LOOK, "GET", "/busy", "");
    CHECK(!json_bool(r, "ok", true));
    CHECK_INT(json_int(r, "status", 0), 503);
    CHECK_STR_C(json_string(r, "error", ""), "");
    r = request(EFFECT_LOOK, "HEAD", "/ok", ",\"timeout\":3000");
    CHECK_INT(json_int(r, "status", 0), 204);
    r = request(EFFECT_LOOK, "GET", "/big", "");
    CHECK(json_bool(r, "body_cut", false) && json_bool(r, "truncated", false));
    CHECK(str_find(json_string(r, "body", ""), STR("\n[cut: there was more than 8 MiB; all of it: planvm output ")) > 0);
    CHECK_INT(json_int(json_get(r, "body_whole"), "size", 0), 9 << 20);
}

static void test_what_is_sent(void)
{
    const Json *r =
        request(EFFECT_CHANGE, "POST", "/echo",
                ",\"headers\":{\"Content-Type\":\"application/json\"},\"body\":\"{\\\"a\\\":1}\"");
    Str sent = json_string(r, "body", "");
    CHECK_CONTAINS(sent, "POST /echo HTTP/1.1\r\n");
    CHECK_CONTAINS(sent, "Content-Type: application/json\r\n");
    CHECK_CONTAINS(sent, "Idempotency-Key: key-of-the-test\r\n");
    CHECK(str_ends_with(sent, STR("\r\n\r\n{\"a\":1}")));
    r = request(EFFECT_CHANGE, "DELETE", "/echo", "");
    CHECK_CONTAINS(json_string(r, "body", ""), "DELETE /echo HTTP/1.1\r\n");
    r = request(EFFECT_LOOK, "GET", "/echo", "");
    CHECK(str_find(json_string(r, "body", ""), STR("Idempotency-Key")) < 0);
    r = request(EFFECT_LOOK, "GET", "/moved", "");
    CHECK_STR_C(json_string(r, "body", ""), "hello");
    r = request(EFFECT_CHANGE, "POST", "/moved", ",\"body\":\"x\"");
    CHECK_INT(json_int(r, "status", 0), 302);
    r = live_test_run(&test, "http", EFFECT_LOOK, "{\"method\":\"GET\",\"url\":\"file:///etc/passwd\"}");
    CHECK_CONTAINS(json_string(r, "error", ""), "a URL begins with http:// or https://");
}

static void test_without_a_body(void)
{
    const Json *r = request(EFFECT_CHANGE, "DELETE", "/echo", "");
    CHECK_CONTAINS(json_string(r, "body", ""), "DELETE /echo HTTP/1.1");
    CHECK(str_find(json_string(r, "body", ""), STR("Content-Type")) < 0);
    r = request(EFFECT_CHANGE, "POST", "/echo", ",\"headers\":{\"content-type\":\"text/x\"}");
    CHECK_CONTAINS(json_string(r, "body", ""), "content-type: text/x");
}

static void test_failures(void)
{
    int closed_port, fd = listen_somewhere(&closed_port);
    char args[200];
    close(fd);
    snprintf(args, sizeof args, "{\"method\":\"POST\",\"url\":\"http://127.0.0.1:%d/\",\"body\":\"x\"}",
             closed_port);
    const Json *r = live_test_run(&test, "http", EFFECT_CHANGE, args);
    CHECK(!json_bool(r, "ok", true));
    CHECK_INT(json_int(r, "status", 0), 0);
    CHECK(json_string(r, "error", "").len > 0);
    CHECK(!json_bool(r, "unknown", false)); /* nothing was sent */
    r = request(EFFECT_LOOK, "GET", "/hang", ",\"timeout\":200");
    CHECK(json_bool(r, "timed_out", false));
    CHECK(!json_bool(r, "unknown", false)); /* a look changes nothing */
    CHECK(json_int(r, "elapsed", 0) < 1500);
    r = request(EFFECT_CHANGE, "POST", "/hang", ",\"timeout\":200,\"body\":\"x\"");
    CHECK(json_bool(r, "timed_out", false));
    CHECK(json_bool(r, "unknown", false));
    snprintf(args, sizeof args, "{\"method\":\"POST\",\"url\":\"https://far.test/\",\"body\":\"x\",\"proxy\":\"http://127.0.0.1:%d\"}",
             server_port);
    r = live_test_run(&test, "http", EFFECT_CHANGE, args);
    CHECK(!json_bool(r, "ok", true));
    CHECK(!json_bool(r, "unknown", false)); /* the proxy made no way to the server */
    r = request(EFFECT_CHANGE, "POST", "/half", ",\"body\":\"x\"");
    CHECK(!json_bool(r, "ok", true));
    CHECK(json_bool(r, "unknown", false));
}

/* curl sends again by itself what was lost on a connection that it used before: a change must not get one. */
static void test_sent_once(void)
{
    request(EFFECT_LOOK, "GET", "/ok", "");
    int before = atomic_load(&request_count);
    const Json *r = request(EFFECT_CHANGE, "POST", "/reset", ",\"body\":\"x\"");
    CHECK(json_bool(r, "unknown", false));
    CHECK_INT(atomic_load(&request_count) - before, 1);
}

static void test_cancel(void)
{
    char args[200];
    snprintf(args, sizeof args, "{\"method\":\"GET\",\"url\":\"http://127.0.0.1:%d/hang\"}", server_port);
    live_test_start(&test, 900, "http", EFFECT_LOOK, false, args);
    test.event = test.world->next(test.world, test.world->now(test.world) + 100, true);
    CHECK_INT(test.event.kind, WORLD_TIME);
    test.world->cancel(test.world, 900);
    const Json *r = request(EFFECT_LOOK, "GET", "/ok", "");
    CHECK(json_bool(r, "ok", false));
}

#define HOOK "\xEF\xB7\x90hook\xEF\xB7\x91"
#define KEY "\xEF\xB7\x90key\xEF\xB7\x91"

static void test_secrets(void)
{
    int before = atomic_load(&request_count);
    const Json *r =
        request(EFFECT_CHANGE, "POST", "/echo/" HOOK,
                ",\"headers\":{\"Authorization\":\"Bearer " HOOK
                "\",\"Content-Type\":\"application/json\"},\"body\":\"{\\\"k\\\":\\\"" KEY "\\\"}\"");
    Str body = json_string(r, "body", "");
    CHECK_INT(atomic_load(&request_count) - before, 1);
    CHECK_CONTAINS(body, "POST /echo/[secret hook] HTTP/1.1");
    CHECK_CONTAINS(body, "Authorization: Bearer [secret hook]\r\n");
    /* The key holds a quote: it went into the JSON escaped, was still JSON there, and is known so on its way
     * back. */
    CHECK(str_ends_with(body, STR("{\"k\":\"[secret key]\"}")));
    CHECK(str_find(body, STR("T000")) < 0 && str_find(body, STR("pass")) < 0);
    /* A length that the server saw tells that the values really went out. */
    CHECK_CONTAINS(body, "Content-Length: 18\r\n");
    r = request(EFFECT_CHANGE, "POST", "/echo", ",\"body\":\"token=\xEF\xB7\x94hook\xEF\xB7\x91&x=1\"");
    CHECK(str_ends_with(json_string(r, "body", ""), STR("token=[secret hook]&x=1")));
    CHECK_CONTAINS(json_string(r, "body", ""), "Content-Length: 23\r\n");
    /* What looks like an encoded handle came from the world. */
    r = request(EFFECT_CHANGE, "POST", "/echo", ",\"body\":\"%EF%B7%90hook%EF%B7%91\"");
    CHECK(str_ends_with(json_string(r, "body", ""), STR("\r\n\r\n%EF%B7%90hook%EF%B7%91")));
    r = request(EFFECT_CHANGE, "POST", "/echo", ",\"body\":\"\xEF\xB7\x90none\xEF\xB7\x91\"");
    CHECK_CONTAINS(json_string(r, "error", ""), "the plan has no secret none");
    r = request(EFFECT_CHANGE, "POST", "/echo", ",\"body\":\"\xEF\xB7\x90unset\xEF\xB7\x91\"");
    CHECK_CONTAINS(json_string(r, "error", ""),
                   "the secret unset cannot be had: the environment variable PLAN_TEST_UNSET is not set");
}

/* The signatures are what another implementation makes of the same key and text. */
static void test_signed(void)
{
    const char *const common = ",\"basic\":\"me:" HOOK "\",\"body\":\"{\\\"a\\\":1}\",\"hmac\":"
                               "{\"header\":\"X-Sign\",\"key\":\"" HOOK "\",\"before\":\"1.\"%s}";
    char more[600];
    snprintf(more, sizeof more, common, ",\"prefix\":\"sha256=\"");
    const Json *r = request(EFFECT_CHANGE, "POST", "/echo", more);
    CHECK_CONTAINS(json_string(r, "body", ""),
                   "X-Sign: sha256=ac4d766a92686dbb4b2ce4b748289218b6e22d1b03ff1df0fae5dcfcafd8e506\r\n");
    /* "me:T000-B1/xyz" */
    CHECK_CONTAINS(json_string(r, "body", ""), "Authorization: Basic bWU6[secret hook]");
    snprintf(more, sizeof more, common, ",\"encoding\":\"base64\"");
    r = request(EFFECT_CHANGE, "POST", "/echo", more);
    CHECK_CONTAINS(json_string(r, "body", ""), "X-Sign: rE12apJobbtLLOS3SCiSGLbiLRsD/x3w+uXc/K/Y5QY=\r\n");
}

static void test_secrets_in_commands(void)
{
    const Json *r =
        live_test_run(&test, "command", EFFECT_LOOK,
                      "{\"sh\":\"printf %s $K | wc -c; printf %s $K; printf %s $K | base64; cat\","
                      "\"env\":{\"K\":\"" HOOK "\"},\"input\":\"in " HOOK "\"}");
    CHECK_STR_C(json_string(r, "out", ""), "11\n[secret hook][secret hook]\nin [secret hook]");
    r = live_test_run(&test, "command", EFFECT_CHANGE,
                      "{\"sh\":\"echo $K; echo user:$K | base64 >&2\",\"env\":{\"K\":\"" HOOK "\"}}");
    CHECK_STR_C(json_string(r, "out", ""), "[secret hook]\n");
    CHECK_CONTAINS(json_string(r, "err", ""), "[secret hook]");
    char command[400];
    snprintf(command, sizeof command, "grep -rq T000 '%s'", test.dir);
    CHECK(system(command) != 0); /* nor does the run's folder hold it */
}

int main(void)
{
    pthread_t thread;
    int listener = listen_somewhere(&server_port);
    setenv("PLAN_TEST_HOOK", "T000-B1/xyz", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    unsetenv("PLAN_TEST_UNSET");
    CHECK(pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener) == 0);
    char path[] = "/tmp/plan-live-key-XXXXXX";
    int file = mkstemp(path);
    CHECK(write(file, "pass\"word\n", 10) == 10);
    close(file);
    char metadata[600];
    snprintf(metadata, sizeof metadata,
             "{\"secrets\":[{\"name\":\"hook\",\"from\":\"env\",\"value\":\"PLAN_TEST_HOOK\"},"
             "{\"name\":\"key\",\"from\":\"file\",\"value\":\"%s\"},"
             "{\"name\":\"unset\",\"from\":\"env\",\"value\":\"PLAN_TEST_UNSET\"}]}",
             path);
    live_test_begin(&test, metadata);
    test_answers();
    test_what_is_sent();
    test_without_a_body();
    test_failures();
    test_sent_once();
    test_cancel();
    test_secrets();
    test_signed();
    test_secrets_in_commands();
    live_test_end(&test);
    unlink(path);
    return check_done();
}
