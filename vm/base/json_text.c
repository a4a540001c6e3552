/* Numbers and texts as JSON writes them (see json_text.h). Needs no tree, and so no library. */
#include "vm/base/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void json_write_string(Buffer *out, Str text)
{
    static const char letters[' '] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    buffer_reserve(out, text.len + 2);
    buffer_add_char(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= ' ' && c != '"' && c != '\\') continue;
        buffer_add(out, text.data + from, i - from);
        from = i + 1;
        char letter = c >= ' ' ? (char)c : letters[c];
        if (letter) {
            buffer_add_char(out, '\\');
            buffer_add_char(out, letter);
        } else {
            buffer_printf(out, "\\u%04x", c);
        }
    }
    if (from < text.len) buffer_add(out, text.data + from, text.len - from);
    buffer_add_char(out, '"');
}
