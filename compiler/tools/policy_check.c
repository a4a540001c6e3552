/* Holds everything that a plan can touch against a policy. In: a checked program without errors; out:
 * findings. Called by `planc check --policy`. What only the run knows is left open here: planvm decides it at
 * the moment of the effect. */
#include "compiler/tools/policy_check.h"

#include <stdlib.h>

#include "compiler/tools/effects_parts.h"
#include "vm/base/map.h"

#define OPEN "\x01" /* a part that only the run knows (vm/code/policy.h) */

typedef struct PolicyCheck {
    const Policy *policy;
    Telling telling;
    Diagnostics *diagnostics;
    Map seen; /* "FILE START": said once, through however many functions it is reached */
} PolicyCheck;

static void judge(PolicyCheck *check, const Touch *touch, PolicyKind kind, Str text)
{
    const PolicyRule *rule;
    Buffer why = {0}, key = {0};
    if (!policy_has(check->policy, kind) || policy_decide(check->policy, kind, text, &rule) != POLICY_DENY)
        return;
    Span span = touch->node->span;
    buffer_printf(&key, "%u %u", (unsigned)span.file, (unsigned)span.start);
    if (!map_has(&check->seen, buffer_str(&key))) {
        policy_explain(check->policy, kind, touch_text(&check->telling, touch), rule, &why);
        diag_report(check->diagnostics, DIAG_P0524, span, "%.*s", STR_ARG(buffer_str(&why)));
        map_set(&check->seen, arena_copy(check->telling.arena, buffer_str(&key)), check);
    }
    buffer_free(&why);
    buffer_free(&key);
}

/* The words as they are matched, joined by blanks. */
static void judge_command(PolicyCheck *check, const Touch *touch)
{
    const Command *command = &touch->effect->command;
    Buffer text = {0};
    StrList values = {0};
    for (size_t i = 0; i < command->value_count + (command->spread != NULL); i++)
        vec_push(&values, STR(OPEN));
    if (command->is_script) policy_script(&text, command->script, values.items, values.count);
    vec_free(&values);
    for (size_t i = 0; i < command->word_count; i++) {
        if (i) buffer_add_char(&text, ' ');
        for (size_t k = 0; k < command->words[i].part_count; k++) {
            const CommandPart *part = &command->words[i].parts[k];
            if (part->expr)
                buffer_add_c(&text, OPEN);
            else
                buffer_add_str(&text, part->text);
        }
    }
    judge(check, touch, POLICY_COMMAND, buffer_str(&text));
    buffer_free(&text);
}

/* `${…}` stands for what is not known. */
static Str opened(Arena *arena, Str url)
{
    Buffer text = {0};
    for (size_t i = 0; i < url.len; i++) {
        if (!str_starts_with(str_slice(url, i, url.len), STR("${"))) {
            buffer_add_char(&text, url.data[i]);
            continue;
        }
        ptrdiff_t end = str_find(str_slice(url, i, url.len), STR("}"));
        buffer_add_c(&text, OPEN);
        i = end < 0 ? url.len : i + (size_t)end;
    }
    Str copy = arena_copy(arena, buffer_str(&text));
    buffer_free(&text);
    return copy;
}

static void judge_http(PolicyCheck *check, const Touch *touch)
{
    Arena *arena = check->telling.arena;
    Str url = opened(arena, url_by_default(&check->telling, touch));
    judge(check, touch, POLICY_HTTP,
          arena_printf(arena, "%.*s %.*s", STR_ARG(touch->effect->http.method), STR_ARG(url)));
    ptrdiff_t start = str_find(url, STR("://"));
    if (start < 0) return;
    Str host = str_slice(url, (size_t)start + 3, url.len);
    size_t len = 0;
    while (len < host.len && host.data[len] != '/' && host.data[len] != ':' && host.data[len] != '?')
        len++;
    judge(check, touch, POLICY_HOST, str_slice(host, 0, len));
}

static void judge_touch(PolicyCheck *check, const Touch *touch)
{
    if (touch->effect->form == EFFECT_FORM_COMMAND) judge_command(check, touch);
    if (touch->effect->form == EFFECT_FORM_HTTP) judge_http(check, touch);
}

void policy_check(const Policy *policy, const Program *program, Arena *arena, Diagnostics *diagnostics)
{
    Buffer unused = {0};
    PolicyCheck check = {
        .policy = policy, .telling = telling_new(program, arena, &unused), .diagnostics = diagnostics};
    for (size_t i = 0; i < check.telling.list.groups.count; i++) {
        const TouchGroup *group = check.telling.list.groups.items[i];
        for (size_t k = 0; k < group->touches.count; k++)
            if (group->touches.items[k].effect) judge_touch(&check, &group->touches.items[k]);
    }
    map_free(&check.seen);
    telling_free(&check.telling);
    buffer_free(&unused);
}
