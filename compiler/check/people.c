/* What only shows when all people are seen together: who can be reached, by how many ways, and whose backups
 * run in circles.
 *
 * In: the resolved program. Out: findings of the group P08. Its helpers say who can be paged; drills.c asks
 * the same. */
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

static void add_once(Checker *c, SymbolList *list, Symbol *symbol)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == symbol) return;
    }
    symbol_list_add(c, list, symbol);
}

Node *contact_backup(const Symbol *contact)
{
    if (contact->kind != SYMBOL_CONTACT) return NULL;
    for node_each(field, contact->decl->contact.fields) {
        if (field->kind == NODE_BACKUP) return field->backup.contact;
    }
    return NULL;
}

void add_people(Checker *c, SymbolList *list, Symbol *symbol)
{
    if (!symbol) return;
    if (symbol->kind == SYMBOL_CONTACT) {
        size_t before = list->count;
        add_once(c, list, symbol);
        const Node *backup = contact_backup(symbol);
        if (list->count > before && backup) add_people(c, list, backup->symbol);
        return;
    }
    if (symbol->kind != SYMBOL_ROLE) return;
    for node_each(field, symbol->decl->role.fields) {
        if (field->kind == NODE_PRIMARY) add_people(c, list, field->primary.contact->symbol);
        if (field->kind == NODE_BACKUP) add_people(c, list, field->backup.contact->symbol);
    }
}

typedef struct Paged {
    Checker *c;
    SymbolList *list;
} Paged;

static bool visit_page(Node *node, void *context)
{
    const Paged *paged = context;
    if (node->kind == NODE_DRILL) return false;
    NodeList targets = {0};
    if (node->kind == NODE_PAGE) targets = node->page.targets;
    if (node->kind == NODE_DEADLINE) targets = node->deadline.targets;
    for node_each(target, targets)
        add_people(paged->c, paged->list, target->symbol);
    return true;
}

void collect_paged(Checker *c, SymbolList *list)
{
    Paged paged = {c, list};
    for (size_t i = 0; i < c->program->modules.count; i++) {
        if (!c->program->modules.items[i]->is_std)
            tree_walk(c->program->modules.items[i]->root, visit_page, &paged);
    }
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

static bool is_vendor(const Node *contact)
{
    for node_each(field, contact->contact.fields) {
        if (field->kind == NODE_FIELD && str_equal(field->field.name, STR("vendor"))) return true;
    }
    return false;
}

static void check_ways(Checker *c, const Symbol *contact)
{
    if (is_vendor(contact->decl)) return;
    Ways ways = ways_of(c, contact->decl);
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
static void check_backup_circle(Checker *c, Symbol *contact)
{
    size_t steps = 0;
    for (Symbol *at = backup_of(contact); at && steps <= c->program->contacts.count;
         at = backup_of(at), steps++) {
        if (at->kind != SYMBOL_CONTACT) return;
        if (at == contact) {
            Node *backup = contact_backup(contact);
            Diag *diag = report(c, P0802, backup->span, "the backups of `%.*s` lead back to `%.*s`",
                                STR_ARG(contact->name), STR_ARG(contact->name));
            report_help(c, diag, "the chain of backups ends with somebody who has none");
            return;
        }
        if (at->index < contact->index) return;
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
    SymbolList paged = {0};
    collect_paged(c, &paged);
    for (size_t i = 0; i < paged.count; i++)
        check_ways(c, paged.items[i]);
    for (size_t i = 0; i < c->program->contacts.count; i++)
        check_backup_circle(c, c->program->contacts.items[i]);
    for (size_t i = 0; i < c->program->roles.count; i++)
        check_role_filled(c, c->program->roles.items[i]);
}
