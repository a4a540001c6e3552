/* The journal's database: rows go in and are committed by turns, and come out in order. The only thing that
 * knows the schema. Callers hold no SQL; vm/journal/sqlite.c holds no schema. */
#include "vm/journal/journal.h"

#include "vm/base/hash.h"
#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/journal/directory.h"
#include "vm/journal/sqlite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A payload longer than this is kept once, by its hash. */
#define INLINE_PAYLOAD 4096
#define SCHEMA_VERSION 1

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE program(hash TEXT PRIMARY KEY, size INTEGER NOT NULL, image BLOB NOT NULL);"
    "CREATE TABLE run(id TEXT PRIMARY KEY, program TEXT NOT NULL REFERENCES program(hash), plan TEXT NOT "
    "NULL,"
    " service TEXT NOT NULL, file TEXT NOT NULL, entry TEXT NOT NULL, starter TEXT NOT NULL, start TEXT NOT "
    "NULL, created INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, last_seq INTEGER NOT NULL, head TEXT NOT NULL, ended INTEGER NOT NULL);"
    "CREATE TABLE event(seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, effect INTEGER NOT NULL, name TEXT NOT "
    "NULL,"
    " class TEXT NOT NULL, step TEXT NOT NULL, place TEXT NOT NULL, epoch INTEGER NOT NULL, now INTEGER NOT "
    "NULL,"
    " payload TEXT, payload_hash TEXT NOT NULL, hash TEXT NOT NULL);"
    "CREATE TABLE blob(hash TEXT PRIMARY KEY, size INTEGER NOT NULL, bytes BLOB NOT NULL);";

typedef char HashText[33];

struct Journal {
    Arena arena;
    JournalRun run;
    Buffer path;
    Store *store;
    int lock;                      /* -1: only reading */
    bool in_turn;                  /* a transaction is open */
    uint64_t kept_seq, kept_epoch; /* as they stand in the database */
    HashText head;                 /* hash of the last appended row */
    StoreStatement *add_row, *add_blob, *move_on;
};

struct JournalCursor {
    StoreStatement *rows;
    uint64_t seq, expected; /* rows that must be there */
    HashText head;
};

static void hash_text(Str bytes, HashText text)
{
    hash_write(hash_bytes(bytes.data, bytes.len), text);
}

/* Everything of a row, and the hash of the row before: a row that was changed, taken out or put in is
 * noticed. */
static void row_hash(const LogRow *row, uint64_t epoch, const HashText before, const HashText payload,
                     HashText out)
{
    Buffer text = {0};
    buffer_printf(&text, "%s %" PRIu64 " %s %" PRIu64 " %s %" PRIu64 " %" PRId64 " %s", before, row->seq,
                  log_kind_name(row->kind), row->effect, effect_class_name(row->effect_class), epoch,
                  row->now, payload);
    const Str parts[] = {row->name, row->step, row->at};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        buffer_add_char(&text, '\0');
        buffer_add_str(&text, parts[i]);
    }
    hash_text(buffer_str(&text), out);
    buffer_free(&text);
}

/* ---- opening ---- */

static Journal *journal_new(const char *root, Str id)
{
    Journal *journal = memory_alloc(sizeof *journal);
    journal->lock = -1;
    buffer_printf(&journal->path, "%s/%.*s", root, STR_ARG(id));
    return journal;
}

static bool store_open_in(Journal *journal, StoreMode mode, Error *error)
{
    Buffer file = {0};
    buffer_printf(&file, "%s/journal.db", journal->path.data);
    journal->store = store_open(file.data, mode, error);
    buffer_free(&file);
    return journal->store != NULL;
}

static bool prepare_writing(Journal *journal, Error *error)
{
    journal->add_row =
        store_prepare(journal->store,
                      "INSERT INTO event(seq,kind,effect,name,class,step,place,epoch,now,payload,"
                      "payload_hash,hash) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
                      error);
    if (!journal->add_row) return false;
    journal->add_blob =
        store_prepare(journal->store, "INSERT OR IGNORE INTO blob(hash,size,bytes) VALUES(?,?,?)", error);
    if (!journal->add_blob) return false;
    journal->move_on =
        store_prepare(journal->store,
                      "UPDATE run SET epoch=?,last_seq=?,head=?,ended=? WHERE epoch=? AND last_seq=?", error);
    return journal->move_on != NULL;
}

static bool put_program(Journal *journal, Str image, HashText hash, Error *error)
{
    hash_text(image, hash);
    StoreStatement *put =
        store_prepare(journal->store, "INSERT INTO program(hash,size,image) VALUES(?,?,?)", error);
    if (!put) return false;
    store_bind_text(put, 1, str_from_c(hash));
    store_bind_int(put, 2, (int64_t)image.len);
    store_bind_bytes(put, 3, image);
    bool fine = store_do(put, error);
    store_finish(put);
    return fine;
}

static bool put_run(Journal *journal, const HashText program, Error *error)
{
    StoreStatement *put =
        store_prepare(journal->store,
                      "INSERT INTO run(id,program,plan,service,file,entry,starter,start,created,"
                      "epoch,last_seq,head,ended) VALUES(?,?,?,?,?,?,?,?,?,1,0,'',0)",
                      error);
    if (!put) return false;
    const JournalRun *run = &journal->run;
    const Str texts[] = {run->id,   str_from_c(program), run->plan,    run->service,
                         run->file, run->entry,          run->starter, run->start};
    for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]); i++)
        store_bind_text(put, i + 1, texts[i]);
    store_bind_int(put, 9, run->created);
    bool fine = store_do(put, error);
    store_finish(put);
    return fine;
}

/* The database is complete: its directory gets the name under which the run is found. SQLite knows its files
 * by name, so it lets go of them meanwhile. */
static bool reveal(Journal *journal, const char *root, Error *error)
{
    store_checkpoint(journal->store, true);
    store_close(journal->store);
    journal->store = NULL;
    if (!directory_reveal(root, journal->run.id, error)) return false;
    journal->path.len = 0;
    buffer_printf(&journal->path, "%s/%.*s", root, STR_ARG(journal->run.id));
    return store_open_in(journal, STORE_WRITE, error);
}

Journal *journal_create(const char *root, const JournalRun *run, Str image, Error *error)
{
    if (!directory_make(root, run->id, error)) return NULL;
    Journal *journal = journal_new(root, run->id);
    journal->path.len = 0;
    buffer_printf(&journal->path, "%s/.%.*s", root, STR_ARG(run->id));
    JournalRun *own = &journal->run;
    *own = *run;
    Str *const texts[] = {&own->id,    &own->plan,    &own->service, &own->file,
                          &own->entry, &own->starter, &own->start};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = arena_copy(&journal->arena, *texts[i]);
    own->epoch = journal->kept_epoch = 1;
    own->last_seq = 0;
    own->ended = false;
    Buffer setup = {0};
    buffer_printf(&setup,
                  "BEGIN IMMEDIATE;%sINSERT INTO meta VALUES('schema_version','%d'),('min_reader','%d'),"
                  "('created_by','planvm %s');",
                  schema, SCHEMA_VERSION, SCHEMA_VERSION, PLAN_VERSION);
    HashText program;
    journal->lock = directory_lock(journal->path.data, error);
    bool fine = journal->lock >= 0 && store_open_in(journal, STORE_CREATE, error) &&
                store_run(journal->store, setup.data, error) && put_program(journal, image, program, error) &&
                put_run(journal, program, error) && store_run(journal->store, "COMMIT", error) &&
                reveal(journal, root, error) && prepare_writing(journal, error);
    buffer_free(&setup);
    if (fine) return journal;
    journal_close(journal);
    return NULL;
}

static bool check_version(Journal *journal, Error *error)
{
    StoreStatement *get =
        store_prepare(journal->store, "SELECT value FROM meta WHERE key='min_reader'", error);
    if (!get) return false;
    bool fine = store_step(get, error) == STORE_ROW;
    long version = fine ? strtol(store_text(get, 0).len ? store_text(get, 0).data : "0", NULL, 10) : 0;
    store_finish(get);
    if (fine && version > SCHEMA_VERSION)
        return error_set(error, "the run was made by a newer planvm (journal version %ld)", version);
    return fine || error_set(error, "%s is not a run's journal", journal->path.data);
}

static bool load_run(Journal *journal, Error *error)
{
    StoreStatement *get = store_prepare(
        journal->store,
        "SELECT id,plan,service,file,entry,starter,start,created,epoch,last_seq,ended,head FROM run", error);
    if (!get) return false;
    if (store_step(get, error) != STORE_ROW) {
        store_finish(get);
        return error_set(error, "%s is not a run's journal", journal->path.data);
    }
    JournalRun *run = &journal->run;
    Str *const texts[] = {&run->id,    &run->plan,    &run->service, &run->file,
                          &run->entry, &run->starter, &run->start};
    for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]); i++)
        *texts[i] = arena_copy(&journal->arena, store_text(get, i));
    run->created = store_int(get, 7);
    run->epoch = (uint64_t)store_int(get, 8);
    run->last_seq = (uint64_t)store_int(get, 9);
    run->ended = store_int(get, 10) != 0;
    Str head = str_slice(store_text(get, 11), 0, sizeof journal->head - 1);
    memcpy(journal->head, head.len ? head.data : "", head.len);
    journal->kept_seq = run->last_seq;
    journal->kept_epoch = run->epoch;
    store_finish(get);
    return true;
}

static Journal *read_or_close(Journal *journal, Error *error)
{
    if (journal->store && check_version(journal, error) && load_run(journal, error)) return journal;
    journal_close(journal);
    return NULL;
}

Journal *journal_open_read(const char *root, Str id, Error *error)
{
    Journal *journal = journal_new(root, id);
    store_open_in(journal, STORE_READ, error);
    return read_or_close(journal, error);
}

Journal *journal_open_file(const char *path, Error *error)
{
    Journal *journal = memory_alloc(sizeof *journal);
    journal->lock = -1;
    buffer_add_c(&journal->path, path);
    journal->store = store_open(path, STORE_READ, error);
    return read_or_close(journal, error);
}

static void roll_back(Journal *journal)
{
    if (journal->store && journal->in_turn) store_run(journal->store, "ROLLBACK", NULL);
    journal->in_turn = false;
}

bool journal_copy(Journal *journal, const char *path, Error *error)
{
    roll_back(journal);
    return store_copy(journal->store, path, error);
}

static bool take_over(Journal *journal, Error *error)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    Json *lease = json_new_object();
    json_set_int(lease, "epoch", (int64_t)journal->run.epoch + 1);
    json_set_string(lease, "host", str_from_c(host));
    json_set_int(lease, "pid", (int64_t)getpid());
    json_set_string(lease, "version", str_from_c(PLAN_VERSION));
    Buffer text = {0};
    json_write(&text, lease);
    json_free(lease);
    journal->run.epoch++;
    LogRow row = {.kind = LOG_LEASE, .now = time_now(), .json = buffer_str(&text)};
    bool fine = journal_append(journal, &row, error);
    buffer_free(&text);
    return fine;
}

Journal *journal_open(const char *root, Str id, Error *error)
{
    Journal *journal = journal_new(root, id);
    journal->lock = directory_lock(journal->path.data, error);
    if (journal->lock >= 0 && store_open_in(journal, STORE_WRITE, error) && check_version(journal, error) &&
        load_run(journal, error) && prepare_writing(journal, error) && take_over(journal, error))
        return journal;
    journal_close(journal);
    return NULL;
}

void journal_close(Journal *journal)
{
    if (!journal) return;
    store_finish(journal->add_row);
    store_finish(journal->add_blob);
    store_finish(journal->move_on);
    roll_back(journal);
    if (journal->store && journal->lock >= 0) store_checkpoint(journal->store, journal->run.ended);
    store_close(journal->store);
    if (journal->lock >= 0) close(journal->lock);
    buffer_free(&journal->path);
    arena_free(&journal->arena);
    free(journal);
}

const JournalRun *journal_run(const Journal *journal)
{
    return &journal->run;
}
const char *journal_path(const Journal *journal)
{
    return journal->path.data;
}

bool journal_image(Journal *journal, Buffer *image, Error *error)
{
    StoreStatement *get = store_prepare(
        journal->store, "SELECT p.image, p.hash FROM program p JOIN run r ON r.program=p.hash", error);
    if (!get) return false;
    bool fine = store_step(get, error) == STORE_ROW;
    HashText hash = "";
    if (fine) {
        buffer_add_str(image, store_text(get, 0));
        hash_text(store_text(get, 0), hash);
        fine = str_equal_c(store_text(get, 1), hash);
    }
    store_finish(get);
    return fine || error_set(error, "the program in %s is damaged", journal->path.data);
}

/* ---- writing ---- */

static bool add_blob(Journal *journal, const HashText hash, Str bytes, Error *error)
{
    store_bind_text(journal->add_blob, 1, str_from_c(hash));
    store_bind_int(journal->add_blob, 2, (int64_t)bytes.len);
    store_bind_bytes(journal->add_blob, 3, bytes);
    return store_do(journal->add_blob, error);
}

bool journal_append(Journal *journal, LogRow *row, Error *error)
{
    if (journal->lock < 0) return error_set(error, "the run is only open for reading");
    if (!journal->in_turn && !store_run(journal->store, "BEGIN IMMEDIATE", error)) return false;
    journal->in_turn = true;
    row->seq = journal->run.last_seq + 1;
    HashText payload, hash;
    hash_text(row->json, payload);
    row_hash(row, journal->run.epoch, journal->head, payload, hash);
    bool inlined = row->json.len <= INLINE_PAYLOAD;
    if (!inlined && !add_blob(journal, payload, row->json, error)) return false;
    StoreStatement *add = journal->add_row;
    store_bind_int(add, 1, (int64_t)row->seq);
    store_bind_text(add, 2, str_from_c(log_kind_name(row->kind)));
    store_bind_int(add, 3, (int64_t)row->effect);
    store_bind_text(add, 4, row->name);
    store_bind_text(add, 5, str_from_c(effect_class_name(row->effect_class)));
    store_bind_text(add, 6, row->step);
    store_bind_text(add, 7, row->at);
    store_bind_int(add, 8, (int64_t)journal->run.epoch);
    store_bind_int(add, 9, row->now);
    if (inlined) store_bind_text(add, 10, row->json);
    store_bind_text(add, 11, str_from_c(payload));
    store_bind_text(add, 12, str_from_c(hash));
    if (!store_do(add, error)) return false;
    memcpy(journal->head, hash, sizeof hash);
    journal->run.last_seq = row->seq;
    if (row->kind == LOG_END) journal->run.ended = true;
    return true;
}

/* The fence: the run row moves on only from where this owner left it, in the same transaction as the rows. */
bool journal_commit(Journal *journal, Error *error)
{
    if (!journal->in_turn) return true;
    StoreStatement *move = journal->move_on;
    store_bind_int(move, 1, (int64_t)journal->run.epoch);
    store_bind_int(move, 2, (int64_t)journal->run.last_seq);
    store_bind_text(move, 3, str_from_c(journal->head));
    store_bind_int(move, 4, journal->run.ended);
    store_bind_int(move, 5, (int64_t)journal->kept_epoch);
    store_bind_int(move, 6, (int64_t)journal->kept_seq);
    if (!store_do(move, error)) return false;
    if (store_changes(journal->store) != 1)
        return error_set(error, "another process has taken the run over: this one stops");
    if (!store_run(journal->store, "COMMIT", error)) return false;
    journal->in_turn = false;
    journal->kept_seq = journal->run.last_seq;
    journal->kept_epoch = journal->run.epoch;
    return true;
}

/* ---- reading ---- */

JournalCursor *journal_rows(Journal *journal, uint64_t after, Error *error)
{
    JournalCursor *cursor = memory_alloc(sizeof *cursor);
    cursor->seq = after;
    cursor->expected = journal->run.last_seq;
    if (after) {
        StoreStatement *get = store_prepare(journal->store, "SELECT hash FROM event WHERE seq=?", error);
        if (!get) goto failed;
        store_bind_int(get, 1, (int64_t)after);
        if (store_step(get, error) == STORE_ROW) {
            Str head = str_slice(store_text(get, 0), 0, sizeof cursor->head - 1);
            memcpy(cursor->head, head.len ? head.data : "", head.len);
        }
        store_finish(get);
    }
    cursor->rows =
        store_prepare(journal->store,
                      "SELECT e.seq, e.kind, e.effect, e.name, e.class, e.step, e.place, e.epoch, e.now,"
                      " coalesce(e.payload, b.bytes), e.payload_hash, e.hash FROM event e LEFT JOIN blob b"
                      " ON e.payload IS NULL AND b.hash=e.payload_hash WHERE e.seq>? ORDER BY e.seq",
                      error);
    if (!cursor->rows) goto failed;
    store_bind_int(cursor->rows, 1, (int64_t)after);
    return cursor;
failed:
    free(cursor);
    return NULL;
}

static bool kind_from(Str name, LogKind *kind)
{
    for (int i = 0; i < LOG_KIND_COUNT; i++) {
        *kind = (LogKind)i;
        if (str_equal_c(name, log_kind_name(*kind))) return true;
    }
    return false;
}

static EffectClass class_from(Str name)
{
    for (int i = EFFECT_LOOK; i < EFFECT_NOTIFY; i++) {
        if (str_equal_c(name, effect_class_name((EffectClass)i))) return (EffectClass)i;
    }
    return EFFECT_NOTIFY;
}

bool journal_next(JournalCursor *cursor, LogRow *row, Error *error)
{
    StoreStatement *rows = cursor->rows;
    StoreStep step = store_step(rows, error);
    if (step == STORE_DONE && cursor->seq < cursor->expected)
        error_set(error, "the journal is damaged: rows are missing after %" PRIu64, cursor->seq);
    if (step != STORE_ROW) return false;
    memset(row, 0, sizeof *row);
    row->seq = (uint64_t)store_int(rows, 0);
    bool known = kind_from(store_text(rows, 1), &row->kind);
    row->effect = (uint64_t)store_int(rows, 2);
    row->name = store_text(rows, 3);
    row->effect_class = class_from(store_text(rows, 4));
    row->step = store_text(rows, 5);
    row->at = store_text(rows, 6);
    row->now = store_int(rows, 8);
    row->json = store_text(rows, 9);
    if (!known)
        return error_set(error, "row %" PRIu64 " of the journal is of a kind that this planvm does not know",
                         row->seq);
    HashText payload, hash;
    hash_text(row->json, payload);
    row_hash(row, (uint64_t)store_int(rows, 7), cursor->head, payload, hash);
    if (row->seq != cursor->seq + 1 || !str_equal_c(store_text(rows, 10), payload) ||
        !str_equal_c(store_text(rows, 11), hash))
        return error_set(error, "the journal is damaged at row %" PRIu64, cursor->seq + 1);
    memcpy(cursor->head, hash, sizeof hash);
    cursor->seq = row->seq;
    return true;
}

void journal_rows_end(JournalCursor *cursor)
{
    if (!cursor) return;
    store_finish(cursor->rows);
    free(cursor);
}
