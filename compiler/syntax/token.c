/* Keywords and the token list's own small functions. In: keywords.def; out: look-ups for lexer, token pass
 * and messages. */
#include "compiler/syntax/token.h"
#include "compiler/syntax/build.h"
#include "plan.tab.h"

#include <stdlib.h>
#include <string.h>

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

/* Keywords by length and both ends: a list of numbers + 1 for each slot. Every word of a text is looked up here, some more
 * than once. */
static struct {
    bool filled;
    uint16_t first[256], next[KEYWORD_COUNT];
    uint8_t len[KEYWORD_COUNT];
} places;

static uint8_t place_of(const char *text, size_t len)
{
    return (uint8_t)(len * 13 + (uint8_t)text[0] * 5 + (uint8_t)text[len - 1] * 31);
}

static void places_fill(void)
{
    for (size_t i = KEYWORD_COUNT; i > 0; i--) {
        size_t len = strlen(keywords[i - 1].text);
        uint8_t place = place_of(keywords[i - 1].text, len);
        places.len[i - 1] = (uint8_t)len;
        places.next[i - 1] = places.first[place];
        places.first[place] = (uint16_t)i;
    }
    places.filled = true;
}

const Keyword *keyword_find(Str word)
{
    if (!places.filled) places_fill();
    if (word.len == 0) return NULL;
    for (size_t at = places.first[place_of(word.data, word.len)]; at; at = places.next[at - 1]) {
        if (places.len[at - 1] == word.len && memcmp(keywords[at - 1].text, word.data, word.len) == 0)
            return &keywords[at - 1];
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
    vec_free(&list->opens);
}
