#include "compiler/syntax/build.h"
void shape_check(Parse *parse, Node *file)
{
    (void)parse, (void)file;
}
