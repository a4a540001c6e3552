/* The declarations' part of the metadata: see metadata.h. Lists follow the order of modules and of the source
 * text. */
#include "compiler/lower/metadata.h"

#include "compiler/lower/metadata_parts.h"

#include <stdlib.h>

void metadata_place(MetadataWriter *writer, Span span)
{
    const SourceFile *file = source_file(writer->program->sources, span.file);
    out_text_at(&writer->out, "file", file ? file->path : (Str){0});
    out_int_at(&writer->out, "line", file ? source_place(file, span.start).line : 0);
}

Str metadata_source(MetadataWriter *writer, Span span)
{
    Str raw = source_text(writer->program->sources, span);
    Buffer buffer = {0};
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.data[i];
        bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!blank)
            buffer_add_char(&buffer, c);
        else if (buffer.len && buffer.data[buffer.len - 1] != ' ')
            buffer_add_char(&buffer, ' ');
    }
    Str text = arena_copy(writer->scope.arena, str_trim(buffer_str(&buffer)));
    buffer_free(&buffer);
    return text;
}

/* The first value of the free field `name`; NULL where there is none. */
static const Node *field_value(const NodeList *fields, const char *name)
{
    for (const Node *field = fields->first; field; field = field->next) {
        if (field->kind == NODE_FIELD && str_equal_c(field->field.name, name))
            return field->field.values.first;
    }
    return NULL;
}

static void write_optional_text(MetadataWriter *writer, const char *key, const Node *node)
{
    out_key(&writer->out, key);
    if (node)
        out_text(&writer->out, constant_text(&writer->scope, node));
    else
        out_null(&writer->out);
}

static void write_optional_int(MetadataWriter *writer, const char *key, const Node *node)
{
    out_key(&writer->out, key);
    if (node)
        out_int(&writer->out, constant_int(&writer->scope, node, 0));
    else
        out_null(&writer->out);
}

static void write_reference(MetadataWriter *writer, const char *key, const Node *node)
{
    Str name = reference_name(&writer->scope, node);
    out_key(&writer->out, key);
    if (name.len)
        out_text(&writer->out, name);
    else
        out_null(&writer->out);
}

static void write_service(MetadataWriter *writer)
{
    const Node *service = writer->program->service;
    out_key(&writer->out, "service");
    out_open(&writer->out, '{');
    write_optional_text(writer, "name", service ? service->service.title : NULL);
    write_optional_text(writer, "owner", service ? field_value(&service->service.fields, "owner") : NULL);
    write_optional_text(writer, "runbook", service ? field_value(&service->service.fields, "runbook") : NULL);
    metadata_service(writer, service);
    out_close(&writer->out, '}');
}

void metadata_param(MetadataWriter *writer, const Symbol *symbol)
{
    bool is_setting = symbol->decl->kind == NODE_PARAM;
    const Node *value = is_setting ? symbol->decl->param.value : symbol->decl->parameter.value;
    out_text_at(&writer->out, "name", symbol->name);
    out_text_at(&writer->out, "type",
                symbol->type ? type_text(symbol->type, writer->scope.arena) : STR("string"));
    out_key(&writer->out, "required");
    out_bool(&writer->out, !value && !setting_is_asked_for(symbol, &writer->early));
    out_key(&writer->out, "default");
    if (value)
        out_text(&writer->out, metadata_source(writer, value->span));
    else
        out_null(&writer->out);
    out_text_at(&writer->out, "doc", is_setting ? symbol->decl->param.doc : (Str){0});
}

static void write_secret(MetadataWriter *writer, const Symbol *symbol)
{
    const Node *value = symbol->decl->secret.value;
    bool is_command = value && value->kind == NODE_COMMAND;
    out_text_at(&writer->out, "name", symbol->name);
    out_text_at(&writer->out, "from", str_from_c(op_text_SecretSource(symbol->decl->secret.source)));
    out_text_at(&writer->out, "value",
                is_command ? command_text(&writer->scope, value) : constant_text(&writer->scope, value));
}

/* {"phone":"+1…","slack":"@…"}; a field of several values is a list, one without values is true. */
static void write_ways(MetadataWriter *writer, const NodeList *fields)
{
    out_key(&writer->out, "ways");
    out_open(&writer->out, '{');
    for (const Node *field = fields->first; field; field = field->next) {
        if (field->kind != NODE_FIELD || str_equal_c(field->field.name, "title")) continue;
        const NodeList *values = &field->field.values;
        out_text(&writer->out, field->field.name);
        buffer_add_char(writer->out.buffer, ':');
        writer->out.comma = false;
        if (values->count == 0) out_bool(&writer->out, true);
        if (values->count > 1) out_open(&writer->out, '[');
        for (const Node *value = values->first; value; value = value->next) {
            constant_write(&writer->scope, value, &writer->out);
        }
        if (values->count > 1) out_close(&writer->out, ']');
    }
    out_close(&writer->out, '}');
}

static void write_contact(MetadataWriter *writer, const Symbol *symbol)
{
    const NodeList *fields = &symbol->decl->contact.fields;
    const Node *within = NULL, *backup = NULL, *reach = NULL;
    for (const Node *field = fields->first; field; field = field->next) {
        if (field->kind == NODE_ANSWER_WITHIN) within = field->answer_within.duration;
        if (field->kind == NODE_BACKUP) backup = field->backup.contact;
        if (field->kind == NODE_REACH) reach = field->reach.ways.first;
    }
    out_text_at(&writer->out, "name", symbol->name);
    write_optional_text(writer, "title", symbol->decl->contact.title);
    write_optional_text(writer, "job", field_value(fields, "title"));
    write_ways(writer, fields);
    out_key(&writer->out, "reach");
    out_open(&writer->out, '[');
    for (; reach; reach = reach->next)
        out_text(&writer->out, reference_name(&writer->scope, reach));
    out_close(&writer->out, ']');
    write_optional_int(writer, "answer_within", within);
    write_reference(writer, "backup", backup);
}

static void write_role(MetadataWriter *writer, const Symbol *symbol)
{
    const Node *primary = NULL, *backup = NULL;
    for (const Node *field = symbol->decl->role.fields.first; field; field = field->next) {
        if (field->kind == NODE_PRIMARY) primary = field->primary.contact;
        if (field->kind == NODE_BACKUP) backup = field->backup.contact;
    }
    out_text_at(&writer->out, "name", symbol->name);
    write_optional_text(writer, "title", symbol->decl->role.title);
    write_reference(writer, "primary", primary);
    write_reference(writer, "backup", backup);
}

static void write_person(MetadataWriter *writer, const Node *ref)
{
    if (ref && ref->kind != NODE_MISSING) out_text(&writer->out, reference_name(&writer->scope, ref));
}

/* people: everybody who may be on call, also by an override. */
static void write_rotation(MetadataWriter *writer, const Symbol *symbol)
{
    out_text_at(&writer->out, "name", symbol->name);
    write_optional_text(writer, "title", symbol->decl->rotation.title);
    out_key(&writer->out, "people");
    out_open(&writer->out, '[');
    for (const Node *field = symbol->decl->rotation.fields.first; field; field = field->next) {
        if (field->kind == NODE_OVERRIDE && !field->override.nobody) write_person(writer, field->override.contact);
        if (field->kind != NODE_MEMBERS) continue;
        for (const Node *member = field->members.contacts.first; member; member = member->next)
            write_person(writer, member);
    }
    out_close(&writer->out, ']');
}

static void write_channel(MetadataWriter *writer, const Symbol *symbol)
{
    const Node *provider = symbol->decl->channel.providers.first;
    const Node *callee = provider && provider->kind == NODE_CALL ? provider->call.callee : provider;
    out_text_at(&writer->out, "name", symbol->name);
    out_text_at(&writer->out, "provider", callee ? node_dotted(writer->scope.arena, callee) : (Str){0});
}

static void write_severity(MetadataWriter *writer, const Symbol *symbol)
{
    const Node *means = NULL, *respond = NULL, *resolve = NULL, *every = NULL, *escalate = NULL;
    for (const Node *field = symbol->decl->severity.fields.first; field; field = field->next) {
        if (field->kind == NODE_MEANS) means = field->means.texts.first;
        if (field->kind == NODE_RESPOND) respond = field->respond.within;
        if (field->kind == NODE_RESOLVE_WITHIN) resolve = field->resolve_within.within;
        if (field->kind == NODE_UPDATE) every = field->update.every;
        if (field->kind == NODE_ESCALATE_BY) escalate = field->escalate_by.escalation;
    }
    out_text_at(&writer->out, "name", symbol->name);
    write_optional_text(writer, "title", symbol->decl->severity.title);
    out_key(&writer->out, "means");
    out_open(&writer->out, '[');
    for (; means; means = means->next)
        constant_write(&writer->scope, means, &writer->out);
    out_close(&writer->out, ']');
    write_optional_int(writer, "respond", respond);
    write_optional_int(writer, "resolve", resolve);
    write_optional_int(writer, "update_every", every);
    write_reference(writer, "escalate", escalate);
}

static void write_escalation(MetadataWriter *writer, const Symbol *symbol)
{
    out_text_at(&writer->out, "name", symbol->name);
    out_key(&writer->out, "rules");
    out_open(&writer->out, '[');
    for (const Node *rule = symbol->decl->escalation.rules.first; rule; rule = rule->next) {
        out_open(&writer->out, '{');
        out_text_at(&writer->out, "text", metadata_source(writer, rule->span));
        metadata_place(writer, rule->span);
        out_close(&writer->out, '}');
    }
    out_close(&writer->out, ']');
}

void metadata_symbols(MetadataWriter *writer, const char *key, const SymbolList *symbols,
                      void (*write)(MetadataWriter *, const Symbol *))
{
    out_key(&writer->out, key);
    out_open(&writer->out, '[');
    for (size_t i = 0; i < symbols->count; i++) {
        out_open(&writer->out, '{');
        write(writer, symbols->items[i]);
        out_close(&writer->out, '}');
    }
    out_close(&writer->out, ']');
}

/* The plan's own files, the root last; the standard library is none of them. */
static void write_files(MetadataWriter *writer)
{
    out_key(&writer->out, "files");
    out_open(&writer->out, '[');
    for (size_t i = 0; i < writer->program->modules.count; i++) {
        const Module *module = writer->program->modules.items[i];
        if (!module->is_std) out_text(&writer->out, module->path);
    }
    out_close(&writer->out, ']');
}

void metadata_write(const Program *program, CoreProgram *core, Buffer *out)
{
    MetadataWriter writer = {
        .program = program,
        .scope = {.program = program, .arena = core->arena},
        .out = {.buffer = out},
    };
    reach_early(&writer.early, program);
    out_open(&writer.out, '{');
    write_service(&writer);
    metadata_symbols(&writer, "params", &program->settings, metadata_param);
    metadata_symbols(&writer, "secrets", &program->secrets, write_secret);
    metadata_symbols(&writer, "contacts", &program->contacts, write_contact);
    metadata_symbols(&writer, "roles", &program->roles, write_role);
    metadata_symbols(&writer, "rotations", &program->rotations, write_rotation);
    metadata_symbols(&writer, "channels", &program->channels, write_channel);
    metadata_symbols(&writer, "severities", &program->severities, write_severity);
    metadata_symbols(&writer, "escalations", &program->escalations, write_escalation);
    metadata_declared(&writer);
    out_key(&writer.out, "plans");
    metadata_plans(&writer);
    out_key(&writer.out, "drills");
    metadata_drills(&writer);
    out_key(&writer.out, "coverage");
    metadata_coverage(&writer);
    write_files(&writer);
    metadata_names(&writer);
    out_close(&writer.out, '}');
    vec_free(&writer.early.seen);
}
