/* `planvm preflight FILE`: is this machine ready to run the plan? In: what the plan can touch (the compiler
 * says it); out: one line for each program, version, secret, host, permission in a cluster and server, and
 * exit 1 where one lacks. It must never change anything: programs are looked for, versions and permissions
 * asked for, connections opened and closed. */
#include "vm/command.h"

#include "vm/base/json.h"
#include "vm/base/map.h"
#include "vm/code/image.h"
#include "vm/parameters.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECT_WAIT = 3000, ANSWER_MAX = 1 << 16 };

typedef struct Preflight {
    const Arguments *arguments;
    Arena arena;
    Json *effects, *metadata;
    Map asked; /* permissions that were asked for already */
    unsigned lacking;
} Preflight;

static void say(Preflight *preflight, bool fine, const char *what, Str name, const char *text)
{
    if (!fine) preflight->lacking++;
    printf("%-8s%-12s%.*s%s%s\n", fine ? "ok" : "LACKING", what, STR_ARG(name), *text ? ": " : "", text);
}

/* Runs a program that only answers, and gives its exit; -1: it is not there. Its output, errors too, is in
 * `said`. */
static int ask(char *const argv[], Buffer *said)
{
    int pipes[2], status = 0;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    if (pipe2(pipes, O_CLOEXEC) != 0) return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
    int code = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    ssize_t got = code ? 0 : 1;
    while (got > 0 && said->len < ANSWER_MAX) {
        buffer_reserve(said, 4096);
        got = read(pipes[0], said->data + said->len, 4096);
        if (got > 0) said->len += (size_t)got;
    }
    close(pipes[0]);
    buffer_add_c(said, "");
    if (code || waitpid(pid, &status, 0) != pid) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* What it says last is why. */
static Str last_line(const Buffer *said)
{
    Str text = str_trim(buffer_str(said));
    size_t from = text.len;
    while (from > 0 && text.data[from - 1] != '\n')
        from--;
    return str_slice(text, from, text.len);
}

/* ---- programs and versions ---- */

static bool find_program(Arena *arena, Str name, Str *file)
{
    const char *path = getenv("PATH");
    *file = name;
    if (str_find(name, STR("/")) >= 0) return access(arena_copy_c(arena, name), X_OK) == 0;
    for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
        size_t len = strcspn(at, ":");
        *file = arena_printf(arena, "%.*s/%.*s", (int)len, at, STR_ARG(name));
        if (access(arena_copy_c(arena, *file), X_OK) == 0) return true;
        at += len + (at[len] == ':');
    }
    return false;
}

static void check_programs(Preflight *preflight)
{
    const Json *together = json_get(preflight->effects, "together");
    for (const Json *one = json_first(json_get(together, "programs")); one; one = json_next(one)) {
        Str name = json_text(one), file;
        if (str_find(name, STR(" on ")) >= 0 || str_find(name, STR("$")) >= 0) continue;
        bool found = find_program(&preflight->arena, name, &file);
        /* The compiler names programs without their folders; one of the plan's own stands beside it. */
        Str here = arena_printf(&preflight->arena, "./%.*s", STR_ARG(name));
        if (!found) found = find_program(&preflight->arena, here, &file);
        say(preflight, found, "program", name,
            found ? arena_copy_c(&preflight->arena, file) : "there is none on the PATH");
    }
}

/* The first number with a point in it: "Client Version: v1.32.4-dispatcher" has 1.32.4. */
static const char *version_in(const char *text)
{
    for (; *text; text++) {
        size_t digits = strspn(text, "0123456789");
        if (digits && text[digits] == '.' && strspn(text + digits + 1, "0123456789")) return text;
        if (digits) text += digits - 1;
    }
    return NULL;
}

static int version_compare(const char *a, const char *b)
{
    while (*a || *b) {
        char *rest_a, *rest_b;
        long x = strtol(a, &rest_a, 10), y = strtol(b, &rest_b, 10);
        if (x != y) return x < y ? -1 : 1;
        a = *rest_a == '.' ? rest_a + 1 : "";
        b = *rest_b == '.' ? rest_b + 1 : "";
    }
    return 0;
}

static bool version_fits(const char *has, Str op, const char *wanted)
{
    int order = version_compare(has, wanted);
    if (str_equal_c(op, ">=")) return order >= 0;
    if (str_equal_c(op, ">")) return order > 0;
    if (str_equal_c(op, "<=")) return order <= 0;
    if (str_equal_c(op, "<")) return order < 0;
    return order == 0;
}

static void check_need(Preflight *preflight, const Json *need)
{
    Str name = json_string(need, "program", ""), wanted = json_string(need, "version", ""), file;
    if (!wanted.len) {
        say(preflight, find_program(&preflight->arena, name, &file), "needs", name, "");
        return;
    }
    Buffer said = {0};
    char *program = arena_copy_c(&preflight->arena, name), option[] = "--version", verb[] = "version",
         client[] = "--client";
    char *ordinary[] = {program, option, NULL}, *kubectl[] = {program, verb, client, NULL};
    ask(str_equal_c(name, "kubectl") ? kubectl : ordinary, &said);
    const char *has = said.data ? version_in(said.data) : NULL;
    Str op = json_string(need, "op", ">=");
    bool fits = has && version_fits(has, op, wanted.data);
    Str is = has ? str_slice(str_from_c(has), 0, strspn(has, "0123456789.")) : STR("unknown");
    Str text = arena_printf(&preflight->arena, "%.*s %.*s is wanted, it is %.*s", STR_ARG(op),
                            STR_ARG(wanted), STR_ARG(is));
    say(preflight, fits, "version", name, arena_copy_c(&preflight->arena, text));
    buffer_free(&said);
}

/* ---- secrets and hosts ---- */

static void check_secret(Preflight *preflight, const Json *secret)
{
    Str name = json_string(secret, "name", ""), from = json_string(secret, "from", ""),
        value = json_string(secret, "value", "");
    const char *lack = "";
    if (str_equal_c(from, "env") && !getenv(value.data)) lack = "the environment does not have it";
    if (str_equal_c(from, "file") && access(value.data, R_OK) != 0) lack = strerror(errno);
    Str where =
        arena_printf(&preflight->arena, "%.*s, %.*s %.*s", STR_ARG(name), STR_ARG(from), STR_ARG(value));
    say(preflight, !*lack, "secret", where, lack);
}

static void check_host(Preflight *preflight, const Json *host)
{
    Str address = json_string(host, "address", ""), user = json_string(host, "user", "");
    Buffer said = {0};
    char ssh[] = "ssh", option[] = "-o", batch[] = "BatchMode=yes", wait[] = "ConnectTimeout=5",
         ends[] = "--", command[] = "true";
    Str place =
        user.len ? arena_printf(&preflight->arena, "%.*s@%.*s", STR_ARG(user), STR_ARG(address)) : address;
    char *argv[] = {ssh,     option, batch, option, wait, ends, arena_copy_c(&preflight->arena, place),
                    command, NULL};
    int exit = ask(argv, &said);
    say(preflight, exit == 0, "host", place,
        exit == 0 ? "" : arena_copy_c(&preflight->arena, last_line(&said)));
    buffer_free(&said);
}

/* ---- servers ---- */

static bool connects(const char *name, const char *port, const char **why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int code = getaddrinfo(name, port, &hints, &list);
    bool open = false;
    *why = code ? gai_strerror(code) : "no connection in time";
    for (struct addrinfo *one = list; one && !open; one = one->ai_next) {
        int fd = socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), failed = 0;
        socklen_t len = sizeof failed;
        struct pollfd waiting = {.fd = fd, .events = POLLOUT};
        if (fd < 0) continue;
        if (connect(fd, one->ai_addr, one->ai_addrlen) != 0 && errno != EINPROGRESS)
            *why = strerror(errno);
        else if (poll(&waiting, 1, CONNECT_WAIT) > 0 &&
                 getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 && !failed)
            open = true;
        else if (failed)
            *why = strerror(failed);
        close(fd);
    }
    if (list) freeaddrinfo(list);
    return open;
}

/* "https://host:port"; one that only the run knows is left out. */
static void check_origin(Preflight *preflight, Str origin)
{
    ptrdiff_t start = str_find(origin, STR("://"));
    const char *why = "";
    if (start < 0 || str_find(origin, STR("$")) >= 0) return;
    Str rest = str_slice(origin, (size_t)start + 3, origin.len);
    ptrdiff_t colon = str_find(rest, STR(":"));
    const char *port = str_starts_with(origin, STR("https")) ? "443" : "80";
    if (colon >= 0) port = arena_copy_c(&preflight->arena, str_slice(rest, (size_t)colon + 1, rest.len));
    if (colon >= 0) rest = str_slice(rest, 0, (size_t)colon);
    bool open = connects(arena_copy_c(&preflight->arena, rest), port, &why);
    say(preflight, open, "server", origin, open ? "" : why);
}

/* ---- permissions in a cluster ---- */

/* What kubectl's verbs need of the API. */
static const struct {
    const char *word, *verb, *sub;
} verbs[] = {{"get", "get", ""},       {"describe", "get", ""},   {"top", "get", ""},
             {"wait", "watch", ""},    {"logs", "get", "log"},    {"exec", "create", "exec"},
             {"delete", "delete", ""}, {"create", "create", ""},  {"scale", "patch", "scale"},
             {"patch", "patch", ""},   {"label", "patch", ""},    {"annotate", "patch", ""},
             {"set", "patch", ""},     {"rollout", "patch", ""},  {"apply", "patch", ""},
             {"cordon", "patch", ""},  {"uncordon", "patch", ""}, {"drain", "patch", ""}};

/* A setting's value: given, else its default where that is a plain text. */
static Str setting(const Preflight *preflight, Str name)
{
    for (size_t i = 0; i < preflight->arguments->settings.count; i++) {
        Str given = str_from_c(preflight->arguments->settings.items[i]);
        if (str_starts_with(given, name) && given.len > name.len && given.data[name.len] == '=')
            return str_slice(given, name.len + 1, given.len);
    }
    return parameter_default(json_get(preflight->metadata, "params"), name);
}

/* The n-th word of the command's text, settings filled in; empty: none, or only the run knows it. */
static Str word(Preflight *preflight, Str text, int n)
{
    while (true) {
        size_t len = 0;
        while (text.len && text.data[0] == ' ')
            text = str_slice(text, 1, text.len);
        while (len < text.len && text.data[len] != ' ')
            len++;
        Str found = str_slice(text, 0, len);
        text = str_slice(text, len, text.len);
        if (!found.len || n-- > 0) {
            if (!found.len) return found;
            continue;
        }
        ptrdiff_t open = str_find(found, STR("${"));
        if (open < 0) return found;
        Str rest = str_slice(found, (size_t)open + 2, found.len);
        ptrdiff_t end = str_find(rest, STR("}"));
        if (end < 0) return STR("");
        return arena_printf(&preflight->arena, "%.*s%.*s%.*s", (int)open, found.data,
                            STR_ARG(setting(preflight, str_slice(rest, 0, (size_t)end))),
                            STR_ARG(str_slice(rest, (size_t)end + 1, rest.len)));
    }
}

/* "deployment/web" and "deployment" are the resource deployment; of a node's verbs it goes without saying. */
static Str resource_of(Preflight *preflight, Str text, Str verb, const char *sub)
{
    if (str_equal_c(verb, "cordon") || str_equal_c(verb, "uncordon") || str_equal_c(verb, "drain"))
        return STR("nodes");
    int at = str_equal_c(verb, "rollout") || str_equal_c(verb, "set") ? 3 : 2;
    Str found = word(preflight, text, at);
    if (strcmp(sub, "exec") == 0 || strcmp(sub, "log") == 0) return STR("pods");
    ptrdiff_t slash = str_find(found, STR("/"));
    if (slash >= 0) found = str_slice(found, 0, (size_t)slash);
    return found.len && found.data[0] != '-' ? found : STR("");
}

static Str namespace_of(Preflight *preflight, Str text)
{
    for (int n = 0;; n++) {
        Str found = word(preflight, text, n);
        if (!found.len) break;
        if (str_equal_c(found, "--")) break;
        if (str_equal_c(found, "-n") || str_equal_c(found, "--namespace"))
            return word(preflight, text, n + 1);
    }
    const char *set = getenv("PLAN_KUBE_NAMESPACE");
    Str value = setting(preflight, STR("kube_namespace"));
    return value.len ? value : set ? str_from_c(set) : STR("");
}

static void may_i(Preflight *preflight, const char *verb, Str resource, const char *sub, Str namespace)
{
    Buffer said = {0};
    Str key = arena_printf(&preflight->arena, "%s %.*s%s%s%s%.*s", verb, STR_ARG(resource), *sub ? "/" : "",
                           sub, namespace.len ? " in " : "", STR_ARG(namespace));
    if (map_has(&preflight->asked, key)) return;
    map_set(&preflight->asked, key, preflight);
    char program[] = "kubectl", auth[] = "auth", can[] = "can-i", wait[] = "--request-timeout=5s",
         all[] = "--namespace=";
    Str part = arena_printf(&preflight->arena, "--subresource=%s", sub);
    Str where = arena_printf(&preflight->arena, "%s%.*s", all, STR_ARG(namespace));
    char *argv[9] = {program,
                     auth,
                     can,
                     arena_copy_c(&preflight->arena, str_from_c(verb)),
                     arena_copy_c(&preflight->arena, resource),
                     wait};
    size_t count = 6;
    if (*sub) argv[count++] = arena_copy_c(&preflight->arena, part);
    if (namespace.len) argv[count++] = arena_copy_c(&preflight->arena, where);
    int exit = ask(argv, &said);
    say(preflight, exit == 0, "permission", key,
        exit == 0 ? "" : arena_copy_c(&preflight->arena, last_line(&said)));
    buffer_free(&said);
}

static void check_kubectl(Preflight *preflight, const Json *effect)
{
    Str text = json_string(effect, "text", ""), program = json_string(effect, "program", "");
    if (!str_equal_c(program, "kubectl") || json_string(effect, "host", "").len) return;
    if (text.len > 2 && text.data[0] == '`') text = str_slice(text, 1, text.len - 1);
    Str verb = word(preflight, text, 1);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!str_equal_c(verb, verbs[i].word)) continue;
        Str about = word(preflight, text, 2);
        bool looks =
            str_equal_c(verb, "rollout") && (str_equal_c(about, "status") || str_equal_c(about, "history"));
        Str resource = resource_of(preflight, text, verb, verbs[i].sub);
        if (resource.len)
            may_i(preflight, looks ? "get" : verbs[i].verb, resource, verbs[i].sub,
                  namespace_of(preflight, text));
        return;
    }
}

static void check_groups(Preflight *preflight, const Json *groups)
{
    for (const Json *group = json_first(groups); group; group = json_next(group)) {
        const Json *lists[] = {json_get(group, "looks"), json_get(group, "changes")};
        for (int i = 0; i < 2; i++)
            for (const Json *one = json_first(lists[i]); one; one = json_next(one))
                check_kubectl(preflight, one);
    }
}

/* ---- all of it ---- */

static void check_all(Preflight *preflight)
{
    const Json *together = json_get(preflight->effects, "together"), *metadata = preflight->metadata;
    check_programs(preflight);
    for (const Json *one = json_first(json_get(json_get(metadata, "service"), "needs")); one;
         one = json_next(one))
        check_need(preflight, one);
    for (const Json *one = json_first(json_get(metadata, "secrets")); one; one = json_next(one))
        check_secret(preflight, one);
    for (const Json *one = json_first(json_get(metadata, "hosts")); one; one = json_next(one))
        check_host(preflight, one);
    for (const Json *one = json_first(json_get(together, "urls")); one; one = json_next(one))
        check_origin(preflight, json_text(one));
    for (const Json *plan = json_first(json_get(preflight->effects, "plans")); plan; plan = json_next(plan))
        check_groups(preflight, json_get(plan, "steps"));
}

int command_preflight(const Arguments *arguments)
{
    Preflight preflight = {.arguments = arguments};
    const char *path = arguments->words.items[0];
    Buffer bytes = {0}, json = {0}, messages = {0};
    Image image = {0};
    Error error = {0};
    int status = EXIT_MISUSE;
    if (!arguments->load(path, &bytes, &messages) || !arguments->effects(path, &json, &messages)) {
        if (messages.len) fputs(messages.data, stderr);
    } else if (!image_open(buffer_str(&bytes), &image, &error)) {
        command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    } else {
        preflight.effects = json_parse(buffer_str(&json), &error);
        preflight.metadata = json_parse(image.metadata, &error);
        check_all(&preflight);
        status = preflight.lacking ? EXIT_PLAN_FAILED : EXIT_FINE;
        json_free(preflight.effects);
        json_free(preflight.metadata);
        image_close(&image);
    }
    map_free(&preflight.asked);
    arena_free(&preflight.arena);
    buffer_free(&bytes);
    buffer_free(&json);
    buffer_free(&messages);
    return status;
}
