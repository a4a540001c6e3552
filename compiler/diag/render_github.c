/* Findings as GitHub's workflow commands, and as a table for a job's summary.
 *
 * GitHub shows ten annotations of each kind for a step and drops the others without a word, so the worst come
 * first, and how many are not shown is said. Text is encoded so that nothing in a plan can become a command.
 */
#include "compiler/diag/findings.h"

#include <stdlib.h>

enum { MOST_SHOWN = 10, MOST_ROWS = 1000 };

static void write_encoded(Str text, bool is_property, Buffer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool encode = c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','));
        if (encode)
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)c);
        else
            buffer_add_char(out, c);
    }
}

static void write_property(const char *name, Str value, Buffer *out)
{
    buffer_printf(out, "%s=", name);
    write_encoded(value, true, out);
}

static const char *command_of(DiagSeverity severity)
{
    return severity == DIAG_NOTE ? "notice" : diag_severity_text(severity);
}

static void write_annotation(const Findings *findings, const Diag *diag, Buffer *out)
{
    const SourceFile *file = source_file(&findings->sources, diag->at.file);
    buffer_printf(out, "::%s ", command_of(diag->severity));
    if (file) {
        SourcePlace from = source_place(file, diag->at.start), to = source_place(file, diag->at.end);
        write_property("file", findings->shown.items[diag->at.file], out);
        buffer_printf(out, ",line=%u,endLine=%u,", from.line, to.line);
        /* Columns mean something to GitHub only within one line. */
        if (from.line == to.line) buffer_printf(out, "col=%u,endColumn=%u,", from.column, to.column);
    }
    buffer_printf(out, "title=%s::", diag_code_text(diag->code));
    write_encoded(diag->message, false, out);
    if (diag->help.len) {
        buffer_add_c(out, "%0Ahelp: ");
        write_encoded(diag->help, false, out);
    }
    buffer_add_char(out, '\n');
}

static size_t beyond(size_t count)
{
    return count > MOST_SHOWN ? count - MOST_SHOWN : 0;
}

void findings_render_github(Findings *findings, Buffer *out)
{
    const Diagnostics *all = &findings->diagnostics;
    for (size_t i = 0; i < findings->files.count; i++) {
        const CheckedFile *file = &findings->files.items[i];
        if (!file->unreadable.len) continue;
        buffer_add_c(out, "::error ");
        write_property("file", findings_shown(findings, file), out);
        buffer_add_c(out, ",title=unreadable::");
        write_encoded(file->unreadable, false, out);
        buffer_add_char(out, '\n');
    }
    Diag **diags = findings_worst_first(findings);
    for (size_t i = 0; i < all->items.count; i++)
        write_annotation(findings, diags[i], out);
    free(diags);
    size_t errors = beyond(all->errors), warnings = beyond(all->warnings), notes = beyond(all->notes);
    if (errors + warnings + notes == 0) return;
    buffer_printf(out,
                  "planc: GitHub shows %d of a kind; in this log only: %zu errors, %zu warnings, %zu notes\n",
                  MOST_SHOWN, errors, warnings, notes);
}

/* One cell of a markdown table. */
static void write_cell(Str text, Buffer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\n' || c == '\r')
            buffer_add_char(out, ' ');
        else if (c == '<')
            buffer_add_c(out, "&lt;");
        else if (c == '|')
            buffer_add_c(out, "\\|");
        else
            buffer_add_char(out, c);
    }
}

void findings_render_summary(Findings *findings, Buffer *out)
{
    const Diagnostics *all = &findings->diagnostics;
    buffer_printf(out, "### planc check: %zu errors, %zu warnings, %zu notes\n\n", all->errors, all->warnings,
                  all->notes);
    buffer_add_c(out, "| place | | finding |\n| --- | --- | --- |\n");
    Diag **diags = findings_worst_first(findings);
    for (size_t i = 0; i < all->items.count && i < MOST_ROWS; i++) {
        const Diag *diag = diags[i];
        const SourceFile *file = source_file(&findings->sources, diag->at.file);
        buffer_add_c(out, "| ");
        if (file) {
            write_cell(findings->shown.items[diag->at.file], out);
            buffer_printf(out, ":%u", source_place(file, diag->at.start).line);
        }
        buffer_printf(out, " | %s %s | ", diag_severity_text(diag->severity), diag_code_text(diag->code));
        write_cell(diag->message, out);
        buffer_add_c(out, " |\n");
    }
    if (all->items.count > MOST_ROWS) buffer_printf(out, "\nand %zu more\n", all->items.count - MOST_ROWS);
    free(diags);
}
