/* Bytes of one stream in; text for the plan, a file for the record and lines for people out
 * (vm/live/capture.h). Called by command.c and http_effect.c. What leaves it has no secrets in it; a file is
 * complete and durable before a result speaks of it. */
#include "vm/live/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/live/shown.h"
#include "vm/log.h"

enum {
    PACK_FROM =
        256
        << 10, /* bytes after which a stream may become too long for the plan: it is packed from then on */
};

static bool has_room(void *ctx)
{
    Capture *capture = ctx;
    if (clock_boot() < capture->shown_from) return false;
    return people_have_room(capture->effect->live->people);
}

static void line_came(void *ctx, Str line, uint64_t skipped)
{
    Capture *capture = ctx;
    LiveEffect *effect = capture->effect;
    PeopleLine shown = {.effect = effect->id,
                        .step = str_from_c(effect->step),
                        .host = json_string(json_get(effect->args, "host"), "name", ""),
                        .stream = capture->name,
                        .text = line,
                        .skipped = skipped};
    LiveWorld *live = effect->live;
    people_line(live->people, &shown);
    if (!live->shown) live->shown = shown_open(live->run_dir);
    shown_write(live->shown, &shown);
}

void capture_begin(Capture *capture, LiveEffect *effect, const char *name)
{
    *capture = (Capture){.effect = effect, .name = name};
}

void capture_show(Capture *capture, int64_t from)
{
    capture->shown = true;
    capture->shown_from = from;
    capture->lines.events = (LinesEvents){.ctx = capture, .room = has_room, .line = line_came};
}

/* ---- the file ---- */

static void file_path(const Capture *capture, Buffer *path, const char *name)
{
    buffer_printf(path, "%s/" LOG_OUTPUTS, capture->effect->live->run_dir);
    if (name)
        buffer_printf(path, "/%s.zst", name);
    else
        buffer_printf(path, "/.%" PRIu64 ".%s", capture->effect->id, capture->name);
}

static void begin_file(Capture *capture)
{
    Buffer path = {0};
    buffer_printf(&path, "%s/" LOG_OUTPUTS, capture->effect->live->run_dir);
    mkdir(path.data, 0700);
    buffer_clear(&path);
    file_path(capture, &path, NULL);
    int fd = open(path.data, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        error_set(&capture->trouble, "%s cannot be written: %s", path.data, strerror(errno));
    else
        capture->packer = pack_begin(fd);
    buffer_free(&path);
}

static bool sync_folder(const Capture *capture)
{
    Buffer path = {0};
    buffer_printf(&path, "%s/" LOG_OUTPUTS, capture->effect->live->run_dir);
    int fd = open(path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    buffer_free(&path);
    return synced;
}

static void end_file(Capture *capture)
{
    Hash hash;
    uint64_t size;
    char name[33];
    Buffer fresh = {0}, path = {0};
    bool whole = pack_end(capture->packer, &hash, &size, &capture->trouble);
    capture->packer = NULL;
    hash_write(hash, name);
    file_path(capture, &fresh, NULL);
    file_path(capture, &path, name);
    if (whole && (rename(fresh.data, path.data) != 0 || !sync_folder(capture)))
        whole = error_set(&capture->trouble, "%s cannot be written: %s", path.data, strerror(errno));
    if (whole)
        buffer_printf(&capture->whole, "%s %" PRIu64, name, size);
    else
        unlink(fresh.data);
    buffer_free(&fresh);
    buffer_free(&path);
}

static void drop_file(Capture *capture)
{
    if (!capture->packer) return;
    Buffer path = {0};
    pack_drop(capture->packer);
    capture->packer = NULL;
    file_path(capture, &path, NULL);
    unlink(path.data);
    buffer_free(&path);
}

/* ---- what comes ---- */

/* What can be decided of `pending` goes to the file and to the people. */
static void pass_on(Capture *capture, bool last)
{
    Buffer clean = {0};
    secrets_redact_part(capture->effect->live->secrets, &capture->pending, last, &clean);
    if (capture->packer) pack_add(capture->packer, buffer_str(&clean));
    if (capture->shown) lines_add(&capture->lines, buffer_str(&clean));
    buffer_free(&clean);
}

/* What was decided before there was a file is its beginning. */
static void begin_packing(Capture *capture)
{
    begin_file(capture);
    if (!capture->packer) return;
    size_t decided = capture->shown ? capture->head.len - capture->pending.len : 0;
    Buffer clean = {0};
    secrets_redact(capture->effect->live->secrets, &clean, str_slice(buffer_str(&capture->head), 0, decided));
    pack_add(capture->packer, buffer_str(&clean));
    buffer_free(&clean);
    if (!capture->shown) buffer_add_str(&capture->pending, buffer_str(&capture->head));
}

void capture_add(Capture *capture, Str bytes)
{
    bool kept = !capture->secret && !capture->packer && !capture->whole.len && !capture->trouble.text[0];
    if (kept && capture->size + bytes.len > PACK_FROM) begin_packing(capture);
    size_t room = CAPTURE_CAP - capture->head.len;
    buffer_add_str(&capture->head, str_slice(bytes, 0, room));
    bool past = capture->size >= CAPTURE_MOST;
    capture->size += bytes.len;
    if (capture->secret || past || !(capture->packer || capture->shown)) return;
    buffer_add_str(&capture->pending, bytes);
    pass_on(capture, false);
}

void capture_recall(Capture *capture, Str whole)
{
    buffer_add_str(&capture->whole, whole);
}

bool capture_is_cut(const Capture *capture)
{
    return capture->size > CAPTURE_CAP || capture->whole.len;
}

/* ---- its end ---- */

static void add_whole(const Capture *capture, Buffer *json)
{
    Str whole = buffer_str(&capture->whole);
    ptrdiff_t blank = str_find(whole, STR(" "));
    buffer_printf(json, ",\"%s_cut\":true", capture->name);
    if (strcmp(capture->name, "err") != 0) buffer_add_c(json, ",\"truncated\":true");
    if (blank > 0)
        buffer_printf(json, ",\"%s_whole\":{\"hash\":\"%.*s\",\"size\":%s}", capture->name, (int)blank,
                      whole.data, whole.data + blank + 1);
}

/* What stands behind a text that is not whole: where the rest is, or why it is nowhere. */
static void add_notice(const Capture *capture, Buffer *text)
{
    const LiveEffect *effect = capture->effect;
    const char *what = capture->size > CAPTURE_MOST ? "its first GiB" : "all of it";
    buffer_printf(text, "\n[cut: there was more than %zu MiB", CAPTURE_CAP >> 20);
    if (capture->whole.len)
        buffer_printf(text, "; %s: planvm output %s %" PRIu64 " %s", what, effect->live->run_id, effect->id,
                      capture->name);
    else if (capture->trouble.text[0])
        buffer_printf(text, ", and it is not kept: %s", capture->trouble.text);
    buffer_add_c(text, "]\n");
}

void capture_write(Capture *capture, Buffer *json, Buffer *clean)
{
    LiveEffect *effect = capture->effect;
    pass_on(capture, true);
    if (capture->shown && clock_boot() >= capture->shown_from) lines_end(&capture->lines);
    /* A text that was cut may end in the middle of a secret, which would then not be recognised. */
    size_t len = capture->head.len, longest = secrets_longest(effect->live->secrets);
    if (capture->size > len) len -= longest < len ? longest : len;
    text_clean(effect->live->secrets, clean, str_slice(buffer_str(&capture->head), 0, len));
    bool cut = text_bound(clean, CAPTURE_CAP) || capture_is_cut(capture);
    if (cut && capture->packer) end_file(capture);
    drop_file(capture);
    buffer_printf(json, ",\"%s\":", capture->name);
    if (cut) {
        Buffer text = {0};
        buffer_add_str(&text, buffer_str(clean));
        add_notice(capture, &text);
        json_write_string(json, buffer_str(&text));
        buffer_free(&text);
        add_whole(capture, json);
    } else {
        json_write_string(json, buffer_str(clean));
    }
}

void capture_free(Capture *capture)
{
    drop_file(capture);
    if (capture->head.data) explicit_bzero(capture->head.data, capture->head.cap);
    buffer_free(&capture->head);
    buffer_free(&capture->pending);
    buffer_free(&capture->whole);
    lines_free(&capture->lines);
}
