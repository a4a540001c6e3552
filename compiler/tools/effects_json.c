/* `planc effects --json`: the document that effects.h describes. */
#include "compiler/tools/effects.h"

#include "compiler/tools/effects_parts.h"

static void text_at(Telling *telling, const char *key, Str text)
{
    out_key(&telling->json, key);
    if (text.len)
        out_text(&telling->json, text);
    else
        out_null(&telling->json);
}

static void flag_at(Telling *telling, const char *key, bool value)
{
    out_key(&telling->json, key);
    out_bool(&telling->json, value);
}

static void place_at(Telling *telling, Span span)
{
    const SourceFile *file = source_file(telling->program->sources, span.file);
    text_at(telling, "file", file ? file->path : (Str){0});
    out_int_at(&telling->json, "line", file ? source_place(file, span.start).line : 0);
}

static Str words_or_none(Telling *telling, const Node *node)
{
    return node ? words_of(telling, node) : (Str){0};
}

static void write_names(Telling *telling, const Touch *touch)
{
    out_key(&telling->json, "secrets");
    out_open(&telling->json, '[');
    for (size_t i = 0; i < touch->secrets.count; i++)
        out_text(&telling->json, touch->secrets.items[i]->name);
    out_close(&telling->json, ']');
    out_key(&telling->json, "through");
    out_open(&telling->json, '[');
    for (const Through *at = touch->through; at; at = at->outer)
        out_text(&telling->json, at->fn->name);
    out_close(&telling->json, ']');
}

static void write_effect(Telling *telling, const Touch *touch)
{
    static const char *const ops[] = {[EFFECT_FORM_COMMAND] = "command",
                                      [EFFECT_FORM_HTTP] = "http",
                                      [EFFECT_FORM_FN] = "call",
                                      [EFFECT_FORM_EXTERN] = "native"};
    const Effect *effect = touch->effect;
    bool is_http = effect->form == EFFECT_FORM_HTTP, is_command = effect->form == EFFECT_FORM_COMMAND;
    out_open(&telling->json, '{');
    out_text_at(&telling->json, "op", str_from_c(ops[effect->form]));
    out_text_at(&telling->json, "text", touch_text(telling, touch));
    text_at(telling, "program", is_command ? effect->command.program : (Str){0});
    flag_at(telling, "script", is_command && effect->command.is_script);
    text_at(telling, "host", effect->host ? effect->host->name : (Str){0});
    text_at(telling, "method", is_http ? effect->http.method : (Str){0});
    text_at(telling, "url", is_http ? url_written(telling, effect) : (Str){0});
    text_at(telling, "url_by_default", is_http ? url_by_default(telling, touch) : (Str){0});
    text_at(telling, "dir", words_or_none(telling, effect->options.dir));
    text_at(telling, "user", words_or_none(telling, effect->options.user));
    write_names(telling, touch);
    flag_at(telling, "on_word", touch->on_word);
    place_at(telling, touch->node->span);
    out_close(&telling->json, '}');
}

static void write_effects(Telling *telling, const TouchGroup *group, const char *key, bool changes)
{
    out_key(&telling->json, key);
    out_open(&telling->json, '[');
    for (size_t i = 0; i < group->touches.count; i++) {
        const Touch *touch = &group->touches.items[i];
        if (touch->effect && touch->is_change == changes) write_effect(telling, touch);
    }
    out_close(&telling->json, ']');
}

static void write_people(Telling *telling, const TouchGroup *group)
{
    out_key(&telling->json, "people");
    out_open(&telling->json, '[');
    for (size_t i = 0; i < group->touches.count; i++) {
        const Touch *touch = &group->touches.items[i];
        if (touch->effect) continue;
        out_open(&telling->json, '{');
        out_text_at(&telling->json, "do", str_from_c(deed_of(touch)));
        text_at(telling, "who", touch->who ? touch->who->name : (Str){0});
        out_text_at(&telling->json, "text", words_of(telling, touch->node));
        place_at(telling, touch->node->span);
        out_close(&telling->json, '}');
    }
    out_close(&telling->json, ']');
}

static void write_group(Telling *telling, const TouchGroup *group)
{
    static const char *const kinds[] = {"step", "remedy", "beside", "ladder", "severity", "channel"};
    out_open(&telling->json, '{');
    text_at(telling, "name", group_name(telling, group));
    out_text_at(&telling->json, "kind", str_from_c(kinds[group->kind]));
    text_at(telling, "phase", group->phase ? title_of(telling, group->phase->phase.title) : (Str){0});
    if (group->kind == GROUP_CHANNEL)
        text_at(telling, "provider", words_or_none(telling, group->node->channel.providers.first));
    place_at(telling, group->node->span);
    write_effects(telling, group, "looks", false);
    write_effects(telling, group, "changes", true);
    write_people(telling, group);
    out_close(&telling->json, '}');
}

static void write_plan(Telling *telling, const Symbol *plan)
{
    out_open(&telling->json, '{');
    out_text_at(&telling->json, "name", plan->name);
    text_at(telling, "title", title_of(telling, plan->decl->plan.title));
    out_key(&telling->json, "steps");
    out_open(&telling->json, '[');
    for (size_t i = 0; i < telling->list.groups.count; i++)
        if (telling->list.groups.items[i]->plan == plan) write_group(telling, telling->list.groups.items[i]);
    out_close(&telling->json, ']');
    out_close(&telling->json, '}');
}

static void write_kind(Telling *telling, const char *key, GroupKind kind)
{
    out_key(&telling->json, key);
    out_open(&telling->json, '[');
    for (size_t i = 0; i < telling->list.groups.count; i++)
        if (telling->list.groups.items[i]->kind == kind) write_group(telling, telling->list.groups.items[i]);
    out_close(&telling->json, ']');
}

static void write_list(Telling *telling, const char *key, const StrList *list)
{
    out_key(&telling->json, key);
    out_open(&telling->json, '[');
    for (size_t i = 0; i < list->count; i++)
        out_text(&telling->json, list->items[i]);
    out_close(&telling->json, ']');
}

static void write_secrets(Telling *telling)
{
    out_key(&telling->json, "secrets");
    out_open(&telling->json, '[');
    for (size_t i = 0; i < telling->program->secrets.count; i++) {
        const Symbol *secret = telling->program->secrets.items[i];
        out_open(&telling->json, '{');
        out_text_at(&telling->json, "name", secret->name);
        out_text_at(&telling->json, "from", str_from_c(op_text_SecretSource(secret->decl->secret.source)));
        text_at(telling, "value", title_of(telling, secret->decl->secret.value));
        out_close(&telling->json, '}');
    }
    out_close(&telling->json, ']');
}

void effects_json(const Program *program, Arena *arena, Buffer *out)
{
    Telling telling = telling_new(program, arena, out);
    EffectsSum sum = effects_sum(&telling);
    out_open(&telling.json, '{');
    out_key(&telling.json, "plans");
    out_open(&telling.json, '[');
    for (size_t i = 0; i < program->plans.count; i++)
        write_plan(&telling, program->plans.items[i]);
    out_close(&telling.json, ']');
    write_kind(&telling, "ladders", GROUP_LADDER);
    write_kind(&telling, "severities", GROUP_SEVERITY);
    write_kind(&telling, "channels", GROUP_CHANNEL);
    out_key(&telling.json, "together");
    out_open(&telling.json, '{');
    write_list(&telling, "programs", &sum.programs);
    write_list(&telling, "hosts", &sum.hosts);
    write_list(&telling, "urls", &sum.urls);
    write_list(&telling, "channels", &sum.channels);
    write_list(&telling, "people", &sum.people);
    write_secrets(&telling);
    write_list(&telling, "files", &sum.files);
    write_list(&telling, "native", &sum.native);
    out_close(&telling.json, '}');
    out_close(&telling.json, '}');
    buffer_add_char(out, '\n');
    effects_sum_free(&sum);
    telling_free(&telling);
}
