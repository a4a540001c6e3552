/* The programs of emit_random.c with so many variables that most of them find no register. */
#define LOCALS 900
#include "tests/unit/emit_random.c"
