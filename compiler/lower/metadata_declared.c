/* What the metadata says of a service besides its name, of hosts, of recurring work, and of what is still missing.
 *
 * Hosts read it: which programs a run needs, when the plan is to be read again, what is due besides incidents. */
#include "compiler/lower/metadata_parts.h"

static Str operator_text(BinaryOp op)
{
    switch (op) {
    case BINARY_EQ: return STR("==");
    case BINARY_NE: return STR("!=");
    case BINARY_LT: return STR("<");
    case BINARY_LE: return STR("<=");
    case BINARY_GT: return STR(">");
    case BINARY_GE: return STR(">=");
    case BINARY_IN: return STR("in");
    case BINARY_NOT_IN: return STR("not in");
    default: return STR("matches");
    }
}

static void write_text_or_null(MetadataWriter *writer, const char *key, const Node *node)
{
    out_key(&writer->out, key);
    if (node)
        out_text(&writer->out, constant_text(&writer->scope, node));
    else
        out_null(&writer->out);
}

static void write_word_or_null(MetadataWriter *writer, const char *key, Str word)
{
    out_key(&writer->out, key);
    if (word.len)
        out_text(&writer->out, word);
    else
        out_null(&writer->out);
}

/* ---- the service ---- */

static void write_needs(MetadataWriter *writer, const Node *field)
{
    const Node *version = field->needs_program.version;
    out_open(&writer->out, '{');
    write_text_or_null(writer, "program", field->needs_program.program);
    write_word_or_null(writer, "op", version ? operator_text(field->needs_program.op) : (Str){0});
    write_text_or_null(writer, "version", version);
    out_close(&writer->out, '}');
}

static void write_cap(MetadataWriter *writer, const Node *field)
{
    out_open(&writer->out, '{');
    out_int_at(&writer->out, "count", field->pages_cap.count);
    out_int_at(&writer->out, "per", constant_int(&writer->scope, field->pages_cap.per, 0));
    out_key(&writer->out, "to_one");
    out_bool(&writer->out, field->pages_cap.to_one);
    out_close(&writer->out, '}');
}

static void write_each(MetadataWriter *writer, const char *key, const Node *service, NodeKind kind,
                       void (*write)(MetadataWriter *, const Node *))
{
    out_key(&writer->out, key);
    out_open(&writer->out, '[');
    for (const Node *field = service ? service->service.fields.first : NULL; field; field = field->next) {
        if (field->kind == kind) write(writer, field);
    }
    out_close(&writer->out, ']');
}

static void write_provided(MetadataWriter *writer, const Node *field)
{
    for (const Node *name = field->provides.names.first; name; name = name->next)
        out_text(&writer->out, name->name.text);
}

void metadata_service(MetadataWriter *writer, const Node *service)
{
    const Node *review = NULL;
    for (const Node *field = service ? service->service.fields.first : NULL; field; field = field->next) {
        if (field->kind == NODE_REVIEW && field->review.date->kind != NODE_MISSING) review = field->review.date;
    }
    write_each(writer, "provides", service, NODE_PROVIDES, write_provided);
    write_each(writer, "needs", service, NODE_NEEDS_PROGRAM, write_needs);
    write_each(writer, "caps", service, NODE_PAGES_CAP, write_cap);
    out_key(&writer->out, "review");
    if (review)
        out_int(&writer->out, constant_int(&writer->scope, review, 0));
    else
        out_null(&writer->out);
}

/* ---- hosts, recurring work ---- */

static void write_host(MetadataWriter *writer, const Symbol *symbol)
{
    const Node *value = symbol->decl->host.value;
    const Node *address = NULL, *user = NULL;
    for (const Node *arg = value->kind == NODE_CALL ? value->call.args.first : NULL; arg; arg = arg->next) {
        if (str_equal_c(arg->arg.name, "user"))
            user = arg->arg.value;
        else
            address = arg->arg.value;
    }
    out_text_at(&writer->out, "name", symbol->name);
    write_text_or_null(writer, "address", address);
    write_text_or_null(writer, "user", user);
}

static void write_recurring(MetadataWriter *writer, const Symbol *symbol)
{
    const Node *node = symbol->decl;
    bool month = !node->recurring.every && node->recurring.unit == RECUR_MONTH;
    bool quarter = !node->recurring.every && node->recurring.unit == RECUR_QUARTER;
    write_text_or_null(writer, "title", node->recurring.title);
    out_key(&writer->out, "every");
    if (node->recurring.every)
        out_int(&writer->out, node->recurring.every->duration.value);
    else
        out_null(&writer->out);
    write_word_or_null(writer, "unit", month ? STR("month") : quarter ? STR("quarter") : (Str){0});
    write_word_or_null(writer, "ordinal", node->recurring.ordinal);
    write_word_or_null(writer, "weekday", node->recurring.weekday);
    write_word_or_null(writer, "by", node->recurring.by ? reference_name(&writer->scope, node->recurring.by) : (Str){0});
    metadata_place(writer, node->span);
}

void metadata_declared(MetadataWriter *writer)
{
    metadata_symbols(writer, "hosts", &writer->program->hosts, write_host);
    metadata_symbols(writer, "recurring", &writer->program->recurrings, write_recurring);
}

/* ---- what starts a plan ---- */

static void write_test(MetadataWriter *writer, const Node *test)
{
    out_open(&writer->out, '{');
    write_text_or_null(writer, "label", test->label_test.label);
    out_text_at(&writer->out, "op", operator_text(test->label_test.op));
    out_key(&writer->out, "value");
    constant_write(&writer->scope, test->label_test.value, &writer->out);
    out_close(&writer->out, '}');
}

static void write_setting(MetadataWriter *writer, const Node *setting)
{
    const Node *value = setting->setting.value;
    bool severity = value->symbol && value->symbol->kind == SYMBOL_SEVERITY;
    out_open(&writer->out, '{');
    out_text_at(&writer->out, "name", setting->setting.name);
    write_text_or_null(writer, "label", value->kind == NODE_LABEL ? value->label.name : NULL);
    out_key(&writer->out, "value");
    if (value->kind == NODE_LABEL)
        out_null(&writer->out);
    else if (severity)
        out_text(&writer->out, value->symbol->name);
    else
        constant_write(&writer->scope, value, &writer->out);
    out_close(&writer->out, '}');
}

/* One `starts on alert`: {"alert","where":[{"label","op","value"}],"with":[{"name","label","value"}]}. */
static void write_start(MetadataWriter *writer, const Node *node)
{
    out_open(&writer->out, '{');
    write_text_or_null(writer, "alert", node->starts_on.alert);
    out_key(&writer->out, "where");
    out_open(&writer->out, '[');
    for (const Node *test = node->starts_on.where.first; test; test = test->next)
        write_test(writer, test);
    out_close(&writer->out, ']');
    out_key(&writer->out, "with");
    out_open(&writer->out, '[');
    for (const Node *setting = node->starts_on.with.first; setting; setting = setting->next)
        write_setting(writer, setting);
    out_close(&writer->out, ']');
    out_close(&writer->out, '}');
}

void metadata_starts(MetadataWriter *writer, const Node *plan)
{
    bool another = false;
    out_key(&writer->out, "starts");
    out_open(&writer->out, '[');
    for (const Node *node = plan->plan.body.first; node; node = node->next) {
        if (node->kind == NODE_STARTS_ON) write_start(writer, node);
        if (node->kind == NODE_STARTS_ANOTHER) another = true;
    }
    out_close(&writer->out, ']');
    out_key(&writer->out, "starts_another");
    out_bool(&writer->out, another);
    out_key(&writer->out, "offers");
    out_open(&writer->out, '[');
    for (const Node *node = plan->plan.body.first; node; node = node->next) {
        if (node->kind != NODE_SYMPTOM) continue;
        out_open(&writer->out, '{');
        write_text_or_null(writer, "symptom", node->symptom.text);
        write_word_or_null(writer, "when", node->symptom.when ? metadata_source(writer, node->symptom.when->span) : (Str){0});
        out_close(&writer->out, '}');
    }
    out_close(&writer->out, ']');
    out_key(&writer->out, "missing");
    if (plan->plan.missing)
        out_text(&writer->out, constant_text(&writer->scope, plan->plan.missing->missing.text));
    else
        out_null(&writer->out);
}
