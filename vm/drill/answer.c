/* Effects in a drill: the first line whose pattern matches and whose condition holds now says what comes of
 * one.
 *
 * In: an effect request. Out: its result, in the shape that the live world would give, at the time at which
 * it comes. Deliveries and effect fns succeed unless a line says otherwise; any other effect needs a line. */
#include "vm/drill/matching.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LOOK_TIMEOUT = 30 * 1000,
    CHANGE_TIMEOUT = 300 * 1000,
    FILE_LIMIT = 8 * 1024 * 1024,
};

/* ---- what it says ---- */

/* What an answer comes to, whatever the operation. */
typedef struct Outcome {
    bool ok, timed_out, unknown;
    int64_t status, exit;
    Buffer out, err;
    const char *content_type;
    Str error; /* empty: none */
    int64_t elapsed;
} Outcome;

static bool read_whole(FILE *file, Buffer *out)
{
    char chunk[16384];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0 && out->len <= FILE_LIMIT)
        buffer_add(out, chunk, got);
    return !ferror(file) && out->len <= FILE_LIMIT;
}

/* The file's path is relative to the plan that names it. */
static void read_file(const Asked *asked, const ScriptLine *line, Str name, Buffer *out)
{
    Buffer path = {0};
    ptrdiff_t slash = (ptrdiff_t)line->file.len;
    while (slash > 0 && line->file.data[slash - 1] != '/')
        slash--;
    if (name.len && name.data[0] != '/') buffer_add_str(&path, str_slice(line->file, 0, (size_t)slash));
    buffer_add_str(&path, name);
    FILE *file = fopen(path.data, "rb");
    if (!file || !read_whole(file, out)) {
        world_stop(asked->world, "%.*s:%" PRId64 ": the file %s cannot be read", STR_ARG(line->file),
                   line->line, path.data);
    }
    if (file) fclose(file);
    buffer_free(&path);
}

static void take_given(const Asked *asked, const ScriptLine *line, const Json *gives, Outcome *outcome)
{
    Buffer file_name = {0};
    matching_fill(asked, line, json_string(gives, "file", ""), &file_name);
    Str file = buffer_str(&file_name);
    matching_fill(asked, line, json_string(gives, "text", ""), &outcome->out);
    if (json_get(gives, "json")) {
        Buffer json = {0};
        outcome->content_type = "application/json";
        json_write(&json, json_get(gives, "json"));
        matching_fill(asked, line, buffer_str(&json), &outcome->out);
        buffer_free(&json);
    }
    if (file.len) {
        if (str_ends_with(file, STR(".json"))) outcome->content_type = "application/json";
        read_file(asked, line, file, &outcome->out);
    }
    buffer_free(&file_name);
    matching_fill(asked, line, json_string(gives, "err", ""), &outcome->err);
    outcome->status = json_int(gives, "status", 200);
    outcome->exit = json_int(gives, "exit", 0);
    bool is_http = str_equal_c(asked->request->op, "http");
    outcome->ok =
        is_http ? outcome->status >= 200 && outcome->status < 300 && !outcome->exit : !outcome->exit;
    if (!is_http && json_get(gives, "status")) buffer_printf(&outcome->out, "%" PRId64, outcome->status);
}

static void take_failure(const Asked *asked, const Json *gives, Outcome *outcome)
{
    Str error = json_string(gives, "error", "");
    if (str_equal_c(asked->request->op, "command")) {
        outcome->exit = 1;
        buffer_add_str(&outcome->err, error.len ? error : STR("it fails, as the drill says"));
    } else {
        outcome->error = error.len ? error : STR("it fails, as the drill says");
    }
}

static Outcome outcome_of(const Asked *asked, const ScriptLine *line, const ScriptAnswer *answer)
{
    const Json *gives = answer->gives;
    Outcome outcome = {.content_type = "text/plain", .elapsed = answer->delay};
    int64_t usual = asked->request->effect_class == EFFECT_LOOK ? LOOK_TIMEOUT : CHANGE_TIMEOUT;
    int64_t timeout = json_int(asked->args, "timeout", usual);
    if (timeout <= 0) timeout = usual;
    if (json_get(gives, "result") || json_bool(gives, "runs", false)) {
        outcome.ok = true; /* it says itself what comes of it */
    } else if (json_bool(gives, "hangs", false) || answer->delay > timeout) {
        outcome.timed_out = true;
        outcome.elapsed = timeout;
        /* A request that was sent may have been carried out; a command was ended by us. */
        outcome.unknown =
            asked->request->effect_class != EFFECT_LOOK && !str_equal_c(asked->request->op, "command");
        outcome.error = STR("no answer came in time");
    } else if (json_bool(gives, "unknown", false)) {
        outcome.unknown = asked->request->effect_class != EFFECT_LOOK;
        outcome.error = STR("the connection broke while it was under way");
    } else if (json_bool(gives, "fails", false)) {
        take_failure(asked, gives, &outcome);
    } else {
        take_given(asked, line, gives, &outcome);
    }
    return outcome;
}

/* ---- results in the shape of the live world's ---- */

/* A comma, unless the member is the first. */
static void write_key(Buffer *out, const char *key)
{
    if (out->data[out->len - 1] != '{') buffer_add_char(out, ',');
    buffer_add_char(out, '"');
    buffer_add_c(out, key);
    buffer_add_c(out, "\":");
}

static void write_bool(Buffer *out, const char *key, bool value)
{
    write_key(out, key);
    buffer_add_c(out, value ? "true" : "false");
}

static void write_int(Buffer *out, const char *key, int64_t value)
{
    write_key(out, key);
    buffer_add_int(out, value);
}

static void write_text(Buffer *out, const char *key, Str text)
{
    write_key(out, key);
    json_write_string(out, text);
}

/* Empty: none. */
static void write_error(Buffer *out, Str error)
{
    write_key(out, "error");
    if (error.len)
        json_write_string(out, error);
    else
        buffer_add_c(out, "null");
}

/* The headers that the line names, and the content type that goes with its body. Names are in lower case, as
 * the live world's are, however the line writes them. */
static void write_headers(const Outcome *outcome, const Json *said, Buffer *out)
{
    buffer_add_char(out, '{');
    if (!matching_header(said, "content-type"))
        write_text(out, "content-type", str_from_c(outcome->content_type));
    for (const Json *one = json_first(said); one; one = json_next(one)) {
        Buffer name = {0};
        for (const char *key = json_key(one); *key; key++)
            buffer_add_char(&name, (char)tolower((unsigned char)*key));
        if (out->data[out->len - 1] != '{') buffer_add_char(out, ',');
        json_write_string(out, buffer_str(&name));
        buffer_add_char(out, ':');
        json_write(out, one);
        buffer_free(&name);
    }
    buffer_add_char(out, '}');
}

static void write_http(const Outcome *outcome, const Json *gives, Buffer *out)
{
    bool answered = !outcome->error.len;
    write_bool(out, "ok", outcome->ok);
    write_int(out, "status", answered ? outcome->status : 0);
    write_key(out, "headers");
    if (answered)
        write_headers(outcome, json_get(gives, "headers"), out);
    else
        buffer_add_c(out, "{}");
    write_text(out, "body", buffer_str(&outcome->out));
    write_error(out, outcome->error);
    write_bool(out, "timed_out", outcome->timed_out);
    write_int(out, "elapsed", outcome->elapsed);
    write_bool(out, "unknown", outcome->unknown);
}

static void write_command(const Outcome *outcome, Buffer *out)
{
    write_bool(out, "ok", outcome->ok);
    write_int(out, "exit", outcome->exit);
    write_key(out, "signal");
    buffer_add_c(out, outcome->timed_out ? "\"TERM\"" : "null");
    write_text(out, "out", buffer_str(&outcome->out));
    write_text(out, "err", buffer_str(&outcome->err));
    write_key(out, "exits");
    buffer_add_char(out, '[');
    buffer_add_int(out, outcome->exit);
    buffer_add_char(out, ']');
    write_bool(out, "timed_out", outcome->timed_out);
    write_bool(out, "unknown", outcome->unknown);
    write_error(out, outcome->timed_out ? (Str){0} : outcome->error);
    const char *failure = outcome->timed_out ? "timed out" : outcome->unknown ? "unknown" : outcome->exit ? "exit" : NULL;
    if (failure) write_text(out, "failure", str_from_c(failure));
    write_int(out, "elapsed", outcome->elapsed);
}

static void write_delivery(const Outcome *outcome, const Json *gives, Buffer *out)
{
    write_bool(out, "body", false);
    write_bool(out, "ok", outcome->ok);
    write_error(out, outcome->error);
    write_bool(out, "unknown", outcome->unknown);
    write_key(out, "value");
    const Json *json = json_get(gives, "json");
    const Json *text = json_get(gives, "text");
    json_write(out, json ? json : text);
}

/* As a policy that wants an approval (vm/live/policy_gate.c): the machine asks, and begins the effect again. */
static void write_held(const Asked *asked, const Json *gives, Buffer *out)
{
    Buffer what = {0};
    Str error = json_string(gives, "error", "");
    buffer_printf(&what, "policy: %.*s", STR_ARG(asked->request->args));
    write_bool(out, "ok", false);
    write_int(out, "exit", 126);
    buffer_add_c(out, ",\"exits\":[126]");
    write_text(out, "held", buffer_str(&what));
    write_key(out, "held_by");
    json_write(out, json_get(gives, "from"));
    write_text(out, "error", error.len ? error : STR("a policy wants an approval for it, as the drill says"));
    buffer_free(&what);
}

/* The result as the line says it, whole; how long it took the drill knows. */
static void write_said(const Outcome *outcome, const Json *result, Buffer *out)
{
    Json *whole = json_copy(result);
    if (!json_get(whole, "elapsed")) json_set_int(whole, "elapsed", outcome->elapsed);
    json_write(out, whole);
    json_free(whole);
}

static void write_result(const Asked *asked, const Outcome *outcome, const Json *gives, Buffer *out)
{
    if (json_get(gives, "result")) {
        write_said(outcome, json_get(gives, "result"), out);
        return;
    }
    if (json_bool(gives, "runs", false)) {
        buffer_add_c(out, "{\"body\":true}");
        return;
    }
    buffer_add_char(out, '{');
    if (json_get(gives, "approval"))
        write_held(asked, gives, out);
    else if (str_equal_c(asked->request->op, "http"))
        write_http(outcome, gives, out);
    else if (str_equal_c(asked->request->op, "command"))
        write_command(outcome, out);
    else
        write_delivery(outcome, gives, out);
    buffer_add_char(out, '}');
}

/* ---- what no line answers ---- */

void line_text(Buffer *out, Str text)
{
    static const char secret_start[] = "\xEF\xB7\x90", in_url[] = "\xEF\xB7\x94", secret_end[] = "\xEF\xB7\x91";
    for (size_t i = 0; i < text.len; i++) {
        Str rest = str_slice(text, i, text.len);
        bool secret = str_starts_with(rest, str_from_c(secret_start)) || str_starts_with(rest, str_from_c(in_url));
        ptrdiff_t end = secret ? str_find(rest, str_from_c(secret_end)) : -1;
        bool plain = (unsigned char)text.data[i] >= ' ' && !strchr("\"'`\\$", text.data[i]);
        if (end >= 0) i += (size_t)end + 2;
        if (!secret && plain)
            buffer_add_char(out, text.data[i]);
        else if (!out->len || out->data[out->len - 1] != '*')
            buffer_add_char(out, '*');
    }
}

/* What an answer of a native function looks like. */
static const char *native_example(const Json *args)
{
    for (const Json *param = json_first(json_get(args, "params")); param; param = json_next(param)) {
        if (json_bool(param, "out", false)) return "{value: 0}";
    }
    return "0";
}

static void stop_unanswered(const Asked *asked)
{
    Buffer line = {0}, text = {0}, near = {0};
    Str op = asked->request->op;
    line_text(&text, asked->subject);
    if (str_equal_c(op, "http")) {
        Str method = json_string(asked->args, "method", "GET");
        buffer_printf(&line, "http %.*s \"%s\" gives 200", STR_ARG(method), text.data);
    } else if (str_equal_c(op, "native")) {
        buffer_printf(&line, "%.*s(*) gives json %s", STR_ARG(json_string(asked->args, "fn", "")), native_example(asked->args));
    } else {
        Str host = json_string(json_get(asked->args, "host"), "name", "");
        if (host.len) buffer_printf(&line, "on %.*s ", STR_ARG(host));
        /* A last word that is empty is a blank at the end, which a line does not keep. */
        bool blank = text.len && text.data[text.len - 1] == ' ';
        buffer_printf(&line, "command `%s%s` gives \"ok\"", text.data ? text.data : "", blank ? "*" : "");
    }
    Str step = asked->request->step;
    near_effect(asked, &near);
    world_stop(asked->world,
               "%.*s: no line of the drill answers this effect%s%.*s%s.%s%s Add to the drill:\n  %s",
               STR_ARG(asked->request->at), step.len ? " of \"" : "", STR_ARG(step), step.len ? "\"" : "",
               near.len ? near.data : "", near.len ? "\n " : "", line.data);
    buffer_free(&near);
    buffer_free(&line);
    buffer_free(&text);
}

/* What comes of an effect that no line speaks of. */
static void answer_unmentioned(const Asked *asked)
{
    Str op = asked->request->op;
    uint64_t id = asked->request->id;
    if (str_equal_c(op, "http") || str_equal_c(op, "command") || str_equal_c(op, "native")) {
        stop_unanswered(asked);
    } else if (str_equal_c(op, "call")) {
        world_expect_result(asked->world, 0, id, false, STR("{\"body\":true}"));
    } else if (str_equal_c(op, "deliver")) {
        Str sent = STR("{\"body\":false,\"ok\":true,\"error\":null,\"unknown\":false,\"value\":null}");
        world_expect_result(asked->world, 0, id, false, sent);
    } else if (str_equal_c(op, "terminal") || str_equal_c(op, "mail")) {
        world_expect_result(asked->world, 0, id, false, STR("{\"ok\":true,\"error\":null}"));
    } else {
        world_stop(asked->world, "%.*s: a drill cannot answer the operation `%.*s` yet",
                   STR_ARG(asked->request->at), STR_ARG(op));
    }
}

void answer_effect(DrillWorld *world, const EffectRequest *request)
{
    Json *args = json_parse(request->args, NULL);
    Buffer subject = {0};
    effect_subject(request->op, args, &subject);
    Asked asked = {.world = world, .request = request, .args = args, .subject = buffer_str(&subject)};
    ScriptLine *line = NULL;
    const ScriptAnswer *answer = matching_find(&asked, &line);
    bool holds = answer && json_get(answer->gives, "approval");
    bool can_be_held = request->effect_class == EFFECT_CHANGE && (str_equal_c(request->op, "http") || str_equal_c(request->op, "command"));
    if (holds && !can_be_held) {
        world_stop(world, "%.*s:%" PRId64 ": only a command or request that changes something needs an approval; this is %s",
                   STR_ARG(line->file), line->line, request->effect_class == EFFECT_LOOK ? "a look" : "none");
    } else if (answer) {
        line->answered = true;
        Outcome outcome = outcome_of(&asked, line, answer);
        Buffer result = {0};
        write_result(&asked, &outcome, answer->gives, &result);
        bool survives = str_equal_c(request->op, "command") && request->effect_class == EFFECT_CHANGE;
        world_expect_result(world, outcome.elapsed, request->id, survives, buffer_str(&result));
        buffer_free(&result);
        buffer_free(&outcome.out);
        buffer_free(&outcome.err);
    } else {
        answer_unmentioned(&asked);
    }
    matching_note_ran(&asked);
    buffer_free(&subject);
    json_free(args);
}
