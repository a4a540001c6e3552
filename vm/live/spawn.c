/* posix_spawn, groups and marks. In: a SpawnSpec; out: a process, later a SpawnEnd. Called by process.c and
 * by the keeper, which links this file and vm/base only. It must never pass a descriptor on, and never wait.
 */
#include "vm/live/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *spawn_mark(const SpawnSpec *spec)
{
    size_t count = 0;
    while (spec->env[count])
        count++;
    return count ? spec->env[count - 1] : SPAWN_MARK;
}

/* Standard input as a file in memory, so that nobody has to feed a pipe. -1: it could not be had. */
static int open_input(Str input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < input.len) {
        ssize_t wrote = write(fd, input.data + done, input.len - done);
        if (wrote < 0) {
            close(fd);
            return -1;
        }
        done += (size_t)wrote;
    }
    if (fd >= 0) lseek(fd, 0, SEEK_SET);
    return fd;
}

static bool start_failed(const SpawnSpec *spec, SpawnEnd *end, int code)
{
    struct stat info;
    *end = (SpawnEnd){.exit = code == ENOENT ? 127 : 126};
    const char *name = spec->argv[0];
    if (spec->dir && (stat(spec->dir, &info) != 0 || !S_ISDIR(info.st_mode)))
        snprintf(end->error, sizeof end->error, "there is no folder %s to run `%s` in", spec->dir, name);
    else if (code == ENOENT && access(spec->program, F_OK) == 0)
        snprintf(end->error, sizeof end->error, "`%s` is a script whose interpreter is missing", name);
    else if (code == ENOENT)
        snprintf(end->error, sizeof end->error, "there is no program `%s`", name);
    else if (code == EACCES)
        snprintf(end->error, sizeof end->error, "`%s` may not be executed by us", name);
    else
        snprintf(end->error, sizeof end->error, "`%s` could not be started: %s", name, strerror(code));
    return false;
}

bool spawn_start(const SpawnSpec *spec, int out, int err, int exits, pid_t *pid, SpawnEnd *end)
{
    int input = spec->input.len ? open_input(spec->input) : -1;
    if (spec->input.len && input < 0) {
        *end = (SpawnEnd){.exit = 126};
        snprintf(end->error, sizeof end->error, "there is no room for the input of `%s`", spec->argv[0]);
        return false;
    }
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, 0);
    else
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    if (exits >= 0) posix_spawn_file_actions_adddup2(&actions, exits, 3);
    posix_spawn_file_actions_addclosefrom_np(&actions, exits >= 0 ? 4 : 3);
    if (spec->dir) posix_spawn_file_actions_addchdir_np(&actions, spec->dir);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int code = posix_spawn(pid, spec->program, &actions, &attributes, spec->argv, spec->env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (input >= 0) close(input);
    return code ? start_failed(spec, end, code) : true;
}

/* Does the process's environment hold exactly this entry? Asked of /proc, which answers for our own
 * processes. */
static bool carries_mark(const char *name, const char *mark)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/environ", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    Buffer text = {0};
    ssize_t got;
    do {
        buffer_reserve(&text, 65536);
        got = read(fd, text.data + text.len, 65536);
        if (got > 0) text.len += (size_t)got;
    } while (got > 0 && text.len < (size_t)4 << 20);
    close(fd);
    bool found = false;
    for (size_t at = 0; at < text.len && !found;) {
        size_t len = strnlen(text.data + at, text.len - at);
        found = len == strlen(mark) && memcmp(text.data + at, mark, len) == 0;
        at += len + 1;
    }
    buffer_free(&text);
    return found;
}

static bool is_zombie(const char *name)
{
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    text[got > 0 ? got : 0] = 0;
    const char *state = strrchr(text, ')');
    return !state || (state[1] == ' ' && (state[2] == 'Z' || state[2] == 'X'));
}

/* Sends a signal to every process that carries the mark. With 0 it only looks, and knows those of the group
 * as well. True: there was one that lives. */
static bool signal_rest(pid_t pid, const char *mark, int number)
{
    bool found = false;
    DIR *processes = opendir("/proc");
    if (!processes) return false;
    for (struct dirent *entry; (entry = readdir(processes)) && !(found && !number);) {
        pid_t other = (pid_t)strtol(entry->d_name, NULL, 10);
        if (other <= 1 || other == getpid() || other == pid) continue;
        bool in_group = getpgid(other) == pid;
        if (in_group ? number != 0 || is_zombie(entry->d_name) : !carries_mark(entry->d_name, mark)) continue;
        found = true;
        if (number) kill(other, number);
    }
    closedir(processes);
    return found;
}

void spawn_signal(pid_t pid, const char *mark, int number)
{
    kill(-pid, number);
    signal_rest(pid, mark, number);
}

bool spawn_collect(pid_t pid, SpawnRest rest, const char *mark, SpawnEnd *end)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) return false;
    if (rest == SPAWN_REST_ENDS && signal_rest(pid, mark, 0)) return false;
    /* While the leader is not yet collected its number cannot belong to another group. */
    if (rest == SPAWN_REST_DIES) spawn_signal(pid, mark, SIGKILL);
    int status = 0;
    if (waitpid(pid, &status, 0) != pid) {
        end->unknown = true;
        snprintf(end->error, sizeof end->error, "the program's exit was collected by somebody else");
        return true;
    }
    if (WIFSIGNALED(status)) end->signal = WTERMSIG(status);
    end->exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + end->signal;
    return true;
}

static void write_number(Buffer *out, uint64_t value)
{
    buffer_add(out, &value, sizeof value);
}

static void write_text(Buffer *out, Str text)
{
    write_number(out, text.len);
    buffer_add_str(out, text);
}

static void write_list(Buffer *out, char **list)
{
    size_t count = 0;
    while (list[count])
        count++;
    write_number(out, count);
    for (size_t i = 0; i < count; i++)
        write_text(out, str_from_c(list[i]));
}

void spawn_write(Buffer *out, const SpawnSpec *spec)
{
    write_number(out, spec->effect);
    write_number(out, (uint64_t)spec->timeout);
    write_number(out, spec->parts);
    write_text(out, str_from_c(spec->program));
    write_text(out, str_from_c(spec->dir));
    write_text(out, spec->input);
    write_list(out, spec->argv);
    write_list(out, spec->env);
}

static bool read_number(Str *bytes, uint64_t *value)
{
    if (bytes->len < sizeof *value) return false;
    memcpy(value, bytes->data, sizeof *value);
    *bytes = str_slice(*bytes, sizeof *value, bytes->len);
    return true;
}

static bool read_text(Arena *arena, Str *bytes, Str *text)
{
    uint64_t len;
    if (!read_number(bytes, &len) || len > bytes->len) return false;
    *text = arena_copy(arena, str_slice(*bytes, 0, len));
    *bytes = str_slice(*bytes, len, bytes->len);
    return true;
}

static bool read_list(Arena *arena, Str *bytes, char ***list)
{
    uint64_t count;
    if (!read_number(bytes, &count) || count > bytes->len / sizeof count) return false;
    *list = arena_array(arena, char *, count + 1);
    for (uint64_t i = 0; i < count; i++) {
        Str text;
        if (!read_text(arena, bytes, &text)) return false;
        (*list)[i] = arena_copy_c(arena, text);
    }
    return true;
}

bool spawn_read(Arena *arena, Str bytes, SpawnSpec *spec)
{
    uint64_t timeout;
    Str program, dir;
    *spec = (SpawnSpec){0};
    if (!read_number(&bytes, &spec->effect) || !read_number(&bytes, &timeout) || timeout > INT64_MAX ||
        !read_number(&bytes, &spec->parts) || !read_text(arena, &bytes, &program) ||
        !read_text(arena, &bytes, &dir) || !read_text(arena, &bytes, &spec->input) ||
        !read_list(arena, &bytes, &spec->argv) || !read_list(arena, &bytes, &spec->env) || bytes.len ||
        !spec->argv[0])
        return false;
    spec->timeout = (int64_t)timeout;
    spec->program = arena_copy_c(arena, program);
    spec->dir = dir.len ? arena_copy_c(arena, dir) : NULL;
    return true;
}
