/* What the files of the drill runner share: the command's options, its files and drills, and what became of each. */
#ifndef PLAN_DRILL_RUNNER_PARTS_H
#define PLAN_DRILL_RUNNER_PARTS_H

#include "vm/base/map.h"
#include "vm/drill/coverage.h"
#include "vm/drill/pool.h"
#include "vm/drill/runner.h"

#include <stdio.h>

/* The plans to be drilled, each once however it was named. */
typedef struct PathList {
    VEC(char *) plans;
    Map known; /* by device and number of the file */
    Arena arena;
} PathList;

/* A plan: compiled once for all its drills. */
typedef struct DrillFile {
    const char *path;
    Buffer bytes;
    Image image;
    Json *metadata;
    Coverage coverage;
    size_t points_at, words_at; /* where its counts begin in a worker's share of the counts */
} DrillFile;

/* A plan that could not be loaded, and why. */
typedef struct UnloadedFile {
    const char *path;
    Str why; /* in the arena of the run */
} UnloadedFile;

/* One drill and what became of it. */
typedef struct DrillJob {
    size_t file;
    const Json *drill;
    bool done, holds;
    int64_t elapsed; /* ms of the drill's own clock */
    double took;     /* ms of ours */
    size_t variants;
    Str messages, table, timeline, log; /* in the arena of the run */
} DrillJob;

typedef enum ReportFormat { REPORT_TEXT, REPORT_TAP, REPORT_JUNIT, REPORT_JSON, REPORT_FORMAT_COUNT } ReportFormat;

typedef struct DrillRun {
    /* as it was asked for */
    PathList paths;
    const char *filter;          /* NULL: all drills */
    const char *variant;         /* of drills with a sweep; NULL: all variants, and all drills */
    const char *log;             /* file for the logs, or NULL */
    const char *coverage;        /* format, or NULL: nobody wants to know */
    const char *coverage_out;    /* file, or NULL: stdout */
    double threshold;            /* percent; below 0: none */
    ReportFormat format;
    bool verbose, trace;
    size_t workers;
    int64_t limit; /* ms that one drill may take of our time */
    /* as it went */
    VEC(DrillFile *) files;
    VEC(DrillJob) jobs;
    VEC(UnloadedFile) unloaded;
    size_t failed, printed;
    double took;
    Arena arena;
    Buffer out;
    FILE *report, *log_file;
    /* Counts of all workers, one share after the other: of points (uint32_t), of words of the code (uint8_t). */
    uint32_t *points;
    uint8_t *words;
    size_t point_count, word_count; /* of one share */
} DrillRun;

/* runner_paths.c: files, folders and patterns to the list of plans. False: said on stderr. */
bool drill_paths_add(PathList *paths, const char *path);
void drill_paths_free(PathList *paths);

/* runner_report.c: the parts of a report, added to run->out. */
bool report_format_read(const char *name, ReportFormat *format);
void report_begin(DrillRun *run);
void report_job(DrillRun *run, const DrillJob *job); /* in order */
void report_end(DrillRun *run); /* what could not be loaded is told here */

double milliseconds_now(void);

#endif
