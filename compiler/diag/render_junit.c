/* Findings as JUnit XML, with the members that GitLab and Jenkins read.
 *
 * A test case is one finding: class name and file are the plan's path, the name is code, place and sentence,
 * so that no two of a file are alike (GitLab drops the second). A clean file is one case that passes; one
 * that could not be read is an error. */
#include "compiler/diag/findings.h"

#include <stdlib.h>

/* In an attribute a reader would make blanks of line ends that stand as they are. */
static void write_escaped(Str text, bool in_attribute, Buffer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (in_attribute && (c == '\n' || c == '\t' || c == '\r')) {
            buffer_printf(out, "&#%d;", c);
            continue;
        }
        switch (c) {
        case '&': buffer_add_c(out, "&amp;"); break;
        case '<': buffer_add_c(out, "&lt;"); break;
        case '>': buffer_add_c(out, "&gt;"); break;
        case '"': buffer_add_c(out, "&quot;"); break;
        default: buffer_add_char(out, c);
        }
    }
}

static void write_attribute(Findings *findings, const char *name, Str value, Buffer *out)
{
    buffer_printf(out, " %s=\"", name);
    write_escaped(findings_clean(&findings->arena, value, true), true, out);
    buffer_add_char(out, '"');
}

static void open_case(Findings *findings, Str path, Str name, Buffer *out)
{
    buffer_add_c(out, "    <testcase");
    write_attribute(findings, "classname", path, out);
    write_attribute(findings, "name", name, out);
    write_attribute(findings, "file", path, out);
    buffer_add_c(out, " time=\"0\"");
}

/* The finding as planc shows it on a terminal, without the lines of its help page. */
static Str shown_text(Findings *findings, Diag *diag)
{
    Diagnostics one = {0};
    Buffer text = {0};
    vec_push(&one.items, diag);
    diag_render_text(&one, &findings->sources, false, &text);
    vec_free(&one.items);
    Str clean = findings_clean(&findings->arena, buffer_str(&text), true);
    buffer_free(&text);
    return clean;
}

static void write_finding(Findings *findings, Diag *diag, DiagSeverity from, Buffer *out)
{
    const SourceFile *file = source_file(&findings->sources, diag->at.file);
    SourcePlace place = file ? source_place(file, diag->at.start) : (SourcePlace){0, 0};
    Str path = file ? findings->shown.items[diag->at.file] : STR("planc");
    const char *code = diag_code_text(diag->code);
    open_case(findings, path,
              arena_printf(&findings->arena, "%s at %u:%u: %.*s", code, place.line, place.column,
                           STR_ARG(diag->message)),
              out);
    if (diag->severity <= from) {
        buffer_printf(out, ">\n      <failure type=\"%s\"", code);
        write_attribute(findings, "message", diag->message, out);
        buffer_add_char(out, '>');
        write_escaped(shown_text(findings, diag), false, out);
        buffer_add_c(out, "</failure>\n    </testcase>\n");
    } else {
        buffer_add_c(out, ">\n      <system-out>");
        write_escaped(shown_text(findings, diag), false, out);
        buffer_add_c(out, "</system-out>\n    </testcase>\n");
    }
}

static void write_file(Findings *findings, const CheckedFile *file, Str shown, Buffer *out)
{
    open_case(findings, shown, STR("check"), out);
    if (!file->unreadable.len) {
        buffer_add_c(out, "/>\n");
        return;
    }
    buffer_add_c(out, ">\n      <error type=\"unreadable\"");
    write_attribute(findings, "message", file->unreadable, out);
    buffer_add_c(out, "/>\n    </testcase>\n");
}

static bool has_findings(const Findings *findings, Str shown)
{
    for (size_t i = 0; i < findings->shown.count; i++)
        if (str_equal(findings->shown.items[i], shown)) return true;
    return false;
}

static void open_suite(const char *element, size_t cases, size_t failures, size_t errors, Buffer *out)
{
    buffer_printf(out, "<%s name=\"planc check\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"0\">\n",
                  element, cases, failures, errors);
}

void findings_render_junit(Findings *findings, DiagSeverity from, Buffer *out)
{
    const Diagnostics *all = &findings->diagnostics;
    Buffer cases = {0};
    size_t count = all->items.count, errors = 0;
    diagnostics_sort(&findings->diagnostics);
    for (size_t i = 0; i < findings->files.count; i++) {
        const CheckedFile *file = &findings->files.items[i];
        Str shown = findings_shown(findings, file);
        if (!file->unreadable.len && has_findings(findings, shown)) continue;
        write_file(findings, file, shown, &cases);
        errors += file->unreadable.len > 0;
        count++;
    }
    for (size_t i = 0; i < all->items.count; i++)
        write_finding(findings, all->items.items[i], from, &cases);
    size_t failures = findings_count(findings, from);
    buffer_add_c(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    open_suite("testsuites", count, failures, errors, out);
    buffer_add_c(out, "  ");
    open_suite("testsuite", count, failures, errors, out);
    buffer_add_str(out, buffer_str(&cases));
    buffer_add_c(out, "  </testsuite>\n</testsuites>\n");
    buffer_free(&cases);
}
