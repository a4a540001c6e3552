/* planc: the command line of the compiler. A table of commands; each reads its arguments, calls the compiler and prints.
 *
 * Results go to stdout, talk to stderr. Exit: 0 clean, 1 findings, 2 misuse or an unreadable file. */
#include "compiler/compilation.h"
#include "compiler/emit/emit.h"
#include "compiler/syntax/parse.h"
#include "compiler/tools/explain.h"
#include "compiler/tools/fmt.h"
#include "compiler/tools/paths.h"
#include "vm/code/image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_MISUSE = 2 };

typedef struct Subcommand {
    const char *name;
    const char *usage;
    const char *about;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
} Subcommand;

static int misuse(const char *format, const char *what)
{
    fputs("planc: ", stderr);
    fprintf(stderr, format, what);
    fputs("\nplanc: `planc help` lists the commands\n", stderr);
    return EXIT_MISUSE;
}

static bool wants_colour(FILE *stream)
{
    const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
    if (no && *no) return false;
    if (force && *force && strcmp(force, "0") != 0) return true;
    return isatty(fileno(stream)) == 1;
}

static void print(FILE *stream, const Buffer *text)
{
    if (text->len) fwrite(text->data, 1, text->len, stream);
}

static bool write_file(const char *path, Str bytes, Error *error)
{
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    if (!file) return error_set(error, "%s cannot be written: %s", path, strerror(errno));
    bool fine = fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
    fine = (file == stdout ? fflush(file) : fclose(file)) == 0 && fine;
    return fine || error_set(error, "%s cannot be written: %s", path, strerror(errno));
}

/* ---- check ---- */

typedef struct CheckOptions {
    bool json, deny_warnings;
} CheckOptions;

typedef struct CheckTotals {
    size_t errors, warnings, files;
    bool unreadable;
} CheckTotals;

static void check_one(const char *path, const CheckOptions *options, Buffer *out, CheckTotals *totals)
{
    Compilation compilation = {0};
    Error error = {0};
    CompileResult result = compilation_check(&compilation, path, &error);
    if (result == COMPILE_OK) compilation_lower(&compilation);
    if (result == COMPILE_UNREADABLE) {
        fprintf(stderr, "planc: %s\n", error.text);
        totals->unreadable = true;
    }
    if (options->json) diag_render_json(&compilation.diagnostics, &compilation.sources, out);
    else diag_render_text(&compilation.diagnostics, &compilation.sources, wants_colour(stdout), out);
    totals->errors += compilation.diagnostics.errors;
    totals->warnings += compilation.diagnostics.warnings;
    totals->files++;
    compilation_free(&compilation);
}

static int run_check(int argc, char **argv)
{
    CheckOptions options = {0};
    PathList paths = {0};
    Error error = {0};
    int result = EXIT_CLEAN;
    bool only_paths = false;
    for (int i = 1; i < argc && result == EXIT_CLEAN; i++) {
        const char *arg = argv[i];
        if (only_paths || arg[0] != '-') {
            if (!paths_add(&paths, arg, &error)) result = misuse("%s", error.text);
        } else if (strcmp(arg, "--") == 0) only_paths = true;
        else if (strcmp(arg, "--format") == 0 && i + 1 < argc && strcmp(argv[i + 1], "json") == 0) options.json = true, i++;
        else if (strcmp(arg, "--format") == 0 && i + 1 < argc && strcmp(argv[i + 1], "text") == 0) i++;
        else if (strcmp(arg, "--format=json") == 0) options.json = true;
        else if (strcmp(arg, "--format=text") == 0) options.json = false;
        else if (strcmp(arg, "--deny") == 0 && i + 1 < argc && strcmp(argv[i + 1], "warnings") == 0) options.deny_warnings = true, i++;
        else result = misuse("`check` has no option %s", arg);
    }
    if (result == EXIT_CLEAN && paths.items.count == 0 && !paths_add(&paths, ".", &error)) result = misuse("%s", error.text);
    CheckTotals totals = {0};
    for (size_t i = 0; result == EXIT_CLEAN && i < paths.items.count; i++) {
        Buffer out = {0};
        check_one(paths.items.items[i].data, &options, &out, &totals);
        print(stdout, &out);
        buffer_free(&out);
    }
    paths_free(&paths);
    if (result != EXIT_CLEAN) return result;
    if (totals.unreadable) return EXIT_MISUSE;
    return totals.errors || (options.deny_warnings && totals.warnings) ? EXIT_FINDINGS : EXIT_CLEAN;
}

/* ---- build ---- */

static int run_build(int argc, char **argv)
{
    const char *in = NULL, *out = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) out = argv[++i];
        else if (argv[i][0] == '-' && argv[i][1]) return misuse("`build` has no option %s", argv[i]);
        else if (in) return misuse("`build` takes one file, and %s is the second", argv[i]);
        else in = argv[i];
    }
    if (!in || !out) return misuse("%s", "`build` wants a file, and -o with the file to write");
    Buffer image = {0}, messages = {0};
    Error error = {0};
    CompileResult result = compile_file(in, wants_colour(stderr), &image, &messages, NULL);
    print(stderr, &messages);
    int status = result == COMPILE_OK ? EXIT_CLEAN : result == COMPILE_FINDINGS ? EXIT_FINDINGS : EXIT_MISUSE;
    if (status == EXIT_CLEAN && !write_file(out, buffer_str(&image), &error)) status = misuse("%s", error.text);
    buffer_free(&image);
    buffer_free(&messages);
    return status;
}

/* ---- fmt ---- */

typedef enum FmtMode { FMT_WRITE, FMT_CHECK, FMT_DIFF } FmtMode;

/* `--diff`: the lines that would change, old and new, without context. */
static void print_difference(const SourceFile *file, Str formatted)
{
    printf("--- %.*s\n+++ %.*s (formatted)\n", STR_ARG(file->path), STR_ARG(file->path));
    size_t a = 0, b = 0;
    while (a < file->text.len || b < formatted.len) {
        Str old = str_slice(file->text, a, file->text.len), new = str_slice(formatted, b, formatted.len);
        ptrdiff_t old_end = str_find(old, STR("\n")), new_end = str_find(new, STR("\n"));
        old = str_slice(old, 0, old_end < 0 ? old.len : (size_t)old_end);
        new = str_slice(new, 0, new_end < 0 ? new.len : (size_t)new_end);
        if (!str_equal(old, new)) printf("-%.*s\n+%.*s\n", STR_ARG(old), STR_ARG(new));
        a += old.len + 1;
        b += new.len + 1;
    }
}

static int fmt_one(const char *path, FmtMode mode)
{
    SourceSet sources = {0};
    Diagnostics diagnostics = {0};
    Error error = {0};
    Buffer formatted = {0}, messages = {0};
    int status = EXIT_CLEAN;
    SourceFile *file = source_load(&sources, str_from_c(path), &error);
    if (!file) {
        status = misuse("%s", error.text);
    } else if (!fmt_source(&sources, file->id, &formatted, &diagnostics)) {
        diag_render_text(&diagnostics, &sources, wants_colour(stderr), &messages);
        print(stderr, &messages);
        fprintf(stderr, "planc: %s is left as it is\n", path);
        status = EXIT_FINDINGS;
    } else if (!str_equal(buffer_str(&formatted), file->text)) {
        if (mode == FMT_CHECK) printf("%s\n", path);
        if (mode == FMT_DIFF) print_difference(file, buffer_str(&formatted));
        if (mode != FMT_WRITE) status = EXIT_FINDINGS;
        else if (!write_file(path, buffer_str(&formatted), &error)) status = misuse("%s", error.text);
    }
    buffer_free(&formatted);
    buffer_free(&messages);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
    return status;
}

/* `planc fmt -`: from standard input to standard output. */
static int fmt_stdin(void)
{
    SourceSet sources = {0};
    Diagnostics diagnostics = {0};
    Buffer text = {0}, formatted = {0}, messages = {0};
    char block[4096];
    int status = EXIT_CLEAN;
    for (size_t n; (n = fread(block, 1, sizeof block, stdin)) > 0;) buffer_add(&text, block, n);
    SourceFile *file = source_add(&sources, STR("standard input"), buffer_str(&text));
    if (fmt_source(&sources, file->id, &formatted, &diagnostics)) {
        print(stdout, &formatted);
    } else {
        diag_render_text(&diagnostics, &sources, wants_colour(stderr), &messages);
        print(stderr, &messages);
        status = EXIT_FINDINGS;
    }
    buffer_free(&text);
    buffer_free(&formatted);
    buffer_free(&messages);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
    return status;
}

static int run_fmt(int argc, char **argv)
{
    FmtMode mode = FMT_WRITE;
    PathList paths = {0};
    Error error = {0};
    int status = EXIT_CLEAN;
    for (int i = 1; i < argc && status == EXIT_CLEAN; i++) {
        if (strcmp(argv[i], "--check") == 0) mode = FMT_CHECK;
        else if (strcmp(argv[i], "--diff") == 0) mode = FMT_DIFF;
        else if (strcmp(argv[i], "-") == 0 && argc == 2) return fmt_stdin();
        else if (argv[i][0] == '-') status = misuse("`fmt` has no option %s", argv[i]);
        else if (!paths_add(&paths, argv[i], &error)) status = misuse("%s", error.text);
    }
    if (status == EXIT_CLEAN && paths.items.count == 0) status = misuse("%s", "`fmt` wants a file or a folder");
    bool misused = status != EXIT_CLEAN;
    for (size_t i = 0; !misused && i < paths.items.count; i++) {
        int one = fmt_one(paths.items.items[i].data, mode);
        if (one > status) status = one;
    }
    paths_free(&paths);
    return status;
}

/* ---- dump ---- */

static int dump_syntax(const char *path, bool tokens)
{
    SourceSet sources = {0};
    Diagnostics diagnostics = {0};
    Arena arena = {0};
    Error error = {0};
    Buffer out = {0}, messages = {0};
    SourceFile *file = source_load(&sources, str_from_c(path), &error);
    int status = EXIT_CLEAN;
    if (!file) {
        status = misuse("%s", error.text);
    } else {
        if (tokens) dump_tokens(&sources, file->id, &diagnostics, &out);
        else dump_ast(parse_file(&arena, &sources, file->id, &diagnostics), true, &out);
        diag_render_text(&diagnostics, &sources, wants_colour(stderr), &messages);
        if (diagnostics.errors) status = EXIT_FINDINGS;
    }
    print(stdout, &out);
    print(stderr, &messages);
    buffer_free(&out);
    buffer_free(&messages);
    arena_free(&arena);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
    return status;
}

static int dump_program(const char *path, bool bytecode)
{
    Compilation compilation = {0};
    Error error = {0};
    Buffer out = {0}, messages = {0}, bytes = {0};
    CompileResult result = compilation_check(&compilation, path, &error);
    if (result == COMPILE_OK) result = compilation_lower(&compilation);
    if (result == COMPILE_OK && !bytecode) core_dump(compilation.core, &out);
    if (result == COMPILE_OK && bytecode) {
        Image image;
        if (emit_image(compilation.core, &bytes, &error) && image_open(buffer_str(&bytes), &image, &error)) {
            image_disassemble(&image, &out);
            image_close(&image);
        } else {
            result = COMPILE_UNREADABLE;
        }
    }
    if (result == COMPILE_UNREADABLE) fprintf(stderr, "planc: %s\n", error.text);
    diag_render_text(&compilation.diagnostics, &compilation.sources, wants_colour(stderr), &messages);
    print(stdout, &out);
    print(stderr, &messages);
    buffer_free(&out);
    buffer_free(&messages);
    buffer_free(&bytes);
    compilation_free(&compilation);
    return result == COMPILE_OK ? EXIT_CLEAN : result == COMPILE_FINDINGS ? EXIT_FINDINGS : EXIT_MISUSE;
}

static int run_dump(int argc, char **argv)
{
    if (argc != 3) return misuse("%s", "`dump` wants one of --tokens --ast --core --bytecode, and a file");
    if (strcmp(argv[1], "--tokens") == 0) return dump_syntax(argv[2], true);
    if (strcmp(argv[1], "--ast") == 0) return dump_syntax(argv[2], false);
    if (strcmp(argv[1], "--core") == 0) return dump_program(argv[2], false);
    if (strcmp(argv[1], "--bytecode") == 0) return dump_program(argv[2], true);
    return misuse("`dump` has no option %s", argv[1]);
}

/* ---- explain, help ---- */

static int run_explain(int argc, char **argv)
{
    if (argc != 2) return misuse("%s", "`explain` wants the code of a diagnostic, such as P0101");
    Buffer page = {0};
    bool known = explain_page(str_from_c(argv[1]), &page);
    print(stdout, &page);
    buffer_free(&page);
    return known ? EXIT_CLEAN : misuse("there is no diagnostic %s", argv[1]);
}

static int run_help(int argc, char **argv);

static const Subcommand commands[] = {
    {"check", "[--format text|json] [--deny warnings] [FILE|DIR]…", "says what is wrong in plans", run_check},
    {"build", "FILE -o OUT.planc", "writes the program of a plan", run_build},
    {"fmt", "[--check|--diff] FILE|DIR… | -", "puts plans into their one form", run_fmt},
    {"dump", "--tokens|--ast|--core|--bytecode FILE", "shows what the compiler makes of a plan", run_dump},
    {"explain", "CODE", "prints the page of a diagnostic", run_explain},
    {"help", "", "prints this", run_help},
};

static int run_help(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("planc: the compiler of plans\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        printf("  planc %s %s\n      %s\n", commands[i].name, commands[i].usage, commands[i].about);
    puts("\nExit: 0 clean, 1 findings, 2 misuse or an unreadable file.");
    return EXIT_CLEAN;
}

int main(int argc, char **argv)
{
    if (argc < 2) return run_help(argc, argv), EXIT_MISUSE;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return run_help(argc, argv);
    if (strcmp(argv[1], "--version") == 0) return puts("planc " PLAN_VERSION), EXIT_CLEAN;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    return misuse("there is no command %s", argv[1]);
}
