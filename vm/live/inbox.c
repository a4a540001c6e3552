/* RUN/inbox/MSG.json in, WORLD_SIGNAL out. Opened by live.c; the driver says when a signal is durable, and
 * only then its file goes, so that none is lost. A file that is no signal is put aside as MSG.json.bad and
 * told of. */
#include "vm/live/inbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/live/people.h"

enum { SIGNAL_MAX = 1 << 20 }; /* bytes of one file */

typedef struct Letter {
    char *name; /* of the file */
    struct timespec came;
} Letter;

typedef VEC(Letter) Letters;

struct Inbox {
    LiveWorld *live;
    char *folder;
    LoopWatch *watch;
    VEC(char *) given; /* names of files whose signals were given and are not durable yet */
};

static bool is_given(const Inbox *inbox, const char *name)
{
    for (size_t i = 0; i < inbox->given.count; i++)
        if (strcmp(inbox->given.items[i], name) == 0) return true;
    return false;
}

static bool read_whole(int folder, const char *name, Buffer *text)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return false;
    ssize_t got;
    do {
        buffer_reserve(text, 4096);
        got = read(fd, text->data + text->len, 4096);
        if (got > 0) text->len += (size_t)got;
    } while (got > 0 && text->len <= SIGNAL_MAX);
    close(fd);
    return got == 0;
}

static void take_letter(Inbox *inbox, int folder, const char *name)
{
    Buffer text = {0};
    Error error = {0};
    size_t stem = strlen(name) - strlen(".json");
    if (!read_whole(folder, name, &text)) {
        buffer_free(&text);
        return; /* gone again */
    }
    Json *signal = json_parse(buffer_str(&text), &error);
    if (signal && !json_string(signal, "kind", "").len) error_set(&error, "it has no kind");
    if (!signal || error.text[0]) {
        char aside[512];
        snprintf(aside, sizeof aside, "%.400s.bad", name);
        renameat(folder, name, folder, aside);
        people_say(inbox->live->people, "inbox/%s is no signal and was put aside: %s", name, error.text);
    } else {
        json_set_string(signal, "msg", (Str){name, stem});
        Buffer json = {0};
        json_write(&json, signal);
        vec_push(&inbox->given, memory_copy_c(str_from_c(name)));
        live_signal(inbox->live, &json);
    }
    json_free(signal);
    buffer_free(&text);
}

static int letter_order(const void *a, const void *b)
{
    const Letter *one = a, *other = b;
    if (one->came.tv_sec != other->came.tv_sec) return one->came.tv_sec < other->came.tv_sec ? -1 : 1;
    if (one->came.tv_nsec != other->came.tv_nsec) return one->came.tv_nsec < other->came.tv_nsec ? -1 : 1;
    return strcmp(one->name, other->name);
}

static void look(void *ctx)
{
    Inbox *inbox = ctx;
    Letters letters = {0};
    DIR *files = opendir(inbox->folder);
    if (!files) return;
    for (struct dirent *entry; (entry = readdir(files));) {
        struct stat info;
        Str name = str_from_c(entry->d_name);
        if (name.data[0] == '.' || !str_ends_with(name, STR(".json")) || is_given(inbox, entry->d_name))
            continue;
        if (fstatat(dirfd(files), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
            continue;
        Letter letter = {memory_copy_c(name), info.st_mtim};
        vec_push(&letters, letter);
    }
    if (letters.count) qsort(letters.items, letters.count, sizeof *letters.items, letter_order);
    for (size_t i = 0; i < letters.count; i++) {
        take_letter(inbox, dirfd(files), letters.items[i].name);
        free(letters.items[i].name);
    }
    vec_free(&letters);
    closedir(files);
}

Inbox *inbox_open(LiveWorld *live, Error *error)
{
    Inbox *inbox = memory_alloc(sizeof *inbox);
    Buffer folder = {0};
    buffer_printf(&folder, "%s/inbox", live->run_dir);
    inbox->live = live;
    inbox->folder = folder.data;
    mkdir(inbox->folder, 0700);
    /* Watched before the first look: what comes in between is seen by one of the two. */
    inbox->watch = loop_watch_start(live->loop, inbox->folder, look, inbox, error);
    if (!inbox->watch) {
        inbox_close(inbox);
        return NULL;
    }
    look(inbox);
    return inbox;
}

void inbox_close(Inbox *inbox)
{
    if (!inbox) return;
    loop_watch_stop(inbox->watch);
    for (size_t i = 0; i < inbox->given.count; i++)
        free(inbox->given.items[i]);
    vec_free(&inbox->given);
    free(inbox->folder);
    free(inbox);
}

void inbox_consumed(Inbox *inbox, Str msg)
{
    for (size_t i = 0; i < inbox->given.count; i++) {
        char *name = inbox->given.items[i];
        size_t stem = strlen(name) - strlen(".json");
        if (!str_equal(msg, (Str){name, stem})) continue;
        Buffer path = {0};
        buffer_printf(&path, "%s/%s", inbox->folder, name);
        unlink(path.data);
        buffer_free(&path);
        free(name);
        inbox->given.items[i] = inbox->given.items[--inbox->given.count];
        return;
    }
}
