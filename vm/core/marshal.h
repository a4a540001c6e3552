/* The one door between values and JSON. Used inside of vm/core only.
 *
 * Canonical JSON: no blanks, members in their order, integers in decimal, floats in the shortest form that
 * reads back the same, strings as UTF-8 with only quotes, backslashes and control characters escaped. Json
 * values in the heap are null, bool, int, float, strings, lists of json, and maps of json. */
#ifndef PLAN_CORE_MARSHAL_H
#define PLAN_CORE_MARSHAL_H

#include "vm/core/values.h"

/* A value as canonical JSON: `scalar` if the type is one, else `ref`. Does not allocate in the block. */
bool json_write_value(Vm *vm, Buffer *out, int64_t scalar, Ref ref, uint32_t type);
/* A form from the registers that fill its holes. Does not allocate in the block. */
bool json_write_form(Vm *vm, Buffer *out, const int64_t *scalars, const Ref *refs, uint32_t type);
void float_write(Buffer *out, double real);

/* JSON text as a json value; 0: none, and a failure is set that says where. text must not lie in the block.
 * What comes from the world loses its invalid UTF-8 and what looks like a secret's marks. */
Ref json_read(Vm *vm, Str text, bool from_world);
Ref json_read_text(Vm *vm, Ref text); /* the same of a string of the run, where it lies */

/* JSON text from the world as a value of a reference type, in one go. False: not this way, and no failure is set;
 * json_read and json_to_value know more. */
bool json_read_typed(Vm *vm, Str text, uint32_t type, Ref *ref);
/* What a member of the type is that an object does not have: *ref of a reference type; scalars are 0. False: it must have
 * one (a record), or a failure is set. */
bool value_when_missing(Vm *vm, uint32_t type, Ref *ref);

/* Numbers that a whole string is. */
bool int_parse(Str text, int64_t *value);
bool float_parse(Str text, double *value);

/* A value as json value. */
Ref json_of_value(Vm *vm, int64_t scalar, Ref ref, uint32_t type);
/* A json value as a value of a type, into *scalar or *ref. False: a failure is set; it begins with the path,
 * which may be 0, and names what was found. */
bool json_to_value(Vm *vm, Ref json, uint32_t type, Ref path, int64_t *scalar, Ref *ref);
const char *json_kind_name(const Vm *vm, Ref json); /* "null", "bool", …, or "nothing" */

#endif
