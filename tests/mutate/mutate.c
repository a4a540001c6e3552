/* One wrong token: every good plan given is mutated at one token at a time, and checked in this process.
 *
 * In: `mutate COUNT SEED KEEP FILE…`; plans that have errors already are passed by. Out: one line of figures.
 * It fails when a mutation crashes the checker or keeps it busy for long, or when too few of the rejected
 * ones have an error within two lines of the mutation. The same arguments make the same mutations;
 * MUTATE_SHOW=1 prints those whose errors are elsewhere. */
#include "compiler/check/checked.h"
#include "compiler/compilation.h"
#include "compiler/syntax/token.h"
#include "tests/fuzz/random.h"
#include "tests/fuzz/watchdog.h"

#include "plan.tab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS_EACH = 10, NEAR_LINES = 2, NEAR_PERCENT = 90 };

typedef struct Totals {
    size_t files, mutations, rejected, near;
} Totals;

typedef enum Change {
    DELETE_TOKEN,
    DOUBLE_TOKEN,
    SWAP_TOKENS,
    MISSPELL_TOKEN,
    REPLACE_TOKEN,
    CHANGE_COUNT
} Change;
static const char *const change_names[] = {"deleted", "doubled", "swapped", "misspelt", "replaced"};

static Str source_of(Str text, const Token *token)
{
    return str_slice(text, token->span.start, token->span.end);
}

/* The tokens that stand in the text: none that the token pass made, no newlines. */
static void list_tokens(const SourceFile *file, Arena *arena, TokenList *list)
{
    Diagnostics diagnostics = {0};
    TokenList all = {0};
    lex_file(file, arena, &all, &diagnostics);
    for (size_t i = 0; i < all.tokens.count; i++) {
        const Token *token = &all.tokens.items[i];
        bool there =
            token->span.end > token->span.start && token->kind != TOK_NL && !(token->flags & TOKEN_MADE);
        if (there) vec_push(&list->tokens, *token);
    }
    token_list_free(&all);
    diagnostics_free(&diagnostics);
}

/* One letter gone, twice, another, or two changed about. */
static void misspell(Random *random, Str word, Buffer *out)
{
    size_t at = random_below(random, word.len);
    buffer_add_str(out, str_slice(word, 0, at));
    switch (random_below(random, 4)) {
    case 0: break;
    case 1: buffer_add(out, &word.data[at], 1), buffer_add(out, &word.data[at], 1); break;
    case 2: buffer_add_char(out, (char)('a' + (int)random_below(random, 26))); break;
    default:
        if (at + 1 < word.len) buffer_add(out, &word.data[at + 1], 1);
        buffer_add(out, &word.data[at], 1);
        at += at + 1 < word.len;
        break;
    }
    buffer_add_str(out, str_slice(word, at + 1, word.len));
}

/* The text with token `index` (and, swapped, the next) changed. */
static Change mutate(Random *random, Str text, const TokenList *list, size_t index, Buffer *out)
{
    const Token *token = &list->tokens.items[index];
    const Token *next = &list->tokens.items[index + 1 < list->tokens.count ? index + 1 : index];
    const Token *other = &list->tokens.items[random_below(random, list->tokens.count)];
    Change change = (Change)random_below(random, CHANGE_COUNT);
    uint32_t end = token->span.end;
    buffer_clear(out);
    buffer_add_str(out, str_slice(text, 0, token->span.start));
    switch (change) {
    case DELETE_TOKEN: break;
    case DOUBLE_TOKEN:
        buffer_add_str(out, source_of(text, token));
        buffer_add_char(out, ' ');
        buffer_add_str(out, source_of(text, token));
        break;
    case SWAP_TOKENS:
        if (next != token) {
            buffer_add_str(out, source_of(text, next));
            buffer_add_str(out, str_slice(text, token->span.end, next->span.start));
            end = next->span.end;
        }
        buffer_add_str(out, source_of(text, token));
        break;
    case MISSPELL_TOKEN: misspell(random, source_of(text, token), out); break;
    default: buffer_add_str(out, source_of(text, other)); break;
    }
    buffer_add_str(out, str_slice(text, end, text.len));
    return change;
}

/* Does an error stand within two lines of [first, last]? Those in other files do not count. */
static bool is_near(const Compilation *compilation, uint32_t root, uint32_t first, uint32_t last)
{
    const SourceFile *file = source_file(&compilation->sources, root);
    for (size_t i = 0; i < compilation->diagnostics.items.count; i++) {
        const Diag *diag = compilation->diagnostics.items.items[i];
        if (diag->dropped || diag->severity != DIAG_ERROR || diag->at.file != root) continue;
        uint32_t line = source_place(file, diag->at.start).line,
                 until = source_place(file, diag->at.end).line;
        if (until + NEAR_LINES >= first && line <= last + NEAR_LINES) return true;
    }
    return false;
}

static void show(Compilation *compilation, const char *path, Change change, uint32_t line)
{
    Buffer out = {0};
    diag_render_text(&compilation->diagnostics, &compilation->sources, false, &out);
    printf("%s:%u: %s, and the errors are elsewhere:\n%s\n", path, (unsigned)line, change_names[change],
           out.data ? out.data : "");
    buffer_free(&out);
}

static void check_one(Compilation *compilation, const char *path, Str text)
{
    *compilation = (Compilation){0};
    compilation->types = types_new(&compilation->arena);
    compilation->program = check_text(&compilation->arena, &compilation->sources, compilation->types,
                                      str_from_c(path), text, &compilation->diagnostics);
    if (compilation->program && !compilation->diagnostics.errors) compilation_lower(compilation);
}

/* A module of the standard library is one only as it stands there, so those cannot be mutated. */
static bool is_good(const char *path, Str text)
{
    Compilation compilation;
    Buffer longer = {0};
    buffer_add_str(&longer, text);
    buffer_add_c(&longer, "\n");
    watchdog_watch(path, buffer_str(&longer), SECONDS_EACH);
    check_one(&compilation, path, buffer_str(&longer));
    bool good = compilation.program && !compilation.diagnostics.errors;
    compilation_free(&compilation);
    buffer_free(&longer);
    return good;
}

static void check_mutation(const char *path, Str text, Change change, uint32_t first, uint32_t last,
                           Totals *totals)
{
    Compilation compilation;
    check_one(&compilation, path, text);
    totals->mutations++;
    if (compilation.program && compilation.diagnostics.errors) {
        bool near = is_near(&compilation, compilation.program->root->file, first, last);
        totals->rejected++;
        totals->near += near;
        if (!near && getenv("MUTATE_SHOW")) show(&compilation, path, change, first);
    }
    compilation_free(&compilation);
}

static bool mutate_file(const char *path, size_t count, Random *random, Totals *totals)
{
    SourceSet sources = {0};
    Arena arena = {0};
    TokenList list = {0};
    Buffer text = {0};
    Error error = {0};
    const SourceFile *file = source_load(&sources, str_from_c(path), &error);
    if (!file) fprintf(stderr, "%s\n", error.text);
    bool good = file && is_good(path, file->text);
    if (good) list_tokens(file, &arena, &list);
    totals->files += good;
    for (size_t i = 0; list.tokens.count && i < count; i++) {
        size_t index = random_below(random, list.tokens.count);
        const Token *token = &list.tokens.items[index];
        Change change = mutate(random, file->text, &list, index, &text);
        uint32_t first = source_place(file, token->span.start).line,
                 last = source_place(file, token->span.end).line;
        watchdog_watch(path, buffer_str(&text), SECONDS_EACH);
        check_mutation(path, buffer_str(&text), change, first, last, totals);
    }
    watchdog_watch("", (Str){"", 0}, 0);
    buffer_free(&text);
    vec_free(&list.tokens);
    arena_free(&arena);
    source_set_free(&sources);
    return file != NULL;
}

int main(int argc, char **argv)
{
    if (argc < 5) return fputs("mutate COUNT SEED KEEP FILE...\n", stderr), 2;
    Totals totals = {0};
    Random random = {strtoull(argv[2], NULL, 10)};
    watchdog_start(argv[3]);
    for (int i = 4; i < argc; i++)
        if (!mutate_file(argv[i], strtoul(argv[1], NULL, 10), &random, &totals)) return 2;
    double near = totals.rejected ? 100.0 * (double)totals.near / (double)totals.rejected : 100.0;
    printf("%zu files, %zu mutations, %zu rejected, %.1f %% of them with an error within two lines\n",
           totals.files, totals.mutations, totals.rejected, near);
    return near < NEAR_PERCENT || totals.rejected == 0 ? 1 : 0;
}
