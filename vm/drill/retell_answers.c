/* The world's answers in a run, as lines of a drill: one for each command, request and channel, with its answers in the order
 * in which they were asked for. What no pattern can mean is named by its number. See retell.h. */
#include "vm/drill/retell.h"

#include "vm/base/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The same answer so many times in a row. */
typedef struct Said {
    Buffer text;
    size_t times;
} Said;

/* Everything of one kind: "command `kubectl get pods`". */
typedef struct Line {
    Buffer head;
    VEC(Said) said;
} Line;

typedef struct Answers {
    Retelling *telling;
    VEC(Line *) lines;
    Map by_head;       /* Line */
    VEC(Row *) results; /* of effect n + 1, or NULL */
} Answers;

/* ---- heads ---- */

/* What is delivered goes through a channel, or by a way of its contact's that no channel serves. */
static bool deliver_head(Retelling *telling, const Json *args, Buffer *out)
{
    Str channel = json_string(args, "channel", "");
    if (channel.len) {
        buffer_add_c(out, "channel ");
        retell_name(telling, out, "channels", channel);
        return retell_has(telling, "channels", channel);
    }
    buffer_printf(out, "%.*s of ", STR_ARG(json_string(args, "way", "")));
    return retell_person(telling, out, json_string(args, "contact", ""));
}

/* `strlen(s: "abc")`. */
static bool native_head(Retelling *telling, const Json *args, Buffer *out)
{
    const char *before = "";
    buffer_printf(out, "%.*s(", STR_ARG(json_string(args, "fn", "")));
    for (const Json *one = json_first(json_get(args, "args")); one; one = json_next(one)) {
        JsonKind kind = json_kind(one);
        if (kind == JSON_OBJECT || kind == JSON_LIST) return false;
        buffer_printf(out, "%s%s: ", before, json_key(one));
        if (kind == JSON_STRING)
            retell_pattern(telling, out, json_text(one));
        else
            retell_value(out, one);
        before = ", ";
    }
    buffer_add_c(out, *before ? ")" : "*)");
    return true;
}

static bool effect_head(Retelling *telling, Row *intent, Buffer *out)
{
    const Json *args = row_json(intent);
    Str op = intent->log.name;
    if (str_equal_c(op, "deliver")) return deliver_head(telling, args, out);
    if (str_equal_c(op, "native")) return native_head(telling, args, out);
    return retell_effect(telling, intent, "http ", "command ", out);
}

static void write_head(Retelling *telling, Row *intent, Buffer *out)
{
    if (effect_head(telling, intent, out)) return;
    buffer_clear(out);
    buffer_printf(out, "effect %" PRIu64, intent->log.effect);
}

/* ---- answers ---- */

static void add_delay(Buffer *out, int64_t delay)
{
    if (delay <= 0) return;
    buffer_add_c(out, " delayed ");
    duration_write(out, delay);
}

/* Nobody knew what had become of it when the process came back: a drill's driver says so, too, without being told. */
static bool is_lost(Row *result)
{
    const Json *json = row_json(result);
    return json_bool(json, "unknown", false) && str_equal_c(json_string(json, "error", ""), LOG_LOST);
}

/* When the effect was begun for the last time: a look that was under way when the process died is begun again by the next
 * one. */
static int64_t begun_at(Record *record, const Row *intent, const Row *result, bool *again)
{
    const LogRow *log = &intent->log;
    int64_t begun = log->now;
    bool survives = log->effect_class == EFFECT_CHANGE && str_equal_c(log->name, "command");
    *again = false;
    for (const Row *row = intent; result && !survives && row < result; row++) {
        if (row->log.kind != LOG_LEASE) continue;
        *again = true;
        begun = retell_back_at(record, (size_t)(row - record->rows.items));
    }
    return begun;
}

/* A drill answers these by itself, as life does, and at once. */
static bool goes_without_saying(Row *intent, const Row *result, int64_t delay)
{
    Str op = intent->log.name;
    if (!result || delay > 0) return false;
    return str_equal_c(op, "call") || str_equal_c(op, "terminal");
}

/* ---- lines ---- */

static Line *line_of(Answers *answers, Str head)
{
    Line *line = map_get(&answers->by_head, head);
    if (line) return line;
    line = memory_alloc(sizeof *line);
    buffer_add_str(&line->head, head);
    vec_push(&answers->lines, line);
    map_set(&answers->by_head, buffer_str(&line->head), line);
    return line;
}

/* Takes the text over. */
static void add_answer(Line *line, Buffer *text)
{
    Said *last = line->said.count ? &line->said.items[line->said.count - 1] : NULL;
    if (last && str_equal(buffer_str(&last->text), buffer_str(text))) {
        last->times++;
        buffer_free(text);
        return;
    }
    vec_push(&line->said, (Said){*text, 1});
}

/* What was begun before the process died had no answer; nor has what was cancelled, or under way at the end. */
static void add_hanging(Line *line)
{
    Buffer hangs = {0};
    buffer_add_c(&hangs, "hangs");
    add_answer(line, &hangs);
}

static void add_effect(Answers *answers, Row *intent)
{
    Record *record = answers->telling->record;
    Row *result = intent->log.effect <= answers->results.count ? answers->results.items[intent->log.effect - 1] : NULL;
    if (result && is_lost(result)) result = NULL;
    Buffer head = {0}, answer = {0};
    bool again = false;
    int64_t delay = result ? result->log.now - begun_at(record, intent, result, &again) : 0;
    if (!again && goes_without_saying(intent, result, delay)) return;
    write_head(answers->telling, intent, &head);
    Line *line = line_of(answers, buffer_str(&head));
    if (result && again) add_hanging(line);
    if (result) {
        retell_result(answers->telling, intent, row_json(result), &answer);
        add_delay(&answer, delay);
        add_answer(line, &answer);
    } else {
        add_hanging(line);
    }
    buffer_free(&head);
}

static void find_results(Answers *answers)
{
    Record *record = answers->telling->record;
    for (size_t i = 0; i < record->rows.count; i++) {
        Row *row = &record->rows.items[i];
        if (row->log.kind != LOG_RESULT || !row->log.effect) continue;
        while (answers->results.count < row->log.effect)
            vec_push(&answers->results, NULL);
        answers->results.items[row->log.effect - 1] = row;
    }
}

static void write_line(const Line *line, Buffer *out)
{
    buffer_printf(out, "  %s", line->head.data);
    for (size_t i = 0; i < line->said.count; i++) {
        const Said *said = &line->said.items[i];
        buffer_printf(out, "%s %s", i ? ", then" : "", said->text.data);
        if (i + 1 < line->said.count) buffer_printf(out, " %zu times", said->times);
    }
    buffer_add_char(out, '\n');
}

static void answers_free(Answers *answers)
{
    for (size_t i = 0; i < answers->lines.count; i++) {
        Line *line = answers->lines.items[i];
        for (size_t k = 0; k < line->said.count; k++)
            buffer_free(&line->said.items[k].text);
        vec_free(&line->said);
        buffer_free(&line->head);
        free(line);
    }
    vec_free(&answers->lines);
    vec_free(&answers->results);
    map_free(&answers->by_head);
}

void retell_answers(Retelling *telling)
{
    Answers answers = {.telling = telling};
    Record *record = telling->record;
    find_results(&answers);
    for (size_t i = 0; i < record->rows.count; i++) {
        if (record->rows.items[i].log.kind == LOG_INTENT) add_effect(&answers, &record->rows.items[i]);
    }
    for (size_t i = 0; i < answers.lines.count; i++)
        write_line(answers.lines.items[i], telling->out);
    answers_free(&answers);
}
