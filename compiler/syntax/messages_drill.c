/* What to write instead, where a line of a drill is not as it must be: a word that people often use for another one, else the
 * form of the whole line.
 *
 * In: the token that does not fit. Out: one sentence for the message's help, or NULL. Called by messages.c only; whether there is
 * a mistake at all is not decided here. The forms are those of docs/language.md. */
#include "compiler/syntax/wrong.h"
#include "plan.tab.h"

#include <string.h>

/* ---- words for other words ---- */

typedef struct Swap {
    char part; /* e: in an expectation, a: in an answer, p: what a person does, s: in an `at` line */
    const char *word, *help;
} Swap;

static const Swap swaps[] = {
    {'e', "within", "write `before` for a limit of time"},
    {'e', "until", "write `before` for a limit of time"},
    {'e', "once", "how often is written `1 times`"},
    {'e', "twice", "how often is written `2 times`"},
    {'e', "or", "an expectation holds one fact: write two, in two lines"},
    {'e', "and", "an expectation holds one fact: write two, in two lines"},
    {'e', "with", "what was told is written `matching \"…\"`"},
    {'e', "no", "write `expect not …`"},
    {'e', "page", "write `expect paged CONTACT`"},
    {'e', "step", "write `expect done \"STEP\"`, or `failed`, `skipped`, `started`, `rolled back`"},
    {'e', "refused", "a step whose approval was refused has failed: write `expect failed \"STEP\"`"},
    {'e', "less", "write `elapsed < TIME`"},
    {'a', "returns", "write `gives`"},
    {'a', "twice", "how often is written `2 times`"},
    {'a', "after", "what comes late is written `delayed TIME`"},
    {'a', "until", "an answer for some time is written `before TIME`"},
    {'a', "for", "an answer for some time is written `before TIME`"},
    {'a', "then", "a comma stands before `then`"},
    {'a', "exit", "write `exits N`"},
    {'a', "times", "what gives no answer in time `hangs`"},
    {'a', "{", "write `gives json {…}`"},
    {'p', "in", "write `after TIME`"},
    {'p', "at", "write `after TIME`; what happens at a fixed time is a line `at TIME …`"},
    {'p', "acknowledge", "write `CONTACT acknowledges after TIME`"},
    {'p', "acks", "write `CONTACT acknowledges after TIME`"},
    {'s', "acknowledge", "write `at TIME ack by CONTACT`"},
    {'s', "resolved", "write `at TIME resolve \"why\"`"},
};

static const char *find_swap(char part, Str word)
{
    for (size_t i = 0; i < sizeof swaps / sizeof *swaps; i++) {
        if (swaps[i].part == part && str_equal_c(word, swaps[i].word)) return swaps[i].help;
    }
    return NULL;
}

/* ---- forms ---- */

typedef struct Form {
    int kind;
    const char *form;
} Form;

#define WHEN " [before|after|at TIME]"
#define TIMES " [[at least|at most] N times]"

static const Form fact_forms[] = {
    {TOK_PAGED, "`expect [not] paged CONTACT [by WAY]" WHEN TIMES "`"},
    {TOK_NOTIFIED, "`expect [not] notified TARGET [matching \"TEXT\"]" WHEN TIMES "`"},
    {TOK_DONE, "`expect [not] done \"STEP\"" WHEN TIMES "`"},
    {TOK_FAILED, "`expect [not] failed \"STEP\" [matching \"WHY\"]" WHEN TIMES "`"},
    {TOK_SKIPPED, "`expect [not] skipped \"STEP\"" WHEN TIMES "`"},
    {TOK_STARTED, "`expect [not] started \"STEP\"" WHEN TIMES "`"},
    {TOK_ROLLED, "`expect [not] rolled back \"STEP\"" WHEN TIMES "`"},
    {TOK_ASKED, "`expect [not] asked \"QUESTION\"" WHEN TIMES "`"},
    {TOK_ATTACHED, "`expect [not] attached \"NAME\"" WHEN TIMES "`"},
    {TOK_NOTED, "`expect [not] noted \"TEXT\"" WHEN TIMES "`"},
    {TOK_APPROVED, "`expect [not] approved \"STEP\" [by CONTACT]" WHEN TIMES "`; `\"*\"` is any step"},
    {TOK_ASSIGNED, "`expect [not] assigned ROLE [to CONTACT]" WHEN TIMES "`"},
    {TOK_RAN, "``expect [not] ran `COMMAND` `` or `expect [not] ran POST \"URL\"`, then `[before|after PATTERN]" WHEN TIMES "`"},
    {TOK_SEVERITY, "`expect [not] severity NAME [at TIME | for TIME]`"},
    {TOK_ACKNOWLEDGED, "`expect [not] acknowledged [by CONTACT]" WHEN " [for TIME]" TIMES "`"},
    {TOK_UNACKNOWLEDGED, "`expect [not] unacknowledged [by CONTACT]" WHEN " [for TIME]" TIMES "`"},
    {TOK_MITIGATED, "`expect [not] mitigated [by CONTACT]" WHEN " [for TIME]" TIMES "`"},
    {TOK_RESOLVED, "`expect [not] resolved [by CONTACT]" WHEN " [for TIME]" TIMES "`"},
    {TOK_UNRESOLVED, "`expect [not] unresolved [before TIME | for TIME]`"},
    {TOK_ELAPSED, "`expect [not] elapsed < TIME`"},
    {TOK_OUTPUT, "`expect [not] output of \"STEP\" matches \"TEXT\"`"},
};

static const char any_fact[] =
    "what can be expected: paged, notified, done, failed, skipped, started, rolled back, asked, attached, noted, approved, assigned, "
    "ran, severity, acknowledged, unacknowledged, mitigated, resolved, unresolved, elapsed, output of";
static const char answer_form[] =
    "an answer is `gives N`, `gives \"TEXT\"`, `gives json {…}`, `gives file \"PATH\"`, `exits N`, `fails`, `hangs`, `is unknown`, "
    "`needs approval`, `runs` or `gives result {…}`, then `[with …] [before TIME] [delayed TIME] [N times] [once [ran PATTERN]]`";

static const Form line_forms[] = {
    {TOK_WITH, "`with PARAM = VALUE, severity NAME`"},
    {TOK_START, "`start at 2026-03-02 03:12 [in \"ZONE\"]`"},
    {TOK_UNTIL, "`until TIME`, counted from the start"},
    {TOK_HTTP, "`http METHOD \"URL\" [with json {…} | with \"TEXT\"] [with headers {…}] ANSWER`"},
    {TOK_COMMAND, "``[on HOST] command `WORDS` ANSWER``"},
    {TOK_ON, "``on HOST command `WORDS` ANSWER``"},
    {TOK_CHANNEL, "`channel NAME ANSWER`"},
    {TOK_ANSWER, "`answer \"QUESTION\" with VALUE [after TIME]`"},
    {TOK_MANUAL, "`manual \"WHAT\" done [after TIME]` or `manual \"WHAT\" never done`; `*` is any"},
    {TOK_ANY, "`any effect ANSWER`"},
    {TOK_SWEEP, "`sweep acknowledged [by CONTACT] at FROM..TO every TIME [or never]` or `sweep any effect ANSWER`"},
    {TOK_AT,
     "at a time happens: severity, note, alert, kill for, clock jumps, ack, unack, resolve, reopen, mitigated, set, approve, refuse, "
     "answer, done, retry, skip, pause, continue, go to, take over, escalate, assign, hand over to, met, follow, cancel, signal json {…}"},
};

static const char person_form[] =
    "`CONTACT acknowledges after TIME`, `CONTACT answers after TIME`, `CONTACT never answers`, `CONTACT approves|refuses \"STEP\" "
    "[after TIME]`";

static const char *find_form(const Form *forms, size_t count, int kind)
{
    for (size_t i = 0; i < count; i++) {
        if (forms[i].kind == kind) return forms[i].form;
    }
    return NULL;
}

/* ---- what part of the line it is ---- */

static bool line_has(const Wrong *wrong, int kind)
{
    for (size_t i = wrong->start; i < wrong->at; i++) {
        if (wrong->items[i].kind == kind) return true;
    }
    return false;
}

/* Is the line one for effects, and read as far as its answer? */
static bool in_answer(const Wrong *wrong)
{
    static const int begins[] = {TOK_GIVES, TOK_EXITS, TOK_FAILS, TOK_HANGS, TOK_IS, TOK_NEEDS, TOK_RUNS};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        if (line_has(wrong, begins[i]) || wrong_expects(wrong, begins[i])) return true;
    }
    return false;
}

static bool says_what_a_person_does(const Wrong *wrong)
{
    static const int deeds[] = {TOK_ACKNOWLEDGES, TOK_ANSWERS, TOK_NEVER, TOK_APPROVES, TOK_REFUSES};
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (line_has(wrong, deeds[i]) || wrong_expects(wrong, deeds[i])) return true;
    }
    return line_has(wrong, TOK_MANUAL) || line_has(wrong, TOK_ANSWER);
}

static char part_of(const Wrong *wrong)
{
    int first = wrong->items[wrong->start].kind;
    if (first == TOK_EXPECT) return 'e';
    if (first == TOK_AT) return 's';
    if (in_answer(wrong)) return 'a';
    return says_what_a_person_does(wrong) ? 'p' : '-';
}

const char *drill_line_swap(const Wrong *wrong)
{
    return wrong->body == 'd' ? find_swap(part_of(wrong), token_text(&wrong->items[wrong->at])) : NULL;
}

const char *drill_line_form(const Wrong *wrong)
{
    const Token *items = wrong->items;
    if (wrong->body != 'd') return NULL;
    char part = part_of(wrong);
    if (part == 'e') {
        size_t fact = wrong->start + 1;
        if (items[fact].kind == TOK_NOT) fact++;
        const char *form = find_form(fact_forms, sizeof fact_forms / sizeof *fact_forms, items[fact].kind);
        return form && fact <= wrong->at ? form : any_fact;
    }
    if (part == 'a' && line_has(wrong, TOK_GIVES)) return answer_form;
    const char *form = find_form(line_forms, sizeof line_forms / sizeof *line_forms, items[wrong->start].kind);
    if (form) return form;
    return part == 'a' ? answer_form : part == 'p' ? person_form : NULL;
}
