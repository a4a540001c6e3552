/* Which line of the drill answers an effect: the first whose pattern matches and whose condition holds now.
 *
 * In: an effect that was asked for. Out: the line and its answer, and what the stars of the line's pattern stood for. Called by
 * answer.c; it gives no results itself. Why no line answers is told by near.c. */
#include "vm/drill/matching.h"

#include "vm/code/stars.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* ---- does the line mean this effect? ---- */

/* Has `found` all that is wanted? Texts that are wanted are patterns; an object may have more members, a list is compared
 * item by item. */
bool matching_json(const Json *found, const Json *wanted)
{
    JsonKind kind = json_kind(wanted);
    if (kind == JSON_STRING) return json_kind(found) == JSON_STRING && stars_match(json_text(found), json_text(wanted));
    if (kind != JSON_OBJECT && kind != JSON_LIST) return json_equal(found, wanted);
    if (json_kind(found) != kind) return false;
    const Json *item = json_first(found);
    for (const Json *child = json_first(wanted); child; child = json_next(child)) {
        const Json *other = kind == JSON_LIST ? item : json_get(found, json_key(child));
        if (!other || !matching_json(other, child)) return false;
        if (kind == JSON_LIST) item = json_next(item);
    }
    return kind == JSON_OBJECT || !item;
}

bool matching_body(const Asked *asked, const Json *wanted)
{
    Str text = json_string(asked->args, "body", "");
    if (!wanted) return true;
    if (json_kind(wanted) == JSON_STRING) return stars_match(text, json_text(wanted));
    Json *body = json_parse(text, NULL);
    bool fits = body && matching_json(body, wanted);
    json_free(body);
    return fits;
}

const Json *matching_header(const Json *headers, const char *name)
{
    for (const Json *one = json_first(headers); one; one = json_next(one)) {
        if (strcasecmp(json_key(one), name) == 0) return one;
    }
    return NULL;
}

/* Has the request each of the headers? Their names are alike in any case, their values are patterns. */
bool matching_headers(const Asked *asked, const Json *wanted)
{
    const Json *headers = json_get(asked->args, "headers");
    for (const Json *one = json_first(wanted); one; one = json_next(one)) {
        const Json *found = matching_header(headers, json_key(one));
        if (!found || !matching_json(found, one)) return false;
    }
    return true;
}

bool matching_args(const Asked *asked, const Json *wanted)
{
    return !wanted || matching_json(json_get(asked->args, "args"), wanted);
}

static bool line_matches(const Asked *asked, const ScriptLine *line)
{
    Str op = asked->request->op;
    bool delivers = str_equal_c(op, "deliver");
    switch (line->kind) {
    case LINE_HTTP:
        return effect_matches(&line->effect, op, asked->args, asked->subject) && matching_headers(asked, line->headers) &&
               matching_body(asked, line->with);
    case LINE_COMMAND: return effect_matches(&line->effect, op, asked->args, asked->subject);
    case LINE_CALL:
        if (delivers) return str_equal(line->name, json_string(asked->args, "provider", ""));
        return (str_equal_c(op, "call") || str_equal_c(op, "native")) &&
               str_equal(line->name, json_string(asked->args, "fn", "")) && matching_args(asked, line->args);
    case LINE_CHANNEL: return delivers && str_equal(line->name, json_string(asked->args, "channel", ""));
    case LINE_ANY:
        return line->number ? asked->request->id == (uint64_t)line->number : !str_equal_c(op, "terminal");
    case LINE_WAY:
        return delivers && str_equal(line->name, json_string(asked->args, "way", "")) &&
               script_means_contact(asked->world->script, line->contact,
                                    json_string(asked->args, "contact", ""));
    default: return false;
    }
}

/* ---- which line answers? ---- */

/* The answer of the line that holds now, or NULL: then a later line may answer. */
static ScriptAnswer *answer_now(const Asked *asked, ScriptLine *line)
{
    if (line->ran.said && !line->has_ran) return NULL;
    int64_t since = asked->world->now - asked->world->script->start;
    for (size_t i = 0; i < line->answers.count; i++) {
        ScriptAnswer *answer = &line->answers.items[i];
        if (answer->before >= 0 && since >= answer->before) continue;
        if (answer->times >= 0 && answer->used >= answer->times) continue;
        answer->used++;
        return answer;
    }
    return NULL;
}

/* The sweep's answer takes one effect, and as often as it says the same one again. */
static ScriptAnswer *swept_answer(const Asked *asked)
{
    Script *script = asked->world->script;
    Str op = asked->request->op;
    if (!script->sweep || !script->variant.effect) return NULL;
    if (asked->request->id == (uint64_t)script->variant.effect) {
        script->swept_op = arena_copy(&script->arena, op);
        script->swept_subject = arena_copy(&script->arena, asked->subject);
    } else if (!script->swept_op.len || !str_equal(script->swept_op, op) ||
               !str_equal(script->swept_subject, asked->subject)) {
        return NULL;
    }
    return answer_now(asked, script->sweep);
}

ScriptAnswer *matching_find(const Asked *asked, ScriptLine **found)
{
    ScriptAnswer *swept = swept_answer(asked);
    if (swept) {
        *found = asked->world->script->sweep;
        return swept;
    }
    for (size_t i = 0; i < asked->world->script->lines.count; i++) {
        ScriptLine *line = &asked->world->script->lines.items[i];
        if (!line_matches(asked, line)) continue;
        ScriptAnswer *answer = answer_now(asked, line);
        if (!answer) continue;
        *found = line;
        return answer;
    }
    return NULL;
}

void matching_note_ran(const Asked *asked)
{
    for (size_t i = 0; i < asked->world->script->lines.count; i++) {
        ScriptLine *line = &asked->world->script->lines.items[i];
        if (effect_matches(&line->ran, asked->request->op, asked->args, asked->subject)) line->has_ran = true;
    }
}

/* ---- what the stars stood for ---- */

/* The text that the pattern's star of that number (from 1) stands for: each star takes as little as it can, the last one
 * the rest. The text is known to match. */
static Str star_text(Str text, Str pattern, size_t number)
{
    Buffer meant = {0};
    size_t at = 0, star = 0;
    Str found_text = {0};
    for (size_t from = 0; from <= pattern.len;) {
        size_t to = from;
        while (to < pattern.len && pattern.data[to] != '*')
            to++;
        buffer_clear(&meant);
        stars_add_meant(&meant, str_slice(pattern, from, to));
        Str fixed = buffer_str(&meant);
        bool last = to == pattern.len;
        ptrdiff_t found = last ? (ptrdiff_t)(text.len - fixed.len - at)
                               : str_find(str_slice(text, at, text.len), fixed);
        if (star > 0 && star == number) {
            found_text = str_slice(text, at, at + (size_t)(found > 0 ? found : 0));
            break;
        }
        at += (size_t)(found > 0 ? found : 0) + fixed.len;
        star++;
        from = to + 1;
    }
    buffer_free(&meant);
    return found_text;
}

void matching_fill(const Asked *asked, const ScriptLine *line, Str text, Buffer *out)
{
    Str pattern = line->effect.url.len ? line->effect.url : line->effect.command;
    while (text.len) {
        bool may_have = memchr(text.data, STAR_BEGIN[0], text.len) != NULL;
        ptrdiff_t begin = may_have ? str_find(text, STR(STAR_BEGIN)) : -1;
        ptrdiff_t end = begin < 0 ? -1 : str_find(text, STR(STAR_END));
        if (end < begin || begin < 0) break;
        size_t number = 0;
        for (ptrdiff_t i = begin + (ptrdiff_t)strlen(STAR_BEGIN); i < end; i++)
            number = number * 10 + (size_t)(text.data[i] - '0');
        buffer_add_str(out, str_slice(text, 0, (size_t)begin));
        buffer_add_str(out, star_text(asked->subject, pattern, number));
        text = str_slice(text, (size_t)end + strlen(STAR_END), text.len);
    }
    buffer_add_str(out, text);
}
