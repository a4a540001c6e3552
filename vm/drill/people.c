/* The people of a drill: pages, questions and times come in as marks, what they do goes out as signals.
 *
 * Who is not mentioned never answers a page. A question that nobody is going to answer, and that has no
 * deadline either, stops the drill with the line to add; a failed step that nobody says anything of simply
 * stays where it is. */
#include "vm/drill/world_parts.h"

#include "vm/code/stars.h"

#include <stdlib.h>

static void signal_soon(DrillWorld *world, int64_t after, Json *signal)
{
    Buffer text = {0};
    json_write(&text, signal);
    world_expect_signal(world, after, buffer_str(&text));
    buffer_free(&text);
    json_free(signal);
}

static Json *signal_new(const char *kind, Str by)
{
    Json *signal = json_new_object();
    json_set_string(signal, "kind", str_from_c(kind));
    json_set_string(signal, "by", by);
    json_set_string(signal, "via", STR("drill"));
    return signal;
}

/* ---- pages ---- */

static bool person_line_holds(const DrillWorld *world, const ScriptLine *line, PersonAct act, Str contact)
{
    if (line->kind != LINE_PERSON || line->act != act || line->used) return false;
    if (line->before >= 0 && world->now - world->script->start >= line->before) return false;
    return script_means_contact(world->script, line->name, contact);
}

static void see_page(DrillWorld *world, const Json *args)
{
    Str contact = json_string(args, "contact", "");
    bool acknowledges = false, answers = false;
    for (size_t i = 0; i < world->script->lines.count; i++) {
        ScriptLine *line = &world->script->lines.items[i];
        if (!acknowledges && person_line_holds(world, line, PERSON_ACKNOWLEDGES, contact)) {
            acknowledges = line->used = line->answered = true;
            signal_soon(world, line->after, signal_new("ack", contact));
        }
        if (!answers && person_line_holds(world, line, PERSON_ANSWERS, contact)) {
            answers = line->answered = true;
            Json *signal = signal_new("answered", contact);
            json_set_string(signal, "contact", contact);
            signal_soon(world, line->after, signal);
        }
    }
}

/* ---- questions ---- */

/* A question that was just asked. */
typedef struct Question {
    Str kind, what, text;
    const Json *by; /* contacts that may answer; empty: anybody */
    const Json *id;
    bool has_deadline;
} Question;

static bool question_means(const Question *question, Str pattern)
{
    return stars_match(question->what, pattern) || stars_match(question->text, pattern);
}

static Str first_asked(const Question *question)
{
    const Json *first = json_first(question->by);
    return first ? json_text(first) : STR("drill");
}

/* The contact among those asked that the line's name means; empty: none. Where anybody may answer, he may,
 * too. */
static Str asked_contact(const DrillWorld *world, const Question *question, Str name)
{
    if (!json_count(question->by)) return name;
    for (const Json *contact = json_first(question->by); contact; contact = json_next(contact)) {
        if (script_means_contact(world->script, name, json_text(contact))) return json_text(contact);
    }
    return (Str){0};
}

static Json *reply_new(const Question *question, const char *kind, Str by)
{
    Json *signal = signal_new(kind, by);
    json_set(signal, "id", json_copy(question->id));
    return signal;
}

/* Does the line answer the question? If so its signal is on the way (or the line says that none will come).
 */
static bool line_replies(DrillWorld *world, const ScriptLine *line, const Question *question)
{
    bool approval = str_equal_c(question->kind, "approval");
    bool manual = str_equal_c(question->kind, "manual");
    if (line->kind == LINE_MANUAL) {
        if (!manual || !question_means(question, line->what)) return false;
        if (!line->never) signal_soon(world, line->after, reply_new(question, "done", first_asked(question)));
        return true;
    }
    if (line->kind == LINE_PERSON && approval) {
        bool decides = line->act == PERSON_APPROVES || line->act == PERSON_REFUSES;
        Str by = asked_contact(world, question, line->name);
        if (!decides || !by.len || !question_means(question, line->what)) return false;
        signal_soon(world, line->after,
                    reply_new(question, line->act == PERSON_APPROVES ? "approve" : "refuse", by));
        return true;
    }
    if (line->kind != LINE_ANSWER || approval || manual || !question_means(question, line->what))
        return false;
    if (str_equal_c(question->kind, "failed")) {
        char *kind = memory_copy_c(json_text(line->value));
        signal_soon(world, line->after, reply_new(question, kind, first_asked(question)));
        free(kind);
    } else {
        Json *reply = reply_new(question, "answer", first_asked(question));
        json_set(reply, "value", json_copy(line->value));
        signal_soon(world, line->after, reply);
    }
    return true;
}

/* May somebody still answer at a fixed time, or is it known that the one who is asked never will? */
static bool silence_is_meant(const DrillWorld *world, const Question *question)
{
    static const char *const replies[] = {"approve", "refuse",  "answer", "done",    "retry",
                                          "skip",    "resolve", "cancel", "takeover"};
    if (question->has_deadline || str_equal_c(question->kind, "failed")) return true;
    for (size_t i = 0; i < world->script->lines.count; i++) {
        const ScriptLine *line = &world->script->lines.items[i];
        if (line->kind == LINE_PERSON && line->act == PERSON_NEVER && json_count(question->by) &&
            asked_contact(world, question, line->name).len) {
            return true;
        }
        if (line->kind != LINE_AT || world->script->start + line->at < world->now) continue;
        Str kind = json_string(line->signal, "kind", "");
        for (size_t k = 0; k < sizeof replies / sizeof *replies; k++) {
            if (str_equal_c(kind, replies[k])) return true;
        }
    }
    return false;
}

static void stop_unasked(DrillWorld *world, const Question *question, Str step)
{
    Buffer what = {0}, line = {0};
    if (str_starts_with(question->what, STR("policy: ")))
        buffer_add_c(&what, "policy: *"); /* the whole request follows */
    else
        line_text(&what, question->what.len ? question->what : question->text);
    const char *text = what.data ? what.data : "*";
    if (str_equal_c(question->kind, "manual")) {
        buffer_printf(&line, "manual \"%s\" done after 1m", text);
    } else if (str_equal_c(question->kind, "approval") && !json_first(question->by)) {
        buffer_printf(&line, "at 1m approve \"%s\"", text); /* of anybody */
    } else if (str_equal_c(question->kind, "approval")) {
        buffer_printf(&line, "%.*s approves \"%s\" after 1m", STR_ARG(first_asked(question)), text);
    } else {
        const char *value = str_equal_c(question->kind, "unknown") ? "\"done\"" : "true";
        buffer_printf(&line, "answer \"%s\" with %s after 1m", text, value);
    }
    world_stop(world, "no line of the drill answers this question%s%.*s%s: %.*s\nAdd to the drill:\n  %s",
               step.len ? " of \"" : "", STR_ARG(step), step.len ? "\"" : "",
               STR_ARG(question->text.len ? question->text : question->what), line.data);
    buffer_free(&what);
    buffer_free(&line);
}

static void see_question(DrillWorld *world, const Json *args, Str step)
{
    Question question = {
        .kind = json_string(args, "kind", ""),
        .what = json_string(args, "what", ""),
        .text = json_string(args, "text", ""),
        .by = json_get(args, "by"),
        .id = json_get(args, "id"),
        .has_deadline = !json_is_null(json_get(args, "deadline")),
    };
    for (size_t i = 0; i < world->script->lines.count; i++) {
        if (!line_replies(world, &world->script->lines.items[i], &question)) continue;
        world->script->lines.items[i].answered = true;
        return;
    }
    if (!silence_is_meant(world, &question)) stop_unasked(world, &question, step);
}

static void question_close(DrillWorld *world, int64_t id)
{
    for (size_t i = world->questions.count; i-- > 0;) {
        if (world->questions.items[i].id != id) continue;
        json_free(world->questions.items[i].mark);
        world->questions.items[i] = world->questions.items[--world->questions.count];
    }
}

void people_see(DrillWorld *world, const WorldMark *mark)
{
    bool page = str_equal_c(mark->kind, "page.sent"), question = str_equal_c(mark->kind, "question.asked");
    bool assigned = str_equal_c(mark->kind, "role.assigned"), answered = str_equal_c(mark->kind, "question.answered");
    if (!page && !question && !assigned && !answered) return;
    Json *args = json_parse(mark->args, NULL);
    if (answered)
        question_close(world, json_int(args, "id", 0));
    else if (page)
        see_page(world, args);
    else if (assigned)
        script_assign(world->script, json_string(args, "role", ""), json_string(args, "to", ""));
    else {
        vec_push(&world->questions, (OpenQuestion){json_int(args, "id", 0), json_copy(args)});
        see_question(world, args, mark->step);
    }
    json_free(args);
}

/* ---- replies at fixed times ---- */

static bool reply_fits(Str reply, Str kind)
{
    bool decides = str_equal_c(reply, "approve") || str_equal_c(reply, "refuse");
    if (decides) return str_equal_c(kind, "approval");
    if (str_equal_c(reply, "done")) return str_equal_c(kind, "manual");
    return str_equal_c(reply, "answer") && !str_equal_c(kind, "approval") && !str_equal_c(kind, "manual");
}

void people_address(const DrillWorld *world, Buffer *signal)
{
    if (!world->questions.count) return;
    Json *said = json_parse(buffer_str(signal), NULL);
    Str reply = json_string(said, "kind", ""), pattern = json_string(said, "what", "");
    for (size_t i = 0; pattern.len && i < world->questions.count; i++) {
        const Json *mark = world->questions.items[i].mark;
        Question question = {.what = json_string(mark, "what", ""), .text = json_string(mark, "text", "")};
        if (!reply_fits(reply, json_string(mark, "kind", "")) || !question_means(&question, pattern)) continue;
        json_set(said, "id", json_copy(json_get(mark, "id")));
        json_set_string(said, "what", STR(""));
        /* Who started the run opens no gate; where nobody is named, anybody else may. */
        if (!json_count(json_get(mark, "by")) && str_equal_c(json_string(said, "by", ""), "drill"))
            json_set_string(said, "by", STR("somebody"));
        buffer_clear(signal);
        json_write(signal, said);
        break;
    }
    json_free(said);
}

void people_free(DrillWorld *world)
{
    for (size_t i = 0; i < world->questions.count; i++)
        json_free(world->questions.items[i].mark);
    vec_free(&world->questions);
}

/* ---- fixed times ---- */

/* Sends the line's signal, with a sender. */
static void signal_at(DrillWorld *world, int64_t at, const Json *said)
{
    Json *signal = json_copy(said);
    if (!json_string(signal, "by", "").len) json_set_string(signal, "by", STR("drill"));
    json_set_string(signal, "via", STR("drill"));
    signal_soon(world, at, signal);
}

static void kill_at(DrillWorld *world, int64_t at, int64_t kill_for)
{
    Pending kill = {.kind = PENDING_KILL,
                    .at = world->script->start + at,
                    .sequence = world->sequence++,
                    .kill_for = kill_for};
    vec_push(&world->queue, kill);
}

/* The wall clock is told to the machine as a signal: its own time, by which durations are kept, goes on. */
static void jump_at(DrillWorld *world, int64_t at, int64_t by)
{
    Json *signal = signal_new("clock", STR("the clock"));
    json_set_int(signal, "jump", by);
    signal_soon(world, at, signal);
}

void people_plan(DrillWorld *world)
{
    const Variant *variant = &world->script->variant;
    for (size_t i = 0; i < world->script->lines.count; i++) {
        const ScriptLine *line = &world->script->lines.items[i];
        if (line->kind != LINE_AT) continue;
        int64_t kill_for = json_int(line->signal, "kill_for", -1);
        int64_t jump = json_int(line->signal, "clock_jumps", 0);
        if (kill_for >= 0)
            kill_at(world, line->at, kill_for);
        else if (jump)
            jump_at(world, line->at, jump);
        else
            signal_at(world, line->at, line->signal);
    }
    if (variant->signal) signal_at(world, variant->at, variant->signal);
}
