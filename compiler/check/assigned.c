/* Variables without a value are set on every path before they are read.
 *
 * In: checked bodies. Out: P0907 at the first read that may come too early. Branches count only when all of
 * them set it, loops not at all, a step only if nobody can skip it. Called by flow.c for each list of
 * statements. */
#include "compiler/check/check.h"

typedef struct Tracker {
    Checker *c;
    const Symbol *variable;
    bool set, reported;
} Tracker;

static void track(Tracker *t, Node *node);

static void track_list(Tracker *t, NodeList list)
{
    for node_each(item, list)
        track(t, item);
}

/* What happens inside counts for what is inside only. */
static bool track_apart(Tracker *t, NodeList list)
{
    bool before = t->set;
    track_list(t, list);
    bool after = t->set;
    t->set = before;
    return after;
}

static void track_child(Node *child, void *context)
{
    track(context, child);
}

static bool may_be_skipped(NodeList body)
{
    bool skippable = true;
    for node_each(item, body) {
        if (item->kind == NODE_NO_SKIP) skippable = false;
    }
    for node_each(item, body) {
        if (item->kind == NODE_ONLY_IF) skippable = true;
        if (item->kind == NODE_ON_FAILURE && item->on_failure.kind != FAILURE_STOP) skippable = true;
    }
    return skippable;
}

static void track_branches(Tracker *t, Node *node)
{
    if (node->kind == NODE_IF) {
        track(t, node->branch.condition);
        bool then = track_apart(t, node->branch.then);
        bool otherwise = track_apart(t, node->branch.otherwise);
        t->set = t->set || (then && otherwise);
        return;
    }
    track(t, node->match.subject);
    bool all = node->match.arms.first != NULL;
    for node_each(arm, node->match.arms) {
        track_list(t, arm->arm.patterns);
        all = track_apart(t, arm->arm.body) && all;
    }
    t->set = t->set || (all && match_is_whole(node));
}

static void track_assign(Tracker *t, Node *node)
{
    Node *target = node->assign.target;
    bool whole = target->kind == NODE_NAME && target->symbol == t->variable;
    if (!whole || node->assign.append) track(t, target);
    track(t, node->assign.value);
    if (whole) t->set = true;
}

static void report_read(Tracker *t, const Node *node)
{
    if (t->set || t->reported) return;
    t->reported = true;
    Diag *diag = report(t->c, P0907, node->span, "`%.*s` may be read here before it is set",
                        STR_ARG(t->variable->name));
    report_second(t->c, diag, t->variable->span, "declared without a value");
    report_help(
        t->c, diag,
        "give it a value where it is declared; a step that can be skipped sets nothing for what follows");
}

static void track(Tracker *t, Node *node)
{
    if (!node) return;
    switch (node->kind) {
    case NODE_NAME:
        if (node->symbol == t->variable) report_read(t, node);
        return;
    case NODE_ASSIGN: track_assign(t, node); return;
    case NODE_IF:
    case NODE_MATCH: track_branches(t, node); return;
    case NODE_FOR:
        track(t, node->loop.in);
        track_apart(t, node->loop.body);
        return;
    case NODE_REPEAT:
        track_apart(t, node->repeat.body);
        track(t, node->repeat.until);
        track_apart(t, node->repeat.otherwise);
        return;
    case NODE_STEP: {
        bool after = track_apart(t, node->step.body);
        if (!may_be_skipped(node->step.body)) t->set = after;
        return;
    }
    case NODE_RUN:
        track(t, node->run.effect);
        track_apart(t, node->run.otherwise);
        return;
    case NODE_VERIFY:
        track(t, node->verify.condition);
        track(t, node->verify.why);
        track_apart(t, node->verify.otherwise);
        return;
    case NODE_FAIL:
    case NODE_RETURN:
    case NODE_CONTINUE_WITH:
        node_children(node, track_child, t);
        t->set = true; /* nothing after it is reached this way */
        return;
    case NODE_REMEDY: track_apart(t, node->remedy.body); return;
    case NODE_UNDO: track_apart(t, node->undo.body); return;
    case NODE_ON_FAILURE: track_apart(t, node->on_failure.body); return;
    case NODE_ALWAYS: track_apart(t, node->always.body); return;
    case NODE_WATCH:
        track(t, node->watch.when);
        track_apart(t, node->watch.body);
        return;
    default: node_children(node, track_child, t); return;
    }
}

void check_assigned(Checker *c, NodeList list)
{
    for node_each(item, list) {
        if (item->kind != NODE_VAR || item->var.value || !item->symbol) continue;
        Tracker tracker = {.c = c, .variable = item->symbol};
        for (Node *later = item->next; later; later = later->next)
            track(&tracker, later);
    }
}
