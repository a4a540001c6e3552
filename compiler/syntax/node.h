/* The tree that the parser makes of one file: what each node holds is in ast.def.
 *
 * In: nothing; out: types and small helpers for every later room. Nodes live in the arena that parse_file was given
 * and point into the file's text. The parser leaves `type`, `symbol` and `info` NULL; the checker fills them. */
#ifndef PLAN_SYNTAX_NODE_H
#define PLAN_SYNTAX_NODE_H

#include "compiler/source/source.h"

#define OPS(T) typedef enum T {
#define OP_VALUE(T, value, text) value,
#define OPS_END(T)                                                                                           \
    }                                                                                                        \
    T;
#include "compiler/syntax/ast_ops.def"
#undef OPS
#undef OP_VALUE
#undef OPS_END

/* One byte: a node's head counts. */
typedef enum __attribute__((packed)) NodeKind {
#define NODE(kind, member, fields) NODE_##kind,
#define LEAF(kind) NODE_##kind,
#include "compiler/syntax/ast.def"
#undef NODE
#undef LEAF
    NODE_KIND_COUNT
} NodeKind;

typedef struct Node Node;

typedef struct NodeList {
    Node *first, *last; /* linked by Node.next; a node is in one list at most */
    size_t count;
} NodeList;

/* struct AstStep and so on, one for each kind with fields. They have no holes, so that a node is the same bytes whatever
 * memory held before: what the build makes ready of the prelude is compared and kept as bytes (check/ready.h). */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#define ONE(x) Node *x;
#define MANY(x) NodeList x;
#define TEXT(x) Str x;
#define NAME(x)                                                                                              \
    Str x;                                                                                                   \
    Span x##_span;                                                                                           \
    uint32_t x##_unused;
#define INT(x) int64_t x;
#define NUM(x) double x;
#define FLAG(x)                                                                                              \
    bool x;                                                                                                  \
    uint8_t x##_unused[7];
#define OP(T, x)                                                                                             \
    T x;                                                                                                     \
    uint32_t x##_unused;
#define NODE(kind, member, fields)                                                                           \
    struct Ast_##member {                                                                                    \
        fields                                                                                               \
    };
#define LEAF(kind)
#include "compiler/syntax/ast.def"
#undef NODE
#undef LEAF
#undef ONE
#undef MANY
#undef TEXT
#undef NAME
#undef INT
#undef NUM
#undef FLAG
#undef OP
#pragma GCC diagnostic pop

struct Node {
    NodeKind kind;
    uint8_t unused[3];
    Span span;
    Node *next; /* in its list */
    const struct Type *type;
    struct Symbol *symbol;
    void *info; /* what else the checker found out about this node */
    union {
#define NODE(kind, member, fields) struct Ast_##member member;
#define LEAF(kind)
#include "compiler/syntax/ast.def"
#undef NODE
#undef LEAF
    };
};

#define node_each(item, list) (Node *item = (list).first; item; item = item->next) /* for node_each(n, list) { … } */

/* Room for the fields of that kind alone: a node is never copied whole, nor given a kind with more fields. */
Node *node_new(Arena *arena, NodeKind kind, Span span);
void node_append(NodeList *list, Node *node); /* NULL is ignored */

const char *node_kind_name(NodeKind kind); /* "STEP" */
/* The text of an enum's value as the language writes it, for example op_text_BinaryOp(BINARY_ADD). */
#define OPS(T) const char *op_text_##T(T value);
#define OP_VALUE(T, value, text)
#define OPS_END(T)
#include "compiler/syntax/ast_ops.def"
#undef OPS
#undef OP_VALUE
#undef OPS_END

/* Is the node a NODE_STRING (or NODE_COMMAND) without `${}`? Its text goes to *text (may be NULL) when it is; a text of
 * several parts is put together in the arena. */
bool node_plain_text(Arena *arena, const Node *node, Str *text);
/* The title of a STEP or REMEDY. */
Node *node_step_title(const Node *node);
/* "a.b.c" of a NODE_NAME or NODE_MEMBER chain; empty for anything else. */
Str node_dotted(Arena *arena, const Node *node);

/* Calls visit for every child that is there, in the order of ast.def. Not for the node itself. */
typedef void NodeVisit(Node *child, void *context);
void node_children(Node *node, NodeVisit *visit, void *context);

/* The tree as indented text, one node a line, for tests and `planc dump --ast`. Spans as offsets when asked for. */
void dump_ast(const Node *node, bool spans, Buffer *out);

#endif
