/* A syntax error at hand, shared by the files that talk about it (messages.c) and that go on behind it
 * (recover.c). */
#ifndef PLAN_SYNTAX_WRONG_H
#define PLAN_SYNTAX_WRONG_H

#include "compiler/syntax/messages.h"

typedef struct Wrong {
    Parse *parse;
    const Token *items;
    size_t at;    /* the token that does not fit */
    size_t start; /* the first token of its statement */
    char body;    /* letter of the body that holds the statement */
    const int *expected;
    size_t expected_count;
} Wrong;

bool wrong_expects(const Wrong *wrong, int kind);
/* Moves the parser's cursor behind the error. */
void wrong_move_on(const Wrong *wrong);

/* Does the keyword begin lines of the body? NULL: no keyword. */
bool keyword_begins(const Keyword *keyword, char body);

/* habits.c: reports what is written as elsewhere; false: nothing of that kind is seen. */
bool report_habit(const Wrong *wrong);
const char *habit_help(const Wrong *wrong);          /* of a general message; NULL: none */
const char *habit_of_word(Str word, char body);      /* help for the first word of a line; NULL: none */

/* The opener of the innermost bracket around a token, or TOKEN_NONE. */
size_t token_enclosing(const TokenList *list, size_t index);
/* Has a declaration or statement that begins with the kind a rule for a bad heading? */
bool token_has_error_body(int kind);
/* `repeat until { …`: the brace of a block that the parser took for a map, or TOKEN_NONE. */
size_t token_block_taken_for_map(const TokenList *list, size_t at);
/* From here on it is a block; the parser reads it again. */
void parse_read_as_block(Parse *parse, size_t brace);

/* messages_drill.c, for lines of drills: what to write instead of the word that does not fit, and the form of the whole line.
 * NULL: nothing is known. */
const char *drill_line_swap(const Wrong *wrong);
const char *drill_line_form(const Wrong *wrong);

#endif
