/* The rows of a drill and their JSON lines: see record.h. */
#include "vm/drill/record.h"

#include "vm/drill/script.h"

#include <inttypes.h>
#include <stdlib.h>

/* The intent of an effect; an empty row where there is none. */
static LogRow intent_of(const Record *record, uint64_t effect)
{
    if (effect == 0 || effect > record->intents.count) return (LogRow){0};
    return record->rows.items[record->intents.items[effect - 1]].log;
}

void record_add(Record *record, const LogRow *row)
{
    LogRow kept = *row;
    kept.seq = record->rows.count + 1;
    bool result = row->kind == LOG_RESULT;
    LogRow intent = result ? intent_of(record, row->effect) : (LogRow){0};
    kept.name = result ? intent.name : arena_copy(&record->arena, row->name);
    kept.step = result ? intent.step : arena_copy(&record->arena, row->step);
    kept.at = arena_copy(&record->arena, row->at);
    kept.json = arena_copy(&record->arena, row->json);
    if (row->kind == LOG_INTENT) {
        /* Effects are counted without gaps; were there one, the later number would stand for the missing. */
        while (record->intents.count < row->effect)
            vec_push(&record->intents, record->rows.count);
    }
    vec_push(&record->rows, (Row){.log = kept});
    if (row->now > record->end) record->end = row->now;
}

const Json *row_json(Row *row)
{
    if (!row->parsed && row->log.json.len) row->parsed = json_parse(row->log.json, NULL);
    return row->parsed;
}

Str row_subject(Record *record, Row *row)
{
    if (!row->subject.data) {
        Buffer subject = {0};
        effect_subject(row->log.name, row_json(row), &subject);
        row->subject = arena_copy(&record->arena, buffer_str(&subject));
        buffer_free(&subject);
    }
    return row->subject;
}

bool row_is_mark(const Row *row, const char *kind)
{
    return row->log.kind == LOG_MARK && str_equal_c(row->log.name, kind);
}

static void write_text_member(Buffer *out, const char *key, Str text)
{
    if (!text.len) return;
    buffer_printf(out, ",\"%s\":", key);
    json_write_string(out, text);
}

static void write_row(const LogRow *row, Buffer *out)
{
    buffer_printf(out, "{\"now\":%" PRId64 ",\"row\":\"%s\"", row->now, log_kind_name(row->kind));
    if (row->effect) buffer_printf(out, ",\"id\":%" PRIu64, row->effect);
    write_text_member(out, "name", row->name);
    if (row->kind == LOG_INTENT)
        buffer_printf(out, ",\"class\":\"%s\"", effect_class_name(row->effect_class));
    write_text_member(out, "step", row->step);
    write_text_member(out, "at", row->at);
    if (row->json.len) {
        buffer_add_c(out, ",\"json\":");
        buffer_add_str(out, row->json);
    }
    buffer_add_c(out, "}\n");
}

void record_write(const Record *record, Buffer *out)
{
    for (size_t i = 0; i < record->rows.count; i++)
        write_row(&record->rows.items[i].log, out);
}

void record_free(Record *record)
{
    for (size_t i = 0; i < record->rows.count; i++)
        json_free(record->rows.items[i].parsed);
    vec_free(&record->rows);
    vec_free(&record->intents);
    arena_free(&record->arena);
    *record = (Record){0};
}
