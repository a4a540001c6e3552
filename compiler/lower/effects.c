/* Effects: what the plan asks of the world becomes requests with JSON arguments, and what follows from their
 * outcome.
 *
 * A look gives its result, whatever it is. A change that did not succeed goes to the statement's else, or
 * fails the step; one of which nobody knows is asked about, done again, verified or taken as failed, as its
 * `on unknown` says. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

enum { LOOK_TIMEOUT = 30 * 1000, CHANGE_TIMEOUT = 5 * 60 * 1000, AGAIN_LIMIT = 2 };

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

/* ---- one effect, with retries ---- */

static Core *lower_once(Context *context, Node *node, const Effect *effect)
{
    switch (effect->form) {
    case EFFECT_FORM_COMMAND: return lower_command(context, node, effect);
    case EFFECT_FORM_HTTP: return lower_http(context, node, effect);
    case EFFECT_FORM_FN: return lower_effect_call(context, node, effect);
    case EFFECT_FORM_EXTERN: break;
    }
    return lower_native(context, &effect->call, effect->effect_class, node->span);
}

/* The pause times the growth, which may have a fraction. */
static Core *grown(Context *context, uint32_t pause, Node *growth)
{
    CoreProgram *core = context->lower->core;
    Core *exact = core_new(core, CORE_UNARY, simple_type(context->lower, TYPE_FLOAT), growth->span);
    exact->op = CORE_TO_FLOAT;
    exact->a = context_local(context, pause, growth->span);
    exact->a->type = simple_type(context->lower, TYPE_INT);
    Core *whole = core_new(core, CORE_BUILTIN, simple_type(context->lower, TYPE_DURATION), growth->span);
    whole->index = BUILTIN_FLOAT_ROUND;
    core_append(whole, build_binary(core, CORE_MUL, exact, lower_value(context, growth)));
    return whole;
}

/* Is there no use in trying again? What a server has refused for good is not asked for twice. */
static Core *is_final(Context *context, const Effect *effect, uint32_t result, Span span)
{
    CoreProgram *core = context->lower->core;
    if (effect->form == EFFECT_FORM_HTTP)
        return build_call(core, lower_prelude_function(context->lower, "http_is_final"), span,
                          context_local(context, result, span), NULL);
    return build_or(core, build_field(core, context_local(context, result, span), "ok"),
                    build_field(core, context_local(context, result, span), "unknown"));
}

/* The pause before the next attempt, which a server may ask to be longer. */
static Core *pause_after(Context *context, const Effect *effect, uint32_t result, Core *pause, Span span)
{
    if (effect->form != EFFECT_FORM_HTTP) return pause;
    return build_call(context->lower->core, lower_prelude_function(context->lower, "http_pause"), span,
                      context_local(context, result, span), pause, NULL);
}

/* `retry: 3, every: 10s, growth: 2`: tried again until it is ok, or unknown, or the attempts are over. */
static Core *lower_retried(Context *context, Node *node, const Effect *effect)
{
    CoreProgram *core = context->lower->core;
    Span span = node->span;
    const Type *integer = simple_type(context->lower, TYPE_INT);
    const Type *duration = simple_type(context->lower, TYPE_DURATION);
    Core *once = lower_once(context, node, effect);
    uint32_t result = context_temp(context, once->type), left = context_temp(context, integer);
    uint32_t pause = context_temp(context, duration);
    Core *sequence = core_new(core, CORE_SEQUENCE, once->type, span);
    core_append(sequence, build_set_local(core, left, lower_value(context, effect->options.retry)));
    core_append(sequence,
                build_set_local(core, pause,
                                effect->options.every ? lower_value(context, effect->options.every)
                                                      : build_int(core, TYPE_DURATION, 1000, span)));
    Core *round = build_block(core, span);
    core_append(round, build_set_local(core, result, once));
    Core *spent =
        build_binary(core, CORE_LE, context_local(context, left, span), build_int(core, TYPE_INT, 0, span));
    Core *over = build_or(core, is_final(context, effect, result, span), spent);
    core_append(round, build_if(core, over, build_break(core, 0, span), NULL));
    Core *fewer =
        build_binary(core, CORE_SUB, context_local(context, left, span), build_int(core, TYPE_INT, 1, span));
    core_append(round, build_set_local(core, left, fewer));
    Core *wait = core_new(core, CORE_WAIT, simple_type(context->lower, TYPE_BOOL), span);
    Core *length = context_local(context, pause, span);
    if (effect->options.jitter)
        length = build_choose(core, lower_value(context, effect->options.jitter),
                              build_call(core, lower_prelude_function(context->lower, "jittered"), span,
                                         length, context_local(context, left, span), NULL),
                              context_local(context, pause, span));
    wait->a = build_binary(core, CORE_ADD, build_now(core, span),
                           pause_after(context, effect, result, length, span));
    core_append(round, build_do(core, wait));
    if (effect->options.growth)
        core_append(round, build_set_local(core, pause, grown(context, pause, effect->options.growth)));
    core_append(sequence, build_loop(core, round));
    sequence->a = context_local(context, result, span);
    return sequence;
}

Core *lower_effect(Context *context, Node *node)
{
    const Effect *effect = node_effect(node);
    bool has_result = effect->form == EFFECT_FORM_COMMAND || effect->form == EFFECT_FORM_HTTP;
    if (effect->options.retry && has_result) return lower_retried(context, node, effect);
    return lower_once(context, node, effect);
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

/* ---- run ---- */

/* The result of a change that a person, or a condition, says was done. */
static void set_done(Context *context, Core *block, uint32_t result, Span span)
{
    CoreProgram *core = context->lower->core;
    const Type *type = context->function->locals.items[result].type;
    Core *done = core_new(core, CORE_WITH_FIELD, type, span);
    done->a = context_local(context, result, span);
    done->index = (uint32_t)type_field_index(type, STR("ok"));
    done->b = build_int(core, TYPE_BOOL, 1, span);
    core_append(block, build_set_local(core, result, done));
}

static Core *text_is(Context *context, uint32_t local, const char *text, Span span)
{
    CoreProgram *core = context->lower->core;
    return build_binary(core, CORE_EQ, context_local(context, local, span),
                        build_text(core, str_from_c(text), span));
}

/* In the loop of one change, where its outcome is unknown. `break` leaves the loop with the result as it is
 * then. */
static void lower_unknown(Context *context, Node *node, uint32_t result, uint32_t rounds)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    const Effect *effect = node_effect(node);
    Core *outer = context->block;
    Core *unknown = build_block(core, span);
    context->block = unknown;
    if (effect->on_unknown == ON_UNKNOWN_ASK) {
        uint32_t answer = context_temp(context, simple_type(lower, TYPE_STRING));
        /* One after the other: what is declared first stands first in the image, whatever compiler built
         * planc. */
        CoreFunction *ask = lower_prelude_function(lower, "ask_unknown");
        Core *words = lower_effect_words(context, node);
        Core *trouble = lower_effect_trouble(context, node, context_local(context, result, span));
        Core *asked = build_call(core, ask, span, words, trouble, NULL);
        context_add(context, build_set_local(core, answer, asked));
        Core *again = core_new(core, CORE_CONTINUE, NULL, span);
        context_add(context, build_if(core, text_is(context, answer, "again", span), again, NULL));
        Core *done = build_block(core, span);
        set_done(context, done, result, span);
        context_add(context, build_if(core, text_is(context, answer, "done", span), done, NULL));
    } else if (effect->on_unknown == ON_UNKNOWN_AGAIN) {
        Core *again = build_block(core, span);
        Core *more = build_binary(core, CORE_ADD, context_local(context, rounds, span),
                                  build_int(core, TYPE_INT, 1, span));
        core_append(again, build_set_local(core, rounds, more));
        core_append(again, core_new(core, CORE_CONTINUE, NULL, span));
        Core *may = build_binary(core, CORE_LT, context_local(context, rounds, span),
                                 build_int(core, TYPE_INT, AGAIN_LIMIT, span));
        context_add(context, build_if(core, may, again, NULL));
    } else if (effect->on_unknown == ON_UNKNOWN_VERIFY) {
        uint32_t met = context_temp(context, simple_type(lower, TYPE_BOOL));
        uint32_t reason = context_temp(context, simple_type(lower, TYPE_STRING));
        const Node *verify = effect->unknown_condition;
        AwaitLimits limits = {verify->verify.holds, verify->verify.within, verify->verify.every};
        lower_await(context, verify->verify.condition, limits, met, reason);
        Core *done = build_block(core, span);
        set_done(context, done, result, span);
        context_add(context, build_if(core, context_local(context, met, span), done, NULL));
    }
    context->block = outer;
    context_add(context, build_if(core, build_field(core, context_local(context, result, span), "unknown"),
                                  unknown, NULL));
}

/* In the loop of one change, where a policy holds it back until somebody says yes: then it is begun again. */
static void lower_held(Context *context, Node *node, uint32_t result)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = node->span;
    Core *held = build_field(core, context_local(context, result, span), "held");
    Core *names = build_field(core, context_local(context, result, span), "held_by");
    Core *trouble = lower_effect_trouble(context, node, context_local(context, result, span));
    Core *allowed = build_call(core, lower_prelude_function(lower, "policy_allows"), span,
                               build_value(core, held, "nothing is held"), trouble, names, NULL);
    Core *again = build_if(core, allowed, core_new(core, CORE_CONTINUE, NULL, span), NULL);
    Core *is_held = build_is_some(core, build_field(core, context_local(context, result, span), "held"));
    context_add(context, build_if(core, is_held, again, NULL));
}

/* A change that is one command or request. */
static void lower_run_plain(Context *context, Node *run, Node *effect, uint32_t result)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = run->span;
    uint32_t rounds = context_temp(context, simple_type(lower, TYPE_INT));
    context_add(context, build_set_local(core, rounds, build_int(core, TYPE_INT, 0, span)));
    Core *outer = context->block;
    Core *body = build_block(core, span);
    context->block = body;
    context_add(context, build_set_local(core, result, lower_effect(context, effect)));
    Core *ok = build_field(core, context_local(context, result, span), "ok");
    context_add(context, build_if(core, ok, build_break(core, 0, span), NULL));
    lower_held(context, effect, result);
    lower_unknown(context, effect, result, rounds);
    context_add(context, build_break(core, 0, span));
    context->block = outer;
    lower_counted(context, build_loop(core, body), span);
    Core *failed =
        run->run.has_else
            ? lower_block(context, run->run.otherwise)
            : build_fail(core, lower_effect_trouble(context, effect, context_local(context, result, span)));
    Core *bad = build_not(core, build_field(core, context_local(context, result, span), "ok"));
    context_add(context, build_if(core, bad, failed, NULL));
}

/* `retry: 2, every: 10s` of a function, which fails instead of giving a result: the whole of it is tried again. */
static Core *retried_call(Context *context, const Effect *effect, Core *doing, Span span)
{
    CoreProgram *core = context->lower->core;
    const EffectOptions *options = &effect->options;
    if (!options->retry) return doing;
    uint32_t left = context_temp(context, simple_type(context->lower, TYPE_INT));
    uint32_t pause = context_temp(context, simple_type(context->lower, TYPE_DURATION));
    uint32_t error = context_temp(context, simple_type(context->lower, TYPE_ERROR));
    context_add(context, build_set_local(core, left, lower_value(context, options->retry)));
    context_add(context, build_set_local(core, pause,
                                         options->every ? lower_value(context, options->every)
                                                        : build_int(core, TYPE_DURATION, 1000, span)));
    Core *trying = build_block(core, span), *again = build_block(core, span);
    core_append(trying, doing);
    core_append(trying, build_break(core, 0, span));
    Core *spent =
        build_binary(core, CORE_LE, context_local(context, left, span), build_int(core, TYPE_INT, 0, span));
    core_append(again, build_if(core, spent, build_raise(core, context->function, error, span), NULL));
    Core *fewer =
        build_binary(core, CORE_SUB, context_local(context, left, span), build_int(core, TYPE_INT, 1, span));
    core_append(again, build_set_local(core, left, fewer));
    Core *length = context_local(context, pause, span);
    if (options->jitter)
        length = build_choose(core, lower_value(context, options->jitter),
                              build_call(core, lower_prelude_function(context->lower, "jittered"), span,
                                         length, context_local(context, left, span), NULL),
                              context_local(context, pause, span));
    Core *wait = core_new(core, CORE_WAIT, simple_type(context->lower, TYPE_BOOL), span);
    wait->a = build_binary(core, CORE_ADD, build_now(core, span), length);
    core_append(again, build_do(core, wait));
    if (options->growth) core_append(again, build_set_local(core, pause, grown(context, pause, options->growth)));
    Core *round = build_block(core, span);
    core_append(round, build_try(core, trying, error, again, false));
    return build_loop(core, round);
}

/* A change that is a function: it fails as functions do. */
static void lower_run_call(Context *context, Node *run, Node *effect, uint32_t result, bool wants_result)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Core *value = node_effect(effect) ? lower_effect(context, effect) : lower_value(context, effect);
    Core *doing =
        wants_result
            ? build_set_local(core, result,
                              lower_convert(context, value, context->function->locals.items[result].type))
            : build_do(core, value);
    if (node_effect(effect)) doing = retried_call(context, node_effect(effect), doing, run->span);
    if (!run->run.has_else) {
        lower_counted(context, doing, run->span);
        return;
    }
    uint32_t error = context_temp(context, simple_type(lower, TYPE_ERROR));
    Core *outer = context->block, *trying = build_block(core, run->span);
    context->block = trying;
    lower_counted(context, doing, run->span);
    context->block = outer;
    context_add(context, build_try(core, trying, error, lower_block(context, run->run.otherwise), false));
}

void lower_run(Context *context, Node *run, uint32_t result, bool wants_result)
{
    Node *effect = run->run.effect;
    const Effect *note = node_effect(effect);
    lower_gated(context, run);
    if (note && (note->form == EFFECT_FORM_COMMAND || note->form == EFFECT_FORM_HTTP)) {
        const char *record = note->form == EFFECT_FORM_HTTP ? "Response" : "Result";
        if (!wants_result) result = context_temp(context, lower_record_type(context->lower, record));
        lower_run_plain(context, run, effect, result);
    } else {
        lower_run_call(context, run, effect, result, wants_result);
    }
}
