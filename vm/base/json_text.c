/* Numbers and texts as JSON writes them (see json_text.h). Needs no tree, and so no library. */
#include "vm/base/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EACH_BYTE UINT64_C(0x0101010101010101)

void json_write_number(Buffer *out, double value)
{
    if (!isfinite(value)) {
        buffer_add_c(out, "null");
        return;
    }
    if (value == floor(value) && fabs(value) < 9007199254740992.0) {
        buffer_printf(out, "%lld", (long long)value);
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    buffer_add_c(out, text);
}

/* Eight bytes at a time: the high bit of each byte says whether it is one that has to be looked at. A borrow may set it
 * for the byte above such a one as well, never for one below; the lowest one counts. */
static uint64_t bytes_below(uint64_t bytes, uint64_t bound)
{
    return (bytes - bound * EACH_BYTE) & ~bytes & 0x80 * EACH_BYTE;
}

static uint64_t bytes_special(uint64_t bytes)
{
    return bytes_below(bytes, ' ') | bytes_below(bytes ^ '"' * EACH_BYTE, 1) | bytes_below(bytes ^ '\\' * EACH_BYTE, 1);
}

static bool is_special(char c)
{
    return (unsigned char)c < ' ' || c == '"' || c == '\\';
}

size_t json_plain_length(Str text)
{
    size_t at = 0;
    for (; text.len - at >= 8; at += 8) {
        uint64_t bytes;
        memcpy(&bytes, text.data + at, sizeof bytes);
        uint64_t special = bytes_special(bytes) | (bytes & 0x80 * EACH_BYTE);
        if (special) return at + (size_t)__builtin_ctzll(special) / 8;
    }
    while (at < text.len && !is_special(text.data[at]) && !(text.data[at] & 0x80))
        at++;
    return at;
}

/* The same, with what is not ASCII. */
static size_t unescaped_length(Str text)
{
    size_t at = 0;
    for (; text.len - at >= 8; at += 8) {
        uint64_t bytes;
        memcpy(&bytes, text.data + at, sizeof bytes);
        uint64_t special = bytes_special(bytes);
        if (special) return at + (size_t)__builtin_ctzll(special) / 8;
    }
    while (at < text.len && !is_special(text.data[at]))
        at++;
    return at;
}

void json_write_string(Buffer *out, Str text)
{
    static const char letters[' '] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    buffer_reserve(out, text.len + 2);
    out->data[out->len++] = '"';
    for (;;) {
        size_t len = unescaped_length(text);
        if (len) memcpy(out->data + out->len, text.data, len);
        out->len += len;
        if (len == text.len) break;
        unsigned char c = (unsigned char)text.data[len];
        char letter = c >= ' ' ? (char)c : letters[c];
        if (letter) {
            buffer_add_char(out, '\\');
            buffer_add_char(out, letter);
        } else {
            buffer_printf(out, "\\u%04x", c);
        }
        text = str_slice(text, len + 1, text.len);
        buffer_reserve(out, text.len + 1);
    }
    buffer_add_char(out, '"');
}
