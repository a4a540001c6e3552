/* Values in, forms and redacted texts out (vm/live/forms.h). Called by secrets.c. No I/O; what it holds is
 * wiped when it goes. */
#include "vm/live/forms.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vm/base/json.h"
#include "vm/base/utf8.h"

enum {
    REDACT_MIN = 3,    /* shorter values would blacken everything */
    URL_PART_MIN = 16, /* characters of a URL's piece that is taken for a key */
};

/* Where the forms of one value go. */
typedef struct Target {
    Forms *forms;
    Str name;
} Target;

void forms_wipe(Buffer *buffer)
{
    if (buffer->data) explicit_bzero(buffer->data, buffer->cap);
    buffer_free(buffer);
}

void forms_free(Forms *forms)
{
    for (size_t i = 0; i < forms->list.count; i++)
        forms_wipe(&forms->list.items[i].text);
    vec_free(&forms->list);
}

/* ---- making them ---- */

/* `form` is emptied. */
static void add_form(const Target *target, Buffer *form)
{
    Forms *forms = target->forms;
    bool wanted = form->len >= REDACT_MIN;
    for (size_t i = 0; i < forms->list.count && wanted; i++)
        wanted = !str_equal(buffer_str(&forms->list.items[i].text), buffer_str(form));
    if (!wanted) {
        forms_wipe(form);
        return;
    }
    Form made = {*form, target->name};
    *form = (Buffer){0};
    vec_push(&forms->list, made);
    size_t at = forms->list.count - 1;
    for (; at > 0 && forms->list.items[at - 1].text.len < made.text.len; at--)
        forms->list.items[at] = forms->list.items[at - 1];
    forms->list.items[at] = made;
}

void forms_write_url(Buffer *out, Str text, const char *digits, const char *plain)
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

static void add_url_form(const Target *target, Str value, const char *digits, const char *plain)
{
    Buffer form = {0};
    forms_write_url(&form, value, digits, plain);
    add_form(target, &form);
}

/* Base64 of the value as it stands `before` bytes behind a group's start (as in "user:" + value); only the
 * letters that do not depend on its neighbours. */
static void add_base64_form(const Target *target, Str value, size_t before, const char *letters)
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
        add_form(target, &padded);
    }
    /* Short stumps would stand in innocent texts. */
    if (form.len < 6) buffer_clear(&form);
    add_form(target, &form);
}

/* A character beyond ASCII as JSON's \u…, two of them where it does not fit into one. */
static void write_escape(Buffer *out, uint32_t code, const char *digits)
{
    uint32_t units[2] = {code, 0};
    if (code >= 0x10000) {
        units[0] = 0xD800 + ((code - 0x10000) >> 10);
        units[1] = 0xDC00 + ((code - 0x10000) & 0x3FF);
    }
    for (size_t i = 0; i < 2 && units[i]; i++)
        buffer_printf(out, "\\u%c%c%c%c", digits[units[i] >> 12], digits[units[i] >> 8 & 15],
                      digits[units[i] >> 4 & 15], digits[units[i] & 15]);
}

/* What stands between the quotes of a JSON string. `digits`: of escapes for what is beyond ASCII; NULL: it
 * stands as it is. */
static void write_json(Buffer *out, Str value, bool slashes, const char *digits)
{
    Buffer quoted = {0};
    json_write_string(&quoted, value);
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        uint32_t code = 0;
        size_t len = digits ? utf8_decode(str_slice(buffer_str(&quoted), i, quoted.len), &code) : 0;
        if (len > 1) {
            write_escape(out, code, digits);
            i += len - 1;
            continue;
        }
        if (slashes && quoted.data[i] == '/') buffer_add_char(out, '\\');
        buffer_add_char(out, quoted.data[i]);
    }
    forms_wipe(&quoted);
}

/* As a string of JSON, and as one in a text that is itself a string of JSON (a body in a line of a log). */
static void add_json_forms(const Target *target, Str value)
{
    static const char *const digits[] = {NULL, "0123456789abcdef", "0123456789ABCDEF"};
    for (size_t i = 0; i < 6; i++) {
        Buffer once = {0}, twice = {0};
        write_json(&once, value, i % 2, digits[i / 2]);
        write_json(&twice, buffer_str(&once), false, NULL);
        add_form(target, &once);
        add_form(target, &twice);
    }
}

static void add_forms(const Target *target, Str value)
{
    Buffer raw = {0};
    buffer_add_str(&raw, value);
    add_form(target, &raw);
    add_json_forms(target, value);
    /* As a value, as a form, as (part of) a path; with either case of digits. */
    static const char *const plain[] = {"-._~", "-._~+", "-._~/"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        add_url_form(target, value, "0123456789ABCDEF", plain[i]);
        add_url_form(target, value, "0123456789abcdef", plain[i]);
    }
    for (size_t before = 0; before < 3; before++) {
        add_base64_form(target, value, before,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
        add_base64_form(target, value, before,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    }
}

/* Of a URL a server sees, and may say, the part behind the host only, or a piece of it: in a webhook's that
 * is the secret. Pieces shorter than a key are words that stand elsewhere too. */
static void add_url_parts(const Target *target, Str url)
{
    ptrdiff_t scheme = str_find(url, STR("://"));
    if (scheme < 0) return;
    Str rest = str_slice(url, (size_t)scheme + 3, url.len);
    size_t host = 0;
    while (host < rest.len && !strchr("/?#", rest.data[host]))
        host++;
    ptrdiff_t at = str_find(str_slice(rest, 0, host), STR("@"));
    if (at > 0) add_forms(target, str_slice(rest, 0, (size_t)at));
    rest = str_slice(rest, host, rest.len);
    if (rest.len >= URL_PART_MIN) add_forms(target, rest);
    for (size_t start = 0; start < rest.len;) {
        size_t end = start;
        while (end < rest.len && !strchr("/?&=#", rest.data[end]))
            end++;
        if (end - start >= URL_PART_MIN) add_forms(target, str_slice(rest, start, end));
        start = end + 1;
    }
}

void forms_add_value(Forms *forms, Str name, Str value)
{
    Target target = {forms, name};
    add_forms(&target, value);
    add_url_parts(&target, value);
}

/* ---- taking them out ---- */

size_t forms_longest(const Forms *forms)
{
    return forms->list.count ? forms->list.items[0].text.len : 0;
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
    forms_wipe(text);
    *text = out;
}

void forms_redact(const Forms *forms, Buffer *out, Str text)
{
    if (!forms->list.count) {
        buffer_add_str(out, text);
        return;
    }
    Buffer clean = {0};
    buffer_add_str(&clean, text);
    for (size_t i = 0; i < forms->list.count; i++)
        replace_all(&clean, buffer_str(&forms->list.items[i].text), forms->list.items[i].name);
    buffer_add_str(out, buffer_str(&clean));
    forms_wipe(&clean);
}

/* Where the first form may begin that the text ends in the middle of; the text's length: nowhere. */
static size_t open_at(const Forms *forms, Str text)
{
    size_t first = text.len;
    for (size_t i = 0; i < forms->list.count; i++) {
        Str form = buffer_str(&forms->list.items[i].text);
        size_t at = text.len >= form.len ? text.len - form.len + 1 : 0;
        while (at < first && memcmp(text.data + at, form.data, text.len - at) != 0)
            at++;
        if (at < first) first = at;
    }
    return first;
}

/* The same place, or that of a form which it would cut in two. */
static size_t whole_forms_until(const Forms *forms, Str text, size_t cut)
{
    for (size_t i = 0; i < forms->list.count; i++) {
        Str form = buffer_str(&forms->list.items[i].text);
        size_t from = cut >= form.len ? cut - form.len + 1 : 0;
        size_t to = cut + form.len - 1 < text.len ? cut + form.len - 1 : text.len;
        const char *hit = to > from ? memmem(text.data + from, to - from, form.data, form.len) : NULL;
        if (!hit) continue;
        cut = (size_t)(hit - text.data);
        i = (size_t)-1; /* it may cut another one now */
    }
    return cut;
}

void forms_redact_part(const Forms *forms, Buffer *pending, bool last, Buffer *out)
{
    Str text = buffer_str(pending);
    if (!text.len) return;
    size_t cut = last ? text.len : whole_forms_until(forms, text, open_at(forms, text));
    forms_redact(forms, out, str_slice(text, 0, cut));
    memmove(pending->data, pending->data + cut, pending->len - cut);
    pending->len -= cut;
    pending->data[pending->len] = '\0';
}
