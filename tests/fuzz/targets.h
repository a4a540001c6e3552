/* What is fuzzed: four doors of the compiler, each as a function that takes any bytes.
 *
 * In: a text. Out: nothing; a property that does not hold is said on stderr and aborts, so that a fuzzer, the
 * plain driver and a debugger all see it. They read no file but what the text imports, and keep nothing
 * between calls. */
#ifndef PLAN_TESTS_FUZZ_TARGETS_H
#define PLAN_TESTS_FUZZ_TARGETS_H

#include "vm/base/str.h"

void target_lexer(Str text);   /* tokens lie in the text, in order, and end with one end */
void target_parser(Str text);  /* there is a tree, and it can be printed */
void target_checker(Str text); /* what checks clean becomes an image that the verifier takes */
void target_formatter(
    Str text); /* what parses has one form: fmt(fmt(x)) = fmt(x), and the image of both is the same */

#endif
