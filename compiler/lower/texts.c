/* Texts: strings with `${}`, values as text, templates and messages. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

static Core *to_text(Context *context, BuiltinId id, Core *value)
{
    Core *node = core_new(context->lower->core, CORE_BUILTIN, simple_type(context->lower, TYPE_STRING), value->span);
    node->index = (uint32_t)id;
    core_append(node, value);
    return node;
}

/* An absent value has no text; whoever must not say nothing leaves out the whole line (templates). */
static Core *optional_text(Context *context, Core *value, Span span)
{
    CoreProgram *core = context->lower->core;
    uint32_t held = context_temp(context, value->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, simple_type(context->lower, TYPE_STRING), span);
    core_append(sequence, build_set_local(core, held, value));
    Core *inner = build_value(core, context_local(context, held, span), "the value is absent");
    sequence->a = build_choose(core, build_is_some(core, context_local(context, held, span)),
                               lower_text_of(context, inner, span), build_text(core, STR(""), span));
    return sequence;
}

Core *lower_text_of(Context *context, Core *value, Span span)
{
    CoreProgram *core = context->lower->core;
    switch (value->type->kind) {
    case TYPE_STRING:
    case TYPE_SECRET: return value;
    case TYPE_INT: return to_text(context, BUILTIN_INT_TO_TEXT, value);
    case TYPE_FLOAT: return to_text(context, BUILTIN_FLOAT_TO_TEXT, value);
    case TYPE_BOOL: return to_text(context, BUILTIN_BOOL_TO_TEXT, value);
    case TYPE_DURATION: return to_text(context, BUILTIN_DURATION_TO_TEXT, value);
    case TYPE_TIME: return to_text(context, BUILTIN_TIME_TO_TEXT, value);
    case TYPE_ENUM: return to_text(context, BUILTIN_ENUM_TO_TEXT, value);
    case TYPE_JSON: return to_text(context, BUILTIN_JSON_TO_TEXT, value);
    case TYPE_OPTIONAL: return optional_text(context, value, span);
    case TYPE_RECORD:
        if (type_field_index(value->type, STR("title")) >= 0) return build_field(core, value, "title");
        return to_text(context, BUILTIN_JSON_TO_TEXT, build_to_json(core, value));
    default: return to_text(context, BUILTIN_JSON_TO_TEXT, build_to_json(core, value));
    }
}

/* The fact of the incident that a value is, or "". */
static Str fact_name(const Node *value)
{
    bool fact = value->kind == NODE_MEMBER && value->member.object->symbol &&
                value->member.object->symbol->builtin == BUILTIN_NAME_INCIDENT;
    return fact ? value->member.name : (Str){"", 0};
}

/* `${required x}`: somebody is asked for what is absent when it is first needed. */
static Core *required_text(Context *context, Node *part)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = part->span;
    Core *value = lower_value(context, part->interp.value);
    if (value->type->kind != TYPE_OPTIONAL) return lower_text_of(context, value, span);
    uint32_t held = context_temp(context, value->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, simple_type(lower, TYPE_STRING), span);
    core_append(sequence, build_set_local(core, held, value));
    Core *inner = build_value(core, context_local(context, held, span), "the value is absent");
    Str source = lower_source(lower, part->interp.value->span);
    Core *asked = build_call(core, lower_prelude_function(lower, "required"), span,
                             build_text(core, fact_name(part->interp.value), span), build_text(core, source, span), NULL);
    sequence->a = build_choose(core, build_is_some(core, context_local(context, held, span)),
                               lower_text_of(context, inner, span), asked);
    return sequence;
}

static Core *lower_part(Context *context, Node *part)
{
    if (part->kind == NODE_TEXT) return build_text(context->lower->core, part->text.text, part->span);
    if (part->interp.required) return required_text(context, part);
    return lower_text_of(context, lower_value(context, part->interp.value), part->span);
}

Core *lower_string(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    if (node->kind != NODE_STRING) return lower_text_of(context, lower_value(context, node), node->span);
    const Type *type = node->type ? node->type : simple_type(context->lower, TYPE_STRING);
    if (node->string.parts.count == 0) return build_text(core, STR(""), node->span);
    if (node->string.parts.count == 1 && node->string.parts.first->kind == NODE_TEXT)
        return build_text(core, node->string.parts.first->text.text, node->span);
    Core *text = core_new(core, CORE_CONCAT, type, node->span);
    for node_each(part, node->string.parts) core_append(text, lower_part(context, part));
    return text;
}

/* ---- templates ---- */

/* One line of a template's body, collected part by part. */
typedef struct Line {
    Core *text;      /* a CONCAT */
    Core *condition; /* all of its optional values are there; NULL: none is optional */
} Line;

static Line line_new(Context *context, Span span)
{
    return (Line){core_new(context->lower->core, CORE_CONCAT, simple_type(context->lower, TYPE_STRING), span), NULL};
}

/* text += line, if the line is to be said. */
static void line_end(Context *context, Line *line, uint32_t text, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *longer = core_new(core, CORE_CONCAT, simple_type(context->lower, TYPE_STRING), span);
    core_append(longer, context_local(context, text, span));
    core_append(longer, line->text);
    Core *add = build_set_local(core, text, longer);
    context_add(context, line->condition ? build_if(core, line->condition, add, NULL) : add);
    *line = line_new(context, span);
}

static void line_add_text(Context *context, Line *line, Str piece, uint32_t text, Span span)
{
    CoreProgram *core = context->lower->core;
    size_t start = 0;
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.data[i] != '\n') continue;
        core_append(line->text, build_text(core, str_slice(piece, start, i + 1), span));
        line_end(context, line, text, span);
        start = i + 1;
    }
    if (start < piece.len) core_append(line->text, build_text(core, str_slice(piece, start, piece.len), span));
}

static void line_add_value(Context *context, Line *line, Node *part)
{
    CoreProgram *core = context->lower->core;
    if (part->interp.required) {
        core_append(line->text, required_text(context, part));
        return;
    }
    Core *value = lower_value(context, part->interp.value);
    if (value->type->kind == TYPE_OPTIONAL) {
        Core *there = build_is_some(core, lower_value(context, part->interp.value));
        line->condition = line->condition ? build_and(core, line->condition, there) : there;
    }
    core_append(line->text, lower_text_of(context, value, part->span));
}

/* The lines of a text of which those with an absent value are left out → a local string. */
static Core *lower_lines(Context *context, Node *string)
{
    CoreProgram *core = context->lower->core;
    Span span = string->span;
    uint32_t text = context_temp(context, simple_type(context->lower, TYPE_STRING));
    context_add(context, build_set_local(core, text, build_text(core, STR(""), span)));
    Line line = line_new(context, span);
    for node_each(part, string->string.parts) {
        if (part->kind == NODE_TEXT) line_add_text(context, &line, part->text.text, text, span);
        else line_add_value(context, &line, part);
    }
    line_end(context, &line, text, span);
    return to_text(context, BUILTIN_TEXT_TRIM, context_local(context, text, span));
}

static Node *template_field(const Node *template, const char *name)
{
    for node_each(field, template->template.fields)
        if (field->kind == NODE_FIELD && str_equal_c(field->field.name, name)) return field->field.values.first;
    return NULL;
}

static Core *template_text(Context *context, const Node *template, const char *name)
{
    Node *value = template_field(template, name);
    if (!value) return build_text(context->lower->core, STR(""), template->span);
    if (value->kind == NODE_STRING) return lower_lines(context, value);
    return lower_text_of(context, lower_value(context, value), value->span);
}

static Core *template_fields(Context *context, const Node *template)
{
    CoreProgram *core = context->lower->core;
    Core *map = core_new(core, CORE_MAP, type_map(core->types, simple_type(context->lower, TYPE_STRING)), template->span);
    for node_each(field, template->template.fields) {
        if (field->kind != NODE_TEMPLATE_FIELD) continue;
        core_append(map, lower_string(context, field->template_field.label));
        core_append(map, lower_text_of(context, lower_value(context, field->template_field.value), field->span));
    }
    return map;
}

/* The arguments, for the provider; what cannot be data is left out. */
static Core *template_values(Context *context, const Symbol *symbol)
{
    CoreProgram *core = context->lower->core;
    Core *values = core_new(core, CORE_OBJECT, simple_type(context->lower, TYPE_JSON), symbol->span);
    for (size_t i = 0; i < symbol->param_count; i++) {
        const Symbol *param = symbol->params[i];
        if (param->type->kind == TYPE_FN || param->type->kind == TYPE_SECRET) continue;
        core_append(values, build_text(core, param->name, symbol->span));
        core_append(values, build_to_json(core, context_local(context, (uint32_t)i, symbol->span)));
    }
    return values;
}

/* What a template does not say is filled in on the message's way (stdlib/prelude_people.plan). */
static Core *message_field(Context *context, const Symbol *symbol, const TypeField *field)
{
    if (str_equal_c(field->name, "title") || str_equal_c(field->name, "body"))
        return template_text(context, symbol->decl, str_equal_c(field->name, "title") ? "title" : "body");
    if (str_equal_c(field->name, "fields")) return template_fields(context, symbol->decl);
    if (str_equal_c(field->name, "values")) return template_values(context, symbol);
    return lower_zero(context, field->type, symbol->span);
}

/* A template is a function from its parameters to a Message. */
static CoreFunction *template_function(Lower *lower, Symbol *symbol)
{
    CoreFunction **known = lowered_function(lower, symbol);
    if (*known) return *known;
    const Type *message = lower_record_type(lower, "Message");
    Str name = arena_printf(lower->arena, "template.%.*s", STR_ARG(symbol->name));
    CoreFunction *function = core_function(lower->core, name, message, symbol->span);
    *known = function;
    Context inner = context_new(lower, function, NULL);
    for (size_t i = 0; i < symbol->param_count; i++) context_bind(&inner, symbol->params[i], symbol->params[i]->type);
    function->param_count = (uint32_t)symbol->param_count;
    Core *record = core_new(lower->core, CORE_RECORD, message, symbol->span);
    for (size_t i = 0; i < message->field_count; i++) core_append(record, message_field(&inner, symbol, &message->fields[i]));
    context_add(&inner, build_return(lower->core, record, symbol->span));
    context_free(&inner);
    return function;
}

Core *lower_message(Context *context, Node *node)
{
    Lower *lower = context->lower;
    if (node->kind != NODE_USING)
        return build_call(lower->core, lower_prelude_function(lower, "plain_message"), node->span,
                          lower_string(context, node), NULL);
    Call *call = node_call(node);
    Symbol *symbol = call ? call->symbol : node->use.template->symbol;
    Core *value = core_new(lower->core, CORE_CALL, lower_record_type(lower, "Message"), node->span);
    value->function = template_function(lower, symbol);
    for (size_t i = 0; call && i < call->arg_count; i++) {
        Symbol *param = symbol->params[i];
        Node *arg = call->args[i] ? call->args[i] : param->decl->parameter.value;
        core_append(value, lower_convert(context, lower_value(context, arg), param->type));
    }
    return value;
}
