/* planc: the compiler's program. Its commands and options are tables (compiler/tools/commands.def,
 * options.def). */
#include "compiler/tools/command.h"

int main(int argc, char **argv)
{
    return planc_main(argc, argv);
}
