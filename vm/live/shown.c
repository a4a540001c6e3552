/* Lines in, lines out, over the file RUN/shown, one JSON object each (vm/live/shown.h). Called by capture.c
 * and attach.c. What cannot be written or read is not shown: nothing depends on it. */
#include "vm/live/shown.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHOWN_MOST = 256 << 10 }; /* bytes of the file */

struct Shown {
    char *path;
    int fd;
    uint64_t size;
};

static char *path_in(const char *run_dir)
{
    Buffer path = {0};
    buffer_printf(&path, "%s/shown", run_dir);
    return path.data;
}

Shown *shown_open(const char *run_dir)
{
    Shown *shown = memory_alloc(sizeof *shown);
    shown->path = path_in(run_dir);
    shown->fd = open(shown->path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    return shown;
}

void shown_close(Shown *shown)
{
    if (!shown) return;
    if (shown->fd >= 0) close(shown->fd);
    unlink(shown->path);
    free(shown->path);
    free(shown);
}

void shown_write(Shown *shown, const PeopleLine *line)
{
    Buffer text = {0};
    buffer_printf(&text,
                  "{\"effect\":%" PRIu64 ",\"skipped\":%" PRIu64 ",\"stream\":\"%s\",\"step\":", line->effect,
                  line->skipped, line->stream);
    json_write_string(&text, line->step);
    buffer_add_c(&text, ",\"host\":");
    json_write_string(&text, line->host);
    buffer_add_c(&text, ",\"text\":");
    json_write_string(&text, line->text);
    buffer_add_c(&text, "}\n");
    if (shown->size + text.len > SHOWN_MOST && shown->fd >= 0 && ftruncate(shown->fd, 0) == 0)
        shown->size = 0;
    if (shown->fd >= 0 && write(shown->fd, text.data, text.len) == (ssize_t)text.len) shown->size += text.len;
    buffer_free(&text);
}

static void show_line(Str text, People *people)
{
    Json *json = json_parse(text, NULL);
    PeopleLine line = {.effect = (uint64_t)json_int(json, "effect", 0),
                       .step = json_string(json, "step", ""),
                       .host = json_string(json, "host", ""),
                       .stream = json_string(json, "stream", "out").data,
                       .text = json_string(json, "text", ""),
                       .skipped = (uint64_t)json_int(json, "skipped", 0)};
    if (json) people_line(people, &line);
    json_free(json);
}

void shown_follow(const char *run_dir, ShownPlace *place, People *people)
{
    char *path = path_in(run_dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info = {0};
    Buffer text = {0};
    if (fd >= 0) fstat(fd, &info);
    uint64_t size = (uint64_t)info.st_size;
    if (!place->is_known) place->at = size;
    if (size < place->at) place->at = 0;
    place->is_known = true;
    if (size > place->at) {
        buffer_reserve(&text, SHOWN_MOST);
        ssize_t got = pread(fd, text.data, SHOWN_MOST, (off_t)place->at);
        text.len = got > 0 ? (size_t)got : 0;
    }
    Str rest = buffer_str(&text);
    for (ptrdiff_t end; (end = str_find(rest, STR("\n"))) >= 0;) {
        show_line(str_slice(rest, 0, (size_t)end), people);
        rest = str_slice(rest, (size_t)end + 1, rest.len);
        place->at += (uint64_t)end + 1;
    }
    if (fd >= 0) close(fd);
    buffer_free(&text);
    free(path);
}
