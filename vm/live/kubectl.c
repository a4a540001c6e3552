/* kubectl's words and messages. In: argv as the plan wrote it, and what kubectl printed; out: the words that
 * are run, and the kind of a failure. Called by command.c, the dry run and the policy. It must never change
 * or drop a word of the plan's. */
#include "vm/live/kubectl.h"

#include <string.h>

bool kubectl_is(const Json *argv)
{
    const Json *first = json_first(argv);
    return first && str_equal_c(json_text(first), "kubectl");
}

/* ---- options ---- */

/* Options of every verb that take a value, which may be the next word. */
static const char *const valued[] = {
    "-n",       "--namespace", "--context", "--kubeconfig", "--cluster",         "--user",
    "-s",       "--server",    "--token",   "--as",         "--request-timeout", "-v",
    "--as-uid", "--as-group",  "--profile", "--cache-dir",  "--tls-server-name", "--certificate-authority",
};

static bool takes_value(Str word)
{
    for (size_t i = 0; i < sizeof valued / sizeof *valued; i++)
        if (str_equal_c(word, valued[i])) return true;
    return false;
}

/* `--name`, `--name=…`, or a letter with its value behind it, as -nprod. */
static bool is_option(Str word, const char *name)
{
    size_t len = strlen(name);
    if (word.len < len || memcmp(word.data, name, len) != 0) return false;
    return word.len == len || word.data[len] == '=' || (len == 2 && name[1] != '-');
}

/* The value of an option, "" if it has none, or what kubectl reads as one; NULL data: the words do not have
 * it. What stands behind `--` belongs to another program. */
static Str find_option(const Json *argv, const char *name)
{
    for (const Json *item = json_first(argv); item; item = json_next(item)) {
        Str word = json_text(item);
        size_t len = strlen(name);
        if (str_equal_c(word, "--")) break;
        if (!is_option(word, name)) continue;
        if (word.len > len) return str_slice(word, word.data[len] == '=' ? len + 1 : len, word.len);
        return takes_value(word) && json_next(item) ? json_text(json_next(item)) : STR("");
    }
    return (Str){NULL, 0};
}

/* The n-th word that is no option, the program being the 0-th; empty: there is none. */
static Str plain_word(const Json *argv, int n)
{
    for (const Json *item = json_first(argv); item; item = json_next(item)) {
        Str word = json_text(item);
        if (str_equal_c(word, "--")) break;
        if (word.len && word.data[0] == '-') {
            if (takes_value(word) && json_next(item)) item = json_next(item);
        } else if (n-- == 0) {
            return word;
        }
    }
    return STR("");
}

static bool verb_is(const Json *argv, const char *const *verbs, size_t count)
{
    Buffer two = {0};
    Str verb = plain_word(argv, 1);
    bool found = false;
    buffer_printf(&two, "%.*s %.*s", STR_ARG(verb), STR_ARG(plain_word(argv, 2)));
    for (size_t i = 0; i < count && !found; i++)
        found = str_equal_c(verb, verbs[i]) || str_equal_c(buffer_str(&two), verbs[i]);
    buffer_free(&two);
    return found;
}

#define VERB_IS(argv, verbs) verb_is(argv, verbs, sizeof verbs / sizeof *verbs)

bool kubectl_can_be_dry(const Json *argv)
{
    static const char *const verbs[] = {"annotate", "apply",    "autoscale",     "cordon", "create",
                                        "delete",   "drain",    "expose",        "label",  "patch",
                                        "replace",  "run",      "rollout undo",  "scale",  "set",
                                        "taint",    "uncordon", "auth reconcile"};
    return VERB_IS(argv, verbs);
}

/* These watch, stream or hold a connection for as long as they work: a limit for one request would end them
 * early. */
static bool has_long_requests(const Json *argv)
{
    static const char *const verbs[] = {"exec",  "attach", "cp",  "port-forward", "proxy",          "wait",
                                        "drain", "debug",  "run", "events",       "rollout status", "config"};
    return VERB_IS(argv, verbs) || find_option(argv, "-f").data || find_option(argv, "--follow").data ||
           find_option(argv, "-w").data || find_option(argv, "--watch").data;
}

Str kubectl_namespace(const Json *argv)
{
    if (find_option(argv, "-A").data || find_option(argv, "--all-namespaces").data) return STR("*");
    Str long_name = find_option(argv, "--namespace"), name = find_option(argv, "-n");
    return long_name.data ? long_name : name.data ? name : STR("");
}

Str kubectl_context(const Json *argv)
{
    Str name = find_option(argv, "--context");
    return name.data ? name : STR("");
}

static void add(Words *words, Arena *arena, size_t at, Str word)
{
    vec_push(words, NULL);
    memmove(words->items + at + 1, words->items + at, (words->count - 1 - at) * sizeof *words->items);
    words->items[at] = arena_copy_c(arena, word);
}

void kubectl_complete(Words *words, const Json *argv, const KubectlDefaults *defaults, Arena *arena)
{
    size_t last = 1;
    while (last < words->count && strcmp(words->items[last], "--") != 0)
        last++;
    if (defaults->dry && !find_option(argv, "--dry-run").data)
        add(words, arena, last, STR("--dry-run=server"));
    if (defaults->timeout && !has_long_requests(argv) && !find_option(argv, "--request-timeout").data)
        /* A part of the effect's time, so that it is kubectl who says what it waited for. */
        add(words, arena, 1,
            arena_printf(arena, "--request-timeout=%lldms", (long long)(defaults->timeout * 4 / 5)));
    if (defaults->namespace && !kubectl_namespace(argv).len)
        add(words, arena, 1, arena_printf(arena, "--namespace=%s", defaults->namespace));
    if (defaults->context && !kubectl_context(argv).len)
        add(words, arena, 1, arena_printf(arena, "--context=%s", defaults->context));
}

void kubectl_write(Buffer *out, const Json *argv)
{
    Buffer before = {0};
    bool verb_came = false;
    for (const Json *item = json_first(argv); item; item = json_next(item)) {
        Str word = json_text(item);
        bool early = !verb_came && item != json_first(argv) && word.len && word.data[0] == '-';
        if (item != json_first(argv) && !early) verb_came = true;
        Buffer *to = early ? &before : out;
        if (to->len || early) buffer_add_char(to, ' ');
        buffer_add_str(to, word);
        if (early && takes_value(word) && json_next(item)) {
            item = json_next(item);
            buffer_printf(to, " %.*s", STR_ARG(json_text(item)));
        }
    }
    buffer_add_str(out, buffer_str(&before));
    buffer_free(&before);
}

/* ---- messages ---- */

typedef struct Message {
    const char *text, *means;
    bool sent;
} Message;

/* The first that stands in the output holds. Those without an answer come first: they are about the
 * connection. */
static const Message messages[] = {
    {"connection refused", "refused", false},
    {"did you specify the right host or port", "refused", false},
    {"no such host", "unreachable", false},
    {"no route to host", "unreachable", false},
    {"network is unreachable", "unreachable", false},
    {"TLS handshake timeout", "timed out", false},
    {"x509: ", "unreachable", false},
    {"Error from server (Timeout)", "timed out", true},
    {"Error from server (ServerTimeout)", "timed out", true},
    {"Error from server (GatewayTimeout)", "timed out", true},
    {"context deadline exceeded", "timed out", true},
    {"Client.Timeout", "timed out", true},
    {"i/o timeout", "timed out", true},
    {"request canceled", "timed out", true},
    {"timed out waiting for the condition", "timed out", false},
    {"unexpected EOF", "unreachable", true},
    {": EOF", "unreachable", true},
    {"connection reset by peer", "unreachable", true},
    {"http2: client connection lost", "unreachable", true},
    {"broken pipe", "unreachable", true},
    {"(NotFound)", "not found", false},
    {"not found", "not found", false},
    {"the server doesn't have a resource type", "not found", false},
    {"(Forbidden)", "forbidden", false},
    {" is forbidden", "forbidden", false},
    {"(Unauthorized)", "unauthorized", false},
    {"You must be logged in to the server", "unauthorized", false},
    {"(Conflict)", "conflict", false},
    {"the object has been modified", "conflict", false},
    {"Expected replicas to be", "conflict", false},
    {"(AlreadyExists)", "exists", false},
    {"already exists", "exists", false},
    {"(Invalid)", "invalid", false},
    {"is invalid", "invalid", false},
    {"(BadRequest)", "invalid", false},
    {"(TooManyRequests)", "refused", false},
    {"(ServiceUnavailable)", "refused", false},
};

const char *kubectl_failure(Str err, bool *sent)
{
    *sent = false;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        if (str_find(err, str_from_c(messages[i].text)) < 0) continue;
        /* A dial that timed out never sent anything. */
        *sent = messages[i].sent && str_find(err, STR("dial tcp")) < 0;
        return messages[i].means;
    }
    return NULL;
}
