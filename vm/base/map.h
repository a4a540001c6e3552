/* A hash map from strings to pointers that remembers the order of insertion.
 *
 * The map owns its table, neither keys nor values: a key's bytes must live as long as the map.
 * Zero-initialise it; map_free when done. Iteration: for (size_t i = 0; i < map.count; i++)
 * map.entries[i].key … (in order of insertion). */
#ifndef PLAN_BASE_MAP_H
#define PLAN_BASE_MAP_H

#include "vm/base/str.h"

typedef struct MapEntry {
    Str key;
    void *value;
} MapEntry;

typedef struct Map {
    MapEntry *entries;
    size_t count, cap;
    uint32_t *slots; /* entry number + 1, or 0 */
    size_t slot_count;
} Map;

void *map_get(const Map *map, Str key); /* NULL: not there (or there with NULL: see map_has) */
bool map_has(const Map *map, Str key);
/* Puts a value; an older one under the same key is replaced and returned, else NULL. */
void *map_set(Map *map, Str key, void *value);
void map_free(Map *map);

#endif
