/* Where values of secrets are found, put in and taken out. Called by the effects of this room, for every text
 * that leaves for the world or comes from it. A value must never be written to a file but the run's own
 * folder, nor shown. */
#include "vm/live/secrets.h"

#include <ctype.h>
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
    REDACT_MIN = 3,          /* shorter values would blacken everything */
    URL_PART_MIN = 16,       /* characters of a URL's piece that is taken for a key */
};

typedef struct Secret {
    Str name, from, source;
    bool known;
    char *owned; /* the name, of one that was learnt */
    Buffer value;
    VEC(Buffer) forms; /* what to look for in texts that come back, the longest first */
} Secret;

struct Secrets {
    char *run;
    VEC(Secret) list;
    size_t longest;
};

static void wipe(Buffer *buffer)
{
    if (buffer->data) explicit_bzero(buffer->data, buffer->cap);
    buffer_free(buffer);
}

void secrets_close(Secrets *secrets)
{
    if (!secrets) return;
    for (size_t i = 0; i < secrets->list.count; i++) {
        Secret *secret = &secrets->list.items[i];
        wipe(&secret->value);
        for (size_t k = 0; k < secret->forms.count; k++)
            wipe(&secret->forms.items[k]);
        vec_free(&secret->forms);
        free(secret->owned);
    }
    vec_free(&secrets->list);
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
    char shell[] = "/bin/sh", option[] = "-c", mark[] = SPAWN_MARK "secret";
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
        while (!spawn_collect(pid, false, mark, &end))
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

/* ---- the forms in which a value may come back ---- */

static void add_form(Secret *secret, Buffer *form)
{
    bool wanted = form->len >= REDACT_MIN;
    for (size_t i = 0; i < secret->forms.count && wanted; i++)
        wanted = !str_equal(buffer_str(&secret->forms.items[i]), buffer_str(form));
    if (!wanted) {
        wipe(form);
        return;
    }
    vec_push(&secret->forms, *form);
    for (size_t i = secret->forms.count - 1;
         i > 0 && secret->forms.items[i - 1].len < secret->forms.items[i].len; i--) {
        Buffer longer = secret->forms.items[i];
        secret->forms.items[i] = secret->forms.items[i - 1];
        secret->forms.items[i - 1] = longer;
    }
    *form = (Buffer){0};
}

/* `plain`: what stays as it is besides letters and digits; a blank becomes a plus where that is one of
 * them. */
static void write_url(Buffer *out, Str text, const char *digits, const char *plain)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (isalnum(c) || (c && c != '+' && strchr(plain, c)))
            buffer_add_char(out, (char)c);
        else if (c == ' ' && strchr(plain, '+'))
            buffer_add_char(out, '+');
        else
            buffer_printf(out, "%%%c%c", digits[c >> 4], digits[c & 15]);
    }
}

static void add_url_form(Secret *secret, Str value, const char *digits, const char *plain)
{
    Buffer form = {0};
    write_url(&form, value, digits, plain);
    add_form(secret, &form);
}

/* Base64 of the value as it stands `before` bytes behind a group's start (as in "user:" + value); only the
 * letters that do not depend on its neighbours. */
static void add_base64_form(Secret *secret, Str value, size_t before, const char *letters)
{
    Buffer form = {0};
    size_t bits = (before + value.len) * 8;
    for (size_t bit = before ? (before * 8 + 5) / 6 * 6 : 0; bit + 6 <= bits; bit += 6) {
        unsigned letter = 0;
        for (size_t k = 0; k < 6; k++) {
            size_t at = bit + k - before * 8;
            unsigned byte = (unsigned char)value.data[at / 8];
            letter = letter << 1 | (byte >> (7 - at % 8) & 1U);
        }
        buffer_add_char(&form, letters[letter]);
    }
    /* The whole value by itself ends in a letter of its own, and padding. */
    size_t rest = value.len % 3;
    if (before == 0 && rest) {
        unsigned last = (unsigned char)value.data[value.len - 1];
        Buffer padded = {0};
        buffer_add_str(&padded, buffer_str(&form));
        buffer_add_char(&padded, letters[rest == 1 ? (last & 3U) << 4 : (last & 15U) << 2]);
        buffer_add_c(&padded, rest == 1 ? "==" : "=");
        add_form(secret, &padded);
    }
    /* Short stumps would stand in innocent texts. */
    if (form.len < 6) buffer_clear(&form);
    add_form(secret, &form);
}

static void add_json_form(Secret *secret, Str value, bool slashes)
{
    Buffer quoted = {0}, form = {0};
    json_write_string(&quoted, value);
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        if (slashes && quoted.data[i] == '/') buffer_add_char(&form, '\\');
        buffer_add_char(&form, quoted.data[i]);
    }
    wipe(&quoted);
    add_form(secret, &form);
}

static void add_forms(Secret *secret, Str value)
{
    Buffer raw = {0};
    buffer_add_str(&raw, value);
    add_form(secret, &raw);
    add_json_form(secret, value, false);
    add_json_form(secret, value, true);
    /* As a value, as a form, as (part of) a path; with either case of digits. */
    static const char *const plain[] = {"-._~", "-._~+", "-._~/"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        add_url_form(secret, value, "0123456789ABCDEF", plain[i]);
        add_url_form(secret, value, "0123456789abcdef", plain[i]);
    }
    for (size_t before = 0; before < 3; before++) {
        add_base64_form(secret, value, before,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
        add_base64_form(secret, value, before,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    }
}

/* Of a URL a server sees, and may say, the part behind the host only, or a piece of it: in a webhook's that
 * is the secret. Pieces shorter than a key are words that stand elsewhere too. */
static void add_url_parts(Secret *secret)
{
    Str url = buffer_str(&secret->value);
    ptrdiff_t scheme = str_find(url, STR("://"));
    if (scheme < 0) return;
    Str rest = str_slice(url, (size_t)scheme + 3, url.len);
    size_t host = 0;
    while (host < rest.len && !strchr("/?#", rest.data[host]))
        host++;
    ptrdiff_t at = str_find(str_slice(rest, 0, host), STR("@"));
    if (at > 0) add_forms(secret, str_slice(rest, 0, (size_t)at));
    rest = str_slice(rest, host, rest.len);
    if (rest.len >= URL_PART_MIN) add_forms(secret, rest);
    for (size_t start = 0; start < rest.len;) {
        size_t end = start;
        while (end < rest.len && !strchr("/?&=#", rest.data[end]))
            end++;
        if (end - start >= URL_PART_MIN) add_forms(secret, str_slice(rest, start, end));
        start = end + 1;
    }
}

static void make_forms(Secrets *secrets, Secret *secret)
{
    add_forms(secret, buffer_str(&secret->value));
    add_url_parts(secret);
    if (secret->forms.count && secret->forms.items[0].len > secrets->longest)
        secrets->longest = secret->forms.items[0].len;
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
        wipe(value);
        return error_wrap(error, "the secret %.*s cannot be had", STR_ARG(secret->name));
    }
    value->data[value->len] = 0;
    secret->known = true;
    make_forms(secrets, secret);
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
        make_forms(secrets, secret);
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
        write_url(out, value, "0123456789ABCDEF", "-._~");
    } else if (form == SECRET_IN_JSON) {
        Buffer quoted = {0};
        json_write_string(&quoted, value);
        buffer_add_str(out, str_slice(buffer_str(&quoted), 1, quoted.len - 1));
        wipe(&quoted);
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

static void replace_all(Buffer *text, Str form, Str name)
{
    if (str_find(buffer_str(text), form) < 0) return;
    Buffer out = {0};
    Str rest = buffer_str(text);
    for (char *hit; rest.len && (hit = memmem(rest.data, rest.len, form.data, form.len));) {
        size_t at = (size_t)(hit - rest.data);
        buffer_add(&out, rest.data, at);
        buffer_printf(&out, "[secret %.*s]", STR_ARG(name));
        rest = str_slice(rest, at + form.len, rest.len);
    }
    buffer_add_str(&out, rest);
    wipe(text);
    *text = out;
}

void secrets_redact(const Secrets *secrets, Buffer *out, Str text)
{
    Buffer clean = {0};
    buffer_add_str(&clean, text);
    for (size_t i = 0; i < secrets->list.count; i++) {
        const Secret *secret = &secrets->list.items[i];
        for (size_t k = 0; k < secret->forms.count; k++)
            replace_all(&clean, buffer_str(&secret->forms.items[k]), secret->name);
    }
    buffer_add_str(out, buffer_str(&clean));
    wipe(&clean);
}

size_t secrets_longest(const Secrets *secrets)
{
    return secrets->longest;
}

void secrets_show(Buffer *out, Str text)
{
    for (Handle handle; next_handle(text, &handle); text = handle.after) {
        buffer_add_str(out, handle.before);
        buffer_printf(out, "[secret %.*s]", STR_ARG(handle.name));
    }
    buffer_add_str(out, text);
}
