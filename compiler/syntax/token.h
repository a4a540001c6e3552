/* Tokens: what the lexer makes of bytes, and what the token pass makes of that for the parser.
 *
 * In: a file's text. Out: a TokenList that ends with one TOK_YYEOF. Comments never reach the parser; they are
 * kept beside the tokens for fmt, and `##` comments also as the documentation of the token whose declaration
 * they are. */
#ifndef PLAN_SYNTAX_TOKEN_H
#define PLAN_SYNTAX_TOKEN_H

#include "compiler/diag/diag.h"

enum {
    TOKEN_BLOCK = 1,     /* begin of a """ or ``` literal */
    TOKEN_ESCAPED = 2,   /* TEXT that stood as an escape */
    TOKEN_SEMICOLON = 4, /* a newline token written `;` */
    TOKEN_MADE = 8,      /* stands in no source: put in by the token pass */
    TOKEN_WORD = 16,     /* a word, whatever its kind is now */
    TOKEN_RESERVED = 32, /* a word that is never a name, but where its neighbours say so */
};

#define TOKEN_NONE UINT32_MAX

/* Small, because a large file has many and none is looked at twice in a row: most of their cost is memory. */
typedef struct Token {
    int16_t kind; /* TOK_… of the grammar */
    uint16_t flags;
    Span span;
    const char *text; /* see token_text */
    union {
        int64_t integer; /* of literals */
        double real;
        uint32_t partner; /* of brackets: the other one's index, or TOKEN_NONE */
        uint32_t len;     /* of TEXT that stood as an escape: of what it means */
    } value;
} Token;

typedef struct Comment {
    Span span; /* without its newline */
    bool doc;
    bool own_line; /* nothing but blanks before it */
} Comment;

typedef struct TokenDoc {
    uint32_t offset; /* where the documented declaration begins */
    Str text;
} TokenDoc;

typedef struct TokenList {
    VEC(Token) tokens;
    VEC(Comment) comments;
    VEC(TokenDoc) docs; /* by offset */
    VEC(uint32_t) opens; /* the token pass's own */
} TokenList;

/* Of words their bytes, of TEXT what it means; else the bytes. */
static inline Str token_text(const Token *token)
{
    return (Str){token->text, token->flags & TOKEN_ESCAPED ? token->value.len : token->span.end - token->span.start};
}

void token_list_free(TokenList *list);
/* The `##` text of the declaration that begins at an offset, or empty. */
Str token_doc(const TokenList *list, uint32_t offset);

/* Bytes → tokens. Texts that are not in the source (escapes, joined documentation) go to the arena. */
void lex_file(const SourceFile *file, Arena *arena, TokenList *out, Diagnostics *diagnostics);

/* The token pass: words beside `.`, `:`, `=` become names, two-word tokens are joined, brackets are matched
 * and unbalanced ones repaired, newlines that end nothing are dropped. */
void layout_tokens(const SourceFile *file, Arena *arena, TokenList *list, Diagnostics *diagnostics);

/* What keywords.def says of a word. */
typedef struct Keyword {
    const char *text;
    int kind;
    bool reserved;
    const char *begins; /* letters of the bodies whose lines it begins */
    char opens;         /* letter of the body that it opens, or 0 */
} Keyword;

const Keyword *keyword_find(Str word);    /* NULL: no keyword */
const Keyword *keyword_of_kind(int kind); /* NULL: no keyword */
const Keyword *keyword_at(size_t index);  /* NULL: beyond the end */
const char *token_kind_name(int kind);    /* as in `dump_tokens` */

#endif
