/* The journal's database: rows go in and are committed by turns, and come out in order. The only thing that
 * knows the schema. Callers hold no SQL; vm/journal/sqlite.c holds no schema. */
#include "vm/journal/journal.h"

#include "vm/base/hash.h"
#include "vm/base/json.h"
#include "vm/base/stall.h"
#include "vm/base/time.h"
#include "vm/journal/directory.h"
#include "vm/journal/sqlite.h"
#include "vm/packed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A payload longer than this is kept once, by its hash. */
#define INLINE_PAYLOAD 4096
/* And one that is longer than this is packed there, where that makes it shorter: its size says whether it is. */
#define PACK_PAYLOAD 16384
/* No machine takes more at once: a size beyond is none of ours. */
#define PAYLOAD_MOST ((size_t)1 << 30)
#define SCHEMA_VERSION 2

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE program(hash TEXT PRIMARY KEY, size INTEGER NOT NULL, image BLOB NOT NULL);"
    "CREATE TABLE run(id TEXT PRIMARY KEY, program TEXT NOT NULL REFERENCES program(hash), plan TEXT NOT "
    "NULL,"
    " service TEXT NOT NULL, file TEXT NOT NULL, entry TEXT NOT NULL, starter TEXT NOT NULL, start TEXT NOT "
    "NULL, created INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, last_seq INTEGER NOT NULL, ended INTEGER NOT NULL);"
    "CREATE TABLE event(seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, effect INTEGER NOT NULL, name TEXT NOT "
    "NULL,"
    " class TEXT NOT NULL, step TEXT NOT NULL, place TEXT NOT NULL, epoch INTEGER NOT NULL, now INTEGER NOT "
    "NULL,"
    " payload TEXT, payload_hash TEXT, hash BLOB NOT NULL);"
    "CREATE TABLE blob(hash TEXT PRIMARY KEY, size INTEGER NOT NULL, bytes BLOB NOT NULL);";

typedef char HashText[33];

struct Journal {
    Arena arena;
    JournalRun run;
    Buffer path;
    Store *store;
    int lock;                      /* -1: only reading */
    bool in_turn;                  /* a transaction is open */
    bool at_milestone;             /* this turn is to be written into the run's row as well */
    uint64_t kept_seq, kept_epoch; /* as they stand in the run's row */
    Hash head;                     /* of the last appended row */
    Buffer scratch;                /* what is hashed of a row */
    StoreStatement *begin, *commit, *add_row, *add_blob, *move_on;
};

struct JournalCursor {
    StoreStatement *rows;
    uint64_t seq, expected; /* rows that must be there */
    Hash head;
    Buffer scratch;
    Buffer unpacked; /* the last row's payload, where it was packed */
};

static void hash_text(Str bytes, HashText text)
{
    hash_write(hash_bytes(bytes.data, bytes.len), text);
}

/* Bytes of the chain's numbers, in the order of the machines that there are. */
static void add_number(Buffer *text, uint64_t number)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    buffer_add(text, bytes, sizeof bytes);
}

static void add_hash(Buffer *text, Hash hash)
{
    add_number(text, hash.words[0]);
    add_number(text, hash.words[1]);
}

/* Everything of a row, and the hash of the row before: a row that was changed, taken out or put in is
 * noticed. `scratch` is only there to be used again. */
static Hash row_hash(const LogRow *row, uint64_t epoch, Hash before, Hash payload, Buffer *scratch)
{
    buffer_clear(scratch);
    add_hash(scratch, before);
    add_hash(scratch, payload);
    const uint64_t numbers[] = {row->seq, row->effect, epoch, (uint64_t)row->now};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        add_number(scratch, numbers[i]);
    const Str texts[] = {str_from_c(log_kind_name(row->kind)),
                         str_from_c(effect_class_name(row->effect_class)), row->name, row->step, row->at};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        buffer_add_str(scratch, texts[i]);
        buffer_add_char(scratch, '\0');
    }
    return hash_bytes(scratch->data, scratch->len);
}

/* As it stands in the database: 16 bytes, the same on every machine. */
static Str hash_blob(Hash hash, unsigned char bytes[16])
{
    for (size_t i = 0; i < 16; i++)
        bytes[i] = (unsigned char)(hash.words[i / 8] >> (8 * (i % 8)));
    return (Str){(const char *)bytes, 16};
}

static Hash hash_from_blob(Str blob)
{
    Hash hash = {{0, 0}};
    for (size_t i = 0; i < 16 && blob.len == 16; i++)
        hash.words[i / 8] |= (uint64_t)(unsigned char)blob.data[i] << (8 * (i % 8));
    return hash;
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
    const struct {
        StoreStatement **statement;
        const char *sql;
    } all[] = {
        {&journal->begin, "BEGIN IMMEDIATE"},
        {&journal->commit, "COMMIT"},
        {&journal->add_row, "INSERT INTO event(seq,kind,effect,name,class,step,place,epoch,now,payload,"
                            "payload_hash,hash) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&journal->add_blob, "INSERT OR IGNORE INTO blob(hash,size,bytes) VALUES(?,?,?)"},
        {&journal->move_on, "UPDATE run SET epoch=?,last_seq=?,ended=? WHERE epoch=? AND last_seq=?"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        *all[i].statement = store_prepare(journal->store, all[i].sql, error);
        if (!*all[i].statement) return false;
    }
    return true;
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
                      "epoch,last_seq,ended) VALUES(?,?,?,?,?,?,?,?,?,1,0,0)",
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

/* The database is complete: it becomes durable, all of it at once, and its directory gets the name under
 * which the run is found. SQLite knows its files by name, so it lets go of them meanwhile. */
static bool reveal(Journal *journal, const char *root, Error *error)
{
    bool fine = store_run(journal->store, "PRAGMA journal_mode=WAL", error);
    store_close(journal->store);
    journal->store = NULL;
    if (!fine || !directory_reveal(root, journal->run.id, "journal.db", error)) return false;
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
        "SELECT r.id,r.plan,r.service,r.file,r.entry,r.starter,r.start,r.created,r.epoch,r.last_seq,r.ended,"
        "e.seq,e.hash FROM run r LEFT JOIN event e ON e.seq=(SELECT max(seq) FROM event)",
        error);
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
    journal->kept_seq = (uint64_t)store_int(get, 9);
    journal->kept_epoch = run->epoch;
    run->ended = store_int(get, 10) != 0;
    run->last_seq = (uint64_t)store_int(get, 11);
    journal->head = hash_from_blob(store_text(get, 12));
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
    StoreStatement *const all[] = {journal->begin, journal->commit, journal->add_row, journal->add_blob,
                                   journal->move_on};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        store_finish(all[i]);
    roll_back(journal);
    store_close(journal->store);
    if (journal->lock >= 0) close(journal->lock);
    buffer_free(&journal->path);
    buffer_free(&journal->scratch);
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
    Buffer packed = {0};
    if (bytes.len > PACK_PAYLOAD) pack_bytes(&packed, bytes);
    bool shorter = packed.len && packed.len < bytes.len;
    store_bind_text(journal->add_blob, 1, str_from_c(hash));
    store_bind_int(journal->add_blob, 2, (int64_t)bytes.len);
    store_bind_bytes(journal->add_blob, 3, shorter ? buffer_str(&packed) : bytes);
    bool fine = store_do(journal->add_blob, error);
    buffer_free(&packed);
    return fine;
}

/* A row of that number is there already: somebody else, who owns the run now, has written it. */
static bool add_failed(const Journal *journal, Error *error)
{
    if (store_has_clashed(journal->store))
        error_set(error, "another process has taken the run over: this one stops");
    return false;
}

bool journal_append(Journal *journal, LogRow *row, Error *error)
{
    if (journal->lock < 0) return error_set(error, "the run is only open for reading");
    if (!journal->in_turn && !store_do(journal->begin, error)) return false;
    journal->in_turn = true;
    row->seq = journal->run.last_seq + 1;
    Hash payload = hash_bytes(row->json.data, row->json.len);
    Hash hash = row_hash(row, journal->run.epoch, journal->head, payload, &journal->scratch);
    bool inlined = row->json.len <= INLINE_PAYLOAD;
    HashText blob = "";
    if (!inlined) hash_write(payload, blob);
    if (!inlined && !add_blob(journal, blob, row->json, error)) return false;
    unsigned char bytes[16];
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
    if (inlined)
        store_bind_text(add, 10, row->json);
    else
        store_bind_text(add, 11, str_from_c(blob));
    store_bind_bytes(add, 12, hash_blob(hash, bytes));
    if (!store_do(add, error)) return add_failed(journal, error);
    journal->head = hash;
    journal->run.last_seq = row->seq;
    if (row->kind == LOG_END) journal->run.ended = true;
    if (row->kind == LOG_END || row->kind == LOG_LEASE || row->kind == LOG_LEFT) journal->at_milestone = true;
    return true;
}

/* What `planvm list` shows of a run without its rows, and how many rows must be there from now on. */
static bool move_on(Journal *journal, Error *error)
{
    StoreStatement *move = journal->move_on;
    store_bind_int(move, 1, (int64_t)journal->run.epoch);
    store_bind_int(move, 2, (int64_t)journal->run.last_seq);
    store_bind_int(move, 3, journal->run.ended);
    store_bind_int(move, 4, (int64_t)journal->kept_epoch);
    store_bind_int(move, 5, (int64_t)journal->kept_seq);
    if (!store_do(move, error)) return false;
    if (store_changes(journal->store) != 1)
        return error_set(error, "another process has taken the run over: this one stops");
    journal->kept_seq = journal->run.last_seq;
    journal->kept_epoch = journal->run.epoch;
    journal->at_milestone = false;
    return true;
}

/* The fence is the rows' own numbers: only one owner can write the row after the last one. */
bool journal_commit(Journal *journal, Error *error)
{
    if (!journal->in_turn) return true;
    if (journal->at_milestone && !move_on(journal, error)) return false;
    stall_sync_begin();
    bool kept = store_do(journal->commit, error);
    stall_sync_end();
    if (!kept) return false;
    journal->in_turn = false;
    return true;
}

/* ---- reading ---- */

JournalCursor *journal_rows(Journal *journal, uint64_t after, Error *error)
{
    JournalCursor *cursor = memory_alloc(sizeof *cursor);
    cursor->seq = after;
    cursor->expected = journal->run.last_seq > journal->kept_seq ? journal->run.last_seq : journal->kept_seq;
    if (after) {
        StoreStatement *get = store_prepare(journal->store, "SELECT hash FROM event WHERE seq=?", error);
        if (!get) goto failed;
        store_bind_int(get, 1, (int64_t)after);
        if (store_step(get, error) == STORE_ROW) cursor->head = hash_from_blob(store_text(get, 0));
        store_finish(get);
    }
    cursor->rows =
        store_prepare(journal->store,
                      "SELECT e.seq, e.kind, e.effect, e.name, e.class, e.step, e.place, e.epoch, e.now,"
                      " coalesce(e.payload, b.bytes), e.hash, b.size FROM event e LEFT JOIN blob b"
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

/* What cannot be unpacked stays as it is: its hash does not hold then, and the row is damaged. */
static Str payload_of(JournalCursor *cursor)
{
    Str bytes = store_text(cursor->rows, 9);
    size_t size = (size_t)store_int(cursor->rows, 11);
    if (bytes.len >= size || size > PAYLOAD_MOST) return bytes;
    buffer_clear(&cursor->unpacked);
    return unpack_bytes(&cursor->unpacked, bytes, size) ? buffer_str(&cursor->unpacked) : bytes;
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
    row->json = payload_of(cursor);
    if (!known)
        return error_set(error, "row %" PRIu64 " of the journal is of a kind that this planvm does not know",
                         row->seq);
    Hash payload = hash_bytes(row->json.data, row->json.len);
    Hash hash = row_hash(row, (uint64_t)store_int(rows, 7), cursor->head, payload, &cursor->scratch);
    if (row->seq != cursor->seq + 1 || !hash_equal(hash, hash_from_blob(store_text(rows, 10))))
        return error_set(error, "the journal is damaged at row %" PRIu64, cursor->seq + 1);
    cursor->head = hash;
    cursor->seq = row->seq;
    return true;
}

void journal_rows_end(JournalCursor *cursor)
{
    if (!cursor) return;
    store_finish(cursor->rows);
    buffer_free(&cursor->scratch);
    buffer_free(&cursor->unpacked);
    free(cursor);
}
