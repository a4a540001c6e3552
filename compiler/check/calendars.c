/* Calendars and rotations: when somebody works, and who is on call.
 *
 * In: `calendar`, `rotation`. Out: their parts resolved, and findings: days and zones that there are not, hours that end
 * before they begin or are said twice, hand-overs in the hour that a change of the clocks leaves out. */
#include "compiler/check/check.h"

#include "vm/base/zone.h"

#include <string.h>

enum { HOUR_MS = 60 * 60 * 1000, DAYS = 7 };

static const char *const day_names[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- zones ---- */

static Str check_zone(Checker *c, Node *node, NodeList fields, const char *what)
{
    Node *zone = NULL;
    for node_each(field, fields) {
        if (field->kind == NODE_FIELD && str_equal_c(field->field.name, "zone")) zone = field->field.values.first;
    }
    Str name = {"", 0};
    if (!zone && has_syntax_error(c, node->span)) return name;
    if (!zone) {
        Diag *diag = report(c, P0119, node->span, "this %s does not say in which zone its hours are", what);
        report_help(c, diag, "`zone \"Europe/Berlin\"`, or `zone \"UTC\"`");
        return name;
    }
    check_shown(c, zone, "a zone");
    if (zone->kind == NODE_MISSING || !node_plain_text(c->arena, zone, &name)) return (Str){"", 0};
    Error error = {0};
    if (zone_known(name, &error)) return name;
    Diag *diag = report(c, P0201, zone->span, "%s", error.text);
    report_help(c, diag, "zones are named by continent and city: \"Europe/Berlin\"; or \"UTC\"");
    return (Str){"", 0};
}

/* ---- days ---- */

static int day_of(Checker *c, Str word, Span at)
{
    for (int i = 0; i < DAYS; i++) {
        if (str_equal_c(word, day_names[i])) return i;
    }
    VEC(Str) names = {0};
    for (int i = 0; i < DAYS; i++)
        vec_push(&names, str_from_c(day_names[i]));
    Diag *diag = report(c, P0201, at, "there is no day called `%.*s`", STR_ARG(word));
    Str nearest = suggest_nearest(word, names.items, names.count);
    if (nearest.len)
        report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    else
        report_help(c, diag, "days are mon, tue, wed, thu, fri, sat and sun");
    vec_free(&names);
    return -1;
}

/* The days of `mon..fri, sun`, as bits. */
static unsigned days_of(Checker *c, NodeList list)
{
    unsigned days = 0;
    for node_each(item, list) {
        bool range = item->kind == NODE_RANGE;
        const Node *from = range ? item->range.start : item, *to = range ? item->range.end : item;
        int first = day_of(c, from->name.text, from->span);
        int last = range ? day_of(c, to->name.text, to->span) : first;
        if (first < 0 || last < 0) continue;
        for (int day = first;; day = (day + 1) % DAYS) {
            days |= 1u << day;
            if (day == last) break;
        }
    }
    return days;
}

/* ---- calendars ---- */

typedef struct Hours {
    const Node *node;
    unsigned days;
    int64_t start, end;
} Hours;

static void check_open(Checker *c, Node *node, Hours *all, size_t count)
{
    Hours hours = {node, days_of(c, node->open.days), node->open.start->time_of_day.value,
                   node->open.end->time_of_day.value};
    if (hours.end <= hours.start) {
        Diag *diag = report(c, P0708, node->span, "these hours end before they begin");
        report_help(c, diag, "hours over midnight are two lines: until 24:00, and from 00:00 the day after");
    }
    for (size_t i = 0; i < count; i++) {
        bool same = (all[i].days & hours.days) && all[i].start < hours.end && hours.start < all[i].end;
        if (!same) continue;
        Diag *diag = report(c, P0112, node->span, "some of these hours are said twice");
        report_second(c, diag, all[i].node->span, "here for the first time");
        break;
    }
    all[count] = hours;
}

/* What can be compared: the date, and the time of day behind it. A day as an end is its last moment. */
typedef struct Moment {
    Str date;
    int64_t in_day;
} Moment;

static Moment moment_of(const Node *node, bool is_end)
{
    if (node->kind == NODE_DATE_TIME) return (Moment){node->date_time.date, node->date_time.value};
    return (Moment){node->kind == NODE_DATE ? node->date.text : (Str){"", 0}, is_end ? INT64_MAX : 0};
}

static int moment_compare(Moment a, Moment b)
{
    int days = a.date.len == b.date.len ? memcmp(a.date.data, b.date.data, a.date.len) : 0;
    return days ? days : (a.in_day > b.in_day) - (a.in_day < b.in_day);
}

static void check_dates(Checker *c, const Node *first, const Node *last, Span at)
{
    if (moment_compare(moment_of(first, false), moment_of(last, true)) >= 0)
        report(c, P0708, at, "these days end before they begin");
}

void check_calendar(Checker *c, Node *node)
{
    size_t count = 0;
    Hours *all = arena_array(c->arena, Hours, node->calendar.fields.count + 1);
    check_zone(c, node, node->calendar.fields, "calendar");
    for node_each(field, node->calendar.fields) {
        if (field->kind == NODE_OPEN) check_open(c, field, all, count++);
        if (field->kind != NODE_CLOSED) continue;
        for node_each(dates, field->closed.dates) {
            if (dates->kind == NODE_RANGE) check_dates(c, dates->range.start, dates->range.end, dates->span);
        }
    }
    if (count || has_syntax_error(c, node->span)) return;
    Diag *diag = report(c, P0119, node->span, "this calendar is never open");
    report_help(c, diag, "`open mon..fri 09:00..17:00`");
}

/* ---- business time ---- */

/* It is counted from a moment, so it stands where something begins: in a plan, or where a declaration says how long. */
const Type *check_business(Checker *c, Node *node)
{
    check_reference(c, node->business.calendar, KIND(CALENDAR), "calendar");
    check_duration(c, node->business.duration);
    bool in_plan = c->body && c->body->kind != BODY_VALUE && c->body->kind != BODY_TEMPLATE;
    if (!in_plan && !c->in_span) {
        Diag *diag = report(c, P0715, node->span, "business time has no beginning here to be counted from");
        report_help(c, diag, "say it where something begins: `respond within`, `when unresolved for`, `wait`, a phase");
    }
    if (!node->business.duration && node->business.days < 1)
        report(c, P0708, node->span, "this is no business day at all");
    return c->duration;
}

void check_span(Checker *c, Node *node)
{
    bool outer = c->in_span;
    c->in_span = node && node->kind == NODE_BUSINESS;
    check_duration(c, node);
    c->in_span = outer;
}

/* ---- rotations ---- */

/* Clocks are put forward in the small hours: on one day of the year 02:30 does not exist. */
static void check_handover(Checker *c, Node *node, Str zone)
{
    bool dated = node->handover.at->kind == NODE_DATE_TIME;
    if (node->handover.day.len) day_of(c, node->handover.day, node->handover.day_span);
    if (node->handover.every && node->handover.every->duration.value < HOUR_MS) {
        Diag *diag = report(c, P0708, node->handover.every->span, "nobody is on call for less than an hour");
        report_help(c, diag, "`every 3d from 2026-03-02 09:00`");
    }
    int64_t at = dated ? node->handover.at->date_time.value : node->handover.at->time_of_day.value;
    bool small_hours = at > 0 && at < 4 * (int64_t)HOUR_MS;
    if (!small_hours || !zone.len || str_equal_c(zone, "UTC") || str_starts_with(zone, STR("Etc/"))) return;
    Diag *diag = report(c, P0714, node->span, "on the night when the clocks are put forward this hour may not exist");
    report_help(c, diag, "hand over by day, when both are awake");
}

static void check_override(Checker *c, Node *node, const Node *earlier)
{
    if (node->override.first->kind == NODE_DATE_TIME && !node->override.last) {
        Diag *diag = report(c, P0119, node->span, "this does not say until when");
        report_help(c, diag, "`override 2026-12-24 18:00..2026-12-25 09:00 ann`, or a whole day");
        return;
    }
    if (!node->override.nobody) check_reference(c, node->override.contact, KIND(CONTACT), "contact");
    const Node *last = node->override.last ? node->override.last : node->override.first;
    check_dates(c, node->override.first, last, node->span);
    for (; earlier && earlier != node; earlier = earlier->next) {
        if (earlier->kind != NODE_OVERRIDE) continue;
        const Node *end = earlier->override.last ? earlier->override.last : earlier->override.first;
        bool after = moment_compare(moment_of(node->override.first, false), moment_of(end, true)) >= 0;
        bool before = moment_compare(moment_of(earlier->override.first, false), moment_of(last, true)) >= 0;
        if (after || before) continue;
        Diag *diag = report(c, P0112, node->span, "some of these days are overridden twice");
        report_second(c, diag, earlier->span, "here for the first time");
        return;
    }
}

void check_rotation(Checker *c, Node *node)
{
    bool handed = false, members = false;
    check_shown(c, node->rotation.title, "a title");
    Str zone = check_zone(c, node, node->rotation.fields, "rotation");
    for node_each(field, node->rotation.fields) {
        switch (field->kind) {
        case NODE_HANDOVER:
            handed = true;
            check_handover(c, field, zone);
            break;
        case NODE_MEMBERS:
            members = true;
            check_references(c, field->members.contacts, KIND(CONTACT), "contact");
            break;
        case NODE_OVERRIDE: check_override(c, field, node->rotation.fields.first); break;
        default: break;
        }
    }
    if (has_syntax_error(c, node->span)) return;
    if (!handed) {
        Diag *diag = report(c, P0119, node->span, "this rotation does not say when it is handed over");
        report_help(c, diag, "`weekly from mon 09:00`, or `daily from 09:00`");
    }
    if (!members) {
        Diag *diag = report(c, P0119, node->span, "nobody is in this rotation");
        report_help(c, diag, "`members ann, bob`");
    }
}
