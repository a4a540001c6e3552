/* The front end's one door: a file's text becomes a tree.
 *
 * In: a file of the set. Out: NODE_FILE, never NULL, with as much of the file as could be understood;
 * everything wrong is in the diagnostics. Looks nothing up, checks no names or types. */
#ifndef PLAN_SYNTAX_PARSE_H
#define PLAN_SYNTAX_PARSE_H

#include "compiler/diag/diag.h"
#include "compiler/syntax/node.h"

/* The tree lives in the arena and points into the file's text, so the set must outlive it. */
/* `bodies` gets what stands in the bodies of functions; it may be the arena itself. */
Node *parse_file_apart(Arena *arena, Arena *bodies, SourceSet *sources, uint32_t file, Diagnostics *diagnostics);
Node *parse_file(Arena *arena, SourceSet *sources, uint32_t file, Diagnostics *diagnostics);
/* The same in the slower way, all tokens first, which the others take where something is wrong. For tests: a file is the same
 * tree in both. */
Node *parse_file_whole(Arena *arena, SourceSet *sources, uint32_t file, Diagnostics *diagnostics);

/* The tokens after the token pass, one a line, for tests and `planc dump --tokens`. */
void dump_tokens(SourceSet *sources, uint32_t file, Diagnostics *diagnostics, Buffer *out);

#endif
