/* What people say to a run from another process: `planvm ack RUN` and the like. A signal goes into the run's
 * inbox, durable; then, if a process is at the run, what it made of it is told. */
#include "vm/command.h"

#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/live/secrets.h"
#include "vm/marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* The members that the words after RUN become. One that ends in `?` may be left out; "question" is a
 * question's number or its text. */
static const struct {
    const char *kind, *members[2];
} forms[] = {{"severity", {"to"}},
             {"set", {"name", "value"}},
             {"note", {"text"}},
             {"assign", {"role", "to"}},
             {"approve", {"question?"}},
             {"refuse", {"question?"}},
             {"answer", {"question?", "value"}},
             {"done", {"question?"}},
             {"retry", {"question?"}},
             {"skip", {"question?"}}};

static void add_question(Json *signal, const char *word)
{
    char *end = NULL;
    long long id = strtoll(word, &end, 10);
    if (*word && !*end)
        json_set_int(signal, "id", id);
    else
        json_set_string(signal, strcmp(json_string(signal, "kind", "").data, "skip") == 0 ? "step" : "what",
                        str_from_c(word));
}

/* One line of standard input, which a terminal does not show: for what may not stand in a command line. */
static Json *read_answer(void)
{
    char line[4096] = "";
    struct termios shown, hidden;
    bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "the answer (it is not shown): ");
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    if (fgets(line, sizeof line, stdin)) line[strcspn(line, "\r\n")] = '\0';
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputc('\n', stderr);
    }
    Json *answer = json_new_string(str_from_c(line));
    explicit_bzero(line, sizeof line);
    return answer;
}

/* yes and no are true and false; numbers are numbers; - is a line of standard input; all else is text. */
static Json *answer_value(const char *word)
{
    if (strcmp(word, "-") == 0) return read_answer();
    if (strcmp(word, "yes") == 0 || strcmp(word, "no") == 0) return json_new_bool(word[0] == 'y');
    Json *json = json_parse(str_from_c(word), NULL);
    if (json_kind(json) == JSON_NUMBER || json_kind(json) == JSON_BOOL) return json;
    json_free(json);
    return json_new_string(str_from_c(word));
}

static void add_words(Json *signal, const Arguments *arguments)
{
    const char *const *words = arguments->words.items + 1;
    size_t count = arguments->words.count - 1;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].kind, arguments->command) != 0) continue;
        size_t members = forms[i].members[1] ? 2 : 1, next = 0;
        for (size_t j = 0; j < members && next < count; j++) {
            const char *member = forms[i].members[j];
            /* What may be left out is, when there are only words for the rest. */
            if (strcmp(member, "question?") == 0) {
                if (count - next >= members - j) add_question(signal, words[next++]);
            } else if (strcmp(arguments->command, "answer") == 0) {
                json_set(signal, member, answer_value(words[next++]));
            } else {
                json_set_string(signal, member, str_from_c(words[next++]));
            }
        }
    }
}

static void signal_make(const Arguments *arguments, Buffer *text)
{
    Json *signal = json_new_object();
    json_set_string(signal, "kind", str_from_c(arguments->command));
    json_set_string(signal, "by", option_user(arguments));
    json_set_string(signal, "via", STR("cli"));
    add_words(signal, arguments);
    if (option_given(arguments, OPTION_BECAUSE))
        json_set_string(signal, "because", str_from_c(arguments->values[OPTION_BECAUSE]));
    if (option_given(arguments, OPTION_EMERGENCY)) json_set_bool(signal, "emergency", true);
    json_write(text, signal);
    json_free(signal);
}

/* ---- what became of it ---- */

typedef struct Echo {
    bool taken, refused; /* the run took it; it said no */
    Buffer said;
} Echo;

static void echo_mark(Echo *echo, const LogRow *row)
{
    Json *args = json_parse(row->json, NULL);
    Buffer line = {0};
    if (mark_write(&line, row->name, args)) {
        secrets_show(&echo->said, buffer_str(&line));
        buffer_add_char(&echo->said, '\n');
    }
    if (str_equal_c(row->name, "signal.refused")) echo->refused = true;
    buffer_free(&line);
    json_free(args);
}

/* Reads on after row *after; what stands between the signal and the next input is what it caused. */
static void echo_read(Echo *echo, const Arguments *arguments, Str id, Str msg, uint64_t after)
{
    Error error = {""};
    Journal *journal = journal_open_read(arguments->root.data, id, &error);
    JournalCursor *cursor = journal ? journal_rows(journal, after, &error) : NULL;
    LogRow row;
    bool inside = false;
    while (cursor && journal_next(cursor, &row, &error)) {
        if (log_kind_direction(row.kind) == LOG_INPUT) {
            if (inside) break;
            inside = row.kind == LOG_SIGNAL && str_find(row.json, msg) >= 0;
            echo->taken = echo->taken || inside;
        } else if (inside && row.kind == LOG_MARK) {
            echo_mark(echo, &row);
        }
    }
    journal_rows_end(cursor);
    journal_close(journal);
}

static int tell(const Arguments *arguments, Str id, Str msg, uint64_t after)
{
    if (!journal_is_live(arguments->root.data, id, NULL)) {
        printf("kept; the run is not live, it takes effect at `planvm resume %.*s`\n", STR_ARG(id));
        return EXIT_FINE;
    }
    Echo echo = {0};
    for (int tries = 0; tries < 40 && !echo.taken; tries++) {
        usleep(50000);
        echo_read(&echo, arguments, id, msg, after);
    }
    int status = echo.refused ? EXIT_PLAN_FAILED : EXIT_FINE;
    if (!echo.taken)
        puts("kept; the run is live and takes it when it can");
    else if (echo.said.len)
        fputs(echo.said.data, echo.refused ? stderr : stdout);
    else
        printf("%s: taken; the run is live\n", arguments->command);
    buffer_free(&echo.said);
    return status;
}

int command_signal(const Arguments *arguments)
{
    Journal *journal = command_open(arguments, arguments->words.items[0]);
    if (!journal) return EXIT_MISUSE;
    const JournalRun *run = journal_run(journal);
    Buffer id = {0}, signal = {0}, msg = {0};
    Error error = {""};
    int status = EXIT_FINE;
    uint64_t after = run->last_seq;
    bool ended = run->ended;
    buffer_add_str(&id, run->id);
    journal_close(journal);
    signal_make(arguments, &signal);
    if (ended)
        status = command_fail(arguments, EXIT_PLAN_FAILED,
                              "the run %s has ended: nothing takes this any more", id.data);
    else if (!journal_send(arguments->root.data, buffer_str(&id), buffer_str(&signal), &msg, &error))
        status = command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    else
        status = tell(arguments, buffer_str(&id), buffer_str(&msg), after);
    buffer_free(&id);
    buffer_free(&signal);
    buffer_free(&msg);
    return status;
}
