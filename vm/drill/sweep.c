/* A drill with a `sweep`: the same drill many times, each time with one thing changed, and one table of what became of it.
 *
 * In: a drill and its sweep line. Out: one rehearsal that holds when all variants do. Lines of the table that say the same
 * one after the other are made one. Called by rehearse. */
#include "vm/drill/rehearse.h"

#include "vm/base/time.h"
#include "vm/marks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { VARIANT_LIMIT = 10000, LABEL_LIMIT = 60, TOLD_LIMIT = 3 };

/* What became of one variant, or of several in a row. */
typedef struct Told {
    Buffer first, last; /* what was changed */
    Buffer what;        /* the rest of the table's line */
    size_t count;
    bool holds;
} Told;

typedef struct Sweep {
    const DrillCase *drill_case;
    Rehearsal *whole;
    VEC(Told) told;
    size_t failed;
} Sweep;

/* ---- the table ---- */

/* Who was paged, in order, each once. */
static void add_paged(Record *record, Buffer *out)
{
    Buffer seen = {0};
    for (size_t i = 0; i < record->rows.count; i++) {
        Row *row = &record->rows.items[i];
        if (!row_is_mark(row, "page.sent")) continue;
        Buffer name = {0};
        buffer_printf(&name, " %.*s,", STR_ARG(json_string(row_json(row), "contact", "")));
        if (str_find(buffer_str(&seen), buffer_str(&name)) < 0) buffer_add_str(&seen, buffer_str(&name));
        buffer_free(&name);
    }
    if (seen.len)
        buffer_printf(out, ", paged%.*s", (int)seen.len - 1, seen.data);
    else
        buffer_add_c(out, ", nobody paged");
    buffer_free(&seen);
}

static void write_told(Record *record, Buffer *out)
{
    size_t failed = 0;
    int64_t resolved = -1;
    Str end = {0};
    for (size_t i = 0; i < record->rows.count; i++) {
        Row *row = &record->rows.items[i];
        if (row_is_mark(row, "resolved")) resolved = row->log.now - record->start;
        if (row_is_mark(row, "reopened")) resolved = -1;
        if (row_is_mark(row, "run.ended")) end = json_string(row_json(row), "outcome", "");
        failed += row_is_mark(row, "step.failed");
    }
    if (resolved >= 0) {
        buffer_add_c(out, "resolved after ");
        duration_write(out, resolved);
    } else {
        buffer_printf(out, "%.*s", STR_ARG(end.len && !str_equal_c(end, "resolved") ? end : STR("not resolved")));
    }
    if (failed) buffer_printf(out, ", %zu step%s failed", failed, failed == 1 ? "" : "s");
    add_paged(record, out);
}

static void told_free(Told *told)
{
    buffer_free(&told->first);
    buffer_free(&told->last);
    buffer_free(&told->what);
}

static void add_told(Sweep *sweep, Str label, bool holds, Str what)
{
    Told *last = sweep->told.count ? &sweep->told.items[sweep->told.count - 1] : NULL;
    if (last && last->holds == holds && str_equal(buffer_str(&last->what), what)) {
        buffer_clear(&last->last);
        buffer_add_str(&last->last, label);
        last->count++;
        return;
    }
    Told told = {.count = 1, .holds = holds};
    buffer_add_str(&told.first, label);
    buffer_add_str(&told.last, label);
    buffer_add_str(&told.what, what);
    vec_push(&sweep->told, told);
}

static void write_table(Sweep *sweep)
{
    Buffer *out = &sweep->whole->table;
    buffer_printf(out, "%zu variant%s, %zu failed\n", sweep->whole->variants, sweep->whole->variants == 1 ? "" : "s", sweep->failed);
    for (size_t i = 0; i < sweep->told.count; i++) {
        Told *told = &sweep->told.items[i];
        buffer_printf(out, "%s  %s", told->holds ? "ok  " : "FAIL", told->first.data);
        if (told->count > 1) buffer_printf(out, " to %s (%zu)", told->last.data, told->count);
        buffer_printf(out, ": %s\n", told->what.data ? told->what.data : "");
        told_free(told);
    }
    vec_free(&sweep->told);
}

/* ---- one variant ---- */

/* A word for the shell. */
static void add_quoted(Buffer *out, Str text)
{
    buffer_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\'')
            buffer_add_c(out, "'\\''");
        else
            buffer_add_char(out, text.data[i]);
    }
    buffer_add_char(out, '\'');
}

/* The label as far as it must be said: "effect 7". */
static Str short_label(Str label)
{
    ptrdiff_t comma = str_find(label, STR(", "));
    return comma > 0 ? str_slice(label, 0, (size_t)comma) : label;
}

/* How to see this variant without the others. */
static void add_command(Sweep *sweep, Str label)
{
    const Json *drill = sweep->drill_case->drill;
    Buffer *out = &sweep->whole->messages;
    buffer_add_c(out, "  this one alone: planvm drill --verbose --filter ");
    add_quoted(out, json_string(drill, "name", ""));
    buffer_add_c(out, " --variant ");
    add_quoted(out, short_label(label));
    buffer_printf(out, " %.*s\n", STR_ARG(json_string(drill, "file", "")));
}

static bool is_wanted(const Sweep *sweep, Str label)
{
    const char *variant = sweep->drill_case->variant;
    if (!variant) return true;
    return str_matches_glob(label, str_from_c(variant)) || str_equal_c(short_label(label), variant);
}

/* The variant's messages go to the whole's, under what was changed. */
static void add_messages(Sweep *sweep, Str label, const Rehearsal *one)
{
    Buffer *out = &sweep->whole->messages;
    if (sweep->failed == TOLD_LIMIT + 1) buffer_add_c(out, "(and more: the table has them)\n");
    if (sweep->failed > TOLD_LIMIT) return;
    buffer_printf(out, "with %.*s:\n", STR_ARG(label));
    for (size_t start = 0; start < one->messages.len;) {
        Str rest = str_slice(buffer_str(&one->messages), start, one->messages.len);
        ptrdiff_t end = str_find(rest, STR("\n"));
        size_t len = end >= 0 ? (size_t)end : rest.len;
        buffer_printf(out, "  %.*s\n", (int)len, rest.data);
        start += len + 1;
    }
    if (!sweep->drill_case->variant) add_command(sweep, label);
}

/* Takes over the rehearsal of a variant. */
static void take(Sweep *sweep, Str label, Rehearsal *one)
{
    Rehearsal *whole = sweep->whole;
    Buffer what = {0};
    bool keep = whole->variants == 0 || (whole->holds && !one->holds);
    write_told(&one->record, &what);
    add_told(sweep, label, one->holds, buffer_str(&what));
    whole->variants++;
    if (!one->holds) {
        sweep->failed++;
        add_messages(sweep, label, one);
    }
    if (keep) {
        Record record = whole->record;
        whole->record = one->record;
        one->record = record;
    }
    whole->holds = whole->holds && one->holds;
    buffer_free(&what);
    rehearsal_free(one);
}

static void run(Sweep *sweep, Str label, const Variant *variant)
{
    Rehearsal one;
    if (!is_wanted(sweep, label)) return;
    rehearse_variant(sweep->drill_case, variant, &one);
    take(sweep, label, &one);
}

/* ---- sweeps ---- */

static void sweep_times(Sweep *sweep, const Json *line)
{
    const Json *signal = json_get(line, "signal");
    int64_t to = json_int(line, "to", 0), every = json_int(line, "every", 0);
    for (int64_t at = json_int(line, "from", 0); at <= to; at += every) {
        Buffer label = {0};
        duration_write(&label, at);
        run(sweep, buffer_str(&label), &(Variant){.signal = signal, .at = at});
        buffer_free(&label);
        if (every <= 0) break;
    }
    if (json_bool(line, "or_never", false)) run(sweep, STR("never"), NULL);
}

/* "effect 7, GET http://lb/health" */
static void write_label(Row *row, Buffer *out)
{
    Buffer words = {0};
    effect_write(&words, row->log.name, row_json(row));
    buffer_printf(out, "effect %" PRIu64 ", %.*s%s", row->log.effect,
                  (int)(words.len > LABEL_LIMIT ? LABEL_LIMIT : words.len), words.data,
                  words.len > LABEL_LIMIT ? "…" : "");
    buffer_free(&words);
}

/* What there is to fail is known from the drill in which nothing does. */
static void sweep_effects(Sweep *sweep)
{
    Rehearsal base;
    VEC(Buffer) labels = {0};
    VEC(uint64_t) effects = {0};
    rehearse_variant(sweep->drill_case, NULL, &base);
    for (size_t i = 0; i < base.record.rows.count; i++) {
        Row *row = &base.record.rows.items[i];
        if (row->log.kind != LOG_INTENT || str_equal_c(row->log.name, "terminal")) continue;
        Buffer label = {0};
        write_label(row, &label);
        vec_push(&labels, label);
        vec_push(&effects, row->log.effect);
    }
    if (is_wanted(sweep, STR("nothing changed")))
        take(sweep, STR("nothing changed"), &base);
    else
        rehearsal_free(&base);
    for (size_t i = 0; i < labels.count; i++) {
        if (i < VARIANT_LIMIT)
            run(sweep, buffer_str(&labels.items[i]), &(Variant){.effect = (int64_t)effects.items[i]});
        buffer_free(&labels.items[i]);
    }
    vec_free(&labels);
    vec_free(&effects);
}

static bool sweep_is_too_large(const Json *line)
{
    int64_t every = json_int(line, "every", 0);
    return every > 0 && (json_int(line, "to", 0) - json_int(line, "from", 0)) / every > VARIANT_LIMIT;
}

void rehearse_sweep(const DrillCase *drill_case, const Json *line, Rehearsal *rehearsal)
{
    *rehearsal = (Rehearsal){.holds = true};
    Sweep sweep = {.drill_case = drill_case, .whole = rehearsal};
    if (sweep_is_too_large(line)) {
        rehearsal->holds = false;
        buffer_printf(&rehearsal->messages, "%.*s:%" PRId64 ": this sweep has more than %d variants\n",
                      STR_ARG(json_string(line, "file", "")), json_int(line, "line", 0), VARIANT_LIMIT);
        return;
    }
    if (str_equal_c(json_string(line, "of", ""), "effects"))
        sweep_effects(&sweep);
    else
        sweep_times(&sweep, line);
    if (!rehearsal->variants) {
        rehearsal->holds = false;
        buffer_printf(&rehearsal->messages, "%.*s:%" PRId64 ": this sweep has no variant%s%s\n", STR_ARG(json_string(line, "file", "")),
                      json_int(line, "line", 0), drill_case->variant ? " like " : "", drill_case->variant ? drill_case->variant : "");
    }
    write_table(&sweep);
}
