/* `# plan: allow P0312 because …` silences one finding of the next line.
 *
 * In: the texts of the plans and the findings so far. Out: findings taken back, and findings about comments
 * that lack their reason or silence nothing. A comment in an imported file may silence what only another program
 * shows, so that it is judged where that file is checked itself. Runs last. */
#include "compiler/check/check.h"

#include <string.h>

static bool take_word(Str *rest, const char *word)
{
    Str wanted = str_from_c(word);
    if (!str_starts_with(*rest, wanted)) return false;
    *rest = str_trim(str_slice(*rest, wanted.len, rest->len));
    return true;
}

/* The first finding of the code on the line, or NULL. */
static Diag *find_diag(Checker *c, const SourceFile *file, uint32_t line, DiagCode code)
{
    for (size_t i = 0; i < c->diagnostics->items.count; i++) {
        Diag *diag = c->diagnostics->items.items[i];
        if (diag->dropped || diag->code != code || diag->at.file != file->id) continue;
        if (source_place(file, diag->at.start).line == line) return diag;
    }
    return NULL;
}

static void check_comment(Checker *c, const SourceFile *file, uint32_t line, Str rest, Span at, bool judged)
{
    size_t end = 0;
    while (end < rest.len && rest.data[end] != ' ')
        end++;
    Str name = str_slice(rest, 0, end);
    DiagCode code;
    rest = str_trim(str_slice(rest, end, rest.len));
    if (!diag_code_find(name, &code)) {
        report(c, P1103, at, "there is no finding `%.*s` to allow", STR_ARG(name));
        return;
    }
    bool reason = take_word(&rest, "because") && rest.len > 0;
    if (!reason) {
        Diag *diag = report(c, P1103, at, "this allows %.*s and does not say why", STR_ARG(name));
        report_help(c, diag, "`# plan: allow %.*s because …`", STR_ARG(name));
        return;
    }
    Diag *found = find_diag(c, file, line + 1, code);
    if (found)
        diag_drop(c->diagnostics, found);
    else if (judged)
        report(c, P1103, at, "this allows %.*s, which the next line does not have", STR_ARG(name));
}

/* Lines are looked at where their mark stands, of which most files have none. */
static void check_comments(Checker *c, const SourceFile *file, bool judged)
{
    static const char mark[] = "plan:";
    const char *end = file->text.data + file->text.len, *at = file->text.data;
    for (uint32_t last = 0; (at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)); at++) {
        uint32_t line = source_line_at(file, (uint32_t)(at - file->text.data));
        if (line == last) continue;
        last = line;
        Str text = source_line(file, line), rest = str_trim(text);
        uint32_t start = source_line_start(file, line) + (uint32_t)(rest.data - text.data);
        Span span = {file->id, start, start + (uint32_t)rest.len};
        bool ours = take_word(&rest, "#") && take_word(&rest, "plan:") && take_word(&rest, "allow");
        if (ours) check_comment(c, file, line, rest, span, judged);
    }
}

void check_allowed(Checker *c)
{
    for (size_t i = 0; i < c->program->modules.count; i++) {
        const Module *module = c->program->modules.items[i];
        const SourceFile *file = source_file(c->program->sources, module->file);
        if (!module->is_std) check_comments(c, file, module == c->program->root);
    }
}
