/* What is reached from a declaration by name: what it refers to, what that refers to, and so on.
 *
 * In: symbols of a checked program. Out: each of them once, and each node on the way to whoever asks. Used by missing.c,
 * settings.c and the metadata; it reports nothing and changes nothing. */
#ifndef PLAN_LOWER_REACH_H
#define PLAN_LOWER_REACH_H

#include "compiler/check/checked.h"

typedef struct Reach {
    VEC(const Symbol *) seen; /* of the program's own files; freed by whoever made it */
    void (*visit)(Node *node, const Symbol *within, void *data); /* NULL: nobody asks */
    void *data;
    const Symbol *within; /* the declaration that is walked */
} Reach;

void reach_from(Reach *reach, const Symbol *symbol);
void reach_all(Reach *reach, const SymbolList *symbols);
/* From a plan: also from the severities, where it has one. */
void reach_plan(Reach *reach, const Program *program, const Symbol *plan);
bool reach_has(const Reach *reach, const Symbol *symbol);

/* Everything that is reckoned before a run has begun, when nobody can be asked yet (settings.c). */
void reach_early(Reach *reach, const Program *program);
/* Is the setting asked for when it is first needed: does it lack a default, and can a person write it? */
bool setting_is_asked_for(const Symbol *setting, const Reach *early);

#endif
