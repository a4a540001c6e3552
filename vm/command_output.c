/* `planvm output`: all that one effect printed or was answered, from the run's record to stdout. Long ones
 * lie beside the journal, packed, by their hash; what is damaged or gone is said. */
#include "vm/command.h"

#include "vm/base/json.h"
#include "vm/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the journal knows of the effect. */
typedef struct Found {
    bool begun;
    Buffer op;
    Json *result; /* NULL: it has not ended */
} Found;

static bool find_effect(Journal *journal, uint64_t effect, Found *found, Error *error)
{
    LogRow row;
    JournalCursor *cursor = journal_rows(journal, 0, error);
    while (cursor && !found->result && journal_next(cursor, &row, error)) {
        if (row.effect != effect) continue;
        if (row.kind == LOG_INTENT) buffer_add_str(&found->op, row.name);
        if (row.kind == LOG_RESULT) found->result = json_parse(row.json, error);
        found->begun = true;
    }
    journal_rows_end(cursor);
    return !error->text[0];
}

/* A terminal must not obey what a program printed; a file or pipe gets the very bytes. */
static bool write_piece(void *ctx, Str bytes)
{
    const bool *terminal = ctx;
    if (!*terminal) return fwrite(bytes.data, 1, bytes.len, stdout) == bytes.len;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        bool high = c == 0xC2 && i + 1 < bytes.len && (unsigned char)bytes.data[i + 1] < 0xA0;
        if (high)
            i++;
        else if ((c >= ' ' && c != 127) || c == '\n' || c == '\t')
            putchar(c);
    }
    return !ferror(stdout);
}

static bool write_whole(const Journal *journal, const Json *whole, Error *error)
{
    Buffer path = {0};
    Hash hash;
    bool terminal = isatty(STDOUT_FILENO), known = hash_read(json_string(whole, "hash", ""), &hash);
    uint64_t size = (uint64_t)json_int(whole, "size", 0);
    buffer_printf(&path, "%s/" LOG_OUTPUTS "/%s.zst", journal_path(journal),
                  json_string(whole, "hash", "").data);
    int fd = known ? open(path.data, O_RDONLY | O_CLOEXEC) : -1;
    bool fine = fd >= 0;
    if (!fine)
        error_set(error, "%s cannot be read: %s", path.data, known ? strerror(errno) : "its name is no hash");
    else if (!unpack_file(fd, hash, size, write_piece, &terminal, error))
        fine = error_wrap(error, "%s", path.data);
    if (fd >= 0) close(fd);
    buffer_free(&path);
    return fine;
}

static int write_stream(const Arguments *arguments, const Journal *journal, const Json *result,
                        const char *name)
{
    char member[32];
    Error error = {""};
    bool terminal = isatty(STDOUT_FILENO);
    Str text = json_string(result, name, "");
    snprintf(member, sizeof member, "%s_whole", name);
    const Json *whole = json_get(result, member);
    int status = EXIT_FINE;
    if (!json_is_null(whole)) {
        if (!write_whole(journal, whole, &error))
            status = command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    } else {
        write_piece(&terminal, text);
    }
    if (fflush(stdout) != 0 && errno != EPIPE)
        status = command_fail(arguments, EXIT_PLAN_FAILED, "stdout cannot be written: %s", strerror(errno));
    return status;
}

int command_output(const Arguments *arguments)
{
    static const char *const streams[] = {"out", "err", "body"};
    const char *run = arguments->words.items[0], *number = arguments->words.items[1];
    const char *wanted = arguments->words.count > 2 ? arguments->words.items[2] : NULL, *stream = NULL;
    char *end;
    uint64_t effect = strtoull(number, &end, 10);
    if (*end || !effect)
        return command_fail(arguments, EXIT_MISUSE, "%s is no effect's number; `planvm log %s` has them",
                            number, run);
    Journal *journal = command_open(arguments, run);
    if (!journal) return EXIT_MISUSE;
    Found found = {0};
    Error error = {""};
    int status = EXIT_MISUSE;
    bool read = find_effect(journal, effect, &found, &error);
    for (size_t i = 0; i < 3; i++) {
        bool there = json_kind(json_get(found.result, streams[i])) == JSON_STRING;
        if (there && !stream && (!wanted || strcmp(wanted, streams[i]) == 0)) stream = streams[i];
    }
    if (!read)
        status = command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    else if (!found.begun)
        command_fail(arguments, EXIT_MISUSE, "there is no effect %s in the run; `planvm log %s` has them",
                     number, run);
    else if (!found.result)
        command_fail(arguments, EXIT_MISUSE, "effect %s has not ended", number);
    else if (!stream)
        command_fail(arguments, EXIT_MISUSE, "effect %s (%s) has no %s", number, found.op.data,
                     wanted ? wanted : "output");
    else
        status = write_stream(arguments, journal, found.result, stream);
    json_free(found.result);
    buffer_free(&found.op);
    journal_close(journal);
    return status;
}
