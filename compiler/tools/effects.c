/* `planc effects` as text (see effects.h). */
#include "compiler/tools/effects.h"

#include "compiler/tools/effects_parts.h"

static unsigned line_of(const Telling *telling, Span span)
{
    const SourceFile *file = source_file(telling->program->sources, span.file);
    return file ? source_place(file, span.start).line : 0;
}

static void write_effect(Telling *telling, const Touch *touch)
{
    Buffer *out = telling->out;
    const Effect *effect = touch->effect;
    buffer_printf(out, "      %s  %.*s", touch->is_change ? "changes" : "looks  ",
                  STR_ARG(touch_text(telling, touch)));
    if (effect->form == EFFECT_FORM_HTTP) {
        Str known = url_by_default(telling, touch);
        if (!str_equal(known, url_written(telling, effect)))
            buffer_printf(out, ", by default %.*s", STR_ARG(known));
    }
    const EffectOptions *options = &effect->options;
    if (options->dir) buffer_printf(out, ", in %.*s", STR_ARG(words_of(telling, options->dir)));
    if (options->user) buffer_printf(out, ", as user %.*s", STR_ARG(words_of(telling, options->user)));
    for (size_t i = 0; i < touch->secrets.count; i++)
        buffer_printf(out, ", secret %.*s", STR_ARG(touch->secrets.items[i]->name));
    for (const Through *at = touch->through; at; at = at->outer)
        buffer_printf(out, ", through %.*s", STR_ARG(at->fn->name));
    if (touch->on_word) buffer_add_c(out, ", on the author's word");
    buffer_add_char(out, '\n');
}

static void write_person(Telling *telling, const Touch *touch)
{
    const char *does = touch->kind == TOUCH_ASK      ? "asks   "
                       : touch->kind == TOUCH_FOLLOW ? "follows"
                                                     : "tells  ";
    buffer_printf(telling->out, "      %s  %.*s\n", does, STR_ARG(words_of(telling, touch->node)));
}

/* A statement with several targets is one line. */
static bool is_same_line(const TouchGroup *group, size_t i)
{
    return i > 0 && !group->touches.items[i].effect &&
           group->touches.items[i - 1].node == group->touches.items[i].node;
}

static void write_touches(Telling *telling, const TouchGroup *group)
{
    for (int changes = 0; changes < 2; changes++)
        for (size_t i = 0; i < group->touches.count; i++) {
            const Touch *touch = &group->touches.items[i];
            if (touch->effect && touch->is_change == (changes == 1)) write_effect(telling, touch);
        }
    for (size_t i = 0; i < group->touches.count; i++)
        if (!group->touches.items[i].effect && !is_same_line(group, i))
            write_person(telling, &group->touches.items[i]);
    if (group->touches.count == 0) buffer_add_c(telling->out, "      nothing\n");
}

static void write_group(Telling *telling, const TouchGroup *group)
{
    static const char *const kinds[] = {"step",   "remedy",   "beside the steps",
                                        "ladder", "severity", "channel"};
    Str name = group_name(telling, group);
    bool titled = group->kind == GROUP_STEP || group->kind == GROUP_REMEDY;
    buffer_printf(telling->out, "    %s", kinds[group->kind]);
    if (name.len) buffer_printf(telling->out, titled ? " \"%.*s\"" : " %.*s", STR_ARG(name));
    if (group->kind == GROUP_CHANNEL) {
        const Node *provider = group->node->channel.providers.first;
        if (provider) buffer_printf(telling->out, " = %.*s", STR_ARG(words_of(telling, provider)));
    }
    buffer_printf(telling->out, "   # line %u\n", line_of(telling, group->node->span));
    write_touches(telling, group);
}

static void write_groups(Telling *telling)
{
    const Symbol *plan = NULL;
    const Node *phase = NULL;
    for (size_t i = 0; i < telling->list.groups.count; i++) {
        const TouchGroup *group = telling->list.groups.items[i];
        bool begins = i == 0 || group->plan != plan;
        if (begins && group->plan) buffer_printf(telling->out, "plan %.*s\n", STR_ARG(group->plan->name));
        if (begins && !group->plan) buffer_add_c(telling->out, "outside of the plans\n");
        if (group->phase != phase && group->phase)
            buffer_printf(telling->out, "  phase \"%.*s\"\n",
                          STR_ARG(title_of(telling, group->phase->phase.title)));
        if (!group->phase && phase && !begins) buffer_add_c(telling->out, "  outside of the phases\n");
        plan = group->plan;
        phase = group->phase;
        write_group(telling, group);
    }
}

static void write_list(Telling *telling, const char *label, const StrList *list)
{
    if (list->count == 0) return;
    buffer_printf(telling->out, "  %-9s", label);
    for (size_t i = 0; i < list->count; i++)
        buffer_printf(telling->out, "%s%.*s", i ? ", " : "", STR_ARG(list->items[i]));
    buffer_add_char(telling->out, '\n');
}

void effects_text(const Program *program, Arena *arena, Buffer *out)
{
    Telling telling = telling_new(program, arena, out);
    EffectsSum sum = effects_sum(&telling);
    write_groups(&telling);
    buffer_add_c(out, "together\n");
    write_list(&telling, "programs", &sum.programs);
    write_list(&telling, "hosts", &sum.hosts);
    write_list(&telling, "http", &sum.urls);
    write_list(&telling, "channels", &sum.channels);
    write_list(&telling, "people", &sum.people);
    write_list(&telling, "secrets", &sum.secrets);
    write_list(&telling, "files", &sum.files);
    write_list(&telling, "native", &sum.native);
    effects_sum_free(&sum);
    telling_free(&telling);
}
