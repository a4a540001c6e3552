/* The command `planvm drill`: arguments, files, and the report. One plan is compiled once for all its drills.
 */
#include "vm/drill/runner.h"

#include "vm/base/time.h"
#include "vm/drill/rehearse.h"
#include "vm/drill/timeline.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { EXIT_HOLDS = 0, EXIT_FAILS = 1, EXIT_MISUSE = 2, DEPTH_LIMIT = 32 };

typedef VEC(char *) PathList;

typedef struct DrillCommand {
    DrillLoad *load;
    PathList paths;
    const char *filter; /* NULL: all drills */
    const char *log;    /* file for the logs, or NULL */
    bool tap, verbose;
    FILE *log_file;
    size_t drills, failed, unloaded;
    Buffer out;
} DrillCommand;

static const char usage[] =
    "usage: planvm drill [--filter GLOB] [--format text|tap] [--verbose] [--log FILE] [FILE|DIR]...\n"
    "\n"
    "Runs the drills of plans: their steps with a virtual clock, every effect answered by the drill.\n"
    "Without a file or directory those of the plans below the current directory.\n"
    "\n"
    "  --filter GLOB    only drills whose name is like GLOB (`*` stands for any text)\n"
    "  --format FORMAT  text, or tap (Test Anything Protocol)\n"
    "  --verbose        what happened in each drill, and when\n"
    "  --log FILE       writes what happened as JSON lines (`-`: standard output)\n"
    "\n"
    "Exit status: 0 every drill holds, 1 one does not, 2 misuse or a plan that cannot be loaded.\n";

/* ---- arguments ---- */

/* The value of an option written as `--name value` or `--name=value`; NULL and a message if there is none. */
static const char *option_value(const char *name, char **argv, int argc, int *at)
{
    size_t len = strlen(name);
    if (argv[*at][len] == '=') return argv[*at] + len + 1;
    if (*at + 1 < argc) return argv[++*at];
    fprintf(stderr, "planvm drill: %s needs a value\n", name);
    return NULL;
}

static bool is_option(const char *arg, const char *name)
{
    size_t len = strlen(name);
    return strncmp(arg, name, len) == 0 && (arg[len] == '\0' || arg[len] == '=');
}

static bool read_format(DrillCommand *command, const char *format)
{
    if (!format) return false;
    command->tap = strcmp(format, "tap") == 0;
    if (command->tap || strcmp(format, "text") == 0) return true;
    fprintf(stderr, "planvm drill: there is no format %s; there are text and tap\n", format);
    return false;
}

static bool read_option(DrillCommand *command, char **argv, int argc, int *at)
{
    const char *arg = argv[*at];
    if (is_option(arg, "--filter"))
        return (command->filter = option_value("--filter", argv, argc, at)) != NULL;
    if (is_option(arg, "--log")) return (command->log = option_value("--log", argv, argc, at)) != NULL;
    if (is_option(arg, "--format")) return read_format(command, option_value("--format", argv, argc, at));
    if (strcmp(arg, "--verbose") == 0 || strcmp(arg, "-v") == 0) return command->verbose = true;
    fprintf(stderr, "planvm drill: there is no option %s\n", arg);
    return false;
}

/* ---- files ---- */

static int compare_paths(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

static bool add_directory(PathList *paths, const char *path, int depth)
{
    DIR *directory = depth < DEPTH_LIMIT ? opendir(path) : NULL;
    if (!directory) {
        fprintf(stderr, "planvm drill: %s: %s\n", path,
                depth < DEPTH_LIMIT ? strerror(errno) : "nested too deeply");
        return false;
    }
    bool read = true;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat info;
        Buffer inner = {0};
        if (entry->d_name[0] == '.') continue;
        if (strcmp(path, ".") != 0)
            buffer_printf(&inner, "%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/");
        buffer_add_c(&inner, entry->d_name);
        /* A link to a directory is not followed: it may lead back here. */
        if (lstat(inner.data, &info) == 0 && S_ISDIR(info.st_mode)) {
            read = add_directory(paths, inner.data, depth + 1) && read;
        } else if (str_ends_with(buffer_str(&inner), STR(".plan"))) {
            vec_push(paths, memory_copy_c(buffer_str(&inner)));
        }
        buffer_free(&inner);
    }
    closedir(directory);
    return read;
}

static bool add_path(PathList *paths, const char *path)
{
    struct stat info;
    if (!*path || stat(path, &info) != 0) {
        fprintf(stderr, "planvm drill: %s: %s\n", path, strerror(*path ? errno : ENOENT));
        return false;
    }
    size_t before = paths->count;
    if (!S_ISDIR(info.st_mode)) {
        vec_push(paths, memory_copy_c(str_from_c(path)));
        return true;
    }
    bool read = add_directory(paths, path, 0);
    if (paths->count > before)
        qsort(paths->items + before, paths->count - before, sizeof *paths->items, compare_paths);
    return read;
}

/* ---- the report ---- */

static void flush_report(DrillCommand *command)
{
    fwrite(command->out.data, 1, command->out.len, stdout);
    fflush(stdout);
    buffer_clear(&command->out);
}

static void add_indented(Buffer *out, const char *indent, Str text)
{
    for (size_t start = 0; start < text.len;) {
        Str rest = str_slice(text, start, text.len);
        ptrdiff_t end = str_find(rest, STR("\n"));
        size_t len = end >= 0 ? (size_t)end : rest.len;
        buffer_printf(out, "%s%.*s\n", indent, (int)len, rest.data);
        start += len + 1;
    }
}

static double milliseconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void report_text(DrillCommand *command, Str name, const Rehearsal *rehearsal, double took)
{
    Buffer length = {0};
    duration_write(&length, rehearsal->record.end - rehearsal->record.start);
    buffer_printf(&command->out, "  %s  %.*s  (%s in %.1f ms)\n", rehearsal->holds ? "ok  " : "FAIL",
                  STR_ARG(name), length.data, took);
    add_indented(&command->out, "        ", buffer_str(&rehearsal->messages));
    if (command->verbose) timeline_whole(&rehearsal->record, "        ", &command->out);
    buffer_free(&length);
}

static void report_tap(DrillCommand *command, const char *path, Str name, const Rehearsal *rehearsal)
{
    buffer_printf(&command->out, "%s %zu - %s: %.*s\n", rehearsal->holds ? "ok" : "not ok", command->drills,
                  path, STR_ARG(name));
    add_indented(&command->out, "# ", buffer_str(&rehearsal->messages));
    if (command->verbose) timeline_whole(&rehearsal->record, "# ", &command->out);
}

static void write_log(DrillCommand *command, const char *path, Str name, const Rehearsal *rehearsal)
{
    if (!command->log_file) return;
    Buffer rows = {0};
    buffer_add_c(&rows, "{\"file\":");
    json_write_string(&rows, str_from_c(path));
    buffer_add_c(&rows, ",\"drill\":");
    json_write_string(&rows, name);
    buffer_add_c(&rows, "}\n");
    record_write(&rehearsal->record, &rows);
    fwrite(rows.data, 1, rows.len, command->log_file);
    buffer_free(&rows);
}

/* ---- running ---- */

static void run_drill(DrillCommand *command, const char *path, const Image *image, const Json *metadata,
                      const Json *drill)
{
    Str name = json_string(drill, "name", "");
    Rehearsal rehearsal;
    double began = milliseconds_now();
    rehearse(image, metadata, drill, &rehearsal);
    double took = milliseconds_now() - began;
    command->drills++;
    if (!rehearsal.holds) command->failed++;
    if (command->tap)
        report_tap(command, path, name, &rehearsal);
    else
        report_text(command, name, &rehearsal, took);
    write_log(command, path, name, &rehearsal);
    flush_report(command);
    rehearsal_free(&rehearsal);
}

static void run_drills(DrillCommand *command, const char *path, const Image *image)
{
    Error error = {{0}};
    Json *metadata = json_parse(image->metadata, &error);
    if (!metadata) {
        fprintf(stderr, "planvm drill: %s: its metadata cannot be read: %s\n", path, error.text);
        command->unloaded++;
        return;
    }
    bool named = command->tap;
    for (const Json *drill = json_first(json_get(metadata, "drills")); drill; drill = json_next(drill)) {
        Str name = json_string(drill, "name", "");
        if (command->filter && !str_matches_glob(name, str_from_c(command->filter))) continue;
        if (!named) buffer_printf(&command->out, "%s\n", path);
        named = true;
        run_drill(command, path, image, metadata, drill);
    }
    json_free(metadata);
}

static void run_file(DrillCommand *command, const char *path)
{
    Buffer bytes = {0}, messages = {0};
    Error error = {{0}};
    Image image = {0};
    bool loaded = command->load(path, &bytes, &messages);
    if (messages.len) fwrite(messages.data, 1, messages.len, stderr);
    if (!loaded) {
        command->unloaded++;
    } else if (!image_open(buffer_str(&bytes), &image, &error)) {
        fprintf(stderr, "planvm drill: %s: %s\n", path, error.text);
        command->unloaded++;
    } else {
        run_drills(command, path, &image);
        image_close(&image);
    }
    buffer_free(&bytes);
    buffer_free(&messages);
}

static int finish(DrillCommand *command, double took)
{
    if (command->tap) {
        buffer_printf(&command->out, "1..%zu\n", command->drills);
    } else if (command->drills) {
        buffer_printf(&command->out, "%zu drill%s: %zu ok, %zu failed (%.0f ms)\n", command->drills,
                      command->drills == 1 ? "" : "s", command->drills - command->failed, command->failed,
                      took);
    }
    flush_report(command);
    if (command->unloaded) return EXIT_MISUSE;
    if (!command->drills) {
        fprintf(stderr, "planvm drill: there is no drill%s%s\n", command->filter ? " like " : "",
                command->filter ? command->filter : "");
        return EXIT_MISUSE;
    }
    return command->failed ? EXIT_FAILS : EXIT_HOLDS;
}

static bool open_log(DrillCommand *command)
{
    if (!command->log) return true;
    command->log_file = strcmp(command->log, "-") == 0 ? stdout : fopen(command->log, "w");
    if (!command->log_file) fprintf(stderr, "planvm drill: %s: %s\n", command->log, strerror(errno));
    return command->log_file != NULL;
}

/* A log that is not whole must not look like one. */
static bool close_log(DrillCommand *command)
{
    if (!command->log_file || command->log_file == stdout) return true;
    bool whole = !ferror(command->log_file);
    whole = fclose(command->log_file) == 0 && whole;
    if (!whole) fprintf(stderr, "planvm drill: %s could not be written\n", command->log);
    return whole;
}

static int run_all(DrillCommand *command)
{
    double began = milliseconds_now();
    if (!open_log(command)) return EXIT_MISUSE;
    if (command->tap) buffer_add_c(&command->out, "TAP version 13\n");
    for (size_t i = 0; i < command->paths.count; i++)
        run_file(command, command->paths.items[i]);
    int status = finish(command, milliseconds_now() - began);
    return close_log(command) ? status : EXIT_MISUSE;
}

int drill_main(int argc, char **argv, DrillLoad *load)
{
    DrillCommand command = {.load = load};
    bool understood = true, options = true, named = false;
    for (int i = 1; i < argc && understood; i++) {
        if (options && strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return EXIT_HOLDS;
        }
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            understood = read_option(&command, argv, argc, &i);
        } else {
            named = true;
            understood = add_path(&command.paths, argv[i]);
        }
    }
    if (understood && !named) understood = add_path(&command.paths, ".");
    int status = understood ? run_all(&command) : EXIT_MISUSE;
    for (size_t i = 0; i < command.paths.count; i++)
        free(command.paths.items[i]);
    vec_free(&command.paths);
    buffer_free(&command.out);
    return status;
}
