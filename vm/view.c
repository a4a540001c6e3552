/* The story of a run beside its terminal (vm/view.h): command_run.c and command_attach.c feed rows, the live
 * world asks for the picture. Knows report/ and live/, so that they need not know each other. */
#include "vm/view.h"

#include <stdlib.h>
#include <strings.h>

#include "vm/forecast.h"
#include "vm/report/panel.h"

/* As the C library would find it, without loading a locale. */
static bool is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value) continue;
        for (; *value; value++) {
            if (strncasecmp(value, "UTF-8", 5) == 0 || strncasecmp(value, "UTF8", 4) == 0) return true;
        }
        return false;
    }
    return false;
}

void view_begin(View *view, const char *root, Str run, Str metadata)
{
    *view = (View){.run = run, .root = root, .utf8 = is_utf8()};
    story_begin(&view->story, metadata);
}

void view_end(View *view)
{
    story_free(&view->story);
}

void view_row(View *view, const LogRow *row)
{
    story_add(&view->story, row);
}

static void view_panel(void *ctx, int64_t now, size_t columns, size_t rows, bool colour, Buffer *out)
{
    View *view = ctx;
    PanelStyle style = {.columns = columns, .rows = rows, .colour = colour, .utf8 = view->utf8};
    panel_write(&view->story, view->run, now, STR(""), &style, out);
}

/* The log of the run says it, up to what is durable. */
static void view_next(void *ctx, int64_t now, Buffer *out)
{
    enum { MOST = 20, FURTHEST = 12 * 3600 * 1000 };
    const View *view = ctx;
    Forecast forecast = {0};
    Error error = {""};
    ForecastOptions options = {.now = now, .until = now + FURTHEST, .most = MOST};
    Journal *journal = journal_open_read(view->root, view->run, &error);
    if (journal && forecast_make(&forecast, journal, &options, &error))
        forecast_write(&forecast, now, out);
    else
        buffer_printf(out, "what happens next cannot be told: %s", error.text);
    forecast_free(&forecast);
    journal_close(journal);
}

LiveView view_live(View *view)
{
    return (LiveView){.ctx = view, .panel = view_panel, .next = view_next};
}
