/* Declarations become symbols before anything is looked into, so that their order in a file does not matter.
 *
 * In: the modules' trees. Out: scopes, the program's lists of symbols, types of records and enums, signatures
 * of functions. Called once by program.c, in three passes; checks no bodies. */
#include "compiler/check/check.h"

#include <string.h>

typedef struct DeclarationPlace {
    SymbolKind kind;
    SymbolList *list;
    Str name;
    Span span;
} DeclarationPlace;

/* Which list a declaration belongs to; false: it is none of those with a name of their own. */
static bool place_named(Program *p, Node *node, DeclarationPlace *place)
{
    switch (node->kind) {
#define PLACE(NODE_KIND, member, SYMBOL, list_name)                                                          \
    case NODE_KIND:                                                                                          \
        *place = (DeclarationPlace){SYMBOL, &p->list_name, node->member.name, node->member.name_span};       \
        return true;
        PLACE(NODE_PARAM, param, SYMBOL_SETTING, settings)
        PLACE(NODE_LET, let, SYMBOL_CONSTANT, constants)
        PLACE(NODE_VAR, var, SYMBOL_VAR, vars)
        PLACE(NODE_SECRET, secret, SYMBOL_SECRET, secrets)
        PLACE(NODE_HOST, host, SYMBOL_HOST, hosts)
        PLACE(NODE_CONTACT, contact, SYMBOL_CONTACT, contacts)
        PLACE(NODE_ROLE, role, SYMBOL_ROLE, roles)
        PLACE(NODE_ROTATION, rotation, SYMBOL_ROTATION, rotations)
        PLACE(NODE_CHANNEL, channel, SYMBOL_CHANNEL, channels)
        PLACE(NODE_CALENDAR, calendar, SYMBOL_CALENDAR, calendars)
        PLACE(NODE_SEVERITY, severity, SYMBOL_SEVERITY, severities)
        PLACE(NODE_ESCALATION, escalation, SYMBOL_ESCALATION, escalations)
        PLACE(NODE_TEMPLATE, template, SYMBOL_TEMPLATE, templates)
        PLACE(NODE_FN, fn, SYMBOL_FN, fns)
        PLACE(NODE_RECORD, record, SYMBOL_RECORD, records)
        PLACE(NODE_ENUM, enumeration, SYMBOL_ENUM, enums)
        PLACE(NODE_PLAN, plan, SYMBOL_PLAN, plans)
#undef PLACE
    default: return false;
    }
}

/* Contacts, severities, plans … are named by people and signals from outside: once in the whole program. */
static void check_once_in_program(Checker *c, const Symbol *symbol)
{
    uint32_t outside =
        KINDS_TARGET | KIND(SEVERITY) | KIND(PLAN) | KIND(SETTING) | KIND(SECRET) | KIND(ESCALATION);
    if (!(outside & (1u << symbol->kind))) return;
    for (Module **other = c->program->modules.items; *other != symbol->module; other++) {
        const Symbol *older = scope_find_here((*other)->scope, symbol->name);
        if (!older || older->kind != symbol->kind) continue;
        Diag *diag = report(c, P0204, symbol->span, "another file of this program declares %s `%.*s`",
                            symbol_kind_text(symbol->kind), STR_ARG(symbol->name));
        report_second(c, diag, older->span, "declared here, too");
        report_help(
            c, diag,
            "people and signals name it from outside, so it must be one: give one of them another name");
    }
}

static void declare_named(Checker *c, Node *node, const DeclarationPlace *place)
{
    Symbol *symbol = symbol_new(c, place->kind, place->name, node, place->span);
    node->symbol = symbol;
    if (node->kind == NODE_FN) symbol->is_effect = node->fn.effect;
    if (node->kind == NODE_VAR) symbol->is_variable = true;
    if (place->kind == SYMBOL_SECRET) symbol->type = c->secret;
    /* The second of a name is looked into as well, so that its own mistakes are told; that it is there is told already. */
    if (scope_add(c, c->module->scope, symbol))
        check_once_in_program(c, symbol);
    else
        symbol->is_read = true;
    symbol->index = (uint32_t)place->list->count;
    symbol_list_add(c, place->list, symbol);
}

static void declare_titled(Checker *c, Node *node, SymbolKind kind, SymbolList *list, Node *title)
{
    Str name = {"", 0};
    if (title) node_plain_text(c->arena, title, &name);
    Symbol *symbol = symbol_new(c, kind, name, node, title ? title->span : node->span);
    node->symbol = symbol;
    Scope **titles = &c->titles[kind - SYMBOL_DRILL];
    if (!*titles) *titles = scope_new(c, NULL, c->module->scope->bucket_count);
    const Symbol *older = name.len ? scope_find_here(*titles, name) : NULL;
    if (older) {
        Diag *diag = report(c, P0202, symbol->span, "\"%.*s\" is declared twice", STR_ARG(name));
        report_second(c, diag, older->span, "first declared here");
    } else {
        scope_add(c, *titles, symbol);
    }
    symbol->index = (uint32_t)list->count;
    symbol_list_add(c, list, symbol);
}

static void declare_import(Checker *c, Node *node)
{
    Module *target = node->info;
    node->info = NULL;
    if (!target) return;
    Str name = node->import.alias.len ? node->import.alias : target->short_name;
    Span span = node->import.alias.len ? node->import.alias_span : node->import.path->span;
    Symbol *symbol = symbol_new(c, SYMBOL_MODULE, name, node, span);
    symbol->target = target;
    node->symbol = symbol;
    scope_add(c, c->module->scope, symbol);
}

static void declare_service(Checker *c, Node *node)
{
    if (c->program->service) {
        Diag *diag = report(c, P0202, node->span, "a program has one service, and this is the second");
        report_second(c, diag, c->program->service->span, "the first one");
        return;
    }
    c->program->service = node;
}

static void declare_item(Checker *c, Node *node)
{
    Program *p = c->program;
    DeclarationPlace place;
    if (place_named(p, node, &place)) {
        if (node->kind == NODE_VAR && !c->module->is_std) {
            Diag *diag =
                report(c, P0203, node->span, "a `var` stands in a plan or function, not in the file");
            report_help(c, diag,
                        "a value that does not change is a `let`; what a run changes belongs to the plan");
        }
        declare_named(c, node, &place);
        return;
    }
    switch (node->kind) {
    case NODE_IMPORT: declare_import(c, node); break;
    case NODE_SERVICE: declare_service(c, node); break;
    case NODE_CLASSIFY:
        declare_named(c, node, &(DeclarationPlace){SYMBOL_CLASSIFY, &p->classifies, STR("classify"), node->span});
        break;
    case NODE_EXTERN:
        for node_each(inner, node->external.items) {
            if (inner->kind == NODE_HANDLE) declare_handle(c, inner);
            if (inner->kind == NODE_FN)
                declare_named(c, inner, &(DeclarationPlace){SYMBOL_EXTERN, &p->externs, inner->fn.name, inner->fn.name_span});
        }
        break;
    case NODE_DRILL: declare_titled(c, node, SYMBOL_DRILL, &p->drills, node->drill.title); break;
    case NODE_PROMISE: declare_titled(c, node, SYMBOL_PROMISE, &p->promises, node->promise.title); break;
    case NODE_RECURRING:
        declare_titled(c, node, SYMBOL_RECURRING, &p->recurrings, node->recurring.title);
        break;
    default: break;
    }
}

/* What the module declares is there already: it only joins the program's lists. */
static void declare_ready(Checker *c, Module *module)
{
    DeclarationPlace place;
    for node_each(item, module->root->file.items)
        if (place_named(c->program, item, &place)) symbol_list_add(c, place.list, item->symbol);
}

void declare_module(Checker *c, Module *module)
{
    if (module->is_ready) {
        declare_ready(c, module);
        return;
    }
    c->module = module;
    size_t buckets = 64;
    while (buckets < module->root->file.items.count)
        buckets *= 2;
    Scope *around = module->is_prelude ? c->prelude_universe : module->is_std ? c->std_universe : c->universe;
    module->scope = scope_new(c, around, buckets);
    c->scope = module->scope;
    for node_each(item, module->root->file.items)
        declare_item(c, item);
    memset(c->titles, 0, sizeof c->titles);
}

/* ---- types ---- */

static void declare_enum(Checker *c, Symbol *symbol)
{
    NodeList list = symbol->decl->enumeration.members;
    Str *members = arena_array(c->arena, Str, list.count);
    size_t count = 0;
    Scope *seen = scope_new(c, NULL, 8);
    for node_each(member, list) {
        Symbol *one =
            symbol_new(c, SYMBOL_MEMBER, member->enum_member.name, member, member->enum_member.name_span);
        if (!scope_add(c, seen, one)) continue;
        one->index = (uint32_t)count;
        one->parent = symbol;
        member->symbol = one;
        members[count++] = one->name;
    }
    symbol->type = type_enum(c->types, symbol->name, members, count, symbol->decl);
    for node_each(member, list) {
        if (member->symbol) member->symbol->type = symbol->type;
    }
}

static void declare_severities(Checker *c)
{
    SymbolList *list = &c->program->severities;
    Str *members = arena_array(c->arena, Str, list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        members[i] = list->items[i]->name;
    c->program->severity = type_enum(c->types, STR("Severity"), members, list->count, NULL);
    for (size_t i = 0; i < list->count; i++)
        list->items[i]->type = c->program->severity;
}

static void declare_fields(Checker *c, Symbol *symbol)
{
    NodeList list = symbol->decl->record.fields;
    TypeField *fields = arena_array(c->arena, TypeField, list.count + 1);
    size_t count = 0;
    Scope *seen = scope_new(c, NULL, 8);
    for node_each(field, list) {
        Symbol *one = symbol_new(c, SYMBOL_LOCAL, field->parameter.name, field, field->parameter.name_span);
        const Type *type = type_of_node(c, field->parameter.type);
        if (!scope_add(c, seen, one)) continue;
        field->type = type;
        bool may_be_left_out = field->parameter.value || symbol->module->is_prelude || type_is_optional(type);
        fields[count++] = (TypeField){.name = one->name, .type = type, .has_default = may_be_left_out};
    }
    type_set_fields(c->types, symbol->type, fields, count);
}

void declare_types(Checker *c, const Program *before)
{
    Program *p = c->program;
    declare_severities(c);
    for (size_t i = before->enums.count; i < p->enums.count; i++)
        if (!p->enums.items[i]->module->is_ready) declare_enum(c, p->enums.items[i]);
    for (size_t i = before->records.count; i < p->records.count; i++) {
        Symbol *symbol = p->records.items[i];
        if (symbol->module->is_ready) continue;
        symbol->type = type_record(c->types, symbol->name, NULL, 0, symbol->decl);
        if (!symbol->module->is_prelude) continue;
        type_set_builtin(c->types, symbol->type);
        /* The record itself is seen everywhere; the prelude's other names are not. */
        Symbol *seen = arena_new(c->arena, Symbol);
        *seen = *symbol;
        seen->next_in_bucket = NULL;
        scope_add(c, c->universe, seen);
    }
    for (size_t i = before->records.count; i < p->records.count; i++) {
        c->module = p->records.items[i]->module;
        if (c->module->is_ready) continue;
        c->scope = c->module->scope;
        declare_fields(c, p->records.items[i]);
    }
}

/* ---- signatures ---- */

static const Type *param_type(Checker *c, Node *param)
{
    if (param->parameter.type) return type_of_node(c, param->parameter.type);
    return c->wrong; /* said by the parser */
}

/* Parameters become symbols; the body's scope gets them when it is checked. */
static void declare_params(Checker *c, Symbol *symbol, NodeList params)
{
    symbol->params = arena_array(c->arena, Symbol *, params.count + 1);
    for node_each(param, params) {
        Symbol *one = symbol_new(c, SYMBOL_LOCAL, param->parameter.name, param, param->parameter.name_span);
        one->type = param_type(c, param);
        one->home = symbol->decl;
        one->index = (uint32_t)symbol->param_count;
        param->symbol = one;
        param->type = one->type;
        symbol->params[symbol->param_count++] = one;
    }
}

static void declare_fn(Checker *c, Symbol *symbol)
{
    Node *node = symbol->decl;
    declare_params(c, symbol, node->fn.params);
    symbol->result = node->fn.result ? type_of_node(c, node->fn.result) : c->unit;
    TypeField *fields = arena_array(c->arena, TypeField, symbol->param_count + 1);
    for (size_t i = 0; i < symbol->param_count; i++)
        fields[i].type = symbol->params[i]->type;
    symbol->type = type_fn(c->types, fields, symbol->param_count, symbol->result);
}

static void in_module(Checker *c, const Symbol *symbol)
{
    c->module = symbol->module;
    c->scope = c->module->scope;
}

void declare_signatures(Checker *c, const Program *before)
{
    Program *p = c->program;
    for (size_t i = before->fns.count; i < p->fns.count; i++) {
        if (p->fns.items[i]->module->is_ready) continue;
        in_module(c, p->fns.items[i]);
        declare_fn(c, p->fns.items[i]);
    }
    for (size_t i = before->externs.count; i < p->externs.count; i++) {
        in_module(c, p->externs.items[i]);
        declare_extern_fn(c, p->externs.items[i]);
    }
    for (size_t i = before->templates.count; i < p->templates.count; i++) {
        in_module(c, p->templates.items[i]);
        declare_params(c, p->templates.items[i], p->templates.items[i]->decl->template.params);
    }
    for (size_t i = before->classifies.count; i < p->classifies.count; i++) {
        in_module(c, p->classifies.items[i]);
        declare_params(c, p->classifies.items[i], p->classifies.items[i]->decl->classify.params);
    }
    for (size_t i = before->plans.count; i < p->plans.count; i++) {
        in_module(c, p->plans.items[i]);
        declare_params(c, p->plans.items[i], p->plans.items[i]->decl->plan.params);
    }
    for (size_t i = before->contacts.count; i < p->contacts.count; i++)
        p->contacts.items[i]->type = c->contact;
    for (size_t i = before->roles.count; i < p->roles.count; i++)
        p->roles.items[i]->type = c->contact;
    for (size_t i = before->rotations.count; i < p->rotations.count; i++)
        p->rotations.items[i]->type = c->contact;
    for (size_t i = before->channels.count; i < p->channels.count; i++)
        p->channels.items[i]->type = c->channel;
}

/* check_state of a setting or constant: 0 not begun, 1 being checked, 2 known. */
const Type *symbol_type(Checker *c, Symbol *symbol, Span at)
{
    bool lazy =
        symbol->kind == SYMBOL_SETTING || symbol->kind == SYMBOL_CONSTANT || symbol->kind == SYMBOL_VAR;
    if (!lazy || symbol->check_state == 2) return symbol->type;
    if (symbol->check_state == 1) {
        report(c, P0207, at, "`%.*s` depends on itself", STR_ARG(symbol->name));
        return c->wrong;
    }
    Checker outer = *c;
    in_module(c, symbol);
    c->arena = c->program->arena;
    c->body = NULL;
    c->conditions = c->loops = 0;
    c->effect_root = NULL;
    check_declaration(c, symbol->decl);
    c->module = outer.module;
    c->scope = outer.scope;
    c->arena = outer.arena;
    c->body = outer.body;
    c->conditions = outer.conditions;
    c->loops = outer.loops;
    c->effect_root = outer.effect_root;
    return symbol->type;
}
