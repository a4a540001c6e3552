/* A run as the person at a terminal sees it: rows of its log in, the panel and "what happens next" out, in
 * the shape that the live world asks for (LiveView).
 *
 * Used by the process that drives a run and by `planvm attach`. Rows are taken as they come; nothing is shown
 * that is not durable, because a panel is only asked for between turns. */
#ifndef PLAN_VIEW_H
#define PLAN_VIEW_H

#include "vm/live/live.h"
#include "vm/report/story.h"

typedef struct View {
    Story story;
    Str run;          /* the caller's */
    const char *root; /* where runs are; the caller's */
    bool utf8;
    uint64_t rows;      /* that were taken */
    uint64_t told_rows; /* of them when `coming` was found */
    int64_t told_at, coming_at;
    Buffer coming; /* what comes next by itself, without its time; empty: nothing */
} View;

void view_begin(View *view, const char *root, Str run, Str metadata);
void view_end(View *view);
void view_row(View *view, const LogRow *row);
/* Points into the view, which must stay where it is. */
LiveView view_live(View *view);

#endif
