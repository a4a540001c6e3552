/* What the grammar's actions use to make nodes: the parser's own context and small constructors.
 *
 * Only plan.y and the files of compiler/syntax include this. Nothing here looks anything up. */
#ifndef PLAN_SYNTAX_BUILD_H
#define PLAN_SYNTAX_BUILD_H

#include "compiler/syntax/node.h"
#include "compiler/syntax/portions.h"

typedef struct Parse {
    Arena *arena;          /* where nodes are made now: one of these two */
    Arena *whole, *bodies; /* of the file; of what stands in the bodies of functions */
    const SourceFile *file;
    Diagnostics *diagnostics;
    TokenList *list;
    TokenReader *reader; /* who puts the next portion into the list; NULL: all is there */
    size_t cursor;       /* the token that the parser gets next */
    unsigned
        block_due; /* after an error: the braces (2, then 1) of an empty block that come before the cursor */
    uint32_t error_line; /* the line of the last syntax error, or 0 */
    size_t error_start;  /* the first token of the statement that had it */
    Diag *pasted;         /* the message about the last text of another notation, or NULL */
    uint32_t pasted_line; /* the last line of that text so far */
    size_t pasted_more;   /* lines that have no message of their own because they belong to such a text */
    bool gave_up;        /* too many mistakes; of portions: any */
    Node *root;          /* NODE_FILE */
} Parse;

/* Limits after a condition, in any order. */
typedef struct Limits {
    Node *holds, *within, *every, *until, *when, *times;
    bool repeatedly;
} Limits;

typedef struct Answer {
    Node *gives, *ran;
} Answer;

typedef struct Answers {
    NodeList list;
    Node *ran;
} Answers;

/* make_step(parse, span, &(struct Ast_step){…}), one for each kind with fields: the node that has them. */
#define NODE(kind, member, fields)                                                                           \
    static inline Node *make_##member(Parse *parse, Span span, const struct Ast_##member *its)               \
    {                                                                                                        \
        Node *node = node_new(parse->arena, NODE_##kind, span);                                              \
        node->member = *its;                                                                                 \
        return node;                                                                                         \
    }
#define LEAF(kind)
#include "compiler/syntax/ast.def"
#undef NODE
#undef LEAF

NodeList build_list(Node *first);                  /* NULL: an empty list */
NodeList build_more(NodeList list, Node *another); /* list with one more */
/* list with one more; its shape is checked, if the file is read by portions, for all of it is still at hand.
 */
NodeList build_declaration(Parse *parse, NodeList list, Node *another);
NodeList *build_else(Parse *parse, NodeList body); /* a block that is there, empty or not */
Str build_doc(const Parse *parse, Span at);

/* Node *slot already there: reports that `what` is said twice. Returns the newer one. */
Node *build_once(Parse *parse, Node *old, Node *newer, Span at, const char *what);

Node *build_name(Parse *parse, const Token *token);
/* A literal of `"…"` or `"""…"""` from its raw parts: text merged, indentation of blocks removed. */
Node *build_string(Parse *parse, const Token *begin, NodeList parts, Span span);
Node *build_command(Parse *parse, const Token *begin, NodeList parts, Span span);
Node *build_key(Parse *parse, const Token *word); /* `a` of {a: 1} as a NODE_STRING */
/* `(e) => …`: the parameter that e must name. */
NodeList build_lambda_params(Parse *parse, Node *expression);
/* What `verify` was given: a bare look is put under an OBSERVE. */
Node *build_verified(Parse *parse, Node *condition);

/* What stands where it may not: bare commands, clauses after statements, blocks in the wrong body. */
void shape_check(Parse *parse, Node *declaration);

#endif
