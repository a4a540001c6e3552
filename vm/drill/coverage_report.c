/* Coverage as text, JSON, lcov and Cobertura: see coverage.h. Several plans may share a file; what they say of one point or
 * one line is added up. */
#include "vm/drill/coverage.h"

#include "vm/base/map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Total {
    const CoveragePoint *point;
    uint64_t hits;
} Total;

typedef struct LineTotal {
    int64_t line;
    uint64_t hits; /* 1 or 0: was it ever run */
} LineTotal;

typedef struct FileTotal {
    Str name;
    VEC(LineTotal) lines;
} FileTotal;

typedef struct Report {
    VEC(Total) totals; /* in the order of the files, then of the source */
    VEC(FileTotal) files;
    Arena arena;
    size_t reached;
    size_t kind_count[POINT_KIND_COUNT], kind_reached[POINT_KIND_COUNT];
    Buffer *out;
} Report;

/* ---- adding up ---- */

static void add_points(Report *report, Map *known, const CoverageFile *file)
{
    for (size_t i = 0; i < file->coverage->points.count; i++) {
        const CoveragePoint *point = &file->coverage->points.items[i];
        Str key = arena_printf(&report->arena, "%.*s:%" PRId64 ":%d:%.*s:%.*s", STR_ARG(point->file), point->line,
                               (int)point->kind, STR_ARG(point->name), STR_ARG(point->way));
        size_t *at = map_get(known, key);
        if (!at) {
            at = arena_new(&report->arena, size_t);
            *at = report->totals.count;
            map_set(known, key, at);
            vec_push(&report->totals, (Total){.point = point});
        }
        report->totals.items[*at].hits += file->hits[i];
    }
}

static int compare_totals(const void *a, const void *b)
{
    const CoveragePoint *left = ((const Total *)a)->point, *right = ((const Total *)b)->point;
    int names = str_compare(left->file, right->file);
    if (names) return names;
    if (left->line != right->line) return left->line < right->line ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool is_own_file(const Json *metadata, Str name)
{
    for (const Json *file = json_first(json_get(metadata, "files")); file; file = json_next(file)) {
        if (str_equal(json_text(file), name)) return true;
    }
    return false;
}

static FileTotal *file_total(Report *report, Str name)
{
    for (size_t i = 0; i < report->files.count; i++) {
        if (str_equal(report->files.items[i].name, name)) return &report->files.items[i];
    }
    vec_push(&report->files, (FileTotal){.name = name});
    return &report->files.items[report->files.count - 1];
}

static void add_line(FileTotal *file, int64_t line, bool run)
{
    for (size_t i = 0; i < file->lines.count; i++) {
        if (file->lines.items[i].line != line) continue;
        file->lines.items[i].hits |= run;
        return;
    }
    vec_push(&file->lines, (LineTotal){line, run});
}

static void add_lines(Report *report, const CoverageFile *file)
{
    const Image *image = file->coverage->image;
    for (uint32_t i = 0; i < image->line_count; i++) {
        const ImageLine *line = &image->lines[i];
        Str name = line->file < image->file_count ? image_string(image, image->files[line->file].name) : (Str){0};
        if (!line->line || !is_own_file(file->metadata, name)) continue;
        uint32_t end = i + 1 < image->line_count ? image->lines[i + 1].pc : image->code_count;
        bool run = false;
        for (uint32_t pc = line->pc; pc < end; pc++)
            run = run || file->covered[pc];
        add_line(file_total(report, name), line->line, run);
    }
}

static int compare_lines(const void *a, const void *b)
{
    int64_t left = ((const LineTotal *)a)->line, right = ((const LineTotal *)b)->line;
    return left < right ? -1 : left > right;
}

static void count_up(Report *report)
{
    for (size_t i = 0; i < report->totals.count; i++) {
        const Total *total = &report->totals.items[i];
        report->kind_count[total->point->kind]++;
        if (!total->hits) continue;
        report->reached++;
        report->kind_reached[total->point->kind]++;
    }
}

static double share(size_t part, size_t whole)
{
    return whole ? (double)part / (double)whole : 1;
}

static double percent_of(const Report *report)
{
    return 100.0 * share(report->reached, report->totals.count);
}

/* In tenths, never more than it is: what is not whole must not read as 100.0. */
static double percent_shown(const Report *report)
{
    size_t tenths = report->totals.count ? report->reached * 1000 / report->totals.count : 1000;
    return (double)tenths / 10;
}

/* ---- text ---- */

static void write_point(Buffer *out, const CoveragePoint *point)
{
    buffer_printf(out, "    %.*s:%" PRId64 "  %.*s", STR_ARG(point->file), point->line, STR_ARG(point->name));
    if (point->way.len) buffer_printf(out, ": %.*s", STR_ARG(point->way));
    if (point->step.len && point->kind != POINT_STEP && point->kind != POINT_REMEDY)
        buffer_printf(out, "  (in \"%.*s\")", STR_ARG(point->step));
    buffer_add_char(out, '\n');
}

static void write_unreached(Report *report, PointKind kind)
{
    bool headed = false;
    for (size_t i = 0; i < report->totals.count; i++) {
        const Total *total = &report->totals.items[i];
        if (total->hits || total->point->kind != kind) continue;
        if (!headed) buffer_printf(report->out, "  %s: %s\n", point_kind_plural(kind), point_kind_risk(kind));
        headed = true;
        write_point(report->out, total->point);
    }
}

static void write_text(Report *report)
{
    if (!report->totals.count) {
        buffer_add_c(report->out, "coverage: these plans have nothing that could be reached\n");
        return;
    }
    buffer_printf(report->out, "coverage: %zu of %zu (%.1f %%)\n", report->reached, report->totals.count,
                  percent_shown(report));
    for (int kind = 0; kind < POINT_KIND_COUNT; kind++) {
        if (!report->kind_count[kind]) continue;
        buffer_printf(report->out, "  %-17s %zu of %zu\n", point_kind_plural((PointKind)kind),
                      report->kind_reached[kind], report->kind_count[kind]);
    }
    if (report->reached == report->totals.count) return;
    buffer_add_c(report->out, "no drill ever ran, the worst first\n");
    for (int kind = 0; kind < POINT_KIND_COUNT; kind++)
        write_unreached(report, (PointKind)kind);
}

/* ---- JSON ---- */

static void write_member(Buffer *out, const char *key, Str text)
{
    buffer_printf(out, "\"%s\":", key);
    json_write_string(out, text);
    buffer_add_char(out, ',');
}

static void write_json(Report *report)
{
    Buffer *out = report->out;
    buffer_printf(out, "{\"reached\":%zu,\"points\":%zu,\"percent\":%.2f,\"kinds\":{", report->reached,
                  report->totals.count, percent_of(report));
    for (int kind = 0; kind < POINT_KIND_COUNT; kind++) {
        buffer_printf(out, "%s\"%s\":{\"rank\":%d,\"risk\":\"%s\",\"reached\":%zu,\"points\":%zu}", kind ? "," : "",
                      point_kind_name((PointKind)kind), kind + 1, point_kind_risk((PointKind)kind), report->kind_reached[kind],
                      report->kind_count[kind]);
    }
    buffer_add_c(out, "},\"list\":[");
    for (size_t i = 0; i < report->totals.count; i++) {
        const CoveragePoint *point = report->totals.items[i].point;
        buffer_add_c(out, i ? ",\n{" : "\n{");
        write_member(out, "kind", str_from_c(point_kind_name(point->kind)));
        write_member(out, "name", point->name);
        write_member(out, "way", point->way);
        write_member(out, "step", point->step);
        write_member(out, "file", point->file);
        buffer_printf(out, "\"line\":%" PRId64 ",\"drills\":%" PRIu64 "}", point->line, report->totals.items[i].hits);
    }
    buffer_add_c(out, "\n]}\n");
}

/* ---- lcov ---- */

static bool is_function(const CoveragePoint *point)
{
    return point->kind == POINT_STEP || point->kind == POINT_REMEDY;
}

/* Has an earlier function of the file the same name? */
static bool name_is_taken(const Report *report, size_t number)
{
    const CoveragePoint *point = report->totals.items[number].point;
    for (size_t i = number; i-- > 0;) {
        const CoveragePoint *other = report->totals.items[i].point;
        if (!str_equal(other->file, point->file)) return false;
        if (is_function(other) && str_equal(other->name, point->name)) return true;
    }
    return false;
}

/* A function's name, without what ends a record; lcov wants another for each of a file. */
static void lcov_name(const Report *report, size_t number)
{
    const CoveragePoint *point = report->totals.items[number].point;
    Buffer *out = report->out;
    for (size_t i = 0; i < point->name.len; i++)
        buffer_add_char(out, point->name.data[i] == '\n' || point->name.data[i] == ',' ? ' ' : point->name.data[i]);
    if (name_is_taken(report, number)) buffer_printf(out, " (line %" PRId64 ")", point->line);
    buffer_add_char(out, '\n');
}

static void lcov_points(Report *report, Str file)
{
    Buffer *out = report->out;
    size_t branches = 0, taken = 0, functions = 0, called = 0;
    for (size_t i = 0; i < report->totals.count; i++) {
        const Total *total = &report->totals.items[i];
        const CoveragePoint *point = total->point;
        if (!str_equal(point->file, file)) continue;
        if (is_function(point)) {
            buffer_printf(out, "FN:%" PRId64 ",", point->line);
            lcov_name(report, i);
            buffer_printf(out, "FNDA:%" PRIu64 ",", total->hits);
            lcov_name(report, i);
            functions++;
            called += total->hits > 0;
        } else {
            buffer_printf(out, "BRDA:%" PRId64 ",0,%zu,%" PRIu64 "\n", point->line, branches, total->hits);
            branches++;
            taken += total->hits > 0;
        }
    }
    buffer_printf(out, "FNF:%zu\nFNH:%zu\nBRF:%zu\nBRH:%zu\n", functions, called, branches, taken);
}

static void write_lcov(Report *report)
{
    for (size_t i = 0; i < report->files.count; i++) {
        const FileTotal *file = &report->files.items[i];
        size_t hit = 0;
        buffer_printf(report->out, "TN:\nSF:%.*s\n", STR_ARG(file->name));
        lcov_points(report, file->name);
        for (size_t k = 0; k < file->lines.count; k++) {
            buffer_printf(report->out, "DA:%" PRId64 ",%" PRIu64 "\n", file->lines.items[k].line,
                          file->lines.items[k].hits);
            hit += file->lines.items[k].hits > 0;
        }
        buffer_printf(report->out, "LF:%zu\nLH:%zu\nend_of_record\n", file->lines.count, hit);
    }
}

/* ---- Cobertura ---- */

static void add_xml(Buffer *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '<': buffer_add_c(out, "&lt;"); break;
        case '>': buffer_add_c(out, "&gt;"); break;
        case '&': buffer_add_c(out, "&amp;"); break;
        case '"': buffer_add_c(out, "&quot;"); break;
        default: buffer_add_char(out, text.data[i]);
        }
    }
}

static void cobertura_line(Report *report, Str file, const LineTotal *line)
{
    size_t ways = 0, taken = 0;
    for (size_t i = 0; i < report->totals.count; i++) {
        const Total *total = &report->totals.items[i];
        if (total->point->line != line->line || is_function(total->point) || !str_equal(total->point->file, file)) continue;
        ways++;
        taken += total->hits > 0;
    }
    buffer_printf(report->out, "          <line number=\"%" PRId64 "\" hits=\"%" PRIu64 "\"", line->line, line->hits);
    if (ways) {
        buffer_printf(report->out, " branch=\"true\" condition-coverage=\"%zu%% (%zu/%zu)\"", taken * 100 / ways, taken,
                      ways);
    }
    buffer_add_c(report->out, "/>\n");
}

/* What a file, or all of them, has of lines and branches. */
typedef struct Rates {
    size_t lines, lines_run, branches, branches_taken;
} Rates;

static Rates file_rates(const Report *report, const FileTotal *file)
{
    Rates rates = {.lines = file->lines.count};
    for (size_t i = 0; i < file->lines.count; i++)
        rates.lines_run += file->lines.items[i].hits > 0;
    for (size_t i = 0; i < report->totals.count; i++) {
        const Total *total = &report->totals.items[i];
        if (is_function(total->point) || !str_equal(total->point->file, file->name)) continue;
        rates.branches++;
        rates.branches_taken += total->hits > 0;
    }
    return rates;
}

static void add_rates(Buffer *out, const Rates *rates)
{
    buffer_printf(out, " line-rate=\"%.4f\" branch-rate=\"%.4f\" complexity=\"0\"", share(rates->lines_run, rates->lines),
                  share(rates->branches_taken, rates->branches));
}

static void cobertura_class(Report *report, const FileTotal *file)
{
    Buffer *out = report->out;
    Rates rates = file_rates(report, file);
    buffer_add_c(out, "      <class name=\"");
    add_xml(out, file->name);
    buffer_add_c(out, "\" filename=\"");
    add_xml(out, file->name);
    buffer_add_char(out, '"');
    add_rates(out, &rates);
    buffer_add_c(out, "><methods/><lines>\n");
    for (size_t k = 0; k < file->lines.count; k++)
        cobertura_line(report, file->name, &file->lines.items[k]);
    buffer_add_c(out, "      </lines></class>\n");
}

static void write_cobertura(Report *report)
{
    Buffer *out = report->out;
    Rates all = {0};
    for (size_t i = 0; i < report->files.count; i++) {
        Rates rates = file_rates(report, &report->files.items[i]);
        all.lines += rates.lines;
        all.lines_run += rates.lines_run;
        all.branches += rates.branches;
        all.branches_taken += rates.branches_taken;
    }
    buffer_add_c(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<coverage");
    add_rates(out, &all);
    buffer_printf(out,
                  " lines-covered=\"%zu\" lines-valid=\"%zu\" branches-covered=\"%zu\" branches-valid=\"%zu\" version=\"1\" "
                  "timestamp=\"0\">\n  <sources><source>.</source></sources>\n  <packages>\n    <package name=\"plans\"",
                  all.lines_run, all.lines, all.branches_taken, all.branches);
    add_rates(out, &all);
    buffer_add_c(out, "><classes>\n");
    for (size_t i = 0; i < report->files.count; i++)
        cobertura_class(report, &report->files.items[i]);
    buffer_add_c(out, "    </classes></package>\n  </packages>\n</coverage>\n");
}

/* ---- the report ---- */

static const struct Format {
    const char *name;
    void (*write)(Report *report);
} formats[] = {{"text", write_text}, {"json", write_json}, {"lcov", write_lcov}, {"cobertura", write_cobertura}};

static const struct Format *find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].name, name) == 0) return &formats[i];
    }
    return NULL;
}

bool coverage_format_exists(const char *format)
{
    return find_format(format) != NULL;
}

void coverage_report(const CoverageFile *files, size_t count, const char *format, Buffer *out, double *percent)
{
    Report report = {.out = out};
    Map known = {0};
    for (size_t i = 0; i < count; i++) {
        add_points(&report, &known, &files[i]);
        add_lines(&report, &files[i]);
    }
    if (report.totals.count) qsort(report.totals.items, report.totals.count, sizeof *report.totals.items, compare_totals);
    for (size_t i = 0; i < report.files.count; i++)
        qsort(report.files.items[i].lines.items, report.files.items[i].lines.count, sizeof(LineTotal), compare_lines);
    count_up(&report);
    find_format(format)->write(&report);
    *percent = percent_of(&report);
    for (size_t i = 0; i < report.files.count; i++)
        vec_free(&report.files.items[i].lines);
    vec_free(&report.files);
    vec_free(&report.totals);
    map_free(&known);
    arena_free(&report.arena);
}
