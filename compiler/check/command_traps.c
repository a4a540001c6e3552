/* Commands that would hang, ask, fail or miss at night: the rows of traps.def, and URLs that curl reads as
 * patterns.
 *
 * In: a command in words. Out: findings. To teach it another one, add a row to traps.def. */
#include "compiler/check/command_words.h"

/* Is one of the options of the list given, and not as `--option=false`? A list may name `--option=value`
 * itself. */
static bool is_given(const Command *command, const char *list)
{
    Str rest = str_from_c(list);
    while (rest.len) {
        ptrdiff_t blank = str_find(rest, STR(" "));
        Str one = str_slice(rest, 0, blank < 0 ? rest.len : (size_t)blank);
        rest = blank < 0 ? (Str){"", 0} : str_slice(rest, (size_t)blank + 1, rest.len);
        for (size_t i = 1; i < command->word_count; i++) {
            Str text = word_begin(&command->words[i]);
            if (str_equal(text, STR("--"))) break;
            if (!str_starts_with(text, one)) continue;
            Str value = str_slice(text, one.len, text.len);
            if (!value.len || one.len == 2 || (value.data[0] == '=' && !str_equal(value, STR("=false"))))
                return true;
        }
    }
    return false;
}

/* Words that are made at run time may hold any option. */
static bool has_unknown_words(const Command *command)
{
    for (size_t i = 1; i < command->word_count; i++) {
        if (command->words[i].part_count == 1 && command->words[i].parts[0].spread) return true;
    }
    return false;
}

static void check_traps(Checker *c, const Node *node, const Command *command, bool has_limit)
{
    static const struct {
        DiagCode code;
        const char *program, *words, *with, *without, *message, *help;
    } traps[] = {
#define TRAP(code, program, words, with, without, message, help)                                             \
    {DIAG_##code, program, words, with, without, message, help},
#include "compiler/check/traps.def"
#undef TRAP
    };
    char first = command_first_byte(command);
    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++) {
        if (!command_may_fit(first, traps[i].words) || !str_equal_c(command->program, traps[i].program) ||
            !command_words_fit(command, traps[i].words))
            continue;
        if (traps[i].with[0] && !is_given(command, traps[i].with)) continue;
        if (traps[i].without[0] && (is_given(command, traps[i].without) || has_unknown_words(command)))
            continue;
        bool waits = str_equal_c(command->program, "kubectl") && command_words_fit(command, "rollout status");
        if (waits && has_limit) continue;
        Diag *diag = diag_report(c->diagnostics, traps[i].code, node->span, "%s", traps[i].message);
        if (traps[i].help[0]) report_help(c, diag, "%s", traps[i].help);
        return;
    }
}

static void check_url(Checker *c, const CommandWord *word)
{
    if (str_find(word_begin(word), STR("://")) < 0) return;
    for (size_t i = 0; i < word->part_count; i++) {
        Str text = word->parts[i].expr ? (Str){"", 0} : word->parts[i].text;
        bool pattern = str_find(text, STR("[")) >= 0 || str_find(text, STR("{")) >= 0;
        if (!pattern && str_find(text, STR(" ")) < 0) continue;
        Diag *diag;
        if (pattern)
            diag = report(c, P0517, word->span,
                          "curl reads `[ ]` and `{ }` in a URL as a pattern, and asks for something else");
        else
            diag = report(c, P0517, word->span, "there is a blank in this URL, and curl sends nothing");
        report_help(c, diag,
                    "`--get --data-urlencode 'query=…'` writes it as a server reads it, as does `http.get`");
        return;
    }
}

static void check_curl(Checker *c, const Command *command)
{
    bool plain = is_given(command, "-g --globoff");
    for (size_t i = 1; i < command->word_count && !plain; i++) {
        if (!str_starts_with(word_begin(&command->words[i]), STR("-"))) check_url(c, &command->words[i]);
    }
}

void check_command_traps(Checker *c, const Node *node, const Command *command, bool has_limit)
{
    check_traps(c, node, command, has_limit);
    if (str_equal(command->program, STR("curl"))) check_curl(c, command);
}
