/* Findings as SARIF 2.1.0, for GitHub's code scanning and everything else that reads it.
 *
 * One run. Rules are those that were broken, each with its page. Places are URIs relative to the repository's
 * root with columns in characters, ends exclusive. A file that could not be read is a notification of the
 * invocation. */
#include "compiler/diag/findings.h"

#include "vm/base/hash.h"
#include "vm/base/json_text.h"

#include <inttypes.h>
#include <stdlib.h>

#define SARIF_SCHEMA                                                                                         \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

enum { MOST_RESULTS = 25000 }; /* what GitHub takes */

static void write_text(Buffer *out, const char *before, Str text)
{
    buffer_add_c(out, before);
    json_write_string(out, text);
}

static void write_message(Buffer *out, const char *before, Str text)
{
    buffer_add_c(out, before);
    write_text(out, "{\"text\":", text);
    buffer_add_char(out, '}');
}

/* ---- places ---- */

static bool stays_in_uri(char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || c == '/' || c == '-' || c == '.' || c == '_' || c == '~';
}

static void write_uri(Buffer *out, Str path)
{
    buffer_add_char(out, '"');
    if (path.len && path.data[0] == '/') buffer_add_c(out, "file://");
    for (size_t i = 0; i < path.len; i++) {
        if (stays_in_uri(path.data[i]))
            buffer_add_char(out, path.data[i]);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)path.data[i]);
    }
    buffer_add_char(out, '"');
}

static void write_physical_location(const Findings *findings, Span at, Buffer *out)
{
    const SourceFile *file = source_file(&findings->sources, at.file);
    SourcePlace from = source_place(file, at.start), to = source_place(file, at.end);
    buffer_add_c(out, "\"physicalLocation\":{\"artifactLocation\":{\"uri\":");
    write_uri(out, findings->shown.items[at.file]);
    buffer_printf(out, "},\"region\":{\"startLine\":%u,\"startColumn\":%u,\"endLine\":%u,\"endColumn\":%u}}", from.line,
                  from.column, to.line, to.column);
}

static void write_locations(const Findings *findings, const Diag *diag, Buffer *out)
{
    buffer_add_c(out, ",\"locations\":[");
    if (source_file(&findings->sources, diag->at.file)) {
        buffer_add_char(out, '{');
        write_physical_location(findings, diag->at, out);
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, ']');
}

static void write_related(const Findings *findings, const Diag *diag, Buffer *out)
{
    bool first = true;
    buffer_add_c(out, ",\"relatedLocations\":[");
    for (size_t i = 0; i < diag->related_count; i++) {
        if (!source_file(&findings->sources, diag->related[i].at.file)) continue;
        buffer_printf(out, "%s{\"id\":%zu,", first ? "" : ",", i + 1);
        write_message(out, "\"message\":", diag->related[i].label);
        buffer_add_char(out, ',');
        write_physical_location(findings, diag->related[i].at, out);
        buffer_add_char(out, '}');
        first = false;
    }
    buffer_add_char(out, ']');
}

/* ---- results ---- */

/* The same finding on a line that merely moved has the same fingerprint; the number tells equal lines apart.
 */
static Str fingerprint(Findings *findings, const Diag *diag, Map *counts)
{
    const SourceFile *file = source_file(&findings->sources, diag->at.file);
    Buffer key = {0};
    buffer_printf(&key, "%s ", diag_code_text(diag->code));
    Str line = file ? source_line(file, source_place(file, diag->at.start).line) : (Str){0};
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t') buffer_add_char(&key, line.data[i]);
    uint64_t hash = hash_quick(key.data, key.len);
    buffer_free(&key);
    Str counted = arena_printf(&findings->arena, "%u %016" PRIx64, diag->at.file, hash);
    uintptr_t number = (uintptr_t)map_get(counts, counted) + 1;
    map_set(counts, counted, (void *)number);
    return arena_printf(&findings->arena, "%016" PRIx64 ":%zu", hash, (size_t)number);
}

static void write_result(Findings *findings, const Diag *diag, const int *rule_index, Map *counts,
                         Buffer *out)
{
    Str message = diag->help.len ? arena_printf(&findings->arena, "%.*s\nhelp: %.*s", STR_ARG(diag->message),
                                                STR_ARG(diag->help))
                                 : diag->message;
    buffer_printf(out, "{\"ruleId\":\"%s\",\"ruleIndex\":%d,\"level\":\"%s\"", diag_code_text(diag->code),
                  rule_index[diag->code], diag_severity_text(diag->severity));
    write_message(out, ",\"message\":", message);
    write_locations(findings, diag, out);
    if (diag->related_count) write_related(findings, diag, out);
    write_text(out, ",\"partialFingerprints\":{\"primaryLocationLineHash\":", fingerprint(findings, diag, counts));
    buffer_add_c(out, "}}");
}

/* ---- rules ---- */

static void write_rule(DiagCode code, Buffer *out)
{
    Str about = str_from_c(diag_code_about(code)), page = diag_code_page(code);
    write_text(out, "{\"id\":", str_from_c(diag_code_text(code)));
    write_text(out, ",\"name\":", str_from_c(diag_code_title(code)));
    write_message(out, ",\"shortDescription\":", about);
    write_message(out, ",\"fullDescription\":", about);
    write_text(out, ",\"help\":{\"text\":", page.len ? page : about);
    if (page.len) write_text(out, ",\"markdown\":", page);
    buffer_printf(out, "},\"defaultConfiguration\":{\"level\":\"%s\"}}", diag_severity_text(diag_code_severity(code)));
}

/* The rules that were broken, in the order of their codes; rule_index gets their places. */
static void write_rules(Diag *const *diags, size_t count, int *rule_index, Buffer *out)
{
    for (int code = 0; code < DIAG_CODE_COUNT; code++)
        rule_index[code] = -1;
    for (size_t i = 0; i < count; i++)
        rule_index[diags[i]->code] = 0;
    int next = 0;
    for (int code = 0; code < DIAG_CODE_COUNT; code++) {
        if (rule_index[code] < 0) continue;
        buffer_add_c(out, next ? ",\n" : "\n");
        write_rule((DiagCode)code, out);
        rule_index[code] = next++;
    }
}

/* ---- the run ---- */

static void write_notification(const char *level, Str text, bool *first, Buffer *out)
{
    write_message(out, *first ? "{\"message\":" : ",{\"message\":", text);
    buffer_printf(out, ",\"level\":\"%s\"}", level);
    *first = false;
}

static void write_invocation(Findings *findings, size_t left_out, Buffer *out)
{
    bool first = true;
    buffer_printf(out, "{\"executionSuccessful\":%s,\"toolExecutionNotifications\":[",
                  findings_unreadable(findings) ? "false" : "true");
    for (size_t i = 0; i < findings->files.count; i++) {
        const CheckedFile *file = &findings->files.items[i];
        if (file->unreadable.len) write_notification("error", file->unreadable, &first, out);
    }
    if (left_out) {
        Str text = arena_printf(&findings->arena, "%zu findings more are not in this document", left_out);
        write_notification("warning", text, &first, out);
    }
    buffer_add_c(out, "]}");
}

void findings_render_sarif(Findings *findings, Buffer *out)
{
    Diag **diags = findings_worst_first(findings);
    size_t all = findings->diagnostics.items.count, count = all < MOST_RESULTS ? all : MOST_RESULTS;
    int rule_index[DIAG_CODE_COUNT];
    Map counts = {0};
    buffer_add_c(out, "{\"$schema\":\"" SARIF_SCHEMA "\",\n\"version\":\"2.1.0\",\n\"runs\":[{\n");
    buffer_add_c(out,
                 "\"tool\":{\"driver\":{\"name\":\"planc\",\"version\":\"" PLAN_VERSION "\",\"rules\":[");
    write_rules(diags, count, rule_index, out);
    buffer_add_c(out, "]}},\n\"automationDetails\":{\"id\":\"planc/"
                      "\"},\n\"columnKind\":\"unicodeCodePoints\",\n\"invocations\":[");
    write_invocation(findings, all - count, out);
    buffer_add_c(out, "],\n\"results\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_add_c(out, i ? ",\n" : "\n");
        write_result(findings, diags[i], rule_index, &counts, out);
    }
    buffer_add_c(out, "]\n}]}\n");
    map_free(&counts);
    free(diags);
}
