/* The tree behind vm/base/json.h: cJSON's items under our own name. A Json * is a cJSON * and nothing else.
 */
#include "vm/base/json.h"
#include "vm/base/json_text.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *item_of(const Json *json)
{
    return (const cJSON *)(const void *)json;
}
static cJSON *owned_item(Json *json)
{
    return (cJSON *)(void *)json;
}
static const Json *json_of(const cJSON *item)
{
    return (const Json *)(const void *)item;
}

/* A new item, or the end of the process: like all of base, we do not go on without memory. */
static Json *made(cJSON *item)
{
    if (!item) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return (Json *)(void *)item;
}

Json *json_parse(Str text, Error *error)
{
    const char *end = NULL;
    if (!text.len) {
        error_set(error, "not JSON: the text is empty");
        return NULL;
    }
    cJSON *item = cJSON_ParseWithLengthOpts(text.data, text.len, &end, 0);
    if (!item) {
        error_set(error, "not JSON: error at byte %zu", end ? (size_t)(end - text.data) : (size_t)0);
        return NULL;
    }
    size_t used = (size_t)(end - text.data);
    Str rest = str_trim(str_slice(text, used, text.len));
    if (rest.len && rest.data[0] != '\0') {
        cJSON_Delete(item);
        error_set(error, "not JSON: something follows the value at byte %zu", used);
        return NULL;
    }
    return made(item);
}

void json_free(Json *json)
{
    cJSON_Delete(owned_item(json));
}

Json *json_copy(const Json *json)
{
    return json ? made(cJSON_Duplicate(item_of(json), 1)) : json_new_null();
}

JsonKind json_kind(const Json *json)
{
    const cJSON *item = item_of(json);
    if (!item) return JSON_NULL;
    switch (item->type & 0xff) {
    case cJSON_False:
    case cJSON_True: return JSON_BOOL;
    case cJSON_Number: return JSON_NUMBER;
    case cJSON_String: return JSON_STRING;
    case cJSON_Array: return JSON_LIST;
    case cJSON_Object: return JSON_OBJECT;
    default: return JSON_NULL;
    }
}

bool json_is_null(const Json *json)
{
    return json_kind(json) == JSON_NULL;
}

const Json *json_get(const Json *object, const char *key)
{
    return json_kind(object) == JSON_OBJECT ? json_of(cJSON_GetObjectItemCaseSensitive(item_of(object), key))
                                            : NULL;
}

size_t json_count(const Json *json)
{
    size_t count = 0;
    for (const Json *child = json_first(json); child; child = json_next(child))
        count++;
    return count;
}

const Json *json_at(const Json *list, size_t index)
{
    const Json *child = json_first(list);
    while (child && index--)
        child = json_next(child);
    return child;
}

const Json *json_first(const Json *json)
{
    JsonKind kind = json_kind(json);
    return kind == JSON_LIST || kind == JSON_OBJECT ? json_of(item_of(json)->child) : NULL;
}

const Json *json_next(const Json *json)
{
    return json ? json_of(item_of(json)->next) : NULL;
}

const char *json_key(const Json *member)
{
    return member && item_of(member)->string ? item_of(member)->string : "";
}

Str json_string(const Json *object, const char *key, const char *fallback)
{
    const Json *member = json_get(object, key);
    return json_kind(member) == JSON_STRING ? json_text(member) : str_from_c(fallback);
}

int64_t json_int(const Json *object, const char *key, int64_t fallback)
{
    const Json *member = json_get(object, key);
    return json_kind(member) == JSON_NUMBER ? json_as_int(member) : fallback;
}

double json_number(const Json *object, const char *key, double fallback)
{
    const Json *member = json_get(object, key);
    return json_kind(member) == JSON_NUMBER ? json_as_number(member) : fallback;
}

bool json_bool(const Json *object, const char *key, bool fallback)
{
    const Json *member = json_get(object, key);
    return json_kind(member) == JSON_BOOL ? json_as_bool(member) : fallback;
}

Str json_text(const Json *json)
{
    return json_kind(json) == JSON_STRING ? str_from_c(item_of(json)->valuestring) : STR("");
}

int64_t json_as_int(const Json *json)
{
    if (json_kind(json) != JSON_NUMBER) return 0;
    double value = item_of(json)->valuedouble;
    if (value >= 9223372036854775807.0) return INT64_MAX;
    if (value <= -9223372036854775808.0) return INT64_MIN;
    return value == value ? (int64_t)value : 0;
}

double json_as_number(const Json *json)
{
    return json_kind(json) == JSON_NUMBER ? item_of(json)->valuedouble : 0;
}

bool json_as_bool(const Json *json)
{
    return json && (item_of(json)->type & 0xff) == cJSON_True;
}

bool json_equal(const Json *a, const Json *b)
{
    if (json_is_null(a) || json_is_null(b)) return json_is_null(a) && json_is_null(b);
    return cJSON_Compare(item_of(a), item_of(b), 1);
}

bool json_contains(const Json *whole, const Json *part)
{
    JsonKind kind = json_kind(part);
    if (kind != JSON_OBJECT && kind != JSON_LIST) return json_equal(whole, part);
    if (json_kind(whole) != kind) return false;
    if (kind == JSON_LIST) {
        const Json *other = json_first(whole);
        for (const Json *child = json_first(part); child;
             child = json_next(child), other = json_next(other)) {
            if (!other || !json_contains(other, child)) return false;
        }
        return !other;
    }
    for (const Json *child = json_first(part); child; child = json_next(child)) {
        const Json *other = json_get(whole, json_key(child));
        if (!other || !json_contains(other, child)) return false;
    }
    return true;
}

Json *json_new_object(void)
{
    return made(cJSON_CreateObject());
}
Json *json_new_list(void)
{
    return made(cJSON_CreateArray());
}
Json *json_new_int(int64_t value)
{
    return made(cJSON_CreateNumber((double)value));
}
Json *json_new_number(double value)
{
    return made(cJSON_CreateNumber(value));
}
Json *json_new_bool(bool value)
{
    return made(cJSON_CreateBool(value));
}
Json *json_new_null(void)
{
    return made(cJSON_CreateNull());
}

Json *json_new_string(Str text)
{
    char *copy = memory_copy_c(text);
    Json *json = made(cJSON_CreateString(copy));
    free(copy);
    return json;
}

void json_set(Json *object, const char *key, Json *value)
{
    bool done = json_get(object, key)
                    ? cJSON_ReplaceItemInObjectCaseSensitive(owned_item(object), key, owned_item(value))
                    : cJSON_AddItemToObject(owned_item(object), key, owned_item(value));
    if (!done) made(NULL);
}

void json_set_string(Json *object, const char *key, Str text)
{
    json_set(object, key, json_new_string(text));
}
void json_set_int(Json *object, const char *key, int64_t value)
{
    json_set(object, key, json_new_int(value));
}
void json_set_bool(Json *object, const char *key, bool value)
{
    json_set(object, key, json_new_bool(value));
}
void json_set_null(Json *object, const char *key)
{
    json_set(object, key, json_new_null());
}

void json_push(Json *list, Json *value)
{
    if (!cJSON_AddItemToArray(owned_item(list), owned_item(value))) made(NULL);
}

static void children_write(Buffer *out, const Json *json, bool named)
{
    for (const Json *child = json_first(json); child; child = json_next(child)) {
        if (child != json_first(json)) buffer_add_char(out, ',');
        if (named) {
            json_write_string(out, str_from_c(json_key(child)));
            buffer_add_char(out, ':');
        }
        json_write(out, child);
    }
}

void json_write(Buffer *out, const Json *json)
{
    switch (json_kind(json)) {
    case JSON_NULL: buffer_add_c(out, "null"); break;
    case JSON_BOOL: buffer_add_c(out, json_as_bool(json) ? "true" : "false"); break;
    case JSON_NUMBER: json_write_number(out, json_as_number(json)); break;
    case JSON_STRING: json_write_string(out, json_text(json)); break;
    case JSON_LIST:
        buffer_add_char(out, '[');
        children_write(out, json, false);
        buffer_add_char(out, ']');
        break;
    case JSON_OBJECT:
        buffer_add_char(out, '{');
        children_write(out, json, true);
        buffer_add_char(out, '}');
        break;
    }
}
