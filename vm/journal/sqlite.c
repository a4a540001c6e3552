/* The only home of sqlite3.h: opens a journal's database with the settings that make a commit durable. */
#include "vm/journal/sqlite.h"

#include <sqlite3.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct Store {
    sqlite3 *handle;
};

struct StoreStatement {
    sqlite3_stmt *handle;
};

static bool failure(sqlite3 *handle, const char *doing, Error *error)
{
    return error_set(error, "the journal cannot be %s: %s", doing,
                     handle ? sqlite3_errmsg(handle) : "out of memory");
}

/* After so many pages the log is moved into the file and begins anew, where its old pages lie: to write over
 * blocks that are there is cheaper to sync than to append. Few enough that one such move takes a moment only.
 */
#define CHECKPOINT_PAGES "256"

/* FULL: a commit is on the disk when it returns. Memory-mapped reads are off because one bad write through a
 * map spreads. What is being created is nobody's yet: whoever creates it syncs it when it is whole. */
static bool settings_apply(Store *store, StoreMode mode, Error *error)
{
    if (sqlite3_busy_timeout(store->handle, 5000) != SQLITE_OK)
        return failure(store->handle, "set up", error);
    if (mode == STORE_READ) {
        int off = 0;
        sqlite3_db_config(store->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &off);
        return store_run(store, "PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0; PRAGMA query_only=ON;",
                         error);
    }
    if (mode == STORE_CREATE)
        return store_run(store, "PRAGMA mmap_size=0; PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF;",
                         error);
    return store_run(store,
                     "PRAGMA mmap_size=0; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "PRAGMA wal_autocheckpoint=" CHECKPOINT_PAGES
                     "; PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON;",
                     error);
}

Store *store_open(const char *path, StoreMode mode, Error *error)
{
    if (mode == STORE_CREATE) {
        /* Made by us, so that it is nobody else's to read from its first moment on. */
        int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0) {
            error_set(error, "%s cannot be made: %s", path, strerror(errno));
            return NULL;
        }
        close(fd);
    }
    Store *store = memory_alloc(sizeof *store);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &store->handle, flags, NULL) != SQLITE_OK) {
        failure(store->handle, "opened", error);
    } else if (settings_apply(store, mode, error)) {
        return store;
    }
    store_close(store);
    return NULL;
}

void store_close(Store *store)
{
    if (!store) return;
    sqlite3_close(store->handle);
    free(store);
}

bool store_run(Store *store, const char *sql, Error *error)
{
    if (sqlite3_exec(store->handle, sql, NULL, NULL, NULL) == SQLITE_OK) return true;
    return failure(store->handle, "written", error);
}

bool store_copy(Store *store, const char *path, Error *error)
{
    StoreStatement *copy = store_prepare(store, "VACUUM INTO ?", error);
    if (!copy) return false;
    store_bind_text(copy, 1, str_from_c(path));
    bool fine = store_do(copy, error);
    store_finish(copy);
    return fine;
}

StoreStatement *store_prepare(Store *store, const char *sql, Error *error)
{
    sqlite3_stmt *handle = NULL;
    if (sqlite3_prepare_v2(store->handle, sql, -1, &handle, NULL) != SQLITE_OK) {
        failure(store->handle, "read", error);
        return NULL;
    }
    StoreStatement *statement = memory_alloc(sizeof *statement);
    statement->handle = handle;
    return statement;
}

void store_finish(StoreStatement *statement)
{
    if (!statement) return;
    sqlite3_finalize(statement->handle);
    free(statement);
}

void store_bind_int(StoreStatement *statement, int parameter, int64_t value)
{
    sqlite3_bind_int64(statement->handle, parameter, value);
}

void store_bind_text(StoreStatement *statement, int parameter, Str text)
{
    sqlite3_bind_text64(statement->handle, parameter, text.len ? text.data : "", text.len, SQLITE_STATIC,
                        SQLITE_UTF8);
}

void store_bind_bytes(StoreStatement *statement, int parameter, Str bytes)
{
    sqlite3_bind_blob64(statement->handle, parameter, bytes.len ? bytes.data : "", bytes.len, SQLITE_STATIC);
}

void store_bind_null(StoreStatement *statement, int parameter)
{
    sqlite3_bind_null(statement->handle, parameter);
}

StoreStep store_step(StoreStatement *statement, Error *error)
{
    switch (sqlite3_step(statement->handle)) {
    case SQLITE_ROW: return STORE_ROW;
    case SQLITE_DONE: return STORE_DONE;
    default: failure(sqlite3_db_handle(statement->handle), "used", error); return STORE_FAILED;
    }
}

bool store_do(StoreStatement *statement, Error *error)
{
    StoreStep step = store_step(statement, error);
    store_reset(statement);
    return step == STORE_DONE;
}

void store_reset(StoreStatement *statement)
{
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
}

bool store_has_clashed(const Store *store)
{
    return sqlite3_errcode(store->handle) == SQLITE_CONSTRAINT;
}

int store_changes(Store *store)
{
    return sqlite3_changes(store->handle);
}

int64_t store_int(StoreStatement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

Str store_text(StoreStatement *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement->handle, column);
    int len = sqlite3_column_bytes(statement->handle, column);
    return bytes ? (Str){bytes, (size_t)len} : STR("");
}
