/* `planvm next RUN [--if SIGNAL]`: what comes if nobody does anything, or if somebody says SIGNAL now. */
#include "vm/command.h"

#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/forecast.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_COMING = 60, FURTHEST = 24 * 3600 * 1000 };

static void write_json(const Forecast *forecast, int64_t now)
{
    for (size_t i = 0; i < forecast->items.count; i++) {
        const Coming *coming = &forecast->items.items[i];
        Json *one = json_new_object();
        json_set_int(one, "at", coming->at);
        json_set_int(one, "in", coming->at > now ? coming->at - now : 0);
        json_set_string(one, "kind", str_from_c(coming->kind));
        json_set_string(one, "text", str_from_c(coming->text));
        Buffer line = {0};
        json_write(&line, one);
        puts(line.data);
        buffer_free(&line);
        json_free(one);
    }
}

static void write_text(const Forecast *forecast, int64_t now)
{
    Buffer text = {0};
    forecast_write(forecast, now, &text);
    fputs(text.len ? text.data : "nothing more comes by itself\n", stdout);
    buffer_free(&text);
}

int command_next(const Arguments *arguments)
{
    Journal *journal = command_open(arguments, arguments->words.items[0]);
    if (!journal) return EXIT_MISUSE;
    Buffer signal = {0};
    int status = EXIT_FINE;
    if (option_given(arguments, OPTION_IF)) status = signal_of_text(arguments, journal, arguments->values[OPTION_IF], &signal);
    if (status == EXIT_FINE) {
        Forecast forecast;
        Error error = {""};
        int64_t now = time_now();
        ForecastOptions options = {.now = now, .until = now + FURTHEST, .most = MOST_COMING, .signal = buffer_str(&signal)};
        if (forecast_make(&forecast, journal, &options, &error))
            (option_given(arguments, OPTION_JSON) ? write_json : write_text)(&forecast, now);
        else
            status = command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
        forecast_free(&forecast);
    }
    buffer_free(&signal);
    journal_close(journal);
    return status;
}
