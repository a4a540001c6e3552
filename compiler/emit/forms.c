/* Effects and marks: what they say, most often an object of known members, becomes a form of the image, with what is
 * constant in its text and the rest in the registers of two windows. Called by expressions.c and statements.c. */
#include "compiler/emit/emitter.h"

#include "vm/base/json_text.h"

#include <stdlib.h>

enum { HOLES_AT_MOST = 32, ITEMS_AT_MOST = 16 };

typedef struct Form {
    Buffer text; /* of all pieces, one after the other */
    VEC(size_t) ends;           /* of the texts before the holes */
    VEC(const Core *) holes;
    unsigned count[BANK_COUNT];
} Form;

static void hole_add(Form *form, const Core *value)
{
    vec_push(&form->ends, form->text.len);
    vec_push(&form->holes, value);
    form->count[type_bank(value->type)]++;
}

static void value_add(Form *form, const Core *value);

static bool names_are_known(const Core *object)
{
    for (const Core *key = object->list.first; key; key = key->next->next) {
        if (key->kind != CORE_STRING) return false;
        for (const Core *other = object->list.first; other != key; other = other->next->next) {
            if (str_equal(other->text, key->text)) return false;
        }
    }
    return true;
}

static void object_add(Form *form, const Core *object)
{
    char before = '{';
    for (const Core *key = object->list.first; key; key = key->next->next) {
        buffer_add_char(&form->text, before);
        json_write_string(&form->text, key->text);
        buffer_add_char(&form->text, ':');
        value_add(form, key->next);
        before = ',';
    }
    buffer_add_c(&form->text, before == '{' ? "{}" : "}");
}

static void list_add(Form *form, const Core *list)
{
    buffer_add_char(&form->text, '[');
    for (const Core *item = list->list.first; item; item = item->next) {
        value_add(form, item);
        if (item->next) buffer_add_char(&form->text, ',');
    }
    buffer_add_char(&form->text, ']');
}

static bool is_whole_number(const Core *value)
{
    TypeKind kind = value->type->kind;
    return value->kind == CORE_INT && (kind == TYPE_INT || kind == TYPE_DURATION || kind == TYPE_TIME);
}

static void value_add(Form *form, const Core *value)
{
    while (value->kind == CORE_TO_JSON || (value->kind == CORE_CONCAT && value->list.count == 1))
        value = value->kind == CORE_TO_JSON ? value->a : value->list.first;
    if (value->kind == CORE_STRING)
        json_write_string(&form->text, value->text);
    else if (value->kind == CORE_NONE)
        buffer_add_c(&form->text, "null");
    else if (is_whole_number(value))
        buffer_add_int(&form->text, value->number);
    else if (value->kind == CORE_OBJECT && names_are_known(value))
        object_add(form, value);
    else if (value->kind == CORE_LIST && value->list.count <= ITEMS_AT_MOST)
        list_add(form, value);
    else
        hole_add(form, value);
}

static uint32_t form_type(Emitter *e, const Form *form, Str name)
{
    Str texts[2 * HOLES_AT_MOST + 1];
    uint32_t types[2 * HOLES_AT_MOST];
    size_t from = 0, count = form->holes.count;
    for (size_t i = 0; i < count; i++) {
        texts[i] = str_slice(buffer_str(&form->text), from, form->ends.items[i]);
        types[i] = emitter_type(e, form->holes.items[i]->type);
        from = form->ends.items[i];
    }
    texts[count] = str_slice(buffer_str(&form->text), from, form->text.len);
    return image_builder_form(e->builder, name, texts, types, count);
}

static void form_clear(Form *form)
{
    buffer_free(&form->text);
    vec_free(&form->ends);
    vec_free(&form->holes);
    *form = (Form){0};
}

/* Where the holes' values are, and the form's type. */
typedef struct FilledForm {
    unsigned first[BANK_COUNT];
    uint32_t type;
} FilledForm;

/* value may be NULL: null. */
static FilledForm form_fill(Emitter *e, const Core *value, Str name)
{
    Form form = {0};
    FilledForm filled;
    unsigned next[BANK_COUNT];
    if (value)
        value_add(&form, value);
    else
        buffer_add_c(&form.text, "null");
    if (form.count[BANK_SCALAR] > HOLES_AT_MOST || form.count[BANK_REF] > HOLES_AT_MOST) {
        form_clear(&form);
        hole_add(&form, value);
    }
    for (int bank = 0; bank < BANK_COUNT; bank++)
        filled.first[bank] = next[bank] = emitter_take(e, (Bank)bank, form.count[bank]);
    for (size_t i = 0; i < form.holes.count; i++) {
        const Core *hole = form.holes.items[i];
        emit_into(e, hole, next[type_bank(hole->type)]++);
    }
    filled.type = form_type(e, &form, name);
    form_clear(&form);
    return filled;
}

void emit_effect(Emitter *e, const Core *node, unsigned target)
{
    const Type *json = type_simple(e->program->types, TYPE_JSON);
    FilledForm args = form_fill(e, node->a, STR(""));
    uint32_t result = emitter_type(e, node->type->kind == TYPE_UNIT ? json : node->type);
    uint32_t effect = image_builder_effect(e->builder, node->text, (EffectClass)node->index, args.type, result);
    emitter_put(e, node, OPCODE_EFFECT, target, args.first[BANK_SCALAR], args.first[BANK_REF], (int32_t)effect);
}

void emit_mark(Emitter *e, const Core *node)
{
    FilledForm mark = form_fill(e, node->a, node->text);
    emitter_put(e, node, OPCODE_EMIT, 0, mark.first[BANK_SCALAR], mark.first[BANK_REF], (int32_t)mark.type);
}
