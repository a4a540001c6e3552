/* One result of a run's effect as an answer of a drill: in the usual words where these give the very same result, else whole,
 * as the log has it. See retell.h. */
#include "vm/drill/retell.h"

#include "vm/drill/world_parts.h"

#include <inttypes.h>
#include <string.h>

static void add_with(Buffer *out, Str text)
{
    if (!text.len) return;
    buffer_add_c(out, " with ");
    retell_string(out, text);
}

static bool is_set(const Json *result, const char *member)
{
    const Json *value = json_get(result, member);
    return json_as_bool(value) || json_text(value).len > 0;
}

/* Members that a drill reckons itself, and how long the parts of a request took, which no plan can read. */
static bool is_measured(const char *key)
{
    static const char *const measured[] = {"elapsed", "lookup", "connected", "secured", "first_byte"};
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        if (strcmp(key, measured[i]) == 0) return true;
    }
    return false;
}

/* What has no value says nothing. */
static bool is_empty(const Json *value)
{
    JsonKind kind = json_kind(value);
    return kind == JSON_NULL || (kind == JSON_BOOL && !json_as_bool(value)) || (kind == JSON_STRING && !json_text(value).len) ||
           (kind == JSON_NUMBER && json_as_number(value) == 0);
}

/* Has the result nothing to say besides these members? */
static bool has_only(const Json *result, const char *const *members, size_t count)
{
    for (const Json *one = json_first(result); one; one = json_next(one)) {
        bool known = is_measured(json_key(one)) || is_empty(one);
        for (size_t i = 0; i < count; i++)
            known = known || strcmp(json_key(one), members[i]) == 0;
        if (!known) return false;
    }
    return true;
}

static void whole_result(const Json *result, Buffer *out)
{
    const char *before = "";
    buffer_add_c(out, "gives result {");
    for (const Json *one = json_first(result); one; one = json_next(one)) {
        if (is_measured(json_key(one)) || is_empty(one)) continue;
        buffer_printf(out, "%s%s: ", before, json_key(one));
        retell_value(out, one);
        before = ", ";
    }
    buffer_add_char(out, '}');
}

/* ---- held back by a policy ---- */

static bool held_words(Retelling *telling, const Row *intent, const Json *result, Buffer *out)
{
    const char *before = " from ";
    Str held = json_string(result, "held", "");
    if (!str_starts_with(held, STR("policy: ")) || !str_equal(str_slice(held, 8, held.len), intent->log.json)) return false;
    buffer_add_c(out, "needs approval");
    for (const Json *one = json_first(json_get(result, "held_by")); one; one = json_next(one)) {
        buffer_add_c(out, before);
        if (!retell_person(telling, out, json_text(one))) return false;
        before = " or ";
    }
    add_with(out, json_string(result, "error", ""));
    return true;
}

/* ---- requests ---- */

/* Headers that every answer has, as the connection was and not as the service answered. */
static bool is_usual_header(const char *name)
{
    static const char *const usual[] = {"accept-ranges", "connection", "content-length", "content-type", "date", "etag",
                                        "keep-alive",    "last-modified", "server",      "transfer-encoding", "vary"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (strcmp(name, usual[i]) == 0) return true;
    }
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Does the program have the text among its constants? A word of a longer text counts: better one header too many. */
static bool program_names(const Retelling *telling, const char *name)
{
    Str rest = telling->program;
    size_t len = strlen(name);
    for (;;) {
        ptrdiff_t at = str_find(rest, str_from_c(name));
        if (at < 0) return false;
        size_t end = (size_t)at + len;
        bool begins = at == 0 || !is_letter(rest.data[at - 1]);
        if (begins && (end == rest.len || !is_letter(rest.data[end]))) return true;
        rest = str_slice(rest, end, rest.len);
    }
}

static void add_headers(const Retelling *telling, const Json *headers, Buffer *out)
{
    const char *before = " with headers {";
    for (const Json *one = json_first(headers); one; one = json_next(one)) {
        if (is_usual_header(json_key(one)) && !program_names(telling, json_key(one))) continue;
        buffer_add_c(out, before);
        retell_string(out, str_from_c(json_key(one)));
        buffer_add_c(out, ": ");
        retell_string(out, json_text(one));
        before = ", ";
    }
    if (*before == ',') buffer_add_char(out, '}');
}

static bool http_words(Retelling *telling, const Row *intent, const Json *result, Buffer *out)
{
    Str error = json_string(result, "error", "");
    int64_t status = json_int(result, "status", 0);
    static const char *const usual[] = {"ok", "status", "headers", "body", "error"};
    if (!has_only(result, usual, sizeof usual / sizeof *usual)) return false;
    if (!error.len) {
        if (status < 100 || status > 999 || is_set(result, "ok") != (status >= 200 && status < 300)) return false;
        if (!json_get(result, "body")) return false; /* a secret look has none */
        bool json = str_find(json_string(json_get(result, "headers"), "content-type", ""), STR("json")) >= 0;
        if (status != 200 || !retell_file(telling, intent, json_string(result, "body", ""), json ? ".json" : ".txt", out)) {
            buffer_printf(out, "gives %" PRId64, status);
            add_with(out, json_string(result, "body", ""));
        }
        add_headers(telling, json_get(result, "headers"), out);
        return true;
    }
    if (status || is_set(result, "body") || is_set(result, "ok") || json_count(json_get(result, "headers"))) return false;
    buffer_add_c(out, "fails");
    add_with(out, error);
    return true;
}

/* ---- commands ---- */

/* Did it end by itself, all of it with one status? */
static bool is_plain_end(const Json *result, int64_t exit)
{
    const Json *exits = json_get(result, "exits");
    static const char *const usual[] = {"ok", "exit", "exits", "out", "err", "failure"};
    if (!has_only(result, usual, sizeof usual / sizeof *usual)) return false;
    bool one_exit = json_is_null(exits) || (json_count(exits) == 1 && json_as_int(json_first(exits)) == exit);
    return one_exit && is_set(result, "ok") == (exit == 0) && json_get(result, "out") &&
           str_equal_c(json_string(result, "failure", ""), exit ? "exit" : "");
}

static bool command_words(Retelling *telling, const Row *intent, const Json *result, Buffer *out)
{
    int64_t exit = json_int(result, "exit", 0);
    Str said = json_string(result, "out", "");
    if (!is_plain_end(result, exit)) return false;
    if (!exit && !is_set(result, "err") && retell_file(telling, intent, said, ".txt", out)) return true;
    if (exit) buffer_printf(out, "exits %" PRId64, exit);
    if (!exit || said.len) {
        buffer_add_c(out, exit ? " gives " : "gives ");
        retell_string(out, said);
    }
    add_with(out, json_string(result, "err", ""));
    return true;
}

/* ---- native functions, and calls that somebody makes ---- */

/* What comes back, with what comes out beside it. */
static bool native_words(const Json *result, Buffer *out)
{
    const Json *outs = json_get(result, "out");
    if (is_set(result, "timed_out") || is_set(result, "unknown")) return false;
    if (!is_set(result, "ok")) {
        buffer_add_c(out, "fails");
        add_with(out, json_string(result, "error", ""));
        return json_string(result, "error", "").len > 0;
    }
    buffer_add_c(out, json_first(outs) ? "gives json {value: " : "gives json ");
    retell_value(out, json_get(result, "value"));
    for (const Json *one = json_first(outs); one; one = json_next(one)) {
        buffer_printf(out, ", %s: ", json_key(one));
        retell_value(out, one);
    }
    if (json_first(outs)) buffer_add_char(out, '}');
    return true;
}

static bool deliver_words(const Json *result, Buffer *out)
{
    static const char *const usual[] = {"ok", "body", "error"};
    if (!has_only(result, usual, sizeof usual / sizeof *usual)) return false;
    if (is_set(result, "body")) {
        buffer_add_c(out, "runs");
        return true;
    }
    buffer_add_c(out, is_set(result, "ok") ? "gives \"\"" : "fails");
    if (!is_set(result, "ok")) add_with(out, json_string(result, "error", ""));
    return is_set(result, "ok") || is_set(result, "error");
}

void retell_result(Retelling *telling, Row *intent, const Json *result, Buffer *out)
{
    size_t before = out->len;
    Str op = intent->log.name;
    bool fits;
    if (is_set(result, "held"))
        fits = held_words(telling, intent, result, out);
    else if (str_equal_c(op, "http"))
        fits = http_words(telling, intent, result, out);
    else if (str_equal_c(op, "command"))
        fits = command_words(telling, intent, result, out);
    else if (str_equal_c(op, "native"))
        fits = native_words(result, out);
    else
        fits = deliver_words(result, out);
    if (fits) return;
    out->len = before;
    whole_result(result, out);
}
