/* The operation `http`: one request's arguments in, its result out (docs/effects.md). Begun by live.c.
 * Secrets are put into URL, headers and body here, just before they leave, and taken out of the answer before
 * anybody else sees it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "vm/base/base64.h"
#include "vm/live/capture.h"
#include "vm/live/hmac.h"
#include "vm/live/http.h"
#include "vm/live/policy_gate.h"
#include "vm/live/state.h"

typedef struct HttpWork {
    LiveEffect *effect;
    HttpCall *call;
    Capture body;
    bool flooded;
    Arena arena;
} HttpWork;

typedef VEC(char *) HeaderLines;

static char *filled(HttpWork *work, Str text, SecretForm form, Error *error)
{
    return effect_fill(work->effect, &work->arena, text, form, error);
}

static bool add_header(HttpWork *work, HeaderLines *lines, const char *name, Str value, Error *error)
{
    /* An empty value, also one of blanks, would take the header away; curl wants that said with a semicolon.
     */
    Str line = str_trim(value).len ? arena_printf(&work->arena, "%s: %.*s", name, STR_ARG(value))
                                   : arena_printf(&work->arena, "%s;", name);
    char *text = filled(work, line, SECRET_PLAIN, error);
    if (!text) return false;
    if (strpbrk(text, "\r\n")) return error_set(error, "the header %s holds a line break", name);
    vec_push(lines, text);
    return true;
}

typedef struct HeaderFacts {
    bool json_body, secret;
} HeaderFacts;

static bool make_headers(HttpWork *work, const HttpRequest *request, HeaderLines *lines, HeaderFacts *facts,
                         Error *error)
{
    const Json *headers = json_get(work->effect->args, "headers");
    bool fine = true, typed = false, keyed = false;
    for (const Json *item = json_first(headers); item && fine; item = json_next(item)) {
        const char *name = json_key(item);
        Str value = json_text(item);
        typed = typed || strcasecmp(name, "Content-Type") == 0;
        keyed = keyed || strcasecmp(name, "Idempotency-Key") == 0;
        if (strcasecmp(name, "Content-Type") == 0) facts->json_body = str_find(value, STR("json")) >= 0;
        facts->secret = facts->secret || secrets_are_in(value);
        fine = add_header(work, lines, name, value, error);
    }
    /* curl's own guess, a form, would be wrong for a text. */
    if (fine && !typed && request->body.len)
        fine = add_header(work, lines, "Content-Type", STR("text/plain; charset=utf-8"), error);
    if (fine && request->change && !keyed && work->effect->key[0])
        fine = add_header(work, lines, "Idempotency-Key", str_from_c(work->effect->key), error);
    return fine;
}

/* `hmac: {header: …, key: …, before: …, prefix: …, encoding: "hex"}`: the header says the signature of what
 * stands before the body and of the body, as they leave. */
static bool sign(HttpWork *work, const HttpRequest *request, HeaderLines *lines, Error *error)
{
    const Json *how = json_get(work->effect->args, "hmac");
    if (json_is_null(how)) return true;
    unsigned char mac[HMAC_SIZE];
    char *key = filled(work, json_string(how, "key", ""), SECRET_PLAIN, error);
    char *before = key ? filled(work, json_string(how, "before", ""), SECRET_PLAIN, error) : NULL;
    if (!before) return false;
    size_t head = strlen(before);
    char *text = arena_alloc(&work->arena, head + request->body.len + 1);
    memcpy(text, before, head);
    if (request->body.len) memcpy(text + head, request->body.data, request->body.len);
    if (!hmac_sha256(str_from_c(key), (Str){text, head + request->body.len}, mac, error)) return false;
    Buffer value = {0};
    buffer_add_str(&value, json_string(how, "prefix", ""));
    if (str_equal_c(json_string(how, "encoding", "hex"), "base64"))
        base64_write(&value, (Str){(const char *)mac, sizeof mac});
    else
        for (size_t i = 0; i < sizeof mac; i++)
            buffer_printf(&value, "%02x", mac[i]);
    bool fine =
        add_header(work, lines, json_string(how, "header", "X-Signature").data, buffer_str(&value), error);
    buffer_free(&value);
    return fine;
}

static bool fill_body(HttpWork *work, HttpRequest *request, SecretForm form, Error *error)
{
    if (!request->body.len) return true;
    char *text = filled(work, request->body, form, error);
    if (text) request->body = str_from_c(text);
    return text != NULL;
}

static bool fill_url(HttpWork *work, HttpRequest *request, Str url, Error *error)
{
    request->url = filled(work, url, SECRET_PLAIN, error);
    if (!request->url) return false;
    return strncasecmp(request->url, "http://", 7) == 0 || strncasecmp(request->url, "https://", 8) == 0 ||
           error_set(error, "a URL begins with http:// or https://, unlike %.*s", STR_ARG(url));
}

/* Certificates are files; a proxy may hold a password. */
static bool make_tls(HttpWork *work, HttpRequest *request, Error *error)
{
    const Json *args = work->effect->args;
    const char *const names[] = {"ca", "cert", "key"};
    const char **const places[] = {&request->ca, &request->cert, &request->key};
    for (size_t i = 0; i < 3; i++) {
        Str path = json_string(args, names[i], "");
        if (!path.len) continue;
        *places[i] = arena_copy_c(&work->arena, path);
        if (access(*places[i], R_OK) != 0)
            return error_set(error, "`%s` cannot be read: %s: %s", names[i], *places[i], strerror(errno));
    }
    Str proxy = json_string(args, "proxy", "");
    if (proxy.len) request->proxy = filled(work, proxy, SECRET_PLAIN, error);
    return !proxy.len || request->proxy;
}

static bool make_request(HttpWork *work, HttpRequest *request, Error *error)
{
    const Json *args = work->effect->args;
    Str url = json_string(args, "url", ""), basic = json_string(args, "basic", "");
    HeaderLines lines = {0};
    HeaderFacts facts = {.secret = secrets_are_in(url) || secrets_are_in(basic)};
    *request = (HttpRequest){.method = json_string(args, "method", "GET").data,
                             .body = json_string(args, "body", ""),
                             .timeout = json_int(args, "timeout", 0),
                             .connect_timeout = json_int(args, "connect_timeout", 0),
                             .change = work->effect->effect_class != EFFECT_LOOK};
    bool fine = make_headers(work, request, &lines, &facts, error) && fill_url(work, request, url, error) &&
                fill_body(work, request, facts.json_body ? SECRET_IN_JSON : SECRET_PLAIN, error) &&
                sign(work, request, &lines, error);
    fine = fine && make_tls(work, request, error);
    if (fine && basic.len) {
        request->basic = filled(work, basic, SECRET_PLAIN, error);
        fine = request->basic != NULL;
    }
    /* A secret is meant for the server that it was given to, not for one that the server names. */
    request->secret = facts.secret;
    request->follow = !request->change && !facts.secret && policy_gate_follows(work->effect->live->policy);
    request->headers = arena_array(&work->arena, char *, lines.count + 1);
    if (lines.count) memcpy(request->headers, lines.items, lines.count * sizeof *lines.items);
    vec_free(&lines);
    return fine;
}

static void add_headers(const LiveEffect *effect, Buffer *json, const HttpEnd *end)
{
    buffer_add_c(json, ",\"headers\":{");
    for (size_t i = 0; i < end->header_count; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = strcmp(end->headers[k].name, end->headers[i].name) == 0;
        if (seen) continue;
        Buffer value = {0};
        /* One of several of the same name is a list, as RFC 9110 has it. */
        for (size_t k = i; k < end->header_count; k++) {
            if (strcmp(end->headers[k].name, end->headers[i].name) != 0) continue;
            if (k > i) buffer_add_c(&value, ", ");
            buffer_add_c(&value, end->headers[k].value);
        }
        if (i) buffer_add_char(json, ',');
        text_write(effect->live->secrets, json, str_from_c(end->headers[i].name));
        buffer_add_char(json, ':');
        text_write(effect->live->secrets, json, buffer_str(&value));
        buffer_free(&value);
    }
    buffer_add_char(json, '}');
}

static void work_free(HttpWork *work)
{
    capture_free(&work->body);
    arena_wipe(&work->arena);
    free(work);
}

static bool body_came(void *ctx, Str bytes)
{
    HttpWork *work = ctx;
    capture_add(&work->body, bytes);
    work->flooded = work->body.size > CAPTURE_MOST;
    return !work->flooded;
}

static void ended(void *ctx, const HttpEnd *end)
{
    HttpWork *work = ctx;
    LiveEffect *effect = work->effect;
    Buffer json = {0}, clean = {0};
    const char *error = work->flooded ? "the answer is longer than a GiB" : end->error;
    bool ok = !error && end->status >= 200 && end->status < 300;
    bool unknown = end->error && !work->flooded && end->sent && effect->effect_class != EFFECT_LOOK;
    Error kept = {""};
    bool secret = effect_is_secret(effect);
    if (secret) ok = effect_keep_secret(effect, buffer_str(&work->body.head), &kept) && ok;
    buffer_printf(&json, "{\"ok\":%s,\"status\":%d", ok ? "true" : "false", end->status);
    if (ok) effect->code = end->status;
    add_headers(effect, &json, end);
    if (!secret) capture_write(&work->body, &json, &clean);
    if (error || kept.text[0]) effect_add_text(effect, &json, "error", str_from_c(error ? error : kept.text));
    if (end->timed_out) buffer_add_c(&json, ",\"timed_out\":true");
    buffer_printf(&json,
                  ",\"lookup\":%" PRId64 ",\"connected\":%" PRId64 ",\"secured\":%" PRId64
                  ",\"first_byte\":%" PRId64,
                  end->lookup, end->connected, end->secured, end->first_byte);
    buffer_printf(&json, ",\"elapsed\":%" PRId64 "%s}", end->elapsed, unknown ? ",\"unknown\":true" : "");
    buffer_free(&clean);
    work_free(work);
    effect_end(effect, &json);
}

static void cancel(LiveEffect *effect, bool end_it)
{
    HttpWork *work = effect->work;
    (void)end_it;
    http_cancel(work->call);
    work_free(work);
}

void http_effect_start(LiveEffect *effect)
{
    LiveWorld *live = effect->live;
    Error error = {0};
    HttpRequest request;
    HttpWork *work = memory_alloc(sizeof *work);
    const HttpEvents events = {work, body_came, ended};
    work->effect = effect;
    work->arena.chunk = EFFECT_CHUNK;
    capture_begin(&work->body, effect, "body");
    work->body.secret = effect_is_secret(effect);
    if (!live->http) live->http = http_open(live->loop, &error);
    if (live->http && make_request(work, &request, &error))
        work->call = http_start(live->http, &request, &events, &error);
    if (!work->call) {
        work_free(work);
        effect_fail(effect, error.text, false);
        return;
    }
    effect->work = work;
    effect->cancel = cancel;
}
