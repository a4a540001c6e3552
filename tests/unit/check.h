/* What every unit test shares: checks that say where they failed and what they found, and go on.
 *
 * A test is one program: its main calls its cases and ends with `return check_done();`, which is 0 when all
 * checks held and 1 otherwise. It must not print anything while all is well. */
#ifndef PLAN_TESTS_UNIT_CHECK_H
#define PLAN_TESTS_UNIT_CHECK_H

#include "vm/base/str.h"

#include <inttypes.h>
#include <stdio.h>

static int check_failures;

static inline bool check_that(bool holds, const char *file, int line, const char *text)
{
    if (!holds) {
        check_failures++;
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
    }
    return holds;
}

static inline bool check_int(int64_t found, int64_t expected, const char *file, int line, const char *text)
{
    if (found == expected) return true;
    check_failures++;
    fprintf(stderr, "%s:%d: %s is %" PRId64 ", expected %" PRId64 "\n", file, line, text, found, expected);
    return false;
}

static inline bool check_str(Str found, Str expected, const char *file, int line, const char *text)
{
    if (str_equal(found, expected)) return true;
    check_failures++;
    fprintf(stderr, "%s:%d: %s is\n  \"%.*s\"\nexpected\n  \"%.*s\"\n", file, line, text, STR_ARG(found),
            STR_ARG(expected));
    return false;
}

static inline bool check_contains(Str found, Str part, const char *file, int line, const char *text)
{
    if (str_find(found, part) >= 0) return true;
    check_failures++;
    fprintf(stderr, "%s:%d: %s is\n  \"%.*s\"\nwhich does not contain \"%.*s\"\n", file, line, text,
            STR_ARG(found), STR_ARG(part));
    return false;
}

static inline int check_done(void)
{
    if (check_failures) fprintf(stderr, "%d checks failed\n", check_failures);
    return check_failures ? 1 : 0;
}

/* Each gives whether the check held, so that a case can stop where going on makes no sense. */
#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(found, expected) check_int((found), (expected), __FILE__, __LINE__, #found)
#define CHECK_STR(found, expected) check_str((found), (expected), __FILE__, __LINE__, #found)
#define CHECK_STR_C(found, expected) check_str((found), str_from_c(expected), __FILE__, __LINE__, #found)
#define CHECK_CONTAINS(found, part) check_contains((found), str_from_c(part), __FILE__, __LINE__, #found)

#endif
