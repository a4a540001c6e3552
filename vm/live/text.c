/* What comes from the world as text of the machine: UTF-8, no secrets, no handles. Called for every output,
 * body and error before it becomes part of a result; nothing else may put foreign bytes there. And the way
 * out: a text of the machine with its secrets put in. */
#include <string.h>

#include "vm/base/utf8.h"
#include "vm/live/state.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* A byte that is no text becomes three: what was kept of an answer may be longer than the machine takes. */
enum { TEXT_CAP = 8 << 20 };

/* U+FDD0, U+FDD1 and U+FDD4 are how the machine writes secrets: from outside they would be forged. */
static bool is_wanted(uint32_t code)
{
    return code != 0 && code != 0xFDD0 && code != 0xFDD1 && code != 0xFDD4;
}

void text_repair(Buffer *out, Str text)
{
    size_t good = 0; /* bytes at the start of text that can go as they are */
    while (good < text.len) {
        uint32_t code = 0;
        size_t len = utf8_decode(str_slice(text, good, text.len), &code);
        if (len && is_wanted(code)) {
            good += len;
            continue;
        }
        buffer_add(out, text.data, good);
        buffer_add_c(out, REPLACEMENT);
        text = str_slice(text, good + (len ? len : 1), text.len);
        good = 0;
    }
    buffer_add_str(out, text);
}

void text_clean(const Secrets *secrets, Buffer *out, Str text)
{
    Buffer redacted = {0};
    if (secrets_longest(secrets)) {
        secrets_redact(secrets, &redacted, text);
        text = buffer_str(&redacted);
    }
    text_repair(out, text);
    buffer_free(&redacted);
}

/* Printable ASCII is what nearly everything is; it stays as it is, where there is no secret to look for. */
static bool is_plain(const Secrets *secrets, Str text)
{
    if (secrets_longest(secrets)) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < ' ' || text.data[i] > '~') return false;
    return true;
}

void text_write(const Secrets *secrets, Buffer *json, Str text)
{
    Buffer clean = {0};
    if (!is_plain(secrets, text)) {
        text_clean(secrets, &clean, text);
        text = buffer_str(&clean);
    }
    json_write_string(json, text);
    buffer_free(&clean);
}

bool text_bound(Buffer *text, size_t cap)
{
    if (text->len <= cap) return false;
    while (cap && ((unsigned char)text->data[cap] & 0xC0) == 0x80)
        cap--;
    text->len = cap;
    text->data[cap] = '\0';
    return true;
}

size_t text_control(Str text)
{
    unsigned char c = text.len ? (unsigned char)text.data[0] : ' ';
    /* U+0080 to U+009F: the second of them that many terminals know is CSI. */
    if (c == 0xC2 && text.len > 1 && (unsigned char)text.data[1] < 0xA0) return 2;
    return c < ' ' || c == 127;
}

void effect_add_text(const LiveEffect *effect, Buffer *json, const char *name, Str text)
{
    Buffer clean = {0};
    text_clean(effect->live->secrets, &clean, text);
    text_bound(&clean, TEXT_CAP);
    buffer_printf(json, ",\"%s\":", name);
    json_write_string(json, buffer_str(&clean));
    buffer_free(&clean);
}

char *effect_fill(const LiveEffect *effect, Arena *arena, Str text, SecretForm form, Error *error)
{
    Buffer value = {0};
    char *copy = NULL;
    if (secrets_fill(effect->live->secrets, &value, text, form, error))
        copy = arena_copy_c(arena, buffer_str(&value));
    if (value.data) explicit_bzero(value.data, value.cap);
    buffer_free(&value);
    return copy;
}

bool effect_is_secret(const LiveEffect *effect)
{
    return json_string(effect->args, "secret", "").len > 0;
}

bool effect_keep_secret(const LiveEffect *effect, Str text, Error *error)
{
    return !text.len || secrets_learn(effect->live->secrets, json_string(effect->args, "secret", ""), text, error);
}
