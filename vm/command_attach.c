/* `planvm attach`: a run's live view in any terminal. Its rows are read from the journal beside the process
 * that owns the run; keys go into its inbox. Leaving changes nothing. */
#include "vm/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/base/json.h"
#include "vm/code/image.h"
#include "vm/live/attach.h"
#include "vm/view.h"

enum { LINES_BEFORE = 20 }; /* marks that are shown of what happened before one came */

/* What an effect is, kept until its end is shown. */
typedef struct Begun {
    uint64_t id;
    EffectClass effect_class;
    char *op, *at;
    Json *args;
} Begun;

typedef struct Looker {
    const Arguments *arguments;
    Buffer id;
    View view;
    VEC(Begun) begun;
    uint64_t seen;  /* the last row that was taken */
    uint64_t shown; /* rows up to this one are known, not shown */
    bool ended, was_live;
    Error error;
} Looker;

static void begun_free(Begun *begun)
{
    json_free(begun->args);
    free(begun->op);
    free(begun->at);
}

static void effect_begins(Looker *looker, const LogRow *row)
{
    Begun begun = {.id = row->effect,
                   .effect_class = row->effect_class,
                   .op = memory_copy_c(row->name),
                   .at = memory_copy_c(row->at),
                   .args = json_parse(row->json, NULL)};
    vec_push(&looker->begun, begun);
}

static void effect_ends(Looker *looker, People *people, const LogRow *row)
{
    for (size_t i = 0; i < looker->begun.count; i++) {
        Begun *begun = &looker->begun.items[i];
        if (begun->id != row->effect) continue;
        PeopleEffect effect = {.op = begun->op,
                               .at = begun->at,
                               .effect_class = begun->effect_class,
                               .args = begun->args,
                               .result = row->json,
                               .now = row->now};
        if (row->kind == LOG_RESULT && row->seq > looker->shown) people_effect_ended(people, &effect);
        begun_free(begun);
        *begun = looker->begun.items[--looker->begun.count];
        return;
    }
}

static void take_row(Looker *looker, People *people, const LogRow *row)
{
    view_row(&looker->view, row);
    looker->seen = row->seq;
    if (row->kind == LOG_MARK)
        people_mark(people, &(WorldMark){.now = row->now,
                                         .kind = row->name,
                                         .step = row->step,
                                         .args = row->json,
                                         .again = row->seq <= looker->shown});
    else if (row->kind == LOG_INTENT)
        effect_begins(looker, row);
    else if (row->kind == LOG_RESULT || row->kind == LOG_CANCEL)
        effect_ends(looker, people, row);
    looker->ended = looker->ended || row->kind == LOG_END;
}

static bool take_rows(void *ctx, People *people)
{
    Looker *looker = ctx;
    const char *root = looker->arguments->root.data;
    /* Asked before reading: what is written between the two is read. */
    bool live = journal_is_live(root, buffer_str(&looker->id), NULL);
    Journal *journal = journal_open_read(root, buffer_str(&looker->id), &looker->error);
    JournalCursor *cursor = journal ? journal_rows(journal, looker->seen, &looker->error) : NULL;
    LogRow row;
    while (cursor && journal_next(cursor, &row, &looker->error))
        take_row(looker, people, &row);
    journal_rows_end(cursor);
    journal_close(journal);
    if (looker->was_live && !live && !looker->ended)
        people_say(people, "no process is at the run any more; it goes on with: planvm resume %.*s",
                   STR_ARG(buffer_str(&looker->id)));
    looker->was_live = live;
    return !looker->ended && !looker->error.text[0];
}

static void send_signal(void *ctx, Str signal)
{
    Looker *looker = ctx;
    journal_send(looker->arguments->root.data, buffer_str(&looker->id), signal, NULL, &looker->error);
}

/* The row after which lines are shown: the marks before it are only known. */
static uint64_t row_to_begin(Journal *journal, Error *error)
{
    uint64_t marks[LINES_BEFORE] = {0};
    size_t count = 0;
    LogRow row;
    JournalCursor *cursor = journal_rows(journal, 0, error);
    while (cursor && journal_next(cursor, &row, error)) {
        if (row.kind == LOG_MARK) marks[count++ % LINES_BEFORE] = row.seq;
    }
    journal_rows_end(cursor);
    return count < LINES_BEFORE ? 0 : marks[count % LINES_BEFORE] - 1;
}

static bool looker_open(Looker *looker, Journal *journal)
{
    Buffer bytes = {0};
    Image image;
    buffer_add_str(&looker->id, journal_run(journal)->id);
    bool fine = journal_image(journal, &bytes, &looker->error) &&
                image_open(buffer_str(&bytes), &image, &looker->error);
    if (fine) {
        view_begin(&looker->view, looker->arguments->root.data, buffer_str(&looker->id), image.metadata);
        image_close(&image);
        looker->shown = row_to_begin(journal, &looker->error);
    }
    buffer_free(&bytes);
    return fine && !looker->error.text[0];
}

int command_attach(const Arguments *arguments)
{
    Journal *journal = command_open(arguments, arguments->words.items[0]);
    if (!journal) return EXIT_MISUSE;
    Looker looker = {.arguments = arguments};
    bool json = option_given(arguments, OPTION_JSON),
         terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (looker_open(&looker, journal)) {
        const char *show = arguments->values[OPTION_SHOW];
        AttachOptions options = {.as = option_user(arguments),
                                 .run_dir = show && strcmp(show, "none") == 0 ? NULL : journal_path(journal),
                                 .output = json       ? LIVE_JSON
                                           : terminal ? LIVE_TERMINAL
                                                      : LIVE_PLAIN,
                                 .view = view_live(&looker.view),
                                 .ctx = &looker,
                                 .changed = take_rows,
                                 .send = send_signal};
        attach_run(&options, &looker.error);
        view_end(&looker.view);
    }
    journal_close(journal);
    int status = EXIT_FINE;
    if (looker.error.text[0])
        status = command_fail(arguments, EXIT_PLAN_FAILED, "%s", looker.error.text);
    else if (!looker.ended)
        fprintf(stderr, "planvm: the run goes on without you; come back with: planvm attach %s\n",
                looker.id.data);
    for (size_t i = 0; i < looker.begun.count; i++)
        begun_free(&looker.begun.items[i]);
    vec_free(&looker.begun);
    buffer_free(&looker.id);
    return status;
}
