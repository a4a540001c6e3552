/* JSON text comes in, a json value in the heap goes out: events from the world, and the builtins that parse
 * text.
 *
 * Integers that fit in 64 bits are ints, all other numbers floats. Of a member that comes twice the last one
 * counts. Nothing in the text can make this crash or recurse without bound. */
#include "vm/core/json_reader.h"

#include "vm/base/json_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static PLAN_COLD bool reader_fail(Reader *reader, const char *what)
{
    return vm_raise(reader->vm, FAILURE_RUN, "this is no JSON: %s at byte %zu", what, reader->at);
}

/* What was just made. The text may have moved. */
static bool ref_push(Reader *reader, Ref ref)
{
    Vm *vm = reader->vm;
    if (reader->source) reader->text = text_view(vm, vm->temps.items[reader->source - 1]);
    if (ref) temp_push(vm, ref);
    return ref != 0;
}

/* A string of a part of the text. */
static Ref part_new(const Reader *reader, size_t start, size_t len)
{
    if (reader->source) return text_part(reader->vm, reader->source - 1, start, len);
    return text_new(reader->vm, (Str){reader->text.data + start, len});
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

/* U+FDD0, U+FDD1 and U+FDD4 mark secrets and are never let in. The machine writes them as they are: an escape that
 * says one comes from the world, also where the text around it went through the machine. */
static void point_add(Buffer *out, uint32_t point, bool from_world)
{
    bool bad = (point >= 0xD800 && point < 0xE000) || point > 0x10FFFF ||
               (from_world && (point == 0xFDD0 || point == 0xFDD1 || point == 0xFDD4));
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
    static const char meanings['z'] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                      ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    char c = reader_peek(reader);
    reader->at++;
    if (c != 'u') {
        char meaning = c > 0 && c < 'z' ? meanings[(unsigned char)c] : '\0';
        if (!meaning) return reader_fail(reader, "an unknown escape");
        buffer_add_char(out, meaning);
        return true;
    }
    uint32_t point, low;
    if (!hex_read(reader, &point)) return false;
    if (point >= 0xD800 && point < 0xDC00 && reader_word(reader, "\\u")) {
        if (!hex_read(reader, &low)) return false;
        if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        } else {
            point_add(out, point, true);
            point = low;
        }
    }
    point_add(out, point, true);
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
    point_add(out, point, reader->from_world);
}

/* Into vm->scratch. */
static bool string_scan(Reader *reader)
{
    Buffer *out = &reader->vm->scratch;
    buffer_clear(out);
    reader->at++;
    for (;;) {
        Str rest = str_slice(reader->text, reader->at, reader->text.len);
        size_t len = json_plain_length(rest);
        buffer_add(out, rest.data, len);
        reader->at += len;
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

#define NOT_PLAIN SIZE_MAX

/* How many bytes stand between the quotes, if they mean just themselves. */
static size_t plain_length(const Reader *reader)
{
    Str text = str_slice(reader->text, reader->at + 1, reader->text.len);
    size_t len = json_plain_length(text);
    return len < text.len && text.data[len] == '"' ? len : NOT_PLAIN;
}

bool reader_string(Reader *reader)
{
    size_t len = plain_length(reader);
    if (len == NOT_PLAIN) return string_scan(reader) && ref_push(reader, text_take_scratch(reader->vm));
    size_t start = reader->at + 1;
    reader->at += len + 2;
    return ref_push(reader, part_new(reader, start, len));
}

bool reader_name(Reader *reader, Str *name)
{
    size_t len = plain_length(reader);
    if (len == NOT_PLAIN) {
        if (!string_scan(reader)) return false;
        *name = buffer_str(&reader->vm->scratch);
        return true;
    }
    *name = str_slice(reader->text, reader->at + 1, reader->at + 1 + len);
    reader->at += len + 2;
    return true;
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

/* A whole number of few digits, as nearly all are. */
bool reader_short_int(Reader *reader, int64_t *value)
{
    enum { DIGITS = 17 };
    size_t start = reader->at + (reader_peek(reader) == '-'), at = start;
    int64_t number = 0;
    while (at < reader->text.len && at - start <= DIGITS && reader->text.data[at] >= '0' && reader->text.data[at] <= '9')
        number = number * 10 + (reader->text.data[at++] - '0');
    char next = at < reader->text.len ? reader->text.data[at] : '\0';
    bool leading = at - start > 1 && reader->text.data[start] == '0';
    if (at == start || at - start > DIGITS || leading || next == '.' || next == 'e' || next == 'E') return false;
    *value = start > reader->at ? -number : number;
    reader->at = at;
    return true;
}

static bool number_read(Reader *reader)
{
    bool whole;
    int64_t short_value;
    if (reader_short_int(reader, &short_value)) return ref_push(reader, box_new(reader->vm, OBJECT_INT, short_value));
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
    reader_skip_blanks(reader);
    if (reader_peek(reader) == ']') {
        reader->at++;
        return ref_push(reader, list_new(reader->vm, OBJECT_LIST_R, 0));
    }
    for (;;) {
        if (!reader_value(reader)) return false;
        reader_skip_blanks(reader);
        char c = reader_peek(reader);
        if (c != ',' && c != ']') return reader_fail(reader, "a list wants , or ]");
        reader->at++;
        if (c == ']') return ref_push(reader, list_of_temps(reader->vm, place));
    }
}

/* The member's name: the same one as at its last place, if the reader remembers it. Documents repeat few names. */
static bool name_read(Reader *reader)
{
    Vm *vm = reader->vm;
    Str name;
    size_t start = reader->at + 1;
    if (!reader_name(reader, &name)) return false;
    size_t known = reader->names + (name.len * 7 + (name.len ? (unsigned char)name.data[name.len - 1] : 0u)) % READER_NAMES;
    Ref ref = vm->temps.items[known];
    if (!ref || !str_equal(text_view(vm, ref), name)) {
        bool in_text = name.data == reader->text.data + start;
        ref = in_text ? part_new(reader, start, name.len) : text_new(vm, name);
        vm->temps.items[known] = ref;
    }
    return ref_push(reader, ref);
}

static bool member_read(Reader *reader)
{
    reader_skip_blanks(reader);
    if (reader_peek(reader) != '"') return reader_fail(reader, "a member wants a name in quotes");
    if (!name_read(reader)) return false;
    reader_skip_blanks(reader);
    if (reader_peek(reader) != ':') return reader_fail(reader, "a member wants a :");
    reader->at++;
    return reader_value(reader);
}

static bool object_read(Reader *reader)
{
    size_t place = reader->vm->temps.count;
    reader->at++;
    reader_skip_blanks(reader);
    if (reader_peek(reader) == '}') {
        reader->at++;
        return ref_push(reader, map_new(reader->vm, OBJECT_MAP_R));
    }
    for (;;) {
        if (!member_read(reader)) return false;
        reader_skip_blanks(reader);
        char c = reader_peek(reader);
        if (c != ',' && c != '}') return reader_fail(reader, "an object wants , or }");
        reader->at++;
        if (c == '}') return ref_push(reader, map_of_temps(reader->vm, place));
    }
}

bool reader_value(Reader *reader)
{
    reader_skip_blanks(reader);
    if (reader->depth >= VALUE_DEPTH) return reader_fail(reader, "it is nested too deeply");
    reader->depth++;
    char c = reader_peek(reader);
    bool read;
    if (c == '{')
        read = object_read(reader);
    else if (c == '[')
        read = list_read(reader);
    else if (c == '"')
        read = reader_string(reader);
    else if (reader_word(reader, "null"))
        read = ref_push(reader, REF_NULL);
    else if (reader_word(reader, "true"))
        read = ref_push(reader, REF_TRUE);
    else if (reader_word(reader, "false"))
        read = ref_push(reader, REF_FALSE);
    else
        read = number_read(reader);
    reader->depth--;
    return read;
}

Reader reader_begin(Vm *vm, Str text, bool from_world)
{
    Reader reader = {.vm = vm, .text = text, .from_world = from_world, .names = vm->temps.count};
    vec_reserve(&vm->temps, READER_NAMES);
    memset(vm->temps.items + reader.names, 0, READER_NAMES * sizeof(Ref));
    vm->temps.count += READER_NAMES;
    return reader;
}

bool reader_ends(Reader *reader)
{
    reader_skip_blanks(reader);
    return reader->at == reader->text.len || reader_fail(reader, "more follows its end");
}

static Ref json_read_by(Reader reader)
{
    Vm *vm = reader.vm;
    size_t place = vm->temps.count;
    Ref json = reader_value(&reader) && reader_ends(&reader) ? vm->temps.items[place] : 0;
    vm->temps.count = reader.names;
    return json;
}

Ref json_read(Vm *vm, Str text, bool from_world)
{
    heap_expect(vm, text.len * READER_EXPECTS);
    return json_read_by(reader_begin(vm, text, from_world));
}

Ref json_read_text(Vm *vm, Ref text)
{
    size_t place = temp_push(vm, text);
    heap_expect(vm, text_view(vm, text).len * READER_EXPECTS);
    Reader reader = reader_begin(vm, text_view(vm, text), false);
    reader.source = place + 1;
    Ref json = json_read_by(reader);
    temp_drop(vm, place);
    return json;
}
