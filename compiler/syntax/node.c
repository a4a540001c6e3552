/* Nodes: making them, lists, and what is read off them. In: an arena; out: nodes. Walk and the enums' texts come from
 * ast.def and ast_ops.def. */
#include "compiler/syntax/build.h"

#include <stddef.h>
#include <string.h>

/* A node ends with its own kind's fields: most are far smaller than the largest. */
static size_t node_size(NodeKind kind)
{
    static const uint16_t fields[] = {
#define NODE(kind, member, fields) sizeof(struct Ast_##member),
#define LEAF(kind) 0,
#include "compiler/syntax/ast.def"
#undef NODE
#undef LEAF
    };
    return offsetof(Node, file) + fields[kind];
}

Node *node_new(Arena *arena, NodeKind kind, Span span)
{
    Node *node = arena_alloc(arena, node_size(kind));
    node->kind = kind;
    node->span = span;
    return node;
}

void node_append(NodeList *list, Node *node)
{
    if (node == NULL) return;
    if (list->last) list->last->next = node;
    else list->first = node;
    list->last = node;
    list->count++;
}

const char *node_kind_name(NodeKind kind)
{
    static const char *const names[] = {
#define NODE(kind, member, fields) #kind,
#define LEAF(kind) #kind,
#include "compiler/syntax/ast.def"
#undef NODE
#undef LEAF
    };
    return kind < NODE_KIND_COUNT ? names[kind] : "?";
}

#define OPS(T)                                                                                               \
    const char *op_text_##T(T value)                                                                         \
    {                                                                                                        \
        switch (value) {
#define OP_VALUE(T, value, text)                                                                             \
    case value: return text;
#define OPS_END(T)                                                                                           \
    }                                                                                                        \
    return "?";                                                                                              \
    }
#include "compiler/syntax/ast_ops.def"
#undef OPS
#undef OP_VALUE
#undef OPS_END

static void visit_list(NodeList list, NodeVisit *visit, void *context)
{
    for (Node *item = list.first, *next; item; item = next) {
        next = item->next;
        visit(item, context);
    }
}

void node_children(Node *node, NodeVisit *visit, void *context)
{
#define ONE(x)                                                                                               \
    if (self->x) visit(self->x, context);
#define MANY(x) visit_list(self->x, visit, context);
#define TEXT(x)
#define NAME(x)
#define INT(x)
#define NUM(x)
#define FLAG(x)
#define OP(T, x)
#define NODE(kind, member, fields)                                                                           \
    case NODE_##kind: {                                                                                      \
        struct Ast_##member *self = &node->member;                                                           \
        (void)self;                                                                                          \
        fields break;                                                                                        \
    }
#define LEAF(kind)                                                                                           \
    case NODE_##kind: break;
    switch (node->kind) {
#include "compiler/syntax/ast.def"
    case NODE_KIND_COUNT: break;
    }
#undef ONE
#undef MANY
#undef TEXT
#undef NAME
#undef INT
#undef NUM
#undef FLAG
#undef OP
#undef NODE
#undef LEAF
}

bool node_plain_text(Arena *arena, const Node *node, Str *text)
{
    if (node == NULL || (node->kind != NODE_STRING && node->kind != NODE_COMMAND)) return false;
    NodeList parts = node->kind == NODE_STRING ? node->string.parts : node->command.parts;
    Buffer all = {0};
    for node_each(part, parts) {
        if (part->kind != NODE_TEXT) {
            buffer_free(&all);
            return false;
        }
        if (text && parts.count > 1) buffer_add_str(&all, part->text.text);
    }
    if (text) *text = parts.count == 1 ? parts.first->text.text : arena_copy(arena, buffer_str(&all));
    buffer_free(&all);
    return true;
}

Node *node_step_title(const Node *node)
{
    return node->kind == NODE_REMEDY ? node->remedy.title : node->step.title;
}

Str node_dotted(Arena *arena, const Node *node)
{
    if (node && node->kind == NODE_NAME) return node->name.text;
    if (node == NULL || node->kind != NODE_MEMBER) return (Str){"", 0};
    Str object = node_dotted(arena, node->member.object);
    if (object.len == 0) return object;
    return arena_printf(arena, "%.*s.%.*s", STR_ARG(object), STR_ARG(node->member.name));
}
