/* Working out what is known at compile time: see constant.h. */
#include "compiler/lower/constant.h"

#include "vm/code/stars.h"

#include "vm/base/json_text.h"
#include "vm/base/time.h"

#include <inttypes.h>
#include <string.h>

enum { DEPTH_LIMIT = 64 };

/* ---- JSON out ---- */

static void separate(JsonOut *out)
{
    if (out->comma) buffer_add_char(out->buffer, ',');
    out->comma = true;
}

void out_open(JsonOut *out, char bracket)
{
    separate(out);
    buffer_add_char(out->buffer, bracket);
    out->comma = false;
}

void out_close(JsonOut *out, char bracket)
{
    buffer_add_char(out->buffer, bracket);
    out->comma = true;
}

void out_key(JsonOut *out, const char *key)
{
    separate(out);
    json_write_string(out->buffer, str_from_c(key));
    buffer_add_char(out->buffer, ':');
    out->comma = false;
}

void out_text(JsonOut *out, Str text)
{
    separate(out);
    json_write_string(out->buffer, text);
}

void out_int(JsonOut *out, int64_t value)
{
    separate(out);
    buffer_printf(out->buffer, "%" PRId64, value);
}

void out_bool(JsonOut *out, bool value)
{
    out_raw(out, value ? STR("true") : STR("false"));
}

void out_null(JsonOut *out)
{
    out_raw(out, STR("null"));
}

void out_raw(JsonOut *out, Str json)
{
    separate(out);
    buffer_add_str(out->buffer, json);
}

void out_text_at(JsonOut *out, const char *key, Str text)
{
    out_key(out, key);
    out_text(out, text);
}

void out_int_at(JsonOut *out, const char *key, int64_t value)
{
    out_key(out, key);
    out_int(out, value);
}

/* ---- constants ---- */

static Constant unknown(ConstantScope *scope)
{
    scope->unknown = true;
    return (Constant){.kind = CONSTANT_UNKNOWN};
}

static Constant number_of(ConstantKind kind, int64_t number)
{
    return (Constant){.kind = kind, .number = number};
}

static Constant text_of(Str text)
{
    return (Constant){.kind = CONSTANT_TEXT, .text = text};
}

static Str float_text(Arena *arena, double value)
{
    Buffer buffer = {0};
    json_write_number(&buffer, value);
    Str text = arena_copy(arena, buffer_str(&buffer));
    buffer_free(&buffer);
    return text;
}

/* The value as a string shows it. */
static Str shown(ConstantScope *scope, Constant value)
{
    switch (value.kind) {
    case CONSTANT_BOOL: return value.number ? STR("true") : STR("false");
    case CONSTANT_INT: return arena_printf(scope->arena, "%" PRId64, value.number);
    case CONSTANT_FLOAT: return float_text(scope->arena, value.real);
    case CONSTANT_TEXT:
    case CONSTANT_JSON: return value.text;
    case CONSTANT_DURATION:
    case CONSTANT_TIME: {
        Buffer buffer = {0};
        if (value.kind == CONSTANT_TIME)
            time_write(&buffer, value.number);
        else
            duration_write(&buffer, value.number);
        Str text = arena_copy(scope->arena, buffer_str(&buffer));
        buffer_free(&buffer);
        return text;
    }
    case CONSTANT_NONE:
    case CONSTANT_UNKNOWN: break;
    }
    return (Str){0};
}

static void write_constant(Constant value, JsonOut *out)
{
    switch (value.kind) {
    case CONSTANT_BOOL: out_bool(out, value.number != 0); break;
    case CONSTANT_INT:
    case CONSTANT_DURATION:
    case CONSTANT_TIME: out_int(out, value.number); break;
    case CONSTANT_FLOAT:
        separate(out);
        json_write_number(out->buffer, value.real);
        break;
    case CONSTANT_TEXT: out_text(out, value.text); break;
    case CONSTANT_JSON: out_raw(out, value.text); break;
    case CONSTANT_NONE:
    case CONSTANT_UNKNOWN: out_null(out); break;
    }
}

/* Inside of a value nothing is a pattern any more. */
static void add_value(ConstantScope *scope, const Node *node, Buffer *out)
{
    bool pattern = scope->pattern;
    scope->pattern = false;
    Str text = shown(scope, constant_of(scope, node));
    scope->pattern = pattern;
    if (pattern)
        stars_add_plain(out, text);
    else
        buffer_add_str(out, text);
}

static Constant string_constant(ConstantScope *scope, const NodeList *parts)
{
    Buffer buffer = {0};
    for (const Node *part = parts->first; part; part = part->next) {
        if (part->kind == NODE_TEXT) {
            buffer_add_str(&buffer, part->text.text);
        } else if (part->kind == NODE_INTERP && scope->stars && part->interp.value->kind == NODE_INT) {
            buffer_printf(&buffer, "%s%lld%s", STAR_BEGIN, (long long)part->interp.value->integer.value, STAR_END);
        } else if (part->kind == NODE_INTERP) {
            add_value(scope, part->interp.value, &buffer);
        }
    }
    Str text = arena_copy(scope->arena, buffer_str(&buffer));
    buffer_free(&buffer);
    return text_of(text);
}

static Constant json_constant(ConstantScope *scope, const Node *node)
{
    Buffer buffer = {0};
    JsonOut out = {.buffer = &buffer};
    bool is_map = node->kind == NODE_MAP;
    const Node *item = is_map ? node->map.entries.first : node->list.items.first;
    out_open(&out, is_map ? '{' : '[');
    for (; item; item = item->next) {
        if (is_map) {
            out_text(&out, constant_text(scope, item->entry.key));
            buffer_add_char(&buffer, ':');
            out.comma = false;
        }
        write_constant(constant_of(scope, is_map ? item->entry.value : item), &out);
    }
    out_close(&out, is_map ? '}' : ']');
    Str text = arena_copy(scope->arena, buffer_str(&buffer));
    buffer_free(&buffer);
    return (Constant){.kind = CONSTANT_JSON, .text = text};
}

/* What `of plan(…)` hands over for a parameter of the plan; NULL: nothing. */
static const Node *argument_of(const ConstantScope *scope, const Symbol *param)
{
    size_t position = 0;
    for (const Node *arg = scope->args ? scope->args->first : NULL; arg; arg = arg->next, position++) {
        bool positional = !arg->arg.name.len && scope->plan && position < scope->plan->param_count;
        if (positional && scope->plan->params[position] == param) return arg->arg.value;
        if (str_equal(arg->arg.name, param->name)) return arg->arg.value;
    }
    return NULL;
}

static Constant setting_constant(ConstantScope *scope, const Symbol *symbol)
{
    for (const Node *s = scope->settings ? scope->settings->first : NULL; s; s = s->next) {
        if (s->kind == NODE_SETTING && str_equal(s->setting.name, symbol->name))
            return constant_of(scope, s->setting.value);
    }
    const Node *value = NULL;
    if (symbol->kind == SYMBOL_LOCAL) {
        value = argument_of(scope, symbol);
        if (!value && symbol->decl && symbol->decl->kind == NODE_PARAMETER)
            value = symbol->decl->parameter.value;
    } else if (symbol->decl) {
        value = symbol->decl->param.value;
    }
    return value ? constant_of(scope, value) : unknown(scope);
}

static Constant symbol_constant(ConstantScope *scope, const Symbol *symbol)
{
    switch (symbol->kind) {
    case SYMBOL_LOCAL:
    case SYMBOL_SETTING: return setting_constant(scope, symbol);
    case SYMBOL_CONSTANT: return constant_of(scope, symbol->decl->let.value);
    case SYMBOL_SECRET:
        /* A secret's stand-in, as the lowered program has it. */
        return text_of(arena_printf(scope->arena, "\xEF\xB7\x90%.*s\xEF\xB7\x91", STR_ARG(symbol->name)));
    case SYMBOL_SEVERITY:
    case SYMBOL_MEMBER:
    case SYMBOL_CONTACT:
    case SYMBOL_ROLE:
    case SYMBOL_CHANNEL: return text_of(symbol->name);
    default: return unknown(scope);
    }
}

static Constant service_constant(ConstantScope *scope, Str member)
{
    const Node *service = scope->program->service;
    if (!service) return unknown(scope);
    if (str_equal_c(member, "name")) return constant_of(scope, service->service.title);
    for (const Node *field = service->service.fields.first; field; field = field->next) {
        if (field->kind == NODE_FIELD && str_equal(field->field.name, member)) {
            return constant_of(scope, field->field.values.first);
        }
    }
    return text_of((Str){0});
}

static Constant combined(ConstantScope *scope, BinaryOp op, Constant left, Constant right)
{
    bool timed = left.kind == CONSTANT_DURATION || left.kind == CONSTANT_TIME;
    if (left.kind == CONSTANT_TEXT && right.kind == CONSTANT_TEXT && op == BINARY_ADD) {
        return text_of(arena_printf(scope->arena, "%.*s%.*s", STR_ARG(left.text), STR_ARG(right.text)));
    }
    if ((!timed && left.kind != CONSTANT_INT) ||
        (right.kind != CONSTANT_INT && right.kind != CONSTANT_DURATION)) {
        return unknown(scope);
    }
    int64_t result = 0;
    bool over = true;
    if (op == BINARY_ADD) over = __builtin_add_overflow(left.number, right.number, &result);
    if (op == BINARY_SUB) over = __builtin_sub_overflow(left.number, right.number, &result);
    if (op == BINARY_MUL) over = __builtin_mul_overflow(left.number, right.number, &result);
    if (op == BINARY_DIV && right.number > 0) {
        result = left.number / right.number;
        over = false;
    }
    return over ? unknown(scope) : number_of(timed ? left.kind : right.kind, result);
}

static Constant negated(ConstantScope *scope, const Node *node)
{
    Constant value = constant_of(scope, node->unary.operand);
    if (node->unary.op == UNARY_NOT && value.kind == CONSTANT_BOOL)
        return number_of(CONSTANT_BOOL, !value.number);
    if (node->unary.op != UNARY_NEGATE) return unknown(scope);
    if (value.kind == CONSTANT_FLOAT)
        value.real = -value.real;
    else if (value.kind == CONSTANT_INT || value.kind == CONSTANT_DURATION)
        value.number = -value.number;
    else
        return unknown(scope);
    return value;
}

static Constant time_constant(ConstantScope *scope, Str date, int64_t in_day)
{
    int64_t day = 0;
    if (!time_parse(date, &day, NULL)) return unknown(scope);
    return number_of(CONSTANT_TIME, day + in_day);
}

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static Constant value_of(ConstantScope *scope, const Node *node)
{
    switch (node->kind) {
    case NODE_INT: return number_of(CONSTANT_INT, node->integer.value);
    case NODE_FLOAT: return (Constant){.kind = CONSTANT_FLOAT, .real = node->real.value};
    case NODE_PERCENT: return (Constant){.kind = CONSTANT_FLOAT, .real = node->percent.value};
    case NODE_DURATION: return number_of(CONSTANT_DURATION, node->duration.value);
    case NODE_BUSINESS: /* its length, as if the calendar never closed: a lower bound */
        return number_of(CONSTANT_DURATION, node->business.duration ? node->business.duration->duration.value
                                                                    : node->business.days * DAY_MS);
    case NODE_BOOL: return number_of(CONSTANT_BOOL, node->boolean.value);
    case NODE_NONE: return number_of(CONSTANT_NONE, 0);
    case NODE_STRING: return string_constant(scope, &node->string.parts);
    case NODE_DATE: return time_constant(scope, node->date.text, 0);
    case NODE_DATE_TIME: return time_constant(scope, node->date_time.date, node->date_time.value);
    case NODE_LIST:
    case NODE_MAP: return json_constant(scope, node);
    case NODE_MEMBER:
        if (node->symbol && node->symbol->kind != SYMBOL_BUILTIN) return symbol_constant(scope, node->symbol);
        if (node->member.object->symbol && node->member.object->symbol->builtin == BUILTIN_NAME_SERVICE) {
            return service_constant(scope, node->member.name);
        }
        return unknown(scope);
    case NODE_NAME: return node->symbol ? symbol_constant(scope, node->symbol) : unknown(scope);
    case NODE_UNARY: return negated(scope, node);
    case NODE_BINARY: {
        Constant left = constant_of(scope, node->binary.left);
        return combined(scope, node->binary.op, left, constant_of(scope, node->binary.right));
    }
    case NODE_MISSING: return number_of(CONSTANT_NONE, 0);
    default: return unknown(scope);
    }
}

Constant constant_of(ConstantScope *scope, const Node *node)
{
    if (!node) return number_of(CONSTANT_NONE, 0);
    if (scope->depth >= DEPTH_LIMIT) return unknown(scope);
    scope->depth++;
    Constant value = value_of(scope, node);
    scope->depth--;
    return value;
}

Str constant_text(ConstantScope *scope, const Node *node)
{
    return shown(scope, constant_of(scope, node));
}

int64_t constant_int(ConstantScope *scope, const Node *node, int64_t absent)
{
    Constant value = constant_of(scope, node);
    switch (value.kind) {
    case CONSTANT_INT:
    case CONSTANT_DURATION:
    case CONSTANT_TIME:
    case CONSTANT_BOOL: return value.number;
    case CONSTANT_NONE: return absent;
    default: scope->unknown = true; return absent;
    }
}

void constant_write(ConstantScope *scope, const Node *node, JsonOut *out)
{
    write_constant(constant_of(scope, node), out);
}

void constant_int_at(ConstantScope *scope, const Node *node, const char *key, JsonOut *out)
{
    if (node) out_int_at(out, key, constant_int(scope, node, 0));
}

void constant_text_at(ConstantScope *scope, const Node *node, const char *key, JsonOut *out)
{
    if (node) out_text_at(out, key, constant_text(scope, node));
}

Str reference_name(ConstantScope *scope, const Node *node)
{
    if (!node) return (Str){0};
    if (node->symbol) return node->symbol->name;
    return node_dotted(scope->arena, node);
}

/* ---- commands ---- */

/* Copies text into the buffer as the shell's words would come out: quotes and backslashes go, blanks become
 * one. */
static void unquote(Str raw, Buffer *out, char *quote)
{
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.data[i];
        bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (*quote) {
            bool escape = c == '\\' && *quote == '"' && i + 1 < raw.len && strchr("\"\\$`", raw.data[i + 1]);
            if (c == *quote)
                *quote = '\0';
            else
                buffer_add_char(out, escape ? raw.data[++i] : c);
        } else if (c == '\'' || c == '"') {
            *quote = c;
        } else if (c == '\\' && i + 1 < raw.len) {
            i++;
            if (raw.data[i] != '\n') buffer_add_char(out, raw.data[i]);
        } else if (!blank) {
            buffer_add_char(out, c);
        } else if (out->len && out->data[out->len - 1] != ' ') {
            buffer_add_char(out, ' ');
        }
    }
}

Str command_text(ConstantScope *scope, const Node *command)
{
    Buffer buffer = {0};
    char quote = '\0';
    const Node *first = command->command.parts.first, *last = command->command.parts.last;
    for (const Node *part = first; part; part = part->next) {
        if (part->kind == NODE_INTERP) {
            add_value(scope, part->interp.value, &buffer);
        } else if (command->command.shell || part->text.escaped) {
            buffer_add_str(&buffer, part->text.text);
        } else {
            unquote(part->text.text, &buffer, &quote);
        }
    }
    Str text = buffer_str(&buffer);
    /* What stands around the words as it is written is nothing; the blanks of a value are its own. */
    if (first && first->kind == NODE_TEXT) text = str_trim_start(text);
    if (last && last->kind == NODE_TEXT) text = str_trim_end(text);
    text = arena_copy(scope->arena, text);
    buffer_free(&buffer);
    return text;
}
