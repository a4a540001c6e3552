/* The operation `http`: one request's arguments in, its result out (docs/effects.md). Begun by live.c.
 * Secrets are put into URL, headers and body here, just before they leave, and taken out of the answer before
 * anybody else sees it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vm/live/http.h"
#include "vm/live/state.h"

typedef struct HttpWork {
    LiveEffect *effect;
    HttpCall *call;
    Arena arena;
} HttpWork;

typedef VEC(char *) HeaderLines;

static char *filled(HttpWork *work, Str text, SecretForm form, Error *error)
{
    Buffer value = {0};
    char *copy = NULL;
    if (secrets_fill(work->effect->live->secrets, &value, text, form, error))
        copy = arena_copy_c(&work->arena, buffer_str(&value));
    if (value.data) explicit_bzero(value.data, value.cap);
    buffer_free(&value);
    return copy;
}

static bool add_header(HttpWork *work, HeaderLines *lines, const char *name, Str value, Error *error)
{
    /* An empty value would take the header away; curl wants that said with a semicolon. */
    Str line = value.len ? arena_printf(&work->arena, "%s: %.*s", name, STR_ARG(value))
                         : arena_printf(&work->arena, "%s;", name);
    char *text = filled(work, line, SECRET_PLAIN, error);
    if (!text) return false;
    if (strpbrk(text, "\r\n")) return error_set(error, "the header %s holds a line break", name);
    vec_push(lines, text);
    return true;
}

static bool make_headers(HttpWork *work, HttpRequest *request, bool *json_body, bool *secret, Error *error)
{
    const Json *headers = json_get(work->effect->args, "headers");
    HeaderLines lines = {0};
    bool fine = true, typed = false, keyed = false;
    for (const Json *item = json_first(headers); item && fine; item = json_next(item)) {
        const char *name = json_key(item);
        Str value = json_text(item);
        typed = typed || strcasecmp(name, "Content-Type") == 0;
        keyed = keyed || strcasecmp(name, "Idempotency-Key") == 0;
        if (strcasecmp(name, "Content-Type") == 0) *json_body = str_find(value, STR("json")) >= 0;
        *secret = *secret || secrets_are_in(value);
        fine = add_header(work, &lines, name, value, error);
    }
    /* curl's own guess, a form, would be wrong for a text. */
    if (fine && !typed && request->body.len)
        fine = add_header(work, &lines, "Content-Type", STR("text/plain; charset=utf-8"), error);
    if (fine && request->change && !keyed && work->effect->key[0])
        fine = add_header(work, &lines, "Idempotency-Key", str_from_c(work->effect->key), error);
    request->headers = arena_array(&work->arena, char *, lines.count + 1);
    if (lines.count) memcpy(request->headers, lines.items, lines.count * sizeof *lines.items);
    vec_free(&lines);
    return fine;
}

static bool make_request(HttpWork *work, HttpRequest *request, Error *error)
{
    const Json *args = work->effect->args;
    Str url = json_string(args, "url", ""), body = json_string(args, "body", "");
    bool json_body = false, secret = secrets_are_in(url);
    *request = (HttpRequest){.method = json_string(args, "method", "GET").data,
                             .body = body,
                             .timeout = json_int(args, "timeout", 0),
                             .change = work->effect->effect_class != EFFECT_LOOK};
    if (!make_headers(work, request, &json_body, &secret, error)) return false;
    /* A secret is meant for the server that it was given to, not for one that the server names. */
    request->follow = !request->change && !secret;
    request->url = filled(work, url, SECRET_PLAIN, error);
    if (!request->url) return false;
    if (strncasecmp(request->url, "http://", 7) != 0 && strncasecmp(request->url, "https://", 8) != 0)
        return error_set(error, "a URL begins with http:// or https://, unlike %.*s", STR_ARG(url));
    if (body.len) {
        char *text = filled(work, body, json_body ? SECRET_IN_JSON : SECRET_PLAIN, error);
        if (!text) return false;
        request->body = str_from_c(text);
    }
    return true;
}

static void add_headers(const LiveEffect *effect, Buffer *json, const HttpEnd *end)
{
    buffer_add_c(json, ",\"headers\":{");
    for (size_t i = 0; i < end->header_count; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = strcmp(end->headers[k].name, end->headers[i].name) == 0;
        if (seen) continue;
        Buffer value = {0}, clean = {0};
        /* One of several of the same name is a list, as RFC 9110 has it. */
        for (size_t k = i; k < end->header_count; k++) {
            if (strcmp(end->headers[k].name, end->headers[i].name) != 0) continue;
            buffer_printf(&value, "%s%s", value.len || k > i ? ", " : "", end->headers[k].value);
        }
        if (i) buffer_add_char(json, ',');
        text_clean(effect->live->secrets, &clean, str_from_c(end->headers[i].name));
        json_write_string(json, buffer_str(&clean));
        buffer_add_char(json, ':');
        buffer_clear(&clean);
        text_clean(effect->live->secrets, &clean, buffer_str(&value));
        json_write_string(json, buffer_str(&clean));
        buffer_free(&value);
        buffer_free(&clean);
    }
    buffer_add_char(json, '}');
}

static void ended(void *ctx, const HttpEnd *end)
{
    HttpWork *work = ctx;
    LiveEffect *effect = work->effect;
    Buffer json = {0};
    bool ok = !end->error && end->status >= 200 && end->status < 300;
    bool unknown = end->error && end->sent && effect->effect_class != EFFECT_LOOK;
    buffer_printf(&json, "{\"ok\":%s,\"status\":%d", ok ? "true" : "false", end->status);
    add_headers(effect, &json, end);
    size_t len = end->body.len, longest = secrets_longest(effect->live->secrets);
    if (end->cut) len -= longest < len ? longest : len;
    effect_add_text(effect, &json, "body", str_slice(end->body, 0, len));
    if (end->cut) buffer_add_c(&json, ",\"body_cut\":true");
    if (end->error) effect_add_text(effect, &json, "error", str_from_c(end->error));
    if (end->timed_out) buffer_add_c(&json, ",\"timed_out\":true");
    buffer_printf(&json, ",\"elapsed\":%" PRId64 "%s}", end->elapsed, unknown ? ",\"unknown\":true" : "");
    arena_free(&work->arena);
    free(work);
    effect_end(effect, &json);
}

static void cancel(LiveEffect *effect, bool end_it)
{
    HttpWork *work = effect->work;
    (void)end_it;
    http_cancel(work->call);
    arena_free(&work->arena);
    free(work);
}

void http_effect_start(LiveEffect *effect)
{
    LiveWorld *live = effect->live;
    Error error = {0};
    HttpRequest request;
    HttpWork *work = memory_alloc(sizeof *work);
    work->effect = effect;
    if (!live->http) live->http = http_open(live->loop, &error);
    if (live->http && make_request(work, &request, &error))
        work->call = http_start(live->http, &request, ended, work, &error);
    if (!work->call) {
        arena_free(&work->arena);
        free(work);
        effect_fail(effect, error.text, false);
        return;
    }
    effect->work = work;
    effect->cancel = cancel;
}
