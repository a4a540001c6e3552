/* What comes from the world as text of the machine: UTF-8, no secrets, no handles. Called for every output, body and error
 * before it becomes part of a result; nothing else may put foreign bytes there. */
#include <string.h>

#include "vm/live/state.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Bytes of the character at the start of the text; 0: what is there is not UTF-8. */
static size_t character_len(const unsigned char *at, size_t left)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = at[0] < 0x80 ? 1 : at[0] >= 0xC2 && at[0] < 0xE0 ? 2 : (at[0] & 0xF0) == 0xE0 ? 3 : (at[0] & 0xF8) == 0xF0 ? 4 : 0;
    if (len <= 1 || len > left) return len == 1 ? 1 : 0;
    uint32_t code = at[0] & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
        code = code << 6 | (at[i] & 0x3FU);
    }
    bool fine = code >= least[len] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    return fine ? len : 0;
}

/* U+FDD0 and U+FDD1 are how the machine writes secrets: from outside they would be forged. */
static bool is_handle_mark(const unsigned char *at, size_t len)
{
    return len == 3 && at[0] == 0xEF && at[1] == 0xB7 && (at[2] == 0x90 || at[2] == 0x91);
}

void text_clean(const Secrets *secrets, Buffer *out, Str text)
{
    Buffer redacted = {0};
    secrets_redact(secrets, &redacted, text);
    const unsigned char *data = (const unsigned char *)redacted.data;
    size_t from = 0;
    for (size_t at = 0; at < redacted.len;) {
        size_t len = character_len(data + at, redacted.len - at);
        bool fine = len && data[at] != 0 && !is_handle_mark(data + at, len);
        if (!fine) {
            buffer_add(out, redacted.data + from, at - from);
            buffer_add_c(out, REPLACEMENT);
            from = at + (len ? len : 1);
        }
        at += len ? len : 1;
    }
    buffer_add(out, redacted.data ? redacted.data + from : "", redacted.len - from);
    buffer_free(&redacted);
}

void effect_add_text(const LiveEffect *effect, Buffer *json, const char *name, Str text)
{
    Buffer clean = {0};
    text_clean(effect->live->secrets, &clean, text);
    buffer_printf(json, ",\"%s\":", name);
    json_write_string(json, buffer_str(&clean));
    buffer_free(&clean);
}
