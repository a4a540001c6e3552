/* The lexer's own state, shared by lex.c and lex_number.c. */
#ifndef PLAN_SYNTAX_LEX_STATE_H
#define PLAN_SYNTAX_LEX_STATE_H

#include "compiler/syntax/lex.h"

#include <string.h>

/* A literal that is open at this moment. */
typedef struct LexLevel {
    LexState literal;
    uint32_t begin;         /* offset of its quotes */
    bool interpolated;      /* we stand in one of its ${ } */
    uint32_t interpolation; /* where that began */
    uint32_t braces;        /* open { } within it */
} LexLevel;

struct Lex {
    const SourceFile *file;
    Arena *arena;
    TokenList *out;
    Diagnostics *diagnostics;
    uint32_t start, offset; /* of the match; offset is its end */
    VEC(LexLevel) levels;
    bool too_deep; /* said of this line, whose rest means nothing then */
    bool portions; /* it pauses where a declaration ends */
    int brackets;  /* open ones among the first `counted` tokens, when it pauses */
    size_t counted;
};

Span lex_span(const Lex *lex);
Token *lex_push(Lex *lex, int kind, Span span); /* valid until the next push */
LexState lex_state(const Lex *lex);
void lex_close_levels(Lex *lex, size_t keep, uint32_t offset);
void *lex_file_begin(Lex *lex); /* a scanner of lex->file */

#endif
