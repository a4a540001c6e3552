/* What a service says of itself, the hosts it runs on, and the work that belongs to no incident.
 *
 * In: `service`, `host`, `recurring`. Out: their parts typed and resolved. Called by declarations.c. Nothing here asks
 * the world: whether a program is there or a review is due is for those who run the plan to say. */
#include "compiler/check/check.h"
#include "vm/base/time.h"

/* ---- service ---- */

void check_texts(Checker *c, NodeList values)
{
    for node_each(value, values) {
        if (value->kind == NODE_MISSING)
            check_shown(c, value->missing.text, "it");
        else
            check_shown(c, value, "a field that is shown");
    }
}

static void check_needs(Checker *c, Node *node)
{
    check_shown(c, node->needs_program.program, "a program's name");
    check_shown(c, node->needs_program.version, "a version");
    if (!node->needs_program.version) return;
    switch (node->needs_program.op) {
    case BINARY_EQ:
    case BINARY_LT:
    case BINARY_LE:
    case BINARY_GT:
    case BINARY_GE: return;
    default:
        report(c, P0306, node->span, "versions are compared by `==`, `<`, `<=`, `>` and `>=`");
    }
}

static void check_pages_cap(Checker *c, Node *node)
{
    check_duration(c, node->pages_cap.per);
    if (node->pages_cap.count < 1)
        report(c, P0307, node->span, "a cap of no pages at all would keep everybody in the dark");
}

static int64_t review_moment; /* 0: now */

void check_as_of(int64_t moment)
{
    review_moment = moment;
}

/* The one finding that comes by itself, with the day. */
static void check_review(Checker *c, Node *date)
{
    int64_t day = 0;
    check_expression(c, date, c->time);
    int64_t today = review_moment ? review_moment : time_now();
    if (date->kind != NODE_DATE || !time_parse(date->date.text, &day, NULL) || day > today) return;
    Diag *diag = report(c, P1105, date->span, "the day by which this was to be reviewed has passed");
    report_help(c, diag, "read it with those who use it, and set the next day");
}

void check_service(Checker *c, Node *node)
{
    check_shown(c, node->service.title, "a title");
    for node_each(field, node->service.fields) {
        switch (field->kind) {
        case NODE_FIELD: check_texts(c, field->field.values); break;
        case NODE_NEEDS_PROGRAM: check_needs(c, field); break;
        case NODE_PAGES_CAP: check_pages_cap(c, field); break;
        case NODE_REVIEW: check_review(c, field->review.date); break;
        default: break; /* `provides` names what is compared with the ways of contacts: people.c */
        }
    }
}

/* ---- hosts ---- */

void check_host(Checker *c, Node *node)
{
    Node *value = node->host.value;
    if (!value) return;
    if (value->kind == NODE_MISSING) {
        if (node->symbol) node->symbol->is_missing = true;
        report(c, P1102, value->span, "the host `%.*s` is missing", STR_ARG(node->host.name));
        check_shown(c, value->missing.text, "it");
        return;
    }
    const Symbol *callee = value->kind == NODE_CALL && value->call.callee->kind == NODE_NAME
                               ? scope_find(c->scope, value->call.callee->name.text)
                               : NULL;
    if (!callee || callee->kind != SYMBOL_BUILTIN || callee->builtin != BUILTIN_NAME_SSH) {
        Diag *diag = report(c, P0212, value->span, "a host is reached by `ssh(…)`");
        report_help(c, diag, "`host %.*s = ssh(\"%.*s.example.com\", user: \"ops\")`", STR_ARG(node->host.name),
                    STR_ARG(node->host.name));
        return;
    }
    ParamSpec params[] = {{.name = STR_INIT("address"), .type = c->string},
                          {.name = STR_INIT("user"), .type = c->string, .may_be_left_out = true}};
    match_args(c, value->call.args, params, 2, value->span, (Callee){"`", STR("ssh"), "`"});
    value->type = c->unit;
}

/* ---- recurring work ---- */

static bool is_one_of(Str word, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal_c(word, known[i])) return true;
    }
    return false;
}

static void check_word(Checker *c, Str word, Span at, const char *const *known, size_t count, const char *what)
{
    if (is_one_of(word, known, count)) return;
    VEC(Str) names = {0};
    for (size_t i = 0; i < count; i++)
        vec_push(&names, str_from_c(known[i]));
    Diag *diag = report(c, P0201, at, "there is no %s called `%.*s`", what, STR_ARG(word));
    Str nearest = suggest_nearest(word, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    vec_free(&names);
}

void check_recurring(Checker *c, Node *node)
{
    static const char *const ordinals[] = {"first", "second", "third", "fourth", "last"};
    static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                           "friday", "saturday", "sunday"};
    check_shown(c, node->recurring.title, "a title");
    if (node->recurring.by) check_reference(c, node->recurring.by, KINDS_PERSON, "contact or role");
    if (node->recurring.every && node->recurring.every->duration.value < 1)
        report(c, P0708, node->recurring.every->span, "work that recurs every %s never ends", "0s");
    if (!node->recurring.ordinal.len) return;
    check_word(c, node->recurring.ordinal, node->recurring.ordinal_span, ordinals,
               sizeof ordinals / sizeof *ordinals, "such day of a month");
    check_word(c, node->recurring.weekday, node->recurring.weekday_span, weekdays,
               sizeof weekdays / sizeof *weekdays, "day of the week");
}
