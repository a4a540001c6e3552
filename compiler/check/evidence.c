/* Isolation before evidence: a plan that restarts, scales away or deletes what it wants to read the logs of later.
 *
 * In: checked plans. Out: a warning at the first such change, with the look that comes too late. Only what one program
 * does and reads itself is compared (kubectl with kubectl, docker with docker). Called by program.c. */
#include "compiler/check/command_words.h"

typedef struct Row {
    const char *program, *words, *option; /* option NULL: none is needed */
} Row;

static const Row destroying[] = {
    {"kubectl", "delete", NULL},          {"kubectl", "drain", NULL}, {"kubectl", "rollout restart", NULL},
    {"kubectl", "scale", "--replicas=0"}, {"docker", "rm", NULL},     {"docker", "kill", NULL},
    {"docker", "restart", NULL},
};

static const Row evidence[] = {
    {"kubectl", "logs", NULL}, {"kubectl", "get events", NULL}, {"kubectl", "cluster-info dump", NULL},
    {"docker", "logs", NULL},  {"docker", "diff", NULL},
};

static bool has_word(const Command *command, const char *option)
{
    for (size_t i = 1; option && i < command->word_count; i++) {
        if (str_equal_c(word_fixed(&command->words[i]), option)) return true;
    }
    return !option;
}

static bool fits_one(const Command *command, const Row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_c(command->program, rows[i].program) && command_words_fit(command, rows[i].words) &&
            has_word(command, rows[i].option))
            return true;
    }
    return false;
}

typedef struct Order {
    Checker *c;
    const Node *destroyed; /* the first change that destroys */
    Str program;
    bool kept, reported; /* evidence was read before it */
} Order;

static bool visit_order(Node *node, void *context)
{
    Order *order = context;
    if (order->kept || order->reported || node->kind == NODE_UNDO) return false;
    const Effect *effect = node->kind == NODE_COMMAND ? node_effect(node) : NULL;
    if (!effect || effect->form != EFFECT_FORM_COMMAND || effect->command.is_script) return true;
    const Command *command = &effect->command;
    if (fits_one(command, evidence, sizeof evidence / sizeof *evidence)) {
        order->kept = !order->destroyed;
        if (!order->destroyed || !str_equal(order->program, command->program)) return true;
        order->reported = true;
        Diag *diag = report(order->c, P0910, order->destroyed->span,
                            "this may destroy what the plan reads afterwards to find the cause");
        report_second(order->c, diag, node->span, "here it is read for the first time");
        report_help(order->c, diag, "read and attach it before the change");
    } else if (!order->destroyed && effect->effect_class == EFFECT_CHANGE &&
               fits_one(command, destroying, sizeof destroying / sizeof *destroying)) {
        order->destroyed = node;
        order->program = command->program;
    }
    return true;
}

void check_evidence(Checker *c)
{
    for (size_t i = 0; i < c->program->plans.count; i++) {
        const Symbol *plan = c->program->plans.items[i];
        if (plan->module->is_std) continue;
        Order order = {.c = c};
        tree_walk_list(plan->decl->plan.body, visit_order, &order);
    }
}
