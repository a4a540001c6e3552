/* Calls of native functions: one effect `native` each (docs/effects.md), whose JSON is made from the arguments and read as
 * the declaration says.
 *
 * In: a call of a function of an `extern` block. Out: its value; with parameters that come out a record of `value` and
 * these. A call that did not succeed fails with the world's words. */
#include "compiler/lower/context.h"

static bool is_handle(const Type *type)
{
    return type->kind == TYPE_RECORD && type->decl && type->decl->kind == NODE_HANDLE;
}

/* The C type of a parameter or result: as its width says, else the usual one of its type; of a list its element's. */
static Str c_type(Lower *lower, const Node *width, const Type *type)
{
    if (type->kind == TYPE_LIST) type = type->element;
    if (width && width->kind == NODE_TYPE_NAME) return node_dotted(lower->arena, width->type_name.name);
    switch (type->kind) {
    case TYPE_BOOL: return STR("bool");
    case TYPE_INT: return STR("int");
    case TYPE_FLOAT: return STR("double");
    case TYPE_STRING: return STR("string");
    case TYPE_UNIT: return STR("void");
    default: return STR("handle");
    }
}

/* Elements of an array, or bytes of a text that comes out; 0: neither. */
static int64_t count_of(const Node *param)
{
    const Node *type = param->parameter.type, *width = param->parameter.width;
    if (width && width->kind == NODE_TYPE_LIST) return width->type_list.size;
    return type->kind == NODE_TYPE_LIST ? type->type_list.size : 0;
}

static Core *number_of(Context *context, Core *value, const Type *type)
{
    return is_handle(type) ? build_field(context->lower->core, value, "number") : value;
}

/* One entry of `params`. value: NULL for what comes out. An array that goes in is as long as it is. */
static Core *param_entry(Context *context, const Symbol *param, Core *value)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = param->span;
    const Node *decl = param->decl;
    bool is_list = param->type->kind == TYPE_LIST;
    Core *count = build_int(core, TYPE_INT, count_of(decl), span);
    uint32_t held = 0;
    if (value && is_list) {
        held = context_temp(context, param->type);
        context_add(context, build_set_local(core, held, value));
        value = context_local(context, held, span);
        count = core_new(core, CORE_LEN, simple_type(lower, TYPE_INT), span);
        count->a = context_local(context, held, span);
    }
    Core *given = value ? number_of(context, value, param->type) : build_text(core, STR(""), span);
    return build_object(core, span, "name", build_text(core, param->name, span), "c",
                        build_text(core, c_type(lower, decl->parameter.width, param->type), span), "out",
                        build_int(core, TYPE_BOOL, decl->parameter.out, span), "count", count, "value", given, NULL);
}

/* `params` for the world and `args` for the lines of drills. */
typedef struct NativeArgs {
    Core *params, *args;
} NativeArgs;

static NativeArgs native_args(Context *context, const Call *call, Span span)
{
    CoreProgram *core = context->lower->core;
    const Type *json = simple_type(context->lower, TYPE_JSON);
    NativeArgs made = {core_new(core, CORE_LIST, type_list(core->types, json), span), core_new(core, CORE_OBJECT, json, span)};
    size_t next = 0;
    for (size_t i = 0; i < call->symbol->param_count; i++) {
        Symbol *param = call->symbol->params[i];
        if (param->decl->parameter.out) {
            core_append(made.params, param_entry(context, param, NULL));
            continue;
        }
        Node *arg = call->args[next] ? call->args[next] : param->decl->parameter.value;
        uint32_t local = context_temp(context, param->type);
        context_add(context, build_set_local(core, local, lower_convert(context, lower_value(context, arg), param->type)));
        core_append(made.params, param_entry(context, param, context_local(context, local, span)));
        core_append(made.args, build_text(core, param->name, span));
        core_append(made.args, build_to_json(core, number_of(context, context_local(context, local, span), param->type)));
        next++;
    }
    return made;
}

/* Names of what comes out; those of handles besides, whose numbers become records. */
static Core *names_of(Lower *lower, const Symbol *fn, bool handles, Span span)
{
    CoreProgram *core = lower->core;
    Core *names = core_new(core, CORE_LIST, type_list(core->types, simple_type(lower, TYPE_STRING)), span);
    if (handles && is_handle(fn->result)) core_append(names, build_text(core, STR("value"), span));
    for (size_t i = 0; i < fn->param_count; i++) {
        const Symbol *param = fn->params[i];
        if (param->decl->parameter.out && (!handles || is_handle(param->type)))
            core_append(names, build_text(core, param->name, span));
    }
    return names;
}

static Str library_of(Lower *lower, const Symbol *fn)
{
    Str name = {0};
    for (const Node *item = fn->module->root->file.items.first; item; item = item->next) {
        if (item->kind != NODE_EXTERN) continue;
        for (const Node *one = item->external.items.first; one; one = one->next)
            if (one == fn->decl) node_plain_text(lower->arena, item->external.library, &name);
    }
    return name;
}

Core *lower_native(Context *context, const Call *call, EffectClass effect_class, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    const Symbol *fn = call->symbol;
    const Type *type = fn->type;
    Core *sequence = core_new(core, CORE_SEQUENCE, type, span), *outer = context->block;
    context->block = sequence;
    NativeArgs args = native_args(context, call, span);
    Core *request = core_new(core, CORE_EFFECT, simple_type(lower, TYPE_JSON), span);
    request->text = STR("native");
    request->index = (uint32_t)effect_class;
    request->a = build_object(core, span, "library", build_text(core, library_of(lower, fn), span), "symbol",
                              build_text(core, fn->name, span), "fn", build_text(core, lower_qualified_name(lower, fn), span),
                              "result", build_text(core, c_type(lower, fn->decl->fn.width, fn->result), span), "params",
                              args.params, "args", args.args, NULL);
    Core *answer = build_call(core, lower_prelude_function(lower, "native_answer"), span, request,
                              names_of(lower, fn, false, span), names_of(lower, fn, true, span), NULL);
    context->block = outer;
    if (type->kind == TYPE_UNIT) {
        core_append(sequence, build_do(core, answer));
        return sequence;
    }
    Core *value = core_new(core, CORE_FROM_JSON, type, span);
    value->a = answer;
    value->text = arena_printf(lower->arena, "the result of %.*s", STR_ARG(fn->name));
    sequence->a = value;
    return sequence;
}
