/* Texts, values and names as the language writes them, for a run that is told as a drill. See retell.h. */
#include "vm/drill/retell.h"

#include "vm/base/utf8.h"
#include "vm/drill/script.h"

#include <ctype.h>
#include <string.h>

/* How secrets stand in a subject (effect_subject). */
#define SECRET_BEGIN "\xEF\xB7\x90"
#define SECRET_END "\xEF\xB7\x91"

/* Would it not be seen, or change how what stands around it is seen? */
static bool is_invisible(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

/* `{name}`: where people write a value in other languages, and are warned of that. */
static bool looks_like_value(Str text)
{
    size_t len = 1;
    if (text.data[0] != '{') return false;
    while (len < text.len && (isalnum((unsigned char)text.data[len]) || text.data[len] == '_'))
        len++;
    return len > 1 && len < text.len && text.data[len] == '}';
}

/* The first character of the text as a string literal has it; gives its length. */
static size_t add_escaped(Buffer *out, Str text)
{
    uint32_t code = 0;
    size_t len = utf8_decode(text, &code);
    if (!len) len = 1;
    if (code == '"' || code == '\\' || code == '$')
        buffer_printf(out, "\\%c", (char)code);
    else if (code == '\n')
        buffer_add_c(out, "\\n");
    else if (code == '\t')
        buffer_add_c(out, "\\t");
    else if (is_invisible(code) || looks_like_value(text))
        buffer_printf(out, "\\u{%x}", (unsigned)code);
    else
        buffer_add_str(out, str_slice(text, 0, len));
    return len;
}

void retell_string(Buffer *out, Str text)
{
    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.len;)
        i += add_escaped(out, str_slice(text, i, text.len));
    buffer_add_char(out, '"');
}

/* ---- secrets ---- */

/* The length of the secret's stand-in at the beginning of the text, and its name; 0: there is none. */
static size_t secret_at(Str text, Str *name)
{
    ptrdiff_t end = str_starts_with(text, STR(SECRET_BEGIN)) ? str_find(text, STR(SECRET_END)) : -1;
    if (end < 0) return 0;
    *name = str_slice(text, strlen(SECRET_BEGIN), (size_t)end);
    return (size_t)end + strlen(SECRET_END);
}

/* `${name}` inside of a string or a command. */
static void add_secret(Retelling *telling, Buffer *out, Str name)
{
    buffer_add_c(out, "${");
    retell_name(telling, out, "secrets", name);
    buffer_add_char(out, '}');
}

bool retell_says(const Retelling *telling, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        Str name;
        size_t len = secret_at(str_slice(text, i, text.len), &name);
        if (len && !retell_has(telling, "secrets", name)) return false;
    }
    return true;
}

/* The inside of a string literal. plain: what is a star in it stands for itself because all of it is a value. */
static void add_text(Retelling *telling, Buffer *out, Str text, bool plain)
{
    for (size_t i = 0; i < text.len;) {
        Str name, rest = str_slice(text, i, text.len);
        size_t len = secret_at(rest, &name);
        if (len) {
            add_secret(telling, out, name);
        } else if (text.data[i] == '*' && !plain) {
            buffer_add_c(out, "${\"*\"}");
            len = 1;
        } else {
            len = add_escaped(out, rest);
        }
        i += len;
    }
}

void retell_pattern(Retelling *telling, Buffer *out, Str text)
{
    buffer_add_char(out, '"');
    add_text(telling, out, text, false);
    buffer_add_char(out, '"');
}

/* ---- commands ---- */

/* Does the word read the same inside of a command literal? */
static bool is_plain_word(Str word)
{
    static const char others[] = "-_./:=,@%+[](){}?^~";
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (!c || !strchr(others, c))) return false;
    }
    return word.len > 0;
}

static void add_word(Retelling *telling, Buffer *out, Str word)
{
    if (is_plain_word(word)) {
        buffer_add_str(out, word);
        return;
    }
    buffer_add_c(out, "${\"");
    add_text(telling, out, word, true);
    buffer_add_c(out, "\"}");
}

static void add_command(Retelling *telling, Buffer *out, Str subject)
{
    bool odd = !subject.len || str_find(subject, STR("  ")) >= 0 || subject.data[0] == ' ' || subject.data[subject.len - 1] == ' ';
    buffer_add_char(out, '`');
    if (odd) {
        add_word(telling, out, subject);
    } else {
        for (size_t from = 0; from < subject.len;) {
            ptrdiff_t blank = str_find(str_slice(subject, from, subject.len), STR(" "));
            size_t to = blank < 0 ? subject.len : from + (size_t)blank;
            if (from) buffer_add_char(out, ' ');
            add_word(telling, out, str_slice(subject, from, to));
            from = to + 1;
        }
    }
    buffer_add_char(out, '`');
}

bool retell_effect(Retelling *telling, Row *intent, const char *before_request, const char *before_command, Buffer *out)
{
    const Json *args = row_json(intent);
    bool http = str_equal_c(intent->log.name, "http");
    if (!http && !str_equal_c(intent->log.name, "command")) return false;
    Str subject = row_subject(telling->record, intent);
    if (!retell_says(telling, subject)) return false;
    Str host = json_string(json_get(args, "host"), "name", "");
    if (http) {
        buffer_printf(out, "%s%.*s ", before_request, STR_ARG(json_string(args, "method", "GET")));
        retell_pattern(telling, out, subject);
        return true;
    }
    if (host.len) {
        buffer_add_c(out, "on ");
        retell_name(telling, out, "hosts", host);
        buffer_add_char(out, ' ');
    }
    buffer_add_c(out, before_command);
    add_command(telling, out, subject);
    return true;
}

/* ---- values ---- */

void retell_value(Buffer *out, const Json *value)
{
    JsonKind kind = json_kind(value);
    const char *before = "";
    if (kind == JSON_STRING) {
        retell_string(out, json_text(value));
    } else if (kind == JSON_OBJECT || kind == JSON_LIST) {
        buffer_add_char(out, kind == JSON_LIST ? '[' : '{');
        for (const Json *one = json_first(value); one; one = json_next(one)) {
            buffer_add_c(out, before);
            if (kind == JSON_OBJECT) retell_string(out, str_from_c(json_key(one)));
            if (kind == JSON_OBJECT) buffer_add_c(out, ": ");
            retell_value(out, one);
            before = ", ";
        }
        buffer_add_char(out, kind == JSON_LIST ? ']' : '}');
    } else if (kind == JSON_NULL) {
        buffer_add_c(out, "none");
    } else {
        json_write(out, value);
    }
}

/* ---- names ---- */

bool retell_has(const Retelling *telling, const char *list, Str name)
{
    for (const Json *one = json_first(json_get(telling->metadata, list)); one; one = json_next(one)) {
        if (str_equal(json_string(one, "name", ""), name)) return true;
    }
    return false;
}

/* A name of a file that the plan's own does not import needs an import. */
static void note_import(Retelling *telling, Str said)
{
    ptrdiff_t point = str_find(said, STR("."));
    Str module = str_slice(said, 0, point < 0 ? 0 : (size_t)point);
    for (const Json *one = json_first(json_get(telling->metadata, "imports")); one; one = json_next(one)) {
        Str as = json_string(one, "as", "");
        if (str_equal(as, module) && !map_has(&telling->imports, as)) map_set(&telling->imports, as, telling);
    }
}

void retell_name(Retelling *telling, Buffer *out, const char *list, Str name)
{
    Buffer key = {0};
    buffer_add_str(&key, name);
    Str said = json_string(json_get(json_get(telling->metadata, "imported"), list), key.data ? key.data : "", "");
    if (said.len) note_import(telling, said);
    buffer_add_str(out, said.len ? said : name);
    buffer_free(&key);
}

bool retell_person(Retelling *telling, Buffer *out, Str name)
{
    static const char *const lists[] = {"contacts", "rotations", "roles"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!retell_has(telling, lists[i], name)) continue;
        retell_name(telling, out, lists[i], name);
        return true;
    }
    return false;
}
