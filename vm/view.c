/* The story of a run beside its terminal (vm/view.h): command_run.c and command_attach.c feed rows, the live
 * world asks for the picture. Knows report/ and live/, so that they need not know each other. */
#include "vm/view.h"

#include <stdlib.h>
#include <strings.h>

#include "vm/base/time.h"
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
    buffer_free(&view->coming);
}

void view_row(View *view, const LogRow *row)
{
    story_add(&view->story, row);
    view->rows++;
}

enum { FURTHEST = 12 * 3600 * 1000 }; /* ms; what comes later is not told */

/* The log of the run says it, up to what is durable. */
static bool foretell(const View *view, int64_t now, size_t most, Forecast *forecast, Error *error)
{
    ForecastOptions options = {.now = now, .until = now + FURTHEST, .most = most};
    Journal *journal = journal_open_read(view->root, view->run, error);
    bool fine = journal && forecast_make(forecast, journal, &options, error);
    journal_close(journal);
    return fine;
}

enum {
    FORETOLD = 3000
}; /* ms between two replays for the panel: a log that grows fast is not read at every row */

/* Finds anew what comes next when something has happened since, or when it should have come. */
static void refresh_coming(View *view, int64_t now)
{
    bool stale = view->told_rows != view->rows || (view->coming.len && now >= view->coming_at);
    if (!stale || now - view->told_at < FORETOLD) return;
    Forecast forecast = {0};
    Error error = {""};
    buffer_clear(&view->coming);
    if (foretell(view, now, 1, &forecast, &error) && forecast.items.count) {
        view->coming_at = forecast.items.items[0].at;
        buffer_add_c(&view->coming, forecast.items.items[0].text);
    }
    forecast_free(&forecast);
    view->told_rows = view->rows;
    view->told_at = now;
}

static void view_panel(void *ctx, int64_t now, size_t columns, size_t rows, bool colour, Buffer *out)
{
    View *view = ctx;
    Buffer coming = {0};
    PanelStyle style = {.columns = columns, .rows = rows, .colour = colour, .utf8 = view->utf8};
    refresh_coming(view, now);
    if (view->coming.len && view->coming_at > now) {
        int64_t left = view->coming_at - now;
        buffer_add_c(&coming, "in ");
        duration_write_short(&coming, left < 1000 ? 1000 : left - left % 1000);
        buffer_printf(&coming, ": %s", view->coming.data);
    }
    panel_write(&view->story, view->run, now, buffer_str(&coming), &style, out);
    buffer_free(&coming);
}

static void view_next(void *ctx, int64_t now, Buffer *out)
{
    enum { MOST = 20 };
    const View *view = ctx;
    Forecast forecast = {0};
    Error error = {""};
    if (foretell(view, now, MOST, &forecast, &error))
        forecast_write(&forecast, now, out);
    else
        buffer_printf(out, "what happens next cannot be told: %s", error.text);
    forecast_free(&forecast);
}

LiveView view_live(View *view)
{
    return (LiveView){.ctx = view, .panel = view_panel, .next = view_next};
}
