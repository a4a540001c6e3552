/* The floor for planc: the language's own grammar, recognised and nothing else.
 *
 * In: a file's name. Out: exit 0 if it is a sentence of the grammar. The scanner's rules are grammar/plan.l, its actions are
 * these: a token is a kind and two offsets. The token pass (names beside punctuation, pairs of words, newlines that end
 * something) is done while the parser pulls. No tree, no places, no values, no messages, no recovery. */
#include "compiler/syntax/lex.h"
#include "plan.tab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Word {
    int kind;
    bool is_word, reserved;
    uint32_t start, end;
} Word;

struct Lex {
    uint32_t start, offset;
    size_t depth;
    struct {
        LexState literal;
        bool interpolated;
        uint32_t braces;
    } levels[64];
};

int yyparse(void);
int yylex(void);
void yyerror(const char *message);

static struct {
    Word *items;
    size_t count, cap, next;
    const char *text;
    int last;                   /* the kind that the parser got last */
    unsigned char inside[4096]; /* for each open bracket: is it a brace? */
    size_t depth;
    bool made;                  /* a newline is due before the next token */
} scan;

static Word *push(Lex *lex, int kind)
{
    if (scan.count == scan.cap) {
        scan.cap = scan.cap ? scan.cap * 2 : 4096;
        scan.items = realloc(scan.items, scan.cap * sizeof *scan.items);
        if (!scan.items) exit(2);
    }
    scan.items[scan.count] = (Word){kind, false, false, lex->start, lex->offset};
    return &scan.items[scan.count++];
}

/* ---- the scanner's actions ---- */

#define ACTION(name, ...)                                                                                             \
    void name(Lex *lex, const char *text, size_t len)                                                                 \
    {                                                                                                                 \
        (void)text, (void)len, (void)lex;                                                                             \
        __VA_ARGS__;                                                                                                  \
    }

void lex_advance(Lex *lex, size_t len)
{
    lex->start = lex->offset;
    lex->offset += (uint32_t)len;
}

void lex_token(Lex *lex, int kind, const char *text, size_t len)
{
    (void)text, (void)len;
    push(lex, kind);
}

void lex_word(Lex *lex, const char *text, size_t len)
{
    const Keyword *keyword = keyword_find((Str){text, len});
    Word *word = push(lex, keyword ? keyword->kind : TOK_IDENT);
    word->is_word = true;
    word->reserved = keyword && keyword->reserved;
}

ACTION(lex_comment, (void)0)
ACTION(lex_duration, push(lex, TOK_DURATION_LITERAL))
ACTION(lex_integer, push(lex, TOK_INT_LITERAL))
ACTION(lex_float, push(lex, TOK_FLOAT_LITERAL))
ACTION(lex_percent, push(lex, TOK_PERCENT_LITERAL))
ACTION(lex_date, push(lex, TOK_DATE_LITERAL))
ACTION(lex_time, push(lex, TOK_TIME_LITERAL))
ACTION(lex_text, push(lex, TOK_TEXT))
ACTION(lex_escape, push(lex, TOK_TEXT))
ACTION(lex_command_escape, push(lex, TOK_TEXT))
ACTION(lex_bad_number, exit(1))
ACTION(lex_foreign, exit(1))
ACTION(lex_single_quotes, exit(1))
ACTION(lex_bad_character, exit(1))
ACTION(lex_typographic_quotes, exit(1))

static LexState state(const Lex *lex)
{
    if (!lex->depth || lex->levels[lex->depth - 1].interpolated) return LEX_PLAIN;
    return lex->levels[lex->depth - 1].literal;
}

bool lex_pauses(Lex *lex)
{
    (void)lex;
    return false;
}

static bool is_command(LexState literal)
{
    return literal == LEX_COMMAND || literal == LEX_COMMAND_BLOCK;
}

LexState lex_newline(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    push(lex, TOK_NL);
    return state(lex);
}

LexState lex_open(Lex *lex, LexState literal, const char *text, size_t len)
{
    (void)text, (void)len;
    if (lex->depth == 64) exit(1);
    lex->levels[lex->depth].interpolated = false;
    lex->levels[lex->depth++].literal = literal;
    push(lex, is_command(literal) ? TOK_COMMAND_BEGIN : TOK_STRING_BEGIN);
    return literal;
}

LexState lex_close(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    push(lex, is_command(lex->levels[--lex->depth].literal) ? TOK_COMMAND_END : TOK_STRING_END);
    return state(lex);
}

LexState lex_open_interpolation(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    lex->levels[lex->depth - 1].interpolated = true;
    lex->levels[lex->depth - 1].braces = 0;
    push(lex, TOK_INTERP);
    return LEX_PLAIN;
}

void lex_open_brace(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    if (lex->depth) lex->levels[lex->depth - 1].braces++;
    push(lex, TOK_LBRACE);
}

LexState lex_close_brace(Lex *lex, const char *text, size_t len)
{
    (void)text, (void)len;
    if (lex->depth && lex->levels[lex->depth - 1].braces-- == 0) {
        lex->levels[lex->depth - 1].interpolated = false;
        push(lex, TOK_INTERP_END);
        return lex->levels[lex->depth - 1].literal;
    }
    push(lex, TOK_RBRACE);
    return LEX_PLAIN;
}

LexState lex_cut(Lex *lex, const char *text, size_t len)
{
    (void)lex, (void)text, (void)len;
    exit(1);
}

void lex_end(Lex *lex)
{
    lex_advance(lex, 0);
    if (lex->depth) exit(1);
    push(lex, TOK_YYEOF);
}

/* ---- the token pass ---- */

static bool is_text(const Word *word, const char *text)
{
    size_t len = strlen(text);
    return word->is_word && word->end - word->start == len && memcmp(scan.text + word->start, text, len) == 0;
}

static bool is_open_word(const Word *word)
{
    return word->is_word && !word->reserved;
}

static bool begins_literal(int kind)
{
    return kind == TOK_STRING_BEGIN || kind == TOK_COMMAND_BEGIN || (kind >= TOK_INT_LITERAL && kind <= TOK_TIME_LITERAL);
}

static bool is_name_here(const Word *word)
{
    const Word *after = word + 1;
    if (scan.last == TOK_DOT || after->kind == TOK_COLON) return true;
    switch (after->kind) {
    case TOK_FAT:
        return word->kind != TOK_OTHERWISE && word->kind != TOK_ELSE && word->kind != TOK_TRUE &&
               word->kind != TOK_FALSE && word->kind != TOK_NONE;
    case TOK_ASSIGN_TO:
    case TOK_PLUS_ASSIGN: return is_open_word(word) || word->kind == TOK_BY || word->kind == TOK_ON;
    case TOK_LBRACKET:
        if (after->start == word->end) return is_open_word(word);
        break;
    default: break;
    }
    if (word->kind != TOK_BY && word->kind != TOK_ON) return false;
    return !is_open_word(after) && !begins_literal(after->kind) && !(scan.next > 0 && is_text(word - 1, "go"));
}

static int pair_kind(const Word *first)
{
    const Word *second = first + 1;
    if (!second->is_word) return 0;
    const Word *third = second->kind == TOK_YYEOF ? second : second + 1;
    if (first->kind == TOK_INTERP && is_text(second, "required") && is_open_word(third)) return TOK_INTERP_REQUIRED;
    if (first->kind == TOK_NOTIFY && is_text(second, "required") && (is_open_word(third) || third->kind == TOK_LBRACKET))
        return is_text(third, "using") ? 0 : TOK_NOTIFY_REQUIRED;
    if (is_text(first, "at")) return is_text(second, "least") ? TOK_AT_LEAST : is_text(second, "most") ? TOK_AT_MOST : 0;
    return is_text(first, "worse") && is_text(second, "than") ? TOK_WORSE_THAN : 0;
}

static bool goes_on_after(int kind)
{
    static bool table[1024];
    if (!table[TOK_COMMA]) {
        static const int kinds[] = {TOK_COMMA, TOK_LPAREN, TOK_LBRACKET, TOK_LBRACE, TOK_INTERP, TOK_INTERP_REQUIRED,
                                    TOK_ASSIGN_TO, TOK_PLUS_ASSIGN, TOK_FAT, TOK_ARROW, TOK_EQ, TOK_NE, TOK_LE, TOK_GE,
                                    TOK_LT, TOK_GT, TOK_PLUS, TOK_MINUS, TOK_STAR, TOK_SLASH, TOK_ABSENT, TOK_RANGE,
                                    TOK_AT_LEAST, TOK_WORSE_THAN, TOK_DOT, TOK_COLON, TOK_THEN, TOK_ELSE, TOK_AND,
                                    TOK_OR, TOK_NOT, TOK_MOD, TOK_IN, TOK_MATCHES, TOK_AS};
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            table[kinds[i]] = true;
    }
    return table[kind];
}

static bool in_braces(void)
{
    return scan.depth == 0 || scan.inside[scan.depth - 1];
}

/* Is the newline (or `;`) at the cursor the end of something? */
static bool newline_counts(int kind)
{
    if (!in_braces() || scan.last == TOK_NL || scan.last == TOK_LBRACE) return false;
    if (kind == TOK_SEMI) return true;
    if (goes_on_after(scan.last)) return false;
    const Word *next = &scan.items[scan.next];
    while (next->kind == TOK_NL)
        next++;
    return !(next->kind == TOK_ELSE || next->kind == TOK_THEN || next->kind == TOK_AND || next->kind == TOK_OR ||
             next->kind == TOK_DOT);
}

static void keep_brackets(int kind)
{
    switch (kind) {
    case TOK_LBRACE:
    case TOK_LPAREN:
    case TOK_LBRACKET:
    case TOK_INTERP:
    case TOK_INTERP_REQUIRED:
        if (scan.depth == sizeof scan.inside) exit(1);
        scan.inside[scan.depth++] = kind == TOK_LBRACE;
        break;
    case TOK_RBRACE:
    case TOK_RPAREN:
    case TOK_RBRACKET:
    case TOK_INTERP_END:
        if (scan.depth) scan.depth--;
        break;
    default: break;
    }
}

int yylex(void)
{
    const Word *word = &scan.items[scan.next];
    while (word->kind == TOK_NL || (word->kind == TOK_SEMI && in_braces())) {
        scan.next++;
        if (newline_counts(word->kind)) return scan.last = TOK_NL;
        word = &scan.items[scan.next];
    }
    bool ends = word->kind == TOK_RBRACE && scan.last != TOK_LBRACE && scan.last != TOK_COMMA;
    if ((ends || word->kind == TOK_YYEOF) && scan.last != TOK_NL) return scan.last = TOK_NL;
    int kind = word->kind, pair = kind == TOK_YYEOF ? 0 : pair_kind(word);
    if (word->is_word && is_name_here(word)) {
        kind = TOK_IDENT;
    } else if (pair) {
        kind = pair;
        scan.next++;
    }
    if (kind != TOK_YYEOF) scan.next++;
    keep_brackets(kind);
    return scan.last = kind;
}

void yyerror(const char *message)
{
    const Word *word = &scan.items[scan.next ? scan.next - 1 : 0];
    fprintf(stderr, "recogniser: %s at byte %u\n", message, word->start);
    exit(1);
}

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!file || fseek(file, 0, SEEK_END) != 0) return 2;
    size_t size = (size_t)ftell(file);
    char *text = calloc(1, size + 2);
    rewind(file);
    if (!text || fread(text, 1, size, file) != size) return 2;
    fclose(file);
    Lex lex = {0};
    scan.text = text;
    scan.last = TOK_NL;
    void *scanner = lex_begin(&lex, (Str){text, size});
    lex_go_on(scanner);
    lex_finish(scanner);
    return yyparse();
}
