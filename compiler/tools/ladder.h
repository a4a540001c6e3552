/* What a ladder does when nobody answers: the pages and notifications of one severity, in order of time.
 *
 * In: a checked program and one of its severities. Out: moments. The incident opens at 0 and stays at this
 * severity; no page is answered, every delivery arrives, nothing is acknowledged or resolved. It is the
 * reckoning of the prelude's escalation (page_by_rule, page_chain, at_last), done without running it; a test
 * holds the two together. */
#ifndef PLAN_TOOLS_LADDER_H
#define PLAN_TOOLS_LADDER_H

#include "compiler/lower/constant.h"

typedef enum MomentKind { MOMENT_PAGE, MOMENT_NOTIFY, MOMENT_UPDATE } MomentKind;

typedef struct Moment {
    int64_t at; /* ms since the opening */
    MomentKind kind;
    const Symbol *who;     /* the contact, channel or rotation; never NULL */
    Str way;               /* PAGE: of this attempt */
    const Symbol *instead; /* PAGE: the contact whose backup this is, or NULL */
    const Node *rule;      /* of the ladder, or the severity's `update` */
    bool is_first;         /* a person whom nothing told before */
    size_t order;
} Moment;

typedef struct Ladder {
    VEC(Moment) moments;          /* by time; up to the first call of `at last`, and no more than 1000 */
    VEC(const Node *) others;     /* rules that wait for something else than the clock */
    const Symbol *escalation;     /* NULL: the severity has none */
    const Node *last;             /* the rule `at last`, or NULL */
    int64_t tried;                /* when the last rung was tried to its end; -1: there are no rungs */
    int64_t respond, resolve;     /* targets; -1: none */
    int64_t quiet_from, quiet_to; /* the longest time in which nobody new hears of it */
    int64_t last_new;             /* when the last new one hears of it; -1: nobody ever does */
} Ladder;

/* Zero-initialise the ladder; ladder_free when done. */
void ladder_climb(Ladder *ladder, const Program *program, const Symbol *severity, Arena *arena);
void ladder_free(Ladder *ladder);

#endif
