/* Diagnostics for programs: one JSON array, one record a line. The fields are described in diag.h. */
#include "compiler/diag/diag.h"

static const char *const severities[] = {
    [DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};

static void write_string(Str text, Buffer *out)
{
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (c == '\n')
            buffer_add_c(out, "\\n");
        else if (c < 0x20)
            buffer_printf(out, "\\u%04x", c);
        else
            buffer_add_char(out, (char)c);
    }
    buffer_add_char(out, '"');
}

static void write_place(const SourceSet *sources, Span at, Buffer *out)
{
    const SourceFile *file = source_file(sources, at.file);
    if (file == NULL) {
        buffer_add_c(out, "\"file\":null");
        return;
    }
    SourcePlace from = source_place(file, at.start), to = source_place(file, at.end);
    buffer_add_c(out, "\"file\":");
    write_string(file->path, out);
    buffer_printf(
        out, ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u,\"offset\":%u,\"end_offset\":%u",
        from.line, from.column, to.line, to.column, at.start, at.end);
}

static void write_diag(const Diag *diag, const SourceSet *sources, Buffer *out)
{
    buffer_printf(out, "{\"code\":\"%s\",\"severity\":\"%s\",\"message\":", diag_code_text(diag->code),
                  severities[diag->severity]);
    write_string(diag->message, out);
    buffer_add_char(out, ',');
    write_place(sources, diag->at, out);
    buffer_add_c(out, ",\"help\":");
    if (diag->help.len)
        write_string(diag->help, out);
    else
        buffer_add_c(out, "null");
    buffer_add_c(out, ",\"related\":[");
    for (size_t i = 0; i < diag->related_count; i++) {
        buffer_add_c(out, i ? ",{\"message\":" : "{\"message\":");
        write_string(diag->related[i].label, out);
        buffer_add_char(out, ',');
        write_place(sources, diag->related[i].at, out);
        buffer_add_char(out, '}');
    }
    buffer_add_c(out, "]}");
}

void diag_render_json(Diagnostics *diagnostics, const SourceSet *sources, Buffer *out)
{
    bool first = true;
    diagnostics_sort(diagnostics);
    buffer_add_char(out, '[');
    for (size_t i = 0; i < diagnostics->items.count; i++) {
        if (diagnostics->items.items[i]->dropped) continue;
        buffer_add_c(out, first ? "\n" : ",\n");
        write_diag(diagnostics->items.items[i], sources, out);
        first = false;
    }
    buffer_add_c(out, first ? "]\n" : "\n]\n");
}
