/* Builtins on floats, times and durations. Times are reckoned in UTC by the Gregorian calendar, in both
 * directions. */
#include "vm/core/builtins.h"

#include "vm/base/time.h"

#include <inttypes.h>
#include <math.h>

static bool give_rounded(const BuiltinCall *call, double real)
{
    if (real >= -9223372036854775808.0 && real < 9223372036854775808.0)
        return give_scalar(call, (int64_t)real);
    return vm_raise(call->vm, FAILURE_RUN, "%g is too large for an int", real);
}

bool builtin_FLOAT_ABS(const BuiltinCall *call)
{
    return give_scalar(call, bits_of_real(fabs(real_of_bits(arg_scalar(call, 0)))));
}

bool builtin_FLOAT_ROUND(const BuiltinCall *call)
{
    return give_rounded(call, round(real_of_bits(arg_scalar(call, 0))));
}

/* ---- times ---- */

enum { DAY = 86400000 };

typedef struct Calendar {
    int64_t year;
    int month, day, hour, minute, second, weekday, yearday; /* weekday: Monday is 1; yearday from 1 */
} Calendar;

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Days since 1970 of a date; years are counted from March so that the leap day is the last. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = floor_divide(y, 400), of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static Calendar calendar_of(int64_t time)
{
    int64_t days = floor_divide(time, DAY), rest = (time % DAY + DAY) % DAY;
    int64_t shifted = days + 719468, era = floor_divide(shifted, 146097), of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    Calendar calendar = {.year = year + era * 400};
    calendar.day = (int)(of_year - (153 * month + 2) / 5 + 1);
    calendar.month = (int)(month < 10 ? month + 3 : month - 9);
    calendar.year += calendar.month <= 2;
    calendar.hour = (int)(rest / 3600000);
    calendar.minute = (int)(rest / 60000 % 60);
    calendar.second = (int)(rest / 1000 % 60);
    calendar.weekday = (int)(((days + 3) % 7 + 7) % 7) + 1; /* 1970 began on a Thursday */
    calendar.yearday = (int)(days - days_of_date(calendar.year, 1, 1)) + 1;
    return calendar;
}

bool builtin_TIME_TO_TEXT(const BuiltinCall *call)
{
    Calendar c = calendar_of(arg_scalar(call, 0));
    buffer_printf(scratch_begin(call), "%04" PRId64 "-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day,
                  c.hour, c.minute, c.second);
    return give_scratch(call);
}

/* One letter of strftime. False: it is none that is known. */
static bool letter_write(Buffer *out, const Calendar *c, char letter)
{
    static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    switch (letter) {
    case 'Y': buffer_printf(out, "%04" PRId64, c->year); return true;
    case 'y': buffer_printf(out, "%02d", (int)((c->year % 100 + 100) % 100)); return true;
    case 'm': buffer_printf(out, "%02d", c->month); return true;
    case 'd': buffer_printf(out, "%02d", c->day); return true;
    case 'e': buffer_printf(out, "%2d", c->day); return true;
    case 'H': buffer_printf(out, "%02d", c->hour); return true;
    case 'M': buffer_printf(out, "%02d", c->minute); return true;
    case 'S': buffer_printf(out, "%02d", c->second); return true;
    case 'j': buffer_printf(out, "%03d", c->yearday); return true;
    case 'A': buffer_add_c(out, days[c->weekday - 1]); return true;
    case 'a': buffer_printf(out, "%.3s", days[c->weekday - 1]); return true;
    case 'B': buffer_add_c(out, months[c->month - 1]); return true;
    case 'b': buffer_printf(out, "%.3s", months[c->month - 1]); return true;
    case 'F': buffer_printf(out, "%04" PRId64 "-%02d-%02d", c->year, c->month, c->day); return true;
    case 'T': buffer_printf(out, "%02d:%02d:%02d", c->hour, c->minute, c->second); return true;
    case 'R': buffer_printf(out, "%02d:%02d", c->hour, c->minute); return true;
    case 'Z': buffer_add_c(out, "UTC"); return true;
    case 'z': buffer_add_c(out, "+0000"); return true;
    case '%': buffer_add_char(out, '%'); return true;
    default: return false;
    }
}

bool builtin_TIME_FORMAT(const BuiltinCall *call)
{
    Str format;
    if (!arg_text(call, 0, &format)) return false;
    Calendar calendar = calendar_of(arg_scalar(call, 0));
    Buffer *out = scratch_begin(call);
    for (size_t i = 0; i < format.len; i++) {
        if (format.data[i] != '%') {
            buffer_add_char(out, format.data[i]);
            continue;
        }
        char letter = ++i < format.len ? format.data[i] : '\0';
        if (!letter_write(out, &calendar, letter)) {
            return vm_raise(call->vm, FAILURE_RUN, "%%%c is no letter of a time's format",
                            letter ? letter : ' ');
        }
    }
    return give_scratch(call);
}
