/* Source texts: loading, line starts, places. In: paths and texts; out: files that live as long as the set.
 * The only file of the compiler that reads plans from the disk. */
#include "compiler/source/source.h"
#include "vm/base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 64 << 20 };

static void find_lines(SourceSet *set, SourceFile *file)
{
    size_t count = 1;
    for (size_t i = 0; i < file->text.len; i++)
        count += file->text.data[i] == '\n';
    uint32_t *lines = arena_array(&set->arena, uint32_t, count);
    size_t n = 1;
    for (size_t i = 0; i < file->text.len; i++)
        if (file->text.data[i] == '\n') lines[n++] = (uint32_t)(i + 1);
    file->lines = lines;
    file->line_count = count;
}

SourceFile *source_add(SourceSet *set, Str path, Str text)
{
    SourceFile *file = arena_new(&set->arena, SourceFile);
    file->id = (uint32_t)set->files.count;
    file->path = arena_copy(&set->arena, path);
    file->text = arena_copy(&set->arena, text);
    find_lines(set, file);
    vec_push(&set->files, file);
    return file;
}

static bool read_all(FILE *in, const char *name, Buffer *out, Error *error)
{
    char block[65536];
    for (;;) {
        size_t n = fread(block, 1, sizeof block, in);
        buffer_add(out, block, n);
        if (out->len > LARGEST_FILE)
            return error_set(error, "%s is larger than %d MiB", name, LARGEST_FILE >> 20);
        if (n < sizeof block) break;
    }
    if (ferror(in)) return error_set(error, "cannot read %s: %s", name, strerror(errno));
    return true;
}

SourceFile *source_load(SourceSet *set, Str path, Error *error)
{
    char *name = memory_copy_c(path);
    Buffer text = {0};
    SourceFile *file = NULL;
    FILE *in = fopen(name, "rb");
    if (in == NULL) {
        error_set(error, "cannot read %s: %s", name, strerror(errno));
    } else {
        if (read_all(in, name, &text, error)) file = source_add(set, path, buffer_str(&text));
        fclose(in);
    }
    buffer_free(&text);
    free(name);
    return file;
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
    size_t low = 0, high = file->line_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (file->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)(low + 1);
}

SourcePlace source_place(const SourceFile *file, uint32_t offset)
{
    if (offset > file->text.len) offset = (uint32_t)file->text.len;
    uint32_t line = source_line_at(file, offset);
    Str before = str_slice(file->text, file->lines[line - 1], offset);
    return (SourcePlace){line, (uint32_t)(utf8_count(before) + 1)};
}

Str source_line(const SourceFile *file, uint32_t line)
{
    if (line == 0 || line > file->line_count) return (Str){"", 0};
    size_t start = file->lines[line - 1];
    size_t end = line < file->line_count ? file->lines[line] - 1 : file->text.len;
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
