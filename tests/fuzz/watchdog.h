/* A test that runs the compiler in its own process, on texts nobody has written: when one crashes or hangs
 * it, the text is kept in a file and named before the test ends with exit status 1. */
#ifndef PLAN_TESTS_FUZZ_WATCHDOG_H
#define PLAN_TESTS_FUZZ_WATCHDOG_H

#include "vm/base/str.h"

/* Once, at the beginning: where a text is kept that did it. The path is borrowed. */
void watchdog_start(const char *keep);
/* Before each text: `what` and `text` are borrowed until the next call; it has `seconds` to end. */
void watchdog_watch(const char *what, Str text, unsigned seconds);
/* Keeps the present text as one that did it. */
void watchdog_keep(void);

#endif
