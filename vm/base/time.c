/* Times and durations as text (vm/base/time.h). The C library turns days into dates; everything else is here.
 */
#include "vm/base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND ((int64_t)1000)

int64_t time_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND + (int64_t)now.tv_nsec / 1000000;
}

/* Splits into whole seconds (as a calendar shows them) and the milliseconds beyond, which are never negative.
 */
static struct tm calendar(int64_t time, int *milliseconds)
{
    int64_t seconds = time / SECOND, rest = time % SECOND;
    if (rest < 0) {
        rest += SECOND;
        seconds--;
    }
    *milliseconds = (int)rest;
    time_t clock = (time_t)seconds;
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    gmtime_r(&clock, &parts);
    return parts;
}

static void write_as(Buffer *out, int64_t time, const char *format)
{
    int milliseconds;
    struct tm parts = calendar(time, &milliseconds);
    char text[64];
    size_t len = strftime(text, sizeof text, format, &parts);
    buffer_add(out, text, len);
}

void time_write(Buffer *out, int64_t time)
{
    int milliseconds;
    calendar(time, &milliseconds);
    write_as(out, time, "%Y-%m-%dT%H:%M:%S");
    if (milliseconds) buffer_printf(out, ".%03d", milliseconds);
    buffer_add_char(out, 'Z');
}

void time_write_date(Buffer *out, int64_t time)
{
    write_as(out, time, "%Y-%m-%d");
}
void time_write_clock(Buffer *out, int64_t time)
{
    write_as(out, time, "%H:%M:%S");
}
void time_write_minute(Buffer *out, int64_t time)
{
    write_as(out, time, "%Y-%m-%d %H:%M");
}

/* Takes exactly `digits` digits; moves on only when they are there. */
static bool take_number(Str *rest, size_t digits, int *number)
{
    if (rest->len < digits) return false;
    int value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (rest->data[i] < '0' || rest->data[i] > '9') return false;
        value = value * 10 + (rest->data[i] - '0');
    }
    *rest = str_slice(*rest, digits, rest->len);
    *number = value;
    return true;
}

static bool take_char(Str *rest, const char *one_of)
{
    if (!rest->len || !strchr(one_of, rest->data[0])) return false;
    *rest = str_slice(*rest, 1, rest->len);
    return true;
}

/* ".123456": milliseconds, the digits beyond them dropped. */
static bool take_fraction(Str *rest, int *milliseconds)
{
    if (!take_char(rest, ".,")) return true;
    int scale = 100, digit;
    if (!rest->len) return false;
    while (take_number(rest, 1, &digit)) {
        *milliseconds += digit * scale;
        scale /= 10;
    }
    return true;
}

static bool take_zone(Str *rest, int *minutes)
{
    if (!rest->len || take_char(rest, "Zz")) return true;
    int sign = rest->data[0] == '-' ? -1 : 1, hour, minute;
    if (!take_char(rest, "+-") || !take_number(rest, 2, &hour)) return false;
    take_char(rest, ":");
    if (!take_number(rest, 2, &minute)) return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

static bool take_clock(Str *rest, struct tm *parts, int *milliseconds, int *zone)
{
    if (!take_number(rest, 2, &parts->tm_hour) || !take_char(rest, ":")) return false;
    if (!take_number(rest, 2, &parts->tm_min)) return false;
    if (take_char(rest, ":") && (!take_number(rest, 2, &parts->tm_sec) || !take_fraction(rest, milliseconds)))
        return false;
    return take_zone(rest, zone);
}

bool time_parse(Str text, int64_t *time, Error *error)
{
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    Str rest = str_trim(text);
    int year = 0, month = 0, milliseconds = 0, zone = 0;
    bool fine = take_number(&rest, 4, &year) && take_char(&rest, "-") && take_number(&rest, 2, &month) &&
                take_char(&rest, "-") && take_number(&rest, 2, &parts.tm_mday);
    if (fine && rest.len) fine = take_char(&rest, "Tt ") && take_clock(&rest, &parts, &milliseconds, &zone);
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    struct tm given = parts;
    int64_t seconds = fine ? (int64_t)timegm(&parts) : 0;
    /* timegm makes the 3rd of March of the 31st of February: what it changes was no date. */
    if (!fine || rest.len || parts.tm_mday != given.tm_mday || parts.tm_mon != given.tm_mon ||
        parts.tm_hour != given.tm_hour || parts.tm_min != given.tm_min || parts.tm_sec != given.tm_sec)
        return error_set(error, "`%.*s` is not a time: write 2026-03-02T03:12:04Z", STR_ARG(text));
    *time = (seconds - (int64_t)zone * 60) * SECOND + milliseconds;
    return true;
}

typedef struct Unit {
    const char *name;
    int64_t milliseconds;
    bool written; /* weeks are read, and written as days */
} Unit;

static const Unit units[] = {{"w", 604800000, false}, {"d", 86400000, true}, {"h", 3600000, true},
                             {"m", 60000, true},      {"s", 1000, true},     {"ms", 1, true}};
#define UNIT_COUNT (sizeof units / sizeof units[0])

static void write_units(Buffer *out, int64_t duration, int at_most)
{
    /* As unsigned, so that the smallest integer has a positive form too. */
    uint64_t rest = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
    if (duration < 0) buffer_add_char(out, '-');
    if (!rest) buffer_add_c(out, "0s");
    int written = 0;
    for (size_t i = 0; i < UNIT_COUNT && rest && written < at_most; i++) {
        uint64_t count = units[i].written ? rest / (uint64_t)units[i].milliseconds : 0;
        if (count) buffer_printf(out, "%llu%s", (unsigned long long)count, units[i].name);
        if (count || written) written++;
        rest -= count * (uint64_t)units[i].milliseconds;
    }
}

void duration_write(Buffer *out, int64_t duration)
{
    write_units(out, duration, (int)UNIT_COUNT);
}

void duration_write_short(Buffer *out, int64_t duration)
{
    if (duration >= SECOND || duration <= -SECOND) duration -= duration % SECOND;
    write_units(out, duration, 2);
}

static const Unit *take_unit(Str *rest)
{
    const Unit *found = NULL;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (str_starts_with(*rest, str_from_c(units[i].name)) &&
            (!found || strlen(units[i].name) > strlen(found->name)))
            found = &units[i];
    }
    if (found) *rest = str_slice(*rest, strlen(found->name), rest->len);
    return found;
}

bool duration_parse(Str text, int64_t *duration, Error *error)
{
    Str rest = str_trim(text);
    bool negative = take_char(&rest, "-");
    int64_t total = 0;
    unsigned used = 0;
    bool fine = rest.len > 0;
    while (fine && rest.len) {
        int64_t number = 0, part = 0;
        int digit;
        size_t before = rest.len;
        while (take_number(&rest, 1, &digit))
            if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number))
                return error_set(error, "the duration `%.*s` is too long", STR_ARG(text));
        const Unit *unit = rest.len < before ? take_unit(&rest) : NULL;
        fine = unit && !(used & 1u << (unit - units));
        if (!fine) break;
        used |= 1u << (unit - units);
        if (__builtin_mul_overflow(number, unit->milliseconds, &part) ||
            __builtin_add_overflow(total, part, &total))
            return error_set(error, "the duration `%.*s` is too long", STR_ARG(text));
    }
    if (!fine) return error_set(error, "`%.*s` is not a duration: write 90s, 4m30s or 2d", STR_ARG(text));
    *duration = negative ? -total : total;
    return true;
}
