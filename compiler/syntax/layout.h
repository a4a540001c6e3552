/* The pieces of the token pass that its files share. */
#ifndef PLAN_SYNTAX_LAYOUT_H
#define PLAN_SYNTAX_LAYOUT_H

#include "compiler/syntax/build.h" /* the grammar's values are of its types */
#include "plan.tab.h"

/* ( [ { ${ */
static inline bool token_opens(int kind)
{
    return kind == TOK_LPAREN || kind == TOK_LBRACKET || kind == TOK_LBRACE || kind == TOK_INTERP ||
           kind == TOK_INTERP_REQUIRED;
}

/* ) ] } and the end of ${ } */
static inline bool token_closes(int kind)
{
    return kind == TOK_RPAREN || kind == TOK_RBRACKET || kind == TOK_RBRACE || kind == TOK_INTERP_END;
}

bool token_goes_on_after(int kind);  /* after these a line goes on */
bool token_goes_on_before(int kind); /* a line that begins with one of these belongs to the one before */

/* Makes the brackets of the list match: what has no partner is reported and dropped, what is not closed is
 * reported and closed where it was most likely meant to be. */
void balance_tokens(const SourceFile *file, TokenList *list, Diagnostics *diagnostics);

#endif
