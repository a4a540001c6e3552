/* What the lexer's rules do: they call these functions, one for each kind of thing recognised.
 *
 * In: the bytes that a rule matched. Out: tokens, comments, diagnostics, and the state in which the lexer
 * goes on. Only grammar/plan.l and lex.c use it. */
#ifndef PLAN_SYNTAX_LEX_H
#define PLAN_SYNTAX_LEX_H

#include "compiler/syntax/token.h"

typedef enum LexState { LEX_PLAIN, LEX_STRING, LEX_BLOCK, LEX_COMMAND, LEX_COMMAND_BLOCK } LexState;

typedef struct Lex Lex;

/* In plan.l: a scanner of a text, which must stay; NULL: no memory. */
void *lex_begin(Lex *lex, Str text);
bool lex_go_on(void *scanner); /* to the next pause; false: the text is at its end, and it may not be called again */
void lex_finish(void *scanner);

bool lex_pauses(Lex *lex); /* behind each newline outside of literals */
void lex_advance(Lex *lex, size_t len); /* before each action: the match is `len` bytes long */
void lex_token(Lex *lex, int kind, const char *text, size_t len);
void lex_comment(Lex *lex, const char *text, size_t len);
void lex_word(Lex *lex, const char *text, size_t len);
void lex_duration(Lex *lex, const char *text, size_t len);
void lex_integer(Lex *lex, const char *text, size_t len);
void lex_float(Lex *lex, const char *text, size_t len);
void lex_percent(Lex *lex, const char *text, size_t len);
void lex_date(Lex *lex, const char *text, size_t len);
void lex_time(Lex *lex, const char *text, size_t len);
void lex_bad_number(Lex *lex, const char *text, size_t len);
void lex_foreign(Lex *lex, const char *text, size_t len); /* operators of other languages */
void lex_single_quotes(Lex *lex, const char *text, size_t len);
void lex_typographic_quotes(Lex *lex, const char *text, size_t len);
void lex_bad_character(Lex *lex, const char *text, size_t len);

/* Inside literals. */
void lex_text(Lex *lex, const char *text, size_t len);
void lex_escape(Lex *lex, const char *text, size_t len);
void lex_command_escape(Lex *lex, const char *text, size_t len);

/* These say in which state to go on. */
LexState lex_newline(Lex *lex, const char *text, size_t len);
LexState lex_open(Lex *lex, LexState literal, const char *text, size_t len);
LexState lex_open_interpolation(Lex *lex, const char *text, size_t len);
void lex_open_brace(Lex *lex, const char *text, size_t len);
LexState lex_close_brace(Lex *lex, const char *text, size_t len);
LexState lex_close(Lex *lex, const char *text, size_t len);
LexState lex_cut(Lex *lex, const char *text, size_t len); /* a newline in a one-line literal */
void lex_end(Lex *lex);

#endif
