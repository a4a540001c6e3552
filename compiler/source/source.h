/* Source texts and places in them.
 *
 * In: paths and texts. Out: a number for each file and byte ranges (Span) that everything later carries.
 * Lines and columns are computed only when something is printed. Every room of the compiler uses it; it knows
 * none of them. */
#ifndef PLAN_SOURCE_SOURCE_H
#define PLAN_SOURCE_SOURCE_H

#include "vm/base/memory.h"
#include "vm/base/error.h"

/* The bytes [start, end) of a file of the set. */
typedef struct Span {
    uint32_t file, start, end;
} Span;

typedef struct SourceLines SourceLines;

typedef struct SourceFile {
    uint32_t id;
    Str path;           /* as it is to be printed */
    Str text;           /* NUL-terminated beyond its length */
    SourceLines *lines; /* source.c's own: found when somebody first asks for a line */
} SourceFile;

typedef struct SourcePlace {
    uint32_t line, column; /* from 1; the column counts characters (UTF-8 sequences), not bytes */
} SourcePlace;

/* Owns texts and paths. Zero-initialise; source_set_free when done. Files stay where they are. */
typedef struct SourceSet {
    Arena arena;
    VEC(SourceFile *) files;
} SourceSet;

void source_set_free(SourceSet *set);

/* Reads a file into the set. NULL and *error when it cannot be read or is larger than 64 MiB. */
SourceFile *source_load(SourceSet *set, Str path, Error *error);
/* Adds a text under a name that is printed as its path. Path and text are copied. Never NULL. */
SourceFile *source_add(SourceSet *set, Str path, Str text);
/* The same for a text that outlives the set and is NUL-terminated beyond its length: it is not copied, nor is the path. */
SourceFile *source_add_static(SourceSet *set, Str path, Str text);
/* A file by number; NULL when there is none. */
SourceFile *source_file(const SourceSet *set, uint32_t id);
/* A file by path, exactly as it was loaded or added; NULL when there is none. */
SourceFile *source_find(const SourceSet *set, Str path);

SourcePlace source_place(const SourceFile *file, uint32_t offset);
uint32_t source_line_at(const SourceFile *file, uint32_t offset); /* the line alone, which is cheaper */
size_t source_line_count(const SourceFile *file);                 /* at least 1 */
uint32_t source_line_start(const SourceFile *file, uint32_t line); /* the offset at which a line (from 1) begins */
/* The text of one line (from 1) without its newline; empty beyond the end. */
Str source_line(const SourceFile *file, uint32_t line);
/* The bytes under a span; empty when the span is not of this set. */
Str source_text(const SourceSet *set, Span span);

/* The smallest span that covers both (of one file). */
Span span_join(Span first, Span last);

#endif
