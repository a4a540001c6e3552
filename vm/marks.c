/* Sentences from vm/marks.def and of effects (vm/marks.h). No state, no I/O. */
#include "vm/marks.h"

#include "vm/base/time.h"

#include <string.h>

static const struct {
    const char *kind, *sentence;
} sentences[] = {
#define MARK(kind, sentence) {kind, sentence},
#include "vm/marks.def"
#undef MARK
};

/* Text from outside, on one line, without what a terminal would obey. */
static void add_plain(Buffer *out, Str text)
{
    bool blank = false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c > 0x20 && c != 0x7f) {
            if (blank) buffer_add_char(out, ' ');
            buffer_add_char(out, (char)c);
            blank = false;
        } else {
            blank = blank || i > 0;
        }
    }
}

static bool is_empty(const Json *value)
{
    switch (json_kind(value)) {
    case JSON_NULL: return true;
    case JSON_STRING: return !str_trim(json_text(value)).len;
    case JSON_LIST: return !json_count(value);
    default: return false;
    }
}

static void add_value(Buffer *out, const Json *value)
{
    if (json_kind(value) == JSON_STRING) {
        add_plain(out, str_trim(json_text(value)));
    } else if (json_kind(value) == JSON_LIST) {
        for (const Json *item = json_first(value); item; item = json_next(item)) {
            if (item != json_first(value)) buffer_add_c(out, ", ");
            add_value(out, item);
        }
    } else if (json_kind(value) != JSON_NULL) {
        json_write(out, value);
    }
}

/* {name} or {name:form}; false when the member is empty. A lateness or deadline of 0 is none. */
static bool add_member(Buffer *out, Str place, const Json *args)
{
    char name[48];
    ptrdiff_t colon = str_find(place, STR(":"));
    Str key = colon < 0 ? place : str_slice(place, 0, (size_t)colon);
    Str form = colon < 0 ? STR("") : str_slice(place, (size_t)colon + 1, place.len);
    key = str_slice(key, 0, sizeof name - 1);
    memcpy(name, key.data, key.len);
    name[key.len] = '\0';
    const Json *value = json_get(args, name);
    if (str_equal_c(form, "if")) return json_bool(args, name, false);
    if (is_empty(value)) return false;
    if (json_kind(value) != JSON_NUMBER || !form.len)
        add_value(out, value);
    else if (!json_as_int(value))
        return false;
    else if (str_equal_c(form, "duration"))
        duration_write(out, json_as_int(value));
    else if (str_equal_c(form, "date"))
        time_write_date(out, json_as_int(value));
    else
        time_write_clock(out, json_as_int(value));
    return true;
}

/* Fills a sentence in up to its end or the bracket that closes it; *holds: no member in it was empty. */
static Str fill(Buffer *out, Str rest, const Json *args, bool *holds)
{
    *holds = true;
    while (rest.len && rest.data[0] != ']') {
        char c = rest.data[0];
        size_t used = 1;
        if (c == '[') {
            size_t before = out->len;
            bool inner;
            Str after = fill(out, str_slice(rest, 1, rest.len), args, &inner);
            if (!inner && out->data) out->data[out->len = before] = '\0';
            used = rest.len - after.len + (after.len ? 1 : 0);
        } else if (c == '{') {
            size_t end = (size_t)str_find(rest, STR("}"));
            if (!add_member(out, str_slice(rest, 1, end), args)) *holds = false;
            used = end + 1;
        } else {
            buffer_add_char(out, c);
        }
        rest = str_slice(rest, used, rest.len);
    }
    return rest;
}

bool mark_write(Buffer *out, Str kind, const Json *args)
{
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        if (!str_equal_c(kind, sentences[i].kind)) continue;
        bool holds;
        fill(out, str_from_c(sentences[i].sentence), args, &holds);
        return sentences[i].sentence[0] != '\0';
    }
    add_plain(out, kind);
    buffer_add_char(out, ' ');
    json_write(out, args);
    return true;
}

/* ---- effects ---- */

static void add_command(Buffer *out, const Json *args)
{
    const Json *argv = json_get(args, "argv");
    Str script = json_string(args, "sh", "");
    if (script.len) {
        buffer_add_c(out, "sh: ");
        add_plain(out, str_trim(script));
    }
    for (const Json *word = json_first(argv); word; word = json_next(word)) {
        if (word != json_first(argv)) buffer_add_char(out, ' ');
        bool quoted = !json_text(word).len || str_find(json_text(word), STR(" ")) >= 0;
        if (quoted) buffer_add_char(out, '\'');
        add_plain(out, json_text(word));
        if (quoted) buffer_add_char(out, '\'');
    }
    const Json *host = json_get(args, "host");
    if (!json_is_null(host)) {
        buffer_add_c(out, " on ");
        add_plain(out, json_string(host, "name", "a host"));
    }
}

/* "doubled(n: 5)" */
static void add_native(Buffer *out, const Json *args)
{
    add_plain(out, json_string(args, "fn", ""));
    buffer_add_char(out, '(');
    for (const Json *arg = json_first(json_get(args, "args")); arg; arg = json_next(arg)) {
        buffer_printf(out, "%s%s: ", arg == json_first(json_get(args, "args")) ? "" : ", ", json_key(arg));
        json_write(out, arg);
    }
    buffer_add_char(out, ')');
}

void effect_write(Buffer *out, Str op, const Json *args)
{
    if (str_equal_c(op, "http")) {
        buffer_printf(out, "%s ", json_string(args, "method", "GET").data);
        add_plain(out, json_string(args, "url", ""));
    } else if (str_equal_c(op, "command")) {
        add_command(out, args);
    } else if (str_equal_c(op, "native")) {
        add_native(out, args);
    } else if (str_equal_c(op, "call")) {
        add_plain(out, json_string(args, "fn", ""));
    } else if (str_equal_c(op, "deliver")) {
        bool holds;
        fill(out, STR("{kind}[ to {contact}][ by {way}][ through {channel}][: {title}]"), args, &holds);
    } else if (str_equal_c(op, "terminal")) {
        bool holds;
        fill(out, STR("message to {target}[: {title}]"), args, &holds);
    } else if (str_equal_c(op, "mail")) {
        buffer_add_c(out, "mail to ");
        for (const Json *to = json_first(json_get(args, "to")); to; to = json_next(to)) {
            if (to != json_first(json_get(args, "to"))) buffer_add_c(out, ", ");
            add_plain(out, json_text(to));
        }
    } else {
        add_plain(out, op);
        buffer_add_char(out, ' ');
        json_write(out, args);
    }
}

/* The last line that says something. */
static Str last_line(Str text)
{
    text = str_trim(text);
    size_t from = text.len;
    while (from > 0 && text.data[from - 1] != '\n')
        from--;
    return str_trim(str_slice(text, from, text.len));
}

bool effect_result_is_good(const Json *result)
{
    return json_bool(result, "ok", false) || json_bool(result, "body", false);
}

/* Of outputs that are longer than what the result holds. */
static void add_lengths(Buffer *out, const Json *result)
{
    static const struct {
        const char *member, *what;
    } streams[] = {{"out_whole", "printed"}, {"err_whole", "on stderr"}, {"body_whole", "answered"}};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        int64_t size = json_int(json_get(result, streams[i].member), "size", 0);
        if (size) buffer_printf(out, ", %lld MiB %s", (long long)(size >> 20), streams[i].what);
    }
}

void effect_result_write(Buffer *out, Str op, const Json *result)
{
    Str error = json_string(result, "error", ""), said = last_line(json_string(result, "err", ""));
    int64_t status = json_int(result, "status", 0);
    if (!said.len) said = last_line(json_string(result, "out", ""));
    if (json_bool(result, "unknown", false)) {
        buffer_add_c(out, "not known whether it was done");
        said = error;
    } else if (json_bool(result, "timed_out", false)) {
        buffer_add_c(out, "timed out");
    } else if (str_equal_c(op, "http") && status && !json_bool(result, "dry", false)) {
        buffer_printf(out, "%lld", (long long)status);
        said = error;
    } else if (json_bool(result, "dry", false) && effect_result_is_good(result)) {
        buffer_add_c(out, str_equal_c(op, "command") && said.len ? "judged by the API server, not done" : "not done");
    } else if (effect_result_is_good(result)) {
        buffer_add_c(out, "ok");
        said = STR("");
    } else if (error.len) {
        buffer_add_c(out, "failed");
        said = error;
    } else if (json_string(result, "signal", "").len) {
        buffer_printf(out, "ended by %s", json_string(result, "signal", "").data);
    } else if (str_equal_c(op, "command")) {
        buffer_printf(out, "exit %lld", (long long)json_int(result, "exit", 0));
    } else {
        buffer_add_c(out, "failed");
    }
    add_lengths(out, result);
    if (!said.len) return;
    buffer_add_c(out, ": ");
    add_plain(out, said);
}
