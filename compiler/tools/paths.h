/* The .plan files that a command's arguments name. */
#ifndef PLAN_TOOLS_PATHS_H
#define PLAN_TOOLS_PATHS_H

#include "vm/base/error.h"

typedef struct PathList {
    Arena arena;
    VEC(Str) items; /* NUL-terminated beyond their length; sorted within a folder */
} PathList;

/* Adds a file as it is, or every *.plan below a folder (names that begin with a dot are passed over). False: it is
 * neither. */
bool paths_add(PathList *paths, const char *argument, Error *error);
void paths_free(PathList *paths);

#endif
