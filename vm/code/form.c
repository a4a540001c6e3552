/* A form comes in; the answer goes out whether it becomes JSON. Called by the verifier only, for each form of an image. */
#include "vm/code/form.h"

#include <string.h>

enum { DEPTH_AT_MOST = 64 };

typedef struct Walk {
    const Image *image;
    const ImageType *form;
    uint32_t piece; /* whose text is gone through */
    Str rest;       /* of it */
    unsigned depth;
} Walk;

static Str piece_text(const Walk *walk)
{
    return image_string(walk->image, walk->image->fields[walk->form->first_field + walk->piece].name);
}

static bool is_last(const Walk *walk)
{
    return walk->piece + 1 == walk->form->field_count;
}

static char walk_peek(const Walk *walk)
{
    return walk->rest.len ? walk->rest.data[0] : '\0';
}

static void walk_skip(Walk *walk, size_t count)
{
    walk->rest = str_slice(walk->rest, count, walk->rest.len);
}

static bool walk_take(Walk *walk, char c)
{
    if (walk_peek(walk) != c) return false;
    walk_skip(walk, 1);
    return true;
}

/* A string that needs no escapes but those of quotes and backslashes, or has some of its own. */
static bool string_walk(Walk *walk)
{
    if (!walk_take(walk, '"')) return false;
    while (walk->rest.len) {
        unsigned char c = (unsigned char)walk_peek(walk);
        if (c < ' ') return false;
        walk_skip(walk, 1);
        if (c == '"') return true;
        if (c != '\\') continue;
        char escaped = walk_peek(walk);
        if (!escaped || !strchr("\"\\/bfnrtu", escaped)) return false;
        walk_skip(walk, 1);
        for (int i = 0; i < 4 && escaped == 'u'; i++) {
            char digit = walk_peek(walk);
            if (!digit || !strchr("0123456789abcdef", digit)) return false;
            walk_skip(walk, 1);
        }
    }
    return false;
}

static bool int_walk(Walk *walk)
{
    walk_take(walk, '-');
    size_t digits = 0;
    while (digits < walk->rest.len && walk->rest.data[digits] >= '0' && walk->rest.data[digits] <= '9')
        digits++;
    if (!digits || (digits > 1 && walk_peek(walk) == '0')) return false;
    walk_skip(walk, digits);
    return true;
}

static bool value_walk(Walk *walk);

static bool members_walk(Walk *walk, char end, bool named)
{
    walk_skip(walk, 1);
    if (walk_take(walk, end)) return true;
    do {
        if (named && !(string_walk(walk) && walk_take(walk, ':'))) return false;
        if (!value_walk(walk)) return false;
    } while (walk_take(walk, ','));
    return walk_take(walk, end);
}

/* Where a piece's text ends there is a hole, which is a value. */
static bool hole_walk(Walk *walk)
{
    if (is_last(walk)) return false;
    walk->piece++;
    walk->rest = piece_text(walk);
    return true;
}

static bool value_walk(Walk *walk)
{
    static const Str words[] = {STR_INIT("null"), STR_INIT("true"), STR_INIT("false")};
    if (!walk->rest.len) return hole_walk(walk);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!str_starts_with(walk->rest, words[i])) continue;
        walk_skip(walk, words[i].len);
        return true;
    }
    char c = walk_peek(walk);
    if (c == '"') return string_walk(walk);
    if (c != '{' && c != '[') return int_walk(walk);
    if (++walk->depth > DEPTH_AT_MOST) return false;
    bool good = members_walk(walk, c == '{' ? '}' : ']', c == '{');
    walk->depth--;
    return good;
}

bool form_is_json(const Image *image, const ImageType *form)
{
    if (!form->field_count) return false;
    const ImageField *fields = &image->fields[form->first_field];
    for (uint32_t i = 0; i < form->field_count; i++) {
        if ((fields[i].type == IMAGE_TYPE_UNIT) != (i + 1 == form->field_count)) return false;
    }
    Walk walk = {.image = image, .form = form};
    walk.rest = piece_text(&walk);
    return value_walk(&walk) && is_last(&walk) && !walk.rest.len;
}
