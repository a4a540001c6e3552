/* Values in, the text of a mail out; see mail_text.h. Called by mail_effect.c. */
#include "vm/live/mail_text.h"

#include <string.h>
#include <time.h>

#include "vm/base/base64.h"

enum {
    PLAIN_MAX = 200,    /* bytes of a header's value that goes as it is */
    WORD_MAX = 45,      /* bytes in one encoded word, which may have 75 characters */
    LINE_MAX_OUT = 900, /* bytes of a body's line that goes as it is; a server must take 998 */
    BASE64_LINE = 57,   /* bytes in a line of base64 of 76 characters */
    ADDRESS_MAX = 254,
};

/* ---- headers ---- */

static bool is_printable(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < ' ' || c > '~') return false;
    }
    return true;
}

static bool has_control(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < ' ' || c == 127) return true;
    }
    return false;
}

/* =?UTF-8?B?…?= of whole characters, one encoded word a line. */
static void write_encoded(Buffer *out, Str text)
{
    for (size_t start = 0; start < text.len;) {
        size_t end = text.len - start > WORD_MAX ? start + WORD_MAX : text.len;
        while (end < text.len && end > start + 1 && ((unsigned char)text.data[end] & 0xC0) == 0x80)
            end--;
        buffer_add_c(out, start ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
        base64_write(out, str_slice(text, start, end));
        buffer_add_c(out, "?=");
        start = end;
    }
}

/* As it is, where every reader sees the same; a text that looks encoded is encoded, so that it stays what it
 * is. */
static void write_words(Buffer *out, Str text)
{
    bool blank = text.len && (text.data[0] == ' ' || text.data[text.len - 1] == ' ');
    if (is_printable(text) && !blank && text.len <= PLAIN_MAX && str_find(text, STR("=?")) < 0)
        buffer_add_str(out, text);
    else
        write_encoded(out, text);
}

bool mail_write_header(Buffer *out, Str name, Str value, Error *error)
{
    bool fits =
        name.len && is_printable(name) && str_find(name, STR(":")) < 0 && str_find(name, STR(" ")) < 0;
    if (!fits) return error_set(error, "%.*s is no name of a header", STR_ARG(name));
    if (has_control(value))
        return error_set(error, "the header %.*s holds a line break or another control character",
                         STR_ARG(name));
    buffer_printf(out, "%.*s: ", STR_ARG(name));
    write_words(out, value);
    buffer_add_c(out, "\r\n");
    return true;
}

/* ---- addresses ---- */

static bool is_address(Str text)
{
    ptrdiff_t at = str_find(text, STR("@"));
    if (at < 1 || (size_t)at + 1 >= text.len || text.len > ADDRESS_MAX || text.data[0] == '-') return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool second = c == '@' && i != (size_t)at;
        if (c <= ' ' || c > '~' || second || strchr("<>()[]\\,;:\"", c)) return false;
    }
    return true;
}

/* `Ann Smith <ann@example.com>` in its two parts; the name may be empty. */
static void split_address(Str text, Str *name, Str *address)
{
    text = str_trim(text);
    ptrdiff_t open = str_find(text, STR("<"));
    bool named = open >= 0 && str_ends_with(text, STR(">"));
    *name = named ? str_trim(str_slice(text, 0, (size_t)open)) : (Str){"", 0};
    *address = named ? str_slice(text, (size_t)open + 1, text.len - 1) : text;
}

bool mail_address(Str text, Str *address, Error *error)
{
    Str name;
    split_address(text, &name, address);
    return is_address(*address) || error_set(error, "%.*s is no e-mail address", STR_ARG(text));
}

/* In quotes, or encoded where that says the same to every reader. */
static void write_name(Buffer *out, Str name)
{
    if (!is_printable(name) || str_find(name, STR("=?")) >= 0) {
        write_encoded(out, name);
        return;
    }
    buffer_add_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '"' || name.data[i] == '\\') buffer_add_char(out, '\\');
        buffer_add_char(out, name.data[i]);
    }
    buffer_add_char(out, '"');
}

bool mail_write_addresses(Buffer *out, Str name, const Str *addresses, size_t count, Error *error)
{
    buffer_printf(out, "%.*s: ", STR_ARG(name));
    for (size_t i = 0; i < count; i++) {
        Str person, address;
        split_address(addresses[i], &person, &address);
        if (has_control(person)) return error_set(error, "the name in an address holds a control character");
        if (!mail_address(addresses[i], &address, error)) return false;
        if (i) buffer_add_c(out, ",\r\n ");
        if (person.len) write_name(out, person);
        buffer_printf(out, person.len ? " <%.*s>" : "%.*s", STR_ARG(address));
    }
    buffer_add_c(out, "\r\n");
    return true;
}

void mail_write_date(Buffer *out, int64_t time)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(time / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    buffer_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
                  months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* ---- the body ---- */

/* Can the body go as it is: ASCII, no line too long, nothing but text? */
static bool is_plain_body(Str body)
{
    size_t line = 0;
    for (size_t i = 0; i < body.len; i++) {
        unsigned char c = (unsigned char)body.data[i];
        line = c == '\n' ? 0 : line + 1;
        if (line > LINE_MAX_OUT || (c < ' ' && c != '\n' && c != '\t') || c > '~') return false;
    }
    return true;
}

static void write_lines(Buffer *out, Str body)
{
    for (size_t i = 0; i < body.len; i++) {
        if (body.data[i] == '\n') buffer_add_char(out, '\r');
        buffer_add_char(out, body.data[i]);
    }
    buffer_add_c(out, "\r\n");
}

void mail_write_body(Buffer *out, Str body)
{
    buffer_add_c(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
    if (is_plain_body(body)) {
        buffer_add_c(out, "Content-Transfer-Encoding: 7bit\r\n\r\n");
        write_lines(out, body);
        return;
    }
    buffer_add_c(out, "Content-Transfer-Encoding: base64\r\n\r\n");
    for (size_t start = 0; start < body.len; start += BASE64_LINE) {
        base64_write(out, str_slice(body, start, start + BASE64_LINE));
        buffer_add_c(out, "\r\n");
    }
}
