/* The operation `mail`: one e-mail's arguments in, whether the server took it out (docs/effects.md). Begun by
 * live.c. The password is put in here, just before it leaves; a password never goes over a connection that
 * others can read. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vm/base/time.h"
#include "vm/live/http.h"
#include "vm/live/mail_text.h"
#include "vm/live/state.h"

typedef struct MailWork {
    LiveEffect *effect;
    HttpCall *call;
    Arena arena;
    MailEnvelope envelope;
} MailWork;

static void work_free(MailWork *work)
{
    arena_wipe(&work->arena);
    free(work);
}

static bool make_envelope(MailWork *work, Error *error)
{
    const Json *args = work->effect->args, *to = json_get(args, "to");
    MailEnvelope *envelope = &work->envelope;
    Str from, user = json_string(args, "user", "");
    if (!mail_address(json_string(args, "from", ""), &from, error)) return false;
    envelope->from = arena_copy_c(&work->arena, from);
    envelope->to = arena_array(&work->arena, char *, json_count(to) + 1);
    size_t count = 0;
    for (const Json *item = json_first(to); item; item = json_next(item)) {
        Str address;
        if (!mail_address(json_text(item), &address, error)) return false;
        envelope->to[count++] = arena_copy_c(&work->arena, address);
    }
    if (!count) return error_set(error, "the mail is for nobody");
    envelope->plain = str_equal_c(json_string(args, "tls", "required"), "none");
    if (!user.len) return true;
    if (envelope->plain) return error_set(error, "a password is not sent without TLS");
    envelope->user = effect_fill(work->effect, &work->arena, user, SECRET_PLAIN, error);
    envelope->password =
        effect_fill(work->effect, &work->arena, json_string(args, "password", ""), SECRET_PLAIN, error);
    return envelope->user && envelope->password;
}

static bool write_recipients(const Json *to, Buffer *text, Error *error)
{
    VEC(Str) list = {0};
    for (const Json *item = json_first(to); item; item = json_next(item))
        vec_push(&list, json_text(item));
    bool fine = mail_write_addresses(text, STR("To"), list.items, list.count, error);
    vec_free(&list);
    return fine;
}

static bool make_text(MailWork *work, Str *body, Error *error)
{
    const Json *args = work->effect->args;
    Buffer text = {0};
    Str from = json_string(args, "from", "");
    bool fine = mail_write_addresses(&text, STR("From"), &from, 1, error) &&
                write_recipients(json_get(args, "to"), &text, error);
    for (const Json *item = json_first(json_get(args, "headers")); item && fine; item = json_next(item))
        if (!json_is_null(item))
            fine = mail_write_header(&text, str_from_c(json_key(item)), json_text(item), error);
    mail_write_date(&text, time_now());
    mail_write_body(&text, json_string(args, "body", ""));
    if (fine) *body = arena_copy(&work->arena, buffer_str(&text));
    buffer_free(&text);
    return fine;
}

static bool make_request(MailWork *work, HttpRequest *request, Error *error)
{
    const Json *args = work->effect->args;
    Str server = json_string(args, "server", ""), ca = json_string(args, "ca", "");
    *request = (HttpRequest){.method = "MAIL",
                             .url = arena_copy_c(&work->arena, server),
                             .mail = &work->envelope,
                             .ca = ca.len ? arena_copy_c(&work->arena, ca) : NULL,
                             .timeout = json_int(args, "timeout", 0),
                             .change = true};
    if (strncasecmp(request->url, "smtp://", 7) != 0 && strncasecmp(request->url, "smtps://", 8) != 0)
        return error_set(error, "a mail server begins with smtp:// or smtps://, unlike %.*s",
                         STR_ARG(server));
    return make_envelope(work, error) && make_text(work, &request->body, error);
}

static void ended(void *ctx, const HttpEnd *end)
{
    MailWork *work = ctx;
    LiveEffect *effect = work->effect;
    Buffer json = {0};
    buffer_printf(&json, "{\"ok\":%s,\"status\":%d", end->error ? "false" : "true", end->status);
    if (end->error && end->refusal.len) /* the server's own words say more than libcurl's */
        effect_add_text(effect, &json, "error", end->refusal);
    else if (end->error)
        effect_add_text(effect, &json, "error", str_from_c(end->error));
    if (end->timed_out) buffer_add_c(&json, ",\"timed_out\":true");
    if (end->error && end->sent) buffer_add_c(&json, ",\"unknown\":true");
    buffer_printf(&json, ",\"elapsed\":%" PRId64 "}", end->elapsed);
    work_free(work);
    effect_end(effect, &json);
}

static void cancel(LiveEffect *effect, bool end_it)
{
    MailWork *work = effect->work;
    (void)end_it;
    http_cancel(work->call);
    work_free(work);
}

void mail_start(LiveEffect *effect)
{
    LiveWorld *live = effect->live;
    Error error = {0};
    HttpRequest request;
    MailWork *work = memory_alloc(sizeof *work);
    const HttpEvents events = {.ctx = work, .end = ended};
    work->effect = effect;
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
