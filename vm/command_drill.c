/* `planvm drill`: the runner of vm/drill, and `--from-run`, which reads a journal and has the run retold as a drill. */
#include "vm/command.h"

#include "vm/code/image.h"
#include "vm/drill/retell.h"
#include "vm/drill/runner.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The value of `--name value` or `--name=value`, or NULL. */
static const char *find_value(const Arguments *arguments, const char *name)
{
    size_t len = strlen(name);
    for (int i = 1; i < arguments->argc && strcmp(arguments->argv[i], "--") != 0; i++) {
        const char *text = arguments->argv[i];
        if (strncmp(text, name, len) != 0) continue;
        if (text[len] == '=') return text + len + 1;
        if (!text[len]) return i + 1 < arguments->argc ? arguments->argv[i + 1] : "";
    }
    return NULL;
}

static bool read_rows(Journal *journal, Record *record, Error *error)
{
    JournalCursor *cursor = journal_rows(journal, 0, error);
    LogRow row;
    if (!cursor) return false;
    while (journal_next(cursor, &row, error))
        record_add(record, &row);
    journal_rows_end(cursor);
    return !error->text[0];
}

static bool retell(Journal *journal, Error *error)
{
    Buffer bytes = {0}, text = {0}, title = {0};
    Image image = {0};
    Record record = {0};
    const JournalRun *run = journal_run(journal);
    bool fine = journal_image(journal, &bytes, error) && image_open(buffer_str(&bytes), &image, error);
    Json *metadata = fine ? json_parse(image.metadata, error) : NULL;
    fine = metadata && read_rows(journal, &record, error);
    if (fine) {
        buffer_printf(&title, "run %.*s", STR_ARG(run->id));
        Retelling telling = {.record = &record, .metadata = metadata, .program = buffer_str(&bytes), .out = &text};
        fine = retell_write(&telling, run->plan, buffer_str(&title), error);
    }
    if (fine) {
        fwrite(text.data, 1, text.len, stdout);
    }
    record_free(&record);
    json_free(metadata);
    if (image.bytes) image_close(&image);
    buffer_free(&bytes);
    buffer_free(&text);
    buffer_free(&title);
    return fine;
}

/* A file that `planvm run --record` made, or a run below the place of runs. */
static Journal *journal_of(const Arguments *arguments, const char *word, Error *error)
{
    struct stat state;
    if (stat(word, &state) == 0 && S_ISREG(state.st_mode)) return journal_open_file(word, error);
    Buffer root = {0}, id = {0};
    Journal *journal = NULL;
    if (journal_root(find_value(arguments, "--journal"), &root, error) &&
        journal_find(root.data, str_from_c(word), &id, error))
        journal = journal_open_read(root.data, buffer_str(&id), error);
    buffer_free(&root);
    buffer_free(&id);
    return journal;
}

static int from_run(const Arguments *arguments, const char *word)
{
    Error error = {""};
    Journal *journal = journal_of(arguments, word, &error);
    bool fine = journal && retell(journal, &error);
    journal_close(journal);
    return fine ? EXIT_FINE : command_fail(arguments, EXIT_MISUSE, "%s", error.text);
}

int command_drill(const Arguments *arguments)
{
    const char *run = find_value(arguments, "--from-run");
    if (run) return from_run(arguments, run);
    return drill_main(arguments->argc, arguments->argv, arguments->load);
}
