/* The coverage part of the metadata: every place of a program that a drill may or may not have been at.
 *
 * A point has a kind (change, handler, remedy, rung, step, answer, branch), a name, the way that was taken there, its
 * place, and how a host can tell that it was reached: "code" (a range of the source whose code ran), "jump" (the condition
 * in the first range was not met, so that the code of the second was passed over) or "mark" (one whose members are so).
 * Ranges are byte offsets, as in the image's line table. The standard library has none. */
#include "compiler/lower/metadata_parts.h"

enum { NAME_LIMIT = 70 };

typedef struct PointWriter {
    MetadataWriter *writer;
    const Node *step; /* STEP or REMEDY around, or NULL */
} PointWriter;

/* ---- words ---- */

/* The source text under a span, not too long. */
static Str words_of(PointWriter *points, Span span)
{
    Str text = metadata_source(points->writer, span);
    if (text.len <= NAME_LIMIT) return text;
    size_t len = NAME_LIMIT;
    while (len > 0 && ((unsigned char)text.data[len] & 0xC0) == 0x80)
        len--;
    return arena_printf(points->writer->scope.arena, "%.*s…", (int)len, text.data);
}

/* A string as a pattern: its values can be anything. */
static Str pattern_of(PointWriter *points, const Node *string)
{
    Buffer text = {0};
    if (!string || string->kind != NODE_STRING) return STR("*");
    for (const Node *part = string->string.parts.first; part; part = part->next) {
        if (part->kind == NODE_TEXT)
            buffer_add_str(&text, part->text.text);
        else
            buffer_add_char(&text, '*');
    }
    Str copy = arena_copy(points->writer->scope.arena, buffer_str(&text));
    buffer_free(&text);
    return copy;
}

static Span span_of(const NodeList *list)
{
    return (Span){list->first->span.file, list->first->span.start, list->last->span.end};
}

/* ---- points ---- */

static void open_point(PointWriter *points, const char *kind, Str name, const char *way, Span place)
{
    JsonOut *out = &points->writer->out;
    out_open(out, '{');
    out_text_at(out, "kind", str_from_c(kind));
    out_text_at(out, "name", name);
    if (way) out_text_at(out, "way", str_from_c(way));
    if (points->step) out_text_at(out, "step", pattern_of(points, node_step_title(points->step)));
    metadata_place(points->writer, place);
}

static void write_range(PointWriter *points, const char *key, Span span)
{
    JsonOut *out = &points->writer->out;
    out_key(out, key);
    out_open(out, '[');
    out_int(out, span.start);
    out_int(out, span.end);
    out_close(out, ']');
}

static void add_code(PointWriter *points, const char *kind, Str name, const char *way, Span place, Span code)
{
    open_point(points, kind, name, way, place);
    write_range(points, "code", code);
    out_close(&points->writer->out, '}');
}

static void add_list(PointWriter *points, const char *kind, Str name, const char *way, Span place, const NodeList *list)
{
    if (list->first) add_code(points, kind, name, way, place, span_of(list));
}

/* The way past `then`, whose condition was not met. */
static void add_past(PointWriter *points, Str name, const char *way, Span place, Span condition, Span then)
{
    open_point(points, "branch", name, way, place);
    write_range(points, "jump", condition);
    write_range(points, "past", then);
    out_close(&points->writer->out, '}');
}

typedef struct MarkMember {
    const char *key;
    Str value;
} MarkMember;

static void add_mark(PointWriter *points, const char *kind, Str name, const char *way, Span place, const char *mark,
                     const MarkMember *members, size_t count)
{
    JsonOut *out = &points->writer->out;
    open_point(points, kind, name, way, place);
    out_text_at(out, "mark", str_from_c(mark));
    out_key(out, "members");
    out_open(out, '{');
    for (size_t i = 0; i < count; i++)
        out_text_at(out, members[i].key, members[i].value);
    out_close(out, '}');
    out_close(out, '}');
}

/* ---- questions ---- */

static void add_answer(PointWriter *points, const Node *node, const char *kind, Str what, Str name, Str value)
{
    bool silence = str_equal_c(value, "silence");
    MarkMember members[] = {{"kind", str_from_c(kind)}, {"what", what}, {silence ? "how" : "value", value}, {"how", STR("answered")}};
    char *way = arena_copy_c(points->writer->scope.arena, value);
    add_mark(points, "answer", name, str_equal_c(value, "*") ? "answered" : way, node->span, "question.answered", members,
             silence ? 3 : 4);
}

static void ask_points(PointWriter *points, const Node *node)
{
    Str what = pattern_of(points, node->ask.question);
    const Node *of = node->ask.of;
    bool said = node->ask.type || of;
    if (!said) {
        add_answer(points, node, "ask", what, what, STR("true"));
        add_answer(points, node, "ask", what, what, STR("false"));
    } else if (of && of->kind == NODE_LIST) {
        for (const Node *item = of->list.items.first; item; item = item->next)
            add_answer(points, node, "ask", what, what, pattern_of(points, item));
    } else {
        add_answer(points, node, "ask", what, what, STR("*"));
    }
    if (node->ask.within) add_answer(points, node, "ask", what, what, STR("silence"));
}

static void manual_points(PointWriter *points, const Node *node)
{
    Str what = pattern_of(points, node->manual.text);
    add_answer(points, node, "manual", what, what, STR("done"));
    if (node->manual.within) add_answer(points, node, "manual", what, what, STR("silence"));
}

/* A gate is called by its step. */
static void approval_points(PointWriter *points, const Node *node)
{
    Str what = points->step ? pattern_of(points, node_step_title(points->step)) : STR("*");
    Str name = words_of(points, node->span);
    add_answer(points, node, "approval", what, name, STR("approve"));
    add_answer(points, node, "approval", what, name, STR("refuse"));
    if (node->needs_approval.within) add_answer(points, node, "approval", what, name, STR("silence"));
}

/* ---- branches and handlers ---- */

static void if_points(PointWriter *points, const Node *node)
{
    Str name = words_of(points, node->branch.condition->span);
    if (!node->branch.then.first) return;
    Span then = span_of(&node->branch.then);
    add_code(points, "branch", name, "true", node->span, then);
    if (node->branch.otherwise.first)
        add_list(points, "branch", name, "false", node->span, &node->branch.otherwise);
    else
        add_past(points, name, "false", node->span, node->branch.condition->span, then);
}

static void match_points(PointWriter *points, const Node *node)
{
    Str name = words_of(points, node->match.subject->span);
    const Node *arm = node->match.arms.first;
    for (; arm; arm = arm->next) {
        if (!arm->arm.body.first) continue;
        Str way = arm->arm.patterns.first ? words_of(points, span_of(&arm->arm.patterns)) : STR("otherwise");
        add_list(points, "branch", name, arena_copy_c(points->writer->scope.arena, way), arm->span, &arm->arm.body);
        if (!arm->next && arm->arm.patterns.first)
            add_past(points, name, "none of them", node->span, span_of(&arm->arm.patterns), span_of(&arm->arm.body));
    }
}

static void only_if_points(PointWriter *points, const Node *node)
{
    if (!points->step) return;
    Str name = words_of(points, node->span), title = pattern_of(points, node_step_title(points->step));
    MarkMember started = {"name", title};
    MarkMember skipped[] = {{"name", title}, {"reason", STR("only if *")}};
    add_mark(points, "branch", name, "true", node->span, "step.started", &started, 1);
    add_mark(points, "branch", name, "false", node->span, "step.skipped", skipped, 2);
}

static void run_points(PointWriter *points, const Node *node)
{
    Str name = words_of(points, node->run.effect->span);
    Span effect = {node->span.file, node->span.start, node->run.effect->span.end};
    add_code(points, "change", name, NULL, node->span, effect);
    add_list(points, "handler", name, "else", node->span, &node->run.otherwise);
}

static void step_points(PointWriter *points, const Node *node)
{
    bool remedy = node->kind == NODE_REMEDY;
    const NodeList *body = remedy ? &node->remedy.body : &node->step.body;
    const char *kind = remedy ? "remedy" : "step";
    MarkMember members[] = {{"name", pattern_of(points, node_step_title(node))}, {"kind", str_from_c(kind)}};
    if (body->first) add_mark(points, kind, pattern_of(points, node_step_title(node)), NULL, node->span, "step.started", members, 2);
}

static void node_points(PointWriter *points, const Node *node)
{
    switch (node->kind) {
    case NODE_STEP:
    case NODE_REMEDY: step_points(points, node); break;
    case NODE_IF: if_points(points, node); break;
    case NODE_MATCH: match_points(points, node); break;
    case NODE_ONLY_IF: only_if_points(points, node); break;
    case NODE_RUN: run_points(points, node); break;
    case NODE_VERIFY:
        add_list(points, "handler", words_of(points, node->verify.condition->span), "else", node->span,
                 &node->verify.otherwise);
        break;
    case NODE_REPEAT: add_list(points, "handler", STR("repeat"), "else", node->span, &node->repeat.otherwise); break;
    case NODE_REMEDIES:
        add_list(points, "handler", pattern_of(points, node->remedies.title), "else", node->span,
                 &node->remedies.otherwise);
        break;
    case NODE_ON_FAILURE: add_list(points, "handler", STR("on failure"), NULL, node->span, &node->on_failure.body); break;
    case NODE_UNDO: add_list(points, "handler", STR("undo"), NULL, node->span, &node->undo.body); break;
    case NODE_WATCH:
        add_list(points, "handler", pattern_of(points, node->watch.title), "watch", node->span, &node->watch.body);
        break;
    case NODE_ASK: ask_points(points, node); break;
    case NODE_MANUAL: manual_points(points, node); break;
    case NODE_NEEDS_APPROVAL: approval_points(points, node); break;
    default: break;
    }
}

static void rung_points(PointWriter *points, const Node *escalation)
{
    for (const Node *rule = escalation->escalation.rules.first; rule; rule = rule->next) {
        Str text = metadata_source(points->writer, rule->span);
        /* `at last` is told under the severity that it fires for. */
        bool last = rule->kind == NODE_RULE && rule->rule.trigger == RULE_AT_LAST;
        MarkMember members[] = {{"rule", text}, {"escalation", escalation->escalation.name}};
        add_mark(points, "rung", words_of(points, rule->span), NULL, rule->span, "rung.due", members, last ? 1 : 2);
    }
}

static void walk(Node *node, void *context)
{
    PointWriter *points = context;
    if (node->kind == NODE_DRILL || node->kind == NODE_PROMISE) return;
    if (node->kind == NODE_ESCALATION) {
        rung_points(points, node);
        return;
    }
    node_points(points, node);
    const Node *outer = points->step;
    if (node->kind == NODE_STEP || node->kind == NODE_REMEDY) points->step = node;
    node_children(node, walk, context);
    points->step = outer;
}

void metadata_coverage(MetadataWriter *writer)
{
    PointWriter points = {.writer = writer};
    out_open(&writer->out, '[');
    for (size_t i = 0; i < writer->program->modules.count; i++) {
        const Module *module = writer->program->modules.items[i];
        if (!module->is_std) node_children(module->root, walk, &points);
    }
    out_close(&writer->out, ']');
}
