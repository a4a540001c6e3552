/* The journal: everything that a run is, durable, in one directory of its own.
 *
 *   ROOT/<run id>/journal.db   program, run, rows (SQLite, WAL, synchronous FULL, mode 0600)
 *                 lock         held by the one process that owns the run
 *                 inbox/       signals from other processes, one file each
 *                 fx/          what programs that change something wrote
 *
 * vm/run.c appends and commits; planvm lists and shows; reports read. Every error is final: who gets one
 * starts nothing more. The owner of a run holds its lock, counts its epoch up, and every commit checks that
 * epoch and row count are still its own. Others may read at any time. */
#ifndef PLAN_JOURNAL_H
#define PLAN_JOURNAL_H

#include "vm/base/error.h"
#include "vm/log.h"

typedef struct Journal Journal;

/* What is known of a run without reading its rows. Strings belong to the journal. */
typedef struct JournalRun {
    Str id;
    Str plan;    /* name of the plan or procedure */
    Str service; /* may be empty */
    Str file;    /* as it was given to `planvm run` */
    Str entry;   /* of the image */
    Str starter;
    Str start; /* arguments of START, JSON: a run that was killed before its first row begins with them */
    int64_t created; /* ms since the epoch */
    uint64_t epoch;  /* how many processes have owned it */
    uint64_t last_seq;
    bool ended;
} JournalRun;

/* $XDG_STATE_HOME/plan/runs, or ~/.local/state/plan/runs, or what `--journal` says (may be NULL); absolute.
 */
bool journal_root(const char *option, Buffer *path, Error *error);

/* "20260302-0312-kfzq": the minute in UTC, three letters for the moment in it, so that ids sort by time, and
 * one by chance. Not one that root has already. */
void journal_new_id(const char *root, int64_t now, Buffer *id);

/* Makes the directory and the database, and owns the run. run->id is the new id; epoch, last_seq and ended
 * are not read. What is returned holds its own copies. */
Journal *journal_create(const char *root, const JournalRun *run, Str image, Error *error);
/* Takes the run over: fails, and says who has it, while another process owns it. Writes a LEASE row (not
 * committed). */
Journal *journal_open(const char *root, Str id, Error *error);
/* To read only, at any time. */
Journal *journal_open_read(const char *root, Str id, Error *error);
/* A copy that journal_copy made, to read only. */
Journal *journal_open_file(const char *path, Error *error);
/* The whole run as one file, which is made or must be empty: after its last row, for rows that were not
 * committed are gone. */
bool journal_copy(Journal *journal, const char *path, Error *error);
/* Ends ownership; rows that were not committed are gone. */
void journal_close(Journal *journal);

const JournalRun *journal_run(const Journal *journal);
const char *journal_path(const Journal *journal); /* of the run's directory */
bool journal_image(Journal *journal, Buffer *image, Error *error);
/* Is a process at it just now? *pid is that process, or 0 if that cannot be told; it may be NULL. */
bool journal_is_live(const char *root, Str id, int64_t *pid);

/* Sets row->seq. All rows since the last commit are one transaction. */
bool journal_append(Journal *journal, LogRow *row, Error *error);
bool journal_commit(Journal *journal, Error *error);

/* Reads rows in order, beginning after row `after`. The row's strings are valid until the next call. False at
 * the end, and when something is wrong, which error->text then says: also when a row was changed (the chain
 * of hashes). */
typedef struct JournalCursor JournalCursor;
JournalCursor *journal_rows(Journal *journal, uint64_t after, Error *error);
bool journal_next(JournalCursor *cursor, LogRow *row, Error *error);
void journal_rows_end(JournalCursor *cursor); /* NULL is fine */

/* Puts a signal into a run's inbox, from any process, durable when it returns: {"msg":…} is added to the JSON
 * object `signal`, which is the file's content, and the file's name. `msg` (may be NULL) gets it. */
bool journal_send(const char *root, Str id, Str signal, Buffer *msg, Error *error);

/* The ids of all runs below root, sorted: oldest first. Strings are the arena's. A root that is not there has
 * none. */
typedef VEC(Str) JournalIds;
bool journal_list(const char *root, Arena *arena, JournalIds *ids, Error *error);
/* The run that `text` means: its id, the beginning of exactly one id, or "last". Else false, and error says
 * what. */
bool journal_find(const char *root, Str text, Buffer *id, Error *error);

#endif
