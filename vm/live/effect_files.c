/* The files of one changing program. In and out: the files RUN/fx/<effect>.…. Called by the keeper, which
 * writes them, and by planvm, which reads them at any time, also after both were killed: so each is written
 * at one go, or comes by a rename. To make a file is most of what a change costs here: there is none that is
 * not needed. */
#include "vm/live/effect_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *file_path(char path[64], uint64_t effect, const char *name)
{
    snprintf(path, 64, "fx/%" PRIu64 ".%s", effect, name);
    return path;
}

int effect_files_open(int run, uint64_t effect, const char *name, int flags)
{
    char path[64];
    return openat(run, file_path(path, effect, name), flags | O_CLOEXEC, 0600);
}

EffectClaim effect_files_claim(int run, uint64_t effect, Error *error)
{
    enum { FLAGS = O_CREAT | O_EXCL | O_WRONLY };
    int fd = effect_files_open(run, effect, "state", FLAGS);
    if (fd < 0 && errno == ENOENT && mkdirat(run, "fx", 0700) == 0)
        fd = effect_files_open(run, effect, "state", FLAGS);
    if (fd < 0 && errno == EEXIST) return EFFECT_TAKEN;
    if (fd < 0) error_set(error, "fx/ in the run's folder cannot be written: %s", strerror(errno));
    if (fd >= 0) close(fd);
    return fd >= 0 ? EFFECT_CLAIMED : EFFECT_FAILED;
}

/* A few lines more, by one write: whoever reads has all of them or none. */
static bool add_lines(int run, uint64_t effect, Str lines)
{
    int fd = effect_files_open(run, effect, "state", O_CREAT | O_APPEND | O_WRONLY);
    bool written = fd >= 0 && write(fd, lines.data, lines.len) == (ssize_t)lines.len;
    if (fd >= 0) close(fd);
    return written;
}

bool effect_files_replace(int run, uint64_t effect, const char *name, Str text)
{
    char fresh[64], path[64], fresh_name[24];
    snprintf(fresh_name, sizeof fresh_name, "%s.new", name);
    int fd = effect_files_open(run, effect, fresh_name, O_CREAT | O_TRUNC | O_WRONLY);
    if (fd < 0) return false;
    size_t done = 0;
    while (done < text.len) {
        ssize_t wrote = write(fd, text.data + done, text.len - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) break;
        done += (size_t)wrote;
    }
    close(fd);
    return done == text.len &&
           renameat(run, file_path(fresh, effect, fresh_name), run, file_path(path, effect, name)) == 0;
}

void effect_files_forget_output(int run, uint64_t effect)
{
    effect_files_replace(run, effect, "out", STR(""));
    effect_files_replace(run, effect, "err", STR(""));
}

/* The same for as long as this process lives. */
static void read_boot(char boot[64])
{
    static char known[64];
    if (known[0]) memcpy(boot, known, sizeof known);
    if (known[0]) return;
    boot[0] = 0;
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ssize_t got = read(fd, boot, 63);
    close(fd);
    boot[got > 0 ? got : 0] = 0;
    boot[strcspn(boot, "\n")] = 0;
    memcpy(known, boot, sizeof known);
}

static bool sync_folder(int run, const char *path)
{
    int fd = openat(run, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

bool effect_files_is_other_boot(int run)
{
    char now[64], text[64];
    read_boot(now);
    int fd = openat(run, "boot", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    text[got > 0 ? got : 0] = 0;
    return fd >= 0 && strcmp(text, now) != 0;
}

bool effect_files_note_boot(int run)
{
    char now[64];
    read_boot(now);
    int fd = openat(run, "boot.new", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    size_t len = strlen(now);
    bool kept = fd >= 0 && write(fd, now, len) == (ssize_t)len && fsync(fd) == 0 &&
                renameat(run, "boot.new", run, "boot") == 0 && fsync(run) == 0;
    if (fd >= 0) close(fd);
    return kept;
}

bool effect_files_settle_unknown(int run, uint64_t effect, const SpawnEnd *end)
{
    mkdirat(run, "fx", 0700);
    if (!effect_files_set_end(run, effect, end)) return false;
    int fd = effect_files_open(run, effect, "state", O_RDONLY);
    bool kept = fd >= 0 && fsync(fd) == 0 && sync_folder(run, "fx");
    if (fd >= 0) close(fd);
    return kept;
}

/* When a process began, in ticks since the boot: field 22 of its stat, counted behind the name, which may
 * hold anything. 0: there is no such process, or it has ended and only waits to be collected. */
static uint64_t process_ticks(pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0) return 0;
    text[got] = 0;
    char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X') return 0;
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

bool effect_files_set_process(int run, uint64_t effect, pid_t pid, int64_t deadline)
{
    char boot[64], text[256];
    read_boot(boot);
    int len = snprintf(text, sizeof text, "pid %d\nticks %" PRIu64 "\nboot %s\ndeadline %" PRId64 "\n",
                       (int)pid, process_ticks(pid), boot, deadline);
    return add_lines(run, effect, (Str){text, (size_t)len});
}

bool effect_files_set_end(int run, uint64_t effect, const SpawnEnd *end)
{
    Buffer text = {0};
    buffer_printf(&text, "exit %d\nsignal %d\ntimed_out %d\nunknown %d\nelapsed %" PRId64 "\nerror %s\n",
                  end->exit, end->signal, end->timed_out, end->unknown, end->elapsed, end->error);
    bool kept = add_lines(run, effect, buffer_str(&text));
    buffer_free(&text);
    return kept;
}

static bool read_small(int run, uint64_t effect, const char *name, char *text, size_t size)
{
    int fd = effect_files_open(run, effect, name, O_RDONLY);
    if (fd < 0) return false;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    text[got > 0 ? got : 0] = 0;
    return got > 0;
}

bool effect_files_is_started(int run, uint64_t effect)
{
    char path[64];
    return faccessat(run, file_path(path, effect, "state"), F_OK, 0) == 0;
}

bool effect_files_get_process(int run, uint64_t effect, EffectProcess *process)
{
    char text[512];
    int pid;
    *process = (EffectProcess){0};
    if (!read_small(run, effect, "state", text, sizeof text)) return false;
    if (sscanf(text, "pid %d\nticks %" SCNu64 "\nboot %63s\ndeadline %" SCNd64, &pid, &process->ticks,
               process->boot, &process->deadline) != 4)
        return false;
    process->pid = pid;
    return pid > 1;
}

bool effect_files_get_end(int run, uint64_t effect, SpawnEnd *end)
{
    char text[1024];
    int timed_out, unknown, used = 0;
    *end = (SpawnEnd){0};
    if (!read_small(run, effect, "state", text, sizeof text)) return false;
    /* Behind the lines of its process, where it had come to one. */
    const char *last = strstr(text, "exit ");
    if (!last) return false;
    if (sscanf(last, "exit %d\nsignal %d\ntimed_out %d\nunknown %d\nelapsed %" SCNd64 "\nerror%n", &end->exit,
               &end->signal, &timed_out, &unknown, &end->elapsed, &used) != 5 ||
        !used)
        return false;
    end->timed_out = timed_out != 0;
    end->unknown = unknown != 0;
    Str error = str_trim(str_from_c(last + used));
    snprintf(end->error, sizeof end->error, "%.*s", STR_ARG(error));
    return true;
}

bool effect_process_is_alive(const EffectProcess *process)
{
    char boot[64];
    read_boot(boot);
    return strcmp(boot, process->boot) == 0 && process->ticks &&
           process_ticks(process->pid) == process->ticks;
}

uint64_t effect_files_size(int run, uint64_t effect, const char *name)
{
    char path[64];
    struct stat info;
    return fstatat(run, file_path(path, effect, name), &info, 0) == 0 ? (uint64_t)info.st_size : 0;
}

void effect_files_read(int run, uint64_t effect, const char *name, Buffer *into)
{
    enum { MOST = 4096 };
    int fd = effect_files_open(run, effect, name, O_RDONLY);
    if (fd < 0) return;
    buffer_reserve(into, MOST);
    ssize_t got = read(fd, into->data, MOST);
    into->len = got > 0 ? (size_t)got : 0;
    into->data[into->len] = '\0';
    close(fd);
}
