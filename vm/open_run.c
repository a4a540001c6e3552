/* One incident of a service is one run: who starts a second one is told of the first (vm/open_run.h). Reads
 * journals, and writes one signal into an inbox; asks on standard error, answers come from standard input. */
#include "vm/open_run.h"

#include "vm/base/json.h"

#include <stdio.h>
#include <stdlib.h>

/* The newest run of the service that has not ended; "" when there is none. */
static void find_open(const Arguments *arguments, Str service, Buffer *id)
{
    Arena arena = {0};
    JournalIds ids = {0};
    Error error = {""};
    journal_list(arguments->root.data, &arena, &ids, &error);
    for (size_t i = ids.count; i-- > 0 && !id->len;) {
        Journal *journal = journal_open_read(arguments->root.data, ids.items[i], NULL);
        if (journal && !journal_run(journal)->ended && str_equal(journal_run(journal)->service, service))
            buffer_add_str(id, ids.items[i]);
        journal_close(journal);
    }
    vec_free(&ids);
    arena_free(&arena);
}

static bool join(const Arguments *arguments, Str id, Str plan)
{
    Json *signal = json_new_object();
    Buffer text = {0};
    Error error = {""};
    json_set_string(signal, "kind", STR("alert"));
    json_set_string(signal, "by", option_user(arguments));
    json_set_string(signal, "via", STR("cli"));
    json_set_string(signal, "name", plan);
    json_write(&text, signal);
    bool fine = journal_send(arguments->root.data, id, buffer_str(&text), NULL, &error);
    if (fine)
        printf("joined %.*s as a note; see it with: planvm attach %.*s\n", STR_ARG(id), STR_ARG(id));
    else
        command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    buffer_free(&text);
    json_free(signal);
    return fine;
}

/* j, s or q; the end of the input is q. */
static int ask(Str id, Str service)
{
    for (;;) {
        fprintf(stderr,
                "run %.*s of %.*s is open: j join it with a note, s start another, q leave: ", STR_ARG(id),
                STR_ARG(service));
        fflush(stderr);
        int answer = getchar(), c = answer;
        while (c != EOF && c != '\n')
            c = getchar();
        if (answer == 'j' || answer == 's' || answer == 'q') return answer;
        if (answer == EOF) return 'q';
    }
}

OpenRunChoice open_run_choose(const Arguments *arguments, Str service, Str plan, bool attended)
{
    Buffer id = {0};
    OpenRunChoice choice = OPEN_RUN_START;
    if (service.len) find_open(arguments, service, &id);
    if (id.len && !attended) {
        fprintf(
            stderr,
            "planvm run: run %s of %.*s is open, and this starts another; to join it: planvm alert %s %.*s\n",
            id.data, STR_ARG(service), id.data, STR_ARG(plan));
    } else if (id.len) {
        int answer = ask(buffer_str(&id), service);
        if (answer == 'j')
            choice = join(arguments, buffer_str(&id), plan) ? OPEN_RUN_JOIN : OPEN_RUN_LEAVE;
        else if (answer == 'q')
            choice = OPEN_RUN_LEAVE;
    }
    buffer_free(&id);
    return choice;
}
