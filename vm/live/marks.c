/* One mark's kind and members in, one line out, by the templates of marks.def. Called by people.c. */
#include "vm/live/marks.h"

#include <inttypes.h>

#include "vm/base/time.h"
#include "vm/live/secrets.h"

typedef struct MarkForm {
    const char *kind;
    Tone tone;
    const char *text;
} MarkForm;

static const MarkForm forms[] = {
#define MARK(kind, tone, text) {kind, TONE_##tone, text},
#include "vm/live/marks.def"
#undef MARK
};

static void write_value(Buffer *out, const Json *value)
{
    switch (json_kind(value)) {
    case JSON_STRING: secrets_show(out, json_text(value)); break;
    case JSON_LIST:
        for (const Json *item = json_first(value); item; item = json_next(item)) {
            if (item != json_first(value)) buffer_add_c(out, " or ");
            write_value(out, item);
        }
        break;
    case JSON_NULL: break;
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_OBJECT: json_write(out, value); break;
    }
}

/* `name` or `name|form`. False: there is nothing to show. */
static bool write_member(Buffer *out, Str name, const Json *args)
{
    ptrdiff_t bar = str_find(name, STR("|"));
    Str form = bar < 0 ? STR("") : str_slice(name, (size_t)bar + 1, name.len);
    Arena arena = {0};
    const Json *value =
        json_get(args, arena_copy_c(&arena, bar < 0 ? name : str_slice(name, 0, (size_t)bar)));
    arena_free(&arena);
    size_t before = out->len;
    if (json_is_null(value)) return false;
    if (str_equal_c(form, "duration")) {
        if (json_as_int(value) > 0) duration_write_short(out, json_as_int(value));
    } else if (str_equal_c(form, "clock")) {
        time_write_clock(out, json_as_int(value));
    } else if (str_equal_c(form, "date")) {
        time_write_date(out, json_as_int(value));
    } else {
        write_value(out, value);
    }
    return out->len > before;
}

static bool write_part(Buffer *out, Str part, const Json *args)
{
    bool whole = true;
    for (size_t at = 0; at < part.len;) {
        Str rest = str_slice(part, at, part.len);
        ptrdiff_t close = rest.data[0] == '{' ? str_find(rest, STR("}")) : -1;
        if (close > 0) {
            whole = write_member(out, str_slice(rest, 1, (size_t)close), args) && whole;
            at += (size_t)close + 1;
        } else {
            buffer_add_char(out, rest.data[0]);
            at++;
        }
    }
    return whole;
}

bool mark_write(Buffer *out, Str kind, const Json *args, Tone *tone)
{
    const MarkForm *form = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0] && !form; i++)
        if (str_equal_c(kind, forms[i].kind)) form = &forms[i];
    if (!form) return false;
    *tone = form->tone;
    Str text = str_from_c(form->text);
    for (size_t at = 0; at < text.len;) {
        Str rest = str_slice(text, at, text.len);
        bool optional = rest.data[0] == '[';
        ptrdiff_t end = str_find(rest, optional ? STR("]") : STR("["));
        if (end < 0) end = (ptrdiff_t)rest.len;
        size_t before = out->len;
        if (!write_part(out, str_slice(rest, optional, (size_t)end), args) && optional) out->len = before;
        at += (size_t)end + optional;
    }
    return true;
}
