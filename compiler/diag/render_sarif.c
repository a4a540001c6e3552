/* Findings as SARIF 2.1.0, for GitHub's code scanning and everything else that reads it.
 *
 * One run. Rules are those that were broken, each with its page. Places are URIs relative to the repository's
 * root with columns in characters, ends exclusive. A file that could not be read is a notification of the
 * invocation. */
#include "compiler/diag/findings.h"

#include "vm/base/hash.h"
#include "vm/base/json.h"

#include <inttypes.h>
#include <stdlib.h>

#define SARIF_SCHEMA                                                                                         \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

enum { MOST_RESULTS = 25000 }; /* what GitHub takes */

static Json *object_with(const char *key, Json *value)
{
    Json *object = json_new_object();
    json_set(object, key, value);
    return object;
}

static Json *text_object(Str text)
{
    return object_with("text", json_new_string(text));
}

/* ---- places ---- */

static bool stays_in_uri(char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || c == '/' || c == '-' || c == '.' || c == '_' || c == '~';
}

static Json *artifact_location(Str path)
{
    Buffer uri = {0};
    if (path.len && path.data[0] == '/') buffer_add_c(&uri, "file://");
    for (size_t i = 0; i < path.len; i++) {
        if (stays_in_uri(path.data[i]))
            buffer_add_char(&uri, path.data[i]);
        else
            buffer_printf(&uri, "%%%02X", (unsigned)(unsigned char)path.data[i]);
    }
    Json *location = object_with("uri", json_new_string(buffer_str(&uri)));
    buffer_free(&uri);
    return location;
}

static Json *physical_location(const Findings *findings, Span at)
{
    const SourceFile *file = source_file(&findings->sources, at.file);
    if (!file) return NULL;
    Json *physical = object_with("artifactLocation", artifact_location(findings->shown.items[at.file]));
    SourcePlace from = source_place(file, at.start), to = source_place(file, at.end);
    Json *region = json_new_object();
    json_set_int(region, "startLine", from.line);
    json_set_int(region, "startColumn", from.column);
    json_set_int(region, "endLine", to.line);
    json_set_int(region, "endColumn", to.column);
    json_set(physical, "region", region);
    return physical;
}

static Json *locations_of(const Findings *findings, const Diag *diag)
{
    Json *list = json_new_list(), *physical = physical_location(findings, diag->at);
    if (physical) json_push(list, object_with("physicalLocation", physical));
    return list;
}

static Json *related_of(const Findings *findings, const Diag *diag)
{
    Json *list = json_new_list();
    for (size_t i = 0; i < diag->related_count; i++) {
        Json *physical = physical_location(findings, diag->related[i].at);
        if (!physical) continue;
        Json *location = json_new_object();
        json_set_int(location, "id", (int64_t)i + 1);
        json_set(location, "message", text_object(diag->related[i].label));
        json_set(location, "physicalLocation", physical);
        json_push(list, location);
    }
    return list;
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
    Json *result = json_new_object();
    json_set_string(result, "ruleId", str_from_c(diag_code_text(diag->code)));
    json_set_int(result, "ruleIndex", rule_index[diag->code]);
    json_set_string(result, "level", str_from_c(diag_severity_text(diag->severity)));
    Str message = diag->help.len ? arena_printf(&findings->arena, "%.*s\nhelp: %.*s", STR_ARG(diag->message),
                                                STR_ARG(diag->help))
                                 : diag->message;
    json_set(result, "message", text_object(message));
    json_set(result, "locations", locations_of(findings, diag));
    if (diag->related_count) json_set(result, "relatedLocations", related_of(findings, diag));
    Str print = fingerprint(findings, diag, counts);
    json_set(result, "partialFingerprints", object_with("primaryLocationLineHash", json_new_string(print)));
    json_write(out, result);
    json_free(result);
}

/* ---- rules ---- */

static void write_rule(DiagCode code, Buffer *out)
{
    Str about = str_from_c(diag_code_about(code)), page = diag_code_page(code);
    Json *rule = json_new_object(), *help = text_object(page.len ? page : about);
    json_set_string(rule, "id", str_from_c(diag_code_text(code)));
    json_set_string(rule, "name", str_from_c(diag_code_title(code)));
    json_set(rule, "shortDescription", text_object(about));
    json_set(rule, "fullDescription", text_object(about));
    if (page.len) json_set_string(help, "markdown", page);
    json_set(rule, "help", help);
    Str level = str_from_c(diag_severity_text(diag_code_severity(code)));
    json_set(rule, "defaultConfiguration", object_with("level", json_new_string(level)));
    json_write(out, rule);
    json_free(rule);
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

static Json *notification(const char *level, Str text)
{
    Json *entry = object_with("message", text_object(text));
    json_set_string(entry, "level", str_from_c(level));
    return entry;
}

static void write_invocation(Findings *findings, size_t left_out, Buffer *out)
{
    Json *invocation = json_new_object(), *notifications = json_new_list();
    json_set_bool(invocation, "executionSuccessful", !findings_unreadable(findings));
    for (size_t i = 0; i < findings->files.count; i++) {
        const CheckedFile *file = &findings->files.items[i];
        if (file->unreadable.len) json_push(notifications, notification("error", file->unreadable));
    }
    if (left_out) {
        Str text = arena_printf(&findings->arena, "%zu findings more are not in this document", left_out);
        json_push(notifications, notification("warning", text));
    }
    json_set(invocation, "toolExecutionNotifications", notifications);
    json_write(out, invocation);
    json_free(invocation);
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
