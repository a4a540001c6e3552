/* `planvm run` and `planvm resume`: from a plan or a run's id to a machine, a live world and a journal, and from what
 * came of it to an exit status. The driver itself is vm/run.c. */
#include "vm/command.h"

#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/live/live.h"
#include "vm/open_run.h"
#include "vm/parameters.h"
#include "vm/run.h"
#include "vm/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything that one run needs while it is driven; what is set is closed by session_close. */
typedef struct Session {
    const Arguments *arguments;
    Buffer bytes; /* of the image */
    Image image;
    bool is_open; /* image */
    Json *metadata;
    Journal *journal;
    Vm *vm;
    World *world;
    bool attended, resumes;
    bool is_viewed; /* view */
    View view;
} Session;

static void session_close(Session *session)
{
    if (session->world) session->world->close(session->world);
    if (session->is_viewed) view_end(&session->view);
    vm_free(session->vm);
    journal_close(session->journal);
    json_free(session->metadata);
    if (session->is_open) image_close(&session->image);
    buffer_free(&session->bytes);
}

static bool session_image(Session *session, Error *error)
{
    session->is_open = image_open(buffer_str(&session->bytes), &session->image, error);
    if (!session->is_open) return false;
    session->metadata = json_parse(session->image.metadata, error);
    return session->metadata != NULL || error_wrap(error, "the image's metadata");
}

/* A story is only kept for somebody who looks. */
static LiveView session_view(Session *session, LiveOutput output)
{
    if (output != LIVE_TERMINAL) return (LiveView){0};
    session->is_viewed = true;
    view_begin(&session->view, session->arguments->root.data, journal_run(session->journal)->id, session->image.metadata);
    return view_live(&session->view);
}

static void session_row(void *ctx, const LogRow *row)
{
    Session *session = ctx;
    if (session->is_viewed) view_row(&session->view, row);
}

static void trace_line(void *ctx, Str line)
{
    (void)ctx;
    fprintf(stderr, "%.*s\n", STR_ARG(line));
}

/* What the machine may leave uncollected: little beside the process that it is part of, and much for a run with many
 * fibers, whose whole state would be gone through after each of their results. */
enum { SLACK = 128 * 1024 };

static bool session_machine(Session *session, Str entry, Error *error)
{
    VmLimits limits = vm_default_limits();
    limits.slack_bytes = SLACK;
    session->vm = vm_new(&session->image, entry, &limits, error);
    if (session->vm && option_given(session->arguments, OPTION_TRACE)) vm_trace(session->vm, trace_line, NULL);
    return session->vm != NULL;
}

enum { HEARTBEAT = 5 * 60 * 1000 }; /* ms */

static bool heartbeat_of(const Arguments *arguments, int64_t *heartbeat, Error *error)
{
    const char *given = arguments->values[OPTION_HEARTBEAT];
    *heartbeat = HEARTBEAT;
    if (!given) return true;
    return (duration_parse(str_from_c(given), heartbeat, NULL) && *heartbeat >= 0) ||
           error_set(error, "--heartbeat %s is no duration: write it like 5m, or 0s for none", given);
}

static bool show_of(const Arguments *arguments, LiveShow *show, Error *error)
{
    static const char *const names[] = {
        [LIVE_SHOW_CHANGES] = "changes", [LIVE_SHOW_ALL] = "all", [LIVE_SHOW_NONE] = "none"};
    const char *given = arguments->values[OPTION_SHOW];
    *show = LIVE_SHOW_CHANGES;
    if (!given) return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(given, names[i]) != 0) continue;
        *show = (LiveShow)i;
        return true;
    }
    return error_set(error, "--show %s: say changes, all or none", given);
}

/* What is said wrongly is said before a run begins. */
static bool are_options_fine(const Arguments *arguments, int *status)
{
    int64_t heartbeat;
    LiveShow show;
    Error error = {""};
    bool fine = heartbeat_of(arguments, &heartbeat, &error) && show_of(arguments, &show, &error);
    if (!fine) *status = command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    return fine;
}

static bool world_open(Session *session, int64_t started, Error *error)
{
    bool json = option_given(session->arguments, OPTION_JSON);
    const JournalRun *run = journal_run(session->journal);
    LiveOutput output = json                                             ? LIVE_JSON
                        : session->attended && isatty(STDOUT_FILENO) ? LIVE_TERMINAL
                                                                     : LIVE_PLAIN;
    int64_t heartbeat;
    LiveShow show;
    if (!heartbeat_of(session->arguments, &heartbeat, error) || !show_of(session->arguments, &show, error))
        return false;
    const char *policy = session->arguments->values[OPTION_POLICY];
    Json *start = json_parse(run->start, error);
    if (!start) return error_wrap(error, "the run's start");
    LiveOptions options = {.run_dir = str_from_c(journal_path(session->journal)),
                           .run_id = run->id,
                           .metadata = session->image.metadata,
                           .as = str_from_c(session->arguments->values[OPTION_AS]),
                           .attended = session->attended,
                           .allow_native = option_given(session->arguments, OPTION_ALLOW_NATIVE),
                           .dry_run = json_bool(start, "dry_run", false),
                           .policy = policy || session->resumes ? policy : getenv("PLAN_POLICY"),
                           .kube_context = json_string(start, "kube_context", ""),
                           .kube_namespace = json_string(start, "kube_namespace", ""),
                           .output = output,
                           .show = show,
                           .view = session_view(session, output),
                           .heartbeat = heartbeat,
                           .started = started};
    session->world = live_open(&options, error);
    json_free(start);
    return session->world != NULL;
}

/* The file of --record is made before anything is run: what cannot be kept is said while nothing has happened yet. */
static bool record_begin(const Arguments *arguments, int *status)
{
    const char *path = arguments->values[OPTION_RECORD];
    struct stat state = {0};
    if (!path) return true;
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool fine = file >= 0 && fstat(file, &state) == 0;
    if (!fine)
        *status = command_fail(arguments, EXIT_MISUSE, "--record: %s cannot be written: %s", path, strerror(errno));
    else if (state.st_size)
        *status = command_fail(arguments, EXIT_MISUSE, "--record: there is something in %s already", path);
    if (file >= 0) close(file);
    return fine && !state.st_size;
}

/* The run itself is in its journal, whatever becomes of the copy. */
static void record_end(Session *session)
{
    const char *path = session->arguments->values[OPTION_RECORD];
    Error error = {""};
    if (path && !journal_copy(session->journal, path, &error))
        fprintf(stderr, "planvm: %s does not hold the run: %s\n", path, error.text);
}

static bool is_attended(const Arguments *arguments)
{
    return !option_given(arguments, OPTION_YES) && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void signal_is_durable(void *ctx, Str msg)
{
    Session *session = ctx;
    live_inbox_consumed(session->world, msg);
}

static int finish(Session *session, const RunOutcome *outcome)
{
    const Arguments *arguments = session->arguments;
    Str id = journal_run(session->journal)->id;
    /* The terminal is as it was before anything more is said on it. */
    session->world->close(session->world);
    session->world = NULL;
    record_end(session);
    switch (outcome->end) {
    case RUN_ENDED: break;
    case RUN_INTERRUPTED:
    case RUN_QUIET:
        fprintf(stderr, "planvm: left the run as it is; go on with: planvm resume %.*s\n", STR_ARG(id));
        return EXIT_INTERRUPTED;
    case RUN_BROKEN:
        return command_fail(arguments, EXIT_PLAN_FAILED, "%s; when that is mended go on with: planvm resume %.*s",
                            outcome->error.text, STR_ARG(id));
    case RUN_DIVERGED: return command_fail(arguments, EXIT_PLAN_FAILED, "%s", outcome->error.text);
    }
    if (strcmp(outcome->outcome, "cancelled") == 0) return EXIT_CANCELLED;
    if (!outcome->failed && strcmp(outcome->outcome, "failed") != 0) return EXIT_FINE;
    if (outcome->error.text[0]) fprintf(stderr, "planvm: the plan failed: %s\n", outcome->error.text);
    return EXIT_PLAN_FAILED;
}

static void say_id(const Arguments *arguments, const JournalRun *run)
{
    const char *form = option_given(arguments, OPTION_JSON) ? "{\"run\":\"%.*s\",\"plan\":\"%.*s\"}\n" : "run %.*s %.*s\n";
    printf(form, STR_ARG(run->id), STR_ARG(run->plan));
    fflush(stdout);
}

static bool old_row(void *ctx, LogRow *row, Error *error) { return journal_next(ctx, row, error); }

/* Of the last event; 0: nothing has happened yet. */
static int64_t last_time(Journal *journal)
{
    int64_t last = 0;
    LogRow row;
    Error error = {""};
    JournalCursor *cursor = journal_rows(journal, 0, &error);
    while (cursor && journal_next(cursor, &row, &error)) last = row.kind == LOG_LEASE ? last : row.now;
    journal_rows_end(cursor);
    return last;
}

/* With machine and journal there: opens the world and drives the run, from its beginning or from where its log ends. */
static int session_drive(Session *session)
{
    const Arguments *arguments = session->arguments;
    const JournalRun *run = journal_run(session->journal);
    Error error = {""};
    int64_t last = last_time(session->journal);
    say_id(arguments, run);
    if (!world_open(session, last ? last : run->created, &error))
        return command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    RunObserver observer = {.ctx = session, .durable = signal_is_durable, .row = session_row, .replayed = session_row};
    RunSetup setup = {.vm = session->vm, .world = session->world, .journal = session->journal, .observer = &observer,
                      .run_id = run->id, .retell = true};
    RunOutcome outcome = {.end = RUN_BROKEN};
    if (!last) {
        outcome = run_drive(&setup, run->start);
    } else {
        JournalCursor *rows = journal_rows(session->journal, 0, &outcome.error);
        RunSource source = {.ctx = rows, .next = old_row};
        if (rows) outcome = run_resume(&setup, &source);
        journal_rows_end(rows);
    }
    return finish(session, &outcome);
}

/* ---- run ---- */

static void list_plans(Session *session)
{
    for (const Json *plan = json_first(json_get(session->metadata, "plans")); plan; plan = json_next(plan)) {
        fprintf(stderr, "  %-20s %s", json_string(plan, "name", "").data, json_string(plan, "title", "").data);
        const Json *symptoms = json_get(plan, "symptoms");
        for (const Json *symptom = json_first(symptoms); symptom; symptom = json_next(symptom))
            fprintf(stderr, "%s%s", symptom == json_first(symptoms) ? ": " : ", ", json_text(symptom).data);
        fputc('\n', stderr);
    }
}

/* The plan of that name, or the only one there is. */
static const Json *choose_plan(Session *session, int *status)
{
    const Arguments *arguments = session->arguments;
    const Json *plans = json_get(session->metadata, "plans");
    const char *name = arguments->words.count > 1 ? arguments->words.items[1] : NULL;
    for (const Json *plan = json_first(plans); plan; plan = json_next(plan)) {
        if (name ? str_equal_c(json_string(plan, "name", ""), name) : json_count(plans) == 1) return plan;
    }
    if (!json_count(plans)) {
        *status = command_fail(arguments, EXIT_MISUSE, "there is no plan in %s", arguments->words.items[0]);
        return NULL;
    }
    if (name)
        *status = command_fail(arguments, EXIT_MISUSE, "there is no plan `%s` in it; there are:", name);
    else
        *status = command_fail(arguments, EXIT_MISUSE, "say which plan; there are:");
    list_plans(session);
    return NULL;
}

static bool has_severity(const Json *metadata, const char *name)
{
    for (const Json *one = json_first(json_get(metadata, "severities")); one; one = json_next(one)) {
        if (str_equal_c(json_string(one, "name", ""), name)) return true;
    }
    return false;
}

/* A time, or how long ago. */
static bool since_parse(const char *text, Json *start, Error *error)
{
    int64_t time, ago;
    if (!text) {
        json_set_null(start, "since");
    } else if (duration_parse(str_from_c(text), &ago, NULL)) {
        if (ago < 0) return error_set(error, "--since %s is in the future", text);
        json_set_int(start, "since", time_now() - ago);
    } else {
        if (!time_parse(str_from_c(text), &time, error)) return false;
        if (time > time_now()) return error_set(error, "--since %s is in the future", text);
        json_set_int(start, "since", time);
    }
    return true;
}

/* Which cluster and namespace a kubectl means that names none: said once, at the start, and kept with the run. */
static void note_cluster(Json *start, const Json *metadata, const Json *params)
{
    static const char *const names[] = {"kube_context", "kube_namespace"};
    static const char *const variables[] = {"PLAN_KUBE_CONTEXT", "PLAN_KUBE_NAMESPACE"};
    for (int i = 0; i < 2; i++) {
        const char *set = getenv(variables[i]);
        Str value = json_get(params, names[i]) ? json_string(params, names[i], "")
                                               : parameter_default(json_get(metadata, "params"), str_from_c(names[i]));
        if (!value.len && set) value = str_from_c(set);
        if (value.len) json_set_string(start, names[i], value);
    }
}

enum { ID_DAY = 8 }; /* a run's id begins with its day, YYYYMMDD */

/* The how-manieth run of its day this one is, among those that are kept. */
static int64_t number_today(const Arguments *arguments, Str id)
{
    Arena arena = {0};
    JournalIds ids = {0};
    Error error = {""};
    int64_t number = 1;
    journal_list(arguments->root.data, &arena, &ids, &error);
    for (size_t i = 0; i < ids.count; i++)
        number += str_starts_with(ids.items[i], str_slice(id, 0, ID_DAY)) && !str_equal(ids.items[i], id);
    vec_free(&ids);
    arena_free(&arena);
    return number;
}

/* The arguments of START (docs/log.md); NULL and a status: something in them is wrong. */
static Json *start_make(Session *session, const Json *plan, Str id, int *status)
{
    const Arguments *arguments = session->arguments;
    const char *severity = arguments->values[OPTION_SEVERITY];
    Error error = {""};
    *status = EXIT_MISUSE;
    if (severity && !has_severity(session->metadata, severity)) {
        command_fail(arguments, EXIT_MISUSE, "there is no severity `%s`", severity);
        return NULL;
    }
    ParameterSource source = {.settings = arguments->settings.items,
                              .count = arguments->settings.count,
                              .ask = session->attended};
    Json *params = parameters_take(json_get(session->metadata, "params"), plan, &source, &error);
    if (!params) {
        command_fail(arguments, EXIT_MISUSE, "%s", error.text);
        return NULL;
    }
    Json *start = json_new_object();
    json_set_string(start, "plan", json_string(plan, "name", ""));
    json_set(start, "severity", severity ? json_new_string(str_from_c(severity)) : json_new_null());
    json_set_bool(start, "attended", session->attended);
    if (option_given(arguments, OPTION_DRY_RUN)) json_set_bool(start, "dry_run", true);
    note_cluster(start, session->metadata, params);
    json_set_bool(start, "allow_missing", option_given(session->arguments, OPTION_ALLOW_MISSING));
    json_set(start, "params", params);
    json_set_string(start, "starter", option_user(arguments));
    if (!since_parse(arguments->values[OPTION_SINCE], start, &error)) {
        command_fail(arguments, EXIT_MISUSE, "%s", error.text);
        json_free(start);
        return NULL;
    }
    json_set_string(start, "run", id);
    json_set_int(start, "number_today", number_today(arguments, id));
    json_set_bool(start, "drill", false);
    *status = EXIT_FINE;
    return start;
}

static int run_begin(Session *session, const Json *plan, Str id, Str start)
{
    const Arguments *arguments = session->arguments;
    Error error = {""};
    JournalRun run = {.id = id,
                      .plan = json_string(plan, "name", ""),
                      .service = json_string(json_get(session->metadata, "service"), "name", ""),
                      .file = str_from_c(arguments->words.items[0]),
                      .entry = json_string(plan, "entry", ""),
                      .starter = option_user(arguments),
                      .start = start,
                      .created = time_now()};
    if (!session_machine(session, run.entry, &error)) return command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    session->journal = journal_create(arguments->root.data, &run, buffer_str(&session->bytes), &error);
    if (!session->journal) return command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    return session_drive(session);
}

/* Is this one to be started? An incident's plan that does not say `starts another` asks where one is open. */
static bool is_wanted(const Session *session, const Json *plan, int *status)
{
    if (!json_string(plan, "severity", "").len || json_bool(plan, "starts_another", false)) return true;
    if (option_given(session->arguments, OPTION_DRY_RUN)) return true;
    Str service = json_string(json_get(session->metadata, "service"), "name", "");
    OpenRunChoice choice =
        open_run_choose(session->arguments, service, json_string(plan, "name", ""), session->attended);
    *status = choice == OPEN_RUN_LEAVE ? EXIT_CANCELLED : EXIT_FINE;
    return choice == OPEN_RUN_START;
}

int command_run(const Arguments *arguments)
{
    Session session = {.arguments = arguments, .attended = is_attended(arguments)};
    Buffer messages = {0}, id = {0};
    Error error = {""};
    int status = EXIT_FINE;
    if (!are_options_fine(arguments, &status)) return status;
    bool loaded = arguments->load(arguments->words.items[0], &session.bytes, &messages);
    if (messages.len) fputs(messages.data, stderr);
    buffer_free(&messages);
    const Json *plan = NULL;
    if (!loaded)
        status = EXIT_MISUSE;
    else if (!session_image(&session, &error))
        status = command_fail(arguments, EXIT_MISUSE, "%s: %s", arguments->words.items[0], error.text);
    else
        plan = choose_plan(&session, &status);
    if (plan && is_wanted(&session, plan, &status) && record_begin(arguments, &status)) {
        journal_new_id(arguments->root.data, time_now(), &id);
        Json *start = start_make(&session, plan, buffer_str(&id), &status);
        Buffer text = {0};
        json_write(&text, start);
        if (start) status = run_begin(&session, plan, buffer_str(&id), buffer_str(&text));
        json_free(start);
        buffer_free(&text);
    }
    session_close(&session);
    buffer_free(&id);
    return status;
}

/* ---- resume ---- */

/* The run to be resumed: the one that is named, or the only one that can be. */
static bool resumable(const Arguments *arguments, Buffer *id, int *status)
{
    Error error = {""};
    const char *root = arguments->root.data;
    if (arguments->words.count) {
        if (journal_find(root, str_from_c(arguments->words.items[0]), id, &error)) return true;
        *status = command_fail(arguments, EXIT_MISUSE, "%s", error.text);
        return false;
    }
    Arena arena = {0};
    JournalIds ids = {0};
    size_t found = 0;
    journal_list(root, &arena, &ids, &error);
    for (size_t i = 0; i < ids.count; i++) {
        Journal *journal = journal_open_read(root, ids.items[i], NULL);
        if (journal && !journal_run(journal)->ended && !journal_is_live(root, ids.items[i], NULL)) {
            buffer_clear(id);
            buffer_add_str(id, ids.items[i]);
            found++;
        }
        journal_close(journal);
    }
    vec_free(&ids);
    arena_free(&arena);
    if (found == 1) return true;
    *status = command_fail(arguments, EXIT_MISUSE,
                           found ? "%zu runs can be resumed: say which; see `planvm list`" : "there is no run to resume",
                           found);
    return false;
}

/* What an ended run says, and whether it is one. */
static bool is_over(const Arguments *arguments, Str id, int *status)
{
    Error error = {""};
    Journal *journal = journal_open_read(arguments->root.data, id, &error);
    if (!journal) {
        *status = command_fail(arguments, EXIT_MISUSE, "%s", error.text);
        return true;
    }
    Story story = {0};
    bool over = journal_run(journal)->ended;
    if (over && command_story(arguments, journal, &story))
        printf("the run %.*s has ended: %s\n", STR_ARG(id), command_state(arguments, journal, &story));
    story_free(&story);
    journal_close(journal);
    *status = EXIT_FINE;
    return over;
}

static int resume(Session *session, Str id)
{
    const Arguments *arguments = session->arguments;
    Error error = {""};
    session->journal = journal_open(arguments->root.data, id, &error);
    if (!session->journal || !journal_image(session->journal, &session->bytes, &error) ||
        !session_image(session, &error))
        return command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    if (!session_machine(session, journal_run(session->journal)->entry, &error))
        return command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    return session_drive(session);
}

int command_resume(const Arguments *arguments)
{
    Session session = {.arguments = arguments, .attended = is_attended(arguments), .resumes = true};
    Buffer id = {0};
    int status = EXIT_FINE;
    if (are_options_fine(arguments, &status) && resumable(arguments, &id, &status) &&
        !is_over(arguments, buffer_str(&id), &status) && record_begin(arguments, &status))
        status = resume(&session, buffer_str(&id));
    session_close(&session);
    buffer_free(&id);
    return status;
}
