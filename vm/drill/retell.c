/* The drill around a run's answers, events and expectations: how it began, and how long it lasts. See retell.h. */
#include "vm/drill/retell.h"

#include "vm/base/time.h"

#include <inttypes.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* ---- settings ---- */

static Str type_of(const Json *params, const char *name)
{
    for (const Json *param = json_first(params); param; param = json_next(param)) {
        if (str_equal_c(json_string(param, "name", ""), name)) return json_string(param, "type", "string");
    }
    return (Str){0};
}

static const Json *plan_of(const Retelling *telling)
{
    Str name = json_string(telling->start, "plan", "");
    for (const Json *plan = json_first(json_get(telling->metadata, "plans")); plan; plan = json_next(plan)) {
        if (str_equal(json_string(plan, "name", ""), name)) return plan;
    }
    return NULL;
}

/* `2026-03-02 03:12:07.250`, in UTC. */
static void write_moment(Buffer *out, int64_t time)
{
    Buffer text = {0};
    time_write(&text, time);
    buffer_printf(out, "%.10s %.*s", text.data, (int)(text.len - 12), text.data + 11);
    buffer_free(&text);
}

/* A whole number is a float's value, too, but is not written like one. */
static void write_value(Buffer *out, const Json *value, Str type)
{
    double number = json_as_number(value);
    bool whole = json_kind(value) == JSON_NUMBER && number == (double)json_as_int(value);
    if (str_equal_c(type, "duration") && whole) {
        duration_write(out, json_as_int(value));
    } else if (str_equal_c(type, "time") && whole) {
        write_moment(out, json_as_int(value));
    } else {
        retell_value(out, value);
        if (str_equal_c(type, "float") && whole) buffer_add_c(out, ".0");
    }
}

/* `of outage(shard: 3)`: what is no setting of the file is a parameter of the plan. */
static void write_heading(Retelling *telling, Str plan, Str id)
{
    const Json *own = json_get(plan_of(telling), "params");
    const char *before = "(";
    buffer_printf(telling->out, "drill \"run %.*s\" of ", STR_ARG(id));
    retell_name(telling, telling->out, "plans", plan);
    for (const Json *value = json_first(json_get(telling->start, "params")); value; value = json_next(value)) {
        if (type_of(json_get(telling->metadata, "params"), json_key(value)).len) continue;
        buffer_printf(telling->out, "%s%s: ", before, json_key(value));
        write_value(telling->out, value, type_of(own, json_key(value)));
        before = ", ";
    }
    buffer_add_c(telling->out, *before == ',' ? ") {\n" : " {\n");
}

/* One setting of `with`, to be followed by its value. */
static void begin_setting(Retelling *telling, const char **before, const char *name)
{
    buffer_printf(telling->out, "%s%s", *before, name);
    *before = ", ";
}

/* Was the text told or asked for? Then a drill has to know it, too. */
static bool is_told(const Retelling *telling, Str text)
{
    for (size_t i = 0; text.len && i < telling->record->rows.count; i++) {
        const LogRow *row = &telling->record->rows.items[i].log;
        if (log_kind_direction(row->kind) == LOG_OUTPUT && str_find(row->json, text) >= 0) return true;
    }
    return false;
}

static bool asks_approval(const Retelling *telling)
{
    for (size_t i = 0; i < telling->record->rows.count; i++) {
        Row *row = &telling->record->rows.items[i];
        if (row_is_mark(row, "question.asked") && str_equal_c(json_string(row_json(row), "kind", ""), "approval")) return true;
    }
    return false;
}

/* What the run began with besides its settings. */
static void write_beginning(Retelling *telling, const char **before, Str id)
{
    const Json *start = telling->start;
    Str severity = json_string(start, "severity", ""), starter = json_string(start, "starter", "");
    if (severity.len) {
        begin_setting(telling, before, "severity ");
        retell_name(telling, telling->out, "severities", severity);
    }
    if (!json_bool(start, "attended", true)) begin_setting(telling, before, "attended = false");
    if (!json_is_null(json_get(start, "since"))) {
        begin_setting(telling, before, "since = ");
        duration_write(telling->out, telling->record->start - json_int(start, "since", 0));
    }
    if (starter.len && (asks_approval(telling) || is_told(telling, starter))) {
        begin_setting(telling, before, "starter = ");
        retell_string(telling->out, starter);
    }
    if (is_told(telling, id)) {
        begin_setting(telling, before, "run_id = ");
        retell_string(telling->out, id);
    }
    if (json_int(start, "number_today", 1) != 1) {
        begin_setting(telling, before, "number_today = ");
        buffer_add_int(telling->out, json_int(start, "number_today", 1));
    }
}

static void write_with(Retelling *telling, Str id)
{
    const char *before = "  with ";
    for (const Json *value = json_first(json_get(telling->start, "params")); value; value = json_next(value)) {
        Str type = type_of(json_get(telling->metadata, "params"), json_key(value));
        if (!type.len) continue;
        begin_setting(telling, &before, json_key(value));
        buffer_add_c(telling->out, " = ");
        write_value(telling->out, value, type);
    }
    write_beginning(telling, &before, id);
    if (*before == ',') buffer_add_char(telling->out, '\n');
}

/* ---- times ---- */

static void write_start(const Retelling *telling)
{
    buffer_add_c(telling->out, "  start at ");
    write_moment(telling->out, telling->record->start);
    buffer_add_c(telling->out, " in \"UTC\"\n");
}

/* A run that has not ended is told as far as it went, and one of days until its end. */
static void write_until(const Retelling *telling)
{
    const Record *record = telling->record;
    int64_t lasted = record->end - record->start;
    bool ended = record->rows.count && record->rows.items[record->rows.count - 1].log.kind == LOG_END;
    if (ended && lasted < DAY_MS) return;
    buffer_add_c(telling->out, "  until ");
    duration_write(telling->out, lasted);
    buffer_add_char(telling->out, '\n');
}

/* ---- the drill ---- */

/* What the drill speaks of and the plan's file does not import. */
static void write_imports(const Retelling *telling, Buffer *out)
{
    for (const Json *one = json_first(json_get(telling->metadata, "imports")); one; one = json_next(one)) {
        Str as = json_string(one, "as", "");
        if (!map_has(&telling->imports, as)) continue;
        buffer_add_c(out, "import ");
        retell_string(out, json_string(one, "path", ""));
        buffer_printf(out, " as %.*s\n", STR_ARG(as));
    }
    if (telling->imports.count) buffer_add_char(out, '\n');
}

static bool find_start(Retelling *telling, Error *error)
{
    Record *record = telling->record;
    for (size_t i = 0; i < record->rows.count && !telling->start; i++) {
        if (record->rows.items[i].log.kind != LOG_START) continue;
        telling->start = row_json(&record->rows.items[i]);
        record->start = record->rows.items[i].log.now;
    }
    if (!telling->start) return error_set(error, "the run ended before it began: there is nothing to tell");
    if (json_bool(telling->start, "dry_run", false))
        return error_set(error, "it was a dry run: nothing of it happened, so there is nothing to tell");
    return true;
}

bool retell_write(Retelling *telling, Str plan, Str id, Error *error)
{
    Buffer *out = telling->out, body = {0};
    telling->id = id;
    if (!find_start(telling, error)) return false;
    telling->out = &body;
    write_heading(telling, plan, id);
    write_with(telling, id);
    write_start(telling);
    write_until(telling);
    retell_answers(telling);
    retell_events(telling);
    buffer_add_char(&body, '\n');
    retell_expectations(telling);
    buffer_add_c(&body, "}\n");
    telling->out = out;
    write_imports(telling, out);
    buffer_add_str(out, buffer_str(&body));
    buffer_free(&body);
    map_free(&telling->imports);
    return !telling->trouble.text[0] || error_set(error, "%s", telling->trouble.text);
}
