/* A command's words as texts (command_words.h). In: the words of a Command; out: their texts, options and
 * plain words. */
#include "compiler/check/command_words.h"

#include <ctype.h>

Str word_text(Checker *c, const CommandWord *word)
{
    if (word->part_count == 1 && !word->parts[0].expr) return word->parts[0].text;
    Buffer text = {0};
    for (size_t i = 0; i < word->part_count; i++) {
        if (word->parts[i].expr)
            buffer_add_c(&text, "\xEF\xBF\xBC");
        else
            buffer_add_str(&text, word->parts[i].text);
    }
    Str copy = c ? arena_copy(c->arena, buffer_str(&text)) : (Str){"", 0};
    buffer_free(&text);
    return copy;
}

Str word_fixed(const CommandWord *word)
{
    bool fixed = word->part_count == 1 && !word->parts[0].expr;
    return fixed ? word->parts[0].text : (Str){"", 0};
}

Str word_begin(const CommandWord *word)
{
    return word->part_count && !word->parts[0].expr ? word->parts[0].text : (Str){"", 0};
}

bool command_has_word(const Command *command, const char *text)
{
    for (size_t i = 1; i < command->word_count; i++) {
        Str word = word_fixed(&command->words[i]);
        if (str_equal(word, STR("--"))) return false;
        if (str_equal_c(word, text)) return true;
    }
    return false;
}

bool command_has_option(const Command *command, const char *name)
{
    Str wanted = str_from_c(name);
    for (size_t i = 1; i < command->word_count; i++) {
        const CommandWord *word = &command->words[i];
        Str text = word_begin(word);
        if (str_equal(text, STR("--"))) return false;
        if (!str_starts_with(text, wanted)) continue;
        if (wanted.len == 2 || text.len == wanted.len || text.data[wanted.len] == '=') return true;
    }
    return false;
}

/* Options of programs with sub-commands whose value is the next word. */
static bool takes_value(Str option)
{
    static const char *const options[] = {"-n",
                                          "--namespace",
                                          "--context",
                                          "--kubeconfig",
                                          "--cluster",
                                          "--user",
                                          "-l",
                                          "--selector",
                                          "-o",
                                          "--output",
                                          "-f",
                                          "--filename",
                                          "-c",
                                          "--container",
                                          "-s",
                                          "--server",
                                          "--request-timeout",
                                          "--region",
                                          "--profile",
                                          "-h",
                                          "-p",
                                          "-C",
                                          "-a"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (str_equal_c(option, options[i])) return true;
    }
    return false;
}

const CommandWord *command_plain_word(const Command *command, size_t n)
{
    for (size_t i = 1; i < command->word_count; i++) {
        Str text = word_fixed(&command->words[i]);
        if (str_equal(text, STR("--"))) return NULL;
        if (command->words[i].part_count && !command->words[i].parts[0].expr &&
            str_starts_with(command->words[i].parts[0].text, STR("-"))) {
            if (takes_value(text)) i++;
            continue;
        }
        if (n-- == 0) return &command->words[i];
    }
    return NULL;
}

char command_first_byte(const Command *command)
{
    const CommandWord *word = command_plain_word(command, 0);
    Str text = word ? word_fixed(word) : (Str){"", 0};
    return text.len ? (char)tolower((unsigned char)text.data[0]) : '\0';
}

/* Capital letters count as small ones: redis and SQL take both. */
static bool word_fits(Str text, Str pattern)
{
    char small[64];
    if (text.len > sizeof small) return str_matches_glob(text, pattern);
    for (size_t i = 0; i < text.len; i++)
        small[i] = (char)tolower((unsigned char)text.data[i]);
    return str_matches_glob((Str){small, text.len}, pattern);
}

bool command_words_fit(const Command *command, const char *pattern)
{
    Str rest = str_from_c(pattern);
    for (size_t n = 0; rest.len; n++) {
        ptrdiff_t blank = str_find(rest, STR(" "));
        Str one = str_slice(rest, 0, blank < 0 ? rest.len : (size_t)blank);
        rest = blank < 0 ? (Str){"", 0} : str_slice(rest, (size_t)blank + 1, rest.len);
        const CommandWord *word = command_plain_word(command, n);
        if (!word || !word_fits(word_fixed(word), one)) return false;
    }
    return true;
}
