/* `planvm report RUN`: reads a run's journal, folds it, and prints what vm/report makes of it. */
#include "vm/command.h"

#include "vm/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int command_report(const Arguments *arguments)
{
    const char *format = option_given(arguments, OPTION_FORMAT) ? arguments->values[OPTION_FORMAT] : "md";
    bool json = strcmp(format, "json") == 0, html = strcmp(format, "html") == 0;
    if (!json && !html && strcmp(format, "md") != 0)
        return command_fail(arguments, EXIT_MISUSE, "there is no format `%s`: md, html or json", format);
    Journal *journal = command_open(arguments, arguments->words.items[0]);
    if (!journal) return EXIT_MISUSE;
    Story story = {0};
    Buffer out = {0};
    bool fine = command_story(arguments, journal, &story);
    if (fine) {
        const JournalRun *run = journal_run(journal);
        ReportHead head = {.id = run->id,
                           .service = run->service,
                           .plan = run->plan,
                           .file = run->file,
                           .starter = run->starter,
                           .state = str_from_c(command_state(arguments, journal, &story))};
        Error error = {""};
        if (html)
            fine = report_html(&story, &head, &out, &error);
        else
            (json ? report_json : report_markdown)(&story, &head, &out);
        if (fine)
            fwrite(out.data, 1, out.len, stdout);
        else
            command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    }
    buffer_free(&out);
    story_free(&story);
    journal_close(journal);
    return fine ? EXIT_FINE : EXIT_PLAN_FAILED;
}
