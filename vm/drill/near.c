/* Why no line of the drill answers: the lines that came near, and what in each of them does not fit.
 *
 * In: an effect or question that nothing answered. Out: text for the drill's message. All lines for the same command, request or
 * function are told; where there are none, the one whose pattern goes furthest along. Called by answer.c and people.c. It
 * decides nothing: matching.c has said already that no line answers. */
#include "vm/drill/matching.h"

#include "vm/code/stars.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum { VALUE_LIMIT = 160 };

static void add_value(Buffer *out, const Json *value)
{
    Buffer text = {0};
    json_write(&text, value);
    buffer_printf(out, "%.*s%s", (int)(text.len > VALUE_LIMIT ? VALUE_LIMIT : text.len), text.data,
                  text.len > VALUE_LIMIT ? "…" : "");
    buffer_free(&text);
}

/* ---- values ---- */

/* The first member in which `found` is not as wanted: "the body's status is "open", the line wants "done"". */
static void tell_json(Buffer *out, const char *what, const Json *found, const Json *wanted)
{
    Buffer path = {0};
    for (bool deeper = true; deeper;) {
        deeper = false;
        JsonKind kind = json_kind(wanted);
        if ((kind != JSON_OBJECT && kind != JSON_LIST) || json_kind(found) != kind) break;
        if (kind == JSON_LIST && json_count(found) != json_count(wanted)) break;
        size_t at = 0;
        for (const Json *child = json_first(wanted); child && !deeper; child = json_next(child), at++) {
            const Json *other = kind == JSON_LIST ? json_at(found, at) : json_get(found, json_key(child));
            if (other && matching_json(other, child)) continue;
            if (kind == JSON_LIST)
                buffer_printf(&path, "[%zu]", at);
            else
                buffer_printf(&path, "%s%s", path.len ? "." : "", json_key(child));
            found = other;
            wanted = child;
            deeper = true;
        }
    }
    buffer_add_c(out, what);
    if (path.len) buffer_printf(out, "%s%s", what[0] ? "'s " : "", path.data);
    if (found) {
        buffer_add_c(out, " is ");
        add_value(out, found);
    } else {
        buffer_add_c(out, " is not there");
    }
    buffer_add_c(out, ", the line wants ");
    add_value(out, wanted);
    buffer_free(&path);
}

static void tell_headers(const Asked *asked, const Json *wanted, Buffer *out)
{
    const Json *headers = json_get(asked->args, "headers");
    for (const Json *one = json_first(wanted); one; one = json_next(one)) {
        const Json *found = matching_header(headers, json_key(one));
        if (found && matching_json(found, one)) continue;
        buffer_printf(out, "the header %s", json_key(one));
        tell_json(out, "", found, one);
        return;
    }
}

static void tell_body(const Asked *asked, const Json *wanted, Buffer *out)
{
    Str text = json_string(asked->args, "body", "");
    Json *body = json_kind(wanted) == JSON_STRING ? NULL : json_parse(text, NULL);
    Json *whole = body ? body : json_new_string(text);
    tell_json(out, "the body", whole, wanted);
    json_free(whole);
}

/* ---- patterns ---- */

/* How many bytes of the pattern fit the beginning of the text, whole words only. Words end at `ends`. */
static size_t fitting(Str text, Str pattern, const char *ends)
{
    size_t fits = 0;
    Buffer start = {0};
    for (size_t at = 0; at <= pattern.len; at++) {
        if (at < pattern.len && !strchr(ends, pattern.data[at])) continue;
        buffer_clear(&start);
        buffer_add_str(&start, str_slice(pattern, 0, at));
        buffer_add_char(&start, '*');
        if (!stars_match(text, buffer_str(&start))) break;
        fits = at;
    }
    buffer_free(&start);
    return fits;
}

/* The word of the text that begins at or right behind the place. */
static Str word_at(Str text, size_t at, const char *ends)
{
    if (at && at < text.len && strchr(ends, text.data[at])) at++;
    size_t end = at;
    while (end < text.len && !strchr(ends, text.data[end]))
        end++;
    return str_slice(text, at, end > at ? end : text.len);
}

static void tell_pattern(Str text, Str pattern, const char *ends, const char *what, Buffer *out)
{
    size_t fits = fitting(text, pattern, ends);
    if (fits == pattern.len) {
        buffer_printf(out, "it ends too early for this %s; a `*` at its end takes the rest", what);
        return;
    }
    Str word = word_at(pattern, fits, ends);
    if (!fits) {
        buffer_printf(out, "`%.*s` does not fit this %s", STR_ARG(word), what);
        return;
    }
    buffer_printf(out, "it fits this %s up to `%.*s`", what, STR_ARG(word));
    /* Behind a star it is not known which word it would have to be. */
    Str other = memchr(pattern.data, '*', fits) ? (Str){0} : word_at(text, fits, ends);
    if (other.len)
        buffer_printf(out, "; there it has `%.*s`", STR_ARG(other));
    else
        buffer_add_c(out, ", which does not");
}

static bool is_method(const Asked *asked, Str method)
{
    Str own = json_string(asked->args, "method", "");
    return own.len == method.len && strncasecmp(own.data, method.data, own.len) == 0;
}

/* ---- lines ---- */

static bool line_is_for(const Asked *asked, const ScriptLine *line)
{
    Str op = asked->request->op;
    if (line->kind == LINE_HTTP) return str_equal_c(op, "http");
    if (line->kind == LINE_COMMAND) return str_equal_c(op, "command");
    return line->kind == LINE_CALL && (str_equal_c(op, "native") || str_equal_c(op, "call"));
}

/* Does all fit but its conditions? */
static bool line_fits(const Asked *asked, const ScriptLine *line)
{
    if (line->kind == LINE_CALL) return str_equal(line->name, json_string(asked->args, "fn", ""));
    return effect_matches(&line->effect, asked->request->op, asked->args, asked->subject);
}

/* How near a line that does not fit comes; 0: not at all. */
static size_t nearness(const Asked *asked, const ScriptLine *line)
{
    if (line->kind == LINE_CALL) return 0;
    if (line->kind == LINE_COMMAND) {
        bool fits = stars_match(asked->subject, line->effect.command);
        return fits ? SIZE_MAX : fitting(asked->subject, line->effect.command, " ");
    }
    bool fits = stars_match(asked->subject, line->effect.url);
    if (fits) return SIZE_MAX;
    return is_method(asked, line->effect.method) ? 1 + fitting(asked->subject, line->effect.url, "/?&") : 0;
}

static void tell_place(const Asked *asked, const ScriptLine *line, Buffer *out)
{
    const EffectPattern *effect = &line->effect;
    if (line->kind == LINE_HTTP && stars_match(asked->subject, effect->url)) {
        buffer_printf(out, "it is for %.*s, this is %.*s", STR_ARG(effect->method),
                      STR_ARG(json_string(asked->args, "method", "")));
    } else if (line->kind == LINE_HTTP) {
        tell_pattern(asked->subject, effect->url, "/?&", "URL", out);
    } else if (stars_match(asked->subject, effect->command)) {
        Str host = json_string(json_get(asked->args, "host"), "name", "");
        buffer_printf(out, "it is for %.*s, this runs %s%.*s", STR_ARG(effect->host), host.len ? "on " : "here", STR_ARG(host));
    } else {
        tell_pattern(asked->subject, effect->command, " ", "command", out);
    }
}

static void tell_conditions(const Asked *asked, const ScriptLine *line, Buffer *out)
{
    if (!matching_headers(asked, line->headers)) {
        tell_headers(asked, line->headers, out);
    } else if (!matching_body(asked, line->with)) {
        tell_body(asked, line->with, out);
    } else if (!matching_args(asked, line->args)) {
        tell_json(out, "", json_get(asked->args, "args"), line->args);
    } else if (line->ran.said && !line->has_ran) {
        buffer_printf(out, "what it waits for never ran: %.*s%s%.*s", STR_ARG(line->ran.method), line->ran.method.len ? " " : "",
                      STR_ARG(line->ran.url.len ? line->ran.url : line->ran.command));
    } else {
        buffer_add_c(out, "all that it says is used up");
    }
}

static void begin(const ScriptLine *line, const char *what, Buffer *out)
{
    buffer_printf(out, "\n  line %" PRId64 "%s: ", line->line, what);
}

void near_effect(const Asked *asked, Buffer *out)
{
    const ScriptLine *nearest = NULL;
    size_t best = 0;
    for (size_t i = 0; i < asked->world->script->lines.count; i++) {
        const ScriptLine *line = &asked->world->script->lines.items[i];
        if (!line_is_for(asked, line)) continue;
        if (line_fits(asked, line)) {
            begin(line, " does not answer", out);
            tell_conditions(asked, line, out);
            continue;
        }
        size_t near = nearness(asked, line);
        if (near <= best) continue;
        best = near;
        nearest = line;
    }
    if (out->len || !nearest) return;
    begin(nearest, " comes nearest", out);
    tell_place(asked, nearest, out);
}
