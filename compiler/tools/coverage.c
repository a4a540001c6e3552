/* `planc coverage` (see coverage.h). The ladder is climbed in ladder.c, a phase's worst case reckoned in
 * check/phase_budget.c; here it is only said. */
#include "compiler/tools/coverage.h"

#include "compiler/check/phase_budget.h"
#include "compiler/tools/ladder.h"
#include "compiler/tools/words.h"
#include "vm/base/time.h"

enum { MINUTE = 60 * 1000, LAST_EVERY = 10 * MINUTE };

static const char *const deeds[] = {
    [MOMENT_PAGE] = "page", [MOMENT_NOTIFY] = "notify", [MOMENT_UPDATE] = "update"};

typedef struct Coverage {
    const Program *program;
    Arena *arena;
    ConstantScope scope;
    Buffer *out;
    JsonOut json;
} Coverage;

static Coverage coverage_new(const Program *program, Arena *arena, Buffer *out)
{
    return (Coverage){.program = program,
                      .arena = arena,
                      .scope = {.program = program, .arena = arena},
                      .out = out,
                      .json = {.buffer = out}};
}

static Str duration_words(Coverage *c, int64_t ms)
{
    Buffer text = {0};
    duration_write(&text, ms);
    Str copy = arena_copy(c->arena, buffer_str(&text));
    buffer_free(&text);
    return copy;
}

static Str words_of(Coverage *c, const Node *node)
{
    return source_words(c->arena, c->program->sources, node->span);
}

static unsigned line_of(Coverage *c, Span span)
{
    const SourceFile *file = source_file(c->program->sources, span.file);
    return file ? source_place(file, span.start).line : 0;
}

/* ---- a ladder as text ---- */

static void write_moment(Coverage *c, const Moment *moment)
{
    Str at = duration_words(c, moment->at);
    buffer_printf(c->out, "  %8.*s  %s %.*s", STR_ARG(at), deeds[moment->kind], STR_ARG(moment->who->name));
    if (moment->way.len) buffer_printf(c->out, " by %.*s", STR_ARG(moment->way));
    if (moment->instead) buffer_printf(c->out, ", backup of %.*s", STR_ARG(moment->instead->name));
    buffer_printf(c->out, "   # %.*s\n", STR_ARG(words_of(c, moment->rule)));
}

/* "told by then: oncall from 0s, lead from 10m" */
static void write_told(Coverage *c, const Ladder *ladder)
{
    const char *before = "  told by then: ";
    for (size_t i = 0; i < ladder->moments.count; i++) {
        const Moment *moment = &ladder->moments.items[i];
        if (!moment->is_first) continue;
        buffer_printf(c->out, "%s%.*s from %.*s", before, STR_ARG(moment->who->name),
                      STR_ARG(duration_words(c, moment->at)));
        before = ", ";
    }
    buffer_add_c(c->out, ladder->last_new < 0 ? "  no person is told by the clock\n" : "\n");
}

static void write_quiet(Coverage *c, const Ladder *ladder)
{
    if (ladder->last_new < 0) return;
    if (ladder->quiet_to > ladder->quiet_from)
        buffer_printf(c->out, "  longest time in which nobody new hears of it: %.*s, from %.*s to %.*s\n",
                      STR_ARG(duration_words(c, ladder->quiet_to - ladder->quiet_from)),
                      STR_ARG(duration_words(c, ladder->quiet_from)),
                      STR_ARG(duration_words(c, ladder->quiet_to)));
    buffer_printf(c->out, "  nobody new after %.*s", STR_ARG(duration_words(c, ladder->last_new)));
    if (ladder->tried >= 0)
        buffer_printf(c->out, "; everybody was tried to the end at %.*s",
                      STR_ARG(duration_words(c, ladder->tried)));
    if (ladder->last) buffer_printf(c->out, ", then %.*s", STR_ARG(words_of(c, ladder->last)));
    buffer_add_char(c->out, '\n');
}

static void write_target(Coverage *c, const char *what, int64_t target)
{
    if (target >= 0) buffer_printf(c->out, ", %s within %.*s", what, STR_ARG(duration_words(c, target)));
}

static void write_severity(Coverage *c, const Symbol *severity)
{
    Ladder ladder = {0};
    ladder_climb(&ladder, c->program, severity, c->arena);
    buffer_printf(c->out, "severity %.*s", STR_ARG(severity->name));
    write_target(c, "respond", ladder.respond);
    write_target(c, "resolve", ladder.resolve);
    if (ladder.escalation) buffer_printf(c->out, ", ladder %.*s", STR_ARG(ladder.escalation->name));
    buffer_add_char(c->out, '\n');
    for (size_t i = 0; i < ladder.moments.count; i++)
        write_moment(c, &ladder.moments.items[i]);
    write_told(c, &ladder);
    write_quiet(c, &ladder);
    for (size_t i = 0; i < ladder.others.count; i++)
        buffer_printf(c->out, "  besides: %.*s\n", STR_ARG(words_of(c, ladder.others.items[i])));
    buffer_add_char(c->out, '\n');
    ladder_free(&ladder);
}

/* ---- phases as text ---- */

static bool is_late(const PhaseBudget *budget)
{
    return budget->window >= 0 && budget->needs > budget->window;
}

static void write_phase(Coverage *c, const Node *phase)
{
    PhaseBudget budget = phase_budget(phase);
    Str name = phase->phase.title ? constant_text(&c->scope, phase->phase.title) : STR("");
    buffer_printf(c->out, "  phase \"%.*s\": can take %.*s", STR_ARG(name),
                  STR_ARG(duration_words(c, budget.needs)));
    if (budget.window >= 0)
        buffer_printf(c->out, " of its %.*s", STR_ARG(duration_words(c, budget.window)));
    else
        buffer_add_c(c->out, ", and has no window");
    if (is_late(&budget)) buffer_add_c(c->out, ": too long");
    buffer_add_char(c->out, '\n');
    if (budget.longest)
        buffer_printf(c->out, "    longest: %.*s in line %u: %.*s\n",
                      STR_ARG(duration_words(c, budget.longest_ms)), line_of(c, budget.longest->span),
                      STR_ARG(words_of(c, budget.longest)));
    if (budget.unlimited)
        buffer_printf(c->out, "    waits for people without a limit: %zu, which count as nothing\n",
                      budget.unlimited);
}

static void write_plan(Coverage *c, const Symbol *plan)
{
    buffer_printf(c->out, "plan %.*s\n", STR_ARG(plan->name));
    size_t phases = 0;
    for
        node_each(item, plan->decl->plan.body)
        {
            if (item->kind != NODE_PHASE) continue;
            write_phase(c, item);
            phases++;
        }
    buffer_add_c(c->out, phases ? "\n" : "  no phases\n\n");
}

void coverage_text(const Program *program, Arena *arena, Buffer *out)
{
    Coverage c = coverage_new(program, arena, out);
    if (program->severities.count) buffer_add_c(out, "If nobody answers, from the opening on:\n\n");
    for (size_t i = 0; i < program->severities.count; i++)
        write_severity(&c, program->severities.items[i]);
    if (program->plans.count) buffer_add_c(out, "The longest that each phase can take:\n\n");
    for (size_t i = 0; i < program->plans.count; i++)
        write_plan(&c, program->plans.items[i]);
    if (out->len > 1 && out->data[out->len - 2] == '\n') out->data[--out->len] = '\0';
}

/* ---- the same as JSON ---- */

static void time_at(Coverage *c, const char *key, int64_t time)
{
    out_key(&c->json, key);
    if (time >= 0)
        out_int(&c->json, time);
    else
        out_null(&c->json);
}

static void words_at(Coverage *c, const char *key, const Node *node)
{
    out_key(&c->json, key);
    if (node)
        out_text(&c->json, words_of(c, node));
    else
        out_null(&c->json);
}

static void name_at(Coverage *c, const char *key, const Symbol *symbol)
{
    out_key(&c->json, key);
    if (symbol)
        out_text(&c->json, symbol->name);
    else
        out_null(&c->json);
}

static void moment_json(Coverage *c, const Moment *moment)
{
    out_open(&c->json, '{');
    out_int_at(&c->json, "at", moment->at);
    out_text_at(&c->json, "do", str_from_c(deeds[moment->kind]));
    name_at(c, "who", moment->who);
    out_text_at(&c->json, "way", moment->way);
    name_at(c, "instead_of", moment->instead);
    words_at(c, "because", moment->rule);
    out_key(&c->json, "first");
    out_bool(&c->json, moment->is_first);
    out_close(&c->json, '}');
}

/* A line for each minute in which somebody new is told, with all who were told by its end. */
static void told_json(Coverage *c, const Ladder *ladder)
{
    out_key(&c->json, "told");
    out_open(&c->json, '[');
    for (size_t i = 0; i < ladder->moments.count; i++) {
        const Moment *moment = &ladder->moments.items[i];
        int64_t minute = moment->at / MINUTE;
        bool more = false;
        for (size_t j = i + 1; j < ladder->moments.count && ladder->moments.items[j].at / MINUTE == minute;
             j++)
            more = more || ladder->moments.items[j].is_first;
        if (!moment->is_first || more) continue;
        out_open(&c->json, '{');
        out_int_at(&c->json, "minute", minute);
        out_key(&c->json, "who");
        out_open(&c->json, '[');
        for (size_t j = 0; j <= i; j++)
            if (ladder->moments.items[j].is_first) out_text(&c->json, ladder->moments.items[j].who->name);
        out_close(&c->json, ']');
        out_close(&c->json, '}');
    }
    out_close(&c->json, ']');
}

static void at_last_json(Coverage *c, const Ladder *ladder)
{
    out_key(&c->json, "at_last");
    if (!ladder->last) {
        out_null(&c->json);
        return;
    }
    const Node *every = ladder->last->rule.page_every;
    out_open(&c->json, '{');
    words_at(c, "text", ladder->last);
    out_int_at(&c->json, "every", constant_int(&c->scope, every, LAST_EVERY));
    out_close(&c->json, '}');
}

static void severity_json(Coverage *c, const Symbol *severity)
{
    Ladder ladder = {0};
    ladder_climb(&ladder, c->program, severity, c->arena);
    out_open(&c->json, '{');
    out_text_at(&c->json, "name", severity->name);
    const Node *title = severity->decl->severity.title;
    out_text_at(&c->json, "title", title ? constant_text(&c->scope, title) : (Str){0});
    name_at(c, "ladder", ladder.escalation);
    time_at(c, "respond", ladder.respond);
    time_at(c, "resolve", ladder.resolve);
    out_key(&c->json, "moments");
    out_open(&c->json, '[');
    for (size_t i = 0; i < ladder.moments.count; i++)
        moment_json(c, &ladder.moments.items[i]);
    out_close(&c->json, ']');
    told_json(c, &ladder);
    out_key(&c->json, "quiet");
    out_open(&c->json, '{');
    out_int_at(&c->json, "from", ladder.quiet_from);
    out_int_at(&c->json, "to", ladder.quiet_to);
    out_close(&c->json, '}');
    time_at(c, "last_new", ladder.last_new);
    time_at(c, "tried", ladder.tried);
    at_last_json(c, &ladder);
    out_key(&c->json, "others");
    out_open(&c->json, '[');
    for (size_t i = 0; i < ladder.others.count; i++)
        out_text(&c->json, words_of(c, ladder.others.items[i]));
    out_close(&c->json, ']');
    out_close(&c->json, '}');
    ladder_free(&ladder);
}

static void phase_json(Coverage *c, const Node *phase)
{
    PhaseBudget budget = phase_budget(phase);
    out_open(&c->json, '{');
    out_text_at(&c->json, "name",
                phase->phase.title ? constant_text(&c->scope, phase->phase.title) : (Str){0});
    out_int_at(&c->json, "line", line_of(c, phase->span));
    time_at(c, "window", budget.window);
    out_int_at(&c->json, "needs", budget.needs);
    out_key(&c->json, "fits");
    out_bool(&c->json, !is_late(&budget));
    out_int_at(&c->json, "unlimited", (int64_t)budget.unlimited);
    out_key(&c->json, "longest");
    if (budget.longest) {
        out_open(&c->json, '{');
        words_at(c, "text", budget.longest);
        out_int_at(&c->json, "line", line_of(c, budget.longest->span));
        out_int_at(&c->json, "takes", budget.longest_ms);
        out_close(&c->json, '}');
    } else {
        out_null(&c->json);
    }
    out_close(&c->json, '}');
}

static void plan_json(Coverage *c, const Symbol *plan)
{
    out_open(&c->json, '{');
    out_text_at(&c->json, "name", plan->name);
    const Node *title = plan->decl->plan.title;
    out_text_at(&c->json, "title", title ? constant_text(&c->scope, title) : (Str){0});
    const Node *severity = NULL;
    for
        node_each(item, plan->decl->plan.body)
        {
            if (item->kind == NODE_PLAN_SEVERITY) severity = item->plan_severity.severity;
        }
    name_at(c, "severity", severity ? severity->symbol : NULL);
    out_key(&c->json, "phases");
    out_open(&c->json, '[');
    for
        node_each(item, plan->decl->plan.body)
        {
            if (item->kind == NODE_PHASE) phase_json(c, item);
        }
    out_close(&c->json, ']');
    out_close(&c->json, '}');
}

void coverage_json(const Program *program, Arena *arena, Buffer *out)
{
    Coverage c = coverage_new(program, arena, out);
    out_open(&c.json, '{');
    out_key(&c.json, "severities");
    out_open(&c.json, '[');
    for (size_t i = 0; i < program->severities.count; i++)
        severity_json(&c, program->severities.items[i]);
    out_close(&c.json, ']');
    out_key(&c.json, "plans");
    out_open(&c.json, '[');
    for (size_t i = 0; i < program->plans.count; i++)
        plan_json(&c, program->plans.items[i]);
    out_close(&c.json, ']');
    out_close(&c.json, '}');
    buffer_add_char(out, '\n');
}
