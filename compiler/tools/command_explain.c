/* `planc explain CODE`: the page of a diagnostic; a code that there is not gets the nearest one. */
#include "compiler/tools/command.h"

#include "compiler/tools/explain.h"

int planc_explain(const Arguments *arguments)
{
    const char *code = arguments->words.items[0];
    Buffer page = {0};
    bool known = explain_page(str_from_c(code), &page);
    planc_print(stdout, &page);
    buffer_free(&page);
    return known ? EXIT_CLEAN
                 : planc_misuse("explain", "there is no diagnostic %s, only such as P0101", code);
}
