/* What only shows when all people are seen together: who can be reached, by how many ways, and whose backups
 * run in circles.
 *
 * In: the resolved program. Out: findings of the group P08. Its helpers say who can be paged;
 * drill_reach.c asks the same. */
#include "compiler/check/check.h"

/* ---- walking ---- */

typedef struct Walk {
    TreeVisit *visit;
    void *context;
} Walk;

static void walk_child(Node *child, void *context)
{
    const Walk *walk = context;
    if (walk->visit(child, walk->context)) node_children(child, walk_child, context);
}

void tree_walk(Node *node, TreeVisit *visit, void *context)
{
    Walk walk = {visit, context};
    if (node) walk_child(node, &walk);
}

void tree_walk_list(NodeList list, TreeVisit *visit, void *context)
{
    for node_each(node, list)
        tree_walk(node, visit, context);
}

/* ---- who can be paged ---- */

Node *contact_backup(const Symbol *contact)
{
    if (contact->kind != SYMBOL_CONTACT) return NULL;
    for node_each(field, contact->decl->contact.fields) {
        if (field->kind == NODE_BACKUP) return field->backup.contact;
    }
    return NULL;
}

/* Whoever may be on call. */
static void add_turns(Checker *c, const Symbol *rotation, bool *paged)
{
    for node_each(field, rotation->decl->rotation.fields) {
        if (field->kind == NODE_OVERRIDE && !field->override.nobody) add_paged(c, field->override.contact->symbol, paged);
        if (field->kind != NODE_MEMBERS) continue;
        for node_each(member, field->members.contacts)
            add_paged(c, member->symbol, paged);
    }
}

void add_paged(Checker *c, const Symbol *symbol, bool *paged)
{
    while (symbol && symbol->kind == SYMBOL_CONTACT && !paged[symbol->index]) {
        const Node *backup = contact_backup(symbol);
        paged[symbol->index] = true;
        symbol = backup ? backup->symbol : NULL;
    }
    if (symbol && symbol->kind == SYMBOL_ROTATION) add_turns(c, symbol, paged);
    if (!symbol || symbol->kind != SYMBOL_ROLE) return;
    for node_each(field, symbol->decl->role.fields) {
        if (field->kind == NODE_PRIMARY) add_paged(c, field->primary.contact->symbol, paged);
        if (field->kind == NODE_BACKUP) add_paged(c, field->backup.contact->symbol, paged);
    }
}

void add_paged_by(Checker *c, const Node *deed, bool *paged)
{
    NodeList targets = {0};
    if (deed->kind == NODE_PAGE) targets = deed->page.targets;
    if (deed->kind == NODE_DEADLINE) targets = deed->deadline.targets;
    for node_each(target, targets)
        add_paged(c, target->symbol, paged);
}

bool is_among(const Symbol *symbol, const bool *paged)
{
    if (symbol->kind == SYMBOL_CONTACT) return paged[symbol->index];
    if (symbol->kind != SYMBOL_ROLE) return true;
    for node_each(field, symbol->decl->role.fields) {
        const Node *person = field->kind == NODE_PRIMARY  ? field->primary.contact
                             : field->kind == NODE_BACKUP ? field->backup.contact
                                                          : NULL;
        if (person && person->symbol && is_among(person->symbol, paged)) return true;
    }
    return false;
}

/* ---- ways ---- */

typedef struct Ways {
    size_t count, missing;
} Ways;

static bool is_way(const Node *field)
{
    static const char *const others[] = {"title", "account", "vendor", "zone"};
    if (field->kind != NODE_FIELD) return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (str_equal_c(field->field.name, others[i])) return false;
    }
    return true;
}

static bool field_is_missing(const Node *contact, Str name)
{
    for node_each(field, contact->contact.fields) {
        bool same = field->kind == NODE_FIELD && str_equal(field->field.name, name);
        if (same && field->field.values.first && field->field.values.first->kind == NODE_MISSING) return true;
    }
    return false;
}

static Ways ways_of(Checker *c, const Node *contact)
{
    Ways ways = {0, 0};
    const Node *reach = NULL;
    for node_each(field, contact->contact.fields) {
        if (field->kind == NODE_REACH)
            reach = field;
        else if (is_way(field)) {
            ways.count++;
            if (field->field.values.first && field->field.values.first->kind == NODE_MISSING) ways.missing++;
        }
    }
    if (!reach) return ways;
    ways = (Ways){0, 0};
    Scope *seen = scope_new(c, NULL, 4);
    for node_each(way, reach->reach.ways) {
        Str name = node_dotted(c->arena, way);
        if (way->kind == NODE_MISSING)
            ways.missing++;
        else if (scope_find_here(seen, name))
            continue;
        else
            scope_add(c, seen, symbol_new(c, SYMBOL_CHANNEL, name, NULL, way->span));
        if (field_is_missing(contact, name)) ways.missing++;
        ways.count++;
    }
    return ways;
}

/* ---- ways that depend on the service itself ---- */

static bool is_provided(const Checker *c, Str name)
{
    const Node *service = c->program->service;
    for (const Node *field = service ? service->service.fields.first : NULL; field; field = field->next) {
        if (field->kind != NODE_PROVIDES) continue;
        for node_each(one, field->provides.names) {
            if (str_equal(one->name.text, name)) return true;
        }
    }
    return false;
}

/* By its own name, or by that of the file whose function its channel is made by: `slack.channel(…)`. */
static bool way_is_provided(Checker *c, const Node *way)
{
    if (is_provided(c, node_dotted(c->arena, way))) return true;
    const Symbol *channel = way->symbol && way->symbol->kind == SYMBOL_CHANNEL ? way->symbol : NULL;
    if (!channel) return false;
    for node_each(provider, channel->decl->channel.providers) {
        const Node *callee = provider->kind == NODE_CALL ? provider->call.callee : provider;
        Str name = node_dotted(c->arena, callee);
        ptrdiff_t dot = str_find(name, STR("."));
        if (!is_provided(c, dot < 0 ? name : str_slice(name, 0, (size_t)dot))) return false;
    }
    return true;
}

static void check_independence(Checker *c, const Symbol *contact)
{
    const Node *provided = NULL, *reach = NULL;
    for node_each(field, contact->decl->contact.fields) {
        if (field->kind == NODE_REACH) reach = field;
    }
    for node_each(field, contact->decl->contact.fields) {
        if (reach || !is_way(field)) continue;
        if (!is_provided(c, field->field.name)) return;
        provided = field;
    }
    for (const Node *way = reach ? reach->reach.ways.first : NULL; way; way = way->next) {
        if (way->kind == NODE_MISSING || !way_is_provided(c, way)) return;
        provided = way;
    }
    if (!provided) return;
    Diag *diag = report(c, P0807, provided->span,
                        "`%.*s` is reached only by what this service provides: when it is down, nobody hears",
                        STR_ARG(contact->name));
    report_second(c, diag, c->program->service->span, "the service that the plans repair");
    report_help(c, diag, "add a way that does not depend on it: a `phone`");
}

bool contact_is_vendor(const Node *contact)
{
    for node_each(field, contact->contact.fields) {
        if (field->kind == NODE_FIELD && str_equal(field->field.name, STR("vendor"))) return true;
    }
    return false;
}

static void check_ways(Checker *c, const Symbol *contact)
{
    if (contact_is_vendor(contact->decl) || has_syntax_error(c, contact->decl->span)) return;
    Ways ways = ways_of(c, contact->decl);
    check_independence(c, contact);
    if (!ways.count) {
        Diag *diag =
            report(c, P0805, contact->span, "`%.*s` is paged and cannot be reached: the contact has no way",
                   STR_ARG(contact->name));
        report_help(c, diag, "give the contact a `phone \"…\"`, or `reach by` a channel");
    } else if (ways.count - ways.missing < 2) {
        Diag *diag =
            report(c, P0804, contact->span, "`%.*s` is paged and has one way only: if it fails, nobody hears",
                   STR_ARG(contact->name));
        report_help(c, diag, "add a second that does not depend on the first: `reach by pager, phone`");
    }
}

/* ---- backups and roles ---- */

static Symbol *backup_of(const Symbol *contact)
{
    const Node *backup = contact_backup(contact);
    return backup ? backup->symbol : NULL;
}

/* Reported at the contact of the circle that is declared first. */
static void report_circle(Checker *c, Symbol *member)
{
    Symbol *first = member;
    for (Symbol *at = backup_of(member); at != member; at = backup_of(at)) {
        if (at->index < first->index) first = at;
    }
    Diag *diag = report(c, P0802, contact_backup(first)->span, "the backups of `%.*s` lead back to `%.*s`",
                        STR_ARG(first->name), STR_ARG(first->name));
    report_help(c, diag, "the chain of backups ends with somebody who has none");
}

/* Each contact is come by once: a walk ends where an earlier one came by, and in a circle where it began. */
static void check_backup_circles(Checker *c)
{
    const SymbolList *contacts = &c->program->contacts;
    size_t *walks = arena_array(c->arena, size_t, contacts->count + 1);
    for (size_t i = 0; i < contacts->count; i++) {
        Symbol *at = contacts->items[i];
        while (at && at->kind == SYMBOL_CONTACT && !walks[at->index]) {
            walks[at->index] = i + 1;
            at = backup_of(at);
        }
        if (at && at->kind == SYMBOL_CONTACT && walks[at->index] == i + 1) report_circle(c, at);
    }
}

static void check_role_filled(Checker *c, const Symbol *role)
{
    for node_each(field, role->decl->role.fields) {
        if (field->kind == NODE_PRIMARY) return;
    }
    if (has_syntax_error(c, role->decl->span)) return;
    Diag *diag = report(c, P0806, role->span, "nobody fills the role `%.*s`", STR_ARG(role->name));
    report_help(c, diag, "say who: `primary NAME`");
}

void check_people(Checker *c)
{
    bool *paged = arena_array(c->arena, bool, c->program->contacts.count + 1);
    for (size_t i = 0; i < c->deeds.count; i++)
        add_paged_by(c, c->deeds.items[i], paged);
    for (size_t i = 0; i < c->program->contacts.count; i++) {
        Symbol *contact = c->program->contacts.items[i];
        if (paged[contact->index]) check_ways(c, contact);
    }
    check_backup_circles(c);
    for (size_t i = 0; i < c->program->roles.count; i++)
        check_role_filled(c, c->program->roles.items[i]);
}
