/* The directory of a run, without its database: where it is, who owns it, what lies in its inbox.
 *
 * Used by vm/journal/journal.c; what others need of it stands in journal.h. */
#ifndef PLAN_JOURNAL_DIRECTORY_H
#define PLAN_JOURNAL_DIRECTORY_H

#include "vm/base/error.h"

/* Makes ROOT/ID with its folders, durable and for us alone. False also when it is there already. */
bool directory_make(const char *root, Str id, Error *error);

/* Owns the run until the descriptor is closed or the process ends, however it ends: -1 and an error while another
 * process does. The descriptor is not handed to children. */
int directory_lock(const char *path, Error *error);

#endif
