/* `planc fmt`: files, or standard input, into their one form. A file that does not parse is left as it is,
 * with its errors. */
#include "compiler/tools/command.h"

#include "compiler/tools/fmt.h"
#include "compiler/tools/paths.h"

#include <string.h>

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
    Buffer formatted = {0};
    int status = EXIT_CLEAN;
    SourceFile *file = source_load(&sources, str_from_c(path), &error);
    if (!file) {
        status = planc_misuse("fmt", "%s", error.text);
    } else if (!fmt_source(&sources, file->id, &formatted, &diagnostics)) {
        planc_print_diagnostics(&diagnostics, &sources);
        fprintf(stderr, "planc: %s is left as it is\n", path);
        status = EXIT_FINDINGS;
    } else if (!str_equal(buffer_str(&formatted), file->text)) {
        if (mode == FMT_CHECK) printf("%s\n", path);
        if (mode == FMT_DIFF) print_difference(file, buffer_str(&formatted));
        if (mode != FMT_WRITE)
            status = EXIT_FINDINGS;
        else if (!planc_write_file(path, buffer_str(&formatted), &error))
            status = planc_misuse("fmt", "%s", error.text);
    }
    buffer_free(&formatted);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
    return status;
}

/* `planc fmt -`: from standard input to standard output. */
static int fmt_stdin(void)
{
    SourceSet sources = {0};
    Diagnostics diagnostics = {0};
    Buffer text = {0}, formatted = {0};
    char block[4096];
    int status = EXIT_CLEAN;
    for (size_t n; (n = fread(block, 1, sizeof block, stdin)) > 0;)
        buffer_add(&text, block, n);
    SourceFile *file = source_add(&sources, STR("standard input"), buffer_str(&text));
    if (fmt_source(&sources, file->id, &formatted, &diagnostics)) {
        planc_print(stdout, &formatted);
    } else {
        planc_print_diagnostics(&diagnostics, &sources);
        status = EXIT_FINDINGS;
    }
    buffer_free(&text);
    buffer_free(&formatted);
    diagnostics_free(&diagnostics);
    source_set_free(&sources);
    return status;
}

int planc_fmt(const Arguments *arguments)
{
    FmtMode mode = arguments->values[OPTION_DIFF]    ? FMT_DIFF
                   : arguments->values[OPTION_CHECK] ? FMT_CHECK
                                                     : FMT_WRITE;
    PathList paths = {0};
    Error error = {0};
    int status = EXIT_CLEAN;
    if (arguments->words.count == 1 && strcmp(arguments->words.items[0], "-") == 0) return fmt_stdin();
    for (size_t i = 0; i < arguments->words.count && status == EXIT_CLEAN; i++)
        if (!paths_add(&paths, arguments->words.items[i], &error))
            status = planc_misuse("fmt", "%s", error.text);
    bool misused = status != EXIT_CLEAN;
    for (size_t i = 0; !misused && i < paths.items.count; i++) {
        int one = fmt_one(paths.items.items[i].data, mode);
        if (one > status) status = one;
    }
    paths_free(&paths);
    return status;
}
