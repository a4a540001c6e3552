/* The report of a run: its story as Markdown or HTML for people, or as JSON for programs.
 *
 * A story comes in, text goes out; called by `planvm report`. The same log gives the same bytes. */
#ifndef PLAN_REPORT_REPORT_H
#define PLAN_REPORT_REPORT_H

#include "vm/base/error.h"
#include "vm/report/story.h"

/* What the journal knows of the run besides its rows. */
typedef struct ReportHead {
    Str id, service, plan, file, starter, state;
} ReportHead;

void report_markdown(const Story *story, const ReportHead *head, Buffer *out);
/* One self-contained HTML file, made from the Markdown. False and an error: md4c is not on this machine. */
bool report_html(const Story *story, const ReportHead *head, Buffer *out, Error *error);
void report_json(const Story *story, const ReportHead *head, Buffer *out);

/* ---- shared by the report's parts ---- */

/* Targets of the severities that the incident had, in order; those that were missed say when. The list is the
 * caller's. */
typedef VEC(StoryTarget) ReportTargets;
void report_targets(const Story *story, ReportTargets *targets);

/* "Alice Johnson (lead)" for a contact of the program, else the name itself. */
void report_person(const Story *story, Str name, Buffer *out);

#endif
