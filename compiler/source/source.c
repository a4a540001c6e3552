/* Source texts: loading, line starts, places. In: paths and texts; out: files that live as long as the set.
 * The only file of the compiler that reads plans from the disk. */
#include "compiler/source/source.h"
#include "vm/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_FILE = 64 << 20 };

struct SourceLines {
    Arena *arena;
    uint32_t *starts; /* byte offset of the start of each line, starts[0] is 0; NULL: not looked for yet */
    size_t count;
};

/* Most files are never asked for a line: nothing is wrong with them. */
static const SourceLines *lines_of(const SourceFile *file)
{
    SourceLines *lines = file->lines;
    if (lines->starts) return lines;
    const char *data = file->text.data, *end = data + file->text.len;
    size_t count = 1, n = 1;
    for (const char *at = data; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    lines->starts = arena_array(lines->arena, uint32_t, count);
    for (const char *at = data; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines->starts[n++] = (uint32_t)(at - data + 1);
    lines->count = count;
    return lines;
}

SourceFile *source_add_static(SourceSet *set, Str path, Str text)
{
    SourceFile *file = arena_new(&set->arena, SourceFile);
    file->id = (uint32_t)set->files.count;
    file->path = path;
    file->text = text;
    file->lines = arena_new(&set->arena, SourceLines);
    file->lines->arena = &set->arena;
    vec_push(&set->files, file);
    return file;
}

SourceFile *source_add(SourceSet *set, Str path, Str text)
{
    return source_add_static(set, arena_copy(&set->arena, path), arena_copy(&set->arena, text));
}

/* All that can be read, into the arena. A file says how large it is; what does not (a pipe) is read into larger and larger
 * blocks. */
static bool read_all(int in, const char *name, Arena *arena, Str *text, Error *error)
{
    struct stat info;
    size_t room = fstat(in, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 ? (size_t)info.st_size + 1 : 65536;
    if (room > LARGEST_FILE + 1) room = LARGEST_FILE + 2;
    char *data = arena_alloc(arena, room);
    size_t len = 0;
    for (;;) {
        ssize_t n = read(in, data + len, room - len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_set(error, "cannot read %s: %s", name, strerror(errno));
        if (n == 0) break;
        len += (size_t)n;
        if (len > LARGEST_FILE) return error_set(error, "%s is larger than %d MiB", name, LARGEST_FILE >> 20);
        if (len < room) continue;
        char *larger = arena_alloc(arena, room *= 2);
        memcpy(larger, data, len);
        data = larger;
    }
    data[len] = '\0';
    *text = (Str){data, len};
    return true;
}

SourceFile *source_load(SourceSet *set, Str path, Error *error)
{
    Str name = arena_copy(&set->arena, path), text;
    int in = open(name.data, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        error_set(error, "cannot read %s: %s", name.data, strerror(errno));
        return NULL;
    }
    bool fine = read_all(in, name.data, &set->arena, &text, error);
    close(in);
    return fine ? source_add_static(set, name, text) : NULL;
}

SourceFile *source_file(const SourceSet *set, uint32_t id)
{
    return id < set->files.count ? set->files.items[id] : NULL;
}

SourceFile *source_find(const SourceSet *set, Str path)
{
    for (size_t i = 0; i < set->files.count; i++)
        if (str_equal(set->files.items[i]->path, path)) return set->files.items[i];
    return NULL;
}

uint32_t source_line_at(const SourceFile *file, uint32_t offset)
{
    const SourceLines *lines = lines_of(file);
    size_t low = 0, high = lines->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (lines->starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)(low + 1);
}

size_t source_line_count(const SourceFile *file)
{
    return lines_of(file)->count;
}

uint32_t source_line_start(const SourceFile *file, uint32_t line)
{
    return lines_of(file)->starts[line - 1];
}

SourcePlace source_place(const SourceFile *file, uint32_t offset)
{
    if (offset > file->text.len) offset = (uint32_t)file->text.len;
    uint32_t line = source_line_at(file, offset);
    Str before = str_slice(file->text, source_line_start(file, line), offset);
    return (SourcePlace){line, (uint32_t)(utf8_count(before) + 1)};
}

Str source_line(const SourceFile *file, uint32_t line)
{
    const SourceLines *lines = lines_of(file);
    if (line == 0 || line > lines->count) return (Str){"", 0};
    size_t start = lines->starts[line - 1];
    size_t end = line < lines->count ? lines->starts[line] - 1 : file->text.len;
    while (end > start && file->text.data[end - 1] == '\r')
        end--;
    return str_slice(file->text, start, end);
}

Str source_text(const SourceSet *set, Span span)
{
    const SourceFile *file = source_file(set, span.file);
    return file ? str_slice(file->text, span.start, span.end) : (Str){"", 0};
}

Span span_join(Span first, Span last)
{
    return (Span){first.file, first.start < last.start ? first.start : last.start,
                  first.end > last.end ? first.end : last.end};
}

void source_set_free(SourceSet *set)
{
    vec_free(&set->files);
    arena_free(&set->arena);
}
