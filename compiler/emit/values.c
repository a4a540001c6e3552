/* Values with parts: records, lists, maps, optionals, json, texts. They are made from parts that stand in
 * consecutive registers, or grow by one part at a time in a register that nothing else reads meanwhile. */
#include "compiler/emit/emitter.h"

#include <math.h>

/* So many parts are made at once; what is longer grows from there, so that it does not need a register for
 * each. */
enum { PARTS_AT_ONCE = 32 };

unsigned field_position(const Type *record, uint32_t index)
{
    bool scalar = type_is_scalar(record->fields[index].type);
    unsigned position = 0;
    for (uint32_t i = 0; i < index; i++)
        position += type_is_scalar(record->fields[i].type) == scalar;
    return position;
}

static void emit_field(Emitter *e, const Core *node, unsigned target)
{
    unsigned record = emit_looked_at(e, node->a, NULL);
    Opcode op = type_is_scalar(node->type) ? OPCODE_FIELD_S : OPCODE_FIELD_R;
    emitter_put(e, node, op, target, record, 0, (int32_t)field_position(node->a->type, node->index));
}

/* A register in which a value can grow while other parts are evaluated: the target, if nothing else reads it.
 */
static unsigned growing(Emitter *e, unsigned target)
{
    return emitter_is_temporary(e, BANK_REF, target) ? target : emitter_take(e, BANK_REF, 1);
}

/* One field after the other, so that it does not need a register for each. */
static void emit_large_record(Emitter *e, const Core *node, unsigned target)
{
    unsigned record = growing(e, target);
    int32_t next[BANK_COUNT] = {0};
    emitter_put(e, node, OPCODE_BLANK, record, 0, 0, (int32_t)emitter_type(e, node->type));
    Mark mark = emitter_mark(e);
    for (const Core *part = node->list.first; part; part = part->next) {
        Bank bank = type_bank(part->type);
        emitter_put(e, node, bank == BANK_SCALAR ? OPCODE_WITH_S : OPCODE_WITH_R, record,
                    emit_operand(e, part), 1, next[bank]++);
        emitter_release(e, mark);
    }
    emitter_put(e, node, OPCODE_SHARE, record, 0, 0, 0);
    emitter_move(e, node, BANK_REF, target, record);
}

static void emit_record(Emitter *e, const Core *node, unsigned target)
{
    unsigned count[BANK_COUNT] = {0}, first[BANK_COUNT], next[BANK_COUNT];
    for (const Core *part = node->list.first; part; part = part->next)
        count[type_bank(part->type)]++;
    if (count[BANK_SCALAR] > PARTS_AT_ONCE || count[BANK_REF] > PARTS_AT_ONCE) {
        emit_large_record(e, node, target);
        return;
    }
    for (int bank = 0; bank < BANK_COUNT; bank++)
        first[bank] = next[bank] = emitter_take(e, (Bank)bank, count[bank]);
    for (const Core *part = node->list.first; part; part = part->next) {
        emit_into(e, part, next[type_bank(part->type)]++);
    }
    emitter_put(e, node, OPCODE_RECORD, target, first[BANK_SCALAR], first[BANK_REF],
                (int32_t)emitter_type(e, node->type));
}

/* The first parts into consecutive registers; gives the first register, and the rest in *rest. */
static unsigned emit_parts(Emitter *e, const Core *first, size_t count, Bank bank, const Core **rest)
{
    unsigned taken = (unsigned)(count < PARTS_AT_ONCE ? count : PARTS_AT_ONCE);
    unsigned base = emitter_take(e, bank, taken);
    const Core *part = first;
    for (unsigned i = 0; i < taken; i++, part = part->next)
        emit_into(e, part, base + i);
    *rest = part;
    return base;
}

static void emit_list(Emitter *e, const Core *node, unsigned target)
{
    const Type *element =
        node->type->element ? node->type->element : type_simple(e->program->types, TYPE_JSON);
    Bank bank = type_bank(element);
    unsigned list = node->list.count > PARTS_AT_ONCE ? growing(e, target) : target;
    const Core *rest;
    Mark mark = emitter_mark(e);
    unsigned base = emit_parts(e, node->list.first, node->list.count, bank, &rest);
    unsigned count = (unsigned)(node->list.count < PARTS_AT_ONCE ? node->list.count : PARTS_AT_ONCE);
    emitter_put(e, node, bank == BANK_SCALAR ? OPCODE_LIST_S : OPCODE_LIST_R, list, base, count, 0);
    emitter_release(e, mark);
    for (; rest; rest = rest->next) {
        Opcode op = bank == BANK_SCALAR ? OPCODE_APPEND_S : OPCODE_APPEND_R;
        emitter_put(e, node, op, list, emit_operand(e, rest), 0, 0);
        emitter_release(e, mark);
    }
    emitter_move(e, node, BANK_REF, target, list);
    if (node->type->kind != TYPE_JSON) return;
    uint32_t type = emitter_type(e, type_list(e->program->types, element));
    emitter_put(e, node, OPCODE_TO_JSON_R, target, target, 0, (int32_t)type);
}

static void emit_pairs(Emitter *e, const Core *node, unsigned target, Bank bank, bool as_json)
{
    unsigned map = growing(e, target);
    int32_t count = (int32_t)(node->list.count / 2);
    emitter_put(e, node, bank == BANK_SCALAR ? OPCODE_MAP_S : OPCODE_MAP_R, map, 0, 0, count);
    Mark mark = emitter_mark(e);
    for (const Core *key = node->list.first; key && key->next; key = key->next->next) {
        const Core *item = key->next;
        unsigned name = emit_operand_before(e, key, item), value;
        if (as_json && item->type->kind != TYPE_JSON) {
            Core wrapped = {.kind = CORE_TO_JSON, .type = node->type, .span = item->span};
            Core part = *item;
            part.next = NULL;
            wrapped.a = &part;
            value = emit_operand(e, &wrapped);
        } else {
            value = emit_operand(e, item);
        }
        emitter_put(e, node, bank == BANK_SCALAR ? OPCODE_PUT_S : OPCODE_PUT_R, map, name, value, 1);
        emitter_release(e, mark);
    }
    if (count) emitter_put(e, node, OPCODE_SHARE, map, 0, 0, 0);
    emitter_move(e, node, BANK_REF, target, map);
}

static bool is_int_text(const Core *part)
{
    return part->kind == CORE_BUILTIN && part->index == BUILTIN_INT_TO_TEXT;
}

/* A text with ints in it: none of them becomes a string of its own. False: there is none, or it has too many parts. */
static bool emit_text(Emitter *e, const Core *node, unsigned target)
{
    enum { PARTS = 30 };
    unsigned count[BANK_COUNT] = {0}, next[BANK_COUNT], first[BANK_COUNT];
    for (const Core *part = node->list.first; part; part = part->next)
        count[is_int_text(part) ? BANK_SCALAR : BANK_REF]++;
    if (!count[BANK_SCALAR] || node->list.count > PARTS) return false;
    for (int bank = 0; bank < BANK_COUNT; bank++)
        first[bank] = next[bank] = emitter_take(e, (Bank)bank, count[bank]);
    uint32_t kinds = 0, bit = 1;
    for (const Core *part = node->list.first; part; part = part->next, bit <<= 1) {
        bool is_int = is_int_text(part);
        emit_into(e, is_int ? part->list.first : part, next[is_int ? BANK_SCALAR : BANK_REF]++);
        if (is_int) kinds |= bit;
    }
    emitter_put(e, node, OPCODE_TEXT, target, first[BANK_SCALAR], first[BANK_REF], (int32_t)(kinds | bit));
    return true;
}

static void emit_concat(Emitter *e, const Core *node, unsigned target)
{
    if (node->list.count == 0) {
        emitter_put(e, node, OPCODE_STRING, target, 0, 0, (int32_t)image_builder_string(e->builder, STR("")));
        return;
    }
    if (node->list.count == 1) {
        emit_into(e, node->list.first, target);
        return;
    }
    if (emit_text(e, node, target)) return;
    const Core *rest;
    size_t left = node->list.count;
    unsigned base = emit_parts(e, node->list.first, left, BANK_REF, &rest);
    unsigned count = (unsigned)(left < PARTS_AT_ONCE ? left : PARTS_AT_ONCE);
    for (left -= count; left > 0; left -= count - 1) {
        emitter_put(e, node, OPCODE_CONCAT, base, base, count, 0);
        count = 1;
        for (; rest && count < PARTS_AT_ONCE; rest = rest->next)
            emit_into(e, rest, base + count++);
    }
    emitter_put(e, node, OPCODE_CONCAT, target, base, count, 0);
}

/* One part of the value that it begins with is replaced or added: op changes the value in its register. */
static void emit_changed(Emitter *e, const Core *node, unsigned target, const Core *key, const Core *part,
                         Opcode op, int32_t imm)
{
    bool untouched = !may_assign(key) && !may_assign(part), own = e->owning == node;
    bool in_place = node->a->kind == CORE_LOCAL && e->locals[node->a->index] == target && untouched;
    unsigned value = in_place ? target : growing(e, target);
    if (!in_place && own) emit_looked_at_into(e, node->a, NULL, value);
    if (!in_place && !own) emit_into(e, node->a, value);
    if (op == OPCODE_PUT_S || op == OPCODE_PUT_R || op == OPCODE_PUT_AT_S || op == OPCODE_PUT_AT_R) imm = own;
    if (key) {
        unsigned name = emit_operand_before(e, key, part), item = emit_operand(e, part);
        emitter_put(e, node, op, value, name, item, imm);
    } else {
        emitter_put(e, node, op, value, emit_operand(e, part), own, imm);
    }
    emitter_move(e, node, BANK_REF, target, value);
}

static void emit_with_item(Emitter *e, const Core *node, unsigned target)
{
    const Type *element = node->a->type->element;
    if (node->a->type->kind == TYPE_MAP) {
        emit_changed(e, node, target, node->b, node->c, type_is_scalar(element) ? OPCODE_PUT_S : OPCODE_PUT_R,
                     0);
    } else {
        emit_changed(e, node, target, node->b, node->c,
                     type_is_scalar(element) ? OPCODE_PUT_AT_S : OPCODE_PUT_AT_R, 0);
    }
}

static void emit_get_item(Emitter *e, const Core *node, unsigned target)
{
    const Core *args[] = {node->a, node->b};
    BuiltinId id = node->a->type->kind == TYPE_MAP ? BUILTIN_MAP_GET : BUILTIN_LIST_GET;
    emit_builtin(e, id, node->a->type->element, node, args, 2, target);
}

void emit_value(Emitter *e, const Core *node, unsigned target)
{
    switch (node->kind) {
    case CORE_FIELD: emit_field(e, node, target); break;
    case CORE_RECORD: emit_record(e, node, target); break;
    case CORE_LIST: emit_list(e, node, target); break;
    case CORE_MAP: emit_pairs(e, node, target, type_bank(node->type->element), false); break;
    case CORE_CONCAT: emit_concat(e, node, target); break;
    case CORE_GET_ITEM: emit_get_item(e, node, target); break;
    case CORE_WITH_ITEM: emit_with_item(e, node, target); break;
    case CORE_WITH_FIELD:
        emit_changed(e, node, target, NULL, node->b,
                     type_is_scalar(node->b->type) ? OPCODE_WITH_S : OPCODE_WITH_R,
                     (int32_t)field_position(node->a->type, node->index));
        break;
    case CORE_APPEND:
        emit_changed(e, node, target, NULL, node->b,
                     type_is_scalar(node->b->type) ? OPCODE_APPEND_S : OPCODE_APPEND_R, 0);
        break;
    default: emitter_put(e, node, OPCODE_LEN, target, emit_looked_at(e, node->a, NULL), 0, 0); break;
    }
}

/* Takes the value out of an optional that is known to hold one. */
static void emit_unwrap(Emitter *e, const Core *at, const Type *type, unsigned target, unsigned optional)
{
    if (type_is_scalar(type)) {
        emitter_put(e, at, OPCODE_UNBOX, target, optional, 0, 0);
    } else {
        emitter_move(e, at, BANK_REF, target, optional);
    }
}

/* xs[i] without an optional in between: jumps to the label if there is such an element. Without a label the number
 * takes its place if there is none, which a scalar's may. */
static void emit_item_or(Emitter *e, const Core *item, unsigned target, Label *found, int32_t number)
{
    bool is_list = item->a->type->kind == TYPE_LIST, scalar = type_is_scalar(item->a->type->element);
    Mark mark = emitter_mark(e);
    unsigned whole = emit_looked_at(e, item->a, item->b), key = emit_operand(e, item->b);
    if (!found) {
        emitter_put(e, item, is_list ? OPCODE_AT_OR_S : OPCODE_KEY_OR_S, target, whole, key, number);
    } else {
        Opcode op = is_list ? scalar ? OPCODE_IF_AT_S : OPCODE_IF_AT_R : scalar ? OPCODE_IF_KEY_S : OPCODE_IF_KEY_R;
        emitter_jump(e, item, op, target, whole, key, found);
    }
    emitter_release(e, mark);
}

/* xs[i] that must be there: no optional is made in between. */
static bool emit_item_at(Emitter *e, const Core *node, unsigned target)
{
    const Core *item = node->a;
    if (item->kind != CORE_GET_ITEM || item->a->type->kind != TYPE_LIST || node->text.len != 0) return false;
    unsigned list = emit_looked_at(e, item->a, item->b), number = emit_operand(e, item->b);
    emitter_put(e, node, type_is_scalar(node->type) ? OPCODE_AT_S : OPCODE_AT_R, target, list, number, 0);
    return true;
}

/* The same with a message of its own, or of a map. */
static bool emit_item_required(Emitter *e, const Core *node, unsigned target, Str message)
{
    const Core *item = node->a;
    if (item->kind != CORE_GET_ITEM || item->a->type->element->kind == TYPE_OPTIONAL) return false;
    Label found = {0};
    Bank bank = type_bank(node->type); /* a variable keeps its value if there is no item */
    unsigned value = emitter_is_temporary(e, bank, target) ? target : emitter_take(e, bank, 1);
    emit_item_or(e, item, value, &found, 0);
    unsigned none = emitter_take(e, BANK_REF, 1);
    emitter_put(e, node, OPCODE_NONE, none, 0, 0, 0);
    emitter_put(e, node, OPCODE_REQUIRE, none, 0, 0, (int32_t)image_builder_string(e->builder, message));
    emitter_place(e, &found);
    emitter_move(e, node, bank, target, value);
    return true;
}

static void emit_present(Emitter *e, const Core *node, unsigned target)
{
    Str message = node->text.len ? node->text : STR("there is no value");
    if (emit_item_at(e, node, target) || emit_item_required(e, node, target, message)) return;
    unsigned optional = emit_operand(e, node->a);
    emitter_put(e, node, OPCODE_REQUIRE, optional, 0, 0, (int32_t)image_builder_string(e->builder, message));
    emit_unwrap(e, node, node->type, target, optional);
}

/* Does the expression read the register? Of a simple one that is known. */
static bool may_read(const Emitter *e, const Core *node, unsigned reg)
{
    switch (node->kind) {
    case CORE_INT:
    case CORE_FLOAT:
    case CORE_STRING:
    case CORE_NONE: return false;
    case CORE_LOCAL: return e->locals[node->index] == reg;
    default: return true;
    }
}

/* A constant scalar that an instruction has room for: a small whole number, or the float 0, whose bits are those of the
 * whole number 0. */
static bool fits_immediate(const Core *node, int32_t *number)
{
    bool is_int = node->kind == CORE_INT && node->number >= INT32_MIN && node->number <= INT32_MAX;
    bool is_zero = node->kind == CORE_FLOAT && node->real == 0 && !signbit(node->real);
    *number = is_int ? (int32_t)node->number : 0;
    return is_int || is_zero;
}

/* xs[i] ?? x. False: it is another expression, or one whose element may be none itself. */
static bool emit_item_default(Emitter *e, const Core *node, unsigned target)
{
    const Core *item = node->a;
    if (item->kind != CORE_GET_ITEM || node->type->kind == TYPE_OPTIONAL ||
        item->a->type->element->kind == TYPE_OPTIONAL)
        return false;
    int32_t number;
    if (fits_immediate(node->b, &number)) {
        emit_item_or(e, item, target, NULL, number);
        return true;
    }
    Label found = {0};
    Bank bank = type_bank(node->type);
    bool direct = emitter_is_temporary(e, bank, target) || !may_read(e, node->b, target);
    unsigned value = direct ? target : emitter_take(e, bank, 1);
    emit_item_or(e, item, value, &found, 0);
    emit_into(e, node->b, value);
    emitter_place(e, &found);
    emitter_move(e, node, bank, target, value);
    return true;
}

static void emit_default(Emitter *e, const Core *node, unsigned target)
{
    if (emit_item_default(e, node, target)) return;
    Label none = {0}, end = {0};
    Mark mark = emitter_mark(e);
    unsigned optional = emit_operand(e, node->a);
    emitter_jump(e, node, OPCODE_IF_NONE, optional, 0, 0, &none);
    bool stays_optional = node->type->kind == TYPE_OPTIONAL;
    emit_unwrap(e, node, stays_optional ? node->a->type : node->type, target, optional);
    emitter_jump(e, node, OPCODE_JUMP, 0, 0, 0, &end);
    emitter_place(e, &none);
    emitter_release(e, mark);
    emit_into(e, node->b, target);
    emitter_place(e, &end);
}

void emit_optional(Emitter *e, const Core *node, unsigned target)
{
    switch (node->kind) {
    case CORE_VALUE: emit_present(e, node, target); break;
    case CORE_DEFAULT: emit_default(e, node, target); break;
    case CORE_IS_SOME: emitter_put(e, node, OPCODE_IS_SOME, target, emit_operand(e, node->a), 0, 0); break;
    default:
        if (type_is_scalar(node->a->type)) {
            emitter_put(e, node, OPCODE_BOX, target, emit_operand(e, node->a), 0, 0);
        } else {
            emit_into(e, node->a, target);
        }
        break;
    }
}

static void emit_to_json(Emitter *e, const Core *node, unsigned target)
{
    const Type *type = node->a->type;
    bool is_json = type->kind == TYPE_JSON || type->kind == TYPE_STRING || type->kind == TYPE_SECRET;
    if (is_json) { /* strings are what they are in json */
        emit_into(e, node->a, target);
        return;
    }
    if (node->a->kind == CORE_NONE) {
        emitter_put(e, node, OPCODE_JSON_NULL, target, 0, 0, 0);
        return;
    }
    Opcode op = type_is_scalar(type) ? OPCODE_TO_JSON_S : OPCODE_TO_JSON_R;
    emitter_put(e, node, op, target, emit_operand(e, node->a), 0, (int32_t)emitter_type(e, type));
}

static void emit_from_json(Emitter *e, const Core *node, unsigned target)
{
    unsigned json = emit_operand(e, node->a);
    if (node->type->kind == TYPE_OPTIONAL) {
        emitter_put(e, node, OPCODE_TRY_JSON, target, json, 0, (int32_t)emitter_type(e, node->type->element));
        return;
    }
    unsigned path = emit_string(e, node, node->text);
    Opcode op = type_is_scalar(node->type) ? OPCODE_FROM_JSON_S : OPCODE_FROM_JSON_R;
    emitter_put(e, node, op, target, json, path, (int32_t)emitter_type(e, node->type));
}

void emit_json(Emitter *e, const Core *node, unsigned target)
{
    switch (node->kind) {
    case CORE_OBJECT: emit_pairs(e, node, target, BANK_REF, true); break;
    case CORE_TO_JSON: emit_to_json(e, node, target); break;
    default: emit_from_json(e, node, target); break;
    }
}
