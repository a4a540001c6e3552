/* What planc's commands share: parsed arguments, exit codes, and the ways to the terminal and to files.
 *
 * compiler/planc.c parses by the tables options.def and commands.def and calls one command; its result is the
 * exit status. Results go to stdout, messages to stderr. Nothing here knows what a command does. */
#ifndef PLAN_TOOLS_COMMAND_H
#define PLAN_TOOLS_COMMAND_H

#include "compiler/diag/diag.h"

#include <stdio.h>

/* Documented and stable. */
enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_MISUSE = 2 };

typedef enum OptionId {
#define OPTION(id, name, letter, value, doc) OPTION_##id,
#include "compiler/tools/options.def"
#undef OPTION
    OPTION_COUNT
} OptionId;

typedef struct Arguments {
    const char *command;
    const char *values[OPTION_COUNT]; /* NULL: not given; without a value: "". The last one given stands. */
    VEC(const char *) words;          /* as many as the table of commands allows */
} Arguments;

typedef int PlancCommand(const Arguments *arguments);
#define COMMAND(name, function, words, fewest, most, options, doc) PlancCommand function;
#include "compiler/tools/commands.def"
#undef COMMAND

/* Parses what follows the program's name, runs the command, gives the exit status. */
int planc_main(int argc, char **argv);

/* Says "planc COMMAND: …" on stderr and gives EXIT_MISUSE. command may be NULL. */
int planc_misuse(const char *command, const char *format, ...) PLAN_PRINTF(2, 3);

bool planc_wants_colour(FILE *stream);
void planc_print(FILE *stream, const Buffer *text);
/* Writes a whole file; "-" is standard output. */
bool planc_write_file(const char *path, Str bytes, Error *error);
/* The diagnostics as text, to stderr. */
void planc_print_diagnostics(Diagnostics *diagnostics, const SourceSet *sources);

#endif
