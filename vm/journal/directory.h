/* The directory of a run, without its database: where it is, who owns it, what lies in its inbox.
 *
 * Used by vm/journal/journal.c; what others need of it stands in journal.h. */
#ifndef PLAN_JOURNAL_DIRECTORY_H
#define PLAN_JOURNAL_DIRECTORY_H

#include "vm/base/error.h"

/* Makes ROOT/.ID with its folders, for us alone. It becomes a run, ROOT/ID, when its journal is complete:
 * before that nobody lists it, and a process that dies leaves no run that cannot be read. False also when it
 * is there already. To reveal it makes it durable, with the file of that name in it. */
bool directory_make(const char *root, Str id, Error *error);
bool directory_reveal(const char *root, Str id, const char *file, Error *error);

/* Owns the run until the descriptor is closed or the process ends, however it ends: -1 and an error while
 * another process does. The descriptor is not handed to children. */
int directory_lock(const char *path, Error *error);

#endif
