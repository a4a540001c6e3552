/* The tree as text, generated from ast.def: one node a line, its fields indented below. Empty fields are left out. For tests
 * and `planc dump`. */
#include "compiler/syntax/node.h"

typedef struct Dump {
    Buffer *out;
    bool spans;
    int depth;
} Dump;

static void indent(Dump *dump)
{
    for (int i = 0; i < dump->depth; i++) buffer_add_c(dump->out, "  ");
}

static void field_text(Dump *dump, const char *name, Str text)
{
    if (text.len == 0) return;
    buffer_printf(dump->out, " %s=\"", name);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\n') buffer_add_c(dump->out, "\\n");
        else if (c == '"' || c == '\\') buffer_printf(dump->out, "\\%c", c);
        else buffer_add_char(dump->out, c);
    }
    buffer_add_char(dump->out, '"');
}

static void dump_node(Dump *dump, const char *name, const Node *node);

static void field_list(Dump *dump, const char *name, NodeList list)
{
    if (list.count == 0) return;
    indent(dump);
    buffer_printf(dump->out, "%s:\n", name);
    dump->depth++;
    for node_each(item, list) dump_node(dump, NULL, item);
    dump->depth--;
}

/* What stands on the node's own line. */
static void own_line(Dump *dump, const Node *node)
{
#define ONE(x)
#define MANY(x)
#define TEXT(x) field_text(dump, #x, self->x);
#define NAME(x) field_text(dump, #x, self->x);
#define INT(x) buffer_printf(dump->out, " %s=%lld", #x, (long long)self->x);
#define NUM(x) buffer_printf(dump->out, " %s=%.17g", #x, self->x);
#define FLAG(x)                                                                                              \
    if (self->x) buffer_printf(dump->out, " %s", #x);
#define OP(T, x) buffer_printf(dump->out, " %s=`%s`", #x, op_text_##T(self->x));
#define NODE(kind, member, fields)                                                                           \
    case NODE_##kind: {                                                                                      \
        const struct Ast_##member *self = &node->member;                                                     \
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
}

/* What stands below it. */
static void children(Dump *dump, const Node *node)
{
#define ONE(x)                                                                                               \
    if (self->x) dump_node(dump, #x, self->x);
#define MANY(x) field_list(dump, #x, self->x);
#define TEXT(x)
#define NAME(x)
#define INT(x)
#define NUM(x)
#define FLAG(x)
#define OP(T, x)
    switch (node->kind) {
#include "compiler/syntax/ast.def"
    case NODE_KIND_COUNT: break;
    }
}

static void dump_node(Dump *dump, const char *name, const Node *node)
{
    indent(dump);
    if (name) buffer_printf(dump->out, "%s: ", name);
    buffer_add_c(dump->out, node_kind_name(node->kind));
    if (dump->spans) buffer_printf(dump->out, "@%u-%u", node->span.start, node->span.end);
    own_line(dump, node);
    buffer_add_char(dump->out, '\n');
    dump->depth++;
    children(dump, node);
    dump->depth--;
}

void dump_ast(const Node *node, bool spans, Buffer *out)
{
    Dump dump = {out, spans, 0};
    dump_node(&dump, NULL, node);
}
