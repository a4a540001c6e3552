/* What people say to a run from another process: `planvm ack RUN` and the like. A signal goes into the run's
 * inbox, durable; then, if a process is at the run, what it made of it is told. */
#include "vm/command.h"

#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/code/image.h"
#include "vm/live/secrets.h"
#include "vm/marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* The members that the words after RUN become. One that ends in `?` may be left out; "question?" is a question's number or its
 * text. `names`: the list of the plan's metadata (docs/image.md) that has to have the first word; "people" are contacts and
 * rotations, "phases" those of the run's plan. `owes`: nobody does that without saying why. */
static const struct Form {
    const char *kind, *members[2], *names;
    bool owes;
} forms[] = {{"severity", {"to"}, "severities", true},
             {"set", {"name", "value"}, "facts", false},
             {"note", {"text"}, NULL, false},
             {"assign", {"role", "to"}, "roles", false},
             {"approve", {"question?"}, NULL, false},
             {"refuse", {"question?"}, NULL, false},
             {"answer", {"question?", "value"}, NULL, false},
             {"done", {"question?"}, NULL, false},
             {"retry", {"question?"}, NULL, false},
             {"skip", {"question?"}, NULL, true},
             {"takeover", {"question?"}, NULL, false},
             {"goto", {"phase"}, "phases", false},
             {"follow", {"plan"}, "plans", false},
             {"handover", {"to"}, "people", false},
             {"escalate", {"to?"}, "people", false},
             {"met", {"what"}, NULL, false},
             {"alert", {"name"}, NULL, false},
             {"unack", {NULL}, NULL, true},
             {"reopen", {NULL}, NULL, true},
             {"cancel", {NULL}, NULL, true}};

static const struct Form *form_of(const char *kind)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(forms[i].kind, kind) == 0) return &forms[i];
    return NULL;
}

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
    size_t count = arguments->words.count - 1, next = 0;
    const struct Form *form = form_of(arguments->command);
    for (size_t j = 0; form && j < 2 && form->members[j] && next < count; j++) {
        const char *member = form->members[j];
        if (strcmp(member, "question?") == 0) {
            /* What may be left out is, when there are only words for the rest. */
            if (count - next >= (form->members[1] ? 2 - j : 1)) add_question(signal, words[next++]);
        } else if (strcmp(arguments->command, "answer") == 0) {
            json_set(signal, member, answer_value(words[next++]));
        } else {
            json_set_string(signal, strcmp(member, "to?") == 0 ? "to" : member, str_from_c(words[next++]));
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

/* ---- what cannot be meant ---- */

static const char *const facts[] = {"summary", "impact", "cause", "fix", "eta", "next", "affected", "link", "status"};

/* Is the name in the list? If not it goes to the end of `known`. */
static bool has_name(const Json *list, Str name, Buffer *known)
{
    for (const Json *item = json_first(list); item; item = json_next(item)) {
        Str one = json_string(item, "name", "");
        if (str_equal(one, name)) return true;
        buffer_printf(known, "%s%.*s", known->len ? ", " : "", STR_ARG(one));
    }
    return false;
}

static const Json *plan_named(const Json *metadata, Str name)
{
    for (const Json *plan = json_first(json_get(metadata, "plans")); plan; plan = json_next(plan))
        if (str_equal(json_string(plan, "name", ""), name)) return plan;
    return NULL;
}

static bool is_known(const Json *metadata, const char *names, Str plan, Str word, Buffer *known)
{
    if (strcmp(names, "people") == 0)
        return has_name(json_get(metadata, "contacts"), word, known) ||
               has_name(json_get(metadata, "rotations"), word, known) || has_name(json_get(metadata, "roles"), word, known);
    if (strcmp(names, "phases") == 0) return has_name(json_get(plan_named(metadata, plan), "phases"), word, known);
    if (strcmp(names, "roles") == 0 && str_equal_c(word, "commander")) return true;
    if (strcmp(names, "facts") != 0) return has_name(json_get(metadata, names), word, known);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (str_equal_c(word, facts[i])) return true;
        buffer_printf(known, "%s%s", i ? ", " : "", facts[i]);
    }
    return false;
}

static int check_name(const Arguments *arguments, Journal *journal, const struct Form *form)
{
    Buffer bytes = {0}, known = {0};
    Image image;
    Error error = {""};
    int status = EXIT_FINE;
    if (!journal_image(journal, &bytes, &error) || !image_open(buffer_str(&bytes), &image, &error)) {
        status = command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    } else {
        Json *metadata = json_parse(image.metadata, &error);
        const char *word = arguments->words.items[1];
        const char *what = strcmp(form->names, "plans") == 0 ? "procedure" : strcmp(form->names, "people") == 0 ? "contact"
                           : strcmp(form->names, "severities") == 0 ? "severity" : form->names;
        int letters = what == form->names ? (int)strlen(what) - 1 : (int)strlen(what); /* one of them */
        if (!is_known(metadata, form->names, journal_run(journal)->plan, str_from_c(word), &known))
            status = command_fail(arguments, EXIT_MISUSE, "there is no %.*s %s; there %s: %s", letters, what, word,
                                  known.len ? "are" : "is none", known.len ? known.data : "the plan declares none");
        json_free(metadata);
        image_close(&image);
    }
    buffer_free(&bytes);
    buffer_free(&known);
    return status;
}

/* A signal that no run could take, or that lacks what somebody owes, is misuse and goes nowhere. */
static int check_signal(const Arguments *arguments, Journal *journal)
{
    const struct Form *form = form_of(arguments->command);
    bool because = option_given(arguments, OPTION_BECAUSE) && arguments->values[OPTION_BECAUSE][0];
    if (((form && form->owes) || option_given(arguments, OPTION_EMERGENCY)) && !because)
        return command_fail(arguments, EXIT_MISUSE, "say why: planvm %s … --because \"…\"", arguments->command);
    if (!form || !form->names || arguments->words.count < 2) return EXIT_FINE;
    return check_name(arguments, journal, form);
}

int signal_of_text(const Arguments *arguments, Journal *journal, const char *text, Buffer *json)
{
    static const char *const others[] = {"ack", "resolve", "mitigated", "pause", "continue"};
    Arguments said = *arguments;
    char *words = strdup(text), *rest = strchr(words, ' ');
    if (rest) *rest++ = '\0';
    bool known = form_of(words) != NULL;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) known = known || strcmp(others[i], words) == 0;
    said.command = words;
    memset(&said.words, 0, sizeof said.words);
    vec_push(&said.words, arguments->words.items[0]);
    if (rest && *rest) vec_push(&said.words, rest);
    const struct Form *form = form_of(words);
    int status = EXIT_FINE;
    if (!known)
        status = command_fail(arguments, EXIT_MISUSE, "--if %s: there is no such signal; say what you would say to the run: "
                              "ack, resolve, \"severity SEV1\", …", text);
    else if (form && form->names && said.words.count > 1)
        status = check_name(&said, journal, form);
    if (status == EXIT_FINE) signal_make(&said, json);
    vec_free(&said.words);
    free(words);
    return status;
}

int command_signal(const Arguments *arguments)
{
    Journal *journal = command_open(arguments, arguments->words.items[0]);
    if (!journal) return EXIT_MISUSE;
    const JournalRun *run = journal_run(journal);
    Buffer id = {0}, signal = {0}, msg = {0};
    Error error = {""};
    uint64_t after = run->last_seq;
    bool ended = run->ended;
    int status = check_signal(arguments, journal);
    buffer_add_str(&id, run->id);
    journal_close(journal);
    if (status == EXIT_FINE) signal_make(arguments, &signal);
    if (status == EXIT_FINE && ended)
        status = command_fail(arguments, EXIT_PLAN_FAILED,
                              "the run %s has ended: nothing takes this any more", id.data);
    else if (status == EXIT_FINE && !journal_send(arguments->root.data, buffer_str(&id), buffer_str(&signal), &msg, &error))
        status = command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    else if (status == EXIT_FINE)
        status = tell(arguments, buffer_str(&id), buffer_str(&msg), after);
    buffer_free(&id);
    buffer_free(&signal);
    buffer_free(&msg);
    return status;
}
