/* What happens next in a run if nobody does anything, or if somebody says something now: its log is replayed into a machine of
 * its own, which then goes on through its deadlines. Messages count as delivered; nobody answers, and whatever else is asked of
 * the world does not come to an end, so that the plan stays where it is. Nothing of the run itself is touched.
 *
 * `planvm next` and the live view call this. */
#ifndef PLAN_FORECAST_H
#define PLAN_FORECAST_H

#include "vm/journal/journal.h"

typedef struct Coming {
    int64_t at;   /* milliseconds, as in the log */
    char *kind;   /* of the mark (docs/log.md) */
    char *text;   /* its sentence */
} Coming;

typedef struct Forecast {
    VEC(Coming) items; /* in the order in which they come */
    bool more;         /* it was cut off */
} Forecast;

typedef struct ForecastOptions {
    int64_t now;  /* what is overdue comes now */
    int64_t until;
    size_t most;  /* items */
    Str signal;   /* JSON, as in docs/log.md; empty: nobody says anything */
} ForecastOptions;

/* False: the run cannot be read or replayed, and error says why. Free the forecast in any case. */
bool forecast_make(Forecast *forecast, Journal *journal, const ForecastOptions *options, Error *error);
void forecast_free(Forecast *forecast);
/* Lines: "in 5m (03:12:04)  paged bob by phone". */
void forecast_write(const Forecast *forecast, int64_t now, Buffer *out);

#endif
