/* Durable events: `events journal|sqlite FOLDER N BATCH` writes N rows of the log, BATCH of them in one commit; by the journal, or by
 * a bare SQLite loop with the same text. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/journal/journal.h"

static const char json[] = "{\"ok\":true,\"exit\":0,\"out\":\"\",\"err\":\"\",\"exits\":[0],\"elapsed\":1,\"note\":\"two hundred bytes or so, as "
                           "a result of an ordinary command has them when it says a line or two of what it has done\"}";

static int by_journal(const char *folder, int count, int batch)
{
    Error error = {0};
    JournalRun run = {.id = STR("20260302-0312-test"), .plan = STR("p"), .entry = STR("e"), .start = STR("{}")};
    Journal *journal = journal_create(folder, &run, STR("image"), &error);
    if (!journal) return fprintf(stderr, "%s\n", error.text);
    bool fine = true;
    for (int i = 0; i < count && fine; i++) {
        LogRow row = {.kind = LOG_RESULT, .now = i, .effect = (uint64_t)i, .json = str_from_c(json)};
        fine = journal_append(journal, &row, &error);
        if (fine && (i + 1) % batch == 0) fine = journal_commit(journal, &error);
    }
    journal_close(journal);
    return !fine;
}

static int by_sqlite(const char *folder, int count, int batch)
{
    char path[4096];
    sqlite3 *db;
    sqlite3_stmt *insert;
    snprintf(path, sizeof path, "%s/raw.db", folder);
    remove(path);
    if (sqlite3_open(path, &db) ||
        sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows (seq INTEGER PRIMARY KEY, kind INT, now INT, "
                         "effect INT, json TEXT)", NULL, NULL, NULL) ||
        sqlite3_prepare_v2(db, "INSERT INTO rows VALUES (NULL, ?, ?, ?, ?)", -1, &insert, NULL))
        return 1;
    for (int i = 0; i < count; i++) {
        if (i % batch == 0) sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        sqlite3_bind_int(insert, 1, 3);
        sqlite3_bind_int(insert, 2, i);
        sqlite3_bind_int(insert, 3, i);
        sqlite3_bind_text(insert, 4, json, (int)strlen(json), SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE) return 1;
        sqlite3_reset(insert);
        if ((i + 1) % batch == 0) sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    }
    sqlite3_finalize(insert);
    return sqlite3_close(db);
}

int main(int argc, char **argv)
{
    if (argc != 5) return 2;
    int count = atoi(argv[3]), batch = atoi(argv[4]);
    return strcmp(argv[1], "journal") == 0 ? by_journal(argv[2], count, batch) : by_sqlite(argv[2], count, batch);
}
