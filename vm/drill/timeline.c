/* Rows as lines: see timeline.h. The wording is that of vm/marks.h. */
#include "vm/drill/timeline.h"

#include "vm/base/time.h"
#include "vm/marks.h"

#include <string.h>

enum { LINES_BEFORE = 8, LINES_AFTER = 4, TEXT_LIMIT = 400 };

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

static bool mark_text(Row *row, Buffer *out)
{
    Buffer text = {0};
    bool shown = mark_write(&text, row->log.name, row_json(row)) && text.len;
    add_flat(out, buffer_str(&text));
    buffer_free(&text);
    return shown;
}

static bool is_shown(const LogRow *row)
{
    return str_equal_c(row->name, "http") || str_equal_c(row->name, "command") || str_equal_c(row->name, "native");
}

/* What is delivered is told by its marks. */
static bool intent_text(Row *row, Buffer *out)
{
    if (!is_shown(&row->log)) return false;
    Buffer effect = {0};
    effect_write(&effect, row->log.name, row_json(row));
    buffer_add_c(out, row->log.effect_class == EFFECT_LOOK ? "looks: " : "changes: ");
    add_flat(out, buffer_str(&effect));
    buffer_free(&effect);
    return true;
}

/* Only what went wrong: the rest shows in what comes after. */
static bool result_text(Row *row, Buffer *out)
{
    const Json *result = row_json(row);
    if (!is_shown(&row->log) || effect_result_is_good(result)) return false;
    Buffer text = {0};
    effect_result_write(&text, row->log.name, result);
    buffer_add_c(out, "  ");
    add_flat(out, buffer_str(&text));
    buffer_free(&text);
    return true;
}

/* Of a clock that is set only the mark is shown, which knows the time. */
static bool signal_text(Row *row, Buffer *out)
{
    static const char *const members[] = {"what", "to", "name", "value", "step", "text", "because"};
    const Json *signal = row_json(row);
    if (str_equal_c(json_string(signal, "kind", ""), "clock")) return false;
    add_flat(out, json_string(signal, "by", "somebody"));
    buffer_add_c(out, " says ");
    add_flat(out, json_string(signal, "kind", ""));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const Json *value = json_get(signal, members[i]);
        if (json_is_null(value)) continue;
        buffer_add_char(out, ' ');
        if (json_kind(value) == JSON_STRING)
            add_flat(out, json_text(value));
        else
            json_write(out, value);
    }
    return true;
}

static bool row_text(Row *row, Buffer *out)
{
    switch (row->log.kind) {
    case LOG_MARK: return mark_text(row, out);
    case LOG_INTENT: return intent_text(row, out);
    case LOG_RESULT: return result_text(row, out);
    case LOG_SIGNAL: return signal_text(row, out);
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

void timeline_text(Buffer *out, Str text)
{
    /* U+FDD0 or, in a URL, U+FDD4 begins the name of a secret, U+FDD1 ends it. */
    static const char lead[] = "\xEF\xB7", begins = '\x90', begins_in_url = '\x94', ends = '\x91';
    for (size_t i = 0; i < text.len; i++) {
        bool marked = i + 2 < text.len && memcmp(text.data + i, lead, 2) == 0;
        char mark = marked ? text.data[i + 2] : '\0';
        if (mark == begins || mark == begins_in_url)
            buffer_add_c(out, "${");
        else if (mark == ends)
            buffer_add_char(out, '}');
        else
            marked = false;
        if (marked)
            i += 2;
        else
            buffer_add_char(out, text.data[i]);
    }
}
