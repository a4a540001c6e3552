/* Core as text, for `planc dump --core`: a program comes in, one line for each statement goes out, indented
 * as it nests. Meant for reading and for tests of the lowering; nothing reads it back. */
#include "compiler/lower/core.h"

#include "vm/code/effect_class.h"
#include "vm/code/opcode.h"

typedef struct Dump {
    const CoreProgram *program;
    const CoreFunction *function;
    Buffer *out;
    int depth;
} Dump;

static void dump_expression(Dump *dump, const Core *node);
static void dump_statement(Dump *dump, const Core *node);

static void add(Dump *dump, const char *text)
{
    buffer_add_c(dump->out, text);
}

static void add_str(Dump *dump, Str text)
{
    buffer_add_str(dump->out, text);
}

static void indent(Dump *dump)
{
    for (int i = 0; i < dump->depth; i++)
        add(dump, "    ");
}

static void add_text(Dump *dump, Str text)
{
    buffer_add_char(dump->out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\') {
            buffer_printf(dump->out, "\\%c", c);
        } else if (c == '\n') {
            add(dump, "\\n");
        } else if (c < ' ') {
            buffer_printf(dump->out, "\\x%02x", c);
        } else {
            buffer_add_char(dump->out, (char)c);
        }
    }
    buffer_add_char(dump->out, '"');
}

/* Names may repeat or be empty, so the number always stands beside them. */
static void add_variable(Dump *dump, const CoreLocal *variables, size_t count, uint32_t index, char sign)
{
    if (index < count) add_str(dump, variables[index].name);
    buffer_printf(dump->out, "%c%u", sign, (unsigned)index);
}

static void add_local(Dump *dump, uint32_t index)
{
    add_variable(dump, dump->function->locals.items, dump->function->locals.count, index, '%');
}

static void add_global(Dump *dump, uint32_t index)
{
    add_variable(dump, dump->program->globals.items, dump->program->globals.count, index, '@');
}

static void dump_list(Dump *dump, const Core *node, const char *open, const char *close)
{
    add(dump, open);
    for (const Core *item = node->list.first; item; item = item->next) {
        if (item != node->list.first) add(dump, ", ");
        dump_expression(dump, item);
    }
    add(dump, close);
}

static void dump_pairs(Dump *dump, const Core *node)
{
    add(dump, "{");
    for (const Core *item = node->list.first; item; item = item->next) {
        if (item != node->list.first) add(dump, ", ");
        dump_expression(dump, item);
        if (!(item = item->next)) break;
        add(dump, ": ");
        dump_expression(dump, item);
    }
    add(dump, "}");
}

static const char *operator_text(CoreOperator op)
{
    switch (op) {
    case CORE_NEG: return "-";
    case CORE_NOT: return "not ";
    case CORE_TO_FLOAT: return "float ";
    case CORE_ADD: return "+";
    case CORE_SUB: return "-";
    case CORE_MUL: return "*";
    case CORE_DIV: return "/";
    case CORE_MOD: return "mod";
    case CORE_EQ: return "==";
    case CORE_NE: return "!=";
    case CORE_LT: return "<";
    case CORE_LE: return "<=";
    case CORE_GT: return ">";
    case CORE_GE: return ">=";
    }
    return "?";
}

static void dump_infix(Dump *dump, const Core *node, const char *text)
{
    add(dump, "(");
    dump_expression(dump, node->a);
    buffer_printf(dump->out, " %s ", text);
    dump_expression(dump, node->b);
    add(dump, ")");
}

static void dump_number(Dump *dump, const Core *node)
{
    const Type *type = node->type;
    if (type && type->kind == TYPE_BOOL) {
        add(dump, node->number ? "true" : "false");
    } else if (type && type->kind == TYPE_ENUM && node->number >= 0 &&
               (size_t)node->number < type->member_count) {
        add_str(dump, type->members[node->number]);
    } else {
        const char *unit = type && (type->kind == TYPE_DURATION || type->kind == TYPE_TIME) ? "ms" : "";
        buffer_printf(dump->out, "%lld%s", (long long)node->number, unit);
    }
}

/* word(a) or word(a, more…) */
static void dump_word(Dump *dump, const char *word, const Core *a)
{
    add(dump, word);
    add(dump, "(");
    if (a) dump_expression(dump, a);
    add(dump, ")");
}

static void dump_named(Dump *dump, const Core *node, const char *word)
{
    add(dump, word);
    add_str(dump, node->function->name);
    dump_list(dump, node, "(", ")");
}

static void dump_sequence(Dump *dump, const Core *node)
{
    add(dump, "{\n");
    dump->depth++;
    for (const Core *item = node->list.first; item; item = item->next)
        dump_statement(dump, item);
    indent(dump);
    add(dump, "=> ");
    if (node->a) dump_expression(dump, node->a);
    add(dump, "\n");
    dump->depth--;
    indent(dump);
    add(dump, "}");
}

static void dump_waiting(Dump *dump, const Core *node)
{
    switch (node->kind) {
    case CORE_EFFECT:
        add(dump, "effect ");
        add_str(dump, node->text);
        buffer_printf(dump->out, " %s ", effect_class_name((EffectClass)node->index));
        dump_expression(dump, node->a);
        break;
    case CORE_SPAWN:
        dump_named(dump, node, node->flag ? "spawn detached " : "spawn ");
        if (node->index) buffer_printf(dump->out, " rank %u", (unsigned)node->index);
        break;
    case CORE_JOIN: dump_word(dump, node->flag ? "join_any_end" : "join", node->a); break;
    case CORE_WAIT:
        add(dump, "wait(");
        if (node->a) {
            add(dump, "until ");
            dump_expression(dump, node->a);
            add(dump, ", ");
        }
        buffer_printf(dump->out, "topics 0x%llx)", (unsigned long long)node->number);
        break;
    default: break;
    }
}

static void dump_constant(Dump *dump, const Core *node)
{
    switch (node->kind) {
    case CORE_INT: dump_number(dump, node); break;
    case CORE_FLOAT: buffer_printf(dump->out, "%.17g", node->real); break;
    case CORE_STRING: add_text(dump, node->text); break;
    case CORE_NONE: add(dump, "none"); break;
    case CORE_LOCAL: add_local(dump, node->index); break;
    case CORE_GLOBAL: add_global(dump, node->index); break;
    default: break;
    }
}

static void dump_field(Dump *dump, const Core *node)
{
    dump_expression(dump, node->a);
    add(dump, ".");
    const Type *record = node->a->type;
    if (record && node->index < record->field_count) {
        add_str(dump, record->fields[node->index].name);
    } else {
        buffer_printf(dump->out, "%u", (unsigned)node->index);
    }
}

static void dump_choose(Dump *dump, const Core *node)
{
    add(dump, "(if ");
    dump_expression(dump, node->a);
    add(dump, " then ");
    dump_expression(dump, node->b);
    add(dump, " else ");
    dump_expression(dump, node->c);
    add(dump, ")");
}

/* What reads and replaces a part of a value. */
static void dump_part(Dump *dump, const Core *node)
{
    dump_expression(dump, node->a);
    if (node->kind == CORE_WITH_FIELD) {
        bool known = node->a->type && node->index < node->a->type->field_count;
        add(dump, " with .");
        if (known)
            add_str(dump, node->a->type->fields[node->index].name);
        else
            buffer_printf(dump->out, "%u", (unsigned)node->index);
        add(dump, " = ");
        dump_expression(dump, node->b);
        return;
    }
    add(dump, node->kind == CORE_GET_ITEM ? "[" : node->kind == CORE_APPEND ? " + [" : " with [");
    dump_expression(dump, node->b);
    add(dump, "]");
    if (node->kind != CORE_WITH_ITEM) return;
    add(dump, " = ");
    dump_expression(dump, node->c);
}

static void dump_compound(Dump *dump, const Core *node)
{
    switch (node->kind) {
    case CORE_RECORD:
        add_str(dump, node->type->name);
        dump_list(dump, node, "(", ")");
        break;
    case CORE_LIST: dump_list(dump, node, "[", "]"); break;
    case CORE_MAP: dump_pairs(dump, node); break;
    case CORE_OBJECT:
        add(dump, "json");
        dump_pairs(dump, node);
        break;
    case CORE_CONCAT: dump_list(dump, node, "concat(", ")"); break;
    case CORE_CALL: dump_named(dump, node, ""); break;
    case CORE_CALL_VALUE:
        dump_expression(dump, node->a);
        dump_list(dump, node, "(", ")");
        break;
    case CORE_CLOSURE:
        add(dump, "closure ");
        add_str(dump, node->function->name);
        dump_list(dump, node, "[", "]");
        break;
    case CORE_BUILTIN:
        add(dump, node->index < BUILTIN_COUNT_OF ? builtin_info[node->index].name : "builtin?");
        dump_list(dump, node, "(", ")");
        break;
    default: break;
    }
}

static void dump_from_json(Dump *dump, const Core *node)
{
    dump_word(dump, "from_json", node->a);
    add(dump, " as ");
    add_str(dump, node->type->name);
}

static void dump_expression(Dump *dump, const Core *node)
{
    switch (node->kind) {
    case CORE_INT:
    case CORE_FLOAT:
    case CORE_STRING:
    case CORE_NONE:
    case CORE_LOCAL:
    case CORE_GLOBAL: dump_constant(dump, node); break;
    case CORE_UNARY:
        add(dump, operator_text(node->op));
        dump_expression(dump, node->a);
        break;
    case CORE_BINARY: dump_infix(dump, node, operator_text(node->op)); break;
    case CORE_AND: dump_infix(dump, node, "and"); break;
    case CORE_OR: dump_infix(dump, node, "or"); break;
    case CORE_DEFAULT: dump_infix(dump, node, "??"); break;
    case CORE_CHOOSE: dump_choose(dump, node); break;
    case CORE_SOME: dump_word(dump, "some", node->a); break;
    case CORE_VALUE: dump_word(dump, "value", node->a); break;
    case CORE_IS_SOME: dump_word(dump, "is_some", node->a); break;
    case CORE_FIELD: dump_field(dump, node); break;
    case CORE_TO_JSON: dump_word(dump, "to_json", node->a); break;
    case CORE_FROM_JSON: dump_from_json(dump, node); break;
    case CORE_EFFECT:
    case CORE_SPAWN:
    case CORE_JOIN:
    case CORE_WAIT: dump_waiting(dump, node); break;
    case CORE_SIGNAL: add(dump, "next_signal"); break;
    case CORE_NOW: add(dump, "now"); break;
    case CORE_SEQUENCE: dump_sequence(dump, node); break;
    case CORE_LEN: dump_word(dump, "len", node->a); break;
    case CORE_GET_ITEM:
    case CORE_WITH_FIELD:
    case CORE_WITH_ITEM:
    case CORE_APPEND: dump_part(dump, node); break;
    default: dump_compound(dump, node); break;
    }
}

static void dump_body(Dump *dump, const Core *node)
{
    if (!node) return;
    dump->depth++;
    dump_statement(dump, node);
    dump->depth--;
}

/* A line that is one word and one expression, if there is one. */
static void dump_line(Dump *dump, const char *word, const Core *value)
{
    add(dump, word);
    if (value) dump_expression(dump, value);
    add(dump, "\n");
}

static void dump_if(Dump *dump, const Core *node)
{
    dump_line(dump, "if ", node->a);
    dump_body(dump, node->b);
    if (!node->c) return;
    indent(dump);
    add(dump, "else\n");
    dump_body(dump, node->c);
}

static void dump_try(Dump *dump, const Core *node)
{
    add(dump, "try\n");
    dump_body(dump, node->b);
    indent(dump);
    add(dump, node->flag ? "catch all " : "catch ");
    add_local(dump, node->index);
    add(dump, "\n");
    dump_body(dump, node->c);
}

static void dump_count(Dump *dump, const Core *node)
{
    add(dump, "count ");
    add_local(dump, node->index);
    add(dump, " from ");
    dump_expression(dump, node->a);
    dump_line(dump, " to before ", node->c);
    dump_body(dump, node->b);
}

static void dump_set(Dump *dump, const Core *node)
{
    if (node->kind == CORE_SET_LOCAL) {
        add_local(dump, node->index);
    } else {
        add_global(dump, node->index);
    }
    dump_line(dump, " = ", node->a);
}

static void dump_statement(Dump *dump, const Core *node)
{
    if (node->kind == CORE_BLOCK) {
        for (const Core *item = node->list.first; item; item = item->next)
            dump_statement(dump, item);
        return;
    }
    indent(dump);
    switch (node->kind) {
    case CORE_SET_LOCAL:
    case CORE_SET_GLOBAL: dump_set(dump, node); break;
    case CORE_IF: dump_if(dump, node); break;
    case CORE_LOOP:
        add(dump, "loop\n");
        dump_body(dump, node->b);
        break;
    case CORE_COUNT: dump_count(dump, node); break;
    case CORE_BREAK: buffer_printf(dump->out, "break %u\n", (unsigned)node->index); break;
    case CORE_CONTINUE: buffer_printf(dump->out, "continue %u\n", (unsigned)node->index); break;
    case CORE_RETURN: dump_line(dump, node->a ? "return " : "return", node->a); break;
    case CORE_FAIL: dump_line(dump, "fail ", node->a); break;
    case CORE_RAISE: dump_line(dump, "raise ", node->a); break;
    case CORE_TRY: dump_try(dump, node); break;
    case CORE_EMIT:
        add(dump, "emit ");
        add_str(dump, node->text);
        dump_line(dump, " ", node->a);
        break;
    case CORE_NOTIFY: buffer_printf(dump->out, "notify 0x%llx\n", (unsigned long long)node->number); break;
    case CORE_CANCEL: dump_line(dump, "cancel ", node->a); break;
    case CORE_STEP: dump_line(dump, "step ", node->a); break;
    case CORE_DO: dump_line(dump, "do ", node->a); break;
    default: dump_line(dump, "do ", node); break;
    }
}

static void dump_variables(Dump *dump, const CoreLocal *variables, size_t from, size_t to, const char *word,
                           char sign)
{
    for (size_t i = from; i < to; i++) {
        indent(dump);
        add(dump, word);
        add_variable(dump, variables, to, (uint32_t)i, sign);
        buffer_printf(dump->out, ": %.*s\n", STR_ARG(variables[i].type->name));
    }
}

static void dump_function(Dump *dump, const CoreFunction *function)
{
    dump->function = function;
    add(dump, function->is_entry ? "\nentry fn " : "\nfn ");
    add_str(dump, function->name);
    add(dump, "(");
    for (uint32_t i = 0; i < function->param_count; i++) {
        if (i) add(dump, ", ");
        add_local(dump, i);
        buffer_printf(dump->out, ": %.*s", STR_ARG(function->locals.items[i].type->name));
    }
    add(dump, ")");
    if (function->result->kind != TYPE_UNIT)
        buffer_printf(dump->out, " -> %.*s", STR_ARG(function->result->name));
    add(dump, "\n");
    dump->depth++;
    dump_variables(dump, function->locals.items, function->param_count, function->locals.count, "var ", '%');
    if (function->body) dump_statement(dump, function->body);
    dump->depth--;
}

void core_dump(const CoreProgram *program, Buffer *out)
{
    Dump dump = {.program = program, .out = out};
    dump_variables(&dump, program->globals.items, 0, program->globals.count, "global ", '@');
    for (size_t i = 0; i < program->functions.count; i++)
        dump_function(&dump, program->functions.items[i]);
}
