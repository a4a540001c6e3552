/* UTF-8: checking, reading and writing characters. In: bytes; out: lengths and code points. Used by everybody
 * who prints columns or takes text from outside. It allocates nothing. */
#include "vm/base/utf8.h"

#include <string.h>

size_t utf8_decode(Str s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (s.len == 0) return 0;
    unsigned char first = (unsigned char)s.data[0];
    size_t len = first < 0x80   ? 1
                 : first < 0xC2 ? 0
                 : first < 0xE0 ? 2
                 : first < 0xF0 ? 3
                 : first < 0xF5 ? 4
                                : 0;
    if (len == 0 || len > s.len) return 0;
    uint32_t value = len == 1 ? first : first & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)s.data[i];
        if ((next & 0xC0) != 0x80) return 0;
        value = value << 6 | (next & 0x3F);
    }
    if (value < least[len] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return 0;
    if (code != NULL) *code = value;
    return len;
}

/* How many bytes at the beginning are ASCII and not NUL, in whole words: most text is nothing else. */
static size_t plain_prefix(Str s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t at = 0;
    for (uint64_t word; at + sizeof word <= s.len; at += sizeof word) {
        memcpy(&word, s.data + at, sizeof word);
        if ((word | (word - ones)) & tops) break; /* a top bit, or one that NUL borrowed */
    }
    return at;
}

size_t utf8_valid_prefix(Str s)
{
    size_t at = 0;
    while (at < s.len) {
        at += plain_prefix(str_slice(s, at, s.len));
        size_t len = utf8_decode((Str){s.data + at, s.len - at}, NULL);
        if (len == 0 || s.data[at] == '\0') break;
        at += len;
    }
    return at;
}

size_t utf8_encode(uint32_t code, char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        bytes[0] = (char)(0xC0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return 0;
    if (code < 0x10000) {
        bytes[0] = (char)(0xE0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 0x3F));
        bytes[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    bytes[0] = (char)(0xF0 | code >> 18);
    bytes[1] = (char)(0x80 | (code >> 12 & 0x3F));
    bytes[2] = (char)(0x80 | (code >> 6 & 0x3F));
    bytes[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

size_t utf8_count(Str s)
{
    size_t count = 0;
    for (size_t at = 0; at < s.len; count++) {
        size_t len = utf8_decode((Str){s.data + at, s.len - at}, NULL);
        at += len > 0 ? len : 1;
    }
    return count;
}
