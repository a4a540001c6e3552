/* A file's tokens, a declaration at a time (portions.c). */
#ifndef PLAN_SYNTAX_PORTIONS_H
#define PLAN_SYNTAX_PORTIONS_H

#include "compiler/syntax/token.h"

typedef struct TokenReader TokenReader;

/* Reads into `list`, which stays the caller's, as do the arena and what is said. */
TokenReader *token_reader_new(const SourceFile *file, Arena *arena, TokenList *list, Diagnostics *said);
/* The list holds the next portion instead of the last one; the file's last one ends with TOK_YYEOF, no other
 * does. False: the text has to be read as a whole, for something may be wrong with it. */
bool token_reader_next(TokenReader *reader);
void token_reader_free(TokenReader *reader);

#endif
