/* `planc explain CODE` (see explain.h). */
#include "compiler/tools/explain.h"

#include "compiler/diag/diag.h"

bool explain_page(Str code, Buffer *out)
{
    DiagCode known;
    if (!diag_code_find(code, &known)) return false;
    Str page = diag_code_page(known);
    buffer_add_str(out, page);
    if (page.len) return true;
    buffer_printf(out, "# %s: %s\n\n%s\n", diag_code_text(known), diag_code_title(known),
                  diag_code_about(known));
    return true;
}
