/* A ladder climbed without answers (see ladder.h). */
#include "compiler/tools/ladder.h"

#include "compiler/check/check.h"

#include <stdlib.h>

enum { ANSWER_WITHIN = 5 * 60 * 1000, MOST_MOMENTS = 1000 };

typedef struct Climb {
    Ladder *ladder;
    ConstantScope scope;
} Climb;

static int64_t known(Climb *climb, const Node *duration, int64_t absent)
{
    bool said = duration && duration->kind != NODE_MISSING;
    return said ? constant_int(&climb->scope, duration, absent) : absent;
}

static void add_moment(Climb *climb, Moment moment)
{
    if (!moment.who || climb->ladder->moments.count >= MOST_MOMENTS) return;
    moment.order = climb->ladder->moments.count;
    vec_push(&climb->ladder->moments, moment);
}

/* ---- one person ---- */

/* A role stands for who fills it first. */
static const Symbol *person_of(const Symbol *symbol)
{
    if (!symbol || symbol->kind != SYMBOL_ROLE) return symbol;
    for
        node_each(field, symbol->decl->role.fields)
        {
            if (field->kind == NODE_PRIMARY) return field->primary.contact->symbol;
        }
    return symbol;
}

static bool is_plain_way(Str name)
{
    static const char *const ways[] = {"phone", "sms", "email", "slack", "mobile", "pager"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (str_equal_c(name, ways[i])) return true;
    return false;
}

typedef VEC(Str) WayList;

/* `reach by` in its order, or all the ways that are given. */
static void list_ways(Climb *climb, const Node *contact, WayList *ways)
{
    bool said = false;
    for
        node_each(field, contact->contact.fields)
        {
            if (field->kind != NODE_REACH) continue;
            said = true;
        for
            node_each(way, field->reach.ways)
            {
                if (way->kind != NODE_MISSING) vec_push(ways, reference_name(&climb->scope, way));
            }
        }
    for
        node_each(field, contact->contact.fields)
        {
            if (!said && field->kind == NODE_FIELD && is_plain_way(field->field.name))
                vec_push(ways, field->field.name);
        }
}

static const Symbol *backup_of(const Symbol *contact)
{
    for
        node_each(field, contact->decl->contact.fields)
        {
            if (field->kind == NODE_BACKUP) return person_of(field->backup.contact->symbol);
        }
    return NULL;
}

/* Way by way; gives the time at which he was tried to the end. */
static int64_t page_person(Climb *climb, int64_t at, const Symbol *who, const Symbol *instead,
                           const Node *rule)
{
    if (who->kind != SYMBOL_CONTACT) {
        add_moment(climb, (Moment){.at = at, .who = who, .instead = instead, .rule = rule});
        return at + ANSWER_WITHIN;
    }
    WayList ways = {0};
    int64_t within = ANSWER_WITHIN;
    for
        node_each(field, who->decl->contact.fields)
        {
            if (field->kind == NODE_ANSWER_WITHIN)
                within = known(climb, field->answer_within.duration, within);
        }
    list_ways(climb, who->decl, &ways);
    for (size_t i = 0; i < ways.count; i++, at += within)
        add_moment(climb,
                   (Moment){.at = at, .who = who, .way = ways.items[i], .instead = instead, .rule = rule});
    vec_free(&ways);
    return at;
}

static int64_t page_chain(Climb *climb, int64_t at, const Symbol *target, const Node *rule)
{
    VEC(const Symbol *) tried = {0};
    const Symbol *instead = NULL;
    for (const Symbol *who = person_of(target); who;) {
        bool again = false;
        for (size_t i = 0; i < tried.count; i++)
            again = again || tried.items[i] == who;
        if (again) break;
        vec_push(&tried, who);
        at = page_person(climb, at, who, instead, rule);
        instead = who;
        who = who->kind == SYMBOL_CONTACT ? backup_of(who) : NULL;
    }
    vec_free(&tried);
    return at;
}

/* ---- rules ---- */

static bool is_timed(const Node *rule)
{
    RuleTrigger trigger = rule->rule.trigger;
    return trigger == RULE_AT_ONCE || trigger == RULE_UNACKNOWLEDGED || trigger == RULE_UNRESOLVED;
}

/* A rung's targets are called at once; each goes round again from the end of its last attempt. Gives when the rung went
 * unanswered, which the rounds after the first do not put off: with `each` when the first of them did, else the last. */
static int64_t fire_rung(Climb *climb, int64_t at, const Node *rule)
{
    int64_t rounds = 1 + known(climb, rule->rule.repeat_times, 0),
            every = known(climb, rule->rule.repeat_every, 0), unanswered = -1;
    for
        node_each(target, rule->rule.deed->page.targets)
        {
            int64_t end = page_chain(climb, at, target->symbol, rule);
            bool sooner = rule->rule.deed->page.each;
            if (unanswered < 0 || (sooner ? end < unanswered : end > unanswered)) unanswered = end;
            for (int64_t round = 1; round < rounds && round < MOST_MOMENTS; round++)
                end = page_chain(climb, end + every, target->symbol, rule);
        }
    return unanswered;
}

static void notify_all(Climb *climb, int64_t at, const Node *rule)
{
    for
        node_each(target, rule->rule.deed->notify.targets) add_moment(
            climb, (Moment){.at = at, .kind = MOMENT_NOTIFY, .who = person_of(target->symbol), .rule = rule});
}

typedef struct Rung {
    const Node *rule;
    int64_t due;
    size_t order;
} Rung;

static int compare_rungs(const void *left, const void *right)
{
    const Rung *a = left, *b = right;
    if (a->due != b->due) return a->due < b->due ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void climb_rules(Climb *climb, NodeList rules)
{
    Ladder *ladder = climb->ladder;
    VEC(Rung) rungs = {0};
    for
        node_each(rule, rules)
        {
            if (rule->rule.trigger == RULE_AT_LAST)
                ladder->last = rule;
            else if (!is_timed(rule))
                vec_push(&ladder->others, rule);
            else if (rule->rule.deed->kind != NODE_PAGE)
                notify_all(climb, known(climb, rule->rule.after, 0), rule);
            else
                vec_push(&rungs, (Rung){rule, known(climb, rule->rule.after, 0), rungs.count});
        }
    if (rungs.count) qsort(rungs.items, rungs.count, sizeof *rungs.items, compare_rungs);
    /* A rung comes at its time, or when the one before was tried to its end. */
    for (size_t i = 0; i < rungs.count; i++) {
        bool early = i > 0 && ladder->tried < rungs.items[i].due;
        ladder->tried = fire_rung(climb, early ? ladder->tried : rungs.items[i].due, rungs.items[i].rule);
    }
    vec_free(&rungs);
    if (!ladder->last || ladder->tried < 0) return;
    const Node *deed = ladder->last->rule.deed;
    if (deed->kind == NODE_PAGE) {
        for
            node_each(target, deed->page.targets)
                page_chain(climb, ladder->tried, target->symbol, ladder->last);
    } else {
        notify_all(climb, ladder->tried, ladder->last);
    }
}

/* ---- what it amounts to ---- */

static int compare_moments(const void *left, const void *right)
{
    const Moment *a = left, *b = right;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void note_quiet(Ladder *ladder, int64_t from, int64_t to)
{
    if (to - from <= ladder->quiet_to - ladder->quiet_from) return;
    ladder->quiet_from = from;
    ladder->quiet_to = to;
}

/* A channel may be read by nobody, so it does not count as somebody new. */
static bool tells_person(const Moment *moment)
{
    if (moment->kind == MOMENT_UPDATE || moment->who->kind == SYMBOL_CHANNEL) return false;
    return moment->who->kind != SYMBOL_CONTACT || !contact_is_vendor(moment->who->decl);
}

static void find_quiet(Ladder *ladder)
{
    int64_t before = 0;
    ladder->last_new = -1;
    for (size_t i = 0; i < ladder->moments.count; i++) {
        Moment *moment = &ladder->moments.items[i];
        moment->is_first = tells_person(moment);
        for (size_t j = 0; j < i && moment->is_first; j++)
            moment->is_first =
                !(tells_person(&ladder->moments.items[j]) && ladder->moments.items[j].who == moment->who);
        if (!moment->is_first) continue;
        note_quiet(ladder, before, moment->at);
        before = ladder->last_new = moment->at;
    }
    if (ladder->resolve > before) note_quiet(ladder, before, ladder->resolve);
}

static void add_updates(Climb *climb, const Node *update)
{
    int64_t every = known(climb, update->update.every, 0);
    if (every <= 0) return;
    for
        node_each(target, update->update.targets) add_moment(
            climb,
            (Moment){.at = every, .kind = MOMENT_UPDATE, .who = person_of(target->symbol), .rule = update});
}

void ladder_climb(Ladder *ladder, const Program *program, const Symbol *severity, Arena *arena)
{
    Climb climb = {ladder, {.program = program, .arena = arena}};
    ladder->tried = ladder->respond = ladder->resolve = -1;
    for
        node_each(field, severity->decl->severity.fields)
        {
            if (field->kind == NODE_RESPOND) ladder->respond = known(&climb, field->respond.within, -1);
            if (field->kind == NODE_RESOLVE_WITHIN)
                ladder->resolve = known(&climb, field->resolve_within.within, -1);
            if (field->kind == NODE_ESCALATE_BY) ladder->escalation = field->escalate_by.escalation->symbol;
        }
    if (ladder->escalation) climb_rules(&climb, ladder->escalation->decl->escalation.rules);
    for
        node_each(field, severity->decl->severity.fields)
        {
            if (field->kind == NODE_UPDATE) add_updates(&climb, field);
        }
    if (ladder->moments.count)
        qsort(ladder->moments.items, ladder->moments.count, sizeof *ladder->moments.items, compare_moments);
    find_quiet(ladder);
}

void ladder_free(Ladder *ladder)
{
    vec_free(&ladder->moments);
    vec_free(&ladder->others);
    *ladder = (Ladder){0};
}
