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
    Buffer text = {0};
    va_list args;
    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    buffer_printf(&text, ": %s", error->text);
    buffer_add(&text, "", 1);
    size_t len = text.len < sizeof error->text ? text.len : sizeof error->text;
    memcpy(error->text, text.data, len);
    error->text[sizeof error->text - 1] = '\0';
    buffer_free(&text);
    return false;
}
