/* The longest time that statements can take, from the limits that they have.
 *
 * A budget is made for one phase. What has no limit counts as nothing and is listed. */
#ifndef PLAN_CHECK_BUDGET_H
#define PLAN_CHECK_BUDGET_H

#include "compiler/check/check.h"

typedef struct Budget {
    Checker *c;
    VEC(Node *) unlimited; /* manual, ask, needs without `within`; vec_free it */
    Node *longest;         /* the one effect or limit that counts most */
    int64_t longest_ms;
    int depth; /* of calls, so that recursion ends */
} Budget;

int64_t budget_of_list(Budget *budget, NodeList list); /* ms */

#endif
