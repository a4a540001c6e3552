/* The types of the language, and the few questions that checker, lowering and emitter ask of them.
 *
 * Types are interned in a TypeTable: two types are the same exactly when their pointers are. A table lives as long
 * as the compilation and owns everything in it. */
#ifndef PLAN_CHECK_TYPES_H
#define PLAN_CHECK_TYPES_H

#include "vm/base/memory.h"

typedef enum TypeKind {
    TYPE_WRONG, /* of an expression that had a mistake; agrees with everything and causes no second message */
    TYPE_UNIT,  /* of what has no value */
    TYPE_BOOL,
    TYPE_INT,
    TYPE_FLOAT,
    TYPE_DURATION, /* milliseconds */
    TYPE_TIME,     /* milliseconds since 1970-01-01T00:00:00Z */
    TYPE_ENUM,     /* members in order of declaration; Severity is one, worst first */
    TYPE_STRING,
    TYPE_SECRET, /* a handle; at run time a string that names the secret between U+FDD0 and U+FDD1 */
    TYPE_JSON,
    TYPE_LIST,     /* element */
    TYPE_MAP,      /* element; the key is a string */
    TYPE_OPTIONAL, /* element */
    TYPE_RECORD,   /* fields */
    TYPE_FN,       /* parameters, result */
    TYPE_FIBER,    /* inside the prelude only */
    TYPE_ERROR,    /* what a handler catches; inside lowering only */
} TypeKind;

typedef struct Type Type;

typedef struct TypeField {
    Str name;
    const Type *type;
    bool has_default; /* may be left out when the record is made: it is then absent, false, 0 or "" */
    uint8_t unused[7]; /* no holes: see syntax/node.h */
} TypeField;

struct Type {
    TypeKind kind;
    Str name; /* RECORD, ENUM: as declared, else as written in messages */
    const Type *element;
    const TypeField *fields; /* RECORD; FN: its parameters */
    size_t field_count;
    const Type *result;  /* FN */
    const Type *next_fn; /* the table's own */
    const Str *members;  /* ENUM */
    size_t member_count; /* ENUM */
    struct Node *decl;   /* RECORD, ENUM that a plan declares; else NULL */
    uint32_t id;         /* position in the table */
};

typedef struct TypeTable TypeTable;

TypeTable *types_new(Arena *arena);
/* All that an abandoned table has, which lives as long as this one and is not written to. */
void types_adopt(TypeTable *table, const TypeTable *ready);
TypeTable *types_abandon(TypeTable *table); /* forgets its arena: nothing can be added until it is adopted */
const Type *type_simple(TypeTable *table, TypeKind kind); /* kinds without parts */
const Type *type_list(TypeTable *table, const Type *element);
const Type *type_map(TypeTable *table, const Type *element);
const Type *type_optional(TypeTable *table, const Type *element); /* T? of T? is T? */
/* Of a function's value: parameters have types only. Names and defaults belong to the declaration. */
const Type *type_fn(TypeTable *table, const TypeField *params, size_t count, const Type *result);
/* A new record or enum; never merged with another of the same name. Arrays are copied. */
const Type *type_record(TypeTable *table, Str name, const TypeField *fields, size_t count, struct Node *decl);
/* Gives a record its fields later than its name, so that records can mention themselves and each other. */
void type_set_fields(TypeTable *table, const Type *record, const TypeField *fields, size_t count);
const Type *type_enum(TypeTable *table, Str name, const Str *members, size_t count, struct Node *decl);
/* A built-in record by name (Result, Response, Contact, Message, Delivery, Channel, Alert, …), or NULL. They are
 * declared in stdlib/prelude.plan; the checker registers them here when it has read it. */
const Type *type_find_builtin(const TypeTable *table, Str name);
void type_set_builtin(TypeTable *table, const Type *record);

int type_field_index(const Type *record, Str name); /* -1: none */
int type_member_index(const Type *enumeration, Str name);
/* Does a value of the type live in a scalar register (true) or a reference register (false)? */
bool type_is_scalar(const Type *type);
Str type_text(const Type *type, Arena *arena); /* as the language writes it: "[string]?" */

#endif
