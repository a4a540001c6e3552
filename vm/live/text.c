/* What comes from the world as text of the machine: UTF-8, no secrets, no handles. Called for every output,
 * body and error before it becomes part of a result; nothing else may put foreign bytes there. */
#include "vm/base/utf8.h"
#include "vm/live/state.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* U+FDD0 and U+FDD1 are how the machine writes secrets: from outside they would be forged. */
static bool is_wanted(uint32_t code)
{
    return code != 0 && code != 0xFDD0 && code != 0xFDD1;
}

void text_clean(const Secrets *secrets, Buffer *out, Str text)
{
    Buffer redacted = {0};
    secrets_redact(secrets, &redacted, text);
    Str rest = buffer_str(&redacted);
    size_t good = 0; /* bytes at the start of rest that can go as they are */
    while (good < rest.len) {
        uint32_t code = 0;
        size_t len = utf8_decode(str_slice(rest, good, rest.len), &code);
        if (len && is_wanted(code)) {
            good += len;
            continue;
        }
        buffer_add(out, rest.data, good);
        buffer_add_c(out, REPLACEMENT);
        rest = str_slice(rest, good + (len ? len : 1), rest.len);
        good = 0;
    }
    buffer_add_str(out, rest);
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
