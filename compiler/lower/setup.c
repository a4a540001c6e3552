/* The function that every run begins with: it fills the globals. Settings come from the start's arguments or their
 * defaults; contacts, roles and channels become the tables that the prelude works with. */
#include "compiler/lower/context.h"

#include "vm/code/opcode.h"

static Core *text(Lower *lower, Str words, Span span)
{
    return build_text(lower->core, words, span);
}

static void set_prelude(Context *context, const char *name, Core *value)
{
    context_add(context, build_set_global(context->lower->core, lower_prelude_global(context->lower, name), value));
}

/* The prelude's own variables, with what they begin with. */
static void set_variables(Context *context)
{
    Lower *lower = context->lower;
    for (size_t i = 0; i < lower->program->vars.count; i++) {
        Symbol *symbol = lower->program->vars.items[i];
        Core *value = lower_convert(context, lower_value(context, symbol->decl->var.value), symbol->type);
        context_add(context, build_set_global(lower->core, symbol_global(lower, symbol), value));
    }
}

static void set_severities(Context *context, Span span)
{
    Lower *lower = context->lower;
    Core *names = core_new(lower->core, CORE_LIST, type_list(lower->core->types, simple_type(lower, TYPE_STRING)), span);
    for (size_t i = 0; i < lower->program->severities.count; i++)
        core_append(names, text(lower, lower->program->severities.items[i]->name, span));
    set_prelude(context, "severity_names", names);
}

static void set_settings(Context *context)
{
    Lower *lower = context->lower;
    lower_settings(context);
    for (size_t i = 0; i < lower->program->constants.count; i++) {
        Symbol *symbol = lower->program->constants.items[i];
        Core *value = lower_convert(context, lower_value(context, symbol->decl->let.value), symbol->type);
        context_add(context, build_set_global(lower->core, symbol_global(lower, symbol), value));
    }
}

/* ---- contacts ---- */

static Node *contact_field(const Node *contact, Str name)
{
    for node_each(field, contact->contact.fields)
        if (field->kind == NODE_FIELD && str_equal(field->field.name, name)) return field->field.values.first;
    return NULL;
}

Core *lower_record_of(Lower *lower, const char *name, Span span, ...)
{
    const Type *type = lower_record_type(lower, name);
    Core *record = core_new(lower->core, CORE_RECORD, type, span);
    for (size_t i = 0; i < type->field_count; i++) {
        va_list pairs;
        va_start(pairs, span);
        for (const char *field; (field = va_arg(pairs, const char *)) != NULL;) {
            Core *value = va_arg(pairs, Core *);
            if (str_equal_c(type->fields[i].name, field)) core_append(record, value);
        }
        va_end(pairs);
    }
    return record;
}

static Core *perhaps_text(Lower *lower, Core *value, Span span)
{
    const Type *perhaps = type_optional(lower->core->types, simple_type(lower, TYPE_STRING));
    return value ? build_some(lower->core, value) : build_none(lower->core, perhaps, span);
}

static Core *address_of(Context *context, const Node *contact, Str way)
{
    Node *value = contact_field(contact, way);
    if (!value || value->kind == NODE_MISSING) return NULL;
    return lower_text_of(context, lower_value(context, value), value->span);
}

static Core *way_of(Context *context, const Node *contact, Str name, bool is_channel, Span span)
{
    Lower *lower = context->lower;
    return lower_record_of(lower, "Way", span, "name", text(lower, name, span), "channel",
                     perhaps_text(lower, is_channel ? text(lower, name, span) : NULL, span), "address",
                     perhaps_text(lower, address_of(context, contact, name), span), NULL);
}

static bool names_a_way(Str field)
{
    static const char *const ways[] = {"phone", "sms", "email", "slack", "mobile", "pager"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (str_equal_c(field, ways[i])) return true;
    return false;
}

/* A channel serves the way of its name: `channel sms = twilio.sms(…)`. */
static bool is_channel(const Lower *lower, Str way)
{
    for (size_t i = 0; i < lower->program->channels.count; i++)
        if (str_equal(lower->program->channels.items[i]->name, way)) return true;
    return false;
}

/* `reach by` in its order, or all the ways that are given. */
static Core *ways_of(Context *context, const Node *contact, Span span)
{
    Lower *lower = context->lower;
    Core *ways = core_new(lower->core, CORE_LIST, type_list(lower->core->types, lower_record_type(lower, "Way")), span);
    bool said = false;
    for node_each(field, contact->contact.fields) {
        if (field->kind != NODE_REACH) continue;
        said = true;
        for node_each(way, field->reach.ways) {
            bool is_channel = way->symbol && way->symbol->kind == SYMBOL_CHANNEL;
            Str name = is_channel ? way->symbol->name : node_dotted(lower->arena, way);
            if (way->kind != NODE_MISSING) core_append(ways, way_of(context, contact, name, is_channel, way->span));
        }
    }
    if (!said)
        for node_each(field, contact->contact.fields)
            if (field->kind == NODE_FIELD && names_a_way(field->field.name))
                core_append(ways, way_of(context, contact, field->field.name, is_channel(lower, field->field.name), field->span));
    return ways;
}

enum { DEFAULT_ANSWER_WITHIN = 5 * 60 * 1000 };

static Core *contact_of(Context *context, Symbol *symbol)
{
    Lower *lower = context->lower;
    Span span = symbol->span;
    const Node *contact = symbol->decl;
    Core *within = build_int(lower->core, TYPE_DURATION, DEFAULT_ANSWER_WITHIN, span);
    Core *backup = NULL;
    for node_each(field, contact->contact.fields) {
        if (field->kind == NODE_ANSWER_WITHIN && field->answer_within.duration->kind != NODE_MISSING)
            within = lower_value(context, field->answer_within.duration);
        if (field->kind == NODE_BACKUP && field->backup.contact->kind != NODE_MISSING)
            backup = lower_target(context, field->backup.contact);
    }
    Core *title = contact->contact.title && contact->contact.title->kind != NODE_MISSING
                      ? lower_string(context, contact->contact.title)
                      : text(lower, symbol->name, span);
    return lower_record_of(lower, "Contact", span, "name", text(lower, symbol->name, span), "title", title, "ways",
                     ways_of(context, contact, span), "answer_within", within, "backup", perhaps_text(lower, backup, span), NULL);
}

static void set_contacts(Context *context, Span span)
{
    Lower *lower = context->lower;
    Core *map = core_new(lower->core, CORE_MAP, type_map(lower->core->types, lower_record_type(lower, "Contact")), span);
    for (size_t i = 0; i < lower->program->contacts.count; i++) {
        Symbol *symbol = lower->program->contacts.items[i];
        core_append(map, text(lower, symbol->name, span));
        core_append(map, contact_of(context, symbol));
    }
    set_prelude(context, "contacts", map);
}

/* ---- roles and channels ---- */

static void set_roles(Context *context, Span span)
{
    Lower *lower = context->lower;
    const Type *strings = type_map(lower->core->types, simple_type(lower, TYPE_STRING));
    Core *first = core_new(lower->core, CORE_MAP, strings, span), *second = core_new(lower->core, CORE_MAP, strings, span);
    for (size_t i = 0; i < lower->program->roles.count; i++) {
        Symbol *symbol = lower->program->roles.items[i];
        for node_each(field, symbol->decl->role.fields) {
            Node *contact = field->kind == NODE_PRIMARY ? field->primary.contact
                            : field->kind == NODE_BACKUP ? field->backup.contact
                                                         : NULL;
            if (!contact || contact->kind == NODE_MISSING) continue;
            Core *map = field->kind == NODE_PRIMARY ? first : second;
            core_append(map, text(lower, symbol->name, span));
            core_append(map, lower_target(context, contact));
        }
    }
    set_prelude(context, "roles", first);
    set_prelude(context, "role_backups", second);
}

static void set_channels(Context *context, Span span)
{
    Lower *lower = context->lower;
    const Type *channel = lower_record_type(lower, "Channel");
    const Type *list = type_list(lower->core->types, channel);
    Core *map = core_new(lower->core, CORE_MAP, type_map(lower->core->types, list), span);
    for (size_t i = 0; i < lower->program->channels.count; i++) {
        Symbol *symbol = lower->program->channels.items[i];
        Core *providers = core_new(lower->core, CORE_LIST, list, symbol->span);
        for node_each(provider, symbol->decl->channel.providers)
            if (provider->kind != NODE_MISSING) core_append(providers, lower_value(context, provider));
        core_append(map, text(lower, symbol->name, span));
        core_append(map, providers);
    }
    set_prelude(context, "channels", map);
}

/* `pages at most 3 per 10m to one contact` */
static void set_caps(Context *context, Span span)
{
    Lower *lower = context->lower;
    const Type *cap = lower_record_type(lower, "PageCap");
    Core *caps = core_new(lower->core, CORE_LIST, type_list(lower->core->types, cap), span);
    const Node *service = lower->program->service;
    for (Node *field = service ? service->service.fields.first : NULL; field; field = field->next)
        if (field->kind == NODE_PAGES_CAP)
            core_append(caps, lower_record_of(lower, "PageCap", span, "count",
                                        build_int(lower->core, TYPE_INT, field->pages_cap.count, span), "per",
                                        lower_value(context, field->pages_cap.per), "to_one",
                                        build_int(lower->core, TYPE_BOOL, field->pages_cap.to_one, span), NULL));
    set_prelude(context, "page_caps", caps);
}

enum { DEFAULT_ACK_HOLDS = 30 * 60 * 1000 };

static bool ladder_pages(const Node *severity)
{
    for node_each(field, severity->severity.fields) {
        const Symbol *ladder = field->kind == NODE_ESCALATE_BY ? field->escalate_by.escalation->symbol : NULL;
        if (!ladder) continue;
        for node_each(rule, ladder->decl->escalation.rules)
            if (rule->rule.deed && rule->rule.deed->kind == NODE_PAGE) return true;
    }
    return false;
}

/* How long an acknowledgement holds at each severity: as it says, 30m where it pages, for ever where it does not. */
static void set_ack_holds(Context *context, Span span)
{
    Lower *lower = context->lower;
    Core *map = core_new(lower->core, CORE_MAP, type_map(lower->core->types, lower_record_type(lower, "Span")), span);
    for (size_t i = 0; i < lower->program->severities.count; i++) {
        Symbol *severity = lower->program->severities.items[i];
        Node *said = NULL;
        for node_each(field, severity->decl->severity.fields)
            if (field->kind == NODE_ACK_HOLDS && field->ack_holds.duration->kind != NODE_MISSING)
                said = field->ack_holds.duration;
        if (!said && !ladder_pages(severity->decl)) continue;
        core_append(map, text(lower, severity->name, span));
        core_append(map, said ? lower_span(context, said, span) : lower_plain_span(lower, DEFAULT_ACK_HOLDS, span));
    }
    set_prelude(context, "ack_holds", map);
}

CoreFunction *lower_setup(Lower *lower)
{
    if (lower->setup) return lower->setup;
    Span span = lower->program->prelude->root->span;
    lower->setup = core_function(lower->core, STR("setup"), simple_type(lower, TYPE_UNIT), span);
    Context context = context_new(lower, lower->setup, NULL);
    set_variables(&context);
    context_add(&context, build_do(lower->core, build_call(lower->core, lower_prelude_function(lower, "read_start"), span, NULL)));
    set_severities(&context, span);
    set_settings(&context);
    set_contacts(&context, span);
    set_roles(&context, span);
    set_channels(&context, span);
    set_caps(&context, span);
    set_ack_holds(&context, span);
    lower_procedures(&context, span);
    lower_calendars(&context, span);
    lower_rotations(&context, span);
    context_free(&context);
    return lower->setup;
}
