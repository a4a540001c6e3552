/* planvm's side of the keeper's socket. In: specs of changing programs; out: how they ended, from the run's
 * files, which are the truth: messages only say when to look. Called by command.c. It must never start a
 * program itself, and never say that one did not run when it may have. */
#include "vm/live/keeper_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/live/clock.h"
#include "vm/live/effect_files.h"
#include "vm/live/keeper/protocol.h"

enum {
    ATTEMPTS_MAX = 3, /* keepers that may die on us before a program is given up */
    LOST_LOOK = 100,  /* ms between looks at a program whose keeper is gone */
    CONNECT_TRIES = 3,
    LAST_WAIT = 1000, /* ms for a keeper to make room for our last words */
    FIRST_TAIL = 100, /* ms until it is looked at what a program printed so far */
    TAIL = 200,       /* ms between looks */
    PIECE = 1 << 18,  /* bytes of each stream that are taken in one turn of the loop */
};

static const char *const stream_names[2] = {"out", "err"};

/* One program whose end is waited for. */
typedef struct Waiting {
    KeeperClient *client;
    uint64_t effect;
    Buffer spec; /* as spawn_write makes it */
    char *mark;
    int attempts;
    bool unwanted; /* stopped: its end only needs to be noticed */
    bool forget;   /* and nothing of its output may be kept */
    bool killed;
    LoopTimer *timer;  /* looks at a lost one */
    LoopTimer *tail;   /* takes what it printed */
    uint64_t taken[2]; /* bytes of its streams */
    uint64_t until[2]; /* so many had been printed when it ended: what it left in the background is not waited
                          for */
    bool has_ended;    /* `end` is known; what it printed is still being taken */
    SpawnEnd end;
    ProcessEvents events;
} Waiting;

struct KeeperClient {
    Loop *loop;
    int run;
    char *run_dir, *program;
    bool boot_is_noted; /* this boot of the machine is in the run's folder */
    int fd;
    LoopPoll *poll;
    Buffer in, out;
    VEC(Waiting *) waiting;
};

static void submit(Waiting *waiting);
static void flush_out(KeeperClient *client);

/* ---- opening and closing ---- */

/* Beside planvm when it was just built, in its libexec when it was installed. */
static char *usual_program(void)
{
    static const char *const places[] = {"plan-keeper", "../plan-keeper", "../libexec/plan/plan-keeper"};
    const char *named = getenv("PLAN_KEEPER");
    char self[4096];
    if (named && *named) return memory_copy_c(str_from_c(named));
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash) slash[1] = 0;
    Buffer path = {0};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        buffer_clear(&path);
        buffer_printf(&path, "%s%s", self, places[i]);
        if (access(path.data, X_OK) == 0) break;
    }
    return path.data;
}

KeeperClient *keeper_client_open(Loop *loop, const char *run_dir, const char *program, Error *error)
{
    int run = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (run < 0) {
        error_set(error, "the run's folder %s cannot be opened: %s", run_dir, strerror(errno));
        return NULL;
    }
    KeeperClient *client = memory_alloc(sizeof *client);
    client->loop = loop;
    client->run = run;
    client->run_dir = memory_copy_c(str_from_c(run_dir));
    client->program = program ? memory_copy_c(str_from_c(program)) : usual_program();
    client->fd = -1;
    return client;
}

static void disconnect(KeeperClient *client)
{
    loop_poll_stop(client->poll);
    client->poll = NULL;
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
    buffer_clear(&client->in);
    buffer_clear(&client->out);
}

static void waiting_free(Waiting *waiting)
{
    KeeperClient *client = waiting->client;
    for (size_t i = 0; i < client->waiting.count; i++) {
        if (client->waiting.items[i] != waiting) continue;
        client->waiting.items[i] = client->waiting.items[--client->waiting.count];
        break;
    }
    loop_timer_stop(waiting->timer);
    loop_timer_stop(waiting->tail);
    if (waiting->spec.data) explicit_bzero(waiting->spec.data, waiting->spec.cap);
    buffer_free(&waiting->spec);
    free(waiting->mark);
    free(waiting);
}

/* What was said last, that a program shall end, is not lost because the socket was full just then. */
static void flush_last(KeeperClient *client)
{
    struct pollfd room = {.fd = client->fd, .events = POLLOUT};
    while (client->out.len && poll(&room, 1, LAST_WAIT) > 0 && !(room.revents & (POLLERR | POLLHUP)))
        flush_out(client);
}

void keeper_client_close(KeeperClient *client)
{
    if (!client) return;
    flush_last(client);
    disconnect(client);
    while (client->waiting.count)
        waiting_free(client->waiting.items[0]);
    vec_free(&client->waiting);
    buffer_free(&client->in);
    buffer_free(&client->out);
    close(client->run);
    free(client->run_dir);
    free(client->program);
    free(client);
}

/* ---- output and ends ---- */

static Waiting *waiting_new(KeeperClient *client, uint64_t effect, const ProcessEvents *events)
{
    Waiting *waiting = memory_alloc(sizeof *waiting);
    *waiting = (Waiting){.client = client, .effect = effect, .events = *events};
    vec_push(&client->waiting, waiting);
    return waiting;
}

/* Takes a piece of a stream's file. True: there was no more. */
static bool take_stream(Waiting *waiting, int stream)
{
    char bytes[65536];
    int run = waiting->client->run,
        fd = effect_files_open(run, waiting->effect, stream_names[stream], O_RDONLY);
    bool all = fd < 0;
    for (size_t took = 0; !all && took < PIECE;) {
        uint64_t left = waiting->has_ended ? waiting->until[stream] - waiting->taken[stream] : sizeof bytes;
        ssize_t got =
            pread(fd, bytes, left < sizeof bytes ? left : sizeof bytes, (off_t)waiting->taken[stream]);
        all = got <= 0;
        if (all) break;
        waiting->events.output(waiting->events.ctx, stream, (Str){bytes, (size_t)got});
        waiting->taken[stream] += (size_t)got;
        took += (size_t)got;
    }
    if (fd >= 0) close(fd);
    return all;
}

/* What a program prints comes piece by piece, while it runs and after its end, so that a flood holds up
 * nobody. */
static void take_output(void *ctx)
{
    Waiting *waiting = ctx;
    KeeperClient *client = waiting->client;
    waiting->tail = NULL;
    if (waiting->unwanted) {
        if (waiting->has_ended) waiting_free(waiting);
        return;
    }
    bool all = take_stream(waiting, 0);
    all = take_stream(waiting, 1) && all;
    if (!waiting->has_ended || !all) {
        waiting->tail = loop_timer_start(client->loop, all ? TAIL : 0, take_output, waiting);
        return;
    }
    Buffer exits = {0};
    ProcessEvents events = waiting->events;
    SpawnEnd end = waiting->end;
    effect_files_read(client->run, waiting->effect, "exits", &exits);
    waiting_free(waiting);
    events.end(events.ctx, &end, buffer_str(&exits));
    buffer_free(&exits);
}

static void begin_output(Waiting *waiting)
{
    Buffer name = {0}, whole = {0};
    for (int stream = 0; stream < 2; stream++) {
        buffer_clear(&name);
        buffer_clear(&whole);
        buffer_printf(&name, "%s.whole", stream_names[stream]);
        effect_files_read(waiting->client->run, waiting->effect, name.data, &whole);
        if (whole.len) waiting->events.whole(waiting->events.ctx, stream, buffer_str(&whole));
    }
    buffer_free(&name);
    buffer_free(&whole);
}

static void finish(Waiting *waiting, const SpawnEnd *end)
{
    if (waiting->forget) effect_files_forget_output(waiting->client->run, waiting->effect);
    loop_timer_stop(waiting->timer);
    loop_timer_stop(waiting->tail);
    waiting->timer = NULL;
    waiting->has_ended = true;
    waiting->end = *end;
    for (int stream = 0; stream < 2; stream++) {
        uint64_t size = effect_files_size(waiting->client->run, waiting->effect, stream_names[stream]);
        waiting->until[stream] = size > waiting->taken[stream] ? size : waiting->taken[stream];
    }
    take_output(waiting);
}

bool keeper_client_adopt(KeeperClient *client, uint64_t effect, const ProcessEvents *events)
{
    SpawnEnd end;
    if (!effect_files_get_end(client->run, effect, &end)) return false;
    Waiting *waiting = waiting_new(client, effect, events);
    begin_output(waiting);
    finish(waiting, &end);
    return true;
}

bool keeper_client_is_lost(KeeperClient *client, uint64_t effect, const ProcessEvents *events)
{
    SpawnEnd end = {.exit = 126, .unknown = true};
    if (client->boot_is_noted || !effect_files_is_other_boot(client->run)) return false;
    snprintf(end.error, sizeof end.error, "the machine was started anew while it was under way");
    effect_files_settle_unknown(client->run, effect, &end);
    finish(waiting_new(client, effect, events), &end);
    return true;
}

/* No keeper: the program may run, may have ended, or was never started, and the files say which. */
static void finish_without_keeper(Waiting *waiting, const char *why)
{
    SpawnEnd end;
    if (!effect_files_get_end(waiting->client->run, waiting->effect, &end)) {
        end = (SpawnEnd){.exit = 126,
                         .unknown = effect_files_is_started(waiting->client->run, waiting->effect)};
        snprintf(end.error, sizeof end.error, "%.500s", why);
    }
    finish(waiting, &end);
}

/* A program whose keeper was killed: when it has gone nobody can say how it ended. Its time-out still holds.
 */
static void look_at_lost(void *ctx)
{
    Waiting *waiting = ctx;
    EffectProcess process;
    int run = waiting->client->run;
    waiting->timer = NULL;
    bool known = effect_files_get_process(run, waiting->effect, &process);
    if (!known || !effect_process_is_alive(&process)) {
        finish_without_keeper(waiting, "its keeper was killed while it ran");
        return;
    }
    int64_t late = process.deadline ? clock_boot() - process.deadline : -1;
    if (waiting->unwanted || late >= SPAWN_GRACE) {
        spawn_signal(process.pid, waiting->mark, SIGKILL);
    } else if (late >= 0 && !waiting->killed) {
        waiting->killed = true;
        spawn_signal(process.pid, waiting->mark, SIGTERM);
    }
    waiting->timer = loop_timer_start(waiting->client->loop, LOST_LOOK, look_at_lost, waiting);
}

static Waiting *find_waiting(const KeeperClient *client, uint64_t effect)
{
    for (size_t i = 0; i < client->waiting.count; i++)
        if (client->waiting.items[i]->effect == effect) return client->waiting.items[i];
    return NULL;
}

/* ---- the connection ---- */

static void take_message(KeeperClient *client, char kind, uint64_t effect)
{
    SpawnEnd end;
    Waiting *waiting = find_waiting(client, effect);
    if (!waiting || waiting->timer || waiting->has_ended) return;
    if (kind == KEEPER_ENDED) {
        if (effect_files_get_end(client->run, effect, &end))
            finish(waiting, &end);
        else
            finish_without_keeper(waiting, "its exit could not be kept");
    } else if (kind == KEEPER_LOST) {
        waiting->timer = loop_timer_start(client->loop, 0, look_at_lost, waiting);
    }
}

static void connection_broke(KeeperClient *client)
{
    disconnect(client);
    /* Each is asked for again; a program that was started is never started twice (effect_files_claim). One
     * that is unwanted and never came to a start is not begun now. */
    for (size_t i = client->waiting.count; i-- > 0;) {
        Waiting *waiting = i < client->waiting.count ? client->waiting.items[i] : NULL;
        if (!waiting || waiting->timer || waiting->has_ended) continue;
        if (waiting->unwanted && !effect_files_is_started(client->run, waiting->effect))
            waiting_free(waiting);
        else
            submit(waiting);
    }
}

static void flush_out(KeeperClient *client)
{
    while (client->out.len) {
        ssize_t sent = send(client->fd, client->out.data, client->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0) break;
        memmove(client->out.data, client->out.data + sent, client->out.len - (size_t)sent);
        client->out.len -= (size_t)sent;
    }
    if (client->poll) loop_poll_change(client->poll, client->out.len ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void connection_ready(void *ctx, int fd, int events)
{
    KeeperClient *client = ctx;
    char bytes[4096];
    if (events & LOOP_WRITE) flush_out(client);
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        connection_broke(client);
        return;
    }
    buffer_add(&client->in, bytes, (size_t)got);
    const size_t len = KEEPER_HEAD + sizeof(uint64_t);
    while (client->fd >= 0 && client->in.len >= len) {
        uint64_t effect;
        char kind = client->in.data[4];
        memcpy(&effect, client->in.data + KEEPER_HEAD, sizeof effect);
        client->in.len -= len;
        memmove(client->in.data, client->in.data + len, client->in.len);
        take_message(client, kind, effect);
    }
}

static bool try_connect(KeeperClient *client)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder = openat(client->run, KEEPER_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = folder < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" KEEPER_SOCKET, folder);
    bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (folder >= 0) close(folder);
    if (connected) client->poll = loop_poll_start(client->loop, fd, LOOP_READ, connection_ready, client);
    if (!client->poll && fd >= 0) close(fd);
    if (client->poll) client->fd = fd;
    return client->poll != NULL;
}

/* The keeper puts itself into the background when its socket is there; the process that we start ends then.
 */
static bool start_keeper(KeeperClient *client)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    char *argv[] = {client->program, client->run_dir, NULL};
    pid_t pid;
    int status = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    int code = posix_spawn(&pid, client->program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (code) return false;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool connect_keeper(KeeperClient *client)
{
    for (int tries = 0; client->fd < 0 && tries < CONNECT_TRIES; tries++) {
        if (try_connect(client)) break;
        if (!start_keeper(client)) return false;
        /* A keeper that is just going still holds its lock: the one we started leaves it the run. */
        if (!try_connect(client)) usleep(20000);
    }
    return client->fd >= 0;
}

static void send_message(KeeperClient *client, char kind, Str body)
{
    uint32_t len = (uint32_t)body.len + 1;
    buffer_add(&client->out, &len, sizeof len);
    buffer_add_char(&client->out, kind);
    buffer_add_str(&client->out, body);
    flush_out(client);
}

static void send_stop(KeeperClient *client, uint64_t effect, bool forget)
{
    send_message(client, forget ? KEEPER_FORGET : KEEPER_STOP, (Str){(const char *)&effect, sizeof effect});
}

static void submit(Waiting *waiting)
{
    KeeperClient *client = waiting->client;
    char why[512];
    if (waiting->attempts++ == ATTEMPTS_MAX) {
        finish_without_keeper(waiting, "its keeper was killed again and again");
    } else if (!connect_keeper(client)) {
        snprintf(why, sizeof why, "the keeper %.400s could not be started", client->program);
        finish_without_keeper(waiting, why);
    } else {
        send_message(client, KEEPER_START, buffer_str(&waiting->spec));
        if (waiting->unwanted) send_stop(client, waiting->effect, waiting->forget);
    }
}

/* ---- what command.c asks for ---- */

void keeper_client_start(KeeperClient *client, const SpawnSpec *spec, const ProcessEvents *events)
{
    Waiting *waiting = waiting_new(client, spec->effect, events);
    waiting->mark = memory_copy_c(str_from_c(spawn_mark(spec)));
    waiting->tail = loop_timer_start(client->loop, FIRST_TAIL, take_output, waiting);
    spawn_write(&waiting->spec, spec);
    /* What was in doubt when this process took the run over has been settled by now. */
    if (!client->boot_is_noted) client->boot_is_noted = effect_files_note_boot(client->run);
    if (waiting->spec.len >= KEEPER_MESSAGE_CAP)
        finish_without_keeper(waiting, "its input is too long");
    else
        submit(waiting);
}

bool keeper_client_has_started(const KeeperClient *client, uint64_t effect)
{
    return effect_files_is_started(client->run, effect);
}

void keeper_client_stop(KeeperClient *client, uint64_t effect, bool forget)
{
    Waiting *waiting = find_waiting(client, effect);
    if (waiting) {
        waiting->unwanted = true;
        waiting->forget = forget;
    } else if (!effect_files_is_started(client->run, effect)) {
        return;
    }
    /* Both we and the keeper do it: there may be no keeper, or it may only just be opening the files. */
    if (forget) effect_files_forget_output(client->run, effect);
    /* Where there is no keeper any more, one that was started before planvm died has ended or is lost. */
    if (client->fd < 0 && !try_connect(client)) return;
    send_stop(client, effect, forget);
}

void keeper_client_replace(KeeperClient *client, uint64_t effect, const char *stream, Str text, Str whole)
{
    char name[16];
    snprintf(name, sizeof name, "%s.whole", stream);
    if (whole.len) effect_files_replace(client->run, effect, name, whole);
    effect_files_replace(client->run, effect, stream, text);
}
