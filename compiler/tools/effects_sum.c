/* The words of what a plan touches, and what all of it comes to (see effects_parts.h). */
#include "compiler/tools/effects_parts.h"

#include "compiler/tools/words.h"

#include <stdlib.h>
#include <string.h>

Telling telling_new(const Program *program, Arena *arena, Buffer *out)
{
    Telling telling = {.program = program,
                       .arena = arena,
                       .scope = {.program = program, .arena = arena},
                       .json = {.buffer = out},
                       .out = out};
    touches_find(&telling.list, program, arena);
    return telling;
}

void telling_free(Telling *telling)
{
    touches_free(&telling->list);
}

/* ---- words ---- */

Str words_of(Telling *telling, const Node *node)
{
    return source_words(telling->arena, telling->program->sources, node->span);
}

static Str without_quotes(Str text)
{
    bool quoted = text.len > 1 && text.data[0] == '"' && text.data[text.len - 1] == '"';
    return quoted ? str_slice(text, 1, text.len - 1) : text;
}

Str url_written(Telling *telling, const Effect *effect)
{
    return effect->http.url ? without_quotes(words_of(telling, effect->http.url)) : (Str){0};
}

static void write_known(Telling *telling, const Node *node, const Through *through, Buffer *out);

/* What the function was called with for its parameter; NULL: it is none of its parameters, or was left out.
 */
static const Node *argument_of(const Through *through, const Symbol *symbol)
{
    for (size_t i = 0; through && i < through->fn->param_count && i < through->call->arg_count; i++)
        if (through->fn->params[i] == symbol) return through->call->args[i];
    return NULL;
}

/* The default that a parameter of the function has; NULL: none. */
static const Node *default_of(const Through *through, const Symbol *symbol)
{
    for (size_t i = 0; through && i < through->fn->param_count; i++) {
        if (through->fn->params[i] != symbol) continue;
        return symbol->decl && symbol->decl->kind == NODE_PARAMETER ? symbol->decl->parameter.value : NULL;
    }
    return NULL;
}

static void write_value(Telling *telling, const Node *value, const Through *through, Buffer *out)
{
    const Symbol *symbol = value->kind == NODE_NAME || value->kind == NODE_MEMBER ? value->symbol : NULL;
    const Node *argument = symbol ? argument_of(through, symbol) : NULL;
    const Node *otherwise = symbol && !argument ? default_of(through, symbol) : NULL;
    if (argument) {
        write_known(telling, argument, through->outer, out);
    } else if (otherwise) {
        write_known(telling, otherwise, NULL, out);
    } else {
        telling->scope.unknown = false;
        Str text = constant_text(&telling->scope, value);
        bool is_secret = symbol && symbol->kind == SYMBOL_SECRET;
        if (!telling->scope.unknown && text.len && !is_secret)
            buffer_add_str(out, text);
        else
            buffer_printf(out, "${%.*s}", STR_ARG(words_of(telling, value)));
    }
}

static void write_known(Telling *telling, const Node *node, const Through *through, Buffer *out)
{
    if (node->kind != NODE_STRING) {
        write_value(telling, node, through, out);
        return;
    }
    for
        node_each(part, node->string.parts)
        {
            if (part->kind == NODE_TEXT) buffer_add_str(out, part->text.text);
            if (part->kind == NODE_INTERP) write_known(telling, part->interp.value, through, out);
        }
}

Str url_by_default(Telling *telling, const Touch *touch)
{
    Buffer text = {0};
    if (touch->effect->http.url) write_known(telling, touch->effect->http.url, touch->through, &text);
    Str copy = arena_copy(telling->arena, buffer_str(&text));
    buffer_free(&text);
    return copy;
}

Str title_of(Telling *telling, const Node *title)
{
    return title ? without_quotes(words_of(telling, title)) : (Str){0};
}

Str group_name(Telling *telling, const TouchGroup *group)
{
    if (group->kind == GROUP_STEP) return title_of(telling, group->node->step.title);
    if (group->kind == GROUP_REMEDY) return title_of(telling, group->node->remedy.title);
    return group->symbol ? group->symbol->name : (Str){0};
}

Str touch_text(Telling *telling, const Touch *touch)
{
    if (!touch->effect || touch->effect->form != EFFECT_FORM_HTTP) return words_of(telling, touch->node);
    return arena_printf(telling->arena, "%.*s %.*s", STR_ARG(touch->effect->http.method),
                        STR_ARG(url_written(telling, touch->effect)));
}

const char *deed_of(const Touch *touch)
{
    switch (touch->kind) {
    case TOUCH_NOTIFY: return "notify";
    case TOUCH_PAGE: return "page";
    case TOUCH_UPDATE: return "update";
    case TOUCH_FOLLOW: return "follow";
    case TOUCH_ASK:
    case TOUCH_EFFECT: break;
    }
    return "ask";
}

/* ---- what it comes to ---- */

static void add_once(StrList *list, Str text)
{
    if (!text.len) return;
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->items[i], text)) return;
    vec_push(list, text);
}

/* "http://host:port" of a URL; without a scheme: up to its first slash. */
static Str origin_of(Str url)
{
    ptrdiff_t scheme = str_find(url, STR("://"));
    size_t from = scheme < 0 ? 0 : (size_t)scheme + 3;
    const char *slash = from < url.len ? memchr(url.data + from, '/', url.len - from) : NULL;
    return slash ? str_slice(url, 0, (size_t)(slash - url.data)) : url;
}

static void add_command(Telling *telling, EffectsSum *sum, const Effect *effect)
{
    Str program = effect->command.is_script ? STR("sh") : effect->command.program;
    if (!program.len) program = STR("(a program that only the run knows)");
    if (effect->host)
        program = arena_printf(telling->arena, "%.*s on %.*s", STR_ARG(program), STR_ARG(effect->host->name));
    add_once(&sum->programs, program);
}

static void add_effect(Telling *telling, EffectsSum *sum, const Touch *touch)
{
    const Effect *effect = touch->effect;
    if (effect->form == EFFECT_FORM_COMMAND) add_command(telling, sum, effect);
    if (effect->form == EFFECT_FORM_HTTP) add_once(&sum->urls, origin_of(url_by_default(telling, touch)));
    if (effect->form == EFFECT_FORM_EXTERN && effect->call.symbol)
        add_once(&sum->native, effect->call.symbol->name);
    if (effect->host) add_once(&sum->hosts, effect->host->name);
    if (effect->options.dir) add_once(&sum->files, without_quotes(words_of(telling, effect->options.dir)));
    for (size_t i = 0; i < touch->secrets.count; i++)
        add_once(&sum->secrets, touch->secrets.items[i]->name);
}

EffectsSum effects_sum(Telling *telling)
{
    EffectsSum sum = {0};
    for (size_t i = 0; i < telling->list.groups.count; i++) {
        const TouchGroup *group = telling->list.groups.items[i];
        if (group->kind == GROUP_CHANNEL) add_once(&sum.channels, group->symbol->name);
        for (size_t j = 0; j < group->touches.count; j++) {
            const Touch *touch = &group->touches.items[j];
            if (touch->effect)
                add_effect(telling, &sum, touch);
            else if (touch->who && touch->kind != TOUCH_FOLLOW && touch->who->kind != SYMBOL_CHANNEL)
                add_once(&sum.people, touch->who->name);
        }
    }
    for (size_t i = 0; i < telling->program->secrets.count; i++) {
        const Symbol *secret = telling->program->secrets.items[i];
        add_once(&sum.secrets, secret->name);
        if (secret->decl->secret.source == SECRET_FILE && secret->decl->secret.value)
            add_once(&sum.files, without_quotes(words_of(telling, secret->decl->secret.value)));
        const Command *command = secret->decl->secret.value ? node_command(secret->decl->secret.value) : NULL;
        if (command) add_once(&sum.programs, command->is_script ? STR("sh") : command->program);
    }
    return sum;
}

void effects_sum_free(EffectsSum *sum)
{
    StrList *const lists[] = {&sum->programs, &sum->hosts,   &sum->urls,  &sum->channels,
                              &sum->people,   &sum->secrets, &sum->files, &sum->native};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        vec_free(lists[i]);
}
