/* JSON for hosts: drills, reports, the live world, the journal's rows and image metadata.
 *
 * Text comes in, a tree that can be asked goes out, and back. This is the only home of cJSON. The machine
 * itself has its own door for values (vm/core) and never comes here. Numbers are doubles: integers are exact
 * to 2^53, which is enough for milliseconds since the epoch. A text with an error gives one message with its
 * byte offset, never a crash. */
#ifndef PLAN_BASE_JSON_H
#define PLAN_BASE_JSON_H

#include "vm/base/error.h"
#include "vm/base/json_text.h"

typedef struct Json Json;

typedef enum JsonKind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_LIST, JSON_OBJECT } JsonKind;

/* One whole JSON text. NULL and an error if it is none; else the caller's to json_free. */
Json *json_parse(Str text, Error *error);
void json_free(Json *json); /* the root only; NULL is fine */
Json *json_copy(const Json *json);

/* Asking. Every function takes NULL for "nothing there" and answers for it as for null, so that look-ups can
 * be nested: json_int(json_get(args, "policy"), "timeout", 0). What is returned belongs to the tree. */
JsonKind json_kind(const Json *json);
bool json_is_null(const Json *json);                       /* NULL or null */
const Json *json_get(const Json *object, const char *key); /* the member or NULL; case matters */
size_t json_count(const Json *json);                       /* elements or members; 0 for all else */
const Json *json_at(const Json *list, size_t index);       /* walks: use first and next in loops */
const Json *json_first(const Json *json);                  /* first element or member, or NULL */
const Json *json_next(const Json *json);                   /* the sibling after, or NULL */
const char *json_key(const Json *member);                  /* the member's name; "" if it is none */

/* The value of a member; `fallback` if it is absent, null or of another kind. The Str is NUL-terminated. */
Str json_string(const Json *object, const char *key, const char *fallback);
int64_t json_int(const Json *object, const char *key, int64_t fallback);
double json_number(const Json *object, const char *key, double fallback);
bool json_bool(const Json *object, const char *key, bool fallback);

/* The value itself: "", 0 and false for other kinds. */
Str json_text(const Json *json);
int64_t json_as_int(const Json *json);
double json_as_number(const Json *json);
bool json_as_bool(const Json *json);

bool json_equal(const Json *a, const Json *b); /* objects: whatever the members' order */
/* Is everything that `part` says also in `whole`? Objects may have more members; lists must be alike in
 * length. */
bool json_contains(const Json *whole, const Json *part);

/* Making. Everything made is the caller's until it is put into something, which then owns it. */
Json *json_new_object(void);
Json *json_new_list(void);
Json *json_new_string(Str text);
Json *json_new_int(int64_t value);
Json *json_new_number(double value);
Json *json_new_bool(bool value);
Json *json_new_null(void);
void json_set(Json *object, const char *key, Json *value); /* replaces a member of that name */
void json_set_string(Json *object, const char *key, Str text);
void json_set_int(Json *object, const char *key, int64_t value);
void json_set_bool(Json *object, const char *key, bool value);
void json_set_null(Json *object, const char *key);
void json_push(Json *list, Json *value);

/* Canonical text: no blanks, members in their order, integers without a point, other numbers as short as they
 * can be and still be read back the same, text as UTF-8 with only quotes, backslashes and control characters
 * escaped. */
void json_write(Buffer *out, const Json *json); /* NULL is written as null */

#endif
