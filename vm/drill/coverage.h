/* What of a program the drills were at: its points (steps, changes, failure handlers, remedies, rungs, answers, branches) and
 * its lines.
 *
 * In: an image with its metadata; which instructions ran (vm_cover) and what was recorded. Out: which points were reached.
 * Points are made by the compiler; where their code is, is looked up once in the image's line table. A point without any
 * code is none. */
#ifndef PLAN_DRILL_COVERAGE_H
#define PLAN_DRILL_COVERAGE_H

#include "vm/code/image.h"
#include "vm/drill/record.h"

/* In the order of how bad it is if no drill ever was there. */
typedef enum PointKind {
    POINT_CHANGE,
    POINT_HANDLER,
    POINT_REMEDY,
    POINT_RUNG,
    POINT_STEP,
    POINT_ANSWER,
    POINT_BRANCH,
    POINT_KIND_COUNT,
} PointKind;

/* "change", and "changes" where there are several. */
const char *point_kind_name(PointKind kind);
const char *point_kind_plural(PointKind kind);
/* Why it is bad that no drill was ever there, in a few words. */
const char *point_kind_risk(PointKind kind);

typedef struct PointCode {
    uint32_t first, last; /* words of the image's code, [first, last) */
    uint32_t beyond;      /* jump: one of the range's branches must have gone beyond this word */
} PointCode;

typedef struct CoveragePoint {
    PointKind kind;
    Str name, way, step, file; /* way and step may be empty */
    int64_t line;
    bool by_jump;
    VEC(PointCode) code; /* empty: told by a mark */
    Str mark;
    const Json *members;
} CoveragePoint;

typedef struct Coverage {
    const Image *image;
    VEC(CoveragePoint) points;
} Coverage;

/* Both must outlive the coverage. */
void coverage_open(Coverage *coverage, const Image *image, const Json *metadata);
void coverage_close(Coverage *coverage);

/* Sets reached[i] (one for each point) for the points that the instructions show, and for those that the record tells. */
void coverage_of_code(const Coverage *coverage, const uint8_t *covered, uint8_t *reached);
void coverage_of_record(const Coverage *coverage, Record *record, uint8_t *reached);

/* ---- coverage_report.c ---- */

typedef struct CoverageFile {
    const Coverage *coverage;
    const Json *metadata;
    const uint32_t *hits;   /* of each point: in how many drills */
    const uint8_t *covered; /* of each word of the code: was it ever run */
} CoverageFile;

/* text: what no drill ever ran, the worst first. False: there is no such format; formats: text, json, lcov, cobertura. */
bool coverage_format_exists(const char *format);
/* Points and lines that several files share are reported once. *percent: how much of the points was reached. */
void coverage_report(const CoverageFile *files, size_t count, const char *format, Buffer *out, double *percent);

#endif
