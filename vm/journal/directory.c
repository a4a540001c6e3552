/* Runs as directories: making one, owning it (a lock that the kernel drops when its process dies), finding
 * one by a part of its name, and putting a signal into its inbox. Nothing here opens a database. */
#include "vm/journal/directory.h"

#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/journal/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char letters[] = "bcdfghjkmnpqrstvwxz"; /* without vowels: no words by chance */

static void add_letters(Buffer *text, size_t count)
{
    unsigned char chance[32];
    if (count > sizeof chance) count = sizeof chance;
    if (getrandom(chance, count, 0) != (ssize_t)count) {
        /* Without randomness ids still differ between processes; a clash is noticed when the directory is
         * made. */
        for (size_t i = 0; i < count; i++)
            chance[i] = (unsigned char)((time_now() >> (5 * i)) ^ getpid());
    }
    for (size_t i = 0; i < count; i++)
        buffer_add_char(text, letters[chance[i] % (sizeof letters - 1)]);
}

bool journal_root(const char *option, Buffer *path, Error *error)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char here[4096];
    if (option && *option == '/')
        buffer_add_c(path, option);
    else if (option && *option && getcwd(here, sizeof here))
        buffer_printf(path, "%s/%s", here, option);
    else if (state && *state == '/')
        buffer_printf(path, "%s/plan/runs", state);
    else if (home && *home)
        buffer_printf(path, "%s/.local/state/plan/runs", home);
    else
        return error_set(error,
                         "there is no place for runs: set HOME or XDG_STATE_HOME, or use --journal DIR");
    return true;
}

static void write_id(int64_t now, Buffer *id)
{
    enum { BASE = sizeof letters - 1, STEPS = BASE * BASE * BASE };
    Buffer minute = {0};
    time_write_minute(&minute, now);
    for (size_t i = 0; i < minute.len; i++) {
        char c = minute.data[i];
        if (c == ' ')
            buffer_add_char(id, '-');
        else if (c != '-' && c != ':')
            buffer_add_char(id, c);
    }
    buffer_free(&minute);
    int64_t place = (now % 60000 + 60000) % 60000 * STEPS / 60000;
    buffer_add_char(id, '-');
    for (int64_t unit = BASE * BASE; unit; unit /= BASE)
        buffer_add_char(id, letters[place / unit % BASE]);
    add_letters(id, 1);
}

void journal_new_id(const char *root, int64_t now, Buffer *id)
{
    bool taken = true;
    for (int tries = 0; taken && tries < 1000; tries++, now += 10) {
        Buffer path = {0};
        buffer_clear(id);
        write_id(now, id);
        buffer_printf(&path, "%s/%s", root, id->data);
        taken = access(path.data, F_OK) == 0;
        buffer_free(&path);
    }
}

/* Makes a directory and those above it. */
static bool make_path(const char *path, Error *error)
{
    char *copy = memory_copy_c(str_from_c(path));
    bool fine = true;
    for (char *slash = strchr(copy + 1, '/'); fine; slash = slash ? strchr(slash + 1, '/') : NULL) {
        if (slash) *slash = '\0';
        fine = mkdir(copy, 0700) == 0 || errno == EEXIST;
        if (!fine) error_set(error, "the directory %s cannot be made: %s", copy, strerror(errno));
        if (!slash) break;
        *slash = '/';
    }
    free(copy);
    return fine;
}

/* SQLite's log needs shared memory and locks that work, which file systems over a network do not promise. */
static bool check_local(const char *path, Error *error)
{
    static const struct {
        uint32_t magic;
        const char *name;
    } remote[] = {
        {0x6969, "NFS"}, {0x517b, "SMB"}, {0xff534d42, "CIFS"}, {0xfe534d42, "SMB2"}, {0x01021997, "9p"}};
    struct statfs about;
    if (statfs(path, &about) != 0) return error_set(error, "%s: %s", path, strerror(errno));
    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++) {
        if ((uint32_t)about.f_type == remote[i].magic)
            return error_set(
                error, "%s is on %s, where a journal is not safe: use --journal DIR with a local directory",
                path, remote[i].name);
    }
    return true;
}

static bool sync_path(const char *path, Error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool fine = fd >= 0 && fsync(fd) == 0;
    if (!fine) error_set(error, "%s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return fine;
}

bool directory_make(const char *root, Str id, Error *error)
{
    if (!make_path(root, error) || !check_local(root, error)) return false;
    Buffer path = {0};
    buffer_printf(&path, "%s/.%.*s", root, STR_ARG(id));
    size_t len = path.len;
    bool fine = mkdir(path.data, 0700) == 0;
    static const char *const folders[] = {"/inbox", "/fx"};
    for (size_t i = 0; fine && i < sizeof folders / sizeof folders[0]; i++) {
        buffer_add_c(&path, folders[i]);
        fine = mkdir(path.data, 0700) == 0;
        path.data[path.len = len] = '\0';
    }
    if (!fine) error_set(error, "the run's directory %s cannot be made: %s", path.data, strerror(errno));
    buffer_free(&path);
    return fine;
}

bool directory_reveal(const char *root, Str id, const char *file, Error *error)
{
    Buffer from = {0}, to = {0}, inside = {0};
    buffer_printf(&from, "%s/.%.*s", root, STR_ARG(id));
    buffer_printf(&to, "%s/%.*s", root, STR_ARG(id));
    buffer_printf(&inside, "%s/%s", from.data, file);
    bool fine = sync_path(inside.data, error) && sync_path(from.data, error);
    if (fine && rename(from.data, to.data) != 0)
        fine = error_set(error, "the run's directory %s cannot be made: %s", to.data, strerror(errno));
    buffer_free(&from);
    buffer_free(&to);
    buffer_free(&inside);
    return fine && sync_path(root, error);
}

/* The lock belongs to the open file, not to the process: another close() of the file in this process does not
 * drop it. */
static struct flock whole_file(void)
{
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

static int64_t read_pid(int fd)
{
    char text[32] = "";
    ssize_t len = pread(fd, text, sizeof text - 1, 0);
    return len > 0 ? strtoll(text, NULL, 10) : 0;
}

int directory_lock(const char *path, Error *error)
{
    Buffer name = {0};
    buffer_printf(&name, "%s/lock", path);
    int fd = open(name.data, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    struct flock lock = whole_file();
    if (fd < 0) {
        error_set(error, "%s: %s", name.data, strerror(errno));
    } else if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES)
            error_set(error, "another process (%" PRId64 ") is at this run", read_pid(fd));
        else
            error_set(error, "%s: %s", name.data, strerror(errno));
        close(fd);
        fd = -1;
    } else {
        char text[32];
        int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
        if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
            error_set(error, "%s: %s", name.data, strerror(errno));
            close(fd);
            fd = -1;
        }
    }
    buffer_free(&name);
    return fd;
}

bool journal_is_live(const char *root, Str id, int64_t *pid)
{
    Buffer name = {0};
    buffer_printf(&name, "%s/%.*s/lock", root, STR_ARG(id));
    int fd = open(name.data, O_RDWR | O_CLOEXEC);
    buffer_free(&name);
    if (fd < 0) return false;
    struct flock lock = whole_file();
    bool live = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (pid) *pid = live ? read_pid(fd) : 0;
    close(fd);
    return live;
}

/* Writes a file so that it is either not there or whole, also after a power cut. */
static bool write_whole(const char *folder, const char *name, Str text, Error *error)
{
    Buffer draft = {0}, final = {0};
    buffer_printf(&draft, "%s/.%s.part", folder, name);
    buffer_printf(&final, "%s/%s", folder, name);
    int fd = open(draft.data, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    bool fine = fd >= 0;
    for (size_t done = 0; fine && done < text.len;) {
        ssize_t len = write(fd, text.data + done, text.len - done);
        if (len > 0) done += (size_t)len;
        fine = len > 0 || (len < 0 && errno == EINTR);
    }
    fine = fine && fsync(fd) == 0;
    if (fd >= 0) fine = close(fd) == 0 && fine;
    fine = fine && rename(draft.data, final.data) == 0;
    if (!fine) {
        error_set(error, "%s cannot be written: %s", final.data, strerror(errno));
        unlink(draft.data);
    }
    buffer_free(&draft);
    buffer_free(&final);
    return fine && sync_path(folder, error);
}

bool journal_send(const char *root, Str id, Str signal, Buffer *given, Error *error)
{
    Json *json = json_parse(signal, error);
    if (!json) return false;
    Buffer folder = {0}, msg = {0}, text = {0};
    /* Named by time, so that the inbox is read in the order of sending. */
    buffer_printf(&msg, "%013" PRId64 "-", time_now());
    add_letters(&msg, 10);
    json_set_string(json, "msg", buffer_str(&msg));
    json_write(&text, json);
    buffer_printf(&folder, "%s/%.*s/inbox", root, STR_ARG(id));
    if (given) buffer_add_str(given, buffer_str(&msg));
    buffer_add_c(&msg, ".json");
    bool fine = write_whole(folder.data, msg.data, buffer_str(&text), error);
    json_free(json);
    buffer_free(&folder);
    buffer_free(&msg);
    buffer_free(&text);
    return fine;
}

static int compare_ids(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

bool journal_list(const char *root, Arena *arena, JournalIds *ids, Error *error)
{
    DIR *directory = opendir(root);
    if (!directory) {
        return errno == ENOENT || error_set(error, "%s cannot be read: %s", root, strerror(errno));
    }
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        Buffer path = {0};
        struct stat about;
        buffer_printf(&path, "%s/%s/journal.db", root, entry->d_name);
        if (entry->d_name[0] != '.' && stat(path.data, &about) == 0)
            vec_push(ids, arena_copy(arena, str_from_c(entry->d_name)));
        buffer_free(&path);
    }
    closedir(directory);
    if (ids->count) qsort(ids->items, ids->count, sizeof *ids->items, compare_ids);
    return true;
}

bool journal_find(const char *root, Str text, Buffer *id, Error *error)
{
    Arena arena = {0};
    JournalIds ids = {0};
    bool fine = journal_list(root, &arena, &ids, error);
    size_t fitting = 0;
    Str found = STR("");
    for (size_t i = 0; fine && i < ids.count; i++) {
        if (str_equal(ids.items[i], text)) {
            found = text;
            fitting = 1;
            break;
        }
        if (!str_equal_c(text, "last") && !str_starts_with(ids.items[i], text)) continue;
        found = ids.items[i];
        fitting = str_equal_c(text, "last") ? 1 : fitting + 1;
    }
    if (fine && !ids.count)
        fine = error_set(error, "there are no runs in %s", root);
    else if (fine && (!fitting || !text.len))
        fine = error_set(error, "there is no run `%.*s`: see `planvm list`", STR_ARG(text));
    else if (fine && fitting > 1)
        fine =
            error_set(error, "`%.*s` may be any of %zu runs: write more of its id", STR_ARG(text), fitting);
    else if (fine)
        buffer_add_str(id, found);
    vec_free(&ids);
    arena_free(&arena);
    return fine;
}
