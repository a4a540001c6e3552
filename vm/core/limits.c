/* The limits of a run: their defaults, `NAME=VALUE` as text, and failures that name a limit and its option.
 */
#include "vm/core/heap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint64_t most;
} limit_info[] = {
#define LIMIT(id, name, member, type, value, doc) {name, (type)-1},
#include "vm/core/limits.def"
#undef LIMIT
};

static VmLimits defaults = {
#define LIMIT(id, name, member, type, value, doc) .member = (value),
#include "vm/core/limits.def"
#undef LIMIT
};

VmLimits vm_default_limits(void)
{
    return defaults;
}

static void limit_store(VmLimits *limits, LimitId id, uint64_t value)
{
    switch (id) {
#define LIMIT(id, name, member, type, standard, doc)                                                         \
    case LIMIT_##id:                                                                                         \
        limits->member = (type)value;                                                                        \
        break;
#include "vm/core/limits.def"
#undef LIMIT
    }
}

static uint64_t limit_value(const VmLimits *limits, LimitId id)
{
    switch (id) {
#define LIMIT(id, name, member, type, standard, doc)                                                         \
    case LIMIT_##id:                                                                                         \
        return limits->member;
#include "vm/core/limits.def"
#undef LIMIT
    }
    return 0;
}

/* 64M: the letters are powers of 1024, as for memory everywhere. */
static bool number_read(const char *text, uint64_t most, uint64_t *value)
{
    char *end = NULL;
    if (*text < '0' || *text > '9') return false;
    unsigned long long number = strtoull(text, &end, 10);
    const char *letters = "KMG", *letter = *end ? strchr(letters, *end) : NULL;
    unsigned shift = letter ? 10 * (unsigned)(letter - letters + 1) : 0;
    if (letter ? end[1] : *end) return false;
    if (number == 0 || number >= UINT64_MAX || number > most >> shift) return false;
    *value = (uint64_t)number << shift;
    return true;
}

static void number_write(Buffer *out, uint64_t value)
{
    const char *letter = "";
    for (const char *next = "KMG"; *next && value && value % 1024 == 0; next++) {
        value /= 1024;
        letter = next;
    }
    buffer_printf(out, "%" PRIu64 "%.1s", value, letter);
}

bool vm_limit_set(VmLimits *limits, const char *text, Error *error)
{
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    for (int id = 0; id < LIMIT_COUNT; id++) {
        if (strlen(limit_info[id].name) != len || memcmp(limit_info[id].name, text, len) != 0) continue;
        uint64_t value = 0;
        if (!equals || !number_read(equals + 1, limit_info[id].most, &value))
            return error_set(error, "--limit %s: write a number, like %.*s=100 or %.*s=64M", text, (int)len,
                             text, (int)len, text);
        limit_store(limits, (LimitId)id, value);
        return true;
    }
    Buffer names = {0};
    for (int id = 0; id < LIMIT_COUNT; id++)
        buffer_printf(&names, "%s%s", id ? ", " : "", limit_info[id].name);
    error_set(error, "--limit %s: there are the limits %s", text, names.data);
    buffer_free(&names);
    return false;
}

bool vm_default_limit_set(const char *text, Error *error)
{
    return vm_limit_set(&defaults, text, error);
}

bool vm_raise_limit(Vm *vm, LimitId id, const char *what)
{
    Buffer text = {0};
    buffer_printf(&text, "%s: the limit is ", what);
    number_write(&text, limit_value(&vm->limits, id));
    buffer_printf(&text, ", --limit %s=", limit_info[id].name);
    uint64_t value = limit_value(&vm->limits, id);
    number_write(&text, value <= limit_info[id].most / 2 ? value * 2 : limit_info[id].most);
    buffer_add_c(&text, " doubles it");
    vm_raise(vm, FAILURE_LIMIT, "%s", text.data);
    buffer_free(&text);
    return false;
}
