/* The command line of planc: tables in, one command run, exit status out (see command.h). Called by main; an
 * argument that no table has is answered with the nearest one and runs nothing. */
#include "compiler/tools/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct OptionRow {
    const char *name;
    char letter;
    const char *value, *doc;
} OptionRow;

static const OptionRow options[] = {
#define OPTION(id, name, letter, value, doc) [OPTION_##id] = {name, letter, value, doc},
#include "compiler/tools/options.def"
#undef OPTION
};

typedef struct CommandRow {
    const char *name;
    PlancCommand *run;
    const char *words;
    int fewest, most;
    unsigned options;
    const char *doc;
} CommandRow;

#define T(id) (1u << OPTION_##id)
static const CommandRow commands[] = {
#define COMMAND(name, function, words, fewest, most, options, doc)                                           \
    {name, function, words, fewest, most, options, doc},
#include "compiler/tools/commands.def"
#undef COMMAND
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands, MOST_CHOICES = 16 };

/* ---- terminal and files ---- */

int planc_misuse(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, command ? "planc %s: " : "planc: ", command);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_MISUSE;
}

bool planc_wants_colour(FILE *stream)
{
    const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    if (no && *no) return false;
    if (force && *force && strcmp(force, "0") != 0) return true;
    return isatty(fileno(stream)) == 1;
}

void planc_print(FILE *stream, const Buffer *text)
{
    if (text->len) fwrite(text->data, 1, text->len, stream);
}

bool planc_write_file(const char *path, Str bytes, Error *error)
{
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    if (!file) return error_set(error, "%s cannot be written: %s", path, strerror(errno));
    bool fine = fwrite(bytes.data ? bytes.data : "", 1, bytes.len, file) == bytes.len;
    fine = (file == stdout ? fflush(file) : fclose(file)) == 0 && fine;
    return fine || error_set(error, "%s cannot be written: %s", path, strerror(errno));
}

void planc_print_diagnostics(Diagnostics *diagnostics, const SourceSet *sources)
{
    Buffer text = {0};
    diag_render_text(diagnostics, sources, planc_wants_colour(stderr), &text);
    planc_print(stderr, &text);
    buffer_free(&text);
}

/* ---- suggestions ---- */

static void say_nearest(Str word, const Str *candidates, size_t count)
{
    Str nearest = suggest_nearest(word, candidates, count);
    if (nearest.len) fprintf(stderr, "planc: did you mean %.*s?\n", STR_ARG(nearest));
}

static int unknown_command(const char *word)
{
    Str names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = str_from_c(commands[i].name);
    int status = planc_misuse(NULL, "there is no command %s; `planc help` lists them", word);
    say_nearest(str_from_c(word), names, COMMAND_COUNT);
    return status;
}

static void unknown_option(const CommandRow *row, Str word)
{
    Str names[OPTION_COUNT + 1];
    size_t count = 0;
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (row->options & (1u << i)) names[count++] = str_from_c(options[i].name);
    names[count++] = STR("--help");
    planc_misuse(row->name, "there is no option %.*s; `planc help %s` lists them", STR_ARG(word), row->name);
    say_nearest(word, names, count);
}

/* ---- values ---- */

static bool is_choice(const char *value)
{
    return value[0] >= 'a' && value[0] <= 'z';
}

/* Is the word one of "a|b|c"? If not, says which there are. */
static bool check_choice(const CommandRow *row, const OptionRow *option, const char *word)
{
    Str choices[MOST_CHOICES];
    size_t count = 0;
    for (const char *at = option->value; *at && count < MOST_CHOICES;) {
        size_t len = strcspn(at, "|");
        choices[count++] = (Str){at, len};
        if (str_equal_c(choices[count - 1], word)) return true;
        at += len + (at[len] == '|');
    }
    planc_misuse(row->name, "%s takes %s, not %s", option->name, option->value, word);
    say_nearest(str_from_c(word), choices, count);
    return false;
}

static int option_find(const CommandRow *row, Str word)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!(row->options & (1u << i))) continue;
        char letter[] = {'-', options[i].letter, 0};
        if (str_equal_c(word, options[i].name) || (options[i].letter && str_equal_c(word, letter))) return i;
    }
    return -1;
}

/* Takes argv[*at], and the word after it where that is its value. */
static bool take_option(const CommandRow *row, int argc, char **argv, int *at, Arguments *arguments)
{
    const char *word = argv[*at], *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    Str name = equals ? (Str){word, (size_t)(equals - word)} : str_from_c(word);
    int id = option_find(row, name);
    if (id < 0) return unknown_option(row, name), false;
    const OptionRow *option = &options[id];
    if (!option->value) {
        if (equals) return planc_misuse(row->name, "%s takes no value", option->name), false;
        arguments->values[id] = "";
        return true;
    }
    const char *value = equals ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
    if (!value) return planc_misuse(row->name, "%s wants %s after it", option->name, option->value), false;
    if (is_choice(option->value) && !check_choice(row, option, value)) return false;
    arguments->values[id] = value;
    return true;
}

/* ---- help ---- */

static void print_usage(const CommandRow *row)
{
    printf("  planc %s%s%s%s\n      %s\n", row->name, row->options ? " [OPTION]…" : "",
           *row->words ? " " : "", row->words, row->doc);
}

static void print_options(const CommandRow *row)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (!(row->options & (1u << i))) continue;
        const OptionRow *option = &options[i];
        printf("  %s", option->name);
        if (option->letter) printf(", -%c", option->letter);
        printf("%s%s\n      %s\n", option->value ? " " : "", option->value ? option->value : "", option->doc);
    }
}

static int print_command_help(const CommandRow *row)
{
    print_usage(row);
    if (row->options) puts("");
    print_options(row);
    return EXIT_CLEAN;
}

static const CommandRow *command_row(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

static int print_help(void)
{
    puts("planc: the compiler of plans\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        print_usage(&commands[i]);
    puts("\n`planc help COMMAND` lists its options. Exit: 0 clean, 1 findings, 2 misuse or an unreadable "
         "file.");
    return EXIT_CLEAN;
}

int planc_help(const Arguments *arguments)
{
    if (arguments->words.count == 0) return print_help();
    const CommandRow *row = command_row(arguments->words.items[0]);
    return row ? print_command_help(row) : unknown_command(arguments->words.items[0]);
}

/* ---- one command ---- */

static bool check_words(const CommandRow *row, const Arguments *arguments)
{
    int count = (int)arguments->words.count;
    if (count < row->fewest) return planc_misuse(row->name, "it wants %s", row->words), false;
    if (row->most < 0 || count <= row->most) return true;
    planc_misuse(row->name, "it wants %s, and %s is too many", row->words, arguments->words.items[row->most]);
    return false;
}

static int run_command(const CommandRow *row, int argc, char **argv)
{
    Arguments arguments = {.command = row->name};
    bool only_words = false, fine = true;
    for (int i = 1; i < argc && fine; i++) {
        const char *word = argv[i];
        if (only_words || word[0] != '-' || !word[1])
            vec_push(&arguments.words, word);
        else if (strcmp(word, "--") == 0)
            only_words = true;
        else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            return vec_free(&arguments.words), print_command_help(row);
        else
            fine = take_option(row, argc, argv, &i, &arguments);
    }
    int status = fine && check_words(row, &arguments) ? row->run(&arguments) : EXIT_MISUSE;
    vec_free(&arguments.words);
    return status;
}

int planc_main(int argc, char **argv)
{
    if (argc < 2) return print_help(), EXIT_MISUSE;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return print_help();
    if (strcmp(argv[1], "--version") == 0) return puts("planc " PLAN_VERSION), EXIT_CLEAN;
    const CommandRow *row = command_row(argv[1]);
    return row ? run_command(row, argc - 1, argv + 1) : unknown_command(argv[1]);
}
