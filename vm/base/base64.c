/* Bytes in, base64 out; called by who writes signatures and mail. */
#include "vm/base/base64.h"

void base64_write(Buffer *out, Str bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (i + k < bytes.len ? (unsigned char)bytes.data[i + k] : 0U);
        for (size_t k = 0; k < 4; k++)
            buffer_add_char(out, i + k > bytes.len ? '=' : letters[group >> (18 - 6 * k) & 63]);
    }
}
