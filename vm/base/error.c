#include "vm/base/error.h"

#include <stdio.h>
#include <string.h>

bool error_set(Error *error, const char *format, ...)
{
    if (!error) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return false;
}

bool error_wrap(Error *error, const char *format, ...)
{
    if (!error) return false;
    char inner[sizeof error->text];
    memcpy(inner, error->text, sizeof inner);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof error->text)
        snprintf(error->text + len, sizeof error->text - (size_t)len, ": %s", inner);
    return false;
}
