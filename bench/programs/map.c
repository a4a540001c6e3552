/* Entries in order of insertion and an open-addressed index, as a careful C programmer would write it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct Entry {
    char *key;
    uint32_t hash, len;
    long value;
} Entry;
static Entry *entries;
static uint32_t *places;
static size_t count, room, mask;
static uint32_t hash_of(const char *text, size_t len)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}
static uint32_t *find(const char *key, size_t len, uint32_t hash)
{
    size_t at = hash & mask;
    while (places[at]) {
        const Entry *entry = &entries[places[at] - 1];
        if (entry->hash == hash && entry->len == len && memcmp(entry->key, key, len) == 0) break;
        at = (at + 1) & mask;
    }
    return &places[at];
}
static void grow(void)
{
    room = room ? room * 2 : 8;
    entries = realloc(entries, room * sizeof *entries);
    mask = room * 2 - 1;
    free(places);
    places = calloc(mask + 1, sizeof *places);
    for (size_t i = 0; i < count; i++) {
        size_t at = entries[i].hash & mask;
        while (places[at]) at = (at + 1) & mask;
        places[at] = (uint32_t)i + 1;
    }
}
static void put(const char *key, size_t len, long value)
{
    if (count == room) grow();
    uint32_t hash = hash_of(key, len);
    uint32_t *place = find(key, len, hash);
    if (!*place) {
        entries[count++] = (Entry){strdup(key), hash, (uint32_t)len, 0};
        *place = (uint32_t)count;
    }
    entries[*place - 1].value = value;
}
int main(int argc, char **argv)
{
    (void)argc;
    long most = atol(argv[1]), sum = 0;
    char key[32];
    for (long i = 0; i < most; i++) put(key, (size_t)snprintf(key, sizeof key, "k%ld", i), i);
    for (long i = 0; i < most; i++) {
        size_t len = (size_t)snprintf(key, sizeof key, "k%ld", i);
        uint32_t *place = find(key, len, hash_of(key, len));
        sum += *place ? entries[*place - 1].value : 0;
    }
    printf("%ld\n", sum + (long)count);
    return 0;
}
