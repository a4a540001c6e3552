/* Keywords and the token list's own small functions. In: keywords.def; out: look-ups for lexer, token pass
 * and messages. */
#include "compiler/syntax/token.h"
#include "compiler/syntax/build.h"
#include "plan.tab.h"

#include <stdlib.h>

enum { WORD_CLASS_RESERVED = 1, WORD_CLASS_WORD = 0, WORD_CLASS_FIELD = 0, WORD_CLASS_LINE = 0 };

static const Keyword keywords[] = {
#define KEYWORD(id, text, class, begins, opens) {text, TOK_##id, WORD_CLASS_##class, begins, opens},
#include "grammar/keywords.def"
#undef KEYWORD
};

enum { KEYWORD_COUNT = sizeof keywords / sizeof keywords[0] };

const Keyword *keyword_at(size_t index)
{
    return index < KEYWORD_COUNT ? &keywords[index] : NULL;
}

const Keyword *keyword_find(Str word)
{
    size_t low = 0, high = KEYWORD_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(word, str_from_c(keywords[middle].text));
        if (order == 0) return &keywords[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const Keyword *keyword_of_kind(int kind)
{
    for (size_t i = 0; i < KEYWORD_COUNT; i++)
        if (keywords[i].kind == kind) return &keywords[i];
    return NULL;
}

Str token_doc(const TokenList *list, uint32_t offset)
{
    size_t low = 0, high = list->docs.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (list->docs.items[middle].offset == offset) return list->docs.items[middle].text;
        if (list->docs.items[middle].offset > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return (Str){"", 0};
}

void token_list_free(TokenList *list)
{
    vec_free(&list->tokens);
    vec_free(&list->comments);
    vec_free(&list->docs);
}
