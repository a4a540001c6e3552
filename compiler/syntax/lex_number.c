/* Numbers, durations, dates and times of day: from their text to their value.
 *
 * In: matches of grammar/plan.l. Out: tokens with values; what is no such thing is reported, and a token of
 * the likeliest kind is made all the same, so that one mistake gives one message. */
#include "compiler/syntax/lex_state.h"
#include "plan.tab.h"

#include <errno.h>
#include <stdlib.h>

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

enum { UNIT_COUNT = sizeof units / sizeof units[0] };

/* The text without underscores, for strto…. */
static char *plain_digits(Lex *lex, const char *text, size_t len)
{
    char *plain = arena_alloc(lex->arena, len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        if (text[i] != '_') plain[n++] = text[i];
    return plain;
}

static void push_integer(Lex *lex, int kind, int64_t value)
{
    lex_push(lex, kind, lex_span(lex))->value.integer = value;
}

void lex_integer(Lex *lex, const char *text, size_t len)
{
    errno = 0;
    long long value = strtoll(plain_digits(lex, text, len), NULL, 10);
    if (errno == ERANGE)
        diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex), "`%.*s` is too large for an int (64 bits)",
                    (int)len, text);
    push_integer(lex, TOK_INT_LITERAL, value);
}

static double read_float(Lex *lex, const char *text, size_t len)
{
    errno = 0;
    double value = strtod(plain_digits(lex, text, len), NULL);
    if (errno == ERANGE && value > 1)
        diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex), "`%.*s` is too large for a float", (int)len,
                    text);
    return value;
}

void lex_float(Lex *lex, const char *text, size_t len)
{
    double value = read_float(lex, text, len);
    lex_push(lex, TOK_FLOAT_LITERAL, lex_span(lex))->value.real = value;
}

void lex_percent(Lex *lex, const char *text, size_t len)
{
    double value = read_float(lex, text, len - 1) / 100;
    lex_push(lex, TOK_PERCENT_LITERAL, lex_span(lex))->value.real = value;
}

/* Which unit stands at text[at…]? Its index, or -1; *len is its length. */
static int unit_at(const char *text, size_t at, size_t end, size_t *len)
{
    int found = -1;
    *len = 0;
    for (int i = 0; i < UNIT_COUNT; i++) {
        size_t n = strlen(units[i].unit);
        if (at + n <= end && memcmp(text + at, units[i].unit, n) == 0 && n > *len) found = i, *len = n;
    }
    return found;
}

void lex_duration(Lex *lex, const char *text, size_t len)
{
    int64_t total = 0;
    int before = -1;
    bool large = false;
    for (size_t i = 0; i < len;) {
        int64_t number = 0;
        for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
            if (number > 100000000000)
                large = true;
            else
                number = number * 10 + (text[i] - '0');
        }
        size_t n;
        int unit = unit_at(text, i, len, &n);
        if (unit <= before)
            diag_report(
                lex->diagnostics, DIAG_P0106, lex_span(lex),
                "the units of a duration stand from the largest to the smallest, each once: 1d2h30m10s500ms");
        before = unit < 0 ? before : unit;
        i += n;
        int64_t ms = unit < 0 ? 1 : units[unit].ms;
        if (number > (INT64_C(1) << 53) / ms || total > (INT64_C(1) << 53))
            large = true;
        else
            total += number * ms;
    }
    if (large)
        diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex), "`%.*s` is too long a time", (int)len, text);
    push_integer(lex, TOK_DURATION_LITERAL, total);
}

static int digits(const char *text, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

void lex_date(Lex *lex, const char *text, size_t len)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    bool real = month >= 1 && month <= 12 && day >= 1 && year > 0;
    if (real) real = day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
    if (!real)
        diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex), "there is no day %.*s", (int)len, text);
    lex_push(lex, TOK_DATE_LITERAL, lex_span(lex));
}

void lex_time(Lex *lex, const char *text, size_t len)
{
    int hour = digits(text, 2), minute = digits(text + 3, 2), second = len > 5 ? digits(text + 6, 2) : 0;
    int ms = len > 8 ? digits(text + 9, 3) : 0;
    if (hour > 23 || minute > 59 || second > 59)
        diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex), "there is no time of day %.*s", (int)len,
                    text);
    push_integer(lex, TOK_TIME_LITERAL, ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + ms);
}

/* The unit that a foreign spelling means: "min" is "m". NULL: none. */
static const char *unit_meant(Str word)
{
    static const struct {
        const char *word, *unit;
    } table[] = {{"min", "m"},  {"mins", "m"},   {"minute", "m"},  {"minutes", "m"}, {"sec", "s"},
                 {"secs", "s"}, {"second", "s"}, {"seconds", "s"}, {"hr", "h"},      {"hrs", "h"},
                 {"hour", "h"}, {"hours", "h"},  {"day", "d"},     {"days", "d"},    {"msec", "ms"},
                 {"ms", "ms"},  {"s", "s"},      {"m", "m"},       {"h", "h"},       {"d", "d"},
                 {"M", "m"},    {"H", "h"},      {"S", "s"},       {"D", "d"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (str_equal_c(word, table[i].word)) return table[i].unit;
    return NULL;
}

void lex_bad_number(Lex *lex, const char *text, size_t len)
{
    Str all = {text, len};
    size_t number = 0;
    while (number < len && (strchr("0123456789._", text[number]) != NULL))
        number++;
    const char *unit = unit_meant(str_slice(all, number, len));
    Diag *diag;
    if (len == 4 && text[1] == ':') {
        diag = diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex),
                           "a time of day has two digits on both sides");
        diag_help(lex->diagnostics, diag, "write `0%.*s`", (int)len, text);
        push_integer(lex, TOK_TIME_LITERAL, (digits(text, 1) * 60 + digits(text + 2, 2)) * INT64_C(60000));
        return;
    }
    if (unit != NULL && memchr(text, '.', number) != NULL) {
        diag = diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex), "a duration has no fraction");
        diag_help(lex->diagnostics, diag, "write it with a smaller unit, as in `1h30m`");
    } else if (unit != NULL) {
        diag =
            diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex), "`%.*s` is no duration", (int)len, text);
        diag_help(lex->diagnostics, diag, "write `%.*s%s`", (int)number, text, unit);
    } else {
        diag = diag_report(lex->diagnostics, DIAG_P0106, lex_span(lex),
                           "`%.*s` is neither a number nor a name", (int)len, text);
        diag_help(lex->diagnostics, diag,
                  "durations are written 500ms 90s 15m 1h30m 2d; names begin with a letter");
        push_integer(lex, TOK_INT_LITERAL, 0);
        return;
    }
    push_integer(lex, TOK_DURATION_LITERAL, 60000);
}
