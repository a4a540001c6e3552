/* Nothing is ready: for the program that makes it so (make_ready.c), and for nobody else. */
#include "compiler/check/ready.h"

const Checker *const ready_prelude = NULL;
