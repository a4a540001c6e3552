/* Short hands for making core nodes: one call, one node. Used by the files of compiler/lower only. */
#ifndef PLAN_LOWER_BUILD_H
#define PLAN_LOWER_BUILD_H

#include "compiler/lower/core.h"

/* Expressions. */
Core *build_int(CoreProgram *program, TypeKind kind, int64_t number, Span span); /* BOOL INT DURATION TIME */
Core *build_text(CoreProgram *program, Str text, Span span);
Core *build_none(CoreProgram *program, const Type *optional, Span span);
Core *build_local(CoreProgram *program, const CoreFunction *function, uint32_t local, Span span);
Core *build_global(CoreProgram *program, uint32_t global, Span span);
Core *build_binary(CoreProgram *program, CoreOperator op, Core *a, Core *b); /* comparisons give bool */
Core *build_not(CoreProgram *program, Core *a);
Core *build_and(CoreProgram *program, Core *a, Core *b);
Core *build_or(CoreProgram *program, Core *a, Core *b);
Core *build_choose(CoreProgram *program, Core *condition, Core *yes, Core *no);
Core *build_field(CoreProgram *program, Core *record, const char *name); /* asserts that the record has it */
Core *build_some(CoreProgram *program, Core *value);                     /* T → T? ; of T? it is itself */
Core *build_value(CoreProgram *program, Core *optional, const char *message);
Core *build_is_some(CoreProgram *program, Core *optional);
Core *build_to_json(CoreProgram *program, Core *value); /* of json it is itself */
Core *build_now(CoreProgram *program, Span span);
/* A call; arguments end with NULL. */
Core *build_call(CoreProgram *program, CoreFunction *function, Span span, ...);
/* A json object; pairs of const char * and Core *, ended by NULL. Values of any type. */
Core *build_object(CoreProgram *program, Span span, ...);

/* Statements. */
Core *build_block(CoreProgram *program, Span span);
Core *build_set_local(CoreProgram *program, uint32_t local, Core *value);
Core *build_set_global(CoreProgram *program, uint32_t global, Core *value);
Core *build_if(CoreProgram *program, Core *condition, Core *then, Core *otherwise);
Core *build_do(CoreProgram *program, Core *value); /* evaluated for what it does */
Core *build_return(CoreProgram *program, Core *value, Span span);
Core *build_fail(CoreProgram *program, Core *reason);
Core *build_raise(CoreProgram *program, const CoreFunction *function, uint32_t error, Span span);
Core *build_break(CoreProgram *program, uint32_t loops, Span span);
Core *build_loop(CoreProgram *program, Core *body);
Core *build_count(CoreProgram *program, uint32_t local, Core *first, Core *end, Core *body);
Core *build_emit(CoreProgram *program, const char *mark, Core *args);
/* try body; on a failure the error stands in the local and handler runs. */
Core *build_try(CoreProgram *program, Core *body, uint32_t error, Core *handler, bool catches_cancel);

#endif
