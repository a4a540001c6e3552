/* What is said about a syntax error.
 *
 * In: the token that does not fit and the kinds that would. Out: one diagnostic for a line. The automaton's
 * list of expected tokens is folded until it is short; where a line begins with an unknown word, the word
 * itself is what is wrong, whatever the automaton stumbled over. Called by the generated parser only. */
#include "compiler/syntax/wrong.h"
#include "compiler/syntax/layout.h"
#include "plan.tab.h"

#include <string.h>

enum { MOST_ERRORS = 200 };

/* ---- what the automaton expected ---- */

static void describe(const Token *token, Buffer *out)
{
    if (token->kind == TOK_NL && (token->flags & TOKEN_MADE))
        buffer_add_c(out, "the end of the block");
    else if (token->kind == TOK_NL)
        buffer_add_c(out, token->flags & TOKEN_SEMICOLON ? "`;`" : "the end of the line");
    else if (token->flags & TOKEN_WORD)
        buffer_printf(out, "`%.*s`", STR_ARG(token_text(token)));
    else if (token->kind >= TOK_INT_LITERAL && token->kind <= TOK_TIME_LITERAL)
        buffer_printf(out, "`%.*s`", STR_ARG(token_text(token)));
    else
        buffer_add_c(out, token_kind_name(token->kind));
}

static bool is_operator(int kind)
{
    switch (kind) {
    case TOK_EQ:
    case TOK_NE:
    case TOK_LE:
    case TOK_GE:
    case TOK_LT:
    case TOK_GT:
    case TOK_PLUS:
    case TOK_MINUS:
    case TOK_STAR:
    case TOK_SLASH:
    case TOK_ABSENT:
    case TOK_RANGE:
    case TOK_AT_LEAST:
    case TOK_WORSE_THAN:
    case TOK_AND:
    case TOK_OR:
    case TOK_NOT:
    case TOK_MOD:
    case TOK_IN:
    case TOK_MATCHES:
    case TOK_AS:
    case TOK_DOT:
    case TOK_LPAREN:
    case TOK_LBRACKET: return true;
    default: return false;
    }
}

static bool begins_operand(int kind)
{
    switch (kind) {
    case TOK_INT_LITERAL:
    case TOK_FLOAT_LITERAL:
    case TOK_PERCENT_LITERAL:
    case TOK_DURATION_LITERAL:
    case TOK_DATE_LITERAL:
    case TOK_TIME_LITERAL:
    case TOK_STRING_BEGIN:
    case TOK_COMMAND_BEGIN:
    case TOK_IDENT:
    case TOK_LPAREN:
    case TOK_LBRACKET:
    case TOK_LBRACE:
    case TOK_MINUS:
    case TOK_NOT:
    case TOK_OBSERVE:
    case TOK_SH:
    case TOK_ON:
    case TOK_TRUE:
    case TOK_FALSE:
    case TOK_NONE:
    case TOK_IF:
    case TOK_ASK: return true;
    default: {
        const Keyword *keyword = keyword_of_kind(kind);
        return keyword != NULL && !keyword->reserved;
    }
    }
}

typedef struct Choices {
    const char *text[12];
    size_t count;
    bool too_many;
} Choices;

static void choose(Choices *choices, const char *text)
{
    if (choices->count < sizeof choices->text / sizeof choices->text[0])
        choices->text[choices->count++] = text;
    else
        choices->too_many = true;
}

/* Does it go on as if the word before it were a variable? */
static bool is_assigning(int kind)
{
    return kind == TOK_PLUS_ASSIGN || kind == TOK_ASSIGN_TO || kind == TOK_DOT || kind == TOK_LBRACKET;
}

bool keyword_begins(const Keyword *keyword, char body)
{
    return keyword && (strchr(keyword->begins, body) || (body == 'p' && strchr(keyword->begins, 's')));
}

static const Keyword *keyword_of_token(const Token *token)
{
    return token->flags & TOKEN_WORD ? keyword_find(token_text(token)) : NULL;
}

/* Folds what the automaton would take into a few words. */
static Choices fold(const Wrong *wrong)
{
    Choices choices = {0};
    bool operand = wrong_expects(wrong, TOK_FLOAT_LITERAL), name = wrong_expects(wrong, TOK_IDENT);
    size_t operators = 0;
    for (size_t i = 0; i < wrong->expected_count; i++)
        operators += is_operator(wrong->expected[i]);
    bool fold_operators = !operand && operators > 5;
    bool begun = wrong->at == wrong->start + 1 && keyword_begins(keyword_of_token(&wrong->items[wrong->start]), wrong->body);
    if (operand)
        choose(&choices, "an expression");
    else if (name)
        choose(&choices, "a name");
    for (size_t i = 0; i < wrong->expected_count; i++) {
        int kind = wrong->expected[i];
        const Keyword *keyword = keyword_of_kind(kind);
        if (kind == TOK_YYEOF || (operand && begins_operand(kind))) continue;
        if (name && (kind == TOK_IDENT || (keyword && !keyword->reserved))) continue;
        if (fold_operators && is_operator(kind)) continue;
        if (begun && is_assigning(kind)) continue;
        choose(&choices, token_kind_name(kind));
    }
    if (fold_operators) choose(&choices, "an operator");
    return choices;
}

/* What ends the line above in a way that draws the token's line in (a comma, an operator); NULL: nothing
 * does. */
static const Token *drawn_in_by(const Wrong *wrong, Span at)
{
    uint32_t line = source_line_at(wrong->parse->file, at.start);
    size_t i = wrong->at;
    while (i > wrong->start && source_line_at(wrong->parse->file, wrong->items[i - 1].span.start) == line)
        i--;
    if (i <= wrong->start ||
        token_enclosing(wrong->parse->list, i) != token_enclosing(wrong->parse->list, wrong->start))
        return NULL;
    const Token *last = &wrong->items[i - 1];
    return last->kind != TOK_NL && !(last->flags & TOKEN_WORD) && token_text(last).len > 0 && token_text(last).len < 3
               ? last
               : NULL;
}

/* A word that is nearly one that could stand here. */
static bool report_spelling(const Wrong *wrong)
{
    const Token *word = &wrong->items[wrong->at];
    Str words[256];
    size_t count = 0;
    if (!(word->flags & TOKEN_WORD) || keyword_find(token_text(word)) != NULL) return false;
    for (size_t i = 0; i < wrong->expected_count; i++) {
        const Keyword *keyword = keyword_of_kind(wrong->expected[i]);
        if (keyword != NULL && count < sizeof words / sizeof words[0])
            words[count++] = str_from_c(keyword->text);
    }
    Str meant = suggest_nearest(token_text(word), words, count);
    if (meant.len == 0) return false;
    Diag *diag =
        diag_report(wrong->parse->diagnostics, DIAG_P0101, word->span,
                    "`%.*s` means nothing here; did you mean `%.*s`?", STR_ARG(token_text(word)), STR_ARG(meant));
    diag_help(wrong->parse->diagnostics, diag, "write `%.*s`", STR_ARG(meant));
    return true;
}

static void report_generic(const Wrong *wrong, Span at)
{
    Buffer text = {0};
    Choices choices = fold(wrong);
    describe(&wrong->items[wrong->at], &text);
    if (choices.count > 0 && choices.count <= 6 && !choices.too_many) {
        buffer_add_c(&text, " stands where ");
        for (size_t i = 0; i < choices.count; i++)
            buffer_printf(&text, "%s%s",
                          i == 0                   ? ""
                          : i + 1 == choices.count ? " or "
                                                   : ", ",
                          choices.text[i]);
        buffer_add_c(&text, choices.count > 1 ? " could stand" : " is expected");
    } else {
        buffer_add_c(&text, " does not fit here");
    }
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    Diag *diag = diag_report(diagnostics, DIAG_P0101, at, "%s", text.data);
    buffer_free(&text);
    const Token *items = wrong->items, *above = drawn_in_by(wrong, at);
    const char *swap = drill_line_swap(wrong), *form = drill_line_form(wrong);
    const char *habit = habit_help(wrong);
    const Keyword *keyword = keyword_of_kind(items[wrong->at].kind);
    if (above != NULL) {
        diag_second(diagnostics, diag, above->span, "after this `%.*s` the line goes on",
                    STR_ARG(token_text(above)));
        diag_help(diagnostics, diag, "take the `%.*s` away if the line was meant to end there",
                  STR_ARG(token_text(above)));
    } else if (swap) {
        diag_help(diagnostics, diag, "%s", swap);
    } else if (habit) {
        diag_help(diagnostics, diag, "%s", habit);
    } else if (wrong_expects(wrong, TOK_NL) && keyword_begins(keyword, wrong->body)) {
        diag_help(diagnostics, diag, "a new line or `;` goes before `%s`", keyword->text);
    } else if (form) {
        diag_help(diagnostics, diag, "%s", form);
    }
}

/* ---- the first word of a line ---- */

/* Candidates for the first word of a line in a body, as suggest_nearest wants them. */
static size_t line_words(char body, Str *words, size_t cap)
{
    size_t count = 0;
    const Keyword *keyword;
    for (size_t i = 0; (keyword = keyword_at(i)) != NULL; i++) {
        if (keyword_begins(keyword, body) && count < cap) words[count++] = str_from_c(keyword->text);
    }
    return count;
}

static const char *line_name(char body)
{
    switch (body) {
    case 'f': return "declaration";
    case 'c': return "field of a contact";
    case 'x': return "field of a service";
    case 'y': return "arm of `classify`";
    case 'v': return "field of a severity";
    case 'r': return "field of a rotation";
    case 'o': return "field of a role";
    case 'k': return "field of a calendar";
    case 't': return "part of a template";
    case 'e': return "rule of an escalation";
    case 'd': return "line of a drill";
    case 'a': return "line of a check-list";
    case 'n': return "declaration in an `extern`";
    default: return "statement";
    }
}

static bool report_unknown_word(const Wrong *wrong, const Token *word)
{
    Str words[128];
    size_t count = line_words(wrong->body, words, sizeof words / sizeof words[0]);
    Str meant = suggest_nearest(token_text(word), words, count);
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    /* A contact whose name is nearly a word, and what he does is wrong. */
    if (wrong->at > wrong->start && drill_line_swap(wrong)) return false;
    if (meant.len) {
        Diag *diag =
            diag_report(diagnostics, DIAG_P0102, word->span, "there is no %s `%.*s`; did you mean `%.*s`?",
                        line_name(wrong->body), STR_ARG(token_text(word)), STR_ARG(meant));
        diag_help(diagnostics, diag, "write `%.*s`", STR_ARG(meant));
        return true;
    }
    /* The first word of a drill line may well be a contact, and what follows is wrong. */
    if (wrong->body == 'd' && wrong->at > wrong->start) return false;
    Diag *diag = diag_report(diagnostics, DIAG_P0102, word->span, "there is no %s `%.*s`",
                             line_name(wrong->body), STR_ARG(token_text(word)));
    if (wrong->body == 's' || wrong->body == 'p')
        diag_help(diagnostics, diag, "a call needs `run` or `observe` before it, a value `let`");
    return true;
}

/* name or a.b.c from `start` up to `end`? */
static bool is_dotted(const Token *items, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (i % 2 == start % 2 ? !(items[i].flags & TOKEN_WORD) : items[i].kind != TOK_DOT) return false;
    return end > start && (end - start) % 2 == 1;
}

/* The `=` behind a chain of names, calls and indexes that begins the statement; TOKEN_NONE: there is none. */
static size_t assignment_of_chain(const Wrong *wrong)
{
    const Token *items = wrong->items;
    size_t at = wrong->start;
    if (!(items[at].flags & TOKEN_WORD)) return TOKEN_NONE;
    while ((items[at].flags & TOKEN_WORD) || items[at].kind == TOK_DOT || items[at].kind == TOK_LPAREN ||
           items[at].kind == TOK_LBRACKET)
        at = token_opens(items[at].kind) && items[at].value.partner != TOKEN_NONE ? items[at].value.partner + 1 : at + 1;
    return items[at].kind == TOK_ASSIGN_TO || items[at].kind == TOK_PLUS_ASSIGN ? at : TOKEN_NONE;
}

static bool report_line_start(const Wrong *wrong)
{
    const Token *items = wrong->items, *first = &items[wrong->start], *at = &items[wrong->at];
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    const Keyword *keyword = keyword_of_token(first);
    bool block = wrong->body == 's' || wrong->body == 'p', here = keyword_begins(keyword, wrong->body);
    const char *habit = !here && wrong->at <= wrong->start + 1 ? habit_of_word(token_text(first), wrong->body) : NULL;
    if (habit) {
        Diag *diag = diag_report(diagnostics, DIAG_P0102, first->span, "there is no %s `%.*s`", line_name(wrong->body),
                                 STR_ARG(token_text(first)));
        diag_help(diagnostics, diag, "%s", habit);
        return true;
    }
    size_t assigned = block && token_opens(at->kind) ? assignment_of_chain(wrong) : TOKEN_NONE;
    if (assigned != TOKEN_NONE && first->kind == TOK_IDENT) {
        Diag *diag = diag_report(diagnostics, DIAG_P0113, span_join(first->span, items[assigned - 1].span),
                                 "this cannot be assigned");
        diag_help(diagnostics, diag, "a variable, `a.b` and `x[i]` can");
        return true;
    }
    if (block && at->kind == TOK_LPAREN && wrong->at == wrong->start + 1 && here) {
        if (keyword->reserved) return false;
        Diag *diag = diag_report(diagnostics, DIAG_P0101, at->span, "`%s` is a statement and takes no parentheses", keyword->text);
        diag_help(diagnostics, diag, "write `%s …`", keyword->text);
        return true;
    }
    if (block && at->kind == TOK_LPAREN && is_dotted(items, wrong->start, wrong->at)) {
        Span call = at->value.partner != TOKEN_NONE ? span_join(first->span, items[at->value.partner].span) : first->span;
        Diag *diag = diag_report(diagnostics, DIAG_P0108, call,
                                 "a call cannot stand alone: what it gives would be lost");
        diag_help(diagnostics, diag,
                  "put `run` before it if it changes something, `observe` if it only looks");
        return true;
    }
    if (wrong->at == wrong->start && at->kind == TOK_COMMAND_BEGIN) {
        Diag *diag = diag_report(diagnostics, DIAG_P0109, at->span, "a command cannot stand alone");
        diag_help(diagnostics, diag,
                  "put `run` before it if it changes something, `observe` if it only looks");
        return true;
    }
    if (first->kind == TOK_IDENT && keyword == NULL && (first->flags & TOKEN_WORD) &&
        wrong->at <= wrong->start + 1) {
        bool any_name = wrong->body == '-' || ((wrong->body == 'c' || wrong->body == 'x') && wrong->at > wrong->start);
        return !any_name && report_unknown_word(wrong, first);
    }
    if (wrong->at <= wrong->start + 1 && keyword != NULL && !here && wrong->body != '-') {
        Diag *diag = diag_report(diagnostics, DIAG_P0102, first->span, "no %s begins with `%s`",
                                 line_name(wrong->body), keyword->text);
        if (keyword->kind == TOK_ELSE)
            diag_help(diagnostics, diag, "`else` stands after the `}` of what it belongs to");
        else if (strchr(keyword->begins, 'f'))
            diag_help(diagnostics, diag, "declarations stand at the top level of the file");
        else if (strchr(keyword->begins, 's') && wrong->body == 'f')
            diag_help(diagnostics, diag, "statements stand in a plan or a `fn`");
        return true;
    }
    if (wrong->at == wrong->start && keyword == NULL && wrong->body != '-' && at->kind != TOK_YYEOF) {
        Buffer text = {0};
        describe(at, &text);
        diag_report(diagnostics, DIAG_P0102, at->span, "no %s begins with %s", line_name(wrong->body),
                    text.data);
        buffer_free(&text);
        return true;
    }
    return false;
}

/* ---- cases with a message of their own ---- */

static bool report_command_words(const Wrong *wrong)
{
    const Token *items = wrong->items, *at = &items[wrong->at];
    size_t effect = wrong->at;
    while (effect > wrong->start && items[effect - 1].kind != TOK_RUN &&
           items[effect - 1].kind != TOK_OBSERVE)
        effect--;
    if (effect == wrong->start || !is_dotted(items, effect, wrong->at)) return false;
    if (at->kind == TOK_STRING_BEGIN && (items[effect].kind == TOK_ON || items[effect].kind == TOK_SH)) return false;
    if (!(at->flags & TOKEN_WORD) && at->kind != TOK_MINUS && at->kind != TOK_SLASH &&
        at->kind != TOK_STRING_BEGIN)
        return false;
    size_t end = wrong->at;
    while (items[end].kind != TOK_NL)
        end++;
    Span words = span_join(items[effect].span, items[end - 1].span);
    Diag *diag = diag_report(wrong->parse->diagnostics, DIAG_P0101, words, "a command stands in backticks");
    Str text = str_slice(wrong->parse->file->text, words.start, words.end);
    if (text.len < 60) diag_help(wrong->parse->diagnostics, diag, "write `` `%.*s` ``", STR_ARG(text));
    return true;
}

/* `5 minutes`, `1h 30m`. */
static bool report_duration(const Wrong *wrong)
{
    static const char *const words[][2] = {{"seconds", "s"}, {"second", "s"}, {"sec", "s"},   {"secs", "s"},
                                           {"s", "s"},       {"minutes", "m"}, {"minute", "m"}, {"min", "m"},
                                           {"mins", "m"},    {"m", "m"},       {"hours", "h"},  {"hour", "h"},
                                           {"hrs", "h"},     {"h", "h"},       {"days", "d"},   {"day", "d"},
                                           {"d", "d"},       {"ms", "ms"},     {"milliseconds", "ms"}};
    if (wrong->at == 0) return false;
    const Token *at = &wrong->items[wrong->at], *before = at - 1;
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    Span both = span_join(before->span, at->span);
    if (before->kind == TOK_DURATION_LITERAL && at->kind == TOK_DURATION_LITERAL) {
        Diag *diag = diag_report(diagnostics, DIAG_P0106, both, "a duration is written as one word");
        diag_help(diagnostics, diag, "write `%.*s%.*s`", STR_ARG(token_text(before)), STR_ARG(token_text(at)));
        return true;
    }
    for (size_t i = 0; before->kind == TOK_INT_LITERAL && i < sizeof words / sizeof words[0]; i++) {
        if (!str_equal_c(token_text(at), words[i][0])) continue;
        Diag *diag = diag_report(diagnostics, DIAG_P0106, both, "a duration is a number and its unit in one word");
        diag_help(diagnostics, diag, "write `%.*s%s`", STR_ARG(token_text(before)), words[i][1]);
        return true;
    }
    return false;
}

static bool report_special(const Wrong *wrong)
{
    const Token *at = &wrong->items[wrong->at];
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    int first = wrong->items[wrong->start].kind;
    if (at->kind == TOK_ASSIGN_TO && wrong_expects(wrong, TOK_EQ)) {
        Diag *diag = diag_report(diagnostics, DIAG_P0114, at->span, "`=` assigns; `==` compares");
        diag_help(diagnostics, diag, "write `==`");
        return true;
    }
    if ((at->kind == TOK_IF || at->kind == TOK_ASK || at->kind == TOK_RUN) &&
        wrong_expects(wrong, TOK_FLOAT_LITERAL)) {
        Diag *diag =
            diag_report(diagnostics, DIAG_P0118, at->span, "`%.*s` is no operand here", STR_ARG(token_text(at)));
        diag_help(diagnostics, diag,
                  at->kind == TOK_RUN ? "`run` stands alone, or as the whole right side: `let r = run …`"
                                      : "put it in parentheses: `(%.*s …)`",
                  STR_ARG(token_text(at)));
        return true;
    }
    if (at->kind == TOK_NL && wrong_expects(wrong, TOK_LBRACE) && !wrong_expects(wrong, TOK_FLOAT_LITERAL) &&
        !wrong_expects(wrong, TOK_NL) && (token_has_error_body(first) || first == TOK_PARALLEL)) {
        Span heading = wrong->items[wrong->start].span;
        Diag *diag =
            diag_report(diagnostics, DIAG_P0101, at->span, "a `{` is expected at the end of this line");
        diag_second(diagnostics, diag, heading, "this opens a block");
        return true;
    }
    return report_command_words(wrong);
}

/* ---- the report ---- */

/* Has the line a message already? Whatever follows on it is most likely due to the same mistake. */
static bool line_has_report(Parse *parse, uint32_t line)
{
    if (parse->error_line == line) return true;
    for (size_t i = 0; i < parse->diagnostics->items.count; i++) {
        const Diag *diag = parse->diagnostics->items.items[i];
        if (diag->severity == DIAG_ERROR && diag->at.file == parse->file->id &&
            source_line_at(parse->file, diag->at.start) == line)
            return true;
    }
    return false;
}

void parse_error(Parse *parse, Span at, const int *expected, size_t count)
{
    const Token *items = parse->list->tokens.items;
    size_t index = parse->cursor;
    if (index > 0 && (items[index].kind != TOK_YYEOF || items[index - 1].span.start == at.start)) index--;
    if (items[index].kind != TOK_YYEOF && items[index].span.start != at.start) index = parse->cursor;
    Wrong wrong = {
        .parse = parse, .items = items, .at = index, .expected = expected, .expected_count = count};
    size_t brace = token_block_taken_for_map(parse->list, index);
    if (brace != TOKEN_NONE) {
        parse_read_as_block(parse, brace);
        return;
    }
    wrong.start = token_statement(parse->list, index);
    wrong.body = token_body(parse->list, index);
    uint32_t line = source_line_at(parse->file, at.start);
    uint32_t start_line = source_line_at(parse->file, items[wrong.start].span.start);
    if (parse->diagnostics->errors + parse->pasted_more >= MOST_ERRORS) {
        if (!parse->gave_up)
            diag_report(parse->diagnostics, DIAG_P0120, at, "from here on mistakes are not told any more");
        parse->gave_up = true;
        parse->cursor = parse->list->tokens.count - 1;
        return;
    }
    /* At the end of the file what is missing is the end of something that has its message. */
    bool follows = items[index].kind == TOK_YYEOF && parse->diagnostics->errors;
    if (!follows && !line_has_report(parse, line) && !line_has_report(parse, start_line)) {
        if (!report_duration(&wrong) && !report_habit(&wrong) && !report_line_start(&wrong) && !report_special(&wrong) && !report_spelling(&wrong))
            report_generic(&wrong, at);
    }
    parse->error_line = line;
    wrong_move_on(&wrong);
    parse->error_start = wrong.start;
}
