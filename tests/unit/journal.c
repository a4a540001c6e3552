/* The journal: rows come back as they were, one process owns a run, what was committed survives its process
 * and what was not does not, damage is noticed, runs are found by parts of their names. */
#include "vm/journal/journal.h"

#include "vm/base/json.h"
#include "vm/base/time.h"

#include "tests/unit/check.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64];

static JournalRun example(const char *id)
{
    return (JournalRun){.id = str_from_c(id),
                        .plan = STR("outage"),
                        .service = STR("OmenDB"),
                        .file = STR("plans/outage.plan"),
                        .entry = STR("plan.outage"),
                        .starter = STR("alice"),
                        .created = 1772421120000};
}

static bool put(Journal *journal, LogKind kind, uint64_t effect, const char *name, Str json)
{
    LogRow row = {.kind = kind,
                  .now = 1772421120000 + (int64_t)effect,
                  .effect = effect,
                  .name = str_from_c(name),
                  .effect_class = EFFECT_CHANGE,
                  .step = STR("Look"),
                  .at = STR("a.plan:7"),
                  .json = json};
    Error error = {""};
    bool fine = journal_append(journal, &row, &error);
    if (!fine) fprintf(stderr, "%s\n", error.text);
    return fine;
}

static size_t count_rows(Journal *journal, char *last_name, size_t size)
{
    Error error = {""};
    JournalCursor *cursor = journal_rows(journal, 0, &error);
    if (!CHECK(cursor != NULL)) return 0;
    LogRow row;
    size_t count = 0;
    while (journal_next(cursor, &row, &error)) {
        count++;
        if (last_name) snprintf(last_name, size, "%.*s", STR_ARG(row.name));
    }
    CHECK_STR_C(str_from_c(error.text), "");
    journal_rows_end(cursor);
    return count;
}

static void round_trip(void)
{
    Error error = {""};
    JournalRun run = example("20260302-0312-aaaa");
    Journal *journal = journal_create(root, &run, STR("image bytes"), &error);
    if (!CHECK(journal != NULL)) {
        fprintf(stderr, "%s\n", error.text);
        return;
    }
    Buffer large = {0};
    buffer_add_char(&large, '"');
    for (int i = 0; i < 20000; i++)
        buffer_add_char(&large, (char)('a' + i % 26));
    buffer_add_char(&large, '"');
    CHECK(put(journal, LOG_START, 0, "", STR("{\"plan\":\"outage\"}")));
    CHECK(put(journal, LOG_INTENT, 1, "http", STR("{\"url\":\"x\"}")));
    CHECK(journal_commit(journal, &error));
    CHECK(put(journal, LOG_RESULT, 1, "", buffer_str(&large)));
    CHECK(journal_commit(journal, &error));
    CHECK(put(journal, LOG_MARK, 0, "lost", STR("{}")));
    CHECK(journal_is_live(root, run.id, NULL));
    journal_close(journal);
    CHECK(!journal_is_live(root, run.id, NULL));

    journal = journal_open_read(root, run.id, &error);
    if (!CHECK(journal != NULL)) return;
    CHECK_STR_C(journal_run(journal)->service, "OmenDB");
    CHECK_INT((int64_t)journal_run(journal)->last_seq, 3);
    CHECK(!journal_run(journal)->ended);
    Buffer image = {0};
    CHECK(journal_image(journal, &image, &error));
    CHECK_STR_C(buffer_str(&image), "image bytes");
    buffer_free(&image);
    JournalCursor *cursor = journal_rows(journal, 1, &error);
    LogRow row;
    if (CHECK(journal_next(cursor, &row, &error))) {
        CHECK_INT(row.kind, LOG_INTENT);
        CHECK_INT(row.effect_class, EFFECT_CHANGE);
        CHECK_INT((int64_t)row.seq, 2);
        CHECK_STR_C(row.name, "http");
        CHECK_STR_C(row.step, "Look");
        CHECK_STR_C(row.at, "a.plan:7");
        CHECK_STR_C(row.json, "{\"url\":\"x\"}");
    }
    CHECK(journal_next(cursor, &row, &error) && str_equal(row.json, buffer_str(&large)));
    CHECK(!journal_next(cursor, &row, &error) && !error.text[0]);
    journal_rows_end(cursor);
    LogRow mark = {.kind = LOG_MARK};
    CHECK(!journal_append(journal, &mark, &error));
    journal_close(journal);
    buffer_free(&large);
}

static bool sql(const char *id, const char *statement, const char *expected)
{
    char command[1000];
    snprintf(command, sizeof command, "test \"$(sqlite3 %s/%s/journal.db \"%s\")\" = '%s'", root, id, statement, expected);
    return system(command) == 0;
}

/* Long payloads are packed where that helps, come back as they were, and are missed where they are damaged. */
static void packed_payloads(void)
{
    Error error = {""};
    JournalRun run = example("20260301-0312-pack");
    Journal *journal = journal_create(root, &run, STR("i"), &error);
    if (!CHECK(journal != NULL)) return;
    Buffer even = {0}, chance = {0};
    uint64_t state = 7;
    for (int i = 0; i < 200000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        buffer_add_char(&chance, (char)(state >> 56));
        buffer_add_char(&even, (char)('0' + i % 7));
    }
    CHECK(put(journal, LOG_START, 0, "", buffer_str(&even)));
    CHECK(put(journal, LOG_START, 0, "", buffer_str(&chance)));
    CHECK(put(journal, LOG_START, 0, "", STR("{}")));
    CHECK(put(journal, LOG_START, 0, "", buffer_str(&even)));
    CHECK(journal_commit(journal, &error));
    const Str expected[] = {buffer_str(&even), buffer_str(&chance), STR("{}"), buffer_str(&even)};
    JournalCursor *cursor = journal_rows(journal, 0, &error);
    LogRow row;
    for (size_t i = 0; i < 4; i++)
        CHECK(journal_next(cursor, &row, &error) && str_equal(row.json, expected[i]));
    journal_rows_end(cursor);
    journal_close(journal);
    CHECK(sql("20260301-0312-pack", "SELECT count(*), sum(size), max(length(bytes)) FROM blob", "2|400000|200000"));
    CHECK(sql("20260301-0312-pack", "SELECT count(*) FROM blob WHERE length(bytes) < 2000", "1"));
    CHECK(sql("20260301-0312-pack", "UPDATE blob SET bytes = substr(bytes, 1, 10) WHERE length(bytes) < 2000", ""));
    journal = journal_open_read(root, str_from_c("20260301-0312-pack"), &error);
    cursor = journal_rows(journal, 0, &error);
    CHECK(!journal_next(cursor, &row, &error));
    CHECK_CONTAINS(str_from_c(error.text), "the journal is damaged at row 1");
    journal_rows_end(cursor);
    journal_close(journal);
    buffer_free(&even);
    buffer_free(&chance);
}

/* A child owns the run, writes, and is killed at `point`; what it leaves is counted. */
static void killed_at(int point, size_t expected)
{
    char id[32];
    snprintf(id, sizeof id, "20260303-0000-k%03d", point);
    int ready[2];
    if (!CHECK(pipe(ready) == 0)) return;
    pid_t child = fork();
    if (child == 0) {
        JournalRun run = example(id);
        Journal *journal = journal_create(root, &run, STR("i"), NULL);
        put(journal, LOG_START, 0, "start", STR("{}"));
        put(journal, LOG_INTENT, 1, "command", STR("{}"));
        if (point >= 1) journal_commit(journal, NULL);
        if (point >= 2) put(journal, LOG_RESULT, 1, "result", STR("{}"));
        if (point >= 3) journal_commit(journal, NULL);
        if (write(ready[1], "x", 1) == 1) pause();
        _exit(0);
    }
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1);
    Error error = {""};
    int64_t pid = 0;
    CHECK(journal_is_live(root, str_from_c(id), &pid));
    CHECK_INT(pid, child);
    Journal *second = journal_open(root, str_from_c(id), &error);
    CHECK(second == NULL);
    CHECK_CONTAINS(str_from_c(error.text), "another process");
    Journal *reader = journal_open_read(root, str_from_c(id), &error);
    if (CHECK(reader != NULL)) CHECK_INT((int64_t)count_rows(reader, NULL, 0), (int64_t)expected);
    journal_close(reader);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);

    second = journal_open(root, str_from_c(id), &error);
    if (!CHECK(second != NULL)) return;
    CHECK_INT((int64_t)journal_run(second)->epoch, 2);
    CHECK_INT((int64_t)count_rows(second, NULL, 0), (int64_t)expected + 1); /* and its own lease */
    CHECK(put(second, LOG_END, 0, "end", STR("{}")));
    CHECK(journal_commit(second, &error));
    journal_close(second);
    reader = journal_open_read(root, str_from_c(id), &error);
    char last[16] = "";
    if (CHECK(reader != NULL))
        CHECK_INT((int64_t)count_rows(reader, last, sizeof last), (int64_t)expected + 2);
    CHECK_STR_C(str_from_c(last), "end");
    CHECK(reader && journal_run(reader)->ended);
    journal_close(reader);
}

/* Two that both believe they own the run, as after somebody deleted the lock: the first writes nothing more.
 */
static void taken_over(void)
{
    Error error = {""};
    JournalRun run = example("20260301-0000-tttt");
    Journal *first = journal_create(root, &run, STR("i"), &error);
    if (!CHECK(first != NULL)) return;
    CHECK(put(first, LOG_START, 0, "start", STR("{}")));
    CHECK(journal_commit(first, &error));
    char lock[160];
    snprintf(lock, sizeof lock, "%s/20260301-0000-tttt/lock", root);
    CHECK(unlink(lock) == 0);
    Journal *second = journal_open(root, run.id, &error);
    if (!CHECK(second != NULL)) return;
    CHECK(journal_commit(second, &error));
    LogRow late = {.kind = LOG_RESULT, .json = STR("{}")};
    CHECK(!journal_append(first, &late, &error));
    CHECK_CONTAINS(str_from_c(error.text), "has taken the run over");
    journal_close(first);
    CHECK_INT((int64_t)count_rows(second, NULL, 0), 2);
    journal_close(second);
}

/* Every byte of the database in turn, coarsely: reading says so, or gives the rows as they were. */
static void damage(void)
{
    Error error = {""};
    JournalRun run = example("20260304-0000-dddd");
    Journal *journal = journal_create(root, &run, STR("i"), &error);
    if (!CHECK(journal != NULL)) return;
    put(journal, LOG_START, 0, "first", STR("{\"value\":\"precious\"}"));
    put(journal, LOG_MARK, 0, "note", STR("{\"text\":\"remember\"}"));
    put(journal, LOG_END, 0, "end", STR("{}"));
    CHECK(journal_commit(journal, &error));
    journal_close(journal);
    char path[160];
    snprintf(path, sizeof path, "%s/20260304-0000-dddd/journal.db", root);
    FILE *file = fopen(path, "r+b");
    if (!CHECK(file != NULL)) return;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    char *bytes = memory_alloc((size_t)size);
    rewind(file);
    CHECK(fread(bytes, 1, (size_t)size, file) == (size_t)size);
    bool found = false;
    for (long at = 0; at + 8 < size && !found; at++) {
        if (memcmp(bytes + at, "remember", 8) != 0) continue;
        found = true;
        fseek(file, at, SEEK_SET);
        fputs("forgetme", file);
    }
    CHECK(found);
    fclose(file);
    free(bytes);
    journal = journal_open_read(root, run.id, &error);
    if (!CHECK(journal != NULL)) return;
    JournalCursor *cursor = journal_rows(journal, 0, &error);
    LogRow row;
    CHECK(journal_next(cursor, &row, &error));
    CHECK(!journal_next(cursor, &row, &error));
    CHECK_STR_C(str_from_c(error.text), "the journal is damaged at row 2");
    journal_rows_end(cursor);
    journal_close(journal);
}

static void found_by(const char *text, const char *expected)
{
    Buffer id = {0};
    Error error = {""};
    bool fine = journal_find(root, str_from_c(text), &id, &error);
    if (expected && CHECK(fine)) CHECK_STR_C(buffer_str(&id), expected);
    if (!expected) CHECK(!fine && error.text[0]);
    buffer_free(&id);
}

static void finding(void)
{
    found_by("20260302", "20260302-0312-aaaa");
    found_by("20260303-0000-k001", "20260303-0000-k001");
    found_by("last", "20260304-0000-dddd");
    found_by("20260303", NULL);
    found_by("2027", NULL);
    found_by("", NULL);
    Buffer id = {0};
    Buffer later = {0};
    journal_new_id(root, 1772421120000, &id);
    CHECK_INT((int64_t)id.len, 18);
    CHECK(str_starts_with(buffer_str(&id), STR("20260302-0312-")));
    for (int64_t after = 10; after < 60000; after += 9971) { /* ids sort by time, also within a minute */
        journal_new_id(root, 1772421120000 + after, &later);
        CHECK(str_compare(buffer_str(&id), buffer_str(&later)) < 0);
        buffer_clear(&id);
        buffer_add_str(&id, buffer_str(&later));
    }
    buffer_free(&id);
    buffer_free(&later);
}

static void sending(void)
{
    Error error = {""};
    CHECK(journal_send(root, STR("20260302-0312-aaaa"), STR("{\"kind\":\"ack\",\"by\":\"lead\"}"), NULL,
                       &error));
    CHECK(!journal_send(root, STR("20260302-0312-none"), STR("{\"kind\":\"ack\"}"), NULL, &error));
    char folder[128];
    snprintf(folder, sizeof folder, "%s/20260302-0312-aaaa/inbox", root);
    DIR *inbox = opendir(folder);
    size_t files = 0;
    for (struct dirent *entry; inbox && (entry = readdir(inbox));) {
        if (entry->d_name[0] == '.') continue;
        files++;
        char path[512], text[256] = "";
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "r");
        CHECK(file && fread(text, 1, sizeof text - 1, file) > 0);
        if (file) fclose(file);
        Json *json = json_parse(str_from_c(text), &error);
        CHECK_STR_C(json_string(json, "by", ""), "lead");
        CHECK(str_starts_with(str_from_c(entry->d_name), json_string(json, "msg", "?")));
        json_free(json);
    }
    CHECK_INT((int64_t)files, 1);
    if (inbox) closedir(inbox);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

int main(void)
{
    snprintf(root, sizeof root, "/tmp/plan-journal-XXXXXX");
    if (!CHECK(mkdtemp(root) != NULL)) return check_done();
    round_trip();
    packed_payloads();
    killed_at(0, 0);
    killed_at(1, 2);
    killed_at(2, 2);
    killed_at(3, 3);
    taken_over();
    damage();
    finding();
    sending();
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return check_done();
}
