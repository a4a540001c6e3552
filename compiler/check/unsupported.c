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

static Finding finding_at(const Node *node)
{
    switch (node->kind) {
    case NODE_ASK:
        if (node->ask.secret) return (Finding){node, "`ask secret`"};
        break;
    default: break;
    }
    return (Finding){NULL, NULL};
}

static bool visit(Node *node, void *context)
{
    Checker *c = context;
    Finding finding = finding_at(node);
    if (finding.at) report_unsupported(c, finding.at->span, finding.what);
    return true;
}

void check_supported(Checker *c)
{
    for (size_t i = 0; i < c->program->modules.count; i++) {
        const Module *module = c->program->modules.items[i];
        if (!module->is_std) tree_walk(module->root, visit, c);
    }
}
