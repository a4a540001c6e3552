/* `planvm drill`: the runner of vm/drill, and `--from-run`, which reads a journal and has the run retold as a drill. */
#include "vm/command.h"

#include "vm/base/hash.h"
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

static void note(const Arguments *arguments, const char *before, Str what, const char *behind)
{
    fprintf(stderr, "planvm %s: note: %s%.*s %s\n", arguments->command, before, STR_ARG(what), behind);
}

static bool read_file(const char *path, Buffer *bytes)
{
    char chunk[16384];
    size_t got;
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buffer_add(bytes, chunk, got);
    bool fine = !ferror(file);
    fclose(file);
    return fine;
}

/* Is the file still what the run's program was made of? One that is not here (another machine, another folder) says nothing. */
static bool is_unchanged(const Image *image, const ImageFile *file)
{
    Buffer bytes = {0}, path = {0};
    buffer_add_str(&path, image_string(image, file->name));
    bool read = path.len && read_file(path.data, &bytes);
    Hash hash = hash_bytes(bytes.data ? bytes.data : "", bytes.len);
    buffer_free(&bytes);
    buffer_free(&path);
    return !read || (hash.words[0] == file->hash[0] && hash.words[1] == file->hash[1]);
}

static void note_changed_files(const Arguments *arguments, const Image *image, const Json *metadata)
{
    for (const Json *own = json_first(json_get(metadata, "files")); own; own = json_next(own)) {
        for (uint32_t i = 0; i < image->file_count; i++) {
            const ImageFile *file = &image->files[i];
            if (!str_equal(image_string(image, file->name), json_text(own)) || is_unchanged(image, file)) continue;
            note(arguments, "", json_text(own), "has changed since this run: the drill fits the plan as it was");
        }
    }
}

/* The program of the run, and what it says of itself; NULL: why not. */
static Json *open_program(Journal *journal, Buffer *bytes, Image *image, Error *error)
{
    if (!journal_image(journal, bytes, error)) return NULL;
    if (!image_open(buffer_str(bytes), image, error)) {
        error_wrap(error, "the program that the run was made with is none of this planvm's");
        return NULL;
    }
    return json_parse(image->metadata, error);
}

static bool retell(const Arguments *arguments, Journal *journal, Error *error)
{
    Buffer bytes = {0}, text = {0};
    Image image = {0};
    Record record = {0};
    const JournalRun *run = journal_run(journal);
    Json *metadata = open_program(journal, &bytes, &image, error);
    bool fine = metadata && read_rows(journal, &record, error);
    if (fine) {
        const char *start = (const char *)image.bytes;
        Str program = {start, (size_t)(image.metadata.data - start)};
        Retelling telling = {.record = &record, .metadata = metadata, .program = program, .out = &text, .files = find_value(arguments, "--files")};
        fine = retell_write(&telling, run->plan, run->id, error);
    }
    if (fine) {
        fwrite(text.data, 1, text.len, stdout);
        note_changed_files(arguments, &image, metadata);
    }
    record_free(&record);
    json_free(metadata);
    if (image.bytes) image_close(&image);
    buffer_free(&bytes);
    buffer_free(&text);
    return fine;
}

/* A file that `planvm run --record` made. */
static Journal *journal_of_file(const char *path, bool empty, Error *error)
{
    if (empty) {
        error_set(error, "%s is empty: the planvm that was to record its run there was killed; the run's journal has it", path);
        return NULL;
    }
    Journal *journal = journal_open_file(path, error);
    if (!journal) error_wrap(error, "%s is no record of a run", path);
    return journal;
}

/* A run below the place of runs. */
static Journal *journal_of_run(const Arguments *arguments, const char *word, Error *error)
{
    Buffer root = {0}, id = {0};
    Journal *journal = NULL;
    if (journal_root(find_value(arguments, "--journal"), &root, error) && journal_find(root.data, str_from_c(word), &id, error))
        journal = journal_open_read(root.data, buffer_str(&id), error);
    if (journal && journal_is_live(root.data, buffer_str(&id), NULL))
        note(arguments, "the run ", buffer_str(&id), "still goes on: it is told as far as it has come");
    buffer_free(&root);
    buffer_free(&id);
    return journal;
}

static Journal *journal_of(const Arguments *arguments, const char *word, Error *error)
{
    struct stat state;
    bool is_file = stat(word, &state) == 0 && S_ISREG(state.st_mode);
    return is_file ? journal_of_file(word, state.st_size == 0, error) : journal_of_run(arguments, word, error);
}

static int from_run(const Arguments *arguments, const char *word)
{
    Error error = {""};
    Journal *journal = journal_of(arguments, word, &error);
    bool fine = journal && retell(arguments, journal, &error);
    journal_close(journal);
    return fine ? EXIT_FINE : command_fail(arguments, EXIT_MISUSE, "%s", error.text);
}

int command_drill(const Arguments *arguments)
{
    const char *run = find_value(arguments, "--from-run");
    if (run) return from_run(arguments, run);
    return drill_main(arguments->argc, arguments->argv, arguments->load);
}
