/* Short hands for making core nodes (see build.h). Nothing here decides anything: it allocates and fills. */
#include "compiler/lower/build.h"

#include <assert.h>

Core *build_int(CoreProgram *program, TypeKind kind, int64_t number, Span span)
{
    Core *node = core_new(program, CORE_INT, type_simple(program->types, kind), span);
    node->number = number;
    return node;
}

Core *build_text(CoreProgram *program, Str text, Span span)
{
    Core *node = core_new(program, CORE_STRING, type_simple(program->types, TYPE_STRING), span);
    node->text = text;
    return node;
}

Core *build_none(CoreProgram *program, const Type *optional, Span span)
{
    return core_new(program, CORE_NONE, optional, span);
}

Core *build_local(CoreProgram *program, const CoreFunction *function, uint32_t local, Span span)
{
    Core *node = core_new(program, CORE_LOCAL, function->locals.items[local].type, span);
    node->index = local;
    return node;
}

Core *build_global(CoreProgram *program, uint32_t global, Span span)
{
    Core *node = core_new(program, CORE_GLOBAL, program->globals.items[global].type, span);
    node->index = global;
    return node;
}

Core *build_binary(CoreProgram *program, CoreOperator op, Core *a, Core *b)
{
    const Type *type = op >= CORE_EQ ? type_simple(program->types, TYPE_BOOL) : a->type;
    Core *node = core_new(program, CORE_BINARY, type, a->span);
    node->op = op;
    node->a = a;
    node->b = b;
    return node;
}

Core *build_not(CoreProgram *program, Core *a)
{
    Core *node = core_new(program, CORE_UNARY, type_simple(program->types, TYPE_BOOL), a->span);
    node->op = CORE_NOT;
    node->a = a;
    return node;
}

static Core *build_logic(CoreProgram *program, CoreKind kind, Core *a, Core *b)
{
    Core *node = core_new(program, kind, type_simple(program->types, TYPE_BOOL), a->span);
    node->a = a;
    node->b = b;
    return node;
}

Core *build_and(CoreProgram *program, Core *a, Core *b)
{
    return build_logic(program, CORE_AND, a, b);
}

Core *build_or(CoreProgram *program, Core *a, Core *b)
{
    return build_logic(program, CORE_OR, a, b);
}

Core *build_choose(CoreProgram *program, Core *condition, Core *yes, Core *no)
{
    Core *node = core_new(program, CORE_CHOOSE, yes->type, condition->span);
    node->a = condition;
    node->b = yes;
    node->c = no;
    return node;
}

Core *build_field(CoreProgram *program, Core *record, const char *name)
{
    int index = type_field_index(record->type, str_from_c(name));
    assert(index >= 0);
    Core *node = core_new(program, CORE_FIELD, record->type->fields[index].type, record->span);
    node->a = record;
    node->index = (uint32_t)index;
    return node;
}

static Core *build_wrapped(CoreProgram *program, CoreKind kind, const Type *type, Core *a)
{
    Core *node = core_new(program, kind, type, a->span);
    node->a = a;
    return node;
}

Core *build_some(CoreProgram *program, Core *value)
{
    if (value->type->kind == TYPE_OPTIONAL) return value;
    return build_wrapped(program, CORE_SOME, type_optional(program->types, value->type), value);
}

Core *build_value(CoreProgram *program, Core *optional, const char *message)
{
    Core *node = build_wrapped(program, CORE_VALUE, optional->type->element, optional);
    node->text = str_from_c(message);
    return node;
}

Core *build_is_some(CoreProgram *program, Core *optional)
{
    return build_wrapped(program, CORE_IS_SOME, type_simple(program->types, TYPE_BOOL), optional);
}

Core *build_to_json(CoreProgram *program, Core *value)
{
    if (value->type->kind == TYPE_JSON) return value;
    return build_wrapped(program, CORE_TO_JSON, type_simple(program->types, TYPE_JSON), value);
}

Core *build_now(CoreProgram *program, Span span)
{
    return core_new(program, CORE_NOW, type_simple(program->types, TYPE_TIME), span);
}

Core *build_call(CoreProgram *program, CoreFunction *function, Span span, ...)
{
    Core *node = core_new(program, CORE_CALL, function->result, span);
    node->function = function;
    va_list args;
    va_start(args, span);
    for (Core *arg; (arg = va_arg(args, Core *)) != NULL;) core_append(node, arg);
    va_end(args);
    return node;
}

Core *build_object(CoreProgram *program, Span span, ...)
{
    Core *node = core_new(program, CORE_OBJECT, type_simple(program->types, TYPE_JSON), span);
    va_list args;
    va_start(args, span);
    for (const char *key; (key = va_arg(args, const char *)) != NULL;) {
        core_append(node, build_text(program, str_from_c(key), span));
        core_append(node, build_to_json(program, va_arg(args, Core *)));
    }
    va_end(args);
    return node;
}

Core *build_block(CoreProgram *program, Span span)
{
    return core_new(program, CORE_BLOCK, NULL, span);
}

static Core *build_statement(CoreProgram *program, CoreKind kind, uint32_t index, Core *a, Span span)
{
    Core *node = core_new(program, kind, NULL, span);
    node->index = index;
    node->a = a;
    return node;
}

Core *build_set_local(CoreProgram *program, uint32_t local, Core *value)
{
    return build_statement(program, CORE_SET_LOCAL, local, value, value->span);
}

Core *build_set_global(CoreProgram *program, uint32_t global, Core *value)
{
    return build_statement(program, CORE_SET_GLOBAL, global, value, value->span);
}

Core *build_if(CoreProgram *program, Core *condition, Core *then, Core *otherwise)
{
    Core *node = build_statement(program, CORE_IF, 0, condition, condition->span);
    node->b = then;
    node->c = otherwise;
    return node;
}

Core *build_do(CoreProgram *program, Core *value)
{
    return build_statement(program, CORE_DO, 0, value, value->span);
}

Core *build_return(CoreProgram *program, Core *value, Span span)
{
    return build_statement(program, CORE_RETURN, 0, value, span);
}

Core *build_fail(CoreProgram *program, Core *reason)
{
    return build_statement(program, CORE_FAIL, 0, reason, reason->span);
}

Core *build_raise(CoreProgram *program, const CoreFunction *function, uint32_t error, Span span)
{
    return build_statement(program, CORE_RAISE, 0, build_local(program, function, error, span), span);
}

Core *build_break(CoreProgram *program, uint32_t loops, Span span)
{
    return build_statement(program, CORE_BREAK, loops, NULL, span);
}

Core *build_loop(CoreProgram *program, Core *body)
{
    Core *node = build_statement(program, CORE_LOOP, 0, NULL, body->span);
    node->b = body;
    return node;
}

Core *build_count(CoreProgram *program, uint32_t local, Core *first, Core *end, Core *body)
{
    Core *node = build_statement(program, CORE_COUNT, local, first, body->span);
    node->b = body;
    node->c = end;
    return node;
}

Core *build_emit(CoreProgram *program, const char *mark, Core *args)
{
    Core *node = build_statement(program, CORE_EMIT, 0, args, args->span);
    node->text = str_from_c(mark);
    return node;
}

Core *build_try(CoreProgram *program, Core *body, uint32_t error, Core *handler, bool catches_cancel)
{
    Core *node = build_statement(program, CORE_TRY, error, NULL, body->span);
    node->b = body;
    node->c = handler;
    node->flag = catches_cancel;
    return node;
}
