/* One key in, one signal (docs/log.md) out, or a line of help. Called by the terminal. What a signal does,
 * and whether this person may send it, is for the run to say: nothing is decided here. */
#include "vm/live/keys.h"

#include <inttypes.h>

typedef struct Key Key;
struct Key {
    char key;
    void (*press)(Keys *keys, const Key *key);
    const char *kind; /* of the signal */
    const char *help;
};

static void send_signal(Keys *keys, Json *signal)
{
    Buffer json = {0}, msg = {0};
    buffer_printf(&msg, "terminal-%" PRId64 "-%" PRIu64, keys->opened, ++keys->count);
    json_set_string(signal, "by", str_from_c(keys->live->as));
    json_set_string(signal, "via", STR("terminal"));
    json_set_string(signal, "msg", buffer_str(&msg));
    json_write(&json, signal);
    live_signal(keys->live, &json);
    json_free(signal);
    buffer_free(&msg);
}

static Json *signal_new(const char *kind)
{
    Json *signal = json_new_object();
    json_set_string(signal, "kind", str_from_c(kind));
    return signal;
}

static void say(Keys *keys, const char *text)
{
    terminal_print(keys->terminal, str_from_c(text));
}

static void press_signal(Keys *keys, const Key *key)
{
    send_signal(keys, signal_new(key->kind));
}

static void send_answer(Keys *keys, const char *kind, int64_t id, Json *value)
{
    Json *signal = signal_new(kind);
    json_set_int(signal, "id", id);
    if (value) json_set(signal, "value", value);
    send_signal(keys, signal);
}

static void press_done(Keys *keys, const Key *key)
{
    const Question *question = questions_find(keys->questions, "manual call");
    if (question)
        send_answer(keys, key->kind, question->id, NULL);
    else
        say(keys, "nothing waits to be done by hand");
}

/* Yes or no: to an approval, to "was it done?", to a question. */
static void decide(Keys *keys, bool yes)
{
    const Question *question = questions_find(keys->questions, "approval unknown ask");
    if (!question) {
        say(keys, "no question is open");
        return;
    }
    Str kind = json_string(question->args, "kind", "");
    if (str_equal_c(kind, "approval"))
        send_answer(keys, yes ? "approve" : "refuse", question->id, NULL);
    else if (str_equal_c(kind, "unknown"))
        send_answer(keys, "answer", question->id, json_new_string(yes ? STR("done") : STR("not done")));
    else
        send_answer(keys, "answer", question->id, json_new_bool(yes));
}

static void press_yes(Keys *keys, const Key *key)
{
    (void)key;
    decide(keys, true);
}

static void press_no(Keys *keys, const Key *key)
{
    (void)key;
    decide(keys, false);
}

static void press_again(Keys *keys, const Key *key)
{
    const Question *question = questions_find(keys->questions, "unknown");
    if (question)
        send_answer(keys, key->kind, question->id, json_new_string(STR("again")));
    else
        say(keys, "no change is in doubt");
}

static void value_typed(void *ctx, Str line)
{
    Keys *keys = ctx;
    if (line.len) send_answer(keys, "answer", keys->asked, json_new_string(line));
}

static void press_value(Keys *keys, const Key *key)
{
    const Question *question = questions_find(keys->questions, "ask");
    (void)key;
    if (!question) {
        say(keys, "no question is open");
        return;
    }
    keys->asked = question->id;
    terminal_ask(keys->terminal, "answer", value_typed, keys);
}

static void note_typed(void *ctx, Str line)
{
    if (!line.len) return;
    Json *signal = signal_new("note");
    json_set_string(signal, "text", line);
    send_signal(ctx, signal);
}

static void press_note(Keys *keys, const Key *key)
{
    (void)key;
    terminal_ask(keys->terminal, "note", note_typed, keys);
}

static void severity_typed(void *ctx, Str line)
{
    if (!line.len) return;
    Json *signal = signal_new("severity");
    json_set_string(signal, "to", line);
    send_signal(ctx, signal);
}

static void press_severity(Keys *keys, const Key *key)
{
    (void)key;
    terminal_ask(keys->terminal, "severity", severity_typed, keys);
}

static void resolve_typed(void *ctx, Str line)
{
    if (!line.len) return;
    Json *signal = signal_new("resolve");
    json_set_string(signal, "because", line);
    send_signal(ctx, signal);
}

static void press_resolve(Keys *keys, const Key *key)
{
    (void)key;
    terminal_ask(keys->terminal, "resolved because (escape: not)", resolve_typed, keys);
}

static void press_leave(Keys *keys, const Key *key)
{
    (void)key;
    live_interrupt(keys->live);
}

static void press_help(Keys *keys, const Key *key);

static const Key table[] = {
    {'a', press_signal, "ack", "acknowledge"},
    {'d', press_done, "done", "done by hand"},
    {'y', press_yes, "", "yes, approve"},
    {'N', press_no, "", "no, refuse"},
    {'v', press_value, "answer", "answer in words"},
    {'g', press_again, "answer", "do it again (a change in doubt)"},
    {'r', press_signal, "retry", "retry what failed"},
    {'k', press_signal, "skip", "skip what failed"},
    {'n', press_note, "note", "note"},
    {'s', press_severity, "severity", "severity"},
    {'e', press_signal, "escalate", "escalate now"},
    {'p', press_signal, "pause", "pause"},
    {'P', press_signal, "continue", "continue"},
    {'m', press_signal, "mitigated", "mitigated"},
    {'R', press_resolve, "resolve", "resolve"},
    {'c', press_signal, "cancel", "cancel the run"},
    {'q', press_leave, "", "leave (the run can be resumed)"},
    {'?', press_help, "", "this help"},
};

static void press_help(Keys *keys, const Key *key)
{
    Buffer text = {0};
    (void)key;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        buffer_printf(&text, "%s  %c  %s", i ? "\n" : "", table[i].key, table[i].help);
    terminal_print(keys->terminal, buffer_str(&text));
    buffer_free(&text);
}

/* A digit chooses one of the options of the oldest question. */
static void choose(Keys *keys, size_t number)
{
    const Question *question = questions_find(keys->questions, "ask");
    const Json *options = question ? json_get(question->args, "options") : NULL;
    if (number >= 1 && number <= json_count(options))
        send_answer(keys, "answer", question->id, json_new_string(json_text(json_at(options, number - 1))));
}

void keys_press(Keys *keys, char key)
{
    /* While a yes or no is wanted, a small n says no too; else it begins a note. */
    if (key == 'n' && questions_find(keys->questions, "approval unknown ask")) {
        decide(keys, false);
        return;
    }
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].key != key) continue;
        table[i].press(keys, &table[i]);
        return;
    }
    if (key >= '1' && key <= '9') choose(keys, (size_t)(key - '0'));
}
