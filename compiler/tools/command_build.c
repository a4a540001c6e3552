/* `planc build`: a plan in, the image of its program out, diagnostics to stderr. Nothing is written when
 * there is an error. */
#include "compiler/tools/command.h"

#include "compiler/compile.h"

int planc_build(const Arguments *arguments)
{
    const char *out = arguments->values[OPTION_OUTPUT];
    if (!out) return planc_misuse("build", "it wants -o with the file to write");
    Buffer image = {0}, messages = {0};
    Error error = {0};
    CompileResult result =
        compile_file(arguments->words.items[0], planc_wants_colour(stderr), &image, &messages, NULL);
    planc_print(stderr, &messages);
    int status = result == COMPILE_OK ? EXIT_CLEAN : result == COMPILE_FINDINGS ? EXIT_FINDINGS : EXIT_MISUSE;
    if (status == EXIT_CLEAN && !planc_write_file(out, buffer_str(&image), &error))
        status = planc_misuse("build", "%s", error.text);
    buffer_free(&image);
    buffer_free(&messages);
    return status;
}
