/* What is said about a syntax error, and where parsing goes on after it.
 *
 * In: the token that does not fit and the kinds of tokens that would. Out: one diagnostic for a line; the
 * parser's cursor stands where no brace group is cut. Called by the generated parser only. */
#ifndef PLAN_SYNTAX_MESSAGES_H
#define PLAN_SYNTAX_MESSAGES_H

#include "compiler/syntax/build.h"

/* `at` is the place of the token that the parser got last; expected are token kinds (TOK_…). */
void parse_error(Parse *parse, Span at, const int *expected, size_t count);

/* Is the token the first of its line, clause or statement? */
bool token_begins_line(const TokenList *list, size_t index);
/* The first token of the statement that holds the token. */
size_t token_statement(const TokenList *list, size_t index);
/* The letter of the body (keywords.def) that holds the token. */
char token_body(const TokenList *list, size_t index);

#endif
