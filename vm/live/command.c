/* The operation `command`: words, environment and input of one program in, its result out (docs/effects.md).
 * Begun by live.c. Looks are run here (process.c), changes through the keeper. Words are passed exactly as
 * they came; this file must never let a shell read them, but for the script of `sh` and the far end of an
 * ssh, for which every word is quoted. */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/live/capture.h"
#include "vm/live/keeper_client.h"
#include "vm/live/kubectl.h"
#include "vm/live/pipeline.h"
#include "vm/live/process.h"
#include "vm/live/state.h"

typedef struct CommandWork {
    LiveEffect *effect;
    Arena arena;
    SpawnSpec spec;
    Capture streams[2];
    Process *process; /* a look that runs */
    bool remote;      /* the program is ssh */
    bool dry;         /* a change that the API server is only to judge */
    bool flooded;     /* a look that printed more than is kept, and was ended for it */
} CommandWork;

/* ---- what to run ---- */

static bool is_kept_by_keeper(const CommandWork *work)
{
    return work->effect->effect_class == EFFECT_CHANGE && !work->effect->live->dry_run;
}

/* A string of the arguments with its secrets filled in. NULL and an error: one cannot be had. */
static char *filled(CommandWork *work, Str text, Error *error)
{
    Buffer value = {0};
    char *copy = NULL;
    if (secrets_fill(work->effect->live->secrets, &value, text, SECRET_PLAIN, error))
        copy = arena_copy_c(&work->arena, buffer_str(&value));
    if (value.data) explicit_bzero(value.data, value.cap);
    buffer_free(&value);
    return copy;
}

static bool add_words(CommandWork *work, Words *words, const Json *list, Error *error)
{
    for (const Json *item = json_first(list); item; item = json_next(item)) {
        char *word = filled(work, json_text(item), error);
        if (!word) return false;
        vec_push(words, word);
    }
    return true;
}

static void add_c(CommandWork *work, Words *words, const char *word)
{
    vec_push(words, arena_copy_c(&work->arena, str_from_c(word)));
}

/* The plan's words, to which a kubectl gets what goes without saying. */
static bool add_argv(CommandWork *work, Words *words, const Json *argv, Error *error)
{
    const LiveWorld *live = work->effect->live;
    if (work->remote || !kubectl_is(argv)) return add_words(work, words, argv, error);
    Words own = {0};
    KubectlDefaults defaults = {.context = live->kube_context,
                                .namespace = live->kube_namespace,
                                .timeout = json_int(work->effect->args, "timeout", 0),
                                .dry = work->dry};
    bool fine = add_words(work, &own, argv, error);
    if (fine) kubectl_complete(&own, argv, &defaults, &work->arena);
    for (size_t i = 0; i < own.count; i++)
        vec_push(words, own.items[i]);
    vec_free(&own);
    return fine;
}

static bool add_command(CommandWork *work, Words *words, Error *error)
{
    const Json *args = work->effect->args, *argv = json_get(args, "argv");
    Str script = json_string(args, "sh", "");
    if (json_count(argv)) return add_argv(work, words, argv, error);
    if (!script.len) return error_set(error, "there is no command to run");
    add_c(work, words, "/bin/sh");
    add_c(work, words, "-c");
    Buffer wrapped = {0};
    /* The far end of an ssh has no descriptor but the three. */
    if (work->remote)
        buffer_add_str(&wrapped, script);
    else
        work->spec.parts = pipeline_wrap(&wrapped, script);
    char *text = filled(work, buffer_str(&wrapped), error);
    buffer_free(&wrapped);
    if (!text) return false;
    vec_push(words, text);
    add_c(work, words, "sh");
    return add_words(work, words, json_get(args, "params"), error);
}

static void add_user(CommandWork *work, Words *words, bool remote)
{
    Str user = json_string(work->effect->args, "user", "");
    const struct passwd *self = user.len && !remote ? getpwuid(geteuid()) : NULL;
    if (!user.len || (self && str_equal_c(user, self->pw_name))) return;
    add_c(work, words, "sudo");
    add_c(work, words, "-n");
    add_c(work, words, "-u");
    vec_push(words, arena_copy_c(&work->arena, user));
    add_c(work, words, "--");
}

static void quote_word(Buffer *out, const char *word)
{
    buffer_add_c(out, out->len ? " '" : "'");
    for (const char *c = word; *c; c++) {
        if (*c == '\'')
            buffer_add_c(out, "'\\''");
        else
            buffer_add_char(out, *c);
    }
    buffer_add_char(out, '\'');
}

/* Makes `ssh HOST -- 'word' …` of the words; folder and environment become part of the far command. */
static bool add_host(CommandWork *work, Words *words, const Json *host, Error *error)
{
    const Json *args = work->effect->args, *env = json_get(args, "env");
    Str address = json_string(host, "address", ""), user = json_string(host, "user", "");
    Str folder = json_string(args, "dir", "");
    Buffer line = {0}, place = {0};
    if (!address.len || address.data[0] == '-') return error_set(error, "the host has no address");
    if (folder.len) {
        buffer_add_c(&line, "cd");
        quote_word(&line, folder.data);
        buffer_add_c(&line, " && exec");
    }
    if (json_count(env)) buffer_add_c(&line, line.len ? " env" : "env");
    for (const Json *entry = json_first(env); entry; entry = json_next(entry)) {
        Str pair = arena_printf(&work->arena, "%s=%.*s", json_key(entry), STR_ARG(json_text(entry)));
        if (secrets_are_in(pair)) {
            buffer_free(&line);
            return error_set(error,
                             "a secret in the environment would be seen by others on %.*s: pass it as input",
                             STR_ARG(address));
        }
        quote_word(&line, pair.data);
    }
    for (size_t i = 0; i < words->count; i++)
        quote_word(&line, words->items[i]);
    vec_free(words);
    static const char *const ssh[] = {"ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--"};
    for (size_t i = 0; i < sizeof ssh / sizeof ssh[0]; i++)
        add_c(work, words, ssh[i]);
    if (user.len) buffer_printf(&place, "%.*s@", STR_ARG(user));
    buffer_add_str(&place, address);
    add_c(work, words, place.data);
    add_c(work, words, line.data);
    buffer_free(&line);
    buffer_free(&place);
    return true;
}

static bool is_overridden(const Json *env, const char *entry)
{
    if (strncmp(entry, SPAWN_MARK, strlen(SPAWN_MARK)) == 0) return true;
    if (!env) return false;
    size_t len = strcspn(entry, "=");
    for (const Json *item = json_first(env); item; item = json_next(item))
        if (strlen(json_key(item)) == len && strncmp(json_key(item), entry, len) == 0) return true;
    return false;
}

static bool make_env(CommandWork *work, const Json *env, Error *error)
{
    Words words = {0};
    LiveEffect *effect = work->effect;
    for (char **entry = environ; *entry; entry++)
        if (!is_overridden(env, *entry)) vec_push(&words, *entry);
    bool fine = true;
    for (const Json *item = json_first(env); item && fine; item = json_next(item)) {
        Str pair = arena_printf(&work->arena, "%s=%.*s", json_key(item), STR_ARG(json_text(item)));
        char *entry = filled(work, pair, error);
        fine = entry != NULL;
        vec_push(&words, entry);
    }
    Str mark = arena_printf(&work->arena, SPAWN_MARK "%s/%" PRIu64 "/%s", effect->live->run_id, effect->id,
                            effect->live->place);
    vec_push(&words, arena_copy_c(&work->arena, mark));
    work->spec.env = arena_array(&work->arena, char *, words.count + 1);
    memcpy(work->spec.env, words.items, words.count * sizeof *words.items);
    vec_free(&words);
    return fine;
}

/* ---- which file that is ---- */

static const char *search_path(char **env)
{
    for (; *env; env++)
        if (strncmp(*env, "PATH=", 5) == 0) return *env + 5;
    return "/usr/local/bin:/usr/bin:/bin";
}

/* The file of a program; what is found but may not be executed is remembered for the message. */
static bool find_program(CommandWork *work, SpawnEnd *end)
{
    const char *name = work->spec.argv[0];
    if (strchr(name, '/')) {
        work->spec.program = work->spec.argv[0];
        return true;
    }
    LiveWorld *live = work->effect->live;
    const char *ours = getenv("PATH"), *path = search_path(work->spec.env);
    bool is_ours = ours && strcmp(ours, path) == 0, forbidden = false;
    char *known = is_ours ? map_get(&live->programs, str_from_c(name)) : NULL;
    if (known && access(known, X_OK) == 0) {
        work->spec.program = known;
        return true;
    }
    for (const char *at = path; *name && *at;) {
        size_t len = strcspn(at, ":");
        Str folder = len ? (Str){at, len} : STR(".");
        char *file = arena_copy_c(&work->arena, arena_printf(&work->arena, "%.*s/%s", STR_ARG(folder), name));
        if (access(file, X_OK) == 0) {
            work->spec.program = file;
            if (is_ours)
                map_set(&live->programs, arena_copy(&live->found, str_from_c(name)),
                        arena_copy_c(&live->found, str_from_c(file)));
            return true;
        }
        forbidden = forbidden || errno == EACCES;
        at += len + (at[len] == ':');
    }
    *end = (SpawnEnd){.exit = forbidden ? 126 : 127};
    if (forbidden)
        snprintf(end->error, sizeof end->error, "`%s` is there but may not be executed", name);
    else
        snprintf(end->error, sizeof end->error, "there is no program `%s` on the PATH", name);
    return false;
}

static bool make_spec(CommandWork *work, Error *error)
{
    LiveEffect *effect = work->effect;
    const Json *host = json_get(effect->args, "host");
    Words words = {0};
    work->remote = !json_is_null(host);
    add_user(work, &words, work->remote);
    bool fine = add_command(work, &words, error) && (!work->remote || add_host(work, &words, host, error)) &&
                make_env(work, work->remote ? NULL : json_get(effect->args, "env"), error);
    if (fine) {
        work->spec.argv = arena_array(&work->arena, char *, words.count + 1);
        memcpy(work->spec.argv, words.items, words.count * sizeof *words.items);
        char *input = filled(work, json_string(effect->args, "input", ""), error);
        fine = input != NULL;
        work->spec.input = str_from_c(input);
    }
    vec_free(&words);
    Str folder = json_string(effect->args, "dir", "");
    char here[4096];
    if (folder.len && !work->remote)
        work->spec.dir = arena_copy_c(&work->arena, folder);
    else if (effect->effect_class == EFFECT_CHANGE && getcwd(here, sizeof here)) /* the keeper is somewhere else */
        work->spec.dir = arena_copy_c(&work->arena, str_from_c(here));
    work->spec.effect = effect->id;
    work->spec.timeout = json_int(effect->args, "timeout", 0);
    return fine;
}

/* ---- what came of it ---- */

static void add_stream(CommandWork *work, Buffer *json, int stream)
{
    LiveEffect *effect = work->effect;
    Capture *capture = &work->streams[stream];
    Buffer clean = {0};
    capture_write(capture, json, &clean);
    /* The program itself wrote this stream to the run's folder: what may not be kept goes from there too, and
     * so does what lies elsewhere now. */
    if (is_kept_by_keeper(work) &&
        (capture_is_cut(capture) || !str_equal(buffer_str(&clean), buffer_str(&capture->head))))
        keeper_client_replace(effect->live->keeper, effect->id, capture->name, buffer_str(&clean),
                              buffer_str(&capture->whole));
    buffer_free(&clean);
}

/* The kind of a failure in words that a plan can compare with. A kubectl whose request got no answer may have
 * changed something. NULL: it went well. */
static const char *failure_of(const LiveEffect *effect, SpawnEnd *end, Str err)
{
    bool sent = false;
    if (end->timed_out) return "timed out";
    if (end->unknown) return "unknown";
    if (end->error[0])
        return end->exit == 127 ? "no program" : end->exit == 126 ? "not executable" : "not reached";
    if (end->signal) return "signal";
    if (!end->exit) return NULL;
    const char *known = NULL;
    if (kubectl_is(json_get(effect->args, "argv"))) known = kubectl_failure(err, &sent);
    if (sent && effect->effect_class == EFFECT_CHANGE && !effect->live->dry_run) {
        end->unknown = true;
        snprintf(end->error, sizeof end->error,
                 "the API server did not answer in time, or the connection broke");
    }
    return known ? known : "exit";
}

static void work_free(CommandWork *work)
{
    for (int i = 0; i < 2; i++)
        capture_free(&work->streams[i]);
    arena_free(&work->arena);
    free(work);
}

/* A pipe ends as the last of its parts that failed, so that no failure goes unseen. */
static void take_exits(const CommandWork *work, SpawnEnd *end, Str said, Exits *exits)
{
    bool whole =
        work->spec.parts && !end->signal && !end->timed_out && pipeline_read(said, work->spec.parts, exits);
    if (!whole) {
        exits->count = 0;
        vec_push(exits, end->exit);
        return;
    }
    for (size_t i = 0; i < exits->count; i++)
        if (exits->items[i]) end->exit = exits->items[i];
}

static void finish(CommandWork *work, const SpawnEnd *end, Str said)
{
    LiveEffect *effect = work->effect;
    Buffer json = {0};
    SpawnEnd seen = *end;
    bool change = effect->effect_class == EFFECT_CHANGE && !work->dry;
    if (work->remote && !seen.error[0] && (seen.exit == 255 || seen.timed_out || seen.signal)) {
        /* ssh's own failure, or its end before the far program's: what happened there is not known. */
        seen.unknown = change;
        if (!seen.timed_out)
            snprintf(seen.error, sizeof seen.error, "the connection to the host failed or broke");
    }
    if (work->flooded) snprintf(seen.error, sizeof seen.error, "it printed more than a GiB, and was ended");
    Exits exits = {0};
    take_exits(work, &seen, said, &exits);
    const char *failure = failure_of(effect, &seen, buffer_str(&work->streams[1].head));
    Error error = {""};
    bool secret = effect_is_secret(effect);
    if (secret && !effect_keep_secret(effect, buffer_str(&work->streams[0].head), &error))
        snprintf(seen.error, sizeof seen.error, "its output cannot be kept as a secret: %s", error.text);
    bool ok = seen.exit == 0 && !seen.signal && !seen.timed_out && !seen.unknown && !seen.error[0];
    if (ok) effect->code = 0;
    buffer_printf(&json, "{\"ok\":%s,\"exit\":%d", ok ? "true" : "false", seen.exit);
    if (seen.signal) {
        const char *name = sigabbrev_np(seen.signal);
        buffer_printf(&json, ",\"signal\":\"%s\"", name ? name : "unknown");
    }
    if (!secret) add_stream(work, &json, 0);
    add_stream(work, &json, 1);
    buffer_add_c(&json, ",\"exits\":[");
    for (size_t i = 0; i < exits.count; i++)
        buffer_printf(&json, "%s%d", i ? "," : "", exits.items[i]);
    buffer_add_char(&json, ']');
    vec_free(&exits);
    if (seen.timed_out) buffer_add_c(&json, ",\"timed_out\":true");
    if (seen.unknown) buffer_add_c(&json, ",\"unknown\":true");
    if (seen.error[0]) effect_add_text(effect, &json, "error", str_from_c(seen.error));
    if (failure) buffer_printf(&json, ",\"failure\":\"%s\"", failure);
    if (work->dry) buffer_add_c(&json, ",\"dry\":true");
    buffer_printf(&json, ",\"elapsed\":%" PRId64 "}", seen.elapsed);
    work_free(work);
    effect_end(effect, &json);
}

static void output_came(void *ctx, int stream, Str bytes)
{
    CommandWork *work = ctx;
    capture_add(&work->streams[stream], bytes);
    if (!work->process || work->streams[stream].size <= CAPTURE_MOST) return;
    work->flooded = true;
    process_stop(work->process);
}

static void whole_came(void *ctx, int stream, Str whole)
{
    CommandWork *work = ctx;
    capture_recall(&work->streams[stream], whole);
}

static void ended(void *ctx, const SpawnEnd *end, Str exits)
{
    finish(ctx, end, exits);
}

static void cancel(LiveEffect *effect, bool end_it)
{
    CommandWork *work = effect->work;
    if (work->process)
        process_kill(work->process);
    else if (end_it)
        keeper_client_stop(effect->live->keeper, effect->id, secrets_longest(effect->live->secrets) > 0);
    work_free(work);
}

enum { LOOK_PATIENCE = 2000 }; /* ms; whoever looks on wants to see what takes longer, also of a look */

static void begin_output(CommandWork *work)
{
    LiveEffect *effect = work->effect;
    LiveShow show = effect->live->show;
    bool look = effect->effect_class == EFFECT_LOOK && show != LIVE_SHOW_ALL;
    capture_begin(&work->streams[0], effect, "out");
    capture_begin(&work->streams[1], effect, "err");
    work->streams[0].secret = effect_is_secret(effect);
    for (int i = 0; i < 2 && show != LIVE_SHOW_NONE; i++)
        if (!work->streams[i].secret)
            capture_show(&work->streams[i], look ? clock_boot() + LOOK_PATIENCE : 0);
}

void command_start(LiveEffect *effect)
{
    CommandWork *work = memory_alloc(sizeof *work);
    const ProcessEvents events = {work, output_came, whole_came, ended};
    KeeperClient *keeper = effect->live->keeper;
    Error error = {0};
    SpawnEnd end = {0};
    work->effect = effect;
    work->dry = effect->effect_class == EFFECT_CHANGE && effect->live->dry_run;
    work->remote = !json_is_null(json_get(effect->args, "host"));
    work->arena.chunk = EFFECT_CHUNK;
    effect->work = work;
    effect->cancel = cancel;
    begin_output(work);
    bool change = is_kept_by_keeper(work), made = make_spec(work, &error);
    if (change && effect->again && keeper_client_adopt(keeper, effect->id, &events)) return;
    if (change && effect->again && keeper_client_is_lost(keeper, effect->id, &events)) return;
    if (!made) {
        work_free(work);
        effect_fail(effect, error.text, change && effect->again);
        return;
    }
    /* What runs already needs no program to be found, only somebody who waits for it. */
    bool started = change && effect->again && keeper_client_has_started(keeper, effect->id);
    if (!find_program(work, &end) && started) work->spec.program = work->spec.argv[0];
    if (!work->spec.program) {
        finish(work, &end, STR(""));
    } else if (change) {
        keeper_client_start(keeper, &work->spec, &events);
    } else {
        work->process = process_start(effect->live->loop, &work->spec, &events, &end);
        if (!work->process) finish(work, &end, STR(""));
    }
}
