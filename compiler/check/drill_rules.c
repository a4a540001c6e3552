/* Drills that could not find anything out: lines that an earlier line hides, and drills that expect nothing.
 *
 * In: a checked drill. Out: findings of the group P10. Patterns are compared as patterns: a command whose words hold values fits
 * what its fixed text fits. */
#include "compiler/check/check.h"

#include "vm/code/stars.h"

/* ---- patterns ---- */

static bool begins_alike(Str a, Str b)
{
    return a.len < b.len ? str_starts_with(b, a) : str_starts_with(a, b);
}

static bool ends_alike(Str a, Str b)
{
    return a.len < b.len ? str_ends_with(b, a) : str_ends_with(a, b);
}

static Str behind_last_star(Str pattern)
{
    size_t at = pattern.len;
    while (at > 0 && pattern.data[at - 1] != '*')
        at--;
    return str_slice(pattern, at, pattern.len);
}

/* Is there a text that both patterns fit? `*` is any text in each. Where both have one, what stands between the stars of one
 * fits into a star of the other, one after the other: only their beginnings and ends can keep them apart. */
bool patterns_meet(Str a, Str b)
{
    ptrdiff_t in_a = str_find(a, STR("*")), in_b = str_find(b, STR("*"));
    if (in_a < 0) return str_matches_glob(a, b);
    if (in_b < 0) return str_matches_glob(b, a);
    return begins_alike(str_slice(a, 0, (size_t)in_a), str_slice(b, 0, (size_t)in_b)) &&
           ends_alike(behind_last_star(a), behind_last_star(b));
}

/* A text with its values as `*`. */
static Str pattern_of_parts(Checker *c, NodeList parts)
{
    Buffer text = {0};
    for node_each(part, parts) {
        bool value = part->kind == NODE_INTERP;
        bool twice = value && text.len && text.data[text.len - 1] == '*';
        if (value && !twice) buffer_add_char(&text, '*');
        if (part->kind == NODE_TEXT) buffer_add_str(&text, part->text.text);
    }
    Str copy = arena_copy(c->arena, buffer_str(&text));
    buffer_free(&text);
    return copy;
}

Str pattern_of_command(Checker *c, const Command *command)
{
    if (command->is_script) return STR("*");
    Buffer text = {0};
    for (size_t i = 0; i < command->word_count; i++) {
        if (i) buffer_add_char(&text, ' ');
        for (size_t p = 0; p < command->words[i].part_count; p++) {
            const CommandPart *part = &command->words[i].parts[p];
            bool twice = part->expr && text.len && text.data[text.len - 1] == '*';
            if (part->expr && !twice)
                buffer_add_char(&text, '*');
            else if (!part->expr)
                buffer_add_str(&text, part->text);
        }
    }
    Str copy = arena_copy(c->arena, buffer_str(&text));
    buffer_free(&text);
    return copy;
}

Str pattern_of_text(Checker *c, const Node *node)
{
    if (!node) return STR("*");
    if (node->kind == NODE_STRING) return pattern_of_parts(c, node->string.parts);
    return node->kind == NODE_COMMAND ? str_trim(pattern_of_parts(c, node->command.parts)) : STR("*");
}

/* ---- hidden lines ---- */

/* Once such a line answers, it answers always: its last answer has no end. */
static bool answers_for_ever(NodeList answers, const Node *once_ran)
{
    if (once_ran || !answers.last) return false;
    const Node *last = answers.last;
    return !last->gives.before && !last->gives.times && !last->gives.once;
}

static bool answers_effects(const Node *line)
{
    return line->kind == NODE_DRILL_HTTP || line->kind == NODE_DRILL_COMMAND || line->kind == NODE_DRILL_CALL ||
           line->kind == NODE_DRILL_CHANNEL || line->kind == NODE_DRILL_WAY || line->kind == NODE_DRILL_ANY;
}

/* What a value is in a pattern that is compared with another: itself where it is written there, else a name for it. */
static void add_value_name(Checker *c, const Node *value, Buffer *out)
{
    Str text;
    bool name = value->kind == NODE_NAME || value->kind == NODE_MEMBER;
    if (value->kind == NODE_STRING && node_plain_text(c->arena, value, &text))
        stars_add_plain(out, text);
    else if (name)
        buffer_printf(out, STAR_BEGIN "%.*s" STAR_END, STR_ARG(node_dotted(c->arena, value)));
    else
        buffer_printf(out, STAR_BEGIN "%u" STAR_END, value->span.start);
}

static Str reach_of_parts(Checker *c, NodeList parts)
{
    Buffer text = {0};
    for node_each(part, parts) {
        if (part->kind == NODE_INTERP) add_value_name(c, part->interp.value, &text);
        if (part->kind == NODE_TEXT) buffer_add_str(&text, part->text.text);
    }
    Str copy = arena_copy(c->arena, str_trim(buffer_str(&text)));
    buffer_free(&text);
    return copy;
}

/* What a line may answer, as a pattern; of lines that have none it is empty. */
static Str reach_of_line(Checker *c, const Node *line)
{
    const Node *text = NULL;
    switch (line->kind) {
    case NODE_DRILL_HTTP: text = line->drill_http.url; break;
    case NODE_DRILL_COMMAND: text = line->drill_command.command; break;
    case NODE_DRILL_PERSON: text = line->drill_person.what; break;
    case NODE_DRILL_ANSWER: text = line->drill_answer.question; break;
    case NODE_DRILL_MANUAL: text = line->drill_manual.what; break;
    default: return (Str){0};
    }
    if (text && text->kind == NODE_STRING) return reach_of_parts(c, text->string.parts);
    return text && text->kind == NODE_COMMAND ? reach_of_parts(c, text->command.parts) : STR("*");
}

typedef struct Line {
    const Node *node;
    Str reach;
} Line;

static bool covers(const Line *earlier, const Line *later)
{
    return str_matches_glob(later->reach, earlier->reach);
}

static bool is_hidden_by(const Line *before, const Line *behind)
{
    const Node *earlier = before->node, *later = behind->node;
    if (earlier->kind == NODE_DRILL_ANY) {
        int64_t number = earlier->drill_any.number;
        if (number && (later->kind != NODE_DRILL_ANY || later->drill_any.number != number)) return false;
        return answers_effects(later) && answers_for_ever(earlier->drill_any.answers, earlier->drill_any.once_ran);
    }
    if (earlier->kind != later->kind) return false;
    switch (earlier->kind) {
    case NODE_DRILL_HTTP:
        return !earlier->drill_http.with && !earlier->drill_http.headers &&
               answers_for_ever(earlier->drill_http.answers, earlier->drill_http.once_ran) &&
               str_equal(earlier->drill_http.method, later->drill_http.method) &&
               covers(before, behind);
    case NODE_DRILL_COMMAND:
        return !earlier->drill_command.command->command.host && !later->drill_command.command->command.host &&
               answers_for_ever(earlier->drill_command.answers, earlier->drill_command.once_ran) &&
               covers(before, behind);
    case NODE_DRILL_CALL:
        return earlier->drill_call.any &&
               answers_for_ever(earlier->drill_call.answers, earlier->drill_call.once_ran) &&
               earlier->drill_call.fn->symbol &&
               earlier->drill_call.fn->symbol == later->drill_call.fn->symbol;
    case NODE_DRILL_CHANNEL:
        return answers_for_ever(earlier->drill_channel.answers, earlier->drill_channel.once_ran) &&
               earlier->drill_channel.channel->symbol &&
               earlier->drill_channel.channel->symbol == later->drill_channel.channel->symbol;
    case NODE_DRILL_PERSON:
        return earlier->drill_person.contact->symbol &&
               earlier->drill_person.contact->symbol == later->drill_person.contact->symbol &&
               earlier->drill_person.does == later->drill_person.does && !earlier->drill_person.before &&
               covers(before, behind);
    case NODE_DRILL_ANSWER:
        return covers(before, behind);
    case NODE_DRILL_MANUAL:
        return covers(before, behind);
    default: return false;
    }
}

static void check_hidden(Checker *c, Node *drill)
{
    VEC(Line) lines = {0};
    for node_each(one, drill->drill.lines) {
        Line later = {one, reach_of_line(c, one)};
        for (size_t i = 0; i < lines.count; i++) {
            if (!is_hidden_by(&lines.items[i], &later)) continue;
            Diag *diag = report(c, P1003, one->span, "this line never answers: an earlier one takes all that it would");
            report_second(c, diag, lines.items[i].node->span, "the earlier line");
            report_help(c, diag, "put the narrower pattern first");
            break;
        }
        vec_push(&lines, later);
    }
    vec_free(&lines);
}

void check_drill_rules(Checker *c, Node *drill)
{
    bool expects = false;
    check_hidden(c, drill);
    for node_each(line, drill->drill.lines) {
        if (line->kind != NODE_EXPECT) continue;
        expects = true;
        check_expectation(c, drill, line);
    }
    if (!expects && drill->symbol && !c->syntax_errors)
        report(c, P1005, drill->symbol->span,
               "this drill expects nothing, so it only shows that nothing failed");
}
