/* `planc explain CODE`: the page of a diagnostic; a code that there is not gets the nearest one. */
#include "compiler/tools/command.h"

#include "compiler/tools/explain.h"

#include <string.h>

/* `p0312` and `312` are P0312, too. */
static void add_code(Buffer *out, const char *said)
{
    const char *digits = said + (said[0] == 'P' || said[0] == 'p');
    size_t count = strspn(digits, "0123456789");
    if (digits[count] || count < 3 || count > 4)
        buffer_add_c(out, said);
    else
        buffer_printf(out, "P%s%s", count == 3 ? "0" : "", digits);
}

int planc_explain(const Arguments *arguments)
{
    const char *code = arguments->words.items[0];
    Buffer name = {0}, page = {0};
    add_code(&name, code);
    bool known = explain_page(buffer_str(&name), &page);
    planc_print(stdout, &page);
    buffer_free(&name);
    buffer_free(&page);
    return known ? EXIT_CLEAN
                 : planc_misuse("explain", "there is no diagnostic %s, only such as P0101", code);
}
