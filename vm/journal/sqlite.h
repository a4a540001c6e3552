/* What the journal needs of a database, and nothing of SQLite's own names (vm/journal/sqlite.c is its only
 * home).
 *
 * One Store is one connection. Every failure is reported once through Error and is final: the caller stops
 * (fail-stop), it never tries again. */
#ifndef PLAN_JOURNAL_SQLITE_H
#define PLAN_JOURNAL_SQLITE_H

#include "vm/base/error.h"

typedef struct Store Store;
typedef struct StoreStatement StoreStatement;

typedef enum StoreMode {
    STORE_CREATE, /* the file must not be there yet; nothing of it is durable before the caller syncs it,
                     closed */
    STORE_WRITE,
    STORE_READ, /* beside a writer: never writes, never checkpoints */
} StoreMode;

Store *store_open(const char *path, StoreMode mode, Error *error); /* NULL on failure */
/* NULL is fine; statements first. The last one that writes moves the log into the file. */
void store_close(Store *store);
bool store_run(Store *store, const char *sql, Error *error);       /* statements without parameters or rows */
/* All that is committed, as one file of its own; what is at `path` must be empty. Not within a transaction.
 */
bool store_copy(Store *store, const char *path, Error *error);

StoreStatement *store_prepare(Store *store, const char *sql, Error *error);
void store_finish(StoreStatement *statement); /* NULL is fine */

/* Parameters count from 1. Bytes must stay until the step. Strings are never NULL in the database unless
 * bound so. */
void store_bind_int(StoreStatement *statement, int parameter, int64_t value);
void store_bind_text(StoreStatement *statement, int parameter, Str text);
void store_bind_bytes(StoreStatement *statement, int parameter, Str bytes);
void store_bind_null(StoreStatement *statement, int parameter);

typedef enum StoreStep { STORE_ROW, STORE_DONE, STORE_FAILED } StoreStep;
StoreStep store_step(StoreStatement *statement, Error *error);
/* Steps a statement without rows and readies it for the next use. */
bool store_do(StoreStatement *statement, Error *error);
void store_reset(StoreStatement *statement);
bool store_has_clashed(const Store *store); /* the last failure: such a row is there already */
int store_changes(Store *store);            /* rows changed by the last statement */

/* Columns count from 0; valid until the next step. NULL gives 0 and the empty string. */
int64_t store_int(StoreStatement *statement, int column);
Str store_text(StoreStatement *statement, int column);

#endif
