/* `planc coverage FILE` and `planc effects FILE`: a plan that checks, told in other words. One with errors is
 * told its errors. */
#include "compiler/tools/command.h"

#include "compiler/compilation.h"
#include "compiler/tools/coverage.h"
#include "compiler/tools/effects.h"

typedef void Tell(const Program *program, Arena *arena, Buffer *out);

static int tell(const Arguments *arguments, Tell *text, Tell *json)
{
    Compilation compilation = {0};
    Error error = {0};
    Buffer out = {0};
    CompileResult result = compilation_check(&compilation, arguments->words.items[0], &error);
    int status = EXIT_CLEAN;
    if (result == COMPILE_UNREADABLE) {
        status = planc_misuse(arguments->command, "%s", error.text);
    } else if (result == COMPILE_FINDINGS) {
        planc_print_diagnostics(&compilation.diagnostics, &compilation.sources);
        status = EXIT_FINDINGS;
    } else {
        (arguments->values[OPTION_JSON] ? json : text)(compilation.program, &compilation.arena, &out);
    }
    planc_print(stdout, &out);
    buffer_free(&out);
    compilation_free(&compilation);
    return status;
}

int planc_coverage(const Arguments *arguments)
{
    return tell(arguments, coverage_text, coverage_json);
}

int planc_effects(const Arguments *arguments)
{
    return tell(arguments, effects_text, effects_json);
}
