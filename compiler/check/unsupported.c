/* What is part of the language and cannot be run yet: said here in one place, so that nothing is left out in
 * silence.
 *
 * In: the checked program. Out: P0299 for each such clause. What is learnt loses its line here; whole
 * declarations and statements that cannot be run are said where they are checked. */
#include "compiler/check/check.h"

typedef struct Finding {
    const Node *at;
    const char *what;
} Finding;

static Finding in_severity(const Node *node)
{
    switch (node->kind) {
    case NODE_ACK_HOLDS: return (Finding){node, "an acknowledgement that lapses"};
    default: break;
    }
    return (Finding){NULL, NULL};
}

static Finding in_plan(const Node *node)
{
    switch (node->kind) {
    case NODE_SYMPTOM:
        if (node->symptom.when) return (Finding){node->symptom.when, "a symptom with a condition"};
        break;
    case NODE_STARTS_ANOTHER: return (Finding){node, "`starts another`"};
    case NODE_BY: return (Finding){node, "`by` of a whole step"};
    case NODE_INTERP:
        if (node->interp.required) return (Finding){node, "`required` in a template"};
        break;
    default: break;
    }
    return (Finding){NULL, NULL};
}

static Finding in_service(const Node *node)
{
    switch (node->kind) {
    case NODE_REVIEW: return (Finding){node, "`review by`"};
    case NODE_NEEDS_PROGRAM: return (Finding){node, "`needs program`"};
    case NODE_PROVIDES: return (Finding){node, "`provides`"};
    default: break;
    }
    return (Finding){NULL, NULL};
}

static bool visit(Node *node, void *context)
{
    Checker *c = context;
    Finding finding = in_plan(node);
    if (!finding.at) finding = in_severity(node);
    if (!finding.at) finding = in_service(node);
    const Effect *effect = node_effect(node);
    if (effect && effect->options.jitter)
        finding = (Finding){effect->options.jitter, "`jitter` between attempts"};
    if (finding.at) report_unsupported(c, finding.at->span, finding.what);
    return true;
}

static void check_plan_updates(Checker *c)
{
    for (size_t i = 0; i < c->program->plans.count; i++) {
        for node_each(item, c->program->plans.items[i]->decl->plan.body) {
            if (item->kind == NODE_UPDATE) report_unsupported(c, item->span, "`update` of a plan");
        }
    }
}

void check_supported(Checker *c)
{
    for (size_t i = 0; i < c->program->modules.count; i++) {
        const Module *module = c->program->modules.items[i];
        if (!module->is_std) tree_walk(module->root, visit, c);
    }
    check_plan_updates(c);
}
