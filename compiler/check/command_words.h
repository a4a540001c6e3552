/* A command's words as texts, for whoever knows something of programs.
 *
 * In: a Command that was split into words. Out: what its words and options say, as far as they are fixed.
 * Nothing is reported here. */
#ifndef PLAN_CHECK_COMMAND_WORDS_H
#define PLAN_CHECK_COMMAND_WORDS_H

#include "compiler/check/check.h"

/* The word's text; parts that are values stand in it as one U+FFFC, which no pattern's letters fit. */
Str word_text(Checker *c, const CommandWord *word);
/* The word's text; empty where a value stands in it. */
Str word_fixed(const CommandWord *word);
/* The text that the word begins with; empty where that is a value. */
Str word_begin(const CommandWord *word);
/* Is one of the words after the program and before `--` this one? */
bool command_has_word(const Command *command, const char *text);
/* `--name` or `--name=value`; `-n`, `-nvalue`; before `--`. */
bool command_has_option(const Command *command, const char *name);
/* The nth word after the program that is no option and no option's value, from 0; NULL: there are not as
 * many. */
const CommandWord *command_plain_word(const Command *command, size_t n);
/* Do the plain words begin with those of the pattern (`*` is any text)? An empty pattern always fits. */
bool command_words_fit(const Command *command, const char *pattern);
/* The first byte of the first plain word, as patterns write it; 0: it is not fixed, or there is none. */
char command_first_byte(const Command *command);
/* Can the pattern fit a command with this first byte? For tables: most of their rows need no more. */
static inline bool command_may_fit(char first, const char *pattern)
{
    return pattern[0] == first || pattern[0] == '*' || !pattern[0];
}

/* command_traps.c: what would hang, ask, fail or miss. has_limit: the author said how long it may take. */
void check_command_traps(Checker *c, const Node *node, const Command *command, bool has_limit);

#endif
