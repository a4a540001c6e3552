/* Diagnostics for people: place, sentence, the source line with carets under the span, other places, help.
 *
 *   plans/x.plan:12:5: error[P0102]: there is no statement `need`; did you mean `needs`?
 *      12 |     need approval from head
 *         |     ^~~~
 *   plans/x.plan:3:1: note: …
 *   help: …
 */
#include "compiler/diag/diag.h"
#include "vm/base/utf8.h"

static const char *const severities[] = {
    [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
static const char *const colours[] = {
    [DIAG_ERROR] = "\033[1;31m", [DIAG_WARNING] = "\033[1;33m", [DIAG_NOTE] = "\033[1;36m"};

static void write_place(const SourceFile *file, SourcePlace place, Buffer *out)
{
    buffer_printf(out, "%.*s:%u:%u: ", STR_ARG(file->path), place.line, place.column);
}

/* A line as a terminal may have it: what is no character, or would move the cursor, is a question mark. */
static void write_line(Str line, Buffer *out)
{
    for (size_t i = 0; i < line.len;) {
        uint32_t code = 0;
        size_t len = utf8_decode(str_slice(line, i, line.len), &code);
        bool shown = len && (code == '\t' || (code >= 0x20 && (code < 0x7F || code >= 0xA0)));
        if (shown) buffer_add(out, line.data + i, len);
        else buffer_add_char(out, '?');
        i += len ? len : 1;
    }
}

/* The source line, and carets under the part of the span that lies on it. */
static void write_excerpt(const SourceFile *file, Span at, const char *colour, Buffer *out)
{
    SourcePlace place = source_place(file, at.start);
    Str line = source_line(file, place.line);
    size_t line_start = source_line_start(file, place.line);
    size_t from = at.start - line_start, to = at.end > at.start ? at.end - line_start : from + 1;
    if (from > line.len) from = line.len;
    if (to > line.len) to = line.len;
    buffer_printf(out, "%5u | ", place.line);
    write_line(line, out);
    buffer_add_c(out, "\n      | ");
    for (size_t i = 0; i < from;) {
        size_t len = utf8_decode(str_slice(line, i, line.len), NULL);
        buffer_add_char(out, line.data[i] == '\t' ? '\t' : ' ');
        i += len ? len : 1;
    }
    size_t width = utf8_count(str_slice(line, from, to));
    buffer_add_c(out, colour);
    buffer_add_char(out, '^');
    for (size_t i = 1; i < width; i++)
        buffer_add_char(out, '~');
    if (*colour) buffer_add_c(out, "\033[0m");
    buffer_add_char(out, '\n');
}

static void write_diag(const Diag *diag, const SourceSet *sources, bool colour, Buffer *out)
{
    const SourceFile *file = source_file(sources, diag->at.file);
    const char *paint = colour ? colours[diag->severity] : "", *plain = colour ? "\033[0m" : "";
    if (file != NULL) write_place(file, source_place(file, diag->at.start), out);
    buffer_printf(out, "%s%s[%s]%s: %.*s\n", paint, severities[diag->severity], diag_code_text(diag->code),
                  plain, STR_ARG(diag->message));
    if (file != NULL) write_excerpt(file, diag->at, paint, out);
    for (size_t i = 0; i < diag->related_count; i++) {
        const DiagSecond *second = &diag->related[i];
        const SourceFile *other = source_file(sources, second->at.file);
        if (other == NULL) continue;
        write_place(other, source_place(other, second->at.start), out);
        buffer_printf(out, "%.*s\n", STR_ARG(second->label));
        write_excerpt(other, second->at, colour ? colours[DIAG_NOTE] : "", out);
    }
    if (diag->help.len) buffer_printf(out, "  help: %.*s\n", STR_ARG(diag->help));
}

void diag_render_text(Diagnostics *diagnostics, const SourceSet *sources, bool colour, Buffer *out)
{
    diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->items.count; i++)
        if (!diagnostics->items.items[i]->dropped)
            write_diag(diagnostics->items.items[i], sources, colour, out);
}
