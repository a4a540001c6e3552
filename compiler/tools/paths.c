/* The .plan files that a command's arguments name (see paths.h). */
#include "compiler/tools/paths.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool add_folder(PathList *paths, const char *folder, int depth, Error *error)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) return error_set(error, "%s cannot be read: %s", folder, strerror(errno));
    bool fine = true;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        Str path = arena_printf(&paths->arena, "%s/%s", strcmp(folder, ".") == 0 ? "." : folder, name);
        struct stat info;
        if (fine && name[0] != '.' && stat(path.data, &info) == 0) {
            if (S_ISDIR(info.st_mode) && depth < 64) fine = add_folder(paths, path.data, depth + 1, error);
            else if (S_ISREG(info.st_mode) && str_ends_with(path, STR(".plan"))) vec_push(&paths->items, path);
        }
        free(entries[i]);
    }
    free(entries);
    return fine;
}

bool paths_add(PathList *paths, const char *argument, Error *error)
{
    struct stat info;
    if (stat(argument, &info) != 0) return error_set(error, "%s cannot be read: %s", argument, strerror(errno));
    if (S_ISDIR(info.st_mode)) return add_folder(paths, argument, 0, error);
    vec_push(&paths->items, arena_copy(&paths->arena, str_from_c(argument)));
    return true;
}

void paths_free(PathList *paths)
{
    vec_free(&paths->items);
    arena_free(&paths->arena);
}
