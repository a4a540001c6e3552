/* What a person sees of a run at this moment: a few lines for the foot of a terminal, from its story.
 *
 * Called by the views of `planvm run` and `planvm attach` at least once a second; text goes out, nothing is
 * kept. */
#ifndef PLAN_REPORT_PANEL_H
#define PLAN_REPORT_PANEL_H

#include "vm/report/story.h"

typedef struct PanelStyle {
    size_t columns, rows; /* of the terminal; the panel takes at most half of the rows */
    bool colour, utf8;
} PanelStyle;

/* `now`: ms since the epoch. `coming`: the next thing that happens by itself, in words; may be empty. Each
 * line ends in '\n' and is cut to the columns by the terminal. */
void panel_write(const Story *story, Str run, int64_t now, Str coming, const PanelStyle *style, Buffer *out);

#endif
