/* What planvm's commands share: parsed arguments, the way to runs, and the commands themselves.
 *
 * vm/planvm.c parses by the tables vm/options.def and vm/commands.def and calls one command; its result is
 * the exit status. Results go to stdout, messages to stderr. */
#ifndef PLAN_COMMAND_H
#define PLAN_COMMAND_H

#include "vm/base/error.h"
#include "vm/journal/journal.h"
#include "vm/report/story.h"

typedef enum OptionId {
#define OPTION(id, name, value, doc) OPTION_##id,
#include "vm/options.def"
#undef OPTION
    OPTION_COUNT
} OptionId;

/* Documented and stable. */
typedef enum ExitStatus {
    EXIT_FINE = 0,
    EXIT_PLAN_FAILED = 1,
    EXIT_MISUSE = 2,
    EXIT_CANCELLED = 3,
    EXIT_NOBODY_TO_ASK = 4,
    EXIT_INTERRUPTED = 130,
} ExitStatus;

/* Gets an image of a plan; messages get what the compiler says, as text to be shown. False: there is none. */
typedef bool PlanLoad(const char *path, Buffer *image, Buffer *messages);

/* What a plan can touch, as JSON (compiler/tools/effects.h). */
typedef bool PlanEffects(const char *path, Buffer *json, Buffer *messages);

typedef struct Arguments {
    const char *command;
    int argc; /* of the command, itself included, as it was given */
    char **argv;
    VEC(const char *) words;
    VEC(const char *) settings;       /* of --set */
    const char *values[OPTION_COUNT]; /* NULL: not given; without a value: "" */
    Buffer root;                      /* where runs are */
    PlanLoad *load;
    PlanEffects *effects;
} Arguments;

typedef int CommandFunction(const Arguments *arguments);
CommandFunction command_run, command_resume, command_drill, command_list, command_status, command_log,
    command_report, command_signal, command_next, command_attach, command_preflight,
    command_output;

bool option_given(const Arguments *arguments, OptionId option);
Str option_user(const Arguments *arguments); /* --as, else $USER, else "somebody" */

/* Says "planvm COMMAND: …" on stderr and gives the status. */
int command_fail(const Arguments *arguments, ExitStatus status, const char *format, ...) PLAN_PRINTF(3, 4);

/* The run that the word means, to be read; says why not and gives NULL. */
Journal *command_open(const Arguments *arguments, const char *word);
/* Its whole log, folded. False: says why. Free the story in any case. */
bool command_story(const Arguments *arguments, Journal *journal, Story *story);
bool command_read_story(Journal *journal, Story *story, Error *error);
/* "running", "waiting", "interrupted", or how it ended. */
const char *command_state(const Arguments *arguments, const Journal *journal, const Story *story);

/* The signal that the words say ("severity SEV1"), as JSON, by option_user. Anything but EXIT_FINE: there is no such signal, and
 * stderr says so. */
int signal_of_text(const Arguments *arguments, Journal *journal, const char *text, Buffer *json);

#endif
