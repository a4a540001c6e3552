/* Builtins on the table of a time zone, which the compiler has put into the image (vm/base/zone_table.h). No clock and no tzdata is asked here: the same table gives the same answers for ever. A text that is
 * no such table is a failure of the plan, never more. */
#include "vm/core/builtins.h"

#include "vm/base/zone_table.h"

static bool digits_read(const char *text, size_t width, int64_t *number)
{
    bool negative = *text == '-';
    size_t i = negative || *text == '+';
    *number = 0;
    for (; i < width; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *number = *number * 10 + (text[i] - '0');
    }
    if (negative) *number = -*number;
    return true;
}

/* One line of the table, in ms. */
static bool line_read(Str table, size_t line, int64_t *time, int64_t *offset)
{
    const char *text = table.data + line * ZONE_LINE;
    if (!digits_read(text, ZONE_SECONDS_WIDTH, time) || !digits_read(text + ZONE_SECONDS_WIDTH + 1, ZONE_OFFSET_WIDTH, offset)) return false;
    *time *= 1000;
    *offset *= 1000;
    return true;
}

typedef struct ZonePlace {
    int64_t offset; /* ms, at the time that was asked for */
    bool changes;   /* later on, at NEXT */
    int64_t next;
} ZonePlace;

/* Where in the table the time lies. */
static bool zone_place(Str table, int64_t time, ZonePlace *place)
{
    size_t count = table.len / ZONE_LINE;
    int64_t begins, offset;
    *place = (ZonePlace){0};
    if (!count) return table.len == 0;
    if (table.len % ZONE_LINE || !line_read(table, 0, &begins, &place->offset)) return false;
    size_t low = 0, high = count; /* the line LOW holds at the time, or is the first */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (!line_read(table, middle, &begins, &offset)) return false;
        if (begins > time) {
            high = middle;
        } else {
            low = middle;
            place->offset = offset;
        }
    }
    place->changes = high < count;
    return !place->changes || line_read(table, high, &place->next, &offset);
}

static bool place_of_call(const BuiltinCall *call, ZonePlace *place)
{
    Str table;
    if (!arg_text(call, 0, &table)) return false;
    return zone_place(table, arg_scalar(call, 0), place) || vm_raise(call->vm, FAILURE_RUN, "this is no table of a time zone");
}

bool builtin_TIME_ZONE_OFFSET(const BuiltinCall *call)
{
    ZonePlace place;
    return place_of_call(call, &place) && give_scalar(call, place.offset);
}

bool builtin_TIME_ZONE_CHANGE(const BuiltinCall *call)
{
    ZonePlace place;
    if (!place_of_call(call, &place)) return false;
    return place.changes ? give_box(call, place.next) : give_optional(call, 0);
}
