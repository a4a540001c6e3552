/* What people write by habit from elsewhere: other languages, configuration files, shells, prose.
 *
 * In: a syntax error at hand. Out: a message of its own where the line shows what was meant (report_habit), or the help of a
 * general one (habit_help). The words and the simple cases are a table, habits.def. Called by messages.c only. */
#include "compiler/syntax/wrong.h"
#include "plan.tab.h"

#include <ctype.h>
#include <string.h>

typedef struct WordHabit {
    const char *word, *bodies, *help;
} WordHabit;

typedef struct RuleHabit {
    int first, before, at, expected; /* kinds of tokens; 0: any */
    const char *help;
} RuleHabit;

enum { TOK_0 = 0 };

static const WordHabit word_habits[] = {
#define WORD_HABIT(word, bodies, help) {word, bodies, help},
#define RULE_HABIT(first, before, at, expected, help)
#include "compiler/syntax/habits.def"
#undef WORD_HABIT
#undef RULE_HABIT
};

static const RuleHabit rule_habits[] = {
#define WORD_HABIT(word, bodies, help)
#define RULE_HABIT(first, before, at, expected, help) {TOK_##first, TOK_##before, TOK_##at, TOK_##expected, help},
#include "compiler/syntax/habits.def"
#undef WORD_HABIT
#undef RULE_HABIT
};

const char *habit_help(const Wrong *wrong)
{
    const Token *items = wrong->items;
    int before = wrong->at > 0 ? items[wrong->at - 1].kind : 0;
    for (size_t i = 0; i < sizeof rule_habits / sizeof rule_habits[0]; i++) {
        const RuleHabit *rule = &rule_habits[i];
        if (rule->first && items[wrong->start].kind != rule->first) continue;
        if (rule->before && before != rule->before) continue;
        if (rule->at && items[wrong->at].kind != rule->at) continue;
        if (!rule->expected || wrong_expects(wrong, rule->expected)) return rule->help;
    }
    return NULL;
}

const char *habit_of_word(Str word, char body)
{
    for (size_t i = 0; i < sizeof word_habits / sizeof word_habits[0]; i++) {
        const WordHabit *habit = &word_habits[i];
        bool here = strchr(habit->bodies, body) || (body == 'p' && strchr(habit->bodies, 's'));
        if (here && word.len == strlen(habit->word) && strncasecmp(word.data, habit->word, word.len) == 0) return habit->help;
    }
    return NULL;
}

/* ---- cases that look at the text ---- */

static bool is_word(const Token *token)
{
    return token->flags & TOKEN_WORD;
}

static bool adjacent(const Token *a, const Token *b)
{
    return a->span.end == b->span.start;
}

static Str source_of(const Wrong *wrong, Span span)
{
    return str_slice(wrong->parse->file->text, span.start, span.end);
}

/* From the token to the end of its line, without a comment and what opens or ends a block there. */
static Str rest_of_line(const Wrong *wrong, size_t from)
{
    Str text = wrong->parse->file->text;
    size_t start = wrong->items[from].span.start, end = start;
    while (end < text.len && text.data[end] != '\n' && text.data[end] != '#' && text.data[end] != ';' && text.data[end] != '}')
        end++;
    Str rest = str_trim(str_slice(text, start, end));
    if (rest.len && rest.data[rest.len - 1] == '{') rest = str_trim(str_slice(rest, 0, rest.len - 1));
    return rest;
}

static bool begins_here(const Wrong *wrong, const Token *token)
{
    return is_word(token) && keyword_begins(keyword_find(token_text(token)), wrong->body);
}

/* `timeout: 5m`, `at once: page ann`, `phone = "1"`. */
static bool report_colon(const Wrong *wrong)
{
    const Token *items = wrong->items, *first = &items[wrong->start];
    bool field = wrong->body == 'c' || wrong->body == 'x';
    if (!is_word(first) || !(begins_here(wrong, first) || field)) return false;
    size_t sign = wrong->start + 1;
    if (is_word(&items[sign]) && items[sign + 1].kind == TOK_COLON) sign++;
    bool assigns = items[sign].kind == TOK_ASSIGN_TO && wrong->body != 's' && wrong->body != 'p';
    if ((items[sign].kind != TOK_COLON && !assigns) || wrong->at > sign + 1) return false;
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    Str words = source_of(wrong, span_join(first->span, items[sign - 1].span));
    bool named = sign == wrong->start + 2 && (wrong->body == 'f' || first->kind == TOK_LET || first->kind == TOK_VAR);
    size_t value = sign + 1 + (items[sign + 1].kind == TOK_ASSIGN_TO);
    Diag *diag = diag_report(diagnostics, DIAG_P0101, items[sign].span, "no `%.*s` stands behind `%.*s`",
                             STR_ARG(source_of(wrong, items[sign].span)), STR_ARG(words));
    const SourceFile *file = wrong->parse->file;
    bool ends = source_line_at(file, items[sign + 1].span.start) != source_line_at(file, items[sign].span.start);
    if (ends)
        diag_help(diagnostics, diag, "a block stands in braces: `%.*s … { … }`", STR_ARG(words));
    else
        diag_help(diagnostics, diag, "write `%.*s%s %.*s`", STR_ARG(words), named ? " =" : "", STR_ARG(rest_of_line(wrong, value)));
    return true;
}

/* "On-call engineer" → on_call_engineer */
static void add_as_name(Buffer *out, Str title)
{
    size_t begun = out->len;
    for (size_t i = 0; i < title.len; i++) {
        unsigned char c = (unsigned char)title.data[i];
        if (c < 128 && (isalnum(c) || c == '_'))
            buffer_add_char(out, (char)tolower(c));
        else if (out->len > begun && out->data[out->len - 1] != '_')
            buffer_add_char(out, '_');
    }
    while (out->len > begun && out->data[out->len - 1] == '_')
        out->data[--out->len] = '\0';
    if (out->len == begun || isdigit((unsigned char)out->data[begun])) buffer_add_c(out, "name");
}

/* Does the file have the text as a name, too? */
static bool is_named(const Wrong *wrong, Str text)
{
    for (size_t i = 0; wrong->items[i].kind != TOK_YYEOF; i++)
        if (is_word(&wrong->items[i]) && str_equal(token_text(&wrong->items[i]), text)) return true;
    return false;
}

static bool is_duration(Str text)
{
    size_t i = 0;
    while (i < text.len && isdigit((unsigned char)text.data[i]))
        i++;
    Str unit = str_slice(text, i, text.len);
    return i && (str_equal_c(unit, "s") || str_equal_c(unit, "m") || str_equal_c(unit, "h") || str_equal_c(unit, "d") || str_equal_c(unit, "ms"));
}

/* A string where a name or a duration is wanted. */
static bool report_quoted(const Wrong *wrong)
{
    const Token *items = wrong->items, *at = &items[wrong->at], *first = &items[wrong->start];
    if (at->kind != TOK_STRING_BEGIN || items[wrong->at + 1].kind != TOK_TEXT || items[wrong->at + 2].kind != TOK_STRING_END)
        return false;
    Str inside = token_text(&items[wrong->at + 1]);
    Span whole = span_join(at->span, items[wrong->at + 2].span);
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    if (wrong_expects(wrong, TOK_DURATION_LITERAL) && is_duration(inside)) {
        Diag *diag = diag_report(diagnostics, DIAG_P0101, whole, "a duration stands without quotes");
        diag_help(diagnostics, diag, "write `%.*s`", STR_ARG(inside));
        return true;
    }
    int before = wrong->at > 0 ? items[wrong->at - 1].kind : 0;
    if (!wrong_expects(wrong, TOK_IDENT) || before == TOK_ASSIGN_TO || before == TOK_ON) return false;
    if (wrong->body == 'f' && wrong->at == wrong->start + 1 && is_word(first)) {
        Buffer name = {0};
        add_as_name(&name, inside);
        Diag *diag = diag_report(diagnostics, DIAG_P0101, whole, "a %.*s has a name before its title", STR_ARG(token_text(first)));
        bool titled = items[wrong->at + 3].kind == TOK_STRING_BEGIN;
        diag_help(diagnostics, diag, titled ? "write `%.*s %s \"…\"`" : "write `%.*s %s \"%.*s\"`", STR_ARG(token_text(first)), name.data,
                  STR_ARG(inside));
        buffer_free(&name);
        return true;
    }
    Diag *diag = diag_report(diagnostics, DIAG_P0101, whole, "a name stands without quotes");
    if (is_named(wrong, inside))
        diag_help(diagnostics, diag, "write `%.*s`", STR_ARG(inside));
    else
        diag_help(diagnostics, diag, "it is the name with which it is declared, as `ann` of `contact ann \"Ann\"`");
    return true;
}

/* `on-call`, `0m-5m`, `mon-fri`. */
static bool report_dash(const Wrong *wrong)
{
    const Token *items = wrong->items, *at = &items[wrong->at];
    if (wrong->at == 0 || at->kind != TOK_MINUS || wrong_expects(wrong, TOK_MINUS)) return false;
    const Token *before = at - 1, *after = at + 1;
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    bool number = before->kind >= TOK_INT_LITERAL && before->kind <= TOK_TIME_LITERAL;
    if (number || wrong_expects(wrong, TOK_RANGE)) {
        Diag *diag = diag_report(diagnostics, DIAG_P0101, span_join(before->span, after->span), "a range is written with `..`");
        bool unit = before->kind == TOK_INT_LITERAL && after->kind == TOK_DURATION_LITERAL;
        diag_help(diagnostics, diag, "write `%.*s%s..%.*s`", STR_ARG(source_of(wrong, before->span)), unit ? "m" : "",
                  STR_ARG(source_of(wrong, after->span)));
        return true;
    }
    if (!is_word(before) || !adjacent(before, at) || !adjacent(at, after)) return false;
    size_t last = wrong->at;
    Buffer name = {0};
    buffer_add_str(&name, token_text(before));
    while (items[last].kind == TOK_MINUS && adjacent(&items[last], &items[last + 1]) &&
           (is_word(&items[last + 1]) || items[last + 1].kind == TOK_INT_LITERAL)) {
        buffer_printf(&name, "_%.*s", STR_ARG(source_of(wrong, items[last + 1].span)));
        last += adjacent(&items[last + 1], &items[last + 2]) ? 2 : 1;
    }
    if (items[last].kind == TOK_MINUS && last > wrong->at) last--;
    Diag *diag = diag_report(diagnostics, DIAG_P0101, span_join(before->span, items[last].span), "a name has no `-` in it");
    diag_help(diagnostics, diag, "write `%s`", name.data);
    buffer_free(&name);
    return true;
}

/* `note msg`, `manual Set the status page`, `note "a" + b`. */
static bool report_text(const Wrong *wrong)
{
    const Token *items = wrong->items, *at = &items[wrong->at], *first = &items[wrong->start];
    if (wrong->at <= wrong->start || !begins_here(wrong, first) || wrong_expects(wrong, TOK_FLOAT_LITERAL)) return false;
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    Str verb = token_text(first);
    if (items[wrong->at - 1].kind == TOK_STRING_END && wrong_expects(wrong, TOK_NL) &&
        (at->kind == TOK_PLUS || at->kind == TOK_RANGE || at->kind == TOK_MOD)) {
        Diag *diag = diag_report(diagnostics, DIAG_P0101, at->span, "the text of `%.*s` is one string", STR_ARG(verb));
        diag_help(diagnostics, diag, "values stand in it: `\"… ${name} …\"`");
        return true;
    }
    if (wrong->at != wrong->start + 1 || !wrong_expects(wrong, TOK_STRING_BEGIN) || !is_word(at)) return false;
    Str rest = rest_of_line(wrong, wrong->at);
    if (rest.len == 0 || rest.len > 70 || memchr(rest.data, '"', rest.len)) return false;
    if (first->kind == TOK_STEP || first->kind == TOK_PHASE || keyword_of_kind(at->kind)) {
        Diag *diag = diag_report(diagnostics, DIAG_P0101, at->span, "`%.*s` says first in quotes what it is", STR_ARG(verb));
        if (keyword_of_kind(at->kind) && first->kind != TOK_STEP)
            diag_help(diagnostics, diag, "write `%.*s \"…\" %.*s`", STR_ARG(verb), STR_ARG(rest));
        else
            diag_help(diagnostics, diag, "write `%.*s \"%.*s\"`", STR_ARG(verb), STR_ARG(rest));
        return true;
    }
    Span words = {at->span.file, at->span.start, at->span.start + (uint32_t)rest.len};
    Diag *diag = diag_report(diagnostics, DIAG_P0101, words, "the text of `%.*s` stands in quotes", STR_ARG(verb));
    bool value = first->kind != TOK_IMPORT && memchr(rest.data, ' ', rest.len) == NULL;
    diag_help(diagnostics, diag, value ? "write `%.*s \"${%.*s}\"`" : "write `%.*s \"%.*s\"`", STR_ARG(verb), STR_ARG(rest));
    return true;
}

/* `wait 30`. */
static bool report_unit(const Wrong *wrong)
{
    const Token *before = wrong->at > 0 ? &wrong->items[wrong->at - 1] : NULL;
    if (!before || before->kind != TOK_INT_LITERAL || !wrong_expects(wrong, TOK_DAYS) || wrong->items[wrong->at].kind == TOK_MINUS)
        return false;
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    Str number = token_text(before);
    Diag *diag = diag_report(diagnostics, DIAG_P0106, before->span, "a duration has a unit");
    diag_help(diagnostics, diag, "write `%.*ss`, `%.*sm` or `%.*sh`", STR_ARG(number), STR_ARG(number), STR_ARG(number));
    return true;
}

/* `phone +1-555-0100` */
static bool report_number_to_call(const Wrong *wrong)
{
    const Token *at = &wrong->items[wrong->at];
    if (wrong->body != 'c' || at->kind != TOK_PLUS || wrong->at != wrong->start + 1) return false;
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    Str number = rest_of_line(wrong, wrong->at);
    Span span = {at->span.file, at->span.start, at->span.start + (uint32_t)number.len};
    Diag *diag = diag_report(diagnostics, DIAG_P0101, span, "a number to call stands in quotes");
    diag_help(diagnostics, diag, "write `%.*s \"%.*s\"`", STR_ARG(token_text(&wrong->items[wrong->start])), STR_ARG(number));
    return true;
}

/* `with (timeout = 5m)` */
static bool report_named_argument(const Wrong *wrong)
{
    const Token *items = wrong->items, *at = &items[wrong->at];
    if (wrong->at < 2 || at->kind != TOK_ASSIGN_TO || !is_word(at - 1)) return false;
    size_t around = token_enclosing(wrong->parse->list, wrong->at);
    if (wrong->body == '-' || around == TOKEN_NONE || (items[around].kind != TOK_LPAREN && items[around].kind != TOK_LBRACE)) return false;
    bool first = around + 2 == wrong->at, call = around > 0 && (is_word(&items[around - 1]) || items[around].kind == TOK_LBRACE);
    if (!call || !(first || items[wrong->at - 2].kind == TOK_COMMA) || items[around - (around > 0)].kind == TOK_IF) return false;
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    Diag *diag = diag_report(diagnostics, DIAG_P0101, at->span, "`:` stands between a name and its value here");
    diag_help(diagnostics, diag, "write `%.*s: …`", STR_ARG(token_text(at - 1)));
    return true;
}

/* A line of a text in another notation. What was pasted as one is one mistake: lines that are near each other have one message. */
static void report_pasted(const Wrong *wrong, Span at, const char *message, const char *help)
{
    enum { NEAR = 4 };
    Parse *parse = wrong->parse;
    uint32_t line = source_line_at(parse->file, at.start);
    bool same = parse->pasted && line <= parse->pasted_line + NEAR && str_equal_c(parse->pasted->message, message);
    parse->pasted_line = line;
    if (same) {
        parse->pasted_more++;
        diag_second(parse->diagnostics, parse->pasted, at, "and here");
        return;
    }
    parse->pasted = diag_report(parse->diagnostics, DIAG_P0102, at, "%s", message);
    diag_help(parse->diagnostics, parse->pasted, "%s", help);
}

/* The name of `name: value` or `- name: value` among declarations; NULL: it is none. A word that begins declarations has a message
 * about its colon, unless nothing stands behind that. */
static const Token *yaml_name(const Wrong *wrong)
{
    const Token *first = &wrong->items[wrong->start];
    bool item = first->kind == TOK_MINUS;
    if (item) first++;
    if (wrong->body != 'f' || !is_word(first) || first[1].kind != TOK_COLON || !adjacent(first, first + 1)) return NULL;
    bool declares = keyword_begins(keyword_find(token_text(first)), 'f');
    const SourceFile *file = wrong->parse->file;
    bool ends = source_line_at(file, first[2].span.start) > source_line_at(file, first[1].span.start);
    return item || !declares || ends ? first : NULL;
}

/* Comments and lists of other notations, at the beginning of a line. */
static bool report_notation(const Wrong *wrong)
{
    const Token *first = &wrong->items[wrong->start], *next = first + 1;
    Diagnostics *diagnostics = wrong->parse->diagnostics;
    if (wrong->at > wrong->start + 1) return false;
    if (first->kind == TOK_SLASH && (next->kind == TOK_SLASH || next->kind == TOK_STAR) && adjacent(first, next)) {
        Diag *diag = diag_report(diagnostics, DIAG_P0102, span_join(first->span, next->span), "a comment begins with `#`");
        diag_help(diagnostics, diag, "write `# …`, on each of its lines");
        return true;
    }
    const Token *name = yaml_name(wrong);
    if (name) {
        report_pasted(wrong, span_join(name->span, name[1].span), "this looks like YAML, and means nothing here",
                      "a block stands in braces: `service \"Shop\" { owner \"Team\" }`");
        return true;
    }
    bool number = first->kind == TOK_INT_LITERAL && next->kind == TOK_DOT;
    bool list = number || ((first->kind == TOK_MINUS || first->kind == TOK_STAR) && !adjacent(first, next));
    if (list || (first->kind == TOK_STAR && next->kind == TOK_STAR)) {
        report_pasted(wrong, number ? span_join(first->span, next->span) : first->span, "this looks like Markdown, and means nothing here",
                      "what a person does is `manual \"…\"` in a `step \"…\" { }`, a command `` run `…` `` or `` observe `…` ``");
        return true;
    }
    if (first->kind == TOK_LBRACE && wrong->start == 0) {
        Diag *diag = diag_report(diagnostics, DIAG_P0102, first->span, "this looks like JSON, and no declaration begins so");
        diag_help(diagnostics, diag, "a plan begins with `service \"…\" { owner \"…\"; runbook \"https://…\" }`");
        return true;
    }
    return false;
}

bool report_habit(const Wrong *wrong)
{
    if (wrong->body == 'd') return report_notation(wrong); /* messages_drill.c knows the forms of its lines */
    return report_notation(wrong) || report_colon(wrong) || report_quoted(wrong) || report_dash(wrong) || report_unit(wrong) ||
           report_number_to_call(wrong) || report_named_argument(wrong) || report_text(wrong);
}
