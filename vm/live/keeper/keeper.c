/* plan-keeper: starts the changing programs of one run and writes down how they ended, also when planvm does
 * not live to see it. In: messages on the socket RUN/keeper/sock; out: the files RUN/fx/<effect>.…, answers,
 * and a word to planvm when a program ended. planvm starts it when the run's first change begins; it goes
 * when it has no program and planvm is gone. It must never start an effect twice, and holds nothing in memory
 * that is not also in its files. */
#include "vm/live/keeper/jobs.h"
#include "vm/live/keeper/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 8,
    LOCK_TRIES = 400,          /* of 5 ms each */
    FIRST_CLIENT_WAIT = 30000, /* ms for planvm to come after it started us */
};

typedef struct Client {
    int fd;
    Buffer in;
} Client;

typedef struct Keeper {
    Jobs jobs;
    int listener, signals, timer;
    Client clients[CLIENTS_MAX];
    size_t client_count;
    bool had_client;
} Keeper;

static void drop_client(Keeper *keeper, size_t index)
{
    close(keeper->clients[index].fd);
    buffer_free(&keeper->clients[index].in);
    keeper->clients[index] = keeper->clients[--keeper->client_count];
}

/* Messages to planvm are a few bytes; one that does not fit into the socket means that nobody reads there any
 * more: it is told nothing further, so that it asks anew on another connection. What it has said before it
 * went may still lie unread in the socket and is obeyed all the same: only the end of that drops a client. */
static void send_message(int fd, char kind, uint64_t effect)
{
    char message[KEEPER_HEAD + sizeof effect];
    uint32_t len = 1 + sizeof effect;
    memcpy(message, &len, sizeof len);
    message[4] = kind;
    memcpy(message + KEEPER_HEAD, &effect, sizeof effect);
    ssize_t sent = send(fd, message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent != (ssize_t)sizeof message) shutdown(fd, SHUT_WR);
}

static void tell_ended(const Keeper *keeper, uint64_t effect)
{
    for (size_t i = 0; i < keeper->client_count; i++)
        send_message(keeper->clients[i].fd, KEEPER_ENDED, effect);
}

static bool answer_message(Keeper *keeper, int fd, char kind, Str body)
{
    uint64_t effect = 0;
    if (kind == KEEPER_START) {
        Arena arena = {0};
        SpawnSpec spec;
        bool understood = spawn_read(&arena, body, &spec);
        char answer = understood ? jobs_start(&keeper->jobs, &spec) : 0;
        effect = spec.effect;
        arena_free(&arena);
        if (understood) send_message(fd, answer, effect);
        return understood;
    }
    if (body.len != sizeof effect) return false;
    memcpy(&effect, body.data, sizeof effect);
    if (kind == KEEPER_ASK)
        send_message(fd, jobs_ask(&keeper->jobs, effect), effect);
    else if (kind == KEEPER_STOP || kind == KEEPER_FORGET)
        jobs_stop(&keeper->jobs, effect, kind == KEEPER_FORGET);
    else
        return false;
    return true;
}

/* Reads what is there and answers every whole message. False: the client is gone or talks nonsense. */
static bool serve_client(Keeper *keeper, Client *client)
{
    char bytes[65536];
    ssize_t got = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    buffer_add(&client->in, bytes, (size_t)got);
    size_t at = 0;
    bool fine = true;
    while (fine && client->in.len - at >= KEEPER_HEAD) {
        uint32_t len;
        memcpy(&len, client->in.data + at, sizeof len);
        if (len == 0 || len > KEEPER_MESSAGE_CAP) return false;
        if (client->in.len - at < len + 4) break;
        Str body = {client->in.data + at + KEEPER_HEAD, len - 1};
        fine = answer_message(keeper, client->fd, client->in.data[at + 4], body);
        at += len + 4;
    }
    memmove(client->in.data, client->in.data + at, client->in.len - at);
    client->in.len -= at;
    return fine;
}

static void accept_client(Keeper *keeper)
{
    int fd = accept4(keeper->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    if (keeper->client_count == CLIENTS_MAX) {
        close(fd);
        return;
    }
    keeper->clients[keeper->client_count++] = (Client){.fd = fd};
    keeper->had_client = true;
}

static void set_timer(const Keeper *keeper, int64_t delay)
{
    struct itimerspec at = {{0, 0}, {0, 0}};
    if (delay >= 0) {
        at.it_value.tv_sec = (time_t)(delay / 1000);
        at.it_value.tv_nsec = (long)(delay % 1000) * 1000000L + 1;
    }
    timerfd_settime(keeper->timer, 0, &at, NULL);
}

static void drain(int fd)
{
    char bytes[4096];
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
}

static void keeper_loop(Keeper *keeper)
{
    while (keeper->jobs.list.count || keeper->client_count || !keeper->had_client) {
        struct pollfd polls[3 + CLIENTS_MAX] = {{.fd = keeper->signals, .events = POLLIN},
                                                {.fd = keeper->timer, .events = POLLIN},
                                                {.fd = keeper->listener, .events = POLLIN}};
        size_t count = keeper->client_count;
        for (size_t i = 0; i < count; i++)
            polls[3 + i] = (struct pollfd){.fd = keeper->clients[i].fd, .events = POLLIN};
        set_timer(keeper, jobs_enforce(&keeper->jobs));
        int ready = poll(polls, 3 + count, keeper->had_client ? -1 : FIRST_CLIENT_WAIT);
        if (ready == 0) return;
        if (ready < 0) continue;
        drain(keeper->signals);
        drain(keeper->timer);
        for (size_t i = count; i-- > 0;)
            if (polls[3 + i].revents && !serve_client(keeper, &keeper->clients[i])) drop_client(keeper, i);
        uint64_t effect;
        while (jobs_collect(&keeper->jobs, &effect))
            tell_ended(keeper, effect);
        if (polls[2].revents) accept_client(keeper);
    }
}

/* The socket's path may be longer than an address can hold; by way of the folder's descriptor it never is. */
static int open_listener(int run)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder = openat(run, KEEPER_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" KEEPER_SOCKET, folder);
    unlinkat(folder, KEEPER_SOCKET, 0);
    bool listening = folder >= 0 && fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                     listen(fd, 16) == 0;
    int code = errno;
    if (folder >= 0) close(folder);
    if (!listening && fd >= 0) close(fd);
    errno = code;
    return listening ? fd : -1;
}

static int fail(const char *what)
{
    fprintf(stderr, "plan-keeper: %s: %s\n", what, strerror(errno));
    return 1;
}

/* Goes behind the scenes: planvm waits for the first process, which ends when the socket is there. */
static bool detach(void)
{
    pid_t child = fork();
    if (child < 0) return false;
    if (child > 0) _exit(0);
    setsid();
    if (chdir("/") != 0) return false; /* no file system is held busy */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd < 3; fd++)
        dup2(null, fd);
    if (null > 2) close(null);
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

/* False: the run has a keeper. One that is just going has no socket any more, and is waited for. */
static bool take_lock(int run, int lock)
{
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0) return true;
        if (faccessat(run, KEEPER_FOLDER "/" KEEPER_SOCKET, F_OK, 0) == 0) return false;
        usleep(5000);
    }
    return false;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: plan-keeper RUN-FOLDER\nplanvm starts this program by itself.\n");
        return 2;
    }
    /* It ends when its work does; whoever stops a whole session or service must not cut the record of an
     * exit. */
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* ignored by whoever started us, it would swallow exits */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);

    Keeper keeper = {.jobs = {.run = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)}};
    if (keeper.jobs.run < 0) return fail(argv[1]);
    mkdirat(keeper.jobs.run, KEEPER_FOLDER, 0700);
    int lock = openat(keeper.jobs.run, KEEPER_LOCK, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock < 0) return fail(KEEPER_LOCK);
    if (!take_lock(keeper.jobs.run, lock)) return 0;
    keeper.listener = open_listener(keeper.jobs.run);
    if (keeper.listener < 0) return fail(KEEPER_FOLDER "/" KEEPER_SOCKET);
    if (!detach()) return fail("detach");
    keeper.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    keeper.timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    keeper_loop(&keeper);
    jobs_free(&keeper.jobs);
    unlinkat(keeper.jobs.run, KEEPER_FOLDER "/" KEEPER_SOCKET, 0);
    flock(lock, LOCK_UN);
    return 0;
}
