/* Rows as lines: see timeline.h. What a mark's line says stands in one table. */
#include "vm/drill/timeline.h"

#include "vm/base/time.h"
#include "vm/drill/script.h"

#include <inttypes.h>
#include <string.h>

enum { LINES_BEFORE = 8, LINES_AFTER = 4, TEXT_LIMIT = 160 };

/* In a text {x} stands for the mark's member x. Marks that are not here have no line. */
static const struct MarkLine {
    const char *kind, *text;
} mark_lines[] = {
    {"incident.opened", "incident opened, {severity}"},
    {"phase.started", "phase \"{name}\""},
    {"phase.overran", "phase \"{name}\" is over its window"},
    {"step.started", "{kind} \"{name}\" begins"},
    {"step.done", "{kind} \"{name}\" done"},
    {"step.failed", "{kind} \"{name}\" failed: {error}"},
    {"step.skipped", "\"{name}\" skipped: {reason}"},
    {"remedies.ended", "remedies \"{name}\" ended; solved by: {solved_by}"},
    {"rung.due", "escalation {escalation}: {rule}"},
    {"rung.passed", "escalation {escalation} passed over: {rule} ({reason})"},
    {"page.sent", "page to {contact} by {way}"},
    {"page.failed", "page to {contact} by {way} failed: {error}"},
    {"page.unknown", "page to {contact} by {way}: it is not known whether it went out"},
    {"page.ended", "page to {contact} ended: {how}"},
    {"notify.sent", "told {target}: {title}"},
    {"notify.failed", "telling {target} failed: {error}"},
    {"acknowledged", "acknowledged by {by}"},
    {"unacknowledged", "no longer acknowledged by {by}: {because}"},
    {"ack.lapsed", "the acknowledgement of {by} lapsed"},
    {"severity.changed", "severity {from} is now {to}: {because}"},
    {"status.changed", "status {to}"},
    {"fact.set", "{name}: {value}"},
    {"mitigated", "mitigated: {because}"},
    {"resolved", "resolved: {because}"},
    {"reopened", "reopened: {because}"},
    {"target.missed", "the target to {what} was missed"},
    {"question.asked", "asked ({kind}): {text}"},
    {"question.answered", "answered ({kind}) by {by}: {value}, {how}"},
    {"attached", "attached {name}"},
    {"note", "note: {text}"},
    {"warn", "warning: {text}"},
    {"followup", "follow-up: {text}"},
    {"undo.started", "undoing \"{step}\""},
    {"undo.done", "undone \"{step}\""},
    {"undo.failed", "undoing \"{step}\" failed: {error}"},
    {"signal.refused", "refused ({kind}) of {by}: {reason}"},
    {"run.ended", "run ended: {outcome}"},
};

/* Text on one line, cut when it is long. */
static void add_flat(Buffer *out, Str text)
{
    size_t len = text.len > TEXT_LIMIT ? TEXT_LIMIT : text.len;
    while (len < text.len && len > 0 && ((unsigned char)text.data[len] & 0xC0) == 0x80)
        len--;
    for (size_t i = 0; i < len; i++) {
        char c = text.data[i];
        buffer_add_char(out, (unsigned char)c < ' ' ? ' ' : c);
    }
    if (len < text.len) buffer_add_c(out, "…");
}

static void add_member(Buffer *out, const Json *value)
{
    if (json_kind(value) == JSON_STRING) {
        add_flat(out, json_text(value));
    } else if (json_is_null(value)) {
        buffer_add_c(out, "nothing");
    } else {
        json_write(out, value);
    }
}

static void fill(const char *text, const Json *args, Buffer *out)
{
    for (; *text; text++) {
        const char *end = *text == '{' ? strchr(text, '}') : NULL;
        char member[32];
        if (!end || (size_t)(end - text) > sizeof member) {
            buffer_add_char(out, *text);
            continue;
        }
        size_t len = (size_t)(end - text) - 1;
        memcpy(member, text + 1, len);
        member[len] = '\0';
        add_member(out, json_get(args, member));
        text = end;
    }
}

static bool mark_text(Row *row, Buffer *out)
{
    for (size_t i = 0; i < sizeof mark_lines / sizeof *mark_lines; i++) {
        if (!str_equal_c(row->log.name, mark_lines[i].kind)) continue;
        fill(mark_lines[i].text, row_json(row), out);
        return true;
    }
    return false;
}

static bool intent_text(Row *row, Buffer *out)
{
    if (!str_equal_c(row->log.name, "http") && !str_equal_c(row->log.name, "command")) return false;
    const Json *args = row_json(row);
    Buffer subject = {0};
    effect_subject(row->log.name, args, &subject);
    buffer_printf(out, "%s ", row->log.effect_class == EFFECT_LOOK ? "looks:" : "changes:");
    if (str_equal_c(row->log.name, "http")) {
        buffer_add_str(out, json_string(args, "method", ""));
        buffer_add_char(out, ' ');
    }
    add_flat(out, buffer_str(&subject));
    buffer_free(&subject);
    return true;
}

/* Only what went wrong: the rest shows in what comes after. */
static bool result_text(Row *row, Buffer *out)
{
    const Json *result = row_json(row);
    if (json_bool(result, "ok", true)) return false;
    Str error = json_string(result, "error", "");
    Str err = str_trim(json_string(result, "err", ""));
    if (json_bool(result, "unknown", false))
        buffer_add_c(out, "  it is not known whether that was done");
    else if (json_bool(result, "timed_out", false))
        buffer_add_c(out, "  no end in time");
    else if (error.len)
        buffer_add_c(out, "  failed");
    else if (json_get(result, "status"))
        buffer_printf(out, "  answered %" PRId64, json_int(result, "status", 0));
    else
        buffer_printf(out, "  exit %" PRId64, json_int(result, "exit", 0));
    if (error.len || err.len) buffer_add_c(out, ": ");
    add_flat(out, error.len ? error : err);
    return true;
}

static void signal_text(Row *row, Buffer *out)
{
    static const char *const members[] = {"what", "to", "name", "value", "step", "text", "because"};
    const Json *signal = row_json(row);
    add_flat(out, json_string(signal, "by", "somebody"));
    buffer_add_c(out, " says ");
    add_flat(out, json_string(signal, "kind", ""));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const Json *value = json_get(signal, members[i]);
        if (json_is_null(value)) continue;
        buffer_add_char(out, ' ');
        add_member(out, value);
    }
}

static bool row_text(Row *row, Buffer *out)
{
    switch (row->log.kind) {
    case LOG_MARK: return mark_text(row, out);
    case LOG_INTENT: return intent_text(row, out);
    case LOG_RESULT: return result_text(row, out);
    case LOG_SIGNAL: signal_text(row, out); return true;
    case LOG_LEASE: buffer_add_c(out, "the process had died; another one goes on"); return true;
    case LOG_CANCEL:
    case LOG_LEFT:
    case LOG_START:
    case LOG_TIME:
    case LOG_END:
    case LOG_KIND_COUNT: return false;
    }
    return false;
}

bool timeline_row(const Record *record, Row *row, const char *indent, Buffer *out)
{
    Buffer text = {0}, since = {0};
    bool has_line = row_text(row, &text);
    if (has_line) {
        buffer_add_char(&since, '+');
        duration_write(&since, row->log.now - record->start);
        buffer_printf(out, "%s%-10s %s\n", indent, since.data, text.data ? text.data : "");
    }
    buffer_free(&text);
    buffer_free(&since);
    return has_line;
}

void timeline_whole(const Record *record, const char *indent, Buffer *out)
{
    for (size_t i = 0; i < record->rows.count; i++)
        timeline_row(record, &record->rows.items[i], indent, out);
}

void timeline_around(const Record *record, int64_t time, const char *indent, Buffer *out)
{
    Buffer unused = {0};
    size_t middle = 0, first, after = 0, before = 0;
    while (middle < record->rows.count && record->rows.items[middle].log.now <= time)
        middle++;
    for (first = middle; first > 0 && before < LINES_BEFORE; first--) {
        before += timeline_row(record, &record->rows.items[first - 1], indent, &unused);
    }
    for (size_t i = first; i < record->rows.count && after < LINES_AFTER; i++) {
        bool has_line = timeline_row(record, &record->rows.items[i], indent, out);
        if (i >= middle) after += has_line;
    }
    buffer_free(&unused);
}
