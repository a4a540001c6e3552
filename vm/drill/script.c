/* Reading a drill: see script.h. */
#include "vm/drill/script.h"

#include "vm/base/zone.h"
#include "vm/code/stars.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const int64_t DEFAULT_UNTIL = 24 * 3600 * 1000;

static EffectPattern read_pattern(const Json *json)
{
    if (json_kind(json) == JSON_STRING) return (EffectPattern){.said = true, .command = json_text(json)};
    return (EffectPattern){
        .said = !json_is_null(json),
        .command = json_string(json, "pattern", ""),
        .host = json_string(json, "host", ""),
        .method = json_string(json, "method", ""),
        .url = json_string(json, "url", ""),
    };
}

static void read_answers(ScriptLine *line, const Json *json)
{
    for (const Json *item = json_first(json_get(json, "answers")); item; item = json_next(item)) {
        vec_push(&line->answers,
                 (ScriptAnswer){
                     .gives = json_get(item, "gives"),
                     .before = json_int(item, "before", -1),
                     .delay = json_int(item, "delay", 0),
                     .times = json_bool(item, "once", false) ? 1 : json_int(item, "times", -1),
                 });
    }
}

static bool read_kind(Str on, ScriptLineKind *kind)
{
    static const char *const names[] = {"http",   "command", "call",   "channel", "way",
                                        "person", "answer",  "manual", "at",      "any", "sweep"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_equal_c(on, names[i])) {
            *kind = (ScriptLineKind)i;
            return true;
        }
    }
    return false;
}

static bool read_act(Str does, PersonAct *act)
{
    static const char *const names[] = {"acknowledges", "answers", "never answers", "approves", "refuses"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_equal_c(does, names[i])) {
            *act = (PersonAct)i;
            return true;
        }
    }
    return false;
}

static bool read_line(Script *script, const Json *json, Error *error)
{
    ScriptLine line = {
        .text = json_string(json, "text", ""),
        .file = json_string(json, "file", ""),
        .line = json_int(json, "line", 0),
        .effect = {.said = true,
                   .command = json_string(json, "pattern", ""),
                   .host = json_string(json, "host", ""),
                   .method = json_string(json, "method", ""),
                   .url = json_string(json, "url", "")},
        .ran = read_pattern(json_get(json, "ran")),
        .with = json_get(json, "with"),
        .headers = json_get(json, "headers"),
        .args = json_get(json, "args"),
        .contact = json_string(json, "contact", ""),
        .what = json_string(json, "what", "*"),
        .after = json_int(json, "after", 0),
        .before = json_int(json, "before", -1),
        .never = json_bool(json, "never", false),
        .value = json_get(json, "value"),
        .number = json_int(json, "number", 0),
        .at = json_int(json, "at", 0),
        .signal = json_get(json, "signal"),
    };
    Str on = json_string(json, "on", "");
    if (!read_kind(on, &line.kind)) return error_set(error, "a drill has no line on %.*s", STR_ARG(on));
    const char *name = line.kind == LINE_CALL     ? "fn"
                       : line.kind == LINE_WAY    ? "way"
                       : line.kind == LINE_PERSON ? "contact"
                                                  : "name";
    line.name = json_string(json, name, "");
    Str does = json_string(json, "does", "");
    if (line.kind == LINE_PERSON && !read_act(does, &line.act)) {
        return error_set(error, "nobody in a drill %.*s", STR_ARG(does));
    }
    read_answers(&line, json);
    vec_push(&script->lines, line);
    return true;
}

static void read_expect(Script *script, const Json *json)
{
    const Json *args = json_get(json, "args");
    const Json *times = json_get(json, "times");
    vec_push(&script->expects, (ScriptExpect){
                                   .text = json_string(json, "text", ""),
                                   .file = json_string(json, "file", ""),
                                   .line = json_int(json, "line", 0),
                                   .negated = json_bool(json, "not", false),
                                   .fact = json_string(json, "fact", ""),
                                   .args = args,
                                   .pattern = read_pattern(json_get(args, "pattern")),
                                   .before_ran = read_pattern(json_get(json, "before_ran")),
                                   .after_ran = read_pattern(json_get(json, "after_ran")),
                                   .before = json_int(json, "before", -1),
                                   .after = json_int(json, "after", -1),
                                   .at = json_int(json, "at", -1),
                                   .lasting = json_int(json, "lasting", -1),
                                   .times_op = json_string(times, "op", ""),
                                   .times = json_int(times, "n", 0),
                               });
}

static void read_sweep(Script *script)
{
    for (size_t i = 0; i < script->lines.count; i++) {
        if (script->lines.items[i].kind == LINE_SWEEP) script->sweep = &script->lines.items[i];
    }
}

bool script_read(Script *script, const Json *metadata, const Json *drill, const Variant *variant, Error *error)
{
    *script = (Script){
        .metadata = metadata,
        .drill = drill,
        .name = json_string(drill, "name", ""),
        .plan = json_string(drill, "plan", ""),
        .file = json_string(drill, "file", ""),
        .line = json_int(drill, "line", 0),
        .until = json_int(drill, "until", DEFAULT_UNTIL),
        .says_until = !json_is_null(json_get(drill, "until")),
        .variant = variant ? *variant : (Variant){0},
    };
    Str trouble = json_string(drill, "trouble", "");
    if (trouble.len) return error_set(error, "%.*s", STR_ARG(trouble));
    Str zone = json_string(drill, "zone", "UTC");
    if (!zone_to_utc(zone, json_int(drill, "start", 0), &script->start, error)) return false;
    for (const Json *item = json_first(json_get(drill, "lines")); item; item = json_next(item)) {
        if (!read_line(script, item, error)) return false;
    }
    for (const Json *item = json_first(json_get(drill, "expect")); item; item = json_next(item)) {
        read_expect(script, item);
    }
    read_sweep(script);
    return true;
}

void script_free(Script *script)
{
    for (size_t i = 0; i < script->lines.count; i++)
        vec_free(&script->lines.items[i].answers);
    vec_free(&script->lines);
    vec_free(&script->expects);
    vec_free(&script->holders);
    arena_free(&script->arena);
    *script = (Script){0};
}

/* ---- how effects read ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the place of a positional value ("$1", ${1}, $1) at `at`; gives its length, 0 if there is none. */
static size_t value_place(Str script, size_t at, size_t *number)
{
    size_t i = at;
    bool quoted = i < script.len && script.data[i] == '"';
    if (quoted) i++;
    if (i >= script.len || script.data[i++] != '$') return 0;
    bool braced = i < script.len && script.data[i] == '{';
    if (braced) i++;
    if (i >= script.len || !is_digit(script.data[i])) return 0;
    size_t value = 0;
    while (i < script.len && is_digit(script.data[i]) && value < 1000) {
        value = value * 10 + (size_t)(script.data[i++] - '0');
        if (!braced) break; /* $12 is $1 and a 2 */
    }
    if (braced && (i >= script.len || script.data[i++] != '}')) return 0;
    if (quoted && (i >= script.len || script.data[i++] != '"')) return 0;
    *number = value;
    return i - at;
}

/* A script with its values where the plan has them. */
static void script_subject(Str script, const Json *params, Buffer *out)
{
    for (size_t i = 0; i < script.len;) {
        size_t number = 0, len = value_place(script, i, &number);
        const Json *param = len && number > 0 ? json_at(params, number - 1) : NULL;
        if (param) {
            buffer_add_str(out, json_text(param));
            i += len;
        } else {
            buffer_add_char(out, script.data[i++]);
        }
    }
}

/* A secret reads the same wherever it stands (docs/effects.md, "Secrets"). */
static void secrets_alike(Buffer *out, size_t from)
{
    static const Str encoded = STR_INIT("\xEF\xB7\x94");
    while (from < out->len) {
        ptrdiff_t at = str_find(str_slice(buffer_str(out), from, out->len), encoded);
        if (at < 0) return;
        from += (size_t)at + encoded.len;
        out->data[from - 1] = '\x90';
    }
}

void effect_subject(Str op, const Json *args, Buffer *out)
{
    size_t from = out->len;
    if (str_equal_c(op, "http")) {
        buffer_add_str(out, json_string(args, "url", ""));
    } else if (json_get(args, "sh") && !json_is_null(json_get(args, "sh"))) {
        script_subject(str_trim(json_string(args, "sh", "")), json_get(args, "params"), out);
    } else {
        const Json *argv = json_get(args, "argv");
        for (const Json *word = json_first(argv); word; word = json_next(word)) {
            if (word != json_first(argv)) buffer_add_char(out, ' ');
            buffer_add_str(out, json_text(word));
        }
    }
    secrets_alike(out, from);
}

bool effect_matches(const EffectPattern *pattern, Str op, const Json *args, Str subject)
{
    if (!pattern->said) return false;
    if (!pattern->url.len) {
        if (!str_equal_c(op, "command") || !stars_match(subject, pattern->command)) return false;
        return !pattern->host.len || str_equal(pattern->host, json_string(json_get(args, "host"), "name", ""));
    }
    if (!str_equal_c(op, "http")) return false;
    Str method = json_string(args, "method", "");
    bool same =
        method.len == pattern->method.len && strncasecmp(method.data, pattern->method.data, method.len) == 0;
    return same && stars_match(subject, pattern->url);
}

/* May the rotation have the contact on call? */
static bool rotation_has(const Json *rotation, Str contact)
{
    for (const Json *one = json_first(json_get(rotation, "people")); one; one = json_next(one)) {
        if (str_equal(json_text(one), contact)) return true;
    }
    return false;
}

bool script_means_contact(const Script *script, Str name, Str contact)
{
    if (!name.len || !contact.len) return false;
    if (str_equal(name, contact)) return true;
    const Json *rotations = json_get(script->metadata, "rotations");
    for (const Json *rotation = json_first(rotations); rotation; rotation = json_next(rotation)) {
        if (str_equal(json_string(rotation, "name", ""), name) && rotation_has(rotation, contact)) return true;
    }
    for (const Json *role = json_first(json_get(script->metadata, "roles")); role; role = json_next(role)) {
        if (!str_equal(json_string(role, "name", ""), name)) continue;
        /* A contact or a rotation each, never a role. */
        if (script_means_contact(script, json_string(role, "primary", ""), contact)) return true;
        if (script_means_contact(script, json_string(role, "backup", ""), contact)) return true;
    }
    for (size_t i = 0; i < script->holders.count; i++) {
        const RoleHolder *holder = &script->holders.items[i];
        if (str_equal(holder->role, name) && str_equal(holder->contact, contact)) return true;
    }
    return false;
}

void script_assign(Script *script, Str role, Str contact)
{
    vec_push(&script->holders, (RoleHolder){.role = arena_copy(&script->arena, role),
                                            .contact = arena_copy(&script->arena, contact)});
}
