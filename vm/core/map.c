/* Maps from strings, in order of insertion: the first entries of a table that several maps share. A new key
 * goes in place behind the last entry where nobody else did so before; a map never sees entries beyond its
 * own. Any other change copies. Tables of more than 8 entries have an index (open addressing, half full at
 * most). */
#include "vm/core/values.h"

#include "vm/base/hash.h"

#include <string.h>

enum { INDEX_FROM = 8 };

bool map_is(const Vm *vm, Ref ref)
{
    ObjectKind kind = heap_kind(vm, ref);
    return kind == OBJECT_MAP_S || kind == OBJECT_MAP_R;
}

bool map_check(Vm *vm, Ref ref, ObjectKind kind)
{
    return heap_kind(vm, ref) == kind || vm_raise_kind(vm, "a map", ref);
}

uint32_t map_len(const Vm *vm, Ref map)
{
    return ((const MapObject *)heap_view(vm, map))->header.len;
}

static TableObject *map_table(const Vm *vm, Ref map)
{
    const MapObject *object = heap_view(vm, map);
    return object->table ? heap_object(vm, object->table) : NULL;
}

const MapEntryObject *map_entries(const Vm *vm, Ref map)
{
    const TableObject *table = map_table(vm, map);
    return table ? table->entries : NULL;
}

static uint32_t key_hash(Str key)
{
    uint64_t hash = hash_quick(key.data, key.len);
    return (uint32_t)(hash ^ hash >> 32);
}

static bool entry_has(const Vm *vm, const MapEntryObject *entry, uint32_t hash, Str key)
{
    return entry->hash == hash && str_equal(text_view(vm, entry->key), key);
}

/* The number of the key's entry among the first len, or UINT32_MAX. A table never has a key twice. */
static uint32_t table_find(const Vm *vm, TableObject *table, uint32_t len, uint32_t hash, Str key)
{
    if (!table->slots) {
        for (uint32_t i = 0; i < len; i++) {
            if (entry_has(vm, &table->entries[i], hash, key)) return i;
        }
        return UINT32_MAX;
    }
    const uint32_t *slots = table_slots(table);
    for (uint32_t at = hash & (table->slots - 1); slots[at]; at = (at + 1) & (table->slots - 1)) {
        uint32_t number = slots[at] - 1;
        if (entry_has(vm, &table->entries[number], hash, key)) return number < len ? number : UINT32_MAX;
    }
    return UINT32_MAX;
}

const MapEntryObject *map_find(const Vm *vm, Ref map, Str key)
{
    TableObject *table = map_table(vm, map);
    if (!table) return NULL;
    uint32_t number = table_find(vm, table, map_len(vm, map), key_hash(key), key);
    return number == UINT32_MAX ? NULL : &table->entries[number];
}

static void slot_set(TableObject *table, uint32_t number)
{
    if (!table->slots) return;
    uint32_t *slots = table_slots(table);
    uint32_t at = table->entries[number].hash & (table->slots - 1);
    while (slots[at])
        at = (at + 1) & (table->slots - 1);
    slots[at] = number + 1;
}

static uint32_t slots_for(uint32_t room)
{
    uint32_t slots = 0;
    if (room > INDEX_FROM) {
        for (slots = 32; slots < room * 2; slots *= 2)
            continue;
    }
    return slots;
}

static size_t table_size(uint32_t room)
{
    return heap_round(sizeof(TableObject) + (size_t)room * sizeof(MapEntryObject) + (size_t)slots_for(room) * 4);
}

/* Of what was reserved. */
static Ref table_take(Vm *vm, bool scalar, uint32_t room)
{
    uint32_t slots = slots_for(room);
    heap_charge(vm, table_size(room));
    Ref ref = heap_take(vm, scalar ? OBJECT_TABLE_S : OBJECT_TABLE_R, table_size(room));
    TableObject *table = heap_object(vm, ref);
    table->header.len = room;
    table->used = 0;
    table->slots = slots;
    memset(table_slots(table), 0, (size_t)slots * 4);
    return ref;
}

static Ref table_new(Vm *vm, bool scalar, uint32_t room)
{
    return heap_reserve(vm, table_size(room)) ? table_take(vm, scalar, room) : 0;
}

/* A map of the table in the last temp. */
static Ref map_view(Vm *vm, ObjectKind kind, uint32_t len)
{
    Ref ref = heap_alloc(vm, kind, sizeof(MapObject));
    if (!ref) return 0;
    MapObject *map = heap_object(vm, ref);
    map->header.len = len;
    map->table = vm->temps.items[vm->temps.count - 1];
    return ref;
}

Ref map_new(Vm *vm, ObjectKind kind)
{
    size_t place = temp_push(vm, 0);
    Ref map = map_view(vm, kind, 0);
    temp_drop(vm, place);
    return map;
}

Ref map_with_room(Vm *vm, ObjectKind kind, uint32_t room)
{
    if (!room) return map_new(vm, kind);
    if (!heap_reserve(vm, table_size(room) + sizeof(MapObject))) return 0;
    Ref table = table_take(vm, kind == OBJECT_MAP_S, room), ref = heap_take(vm, kind, sizeof(MapObject));
    MapObject *map = heap_object(vm, ref);
    map->table = table;
    map->pad = 0;
    heap_own(vm, ref);
    return ref;
}

Ref map_of_temps(Vm *vm, size_t place)
{
    size_t count = (vm->temps.count - place) / 2;
    if (count >= vm->limits.list_items || count >= UINT32_MAX / 64) {
        vm_raise_limit(vm, LIMIT_LIST, "a map has too many keys");
        return 0;
    }
    Ref map = map_with_room(vm, OBJECT_MAP_R, (uint32_t)count);
    TableObject *table = map && count ? map_table(vm, map) : NULL;
    for (size_t i = place; table && i < vm->temps.count; i += 2) {
        Str key = text_view(vm, vm->temps.items[i]);
        uint32_t hash = key_hash(key), number = table_find(vm, table, table->used, hash, key);
        if (number == UINT32_MAX) {
            number = table->used++;
            table->entries[number] = (MapEntryObject){vm->temps.items[i], hash, 0};
            slot_set(table, number);
        }
        table->entries[number].value = vm->temps.items[i + 1];
    }
    if (table) ((MapObject *)heap_object(vm, map))->header.len = table->used;
    if (map) heap_share(vm, map);
    vm->temps.count = place;
    return map;
}

/* A table with room, that holds the entries of the map in temps[place] but for entry `without`; left as the
 * last temp. */
static TableObject *table_copy(Vm *vm, size_t place, uint32_t room, uint32_t without)
{
    Ref ref = table_new(vm, heap_kind(vm, vm->temps.items[place]) == OBJECT_MAP_S, room);
    if (!ref) return NULL;
    TableObject *table = heap_object(vm, ref);
    const MapEntryObject *from = map_entries(vm, vm->temps.items[place]);
    uint32_t len = map_len(vm, vm->temps.items[place]);
    for (uint32_t i = 0; i < len; i++) {
        if (i == without) continue;
        table->entries[table->used] = from[i];
        slot_set(table, table->used++);
    }
    temp_push(vm, ref);
    return table;
}

/* The table in which the map's next entry can be written; left as the last temp. */
static TableObject *table_for_put(Vm *vm, size_t place, bool *copied)
{
    const MapObject *map = heap_object(vm, vm->temps.items[place]);
    uint32_t len = map->header.len;
    if (map->table) {
        TableObject *table = heap_object(vm, map->table);
        if (table->used == len && len < table->header.len) {
            temp_push(vm, map->table);
            return table;
        }
    }
    if (len >= vm->limits.list_items || len >= UINT32_MAX / 64) {
        vm_raise_limit(vm, LIMIT_LIST, "a map has too many keys");
        return NULL;
    }
    *copied = true;
    return table_copy(vm, place, len < 4 ? 4 : len * 2, UINT32_MAX);
}

/* The value of an entry of a map that one variable alone holds, overwritten, or one more entry. False: it
 * needs memory. */
static bool map_put_in_place(Vm *vm, Ref map, Ref key, uint32_t hash, uint32_t number, int64_t value)
{
    MapObject *object = heap_object(vm, map);
    TableObject *table = map_table(vm, map);
    uint32_t len = object->header.len;
    if (!heap_is_owned(vm, map) || !table) return false;
    if (number != UINT32_MAX) {
        table->entries[number].value = value;
        return true;
    }
    if (table->used != len || len >= table->header.len) return false;
    table->entries[len] = (MapEntryObject){key, hash, value};
    table->used = object->header.len = len + 1;
    slot_set(table, len);
    return true;
}

Ref map_put(Vm *vm, Ref map, Ref key, int64_t value, bool own)
{
    ObjectKind kind = heap_kind(vm, map);
    Str text = text_view(vm, key);
    heap_charge(vm, text.len);
    uint32_t hash = key_hash(text), len = map_len(vm, map), number = UINT32_MAX;
    TableObject *table = map_table(vm, map);
    if (table) number = table_find(vm, table, len, hash, text);
    if (own && map_put_in_place(vm, map, key, hash, number, value)) return map;
    bool alone = heap_is_owned(vm, map);
    size_t place = temp_push(vm, map);
    temp_push(vm, key);
    temp_push(vm, kind == OBJECT_MAP_R ? (Ref)value : 0);
    bool replaces = number != UINT32_MAX;
    alone = alone || replaces;
    table = replaces ? table_copy(vm, place, len, UINT32_MAX) : table_for_put(vm, place, &alone);
    Ref put = 0;
    if (table) {
        if (kind == OBJECT_MAP_R) value = vm->temps.items[place + 2];
        if (replaces) {
            table->entries[number].value = value;
        } else {
            table->entries[len] = (MapEntryObject){vm->temps.items[place + 1], hash, value};
            table->used = len + 1;
            slot_set(table, len);
        }
        put = map_view(vm, kind, replaces ? len : len + 1);
        if (put && own && alone) heap_own(vm, put);
    }
    temp_drop(vm, place);
    return put;
}

Ref map_put_own(Vm *vm, Ref map, Ref key, int64_t value)
{
    Str text = text_view(vm, key);
    TableObject *table = map_table(vm, map);
    uint32_t number = table ? table_find(vm, table, map_len(vm, map), key_hash(text), text) : UINT32_MAX;
    if (number == UINT32_MAX) return map_put(vm, map, key, value, false);
    table->entries[number].value = value;
    return map;
}

Ref map_without(Vm *vm, Ref map, Ref key)
{
    Str text = text_view(vm, key);
    uint32_t len = map_len(vm, map), number = UINT32_MAX;
    TableObject *table = map_table(vm, map);
    if (table) number = table_find(vm, table, len, key_hash(text), text);
    if (number == UINT32_MAX) return map;
    ObjectKind kind = heap_kind(vm, map);
    size_t place = temp_push(vm, map);
    Ref rest = table_copy(vm, place, len, number) ? map_view(vm, kind, len - 1) : 0;
    temp_drop(vm, place);
    return rest;
}
