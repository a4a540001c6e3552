/* Zones through the C library, which reads tzdata: see zone.h. The process's own zone is put back after each
 * question. */
#include "vm/base/zone.h"

#include "vm/base/memory.h"
#include "vm/base/zone_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { NAME_LIMIT = 100 };

static const int64_t DAY = 86400;

/* A name leads to a file of tzdata and nowhere else. */
static bool name_is_safe(Str name)
{
    if (!name.len || name.len > NAME_LIMIT || name.data[0] == '/') return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '/' && c != '_' && c != '-' && c != '+') return false;
    }
    return true;
}

static bool zone_exists(Str name)
{
    const char *folder = getenv("TZDIR");
    char path[512];
    struct stat info;
    if (!name_is_safe(name)) return false;
    snprintf(path, sizeof path, "%s/%.*s", folder && *folder ? folder : "/usr/share/zoneinfo", STR_ARG(name));
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* Makes the zone the process's; gives what it was before (NULL: nothing), to be handed to zone_leave. */
static char *zone_enter(Str name)
{
    char text[NAME_LIMIT + 2];
    const char *before = getenv("TZ");
    char *kept = before ? memory_copy_c(str_from_c(before)) : NULL;
    snprintf(text, sizeof text, ":%.*s", STR_ARG(name));
    setenv("TZ", text, 1);
    tzset();
    return kept;
}

static void zone_leave(char *before)
{
    if (before)
        setenv("TZ", before, 1);
    else
        unsetenv("TZ");
    tzset();
    free(before);
}

/* Seconds, in the zone that is entered. */
static int64_t offset_at(int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm parts;
    return localtime_r(&time, &parts) ? (int64_t)parts.tm_gmtoff : 0;
}

static int64_t floor_seconds(int64_t ms)
{
    return ms >= 0 ? ms / 1000 : -((999 - ms) / 1000);
}

bool zone_known(Str zone, Error *error)
{
    if (str_equal(zone, STR("UTC")) || zone_exists(zone)) return true;
    if (!zone_exists(STR("Europe/London"))) return error_set(error, "this machine has no time zones: install tzdata");
    return error_set(error, "there is no time zone \"%.*s\" on this machine", STR_ARG(zone));
}

bool zone_offset(Str zone, int64_t time, int64_t *offset, Error *error)
{
    *offset = 0;
    if (!zone_known(zone, error)) return false;
    if (str_equal(zone, STR("UTC"))) return true;
    char *before = zone_enter(zone);
    *offset = offset_at(floor_seconds(time)) * 1000;
    zone_leave(before);
    return true;
}

bool zone_to_utc(Str zone, int64_t local, int64_t *time, Error *error)
{
    *time = local;
    if (!zone_known(zone, error)) return false;
    if (str_equal(zone, STR("UTC"))) return true;
    char *entered = zone_enter(zone);
    int64_t seconds = floor_seconds(local);
    int64_t before = offset_at(seconds - DAY), after = offset_at(seconds + DAY);
    int64_t first = before > after ? before : after, second = before > after ? after : before;
    /* The larger offset is the earlier time; where neither is right, the hour is left out. */
    int64_t offset = offset_at(seconds - first) == first    ? first
                     : offset_at(seconds - second) == second ? second
                                                             : before;
    zone_leave(entered);
    *time = local - offset * 1000;
    return true;
}

/* ---- the table of a zone ---- */

/* 2000-01-01 and 2070-01-01. */
static const int64_t TABLE_BEGINS = 946684800, TABLE_ENDS = 3155760000;

/* The first second of (low, high] with another offset than at low; between the two there is one change. */
static int64_t change_between(int64_t low, int64_t high)
{
    int64_t before = offset_at(low);
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (offset_at(middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static void table_line(Buffer *out, int64_t seconds)
{
    buffer_printf(out, "%0*" PRId64 " %+0*" PRId64 "\n", ZONE_SECONDS_WIDTH, seconds, ZONE_OFFSET_WIDTH, offset_at(seconds));
}

/* Nowhere do clocks change twice within a week. */
bool zone_table(Str zone, Buffer *out, Error *error)
{
    if (!zone_known(zone, error)) return false;
    if (str_equal(zone, STR("UTC"))) return true;
    char *entered = zone_enter(zone);
    table_line(out, TABLE_BEGINS);
    for (int64_t at = TABLE_BEGINS; at < TABLE_ENDS; at += 7 * DAY) {
        if (offset_at(at) != offset_at(at + 7 * DAY)) table_line(out, change_between(at, at + 7 * DAY));
    }
    zone_leave(entered);
    return true;
}
