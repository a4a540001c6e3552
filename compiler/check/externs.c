/* `extern`: functions of a library of the system, declared with the types that C knows.
 *
 * In: NODE_EXTERN. Out: a symbol for each function and handle, its types resolved, and findings where C has no such type.
 * Called by declare.c (names and types) and declarations.c (checks). */
#include "compiler/check/check.h"

void declare_handle(Checker *c, Node *node)
{
    Symbol *symbol = symbol_new(c, SYMBOL_RECORD, node->handle.name, node, node->handle.name_span);
    node->symbol = symbol;
    TypeField *number = arena_array(c->arena, TypeField, 1); /* the host's, for the pointer that it keeps */
    *number = (TypeField){.name = STR("number"), .type = c->integer};
    symbol->type = type_record(c->types, symbol->name, number, 1, node);
    scope_add(c, c->module->scope, symbol);
}

/* ---- widths ---- */

static const char *const int_widths[] = {"i8",  "i16",  "i32",   "i64", "u8",    "u16",   "u32",  "u64",
                                         "int", "uint", "short", "long", "ulong", "isize", "usize", "char"};
static const char *const float_widths[] = {"float", "double", "f32", "f64"};

static bool is_one_of(Str name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_c(name, list[i])) return true;
    }
    return false;
}

/* A string that comes out says how many bytes it may have: `as [char; 256]`. */
static void check_text_width(Checker *c, const Node *param)
{
    const Node *width = param->parameter.width;
    const Node *element = width && width->kind == NODE_TYPE_LIST ? width->type_list.element : NULL;
    bool of_char = element && element->kind == NODE_TYPE_NAME &&
                   str_equal_c(node_dotted(c->arena, element->type_name.name), "char");
    if (param->parameter.out && of_char && width->type_list.size > 0) return;
    if (!param->parameter.out && !width) return;
    const Node *at = width ? width : param->parameter.type;
    Diag *diag = report(c, P0309, at->span,
                        param->parameter.out ? "the library fills this text in, so its size must be known"
                                             : "a string that goes in is as long as it is");
    if (param->parameter.out) report_help(c, diag, "`out name: string as [char; 256]`");
}

static void check_width(Checker *c, const Node *width, const Type *type)
{
    if (!width) return;
    Str name = width->kind == NODE_TYPE_NAME ? node_dotted(c->arena, width->type_name.name) : (Str){"", 0};
    bool of_int = is_one_of(name, int_widths, sizeof int_widths / sizeof *int_widths);
    bool of_float = is_one_of(name, float_widths, sizeof float_widths / sizeof *float_widths);
    const Type *element = type->kind == TYPE_LIST ? type->element : type;
    if ((of_int && element->kind == TYPE_INT) || (of_float && element->kind == TYPE_FLOAT)) return;
    if (element->kind == TYPE_WRONG) return;
    if (of_int || of_float) {
        report(c, P0301, width->span, "`%.*s` is no width of `%.*s`", STR_ARG(name), STR_ARG(type->name));
        return;
    }
    Diag *diag = report(c, P0208, width->span, "C has no type called `%.*s` here", STR_ARG(name));
    report_help(c, diag, "widths are i8 to i64, u8 to u64, int, long, isize, usize, and float and double");
}

/* ---- types ---- */

static bool is_handle(const Type *type)
{
    return type->kind == TYPE_RECORD && type->decl && type->decl->kind == NODE_HANDLE;
}

static bool is_plain(const Type *type)
{
    switch (type->kind) {
    case TYPE_WRONG:
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_FLOAT: return true;
    default: return false;
    }
}

static void check_native_type(Checker *c, Node *node, const Type *type, bool out)
{
    if (!node) return;
    if (is_plain(type) || type->kind == TYPE_STRING || is_handle(type)) return;
    bool array = type->kind == TYPE_LIST && is_plain(type->element);
    bool sized = node->kind == NODE_TYPE_LIST && node->type_list.size > 0;
    if (array && (sized || !out)) return;
    if (array) {
        Diag *diag = report(c, P0309, node->span, "the library fills this in, so its size must be known");
        report_help(c, diag, "`out loads: [float; 3]`");
        return;
    }
    Diag *diag = report(c, P0309, node->span, "C has nothing that `%.*s` could be", STR_ARG(type->name));
    report_help(c, diag, "native functions take bool, int, float, string, arrays of them, and handles");
}

/* What a call gives: the C result; with parameters that come out a record of `value` and these. */
static const Type *call_type(Checker *c, const Symbol *symbol)
{
    TypeField *fields = arena_array(c->arena, TypeField, symbol->param_count + 1);
    size_t count = 0;
    if (symbol->result->kind != TYPE_UNIT) fields[count++] = (TypeField){.name = STR("value"), .type = symbol->result};
    size_t first_out = count;
    for (size_t i = 0; i < symbol->param_count; i++) {
        const Symbol *param = symbol->params[i];
        if (param->decl->parameter.out) fields[count++] = (TypeField){.name = param->name, .type = param->type};
    }
    if (count == first_out) return symbol->result;
    Str name = arena_printf(c->arena, "result of %.*s", STR_ARG(symbol->name));
    return type_record(c->types, name, fields, count, NULL);
}

void declare_extern_fn(Checker *c, Symbol *symbol)
{
    Node *node = symbol->decl;
    symbol->params = arena_array(c->arena, Symbol *, node->fn.params.count + 1);
    c->in_extern = true;
    for node_each(param, node->fn.params) {
        Symbol *one = symbol_new(c, SYMBOL_LOCAL, param->parameter.name, param, param->parameter.name_span);
        one->type = param->parameter.type ? type_of_node(c, param->parameter.type) : c->wrong;
        one->home = node;
        one->index = (uint32_t)symbol->param_count;
        param->symbol = one;
        param->type = one->type;
        symbol->params[symbol->param_count++] = one;
    }
    symbol->result = node->fn.result ? type_of_node(c, node->fn.result) : c->unit;
    c->in_extern = false;
    symbol->type = call_type(c, symbol);
    symbol->is_effect = node->fn.effect;
    symbol->looks = true; /* the world is asked, also where it is declared pure: decision 0007 */
}

static void check_native_fn(Checker *c, Node *node)
{
    if (!node->symbol) return;
    for node_each(param, node->fn.params) {
        if (!param->parameter.type) continue; /* said by the parser */
        check_native_type(c, param->parameter.type, param->type, param->parameter.out);
        if (param->type->kind == TYPE_STRING)
            check_text_width(c, param);
        else
            check_width(c, param->parameter.width, param->type);
        if (param->parameter.value) check_value(c, param->parameter.value, param->type);
    }
    const Type *result = node->symbol->result;
    check_native_type(c, node->fn.result, result, false);
    for node_each(param, node->fn.params)
        if (param->parameter.out && str_equal_c(param->parameter.name, "value"))
            report(c, P0309, param->span, "`value` is what the function itself gives");
    if (result->kind == TYPE_LIST)
        report(c, P0309, node->fn.result->span, "C gives no arrays; an `out` parameter is filled in");
    check_width(c, node->fn.width, result);
}

void check_extern(Checker *c, Node *node)
{
    check_shown(c, node->external.library, "a library's name");
    for node_each(item, node->external.items) {
        if (item->kind == NODE_FN) check_native_fn(c, item);
    }
}
