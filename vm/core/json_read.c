/* JSON text comes in, a json value in the heap goes out: events from the world, and the builtins that parse
 * text.
 *
 * Integers that fit in 64 bits are ints, all other numbers floats. Of a member that comes twice the last one
 * counts. Nothing in the text can make this crash or recurse without bound. */
#include "vm/core/marshal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reader {
    Vm *vm;
    Str text;
    size_t at;
    unsigned depth;
    bool from_world;
} Reader;

static bool value_read(Reader *reader); /* pushes the value on the temps */

static bool reader_fail(Reader *reader, const char *what)
{
    return vm_raise(reader->vm, FAILURE_RUN, "this is no JSON: %s at byte %zu", what, reader->at);
}

static char reader_peek(const Reader *reader)
{
    return reader->at < reader->text.len ? reader->text.data[reader->at] : '\0';
}

static void blanks_skip(Reader *reader)
{
    while (reader->at < reader->text.len && strchr(" \t\r\n", reader->text.data[reader->at]) &&
           reader->text.data[reader->at]) {
        reader->at++;
    }
}

static bool word_read(Reader *reader, const char *word)
{
    size_t len = strlen(word);
    if (reader->text.len - reader->at < len || memcmp(reader->text.data + reader->at, word, len) != 0)
        return false;
    reader->at += len;
    return true;
}

static bool ref_push(Reader *reader, Ref ref)
{
    if (ref) temp_push(reader->vm, ref);
    return ref != 0;
}

/* ---- strings ---- */

static void code_point_add(Buffer *out, uint32_t point)
{
    if (point < 0x80) {
        buffer_add_char(out, (char)point);
    } else if (point < 0x800) {
        buffer_add_char(out, (char)(0xC0 | point >> 6));
        buffer_add_char(out, (char)(0x80 | (point & 0x3F)));
    } else if (point < 0x10000) {
        buffer_add_char(out, (char)(0xE0 | point >> 12));
        buffer_add_char(out, (char)(0x80 | (point >> 6 & 0x3F)));
        buffer_add_char(out, (char)(0x80 | (point & 0x3F)));
    } else {
        buffer_add_char(out, (char)(0xF0 | point >> 18));
        buffer_add_char(out, (char)(0x80 | (point >> 12 & 0x3F)));
        buffer_add_char(out, (char)(0x80 | (point >> 6 & 0x3F)));
        buffer_add_char(out, (char)(0x80 | (point & 0x3F)));
    }
}

/* U+FDD0 and U+FDD1 mark secrets and are never let in. */
static void point_add(const Reader *reader, Buffer *out, uint32_t point)
{
    bool bad = (point >= 0xD800 && point < 0xE000) || point > 0x10FFFF ||
               (reader->from_world && (point == 0xFDD0 || point == 0xFDD1));
    code_point_add(out, bad ? 0xFFFD : point);
}

static bool hex_read(Reader *reader, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++) {
        char c = reader_peek(reader);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16) return reader_fail(reader, "\\u wants four hexadecimal digits");
        *value = *value * 16 + digit;
        reader->at++;
    }
    return true;
}

static bool escape_read(Reader *reader, Buffer *out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char c = reader_peek(reader);
    reader->at++;
    if (c != 'u') {
        const char *found = c ? strchr(letters, c) : NULL;
        if (!found) return reader_fail(reader, "an unknown escape");
        buffer_add_char(out, meanings[found - letters]);
        return true;
    }
    uint32_t point, low;
    if (!hex_read(reader, &point)) return false;
    if (point >= 0xD800 && point < 0xDC00 && word_read(reader, "\\u")) {
        if (!hex_read(reader, &low)) return false;
        if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        } else {
            point_add(reader, out, point);
            point = low;
        }
    }
    point_add(reader, out, point);
    return true;
}

/* One character beyond ASCII; what is no UTF-8 becomes U+FFFD, byte by byte. */
static void utf8_read(Reader *reader, Buffer *out)
{
    const unsigned char *bytes = (const unsigned char *)reader->text.data + reader->at;
    size_t left = reader->text.len - reader->at;
    size_t len = bytes[0] >= 0xF0 && bytes[0] < 0xF5   ? 4
                 : bytes[0] >= 0xE0 && bytes[0] < 0xF0 ? 3
                 : bytes[0] >= 0xC2 && bytes[0] < 0xE0 ? 2
                                                       : 0;
    uint32_t point = len ? bytes[0] & (0xFFu >> (len + 1)) : 0xFFFD;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (len > left) len = 0;
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            len = 0;
            break;
        }
        point = point << 6 | (bytes[i] & 0x3F);
    }
    if (!len || point < least[len]) {
        len = 1;
        point = 0xFFFD;
    }
    reader->at += len;
    point_add(reader, out, point);
}

/* Into vm->scratch. */
static bool string_scan(Reader *reader)
{
    Buffer *out = &reader->vm->scratch;
    buffer_clear(out);
    reader->at++;
    for (;;) {
        size_t from = reader->at;
        while (reader->at < reader->text.len) {
            unsigned char c = (unsigned char)reader->text.data[reader->at];
            if (c == '"' || c == '\\' || c < ' ' || c >= 0x80) break;
            reader->at++;
        }
        buffer_add(out, reader->text.data + from, reader->at - from);
        if (reader->at == reader->text.len) return reader_fail(reader, "a string has no end");
        unsigned char c = (unsigned char)reader->text.data[reader->at];
        if (c >= 0x80) {
            utf8_read(reader, out);
            continue;
        }
        reader->at++;
        if (c == '"') return true;
        if (c != '\\') return reader_fail(reader, "a control character in a string");
        if (!escape_read(reader, out)) return false;
    }
}

static bool string_read(Reader *reader)
{
    return string_scan(reader) && ref_push(reader, text_take_scratch(reader->vm));
}

/* ---- numbers ---- */

static size_t digits_skip(Str text, size_t at)
{
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

/* The length of the JSON number at the beginning of a text, or 0; *whole: it has neither fraction nor
 * exponent. */
static size_t number_scan(Str text, bool *whole)
{
    size_t at = text.len && text.data[0] == '-';
    size_t digits = digits_skip(text, at) - at;
    if (!digits || (digits > 1 && text.data[at] == '0')) return 0;
    at += digits;
    *whole = true;
    if (at < text.len && text.data[at] == '.') {
        digits = digits_skip(text, at + 1) - at - 1;
        if (!digits) return 0;
        at += 1 + digits;
        *whole = false;
    }
    if (at < text.len && (text.data[at] == 'e' || text.data[at] == 'E')) {
        size_t sign = at + 1 < text.len && (text.data[at + 1] == '+' || text.data[at + 1] == '-');
        digits = digits_skip(text, at + 1 + sign) - at - 1 - sign;
        if (!digits) return 0;
        at += 1 + sign + digits;
        *whole = false;
    }
    return at;
}

bool int_parse(Str text, int64_t *value)
{
    bool whole = false;
    if (text.len > 1 && text.data[0] == '+' && text.data[1] != '-') text = str_slice(text, 1, text.len);
    size_t start = text.len && text.data[0] == '-';
    while (text.len - start > 1 && text.data[start] == '0' && start == 0)
        text = str_slice(text, 1, text.len);
    if (!text.len || number_scan(text, &whole) != text.len || !whole || text.len > 20) return false;
    char copy[24];
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *value = strtoll(copy, NULL, 10);
    return errno == 0;
}

bool float_parse(Str text, double *value)
{
    bool whole;
    if (!text.len || number_scan(text, &whole) != text.len || text.len > 400) return false;
    char copy[401];
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *value = strtod(copy, NULL);
    return *value - *value == 0; /* not infinite */
}

static bool number_read(Reader *reader)
{
    bool whole;
    Str rest = str_slice(reader->text, reader->at, reader->text.len);
    size_t len = number_scan(rest, &whole);
    if (!len) return reader_fail(reader, "something that is no value");
    Str number = str_slice(rest, 0, len);
    int64_t value;
    double real;
    if (whole && int_parse(number, &value)) {
        reader->at += len;
        return ref_push(reader, box_new(reader->vm, OBJECT_INT, value));
    }
    if (!float_parse(number, &real)) return reader_fail(reader, "a number that is too large");
    reader->at += len;
    return ref_push(reader, box_new(reader->vm, OBJECT_FLOAT, bits_of_real(real)));
}

/* ---- lists and objects ---- */

static bool list_read(Reader *reader)
{
    size_t place = reader->vm->temps.count;
    reader->at++;
    blanks_skip(reader);
    if (reader_peek(reader) == ']') {
        reader->at++;
        return ref_push(reader, list_new(reader->vm, OBJECT_LIST_R, 0));
    }
    for (;;) {
        if (!value_read(reader)) return false;
        blanks_skip(reader);
        char c = reader_peek(reader);
        if (c != ',' && c != ']') return reader_fail(reader, "a list wants , or ]");
        reader->at++;
        if (c == ']') return ref_push(reader, list_of_temps(reader->vm, place));
    }
}

static bool member_read(Reader *reader, size_t place)
{
    Vm *vm = reader->vm;
    blanks_skip(reader);
    if (reader_peek(reader) != '"') return reader_fail(reader, "a member wants a name in quotes");
    if (!string_read(reader)) return false;
    blanks_skip(reader);
    if (reader_peek(reader) != ':') return reader_fail(reader, "a member wants a :");
    reader->at++;
    if (!value_read(reader)) return false;
    Ref put = map_put_own(vm, vm->temps.items[place], vm->temps.items[place + 1], vm->temps.items[place + 2]);
    if (!put) return false;
    vm->temps.count = place + 1;
    vm->temps.items[place] = put;
    return true;
}

static bool object_read(Reader *reader)
{
    Ref map = map_new(reader->vm, OBJECT_MAP_R);
    if (!map) return false;
    size_t place = temp_push(reader->vm, map);
    reader->at++;
    blanks_skip(reader);
    if (reader_peek(reader) == '}') {
        reader->at++;
        return true;
    }
    for (;;) {
        if (!member_read(reader, place)) return false;
        blanks_skip(reader);
        char c = reader_peek(reader);
        if (c != ',' && c != '}') return reader_fail(reader, "an object wants , or }");
        reader->at++;
        if (c == '}') return true;
    }
}

static bool value_read(Reader *reader)
{
    blanks_skip(reader);
    if (reader->depth >= VALUE_DEPTH) return reader_fail(reader, "it is nested too deeply");
    reader->depth++;
    char c = reader_peek(reader);
    bool read;
    if (c == '{')
        read = object_read(reader);
    else if (c == '[')
        read = list_read(reader);
    else if (c == '"')
        read = string_read(reader);
    else if (word_read(reader, "null"))
        read = ref_push(reader, REF_NULL);
    else if (word_read(reader, "true"))
        read = ref_push(reader, REF_TRUE);
    else if (word_read(reader, "false"))
        read = ref_push(reader, REF_FALSE);
    else
        read = number_read(reader);
    reader->depth--;
    return read;
}

Ref json_read(Vm *vm, Str text, bool from_world)
{
    Reader reader = {.vm = vm, .text = text, .from_world = from_world};
    size_t place = vm->temps.count;
    bool read = value_read(&reader);
    if (read) {
        blanks_skip(&reader);
        if (reader.at != text.len) read = reader_fail(&reader, "more follows its end");
    }
    Ref json = read ? vm->temps.items[place] : 0;
    vm->temps.count = place;
    return json;
}
