/* The drill runner's reports: text for people, TAP, JUnit and JSON for programs. Drills come in order, one after the other. */
#include "vm/drill/runner_parts.h"

#include "vm/base/time.h"

#include <inttypes.h>
#include <string.h>

static const char *path_of(const DrillRun *run, const DrillJob *job)
{
    return run->files.items[job->file]->path;
}

static Str name_of(const DrillJob *job)
{
    return json_string(job->drill, "name", "");
}

static void add_indented(Buffer *out, const char *indent, Str text)
{
    for (size_t start = 0; start < text.len;) {
        Str rest = str_slice(text, start, text.len);
        ptrdiff_t end = str_find(rest, STR("\n"));
        size_t len = end >= 0 ? (size_t)end : rest.len;
        buffer_printf(out, "%s%.*s\n", indent, (int)len, rest.data);
        start += len + 1;
    }
}

static Str first_line(Str text)
{
    ptrdiff_t end = str_find(text, STR("\n"));
    return end >= 0 ? str_slice(text, 0, (size_t)end) : text;
}

/* ---- text ---- */

static void text_job(DrillRun *run, const DrillJob *job)
{
    Buffer length = {0};
    bool first = job == run->jobs.items || job[-1].file != job->file;
    if (first) buffer_printf(&run->out, "%s\n", path_of(run, job));
    duration_write(&length, job->elapsed);
    buffer_printf(&run->out, "  %s  %.*s  (%s in %.1f ms)\n", job->holds ? "ok  " : "FAIL", STR_ARG(name_of(job)),
                  length.data, job->took);
    add_indented(&run->out, "        ", job->messages);
    add_indented(&run->out, "        ", job->table);
    add_indented(&run->out, "        ", job->timeline);
    buffer_free(&length);
}

static void text_end(DrillRun *run)
{
    size_t drills = run->jobs.count, unloaded = run->unloaded.count;
    for (size_t i = 0; i < unloaded; i++)
        buffer_printf(&run->out, "%s\n  FAIL  it could not be loaded\n", run->unloaded.items[i].path);
    if (!drills) return;
    buffer_printf(&run->out, "%zu drill%s: %zu ok, %zu failed (%.0f ms)\n", drills, drills == 1 ? "" : "s",
                  drills - run->failed, run->failed, run->took);
}

/* ---- TAP ---- */

static void tap_begin(DrillRun *run)
{
    buffer_add_c(&run->out, "TAP version 13\n");
}

/* `#` would begin a directive. */
static void tap_text(Buffer *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '#' || text.data[i] == '\\') buffer_add_char(out, '\\');
        buffer_add_char(out, text.data[i] == '\n' ? ' ' : text.data[i]);
    }
}

static void tap_line(DrillRun *run, bool holds, size_t number, const char *path, Str name)
{
    buffer_printf(&run->out, "%s %zu - ", holds ? "ok" : "not ok", number);
    tap_text(&run->out, str_from_c(path));
    buffer_add_c(&run->out, ": ");
    tap_text(&run->out, name);
    buffer_add_char(&run->out, '\n');
}

static void tap_job(DrillRun *run, const DrillJob *job)
{
    tap_line(run, job->holds, (size_t)(job - run->jobs.items) + 1, path_of(run, job), name_of(job));
    add_indented(&run->out, "# ", job->messages);
    add_indented(&run->out, "# ", job->table);
    add_indented(&run->out, "# ", job->timeline);
}

static void tap_end(DrillRun *run)
{
    size_t number = run->jobs.count;
    for (size_t i = 0; i < run->unloaded.count; i++) {
        const UnloadedFile *file = &run->unloaded.items[i];
        tap_line(run, false, ++number, file->path, STR("it could not be loaded"));
        add_indented(&run->out, "# ", file->why);
    }
    buffer_printf(&run->out, "1..%zu\n", number);
}

/* ---- JUnit ---- */

/* Control characters have no place in XML. */
static void add_xml(Buffer *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        switch (c) {
        case '<': buffer_add_c(out, "&lt;"); break;
        case '>': buffer_add_c(out, "&gt;"); break;
        case '&': buffer_add_c(out, "&amp;"); break;
        case '"': buffer_add_c(out, "&quot;"); break;
        default: buffer_add_char(out, c < ' ' && c != '\n' && c != '\t' ? ' ' : (char)c);
        }
    }
}

static void junit_suite(DrillRun *run, const DrillJob *job)
{
    size_t tests = 0, failures = 0;
    for (const DrillJob *one = job; one < run->jobs.items + run->jobs.count && one->file == job->file; one++) {
        tests++;
        failures += !one->holds;
    }
    buffer_add_c(&run->out, "  <testsuite name=\"");
    add_xml(&run->out, str_from_c(path_of(run, job)));
    buffer_printf(&run->out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n", tests, failures);
}

static void junit_attributes(Buffer *out, const char *path, Str name)
{
    buffer_add_c(out, "    <testcase classname=\"");
    add_xml(out, str_from_c(path));
    buffer_add_c(out, "\" name=\"");
    add_xml(out, name);
    buffer_add_c(out, "\" file=\"");
    add_xml(out, str_from_c(path));
    buffer_add_char(out, '"');
}

/* A plan that could not be loaded is a suite of one case, which is in error. */
static void junit_unloaded(DrillRun *run, const UnloadedFile *file)
{
    Buffer *out = &run->out;
    buffer_add_c(out, "  <testsuite name=\"");
    add_xml(out, str_from_c(file->path));
    buffer_add_c(out, "\" tests=\"1\" failures=\"0\" errors=\"1\">\n");
    junit_attributes(out, file->path, STR("it can be loaded"));
    buffer_add_c(out, " time=\"0.0000\">\n      <error type=\"load\" message=\"it could not be loaded\">");
    add_xml(out, file->why);
    buffer_add_c(out, "</error>\n    </testcase>\n  </testsuite>\n");
}

static void junit_case(DrillRun *run, const DrillJob *job)
{
    junit_attributes(&run->out, path_of(run, job), name_of(job));
    buffer_printf(&run->out, " time=\"%.4f\"", job->took / 1000);
    if (job->holds) {
        buffer_add_c(&run->out, "/>\n");
        return;
    }
    buffer_add_c(&run->out, ">\n      <failure type=\"drill\" message=\"");
    add_xml(&run->out, first_line(job->messages));
    buffer_add_c(&run->out, "\">");
    add_xml(&run->out, job->messages);
    add_xml(&run->out, job->table);
    buffer_add_c(&run->out, "</failure>\n    </testcase>\n");
}

/* A suite's heading counts what comes in it, so the whole is written at the end. */
static void junit_end(DrillRun *run)
{
    buffer_printf(&run->out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
                  "time=\"%.4f\">\n",
                  run->jobs.count + run->unloaded.count, run->failed, run->unloaded.count, run->took / 1000);
    for (size_t i = 0; i < run->jobs.count; i++) {
        const DrillJob *job = &run->jobs.items[i];
        if (i == 0 || job[-1].file != job->file) junit_suite(run, job);
        junit_case(run, job);
        if (i + 1 == run->jobs.count || job[1].file != job->file) buffer_add_c(&run->out, "  </testsuite>\n");
    }
    for (size_t i = 0; i < run->unloaded.count; i++)
        junit_unloaded(run, &run->unloaded.items[i]);
    buffer_add_c(&run->out, "</testsuites>\n");
}

/* ---- JSON ---- */

static void json_begin(DrillRun *run)
{
    buffer_add_c(&run->out, "{\"drills\":[");
}

static void json_member(Buffer *out, const char *key, Str text)
{
    buffer_printf(out, ",\"%s\":", key);
    json_write_string(out, text);
}

static void json_job(DrillRun *run, const DrillJob *job)
{
    Buffer *out = &run->out;
    buffer_add_c(out, job == run->jobs.items ? "\n{\"file\":" : ",\n{\"file\":");
    json_write_string(out, str_from_c(path_of(run, job)));
    json_member(out, "name", name_of(job));
    buffer_printf(out, ",\"line\":%" PRId64 ",\"holds\":%s,\"elapsed\":%" PRId64 ",\"took\":%.3f",
                  json_int(job->drill, "line", 0), job->holds ? "true" : "false", job->elapsed, job->took);
    if (job->variants) buffer_printf(out, ",\"variants\":%zu", job->variants);
    json_member(out, "messages", job->messages);
    if (job->table.len) json_member(out, "table", job->table);
    if (job->timeline.len) json_member(out, "timeline", job->timeline);
    buffer_add_char(out, '}');
}

static void json_end(DrillRun *run)
{
    buffer_add_c(&run->out, "\n],\"unloaded\":[");
    for (size_t i = 0; i < run->unloaded.count; i++) {
        buffer_add_c(&run->out, i ? ",\n{\"file\":" : "\n{\"file\":");
        json_write_string(&run->out, str_from_c(run->unloaded.items[i].path));
        json_member(&run->out, "messages", run->unloaded.items[i].why);
        buffer_add_char(&run->out, '}');
    }
    buffer_printf(&run->out, "],\"passed\":%zu,\"failed\":%zu,\"took\":%.3f}\n", run->jobs.count - run->failed, run->failed,
                  run->took);
}

/* ---- formats ---- */

static const struct Format {
    const char *name;
    void (*begin)(DrillRun *run); /* each may be NULL */
    void (*job)(DrillRun *run, const DrillJob *job);
    void (*end)(DrillRun *run);
} formats[REPORT_FORMAT_COUNT] = {
    [REPORT_TEXT] = {"text", NULL, text_job, text_end},
    [REPORT_TAP] = {"tap", tap_begin, tap_job, tap_end},
    [REPORT_JUNIT] = {"junit", NULL, NULL, junit_end},
    [REPORT_JSON] = {"json", json_begin, json_job, json_end},
};

bool report_format_read(const char *name, ReportFormat *format)
{
    for (int i = 0; i < REPORT_FORMAT_COUNT; i++) {
        if (strcmp(name, formats[i].name) != 0) continue;
        *format = (ReportFormat)i;
        return true;
    }
    fprintf(stderr, "planvm drill: there is no format %s; there are text, tap, junit and json\n", name);
    return false;
}

void report_begin(DrillRun *run)
{
    if (formats[run->format].begin) formats[run->format].begin(run);
}

void report_job(DrillRun *run, const DrillJob *job)
{
    if (formats[run->format].job) formats[run->format].job(run, job);
}

void report_end(DrillRun *run)
{
    if (formats[run->format].end) formats[run->format].end(run);
}
