/* Effects: what the plan asks of the world becomes requests with JSON arguments, whose result, whatever it is, is their
 * value. What follows from the outcome of a change is in changes.c. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

enum { LOOK_TIMEOUT = 30 * 1000, CHANGE_TIMEOUT = 5 * 60 * 1000 };

static Core *null_json(Context *context, Span span)
{
    CoreProgram *core = context->lower->core;
    return build_to_json(
        core, build_none(core, type_optional(core->types, simple_type(context->lower, TYPE_STRING)), span));
}

static Core *value_or_null(Context *context, Node *node, Span span)
{
    return node ? build_to_json(context->lower->core, lower_value(context, node)) : null_json(context, span);
}

static Core *timeout_of(Context *context, const Effect *effect, Span span)
{
    if (effect->options.timeout) return lower_value(context, effect->options.timeout);
    int64_t limit = effect->effect_class == EFFECT_CHANGE ? CHANGE_TIMEOUT : LOOK_TIMEOUT;
    return build_int(context->lower->core, TYPE_DURATION, limit, span);
}

static Core *on_unknown_text(Context *context, const Effect *effect, Span span)
{
    static const char *const names[] = {"ask", "again", "fail", "verify"};
    return build_text(context->lower->core, str_from_c(names[effect->on_unknown]), span);
}

static Core *effect_request(Context *context, const char *op, const Effect *effect, Core *args,
                            const char *record, Span span)
{
    Core *request =
        core_new(context->lower->core, CORE_EFFECT, lower_record_type(context->lower, record), span);
    request->text = str_from_c(op);
    request->index = (uint32_t)effect->effect_class;
    request->a = args;
    return request;
}

/* ---- looks whose output is a secret ---- */

/* The name by which the world is to know it: a local that with_handle sets. */
static Core *secret_name(Context *context, const Effect *effect, uint32_t *name, Span span)
{
    if (!effect->options.secret) return build_text(context->lower->core, STR(""), span);
    *name = context_temp(context, simple_type(context->lower, TYPE_STRING));
    return context_local(context, *name, span);
}

/* The world gives no output then: the handle stands in its place. */
static Core *with_handle(Context *context, Core *request, uint32_t name, const char *field, Span span)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    uint32_t result = context_temp(context, request->type);
    Core *sequence = core_new(core, CORE_SEQUENCE, request->type, span);
    Core *chosen = build_call(core, lower_prelude_function(lower, "new_secret"), span, build_text(core, STR("look"), span), NULL);
    core_append(sequence, build_set_local(core, name, chosen));
    core_append(sequence, build_set_local(core, result, request));
    Core *handle = build_call(core, lower_prelude_function(lower, "secret_handle"), span, context_local(context, name, span), NULL);
    Core *shown = core_new(core, CORE_WITH_FIELD, request->type, span);
    shown->a = context_local(context, result, span);
    shown->index = (uint32_t)type_field_index(request->type, str_from_c(field));
    shown->b = build_choose(core, build_field(core, context_local(context, result, span), "ok"), handle,
                            build_text(core, STR(""), span));
    sequence->a = shown;
    return sequence;
}

/* ---- commands ---- */

static Core *word_text(Context *context, const CommandWord *word)
{
    CoreProgram *core = context->lower->core;
    Core *text = core_new(core, CORE_CONCAT, simple_type(context->lower, TYPE_STRING), word->span);
    for (size_t i = 0; i < word->part_count; i++) {
        const CommandPart *part = &word->parts[i];
        core_append(text, part->expr ? lower_text_of(context, lower_value(context, part->expr), word->span)
                                     : build_text(core, part->text, word->span));
    }
    bool may_vanish = !word->may_be_empty && word->part_count == 1 && word->parts[0].expr;
    if (!may_vanish) return text;
    return build_call(core, lower_prelude_function(context->lower, "whole_word"), word->span, text, NULL);
}

/* The words as [string]; a spread word is as many as its list has. */
static Core *command_words(Context *context, const Command *command, Span span)
{
    CoreProgram *core = context->lower->core;
    const Type *strings = type_list(core->types, simple_type(context->lower, TYPE_STRING));
    Core *words = core_new(core, CORE_LIST, strings, span);
    for (size_t i = 0; i < command->word_count; i++) {
        const CommandWord *word = &command->words[i];
        if (word->part_count == 1 && word->parts[0].spread) {
            Core *longer = core_new(core, CORE_BUILTIN, strings, span);
            longer->index = BUILTIN_LIST_CONCAT;
            core_append(longer, words);
            core_append(longer, lower_value(context, word->parts[0].expr));
            words = longer;
        } else if (words->kind == CORE_LIST) {
            core_append(words, word_text(context, word));
        } else {
            Core *longer = core_new(core, CORE_APPEND, strings, span);
            longer->a = words;
            longer->b = word_text(context, word);
            words = longer;
        }
    }
    return words;
}

static Core *script_values(Context *context, const Command *command, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *values =
        core_new(core, CORE_LIST, type_list(core->types, simple_type(context->lower, TYPE_STRING)), span);
    for (size_t i = 0; i < command->value_count; i++)
        core_append(values, lower_text_of(context, lower_value(context, command->values[i]), span));
    if (!command->spread) return values;
    Core *all = core_new(core, CORE_BUILTIN, values->type, span);
    all->index = BUILTIN_LIST_CONCAT;
    core_append(all, values);
    core_append(all, lower_value(context, command->spread));
    return all;
}

/* ssh("db1.example.com", user: "ops") */
static Core *host_of(Context *context, const Effect *effect, Span span)
{
    CoreProgram *core = context->lower->core;
    if (!effect->host) return null_json(context, span);
    Core *address = null_json(context, span), *user = null_json(context, span);
    Node *value = effect->host->decl->host.value;
    if (value->kind == NODE_CALL)
        for
            node_each(arg, value->call.args)
            {
                Core *given = build_to_json(core, lower_value(context, arg->arg.value));
                if (str_equal_c(arg->arg.name, "user"))
                    user = given;
                else
                    address = given;
            }
    return build_object(core, span, "name", build_text(core, effect->host->name, span), "address", address,
                        "user", user, NULL);
}

static Core *lower_command(Context *context, Node *node, const Effect *effect)
{
    CoreProgram *core = context->lower->core;
    Span span = node->span;
    const Command *command = &effect->command;
    const EffectOptions *options = &effect->options;
    Core *args = core_new(core, CORE_OBJECT, simple_type(context->lower, TYPE_JSON), span);
    uint32_t name = 0;
    Core *first = command->is_script
                      ? build_object(core, span, "sh", build_text(core, command->script, span), "params",
                                     script_values(context, command, span), NULL)
                      : build_object(core, span, "argv", command_words(context, command, span), NULL);
    Core *rest = build_object(
        core, span, "host", host_of(context, effect, span), "dir", value_or_null(context, options->dir, span),
        "env", value_or_null(context, options->env, span), "input",
        value_or_null(context, options->input, span), "user", value_or_null(context, options->user, span),
        "timeout", timeout_of(context, effect, span), "on_unknown", on_unknown_text(context, effect, span),
        "secret", secret_name(context, effect, &name, span), NULL);
    for (Core *item = first->list.first, *next; item; item = next) {
        next = item->next;
        item->next = NULL;
        core_append(args, item);
    }
    for (Core *item = rest->list.first, *next; item; item = next) {
        next = item->next;
        item->next = NULL;
        core_append(args, item);
    }
    Core *request = effect_request(context, "command", effect, args, "Result", span);
    return options->secret ? with_handle(context, request, name, "out", span) : request;
}

/* ---- HTTP ---- */

static Core *write_json(Context *context, Core *value)
{
    Core *text =
        core_new(context->lower->core, CORE_BUILTIN, simple_type(context->lower, TYPE_STRING), value->span);
    text->index = BUILTIN_JSON_WRITE;
    core_append(text, build_to_json(context->lower->core, value));
    return text;
}

/* headers, with what the body and the authentication add. */
static Core *http_headers(Context *context, const HttpRequest *http, Span span)
{
    CoreProgram *core = context->lower->core;
    const Type *strings = type_map(core->types, simple_type(context->lower, TYPE_STRING));
    Core *headers =
        http->headers ? lower_value(context, http->headers) : core_new(core, CORE_MAP, strings, span);
    const char *content = http->json   ? "application/json"
                          : http->form ? "application/x-www-form-urlencoded"
                                       : NULL;
    if (content) {
        Core *more = core_new(core, CORE_WITH_ITEM, headers->type, span);
        more->a = headers;
        more->b = build_text(core, STR("Content-Type"), span);
        more->c = build_text(core, str_from_c(content), span);
        headers = more;
    }
    if (http->bearer) {
        Core *value = core_new(core, CORE_CONCAT, simple_type(context->lower, TYPE_STRING), span);
        core_append(value, build_text(core, STR("Bearer "), span));
        core_append(value, lower_value(context, http->bearer));
        Core *more = core_new(core, CORE_WITH_ITEM, headers->type, span);
        more->a = headers;
        more->b = build_text(core, STR("Authorization"), span);
        more->c = value;
        headers = more;
    }
    return headers;
}

static Core *http_body(Context *context, const HttpRequest *http, Span span)
{
    CoreProgram *core = context->lower->core;
    if (http->json) return write_json(context, lower_value(context, http->json));
    if (http->form)
        return build_call(core, lower_prelude_function(context->lower, "form_body"), span,
                          lower_value(context, http->form), NULL);
    return value_or_null(context, http->body, span);
}

/* The URL, with what `query` adds to it. */
static Core *http_url(Context *context, const HttpRequest *http, Span span)
{
    Core *url = lower_text_of(context, lower_value(context, http->url), span);
    if (!http->query) return url;
    return build_call(context->lower->core, lower_prelude_function(context->lower, "with_query"), span, url,
                      lower_value(context, http->query), NULL);
}

/* What only few requests say stands in the arguments only then. */
static void add_if_said(Context *context, Core *args, const char *name, Node *value, Span span)
{
    CoreProgram *core = context->lower->core;
    if (!value) return;
    core_append(args, build_text(core, str_from_c(name), span));
    core_append(args, build_to_json(core, lower_value(context, value)));
}

static Core *lower_http(Context *context, Node *node, const Effect *effect)
{
    CoreProgram *core = context->lower->core;
    Span span = node->span;
    const HttpRequest *http = &effect->http;
    uint32_t name = 0;
    Core *args = build_object(
        core, span, "method", build_text(core, http->method, span), "url", http_url(context, http, span),
        "headers", http_headers(context, http, span), "body", http_body(context, http, span), "basic",
        value_or_null(context, http->basic, span), "hmac", value_or_null(context, http->hmac, span),
        "timeout", timeout_of(context, effect, span), "on_unknown", on_unknown_text(context, effect, span),
        "secret", secret_name(context, effect, &name, span), NULL);
    add_if_said(context, args, "ca", http->ca, span);
    add_if_said(context, args, "cert", http->cert, span);
    add_if_said(context, args, "key", http->key, span);
    add_if_said(context, args, "proxy", http->proxy, span);
    add_if_said(context, args, "connect_timeout", http->connect_timeout, span);
    Core *request = effect_request(context, "http", effect, args, "Response", span);
    return effect->options.secret ? with_handle(context, request, name, "body", span) : request;
}

/* ---- effect fn ---- */

/* The arguments as JSON, for journal and drills; secrets stay handles. */
static Core *call_args(Context *context, const Call *call, const uint32_t *locals, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *args = core_new(core, CORE_OBJECT, simple_type(context->lower, TYPE_JSON), span);
    for (size_t i = 0; i < call->arg_count; i++) {
        if (call->symbol->params[i]->type->kind == TYPE_FN) continue;
        core_append(args, build_text(core, call->symbol->params[i]->name, span));
        core_append(args, build_to_json(core, context_local(context, locals[i], span)));
    }
    return args;
}

Str lower_qualified_name(Lower *lower, const Symbol *symbol)
{
    if (!symbol->module || symbol->module == lower->program->root) return symbol->name;
    return arena_printf(lower->arena, "%.*s.%.*s", STR_ARG(symbol->module->short_name),
                        STR_ARG(symbol->name));
}

/* The answer of a drill in place of the function's own result. */
static Core *mocked_value(Context *context, uint32_t answer, const Type *type, Span span)
{
    CoreProgram *core = context->lower->core;
    Core *said = context_local(context, answer, span);
    if (type == lower_record_type(context->lower, "Delivery"))
        return build_call(core, lower_prelude_function(context->lower, "delivery_of"), span, said, NULL);
    return build_call(core, lower_prelude_function(context->lower, "mocked"), span, said, NULL);
}

/* `run f(x)`: one effect to journal and drills; the world says whether the body is to run. */
static Core *lower_effect_call(Context *context, Node *node, const Effect *effect)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    const Call *call = &effect->call;
    const Type *type = call->symbol->result;
    if (!call->symbol->is_effect) return lower_call(context, node, &node_effect(node)->call);
    Core *sequence = core_new(core, CORE_SEQUENCE, type, span);
    uint32_t *locals = arena_array(lower->arena, uint32_t, call->arg_count + 1);
    Core *body = core_new(core, CORE_CALL, type, span);
    body->function = lower_fn_symbol(lower, call->symbol);
    for (size_t i = 0; i < call->arg_count; i++) {
        Symbol *param = call->symbol->params[i];
        Node *arg = call->args[i] ? call->args[i] : param->decl->parameter.value;
        locals[i] = context_temp(context, param->type);
        core_append(
            sequence,
            build_set_local(core, locals[i], lower_convert(context, lower_value(context, arg), param->type)));
        core_append(body, context_local(context, locals[i], span));
    }
    uint32_t answer = context_temp(context, simple_type(lower, TYPE_JSON));
    Core *request = core_new(core, CORE_EFFECT, simple_type(lower, TYPE_JSON), span);
    request->text = STR("call");
    request->index = (uint32_t)effect->effect_class;
    request->a =
        build_object(core, span, "fn", build_text(core, lower_qualified_name(lower, call->symbol), span),
                     "args", call_args(context, call, locals, span), NULL);
    core_append(sequence, build_set_local(core, answer, request));
    Core *runs = build_call(core, lower_prelude_function(lower, "runs_body"), span,
                            context_local(context, answer, span), NULL);
    if (type->kind == TYPE_UNIT) {
        core_append(sequence, build_if(core, runs, build_do(core, body),
                                       build_do(core, mocked_value(context, answer, type, span))));
        return sequence;
    }
    Core *mocked = mocked_value(context, answer, type, span);
    if (mocked->type != type) {
        Core *cast = core_new(core, CORE_FROM_JSON, type, span);
        cast->a = mocked;
        mocked = cast;
    }
    sequence->a = build_choose(core, runs, body, mocked);
    sequence->a->type = type;
    return sequence;
}

/* ---- one effect ---- */

Core *lower_effect_once(Context *context, Node *node)
{
    const Effect *effect = node_effect(node);
    switch (effect->form) {
    case EFFECT_FORM_COMMAND: return lower_command(context, node, effect);
    case EFFECT_FORM_HTTP: return lower_http(context, node, effect);
    case EFFECT_FORM_FN: return lower_effect_call(context, node, effect);
    case EFFECT_FORM_EXTERN: break;
    }
    return lower_native(context, &effect->call, effect->effect_class, node->span);
}

Core *lower_effect(Context *context, Node *node)
{
    const Effect *effect = node_effect(node);
    bool has_result = effect->form == EFFECT_FORM_COMMAND || effect->form == EFFECT_FORM_HTTP;
    if (effect->options.retry && has_result) return lower_retried(context, node);
    return lower_effect_once(context, node);
}

/* ---- what is said of an effect ---- */

/* The effect in words, with its values: `kubectl get pods -n prod`, GET http://… */
Core *lower_effect_words(Context *context, Node *node)
{
    CoreProgram *core = context->lower->core;
    const Effect *effect = node_effect(node);
    Span span = node->span;
    Core *text = core_new(core, CORE_CONCAT, simple_type(context->lower, TYPE_STRING), span);
    if (effect->form == EFFECT_FORM_COMMAND && !effect->command.is_script) {
        Core *join = core_new(core, CORE_BUILTIN, simple_type(context->lower, TYPE_STRING), span);
        join->index = BUILTIN_LIST_JOIN;
        core_append(join, command_words(context, &effect->command, span));
        core_append(join, build_text(core, STR(" "), span));
        core_append(text, build_text(core, STR("`"), span));
        core_append(text, join);
        core_append(text, build_text(core, STR("`"), span));
    } else if (effect->form == EFFECT_FORM_HTTP && effect->http.url->type->kind != TYPE_SECRET) {
        core_append(
            text, build_text(core, arena_printf(context->lower->arena, "%.*s ", STR_ARG(effect->http.method)),
                             span));
        core_append(text, lower_text_of(context, lower_value(context, effect->http.url), span));
    } else {
        core_append(text, build_text(core, lower_source(context->lower, span), span));
    }
    return text;
}

Core *lower_effect_trouble(Context *context, Node *node, Core *result)
{
    Lower *lower = context->lower;
    bool is_http = node_effect(node)->form == EFFECT_FORM_HTTP;
    return build_call(lower->core,
                      lower_prelude_function(lower, is_http ? "http_trouble" : "command_trouble"), node->span,
                      lower_effect_words(context, node), result, NULL);
}
