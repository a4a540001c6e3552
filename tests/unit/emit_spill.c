/* The programs of emit_random.c with so many variables that most of them find no register. */
#define LOCALS 1200
#define KEPT 200
#include "tests/unit/emit_random.c"
