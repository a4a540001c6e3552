/* Finding points in the image and in records: see coverage.h. */
#include "vm/drill/coverage.h"

#include <stdlib.h>

static const char *const kind_names[][3] = {
    [POINT_CHANGE] = {"change", "changes", "what they do to the world was never tried"},
    [POINT_HANDLER] = {"handler", "failure handlers", "they run when something has gone wrong already"},
    [POINT_REMEDY] = {"remedy", "remedies", "when they are needed, others have failed"},
    [POINT_RUNG] = {"rung", "escalation rules", "whether somebody hears of it was never seen"},
    [POINT_STEP] = {"step", "steps", "nobody has seen them begin"},
    [POINT_ANSWER] = {"answer", "answers", "what comes of them, or of silence, was never seen"},
    [POINT_BRANCH] = {"branch", "branches", "the condition never came out so"},
};

const char *point_kind_name(PointKind kind)
{
    return kind_names[kind][0];
}

const char *point_kind_plural(PointKind kind)
{
    return kind_names[kind][1];
}

const char *point_kind_risk(PointKind kind)
{
    return kind_names[kind][2];
}

/* ---- where the code is ---- */

typedef struct SourceRange {
    uint32_t file;
    int64_t from, to; /* bytes of the file, [from, to) */
} SourceRange;

static bool find_file(const Image *image, Str name, uint32_t *file)
{
    for (*file = 0; *file < image->file_count; (*file)++) {
        if (str_equal(image_string(image, image->files[*file].name), name)) return true;
    }
    return false;
}

static bool is_in(const ImageLine *line, const SourceRange *range)
{
    return line->file == range->file && line->offset >= range->from && line->offset < range->to;
}

static uint32_t line_end(const Image *image, uint32_t at)
{
    return at + 1 < image->line_count ? image->lines[at + 1].pc : image->code_count;
}

static SourceRange read_range(const Json *json, uint32_t file)
{
    return (SourceRange){file, json_as_int(json_at(json, 0)), json_as_int(json_at(json, 1))};
}

static void find_code(CoveragePoint *point, const Image *image, const SourceRange *range)
{
    for (uint32_t i = 0; i < image->line_count; i++) {
        if (!is_in(&image->lines[i], range)) continue;
        PointCode code = {.first = image->lines[i].pc, .last = line_end(image, i)};
        vec_push(&point->code, code);
    }
}

/* For each place of the condition the first word of what comes when it holds. */
static void find_jumps(CoveragePoint *point, const Image *image, const SourceRange *condition, const SourceRange *then)
{
    for (uint32_t i = 0; i < image->line_count; i++) {
        if (!is_in(&image->lines[i], condition)) continue;
        const ImageFunction *function = image_function_at(image, image->lines[i].pc);
        uint32_t next = i + 1;
        while (next < image->line_count && !is_in(&image->lines[next], then))
            next++;
        if (!function || next == image->line_count ||
            image->lines[next].pc >= function->code + function->code_count) {
            continue;
        }
        vec_push(&point->code, (PointCode){image->lines[i].pc, line_end(image, i), image->lines[next].pc});
    }
}

static bool read_kind(Str name, PointKind *kind)
{
    for (int i = 0; i < POINT_KIND_COUNT; i++) {
        if (!str_equal_c(name, kind_names[i][0])) continue;
        *kind = (PointKind)i;
        return true;
    }
    return false;
}

static void read_point(Coverage *coverage, const Json *json)
{
    CoveragePoint point = {
        .name = json_string(json, "name", ""),
        .way = json_string(json, "way", ""),
        .step = json_string(json, "step", ""),
        .file = json_string(json, "file", ""),
        .line = json_int(json, "line", 0),
        .mark = json_string(json, "mark", ""),
        .members = json_get(json, "members"),
        .by_jump = json_get(json, "jump") != NULL,
    };
    uint32_t file;
    if (!read_kind(json_string(json, "kind", ""), &point.kind)) return;
    if (!point.mark.len) {
        if (!find_file(coverage->image, point.file, &file)) return;
        SourceRange range = read_range(json_get(json, point.by_jump ? "jump" : "code"), file);
        SourceRange past = read_range(json_get(json, "past"), file);
        if (point.by_jump)
            find_jumps(&point, coverage->image, &range, &past);
        else
            find_code(&point, coverage->image, &range);
        if (!point.code.count) return;
    }
    vec_push(&coverage->points, point);
}

void coverage_open(Coverage *coverage, const Image *image, const Json *metadata)
{
    *coverage = (Coverage){.image = image};
    for (const Json *point = json_first(json_get(metadata, "coverage")); point; point = json_next(point))
        read_point(coverage, point);
}

void coverage_close(Coverage *coverage)
{
    for (size_t i = 0; i < coverage->points.count; i++)
        vec_free(&coverage->points.items[i].code);
    vec_free(&coverage->points);
}

/* ---- what was reached ---- */

static bool word_reached(const Image *image, const CoveragePoint *point, const PointCode *code, uint32_t pc, uint8_t seen)
{
    if (!point->by_jump) return seen != 0;
    uint64_t word = image->code[pc];
    if (!(seen & COVERED_JUMPED) || opcode_info[instruction_op(word)].flow != FLOW_BRANCH) return false;
    return (int64_t)pc + 1 + instruction_imm(word) > (int64_t)code->beyond;
}

static bool code_reached(const Coverage *coverage, const CoveragePoint *point, const uint8_t *covered)
{
    for (size_t i = 0; i < point->code.count; i++) {
        const PointCode *code = &point->code.items[i];
        for (uint32_t pc = code->first; pc < code->last; pc++) {
            if (word_reached(coverage->image, point, code, pc, covered[pc])) return true;
        }
    }
    return false;
}

void coverage_of_code(const Coverage *coverage, const uint8_t *covered, uint8_t *reached)
{
    for (size_t i = 0; i < coverage->points.count; i++) {
        const CoveragePoint *point = &coverage->points.items[i];
        if (!reached[i] && point->code.count) reached[i] = code_reached(coverage, point, covered);
    }
}

static bool mark_tells(const CoveragePoint *point, Row *row)
{
    if (!str_equal(row->log.name, point->mark)) return false;
    const Json *args = row_json(row);
    for (const Json *member = json_first(point->members); member; member = json_next(member)) {
        if (!str_matches_glob(json_string(args, json_key(member), ""), json_text(member))) return false;
    }
    return true;
}

void coverage_of_record(const Coverage *coverage, Record *record, uint8_t *reached)
{
    for (size_t i = 0; i < coverage->points.count; i++) {
        const CoveragePoint *point = &coverage->points.items[i];
        if (reached[i] || !point->mark.len) continue;
        for (size_t r = 0; r < record->rows.count && !reached[i]; r++) {
            Row *row = &record->rows.items[r];
            reached[i] = row->log.kind == LOG_MARK && mark_tells(point, row);
        }
    }
}
