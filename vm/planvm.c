/* planvm: the command line. Arguments come in and are checked by the tables of commands and options; one command runs;
 * its status goes out. The only file of vm/ that knows the compiler: `planvm run x.plan` compiles in memory. */
#include "vm/command.h"

#include "compiler/compile.h"
#include "vm/core/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Option {
    const char *name, *value, *doc;
} Option;

static const Option options[OPTION_COUNT] = {
#define OPTION(id, name, value, doc) {name, value, doc},
#include "vm/options.def"
#undef OPTION
};

#define T(id) (1u << OPTION_##id)

typedef struct Command {
    const char *name;
    CommandFunction *function;
    const char *words;
    int fewest, most; /* of words; -1: any number */
    unsigned options;
    const char *doc;
} Command;

static const Command commands[] = {
#define COMMAND(name, function, words, fewest, most, options, doc) {name, function, words, fewest, most, options, doc},
#include "vm/commands.def"
#undef COMMAND
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

/* ---- loading ---- */

/* A file is read into as much memory as it needs; a pipe by and by. */
static bool read_file(const char *path, Buffer *bytes, Buffer *messages)
{
    bool from_input = strcmp(path, "-") == 0;
    int file = from_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    bool is_known = file >= 0 && fstat(file, &about) == 0 && S_ISREG(about.st_mode);
    if (is_known) buffer_reserve(bytes, (size_t)about.st_size + 1);
    ssize_t got = file < 0 ? -1 : 1;
    while (got > 0 || (got < 0 && file >= 0 && errno == EINTR)) {
        if (bytes->cap <= bytes->len + 1) buffer_reserve(bytes, 65536);
        got = read(file, bytes->data + bytes->len, bytes->cap - bytes->len - 1);
        if (got > 0) bytes->len += (size_t)got;
    }
    if (got < 0) buffer_printf(messages, "%s cannot be read: %s\n", path, strerror(errno));
    if (file >= 0 && !from_input) close(file);
    return got == 0;
}

/* Colour is for a terminal, unless the environment says otherwise. */
static bool wants_colour(void)
{
    const char *never = getenv("NO_COLOR"), *always = getenv("CLICOLOR_FORCE");
    if (never && *never) return false;
    return (always && *always && strcmp(always, "0") != 0) || isatty(STDERR_FILENO);
}

/* A .planc is an image already; all else is a plan. */
static bool load_plan(const char *path, Buffer *image, Buffer *messages)
{
    if (str_ends_with(str_from_c(path), STR(".planc"))) return read_file(path, image, messages);
    return compile_file(path, wants_colour(), image, messages, NULL) == COMPILE_OK;
}

/* ---- help ---- */

static void help_option(FILE *out, const Option *option)
{
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", option->name, option->value ? " " : "", option->value ? option->value : "");
    fprintf(out, "  %-22s %s\n", left, option->doc);
}

static int help_all(FILE *out)
{
    fputs("planvm runs plans, and keeps what happened.\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].words);
        /* Padded by hand: printf counts the bytes of the three dots. */
        int width = 26 + (strstr(left, "…") ? 2 : 0);
        fprintf(out, "  planvm %-*s %s\n", width, left, commands[i].doc);
    }
    fputs("\nRUN is a run's id, the beginning of one, or `last`. `planvm COMMAND --help` lists a command's options.\n", out);
    return EXIT_FINE;
}

static int help_command(const Command *command)
{
    printf("planvm %s %s\n    %s\n\n", command->name, command->words, command->doc);
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (i == OPTION_JOURNAL || command->options & 1u << i) help_option(stdout, &options[i]);
    }
    return EXIT_FINE;
}

/* ---- arguments ---- */

static int option_find(Str name)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (str_equal_c(name, options[i].name)) return i;
    }
    return -1;
}

/* Takes the option at *at, and its value, which may follow a `=`. */
static int option_take(Arguments *arguments, const Command *command, int *at)
{
    const char *text = arguments->argv[*at], *equals = strchr(text, '=');
    Str name = str_from_c(text);
    if (equals) name.len = (size_t)(equals - text);
    int option = option_find(name);
    if (option < 0 || (option != OPTION_JOURNAL && !(command->options & 1u << option)))
        return command_fail(arguments, EXIT_MISUSE, "there is no option %.*s: see `planvm %s --help`", STR_ARG(name),
                            command->name);
    const char *value = equals ? equals + 1 : "";
    if (!options[option].value && equals)
        return command_fail(arguments, EXIT_MISUSE, "%s takes no value", options[option].name);
    if (options[option].value && !equals) {
        if (*at + 1 >= arguments->argc)
            return command_fail(arguments, EXIT_MISUSE, "%s needs a value: %s", options[option].name,
                                options[option].value);
        value = arguments->argv[++*at];
    }
    arguments->values[option] = value;
    if (option == OPTION_SET) vec_push(&arguments->settings, value);
    Error error = {""};
    if (option == OPTION_LIMIT && !vm_default_limit_set(value, &error))
        return command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    return EXIT_FINE;
}

static int arguments_take(Arguments *arguments, const Command *command)
{
    bool only_words = false;
    for (int i = 1; i < arguments->argc; i++) {
        const char *text = arguments->argv[i];
        if (!only_words && strcmp(text, "--") == 0) {
            only_words = true;
        } else if (!only_words && text[0] == '-' && text[1]) {
            int status = option_take(arguments, command, &i);
            if (status) return status;
        } else {
            vec_push(&arguments->words, text);
        }
    }
    int count = (int)arguments->words.count;
    if (count < command->fewest || (command->most >= 0 && count > command->most))
        return command_fail(arguments, EXIT_MISUSE, "usage: planvm %s %s", command->name, command->words);
    Error error = {""};
    if (!journal_root(arguments->values[OPTION_JOURNAL], &arguments->root, &error))
        return command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    return EXIT_FINE;
}

static int command_call(const Command *command, int argc, char **argv)
{
    Arguments arguments = {.command = command->name, .argc = argc, .argv = argv, .load = load_plan, .effects = compile_effects};
    if (command->function == command_drill) return command_drill(&arguments);
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return help_command(command);
    }
    int status = arguments_take(&arguments, command);
    if (status == EXIT_FINE) status = command->function(&arguments);
    vec_free(&arguments.words);
    vec_free(&arguments.settings);
    buffer_free(&arguments.root);
    return status;
}

int main(int argc, char **argv)
{
    /* A reader that has gone, or a file that may not grow, is told by the failing write. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--version") == 0) return printf("planvm %s\n", PLAN_VERSION) < 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) return help_all(stdout);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            int status = command_call(&commands[i], argc - 1, argv + 1);
            if (fflush(stdout) != 0 && status == EXIT_FINE) status = EXIT_PLAN_FAILED;
            return status;
        }
    }
    if (*name)
        fprintf(stderr, "planvm: there is no command `%s`: see `planvm --help`\n", name);
    else
        help_all(stderr);
    return EXIT_MISUSE;
}
