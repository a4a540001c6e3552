/* The parts of a Markdown report, one function a section, and what they share. A section with nothing to say
 * writes nothing. Only vm/report/markdown*.c include this. */
#ifndef PLAN_REPORT_MARKDOWN_H
#define PLAN_REPORT_MARKDOWN_H

#include "vm/report/report.h"

void markdown_pages(Buffer *out, const Story *story);       /* who was paged, by which way, what came of it */
void markdown_escalations(Buffer *out, const Story *story); /* each ladder's rules against what they did */
void markdown_questions(Buffer *out, const Story *story);
void markdown_followups(Buffer *out, const Story *story);
void markdown_post_mortem(Buffer *out, const Story *story);

/* Text between other Markdown, on one line; `cell`: in a table. */
void markdown_text(Buffer *out, Str text);
/* Text as code, whatever backticks it holds. */
void markdown_code(Buffer *out, Str text);
/* Text in a block of its own, whatever fences it holds. */
void markdown_block(Buffer *out, Str text);

/* A moment as date and time, or as time of day; STORY_NEVER is a dash. */
void markdown_time(Buffer *out, int64_t time);
void markdown_clock(Buffer *out, int64_t time);
void markdown_duration(Buffer *out, int64_t duration);
void markdown_person(Buffer *out, const Story *story, Str name);

#endif
