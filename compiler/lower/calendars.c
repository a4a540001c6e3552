/* Calendars, rotations and stretches of business time, for stdlib/prelude_calendar.plan.
 *
 * In: declarations, and durations like `2h of office`. Out: the tables that the prelude reckons with; in them the changes of
 * each zone's clocks, as this machine's tzdata has them, so that no run asks for them (docs/decisions/0020). Called by
 * setup.c, and by whoever lowers a duration whose clock begins at another time than now. */
#include "compiler/lower/context.h"
#include "vm/base/time.h"
#include "vm/base/zone.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, DAYS = 7 };

static const Type *list_of(Lower *lower, const Type *element)
{
    return type_list(lower->core->types, element);
}

/* ---- spans ---- */

static Core *span_of(Lower *lower, Core *length, int64_t days, int64_t calendar, Span span)
{
    return lower_record_of(lower, "Span", span, "length", length, "days", build_int(lower->core, TYPE_INT, days, span),
                           "calendar", build_int(lower->core, TYPE_INT, calendar, span), NULL);
}

Core *lower_plain_span(Lower *lower, int64_t length, Span span)
{
    return span_of(lower, build_int(lower->core, TYPE_DURATION, length, span), 0, -1, span);
}

Core *lower_span(Context *context, Node *node, Span span)
{
    Lower *lower = context->lower;
    if (!node) return build_global(lower->core, lower_prelude_global(lower, "no_span"), span);
    if (node->kind != NODE_BUSINESS) return span_of(lower, lower_value(context, node), 0, -1, span);
    Node *length = node->business.duration;
    return span_of(lower, length ? lower_value(context, length) : build_int(lower->core, TYPE_DURATION, 0, span),
                   node->business.days, node->business.calendar->symbol->index, span);
}

Core *lower_business(Context *context, Node *node)
{
    CoreFunction *function = lower_prelude_function(context->lower, "span_from_now");
    return build_call(context->lower->core, function, node->span, lower_span(context, node, node->span), NULL);
}

Core *lower_time_after(Context *context, Core *from, Node *length)
{
    CoreProgram *core = context->lower->core;
    if (length->kind != NODE_BUSINESS) return build_binary(core, CORE_ADD, from, lower_value(context, length));
    CoreFunction *function = lower_prelude_function(context->lower, "span_end");
    return build_call(core, function, length->span, from, lower_span(context, length, length->span), NULL);
}

/* ---- what both have ---- */

/* The table of the zone that the fields name; UTC where that is missing. The checker has found the zone. */
static Core *zone_of(Lower *lower, NodeList fields, Span span)
{
    Str name = {0};
    Buffer table = {0};
    for node_each(field, fields)
        if (field->kind == NODE_FIELD && str_equal_c(field->field.name, "zone"))
            node_plain_text(lower->arena, field->field.values.first, &name);
    if (name.len) zone_table(name, &table, NULL);
    Core *text = build_text(lower->core, arena_copy(lower->arena, buffer_str(&table)), span);
    buffer_free(&table);
    return text;
}

/* The time at which UTC's clocks show what a zone's show at NODE_DATE or NODE_DATE_TIME. */
static int64_t moment_of(const Node *node)
{
    int64_t day = 0;
    time_parse(node->kind == NODE_DATE ? node->date.text : node->date_time.date, &day, NULL);
    return day + (node->kind == NODE_DATE_TIME ? node->date_time.value : 0);
}

/* A day that stands for the end of a stretch belongs to it. */
static int64_t end_of(const Node *node)
{
    return moment_of(node) + (node->kind == NODE_DATE ? DAY_MS : 0);
}

static Core *time_at(Lower *lower, int64_t time, Span span)
{
    return build_int(lower->core, TYPE_TIME, time, span);
}

static int day_number(Str name)
{
    static const char *const names[DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    int day = 0;
    while (day < DAYS - 1 && !str_equal_c(name, names[day]))
        day++;
    return day;
}

/* ---- calendars ---- */

static Core *hours_of(Lower *lower, const Node *open)
{
    CoreProgram *core = lower->core;
    Span span = open->span;
    Core *days = core_new(core, CORE_LIST, list_of(lower, simple_type(lower, TYPE_INT)), span);
    for node_each(item, open->open.days) {
        const Node *first = item->kind == NODE_RANGE ? item->range.start : item;
        const Node *last = item->kind == NODE_RANGE ? item->range.end : item;
        for (int day = day_number(first->name.text);; day = (day + 1) % DAYS) {
            core_append(days, build_int(core, TYPE_INT, day, span));
            if (day == day_number(last->name.text)) break;
        }
    }
    return lower_record_of(lower, "OpenHours", span, "days", days, "start",
                           build_int(core, TYPE_DURATION, open->open.start->time_of_day.value, span), "end",
                           build_int(core, TYPE_DURATION, open->open.end->time_of_day.value, span), NULL);
}

static void add_closed(Lower *lower, Core *list, const Node *closed)
{
    for node_each(item, closed->closed.dates) {
        const Node *first = item->kind == NODE_RANGE ? item->range.start : item;
        const Node *last = item->kind == NODE_RANGE ? item->range.end : item;
        core_append(list, lower_record_of(lower, "Closed", item->span, "from", time_at(lower, moment_of(first), item->span),
                                          "to", time_at(lower, end_of(last), item->span), NULL));
    }
}

/* The lines of `open` in the order of their hours, whatever the days. */
static void add_open(Lower *lower, Core *list, NodeList fields)
{
    for (int64_t after = -1;;) {
        int64_t next = INT64_MAX;
        for node_each(field, fields)
            if (field->kind == NODE_OPEN && field->open.start->time_of_day.value > after &&
                field->open.start->time_of_day.value < next)
                next = field->open.start->time_of_day.value;
        if (next == INT64_MAX) return;
        for node_each(field, fields)
            if (field->kind == NODE_OPEN && field->open.start->time_of_day.value == next)
                core_append(list, hours_of(lower, field));
        after = next;
    }
}

static Core *calendar_of(Lower *lower, const Symbol *symbol)
{
    CoreProgram *core = lower->core;
    NodeList fields = symbol->decl->calendar.fields;
    Core *open = core_new(core, CORE_LIST, list_of(lower, lower_record_type(lower, "OpenHours")), symbol->span);
    Core *closed = core_new(core, CORE_LIST, list_of(lower, lower_record_type(lower, "Closed")), symbol->span);
    add_open(lower, open, fields);
    for node_each(field, fields)
        if (field->kind == NODE_CLOSED) add_closed(lower, closed, field);
    return lower_record_of(lower, "Calendar", symbol->span, "name", build_text(core, symbol->name, symbol->span), "zone",
                           zone_of(lower, fields, symbol->span), "open", open, "closed", closed, NULL);
}

void lower_calendars(Context *context, Span span)
{
    Lower *lower = context->lower;
    const SymbolList *all = &lower->program->calendars;
    if (!all->count) return;
    Core *list = core_new(lower->core, CORE_LIST, list_of(lower, lower_record_type(lower, "Calendar")), span);
    for (size_t i = 0; i < all->count; i++)
        core_append(list, calendar_of(lower, all->items[i]));
    context_add(context, build_set_global(lower->core, lower_prelude_global(lower, "calendars"), list));
}

/* ---- rotations ---- */

/* Who takes a turn; "": nobody. */
static Core *member_of(Context *context, Node *ref)
{
    bool somebody = ref && ref->kind != NODE_MISSING;
    return somebody ? lower_target(context, ref) : build_text(context->lower->core, STR(""), context->block->span);
}

/* When the first member's turn begins. Where no date says so, weeks are counted from the first Monday of 1970 and days from
 * its first day. */
static int64_t first_turn(const Node *handover)
{
    enum { FIRST_MONDAY = 4 };
    if (handover->handover.at->kind == NODE_DATE_TIME) return moment_of(handover->handover.at);
    bool weekly = handover->handover.day.len > 0;
    int64_t day = weekly ? FIRST_MONDAY + day_number(handover->handover.day) : 0;
    return day * DAY_MS + handover->handover.at->time_of_day.value;
}

static int64_t turn_length(const Node *handover)
{
    if (handover->handover.every) return handover->handover.every->duration.value;
    return str_equal_c(handover->handover.unit, "weekly") ? DAYS * (int64_t)DAY_MS : DAY_MS;
}

static Core *override_of(Context *context, const Node *node)
{
    Lower *lower = context->lower;
    const Node *last = node->override.last ? node->override.last : node->override.first;
    return lower_record_of(lower, "Override", node->span, "from", time_at(lower, moment_of(node->override.first), node->span),
                           "to", time_at(lower, end_of(last), node->span), "who",
                           member_of(context, node->override.nobody ? NULL : node->override.contact), NULL);
}

static Core *rotation_of(Context *context, const Symbol *symbol)
{
    Lower *lower = context->lower;
    CoreProgram *core = lower->core;
    Span span = symbol->span;
    NodeList fields = symbol->decl->rotation.fields;
    Core *members = core_new(core, CORE_LIST, list_of(lower, simple_type(lower, TYPE_STRING)), span);
    Core *overrides = core_new(core, CORE_LIST, list_of(lower, lower_record_type(lower, "Override")), span);
    const Node *handover = NULL;
    for node_each(field, fields) {
        if (field->kind == NODE_HANDOVER) handover = field;
        if (field->kind == NODE_OVERRIDE) core_append(overrides, override_of(context, field));
        if (field->kind == NODE_MEMBERS)
            for node_each(member, field->members.contacts) core_append(members, member_of(context, member));
    }
    return lower_record_of(lower, "Rotation", span, "zone", zone_of(lower, fields, span), "first",
                           time_at(lower, first_turn(handover), span), "turn",
                           build_int(core, TYPE_DURATION, turn_length(handover), span), "members", members, "overrides",
                           overrides, NULL);
}

void lower_rotations(Context *context, Span span)
{
    Lower *lower = context->lower;
    const SymbolList *all = &lower->program->rotations;
    if (!all->count) return;
    Core *map = core_new(lower->core, CORE_MAP, type_map(lower->core->types, lower_record_type(lower, "Rotation")), span);
    for (size_t i = 0; i < all->count; i++) {
        core_append(map, build_text(lower->core, all->items[i]->name, span));
        core_append(map, rotation_of(context, all->items[i]));
    }
    context_add(context, build_set_global(lower->core, lower_prelude_global(lower, "rotations"), map));
}
