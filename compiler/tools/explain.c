/* `planc explain CODE` (see explain.h). */
#include "compiler/tools/explain.h"

#include "compiler/diag/diag.h"
#include "compiler/source/stdlib.h"

bool explain_page(Str code, Buffer *out)
{
    DiagCode known;
    if (!diag_code_find(code, &known)) return false;
    for (const EmbeddedFile *page = error_pages; page->name; page++) {
        if (!str_equal_c(code, page->name)) continue;
        buffer_add(out, page->text, page->len);
        return true;
    }
    buffer_printf(out, "# %s: %s\n\n%s\n", diag_code_text(known), diag_code_title(known), diag_code_about(known));
    return true;
}
