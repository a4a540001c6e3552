/* `planc check`: every file that is named, or below a folder that is, is compiled; what was found becomes one
 * document.
 *
 * A machine format on stdout stands there alone. With --output the document goes to the file, and a machine
 * format's findings also to stderr as text, so that a job's log can be read. */
#include "compiler/tools/command.h"

#include "compiler/compilation.h"
#include "compiler/diag/findings.h"
#include "compiler/tools/paths.h"
#include "compiler/tools/policy_check.h"
#include "vm/base/time.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef enum Format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF, FORMAT_JUNIT, FORMAT_GITHUB } Format;

static Format format_of(const char *name)
{
    static const char *const names[] = {"text", "json", "sarif", "junit", "github"};
    for (int i = 0; name && i < (int)(sizeof names / sizeof *names); i++)
        if (strcmp(name, names[i]) == 0) return (Format)i;
    return FORMAT_TEXT;
}

static DiagSeverity fail_level(const Arguments *arguments)
{
    const char *level = arguments->values[OPTION_FAIL_LEVEL];
    if (level && strcmp(level, "note") == 0) return DIAG_NOTE;
    bool warning = (level && strcmp(level, "warning") == 0) || arguments->values[OPTION_DENY];
    return warning ? DIAG_WARNING : DIAG_ERROR;
}

static void check_one(Findings *findings, const Policy *policy, Str path)
{
    Compilation compilation = {0};
    Error error = {0};
    check_scripts_too(true);
    CompileResult result = compilation_check(&compilation, path.data, &error);
    if (policy && result == COMPILE_OK)
        policy_check(policy, compilation.program, &compilation.arena, &compilation.diagnostics);
    if (result == COMPILE_UNREADABLE) fprintf(stderr, "planc: %s\n", error.text);
    findings_add(findings, path, &compilation.diagnostics, &compilation.sources,
                 result == COMPILE_UNREADABLE ? str_from_c(error.text) : (Str){0});
    compilation_free(&compilation);
}

/* What is named and is not there is part of the document, too. */
static void add_argument(Findings *findings, PathList *paths, const char *argument)
{
    Diagnostics none = {0};
    SourceSet sources = {0};
    Error error = {0};
    if (paths_add(paths, argument, &error)) return;
    fprintf(stderr, "planc: %s\n", error.text);
    findings_add(findings, str_from_c(argument), &none, &sources, str_from_c(error.text));
}

static void render(Findings *findings, Format format, DiagSeverity from, bool colour, Buffer *out)
{
    switch (format) {
    case FORMAT_TEXT: diag_render_text(&findings->diagnostics, &findings->sources, colour, out); break;
    case FORMAT_JSON: diag_render_json(&findings->diagnostics, &findings->sources, out); break;
    case FORMAT_SARIF: findings_render_sarif(findings, out); break;
    case FORMAT_JUNIT: findings_render_junit(findings, from, out); break;
    case FORMAT_GITHUB: findings_render_github(findings, out); break;
    }
}

/* GitHub shows ten annotations a step; the job's page has room for a table of all. */
static bool write_summary(Findings *findings, Error *error)
{
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (!path || !*path || findings->diagnostics.items.count == 0) return true;
    FILE *file = fopen(path, "ab");
    if (!file) return error_set(error, "%s, the job's summary, cannot be written", path);
    Buffer table = {0};
    findings_render_summary(findings, &table);
    planc_print(file, &table);
    buffer_free(&table);
    return fclose(file) == 0 || error_set(error, "%s, the job's summary, cannot be written", path);
}

static bool write_document(Findings *findings, const Arguments *arguments, Error *error)
{
    const char *path = arguments->values[OPTION_OUTPUT];
    bool to_file = path && strcmp(path, "-") != 0;
    Format format = format_of(arguments->values[OPTION_FORMAT]);
    Buffer document = {0};
    render(findings, format, fail_level(arguments), !to_file && planc_wants_colour(stdout), &document);
    bool fine = planc_write_file(path ? path : "-", buffer_str(&document), error);
    buffer_free(&document);
    if (to_file && format != FORMAT_TEXT) planc_print_diagnostics(&findings->diagnostics, &findings->sources);
    return fine && (format != FORMAT_GITHUB || write_summary(findings, error));
}

/* A file that is named twice, or named and found in a folder, is checked once. */
static void check_paths(Findings *findings, const Policy *policy, const PathList *paths)
{
    Map seen = {0};
    for (size_t i = 0; i < paths->items.count; i++) {
        Str path = paths->items.items[i];
        if (map_has(&seen, path)) continue;
        map_set(&seen, path, NULL);
        check_one(findings, policy, path);
    }
    map_free(&seen);
}

/* A pipeline that has to say the same tomorrow says which day it is. */
static bool set_today(const Arguments *arguments, Error *error)
{
    const char *today = arguments->values[OPTION_TODAY], *epoch = getenv("SOURCE_DATE_EPOCH");
    int64_t moment = 0;
    if (today) {
        if (!time_parse(str_from_c(today), &moment, NULL)) return error_set(error, "%s is no day; write 2026-03-02", today);
    } else if (epoch && *epoch) {
        char *end;
        errno = 0;
        long long seconds = strtoll(epoch, &end, 10);
        if (*end || errno || seconds < 0 || seconds > INT64_MAX / 1000)
            return error_set(error, "SOURCE_DATE_EPOCH is %s, and should be the seconds since 1970", epoch);
        moment = (int64_t)seconds * 1000;
    }
    check_as_of(moment);
    return true;
}

int planc_check(const Arguments *arguments)
{
    PathList paths = {0};
    Findings findings = {0};
    Error error = {0};
    int status = EXIT_CLEAN;
    if (!set_today(arguments, &error)) return planc_misuse("check", "%s", error.text);
    const char *rules = arguments->values[OPTION_POLICY];
    Policy *policy = rules ? policy_read(rules, &error) : NULL;
    if (rules && !policy) return planc_misuse("check", "%s", error.text);
    if (arguments->words.count == 0) add_argument(&findings, &paths, ".");
    for (size_t i = 0; i < arguments->words.count; i++)
        add_argument(&findings, &paths, arguments->words.items[i]);
    check_paths(&findings, policy, &paths);
    bool written = write_document(&findings, arguments, &error);
    if (!written)
        status = planc_misuse("check", "%s", error.text);
    else if (findings_unreadable(&findings))
        status = EXIT_MISUSE;
    else if (findings_count(&findings, fail_level(arguments)))
        status = EXIT_FINDINGS;
    findings_free(&findings);
    paths_free(&paths);
    policy_free(policy);
    return status;
}
