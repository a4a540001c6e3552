/* Nothing is ready: for the program that makes it so (make_ready.c), and for nobody else. */
#include "compiler/check/ready.h"

const Ready ready_prelude = {0};
