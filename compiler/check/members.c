/* Members and indexes: fields of records, members of json, properties, and what may be absent on the way.
 *
 * In: NODE_MEMBER and NODE_INDEX whose object is a value. Out: the Member note and the type; absent in,
 * absent out. */
#include "compiler/check/check.h"

static const Type *chained(Checker *c, const Type *object, const Type *type)
{
    return type_is_optional(object) ? type_optional(c->types, type) : type;
}

void suggest_member(Checker *c, Diag *diag, const Type *type, Str name)
{
    const char *foreign = foreign_member(c, type, name);
    if (foreign) {
        report_help(c, diag, "%s", foreign);
        return;
    }
    VEC(Str) names = {0};
    for (size_t i = 0; type->kind == TYPE_RECORD && i < type->field_count; i++)
        vec_push(&names, type->fields[i].name);
    if (type == c->result || type == c->response) vec_push(&names, STR("json"));
    if (type == c->incident) vec_push(&names, STR("severity"));
    if (type == c->incident) vec_push(&names, STR("age"));
    Str nearest = suggest_nearest(name, names.items, names.count);
    if (nearest.len) report_help(c, diag, "did you mean `%.*s`?", STR_ARG(nearest));
    vec_free(&names);
}

/* Members that a record has beyond its fields, or whose reading is more than taking a field. */
static bool special_member(Checker *c, const Type *record, const Node *node, MemberKind *kind,
                           const Type **type)
{
    struct {
        const Type *record;
        const char *name;
        MemberKind kind;
        const Type *type;
    } table[] = {
        {c->result, "out", MEMBER_OUT, c->string},
        {c->result, "json", MEMBER_OUT_JSON, c->json},
        {c->response, "body", MEMBER_BODY, c->string},
        {c->response, "json", MEMBER_BODY_JSON, c->json},
        {c->secret_result, "out", MEMBER_OUT, c->secret},
        {c->secret_response, "body", MEMBER_BODY, c->secret},
        {c->response, "reason", MEMBER_REASON, c->string},
        {c->incident, "age", MEMBER_AGE, c->duration},
        {c->incident, "opened", MEMBER_OPENED, c->time},
        {c->incident, "next_update", MEMBER_NEXT_UPDATE, type_optional(c->types, c->time)},
        {c->incident, "severity", MEMBER_SEVERITY, c->program->severity},
    };
    bool is_incident = node->member.object->symbol && node->member.object->symbol->kind == SYMBOL_BUILTIN;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].record != record || !str_equal_c(node->member.name, table[i].name)) continue;
        if (record == c->incident && !is_incident) continue; /* the prelude's own variable: plain fields */
        *kind = table[i].kind;
        *type = table[i].type;
        return true;
    }
    return false;
}

static const Type *check_record_member(Checker *c, Node *node, const Type *object)
{
    const Type *record = type_unwrap(object);
    Note *note = note_new(c, node, NOTE_MEMBER);
    MemberKind kind;
    const Type *type;
    bool std_body = c->module->is_prelude; /* it is the one that says what the guards mean */
    if (special_member(c, record, node, &kind, &type) &&
        !(std_body && kind != MEMBER_OUT_JSON && kind != MEMBER_BODY_JSON)) {
        note->member.kind = kind;
        bool guard =
            kind == MEMBER_OUT || kind == MEMBER_OUT_JSON || kind == MEMBER_BODY || kind == MEMBER_BODY_JSON;
        note->member.in_default = guard && c->guarded;
        return chained(c, object, note->member.in_default ? type_optional(c->types, type) : type);
    }
    int index = type_field_index(record, node->member.name);
    if (index < 0) {
        Diag *diag = report(c, P0303, node->member.name_span, "`%.*s` has no `%.*s`", STR_ARG(record->name),
                            STR_ARG(node->member.name));
        suggest_member(c, diag, record, node->member.name);
        return c->wrong;
    }
    note->member.kind = MEMBER_FIELD;
    note->member.index = (uint32_t)index;
    return chained(c, object, record->fields[index].type);
}

static const Type *check_method_member(Checker *c, Node *node, const Type *object)
{
    const Type *plain = type_unwrap(object);
    int method = method_find(plain, node->member.name);
    if (method >= 0 && method_is_property((MethodId)method)) {
        Note *note = note_new(c, node, NOTE_MEMBER);
        note->member.kind = MEMBER_PROPERTY;
        note->member.method = (MethodId)method;
        return chained(c, object, method_property_type(c, (MethodId)method));
    }
    if (method >= 0) {
        Diag *diag = report(c, P0303, node->member.name_span, "`%.*s` is called with `()`", STR_ARG(node->member.name));
        report_help(c, diag, "write `%.*s()`", STR_ARG(node->member.name));
    } else {
        Diag *diag = report(c, P0303, node->member.name_span, "`%.*s` has no `%.*s`", STR_ARG(plain->name),
                            STR_ARG(node->member.name));
        const char *foreign = foreign_member(c, plain, node->member.name);
        if (foreign)
            report_help(c, diag, "%s", foreign);
        else if (plain->kind == TYPE_MAP)
            report_help(c, diag, "the value under a key is `x[\"%.*s\"]`", STR_ARG(node->member.name));
    }
    return c->wrong;
}

const Type *check_member(Checker *c, Node *node)
{
    const Type *object = check_expression(c, node->member.object, NULL);
    const Type *plain = type_unwrap(object);
    if (plain->kind == TYPE_WRONG) return c->wrong;
    if (plain->kind == TYPE_RECORD) return check_record_member(c, node, object);
    if (plain->kind == TYPE_JSON) {
        note_new(c, node, NOTE_MEMBER)->member.kind = MEMBER_JSON;
        return chained(c, object, c->json);
    }
    if (plain->kind == TYPE_SECRET) {
        report(c, P0602, node->span, "a secret cannot be looked into or measured");
        return c->wrong;
    }
    return check_method_member(c, node, object);
}

const Type *check_index(Checker *c, Node *node)
{
    const Type *object = check_expression(c, node->index.object, NULL);
    bool guarded = c->guarded;
    c->guarded = false;
    const Type *plain = type_unwrap(object), *type = c->wrong;
    switch (plain->kind) {
    case TYPE_LIST:
        check_value(c, node->index.index, c->integer);
        type = type_optional(c->types, plain->element);
        break;
    case TYPE_MAP:
        check_value(c, node->index.index, c->string);
        type = type_optional(c->types, plain->element);
        break;
    case TYPE_JSON: {
        const Type *index = check_expression(c, node->index.index, NULL);
        if (index->kind != TYPE_INT) want_type(c, node->index.index, c->string);
        type = chained(c, object, c->json);
        break;
    }
    case TYPE_WRONG: check_expression(c, node->index.index, NULL); break;
    default:
        check_expression(c, node->index.index, NULL);
        report(c, P0306, node->span, "`%.*s` has no elements to take by `[ ]`", STR_ARG(plain->name));
        break;
    }
    c->guarded = guarded;
    return type;
}
