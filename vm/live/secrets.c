/* Where values of secrets are found, put in and taken out. Called by the effects of this room, for every text
 * that leaves for the world or comes from it. A value must never be written to a file but the run's own
 * folder, nor shown. */
#include "vm/live/secrets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/live/clock.h"
#include "vm/live/forms.h"
#include "vm/live/spawn.h"

/* U+FDD0 and U+FDD1; U+FDD4 where the machine has made a URL's or a form's part of the text around them. What
 * the world sends holds none of them: whatever else it writes is no handle. */
static const struct {
    Str start, end;
} marks[2] = {{STR_INIT("\xEF\xB7\x90"), STR_INIT("\xEF\xB7\x91")},
              {STR_INIT("\xEF\xB7\x94"), STR_INIT("\xEF\xB7\x91")}};

enum {
    VALUE_MAX = 65536,       /* bytes of a secret */
    COMMAND_TIMEOUT = 15000, /* ms for a command that gives one */
};

typedef struct Secret {
    Str name, from, source;
    bool known;
    char *owned; /* the name, of one that was learnt */
    Buffer value;
} Secret;

struct Secrets {
    char *run;
    VEC(Secret) list;
    Forms forms; /* what to look for in texts that come back */
};

void secrets_close(Secrets *secrets)
{
    if (!secrets) return;
    for (size_t i = 0; i < secrets->list.count; i++) {
        Secret *secret = &secrets->list.items[i];
        forms_wipe(&secret->value);
        free(secret->owned);
    }
    vec_free(&secrets->list);
    forms_free(&secrets->forms);
    free(secrets->run);
    free(secrets);
}

/* ---- where values come from ---- */

static bool read_value(int fd, Buffer *value)
{
    ssize_t got;
    do {
        buffer_reserve(value, 4096);
        got = read(fd, value->data + value->len, 4096);
        if (got > 0) value->len += (size_t)got;
    } while ((got > 0 && value->len <= VALUE_MAX) || (got < 0 && errno == EINTR));
    return got == 0;
}

static bool from_file(const char *path, Buffer *value, Error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return error_set(error, "the file %s cannot be read: %s", path, strerror(errno));
    bool whole = read_value(fd, value);
    close(fd);
    return whole || error_set(error, "the file %s cannot be read, or is too long for a secret", path);
}

/* Collects what the command prints until it ends its output or the time is over. */
static bool read_until(int fd, int64_t deadline, Buffer *value)
{
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - clock_boot();
        if (left <= 0 || value->len > VALUE_MAX) return false;
        if (poll(&ready, 1, (int)left) <= 0) continue;
        buffer_reserve(value, 4096);
        ssize_t got = read(fd, value->data + value->len, 4096);
        if (got == 0) return true;
        if (got < 0 && errno != EINTR) return false;
        if (got > 0) value->len += (size_t)got;
    }
}

static bool from_command(const char *text, Buffer *value, Error *error)
{
    char shell[] = "/bin/sh", option[] = "-c", mark[96];
    /* Of this process alone: others may be at their secrets just now. */
    snprintf(mark, sizeof mark, SPAWN_MARK "secret/%d/%lld", (int)getpid(), (long long)clock_boot());
    char *script = memory_copy_c(str_from_c(text));
    char *argv[] = {shell, option, script, NULL};
    VEC(char *) env = {0};
    for (char **entry = environ; *entry; entry++)
        vec_push(&env, *entry);
    vec_push(&env, mark);
    vec_push(&env, NULL);
    SpawnSpec spec = {.program = shell, .argv = argv, .env = env.items};
    SpawnEnd end = {0};
    pid_t pid;
    int out[2] = {-1, -1};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bool started = null >= 0 && pipe2(out, O_CLOEXEC) == 0 && spawn_start(&spec, out[1], null, -1, &pid, &end);
    if (out[1] >= 0) close(out[1]);
    if (null >= 0) close(null);
    bool whole = started && read_until(out[0], clock_boot() + COMMAND_TIMEOUT, value);
    if (started) {
        if (!whole) spawn_signal(pid, mark, SIGKILL);
        while (!spawn_collect(pid, SPAWN_REST_LIVES, mark, &end))
            usleep(1000);
    }
    if (out[0] >= 0) close(out[0]);
    vec_free(&env);
    free(script);
    if (!started) return error_set(error, "its command could not be started");
    if (!whole) return error_set(error, "its command did not end within %d s", COMMAND_TIMEOUT / 1000);
    return end.exit == 0 || error_set(error, "its command exited with %d", end.exit);
}

/* Made once per run: 0600 beside the journal, so that a resumed run has the same. */
static bool from_chance(const Secrets *secrets, const Secret *secret, Buffer *value, Error *error)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789-_._~";
    Buffer path = {0};
    buffer_printf(&path, "%s/secrets", secrets->run);
    mkdir(path.data, 0700);
    buffer_printf(&path, "/%.*s", STR_ARG(secret->name));
    bool fine = true;
    int fd = open(path.data, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) {
        unsigned long wanted = strtoul(secret->source.data ? secret->source.data : "", NULL, 10);
        unsigned char chance[1024];
        size_t len = wanted && wanted <= sizeof chance ? wanted : 32;
        fine = getrandom(chance, len, 0) == (ssize_t)len;
        for (size_t i = 0; i < len; i++)
            buffer_add_char(value, letters[chance[i] & 63]);
        fine = fine && write(fd, value->data, value->len) == (ssize_t)value->len && fsync(fd) == 0;
        explicit_bzero(chance, sizeof chance);
        close(fd);
        if (!fine) error_set(error, "%s cannot be written: %s", path.data, strerror(errno));
    } else {
        fine = from_file(path.data, value, error);
    }
    buffer_free(&path);
    return fine;
}

static bool secret_find(Secrets *secrets, Secret *secret, Error *error)
{
    if (secret->known) return true;
    const char *source = secret->source.data ? secret->source.data : "";
    Buffer *value = &secret->value;
    bool found;
    if (str_equal_c(secret->from, "env")) {
        const char *text = getenv(source);
        found = text && *text;
        if (found)
            buffer_add_c(value, text);
        else
            error_set(error, "the environment variable %s is not set", source);
    } else if (str_equal_c(secret->from, "file")) {
        found = from_file(source, value, error);
    } else if (str_equal_c(secret->from, "command")) {
        found = from_command(source, value, error);
    } else {
        found = from_chance(secrets, secret, value, error);
    }
    while (value->len && strchr("\r\n", value->data[value->len - 1]))
        value->len--;
    if (found && !value->len) found = error_set(error, "it is empty");
    if (found && value->len > VALUE_MAX) found = error_set(error, "it is too long");
    if (!found) {
        forms_wipe(value);
        return error_wrap(error, "the secret %.*s cannot be had", STR_ARG(secret->name));
    }
    value->data[value->len] = 0;
    secret->known = true;
    forms_add_value(&secrets->forms, secret->name, buffer_str(&secret->value));
    return true;
}

/* ---- what the run learns ---- */

static Secret *find_named(Secrets *secrets, Str name)
{
    for (size_t i = 0; i < secrets->list.count; i++)
        if (str_equal(secrets->list.items[i].name, name)) return &secrets->list.items[i];
    return NULL;
}

static Secret *add_learnt(Secrets *secrets, Str name)
{
    Secret secret = {.owned = memory_copy_c(name), .from = STR("run")};
    secret.name = str_from_c(secret.owned);
    vec_push(&secrets->list, secret);
    return &secrets->list.items[secrets->list.count - 1];
}

/* Also what a process before this one has learnt must not be shown. */
static void recall_learnt(Secrets *secrets)
{
    Buffer path = {0};
    Error error = {""};
    buffer_printf(&path, "%s/secrets", secrets->run);
    DIR *folder = opendir(path.data);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        Str name = str_from_c(entry->d_name);
        if (entry->d_name[0] != '.' && !find_named(secrets, name)) secret_find(secrets, add_learnt(secrets, name), &error);
    }
    if (folder) closedir(folder);
    buffer_free(&path);
}

Secrets *secrets_open(const Json *list, const char *run)
{
    Secrets *secrets = memory_alloc(sizeof *secrets);
    secrets->run = memory_copy_c(str_from_c(run));
    for (const Json *item = json_first(list); item; item = json_next(item)) {
        Secret secret = {.name = json_string(item, "name", ""),
                         .from = json_string(item, "from", "env"),
                         .source = json_string(item, "value", "")};
        vec_push(&secrets->list, secret);
    }
    recall_learnt(secrets);
    return secrets;
}

static bool keep_value(const Secrets *secrets, Str name, Str value, Error *error)
{
    Buffer path = {0};
    buffer_printf(&path, "%s/secrets", secrets->run);
    mkdir(path.data, 0700);
    buffer_printf(&path, "/%.*s", STR_ARG(name));
    int fd = open(path.data, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool fine = fd >= 0 && write(fd, value.data, value.len) == (ssize_t)value.len && fsync(fd) == 0;
    if (!fine) error_set(error, "%s cannot be written: %s", path.data, strerror(errno));
    if (fd >= 0) close(fd);
    buffer_free(&path);
    return fine;
}

bool secrets_learn(Secrets *secrets, Str name, Str value, Error *error)
{
    while (value.len && strchr("\r\n", value.data[value.len - 1]))
        value.len--;
    if (!value.len || value.len > VALUE_MAX) return error_set(error, value.len ? "it is too long for a secret" : "it is empty");
    if (!keep_value(secrets, name, value, error)) return false;
    Secret *secret = find_named(secrets, name);
    if (!secret) secret = add_learnt(secrets, name);
    if (!str_equal(buffer_str(&secret->value), value)) {
        buffer_clear(&secret->value);
        buffer_add_str(&secret->value, value);
        secret->known = true;
        forms_add_value(&secrets->forms, secret->name, buffer_str(&secret->value));
    }
    return true;
}

/* ---- putting in and taking out ---- */

typedef struct Handle {
    Str before, name, after;
    bool in_url; /* it stands in a text that is percent-encoded */
} Handle;

/* The next handle in a text. False: there is none. */
static bool next_handle(Str text, Handle *handle)
{
    ptrdiff_t first = -1;
    for (size_t i = 0; i < 2; i++) {
        ptrdiff_t start = str_find(text, marks[i].start);
        if (start < 0 || (first >= 0 && start > first)) continue;
        Str rest = str_slice(text, (size_t)start + marks[i].start.len, text.len);
        ptrdiff_t end = str_find(rest, marks[i].end);
        if (end < 0) continue;
        first = start;
        *handle = (Handle){.before = str_slice(text, 0, (size_t)start),
                           .name = str_slice(rest, 0, (size_t)end),
                           .after = str_slice(rest, (size_t)end + marks[i].end.len, rest.len),
                           .in_url = i == 1};
    }
    return first >= 0;
}

bool secrets_are_in(Str text)
{
    Handle handle;
    return next_handle(text, &handle);
}

static void write_value(Buffer *out, const Secret *secret, bool in_url, SecretForm form)
{
    Str value = buffer_str(&secret->value);
    if (in_url) {
        forms_write_url(out, value, "0123456789ABCDEF", "-._~");
    } else if (form == SECRET_IN_JSON) {
        Buffer quoted = {0};
        json_write_string(&quoted, value);
        buffer_add_str(out, str_slice(buffer_str(&quoted), 1, quoted.len - 1));
        forms_wipe(&quoted);
    } else {
        buffer_add_str(out, value);
    }
}

bool secrets_fill(Secrets *secrets, Buffer *out, Str text, SecretForm form, Error *error)
{
    for (Handle handle; next_handle(text, &handle); text = handle.after) {
        Secret *secret = find_named(secrets, handle.name);
        if (!secret) return error_set(error, "the plan has no secret %.*s", STR_ARG(handle.name));
        if (!secret_find(secrets, secret, error)) return false;
        buffer_add_str(out, handle.before);
        write_value(out, secret, handle.in_url, form);
    }
    buffer_add_str(out, text);
    return true;
}

void secrets_redact(const Secrets *secrets, Buffer *out, Str text)
{
    forms_redact(&secrets->forms, out, text);
}

void secrets_redact_part(const Secrets *secrets, Buffer *pending, bool last, Buffer *out)
{
    forms_redact_part(&secrets->forms, pending, last, out);
}

size_t secrets_longest(const Secrets *secrets)
{
    return forms_longest(&secrets->forms);
}

void secrets_show(Buffer *out, Str text)
{
    for (Handle handle; next_handle(text, &handle); text = handle.after) {
        buffer_add_str(out, handle.before);
        buffer_printf(out, "[secret %.*s]", STR_ARG(handle.name));
    }
    buffer_add_str(out, text);
}
