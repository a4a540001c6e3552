/* One key in, one signal (docs/log.md) out, or a line of help. Called by people.c. What a signal does,
 * and whether this person may send it, is for the run to say: nothing is decided here. */
#include "vm/live/keys.h"

#include <inttypes.h>
#include <string.h>

typedef struct Key Key;
struct Key {
    char key;
    void (*press)(Keys *keys, const Key *key);
    const char *kind; /* of the signal */
    const char *word; /* in the line of keys below; NULL: not there */
    const char *help;
};

static void send_signal(Keys *keys, Json *signal)
{
    Buffer json = {0}, msg = {0};
    buffer_printf(&msg, "terminal-%" PRId64 "-%" PRIu64, keys->opened, ++keys->count);
    json_set_string(signal, "by", keys->options->as);
    json_set_string(signal, "via", STR("terminal"));
    json_set_string(signal, "msg", buffer_str(&msg));
    json_write(&json, signal);
    keys->options->send(keys->options->ctx, &json);
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

/* Signals that need a word: what is typed becomes this member of them; `severity` owes a reason besides. */
static const struct {
    const char *kind, *prompt, *member;
} typed_signals[] = {{"note", "note", "text"},
                     {"severity", "severity", "to"},
                     {"resolve", "resolved because (escape: not)", "because"},
                     {"follow", "procedure to run", "plan"},
                     {"skip", "skip because", "because"},
                     {"unack", "I do not have it any more because", "because"},
                     {"cancel", "cancel the run because (escape: not)", "because"}};

static void reason_typed(void *ctx, Str line)
{
    Keys *keys = ctx;
    Json *signal = keys->half;
    keys->half = NULL;
    if (!line.len) {
        json_free(signal);
        return;
    }
    json_set_string(signal, "because", line);
    send_signal(keys, signal);
}

static void signal_typed(void *ctx, Str line)
{
    Keys *keys = ctx;
    for (size_t i = 0; line.len && i < sizeof typed_signals / sizeof typed_signals[0]; i++) {
        if (strcmp(typed_signals[i].kind, keys->typing) != 0) continue;
        Json *signal = signal_new(keys->typing);
        json_set_string(signal, typed_signals[i].member, line);
        if (strcmp(keys->typing, "severity") != 0) {
            send_signal(keys, signal);
            return;
        }
        keys->half = signal;
        terminal_ask(keys->terminal, "because", reason_typed, keys);
    }
}

static void press_typed(Keys *keys, const Key *key)
{
    for (size_t i = 0; i < sizeof typed_signals / sizeof typed_signals[0]; i++) {
        if (strcmp(typed_signals[i].kind, key->kind) != 0) continue;
        keys->typing = key->kind;
        terminal_ask(keys->terminal, typed_signals[i].prompt, signal_typed, keys);
    }
}

static void press_next(Keys *keys, const Key *key)
{
    const LiveView *view = &keys->options->view;
    Buffer text = {0};
    (void)key;
    if (view->next) view->next(view->ctx, keys->options->now(keys->options->ctx), &text);
    if (!text.len) buffer_add_c(&text, "nothing more comes by itself");
    while (text.len && text.data[text.len - 1] == '\n')
        text.len--;
    terminal_print(keys->terminal, buffer_str(&text));
    buffer_free(&text);
}

static void press_leave(Keys *keys, const Key *key)
{
    (void)key;
    keys->options->leave(keys->options->ctx);
}

static void press_help(Keys *keys, const Key *key);

static const Key table[] = {
    {'a', press_signal, "ack", "ack", "acknowledge: I have it"},
    {'n', press_typed, "note", "note", "note"},
    {'e', press_signal, "escalate", "escalate", "escalate now: the next rung"},
    {'s', press_typed, "severity", "severity", "severity"},
    {'r', press_signal, "retry", "retry", "retry what failed"},
    {'k', press_typed, "skip", "skip", "skip what failed"},
    {'p', press_signal, "pause", "pause", "pause before the next step"},
    {'w', press_next, "", "what's next", "what happens next if nobody does anything"},
    {'x', press_typed, "follow", "procedure", "run a procedure"},
    {'R', press_typed, "resolve", "Resolve", "resolve"},
    {'?', press_help, "", "help", "this help"},
    {'d', press_done, "done", NULL, "done by hand"},
    {'y', press_yes, "", NULL, "yes, approve"},
    {'N', press_no, "", NULL, "no, refuse"},
    {'v', press_value, "answer", NULL, "answer in words"},
    {'g', press_again, "answer", NULL, "do it again (a change in doubt)"},
    {'P', press_signal, "continue", NULL, "continue after a pause"},
    {'u', press_typed, "unack", NULL, "un-acknowledge: I do not have it any more"},
    {'m', press_signal, "mitigated", NULL, "mitigated: customers are served again"},
    {'c', press_typed, "cancel", NULL, "cancel the run"},
    {'q', press_leave, "", NULL, NULL},
};

void keys_write(Buffer *out, size_t columns)
{
    size_t used = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0] && table[i].word; i++) {
        /* Help is the one that must be there. */
        size_t len = strlen(table[i].word) + 4;
        if (table[i].key != '?' && used + len + 8 > columns) continue;
        buffer_printf(out, "%s%c %s", used ? "  " : "", table[i].key, table[i].word);
        used += len;
    }
}

static void press_help(Keys *keys, const Key *key)
{
    Buffer text = {0};
    (void)key;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        buffer_printf(&text, "%s  %c  %s", i ? "\n" : "", table[i].key,
                      table[i].help ? table[i].help : keys->options->leaving);
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
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].key != key) continue;
        table[i].press(keys, &table[i]);
        return;
    }
    if (key >= '1' && key <= '9') choose(keys, (size_t)(key - '0'));
}
