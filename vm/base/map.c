/* The string map: entries in order of insertion, and a table of slots with linear probing over their hashes.
 * In: keys that somebody else owns. It frees neither keys nor values. */
#include "vm/base/map.h"
#include "vm/base/memory.h"

#include <stdlib.h>

static uint32_t hash(Str key)
{
    uint32_t value = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < key.len; i++)
        value = (value ^ (unsigned char)key.data[i]) * 16777619u;
    return value;
}

/* The slot that holds the key, or the empty one where it belongs. The table is never full. */
static size_t find_slot(const Map *map, Str key)
{
    size_t at = hash(key) & (map->slot_count - 1);
    while (map->slots[at] != 0 && !str_equal(map->entries[map->slots[at] - 1].key, key))
        at = (at + 1) & (map->slot_count - 1);
    return at;
}

static void grow(Map *map)
{
    free(map->slots);
    map->slot_count = map->slot_count ? map->slot_count * 2 : 16;
    map->slots = memory_alloc(map->slot_count * sizeof *map->slots);
    for (size_t i = 0; i < map->count; i++)
        map->slots[find_slot(map, map->entries[i].key)] = (uint32_t)(i + 1);
}

bool map_has(const Map *map, Str key)
{
    return map->count > 0 && map->slots[find_slot(map, key)] != 0;
}

void *map_get(const Map *map, Str key)
{
    if (map->count == 0) return NULL;
    uint32_t entry = map->slots[find_slot(map, key)];
    return entry ? map->entries[entry - 1].value : NULL;
}

void *map_set(Map *map, Str key, void *value)
{
    if ((map->count + 1) * 4 > map->slot_count * 3) grow(map);
    size_t slot = find_slot(map, key);
    if (map->slots[slot] != 0) {
        MapEntry *entry = &map->entries[map->slots[slot] - 1];
        void *old = entry->value;
        entry->value = value;
        return old;
    }
    if (map->count == map->cap) {
        map->cap = map->cap ? map->cap * 2 : 8;
        map->entries = memory_resize(map->entries, map->cap * sizeof *map->entries);
    }
    map->entries[map->count] = (MapEntry){key, value};
    map->slots[slot] = (uint32_t)++map->count;
    return NULL;
}

void map_free(Map *map)
{
    free(map->entries);
    free(map->slots);
    *map = (Map){0};
}
