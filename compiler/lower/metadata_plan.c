/* The plans' part of the metadata: what starts them, their phases and steps, what is left to do afterwards.
 *
 * Steps are found by walking a plan's body: they may stand in phases, tracks, remedies, branches and loops.
 */
#include "compiler/lower/metadata_parts.h"

#include <stdlib.h>

/* Calls visit for the node and everything below it; visit says whether to go further down. */
typedef bool PlanVisit(MetadataWriter *writer, const Node *node);

typedef struct PlanWalk {
    MetadataWriter *writer;
    PlanVisit *visit;
} PlanWalk;

static void walk_child(Node *node, void *context)
{
    PlanWalk *walk = context;
    if (walk->visit(walk->writer, node)) node_children(node, walk_child, context);
}

static void walk_list(MetadataWriter *writer, const NodeList *list, PlanVisit *visit)
{
    PlanWalk walk = {writer, visit};
    for (Node *node = list->first; node; node = node->next)
        walk_child(node, &walk);
}

static void write_step(MetadataWriter *writer, const Node *node)
{
    bool remedy = node->kind == NODE_REMEDY;
    out_open(&writer->out, '{');
    out_text_at(&writer->out, "name",
                constant_text(&writer->scope, remedy ? node->remedy.title : node->step.title));
    out_text_at(&writer->out, "kind", remedy ? STR("remedy") : STR("step"));
    metadata_place(writer, node->span);
    out_close(&writer->out, '}');
}

static bool visit_step(MetadataWriter *writer, const Node *node)
{
    if (node->kind == NODE_STEP || node->kind == NODE_REMEDY) write_step(writer, node);
    return node->kind != NODE_PHASE;
}

static void write_window(MetadataWriter *writer, const char *key, const Node *duration)
{
    out_key(&writer->out, key);
    if (duration)
        out_int(&writer->out, constant_int(&writer->scope, duration, 0));
    else
        out_null(&writer->out);
}

static bool visit_phase(MetadataWriter *writer, const Node *node)
{
    if (node->kind != NODE_PHASE) return true;
    out_open(&writer->out, '{');
    out_text_at(&writer->out, "name", constant_text(&writer->scope, node->phase.title));
    write_window(writer, "from", node->phase.start);
    write_window(writer, "to", node->phase.end);
    write_window(writer, "within", node->phase.within);
    metadata_place(writer, node->span);
    out_key(&writer->out, "steps");
    out_open(&writer->out, '[');
    walk_list(writer, &node->phase.body, visit_step);
    out_close(&writer->out, ']');
    out_close(&writer->out, '}');
    return true;
}

static bool visit_followup(MetadataWriter *writer, const Node *node)
{
    if (node->kind != NODE_FOLLOWUP) return true;
    out_open(&writer->out, '{');
    out_text_at(&writer->out, "text", constant_text(&writer->scope, node->followup.text));
    write_window(writer, "within", node->followup.within);
    out_key(&writer->out, "by");
    if (node->followup.by)
        out_text(&writer->out, reference_name(&writer->scope, node->followup.by));
    else
        out_null(&writer->out);
    out_close(&writer->out, '}');
    return false;
}

static bool visit_alert(MetadataWriter *writer, const Node *node)
{
    if (node->kind == NODE_STARTS_ON) constant_write(&writer->scope, node->starts_on.alert, &writer->out);
    return false;
}

static bool visit_symptom(MetadataWriter *writer, const Node *node)
{
    if (node->kind == NODE_SYMPTOM) constant_write(&writer->scope, node->symptom.text, &writer->out);
    return false;
}

static void write_found(MetadataWriter *writer, const char *key, const NodeList *body, PlanVisit *visit)
{
    out_key(&writer->out, key);
    out_open(&writer->out, '[');
    walk_list(writer, body, visit);
    out_close(&writer->out, ']');
}

/* The settings that the plan asks for when it needs them: who starts it with nobody to ask gives them. */
static void write_needs(MetadataWriter *writer, const Symbol *plan)
{
    Reach reach = {0};
    const SymbolList *settings = &writer->program->settings;
    out_key(&writer->out, "needs");
    out_open(&writer->out, '[');
    bool any = false;
    for (size_t i = 0; i < settings->count; i++)
        any = any || setting_is_asked_for(settings->items[i], &writer->early);
    if (any) reach_plan(&reach, writer->program, plan);
    for (size_t i = 0; any && i < settings->count; i++)
        if (setting_is_asked_for(settings->items[i], &writer->early) && reach_has(&reach, settings->items[i]))
            out_text(&writer->out, settings->items[i]->name);
    out_close(&writer->out, ']');
    vec_free(&reach.seen);
}

static void write_plan(MetadataWriter *writer, const Symbol *symbol)
{
    const Node *plan = symbol->decl;
    const Node *severity = NULL;
    for (const Node *node = plan->plan.body.first; node; node = node->next) {
        if (node->kind == NODE_PLAN_SEVERITY) severity = node->plan_severity.severity;
    }
    out_open(&writer->out, '{');
    out_text_at(&writer->out, "name", symbol->name);
    out_text_at(&writer->out, "title", constant_text(&writer->scope, plan->plan.title));
    out_key(&writer->out, "severity");
    if (severity)
        out_text(&writer->out, reference_name(&writer->scope, severity));
    else
        out_null(&writer->out);
    out_text_at(&writer->out, "entry", arena_printf(writer->scope.arena, "plan.%.*s", STR_ARG(symbol->name)));
    metadata_place(writer, plan->span);
    out_key(&writer->out, "params");
    out_open(&writer->out, '[');
    for (size_t i = 0; i < symbol->param_count; i++) {
        out_open(&writer->out, '{');
        metadata_param(writer, symbol->params[i]);
        out_close(&writer->out, '}');
    }
    out_close(&writer->out, ']');
    write_needs(writer, symbol);
    write_found(writer, "alerts", &plan->plan.body, visit_alert);
    write_found(writer, "symptoms", &plan->plan.body, visit_symptom);
    metadata_starts(writer, plan);
    write_found(writer, "phases", &plan->plan.body, visit_phase);
    write_found(writer, "steps", &plan->plan.body, visit_step); /* those that stand in no phase */
    write_found(writer, "followups", &plan->plan.body, visit_followup);
    out_close(&writer->out, '}');
}

void metadata_plans(MetadataWriter *writer)
{
    out_open(&writer->out, '[');
    for (size_t i = 0; i < writer->program->plans.count; i++)
        write_plan(writer, writer->program->plans.items[i]);
    out_close(&writer->out, ']');
}
