/* Promises: what holds in every run of a plan. They speak the language of expectations (drills.c).
 *
 * In: NODE_PROMISE. Out: its facts resolved. Runs after all plans are checked; exploring is not the compiler's work. */
#include "compiler/check/check.h"

static void check_promise(Checker *c, Node *node)
{
    Body body;
    enter_body(c, &body, BODY_VALUE, node, NULL, NULL);
    check_shown(c, node->promise.title, "a title");
    if (node->promise.plan) check_reference(c, node->promise.plan, KIND(PLAN), "plan");
    if (node->promise.trigger) check_drill_fact(c, node, node->promise.trigger);
    for node_each(fact, node->promise.facts)
        check_drill_fact(c, node, fact);
    if (node->promise.only_after) check_step_name(c, node, node->promise.only_after);
    leave_body(c, &body);
}

void check_promises(Checker *c)
{
    for (size_t i = 0; i < c->program->promises.count; i++) {
        const Symbol *symbol = c->program->promises.items[i];
        c->module = symbol->module;
        c->scope = c->module->scope;
        check_promise(c, symbol->decl);
    }
}
