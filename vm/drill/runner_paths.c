/* Which plans `planvm drill` takes: a file is taken as it is, a folder gives the plans below it, a pattern what it fits. */
#include "vm/drill/runner_parts.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_LIMIT = 32 };

typedef VEC(char *) Names;

static int compare_paths(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

static bool say(const char *path, const char *why)
{
    fprintf(stderr, "planvm drill: %s: %s\n", path, why);
    return false;
}

static bool add_directory(Names *paths, const char *path, int depth)
{
    DIR *directory = depth < DEPTH_LIMIT ? opendir(path) : NULL;
    if (!directory) return say(path, depth < DEPTH_LIMIT ? strerror(errno) : "nested too deeply");
    bool read = true;
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat info;
        Buffer inner = {0};
        if (entry->d_name[0] == '.') continue;
        if (strcmp(path, ".") != 0)
            buffer_printf(&inner, "%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/");
        buffer_add_c(&inner, entry->d_name);
        /* A link to a directory is not followed: it may lead back here. */
        if (lstat(inner.data, &info) == 0 && S_ISDIR(info.st_mode)) {
            read = add_directory(paths, inner.data, depth + 1) && read;
        } else if (str_ends_with(buffer_str(&inner), STR(".plan"))) {
            vec_push(paths, memory_copy_c(buffer_str(&inner)));
        }
        buffer_free(&inner);
    }
    closedir(directory);
    return read;
}

/* A plan that was named already, by itself or by a folder of it, is not drilled twice. */
static void add_plan(PathList *paths, const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0) {
        Str key = arena_printf(&paths->arena, "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
        if (map_get(&paths->known, key)) return;
        map_set(&paths->known, key, paths);
    }
    vec_push(&paths->plans, memory_copy_c(str_from_c(path)));
}

/* A pattern that the shell has left to us. */
static bool add_pattern(PathList *paths, const char *pattern)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) return say(pattern, "nothing is called like that");
    bool read = true;
    for (size_t i = 0; i < found.gl_pathc && read; i++)
        read = drill_paths_add(paths, found.gl_pathv[i]);
    globfree(&found);
    return read;
}

bool drill_paths_add(PathList *paths, const char *path)
{
    struct stat info;
    if (!*path || stat(path, &info) != 0) {
        if (*path && strpbrk(path, "*?[")) return add_pattern(paths, path);
        return say(path, strerror(*path ? errno : ENOENT));
    }
    if (!S_ISDIR(info.st_mode)) {
        add_plan(paths, path);
        return true;
    }
    Names inside = {0};
    bool read = add_directory(&inside, path, 0);
    if (inside.count) qsort(inside.items, inside.count, sizeof *inside.items, compare_paths);
    for (size_t i = 0; i < inside.count; i++) {
        add_plan(paths, inside.items[i]);
        free(inside.items[i]);
    }
    vec_free(&inside);
    return read;
}

void drill_paths_free(PathList *paths)
{
    for (size_t i = 0; i < paths->plans.count; i++)
        free(paths->plans.items[i]);
    vec_free(&paths->plans);
    map_free(&paths->known);
    arena_free(&paths->arena);
}
