/* The operation `native`: one call of a function of a native library, its arguments in, its results out
 * (docs/effects.md). Begun by live.c. The only home of ffi.h.
 *
 * A wrong signature cannot be noticed here and may end the process; everything else is an answer: a library
 * or symbol that is not there, a number that its C type cannot hold, a text without an end, a NULL. Handles
 * are numbers outside; the pointers behind them never leave this process, and a handle of another process is
 * refused. */
#include <dlfcn.h>
#include <ffi.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/live/state.h"

enum { MOST_ARGUMENTS = 32, MOST_BYTES = 16 << 20 };

typedef enum Shape {
    SHAPE_VOID,
    SHAPE_BOOL,
    SHAPE_SIGNED,
    SHAPE_UNSIGNED,
    SHAPE_REAL,
    SHAPE_TEXT,
    SHAPE_HANDLE
} Shape;

typedef struct CType {
    const char *name;
    Shape shape;
    size_t size;
    ffi_type *ffi;
} CType;

static const CType c_types[] = {
    {"void", SHAPE_VOID, 0, &ffi_type_void},
    {"bool", SHAPE_BOOL, sizeof(bool), &ffi_type_uint8},
    {"i8", SHAPE_SIGNED, 1, &ffi_type_sint8},
    {"i16", SHAPE_SIGNED, 2, &ffi_type_sint16},
    {"i32", SHAPE_SIGNED, 4, &ffi_type_sint32},
    {"i64", SHAPE_SIGNED, 8, &ffi_type_sint64},
    {"u8", SHAPE_UNSIGNED, 1, &ffi_type_uint8},
    {"u16", SHAPE_UNSIGNED, 2, &ffi_type_uint16},
    {"u32", SHAPE_UNSIGNED, 4, &ffi_type_uint32},
    {"u64", SHAPE_UNSIGNED, 8, &ffi_type_uint64},
    {"char", SHAPE_SIGNED, 1, &ffi_type_sint8},
    {"short", SHAPE_SIGNED, sizeof(short), &ffi_type_sshort},
    {"int", SHAPE_SIGNED, sizeof(int), &ffi_type_sint},
    {"uint", SHAPE_UNSIGNED, sizeof(unsigned), &ffi_type_uint},
    {"long", SHAPE_SIGNED, sizeof(long), &ffi_type_slong},
    {"ulong", SHAPE_UNSIGNED, sizeof(long), &ffi_type_ulong},
    {"isize", SHAPE_SIGNED, sizeof(ptrdiff_t), &ffi_type_slong},
    {"usize", SHAPE_UNSIGNED, sizeof(size_t), &ffi_type_ulong},
    {"float", SHAPE_REAL, sizeof(float), &ffi_type_float},
    {"f32", SHAPE_REAL, sizeof(float), &ffi_type_float},
    {"double", SHAPE_REAL, sizeof(double), &ffi_type_double},
    {"f64", SHAPE_REAL, sizeof(double), &ffi_type_double},
    {"string", SHAPE_TEXT, sizeof(char *), &ffi_type_pointer},
    {"handle", SHAPE_HANDLE, sizeof(void *), &ffi_type_pointer},
};

typedef struct Handle {
    void *pointer;
} Handle;

struct Native {
    VEC(Handle) handles; /* handle n is the n-th, from 1 */
};

typedef struct Argument {
    const Json *param;
    Str name;
    const CType *type;
    bool is_out, is_array;
    size_t count; /* array: elements; text that comes out: bytes */
    union {
        int64_t whole;
        uint64_t natural;
        double real;
        float small;
        void *pointer;
        uint8_t bytes[16];
    } value;      /* what the function is given */
    void *memory; /* of arrays and texts; the call's arena's */
} Argument;

typedef struct Call {
    LiveEffect *effect;
    Arena arena;
    const CType *result;
    Argument arguments[MOST_ARGUMENTS];
    size_t count;
    Error error;
} Call;

static bool failed(Call *call, const char *format, ...) PLAN_PRINTF(2, 3);
static bool failed(Call *call, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(&call->error, "%s", text);
}

static const CType *c_type_find(Str name)
{
    for (size_t i = 0; i < sizeof c_types / sizeof *c_types; i++) {
        if (str_equal_c(name, c_types[i].name)) return &c_types[i];
    }
    return NULL;
}

/* ---- values in ---- */

/* Large numbers come as text, because a JSON tree keeps only 53 bits. */
static bool number_in(Call *call, const Argument *argument, const Json *json, void *to)
{
    const CType *type = argument->type;
    bool is_text = json_kind(json) == JSON_STRING, is_signed = type->shape == SHAPE_SIGNED;
    int64_t whole = is_text ? strtoll(json_text(json).data, NULL, 10) : json_as_int(json);
    uint64_t natural = is_text ? strtoull(json_text(json).data, NULL, 10) : (uint64_t)whole;
    unsigned bits = (unsigned)type->size * 8;
    bool fits =
        is_signed
            ? bits == 64 || (whole >= -((int64_t)1 << (bits - 1)) && whole < (int64_t)1 << (bits - 1))
            : (is_text ? *json_text(json).data != '-' : whole >= 0) && (bits == 64 || natural >> bits == 0);
    if (json_kind(json) != JSON_NUMBER && !is_text)
        return failed(call, "argument `%.*s` is no number", STR_ARG(argument->name));
    if (!fits)
        return failed(call, "argument `%.*s` is too large or too small for %s", STR_ARG(argument->name),
                      type->name);
    if (is_signed)
        memcpy(to, &whole, type->size); /* little-endian, as every machine that this is built for */
    else
        memcpy(to, &natural, type->size);
    return true;
}

static bool handle_in(Call *call, const Argument *argument, const Json *json, void *to)
{
    const struct Native *native = call->effect->live->native;
    int64_t number = json_as_int(json);
    if (json_kind(json) != JSON_NUMBER || number < 1 || (uint64_t)number > native->handles.count ||
        !native->handles.items[number - 1].pointer) {
        return failed(call, "argument `%.*s` is no handle that this process knows", STR_ARG(argument->name));
    }
    memcpy(to, &native->handles.items[number - 1].pointer, sizeof(void *));
    return true;
}

static bool scalar_in(Call *call, const Argument *argument, const Json *json, void *to)
{
    switch (argument->type->shape) {
    case SHAPE_BOOL: {
        bool value = json_as_bool(json);
        memcpy(to, &value, sizeof value);
        return json_kind(json) == JSON_BOOL ||
               failed(call, "argument `%.*s` is no bool", STR_ARG(argument->name));
    }
    case SHAPE_REAL: {
        double real = json_as_number(json);
        float small = (float)real;
        if (argument->type->size == sizeof small)
            memcpy(to, &small, sizeof small);
        else
            memcpy(to, &real, sizeof real);
        return json_kind(json) == JSON_NUMBER ||
               failed(call, "argument `%.*s` is no number", STR_ARG(argument->name));
    }
    case SHAPE_HANDLE: return handle_in(call, argument, json, to);
    case SHAPE_TEXT: {
        Buffer text = {0};
        if (json_kind(json) != JSON_STRING)
            return failed(call, "argument `%.*s` is no string", STR_ARG(argument->name));
        if (!secrets_fill(call->effect->live->secrets, &text, json_text(json), SECRET_PLAIN, &call->error))
            return false;
        char *copy = arena_copy_c(&call->arena, buffer_str(&text));
        bool whole = strlen(copy) == text.len;
        buffer_free(&text);
        memcpy(to, &copy, sizeof copy);
        return whole || failed(call, "argument `%.*s` has a zero byte inside", STR_ARG(argument->name));
    }
    default: return number_in(call, argument, json, to);
    }
}

static bool array_in(Call *call, Argument *argument, const Json *list)
{
    if (json_kind(list) != JSON_LIST || json_count(list) != argument->count)
        return failed(call, "argument `%.*s` is no list of %zu", STR_ARG(argument->name), argument->count);
    uint8_t *to = argument->memory;
    for (const Json *item = json_first(list); item; item = json_next(item), to += argument->type->size) {
        if (!scalar_in(call, argument, item, to)) return false;
    }
    return true;
}

static bool argument_read(Call *call, const Json *param)
{
    if (call->count >= MOST_ARGUMENTS)
        return failed(call, "a function has at most %d arguments", (int)MOST_ARGUMENTS);
    Argument *argument = &call->arguments[call->count++];
    *argument = (Argument){
        .param = param, .name = json_string(param, "name", ""), .is_out = json_bool(param, "out", false)};
    argument->type = c_type_find(json_string(param, "c", ""));
    if (!argument->type || argument->type->shape == SHAPE_VOID)
        return failed(call, "argument `%.*s` has no C type that is known", STR_ARG(argument->name));
    int64_t count = json_int(param, "count", 0);
    argument->is_array = count > 0 && argument->type->shape != SHAPE_TEXT;
    if (count < 0 || (uint64_t)count > MOST_BYTES / argument->type->size)
        return failed(call, "argument `%.*s` has a size that cannot be", STR_ARG(argument->name));
    if (!argument->is_array && !argument->is_out)
        return scalar_in(call, argument, json_get(param, "value"), &argument->value);
    bool is_text = argument->type->shape == SHAPE_TEXT;
    if (is_text && !count)
        return failed(call, "argument `%.*s` comes out and has no size", STR_ARG(argument->name));
    argument->count = count ? (size_t)count : 1;
    size_t size = is_text ? argument->count : argument->count * argument->type->size;
    argument->memory = arena_alloc(&call->arena, size);
    argument->value.pointer = argument->memory;
    const Json *value = json_get(param, "value");
    return argument->is_out || array_in(call, argument, value);
}

/* ---- values out ---- */

static bool value_out(Call *call, const CType *type, const void *from, Str name, Buffer *json)
{
    union {
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
        uint64_t u64;
        float small;
        double real;
        char *text;
        void *pointer;
        uint8_t bytes[8];
    } value = {.u64 = 0};
    memcpy(&value, from, type->size);
    switch (type->shape) {
    case SHAPE_VOID: buffer_add_c(json, "null"); return true;
    case SHAPE_BOOL: buffer_add_c(json, value.bytes[0] ? "true" : "false"); return true;
    case SHAPE_SIGNED: {
        int64_t whole = type->size == 1   ? value.i8
                        : type->size == 2 ? value.i16
                        : type->size == 4 ? value.i32
                                          : value.i64;
        buffer_printf(json, "%" PRId64, whole);
        return true;
    }
    case SHAPE_UNSIGNED:
        if (value.u64 > INT64_MAX) return failed(call, "`%.*s` is too large for an int", STR_ARG(name));
        buffer_printf(json, "%" PRIu64, value.u64);
        return true;
    case SHAPE_REAL: {
        double real = type->size == sizeof(float) ? (double)value.small : value.real;
        if (real - real != 0) return failed(call, "`%.*s` is no finite number", STR_ARG(name));
        Json *number = json_new_number(real);
        json_write(json, number);
        json_free(number);
        return true;
    }
    case SHAPE_TEXT: {
        if (!value.text) return failed(call, "`%.*s` is NULL", STR_ARG(name));
        Buffer clean = {0};
        text_clean(call->effect->live->secrets, &clean, str_from_c(value.text));
        json_write_string(json, buffer_str(&clean));
        buffer_free(&clean);
        return true;
    }
    case SHAPE_HANDLE: break;
    }
    if (!value.pointer) return failed(call, "`%.*s` is NULL", STR_ARG(name));
    struct Native *native = call->effect->live->native;
    vec_push(&native->handles, ((Handle){value.pointer}));
    buffer_printf(json, "%zu", native->handles.count);
    return true;
}

static bool argument_out(Call *call, const Argument *argument, Buffer *json)
{
    json_write_string(json, argument->name);
    buffer_add_char(json, ':');
    if (argument->type->shape == SHAPE_TEXT) {
        char *text = argument->memory;
        if (!memchr(text, 0, argument->count))
            return failed(call, "`%.*s` does not end within its %zu bytes", STR_ARG(argument->name),
                          argument->count);
        return value_out(call, argument->type, &text, argument->name, json);
    }
    if (!argument->is_array) return value_out(call, argument->type, argument->memory, argument->name, json);
    const uint8_t *from = argument->memory;
    for (size_t i = 0; i < argument->count; i++, from += argument->type->size) {
        buffer_add_char(json, i ? ',' : '[');
        if (!value_out(call, argument->type, from, argument->name, json)) return false;
    }
    buffer_add_char(json, ']');
    return true;
}

static bool results_write(Call *call, const void *result, Buffer *json)
{
    const char *separator = "";
    /* What is narrower than a register comes back widened. */
    buffer_add_c(json, "{\"ok\":true,\"value\":");
    if (!value_out(call, call->result, result, STR("the result"), json)) return false;
    buffer_add_c(json, ",\"out\":{");
    for (size_t i = 0; i < call->count; i++) {
        if (!call->arguments[i].is_out) continue;
        buffer_add_c(json, separator);
        if (!argument_out(call, &call->arguments[i], json)) return false;
        separator = ",";
    }
    buffer_add_c(json, "},\"error\":null}");
    return true;
}

/* ---- the call ---- */

static bool function_find(Call *call, void **function)
{
    Str library = json_string(call->effect->args, "library", ""),
        symbol = json_string(call->effect->args, "symbol", "");
    /* Never closed: handles may point into it. */
    void *handle = dlopen(library.data, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return failed(call, "library %.*s cannot be loaded: %s", STR_ARG(library), dlerror());
    *function = dlsym(handle, symbol.data);
    return *function || failed(call, "library %.*s has no function %.*s", STR_ARG(library), STR_ARG(symbol));
}

static bool native_call(Call *call, Buffer *json)
{
    ffi_type *types[MOST_ARGUMENTS];
    void *values[MOST_ARGUMENTS];
    union {
        ffi_arg whole;
        double real;
        void *pointer;
        uint8_t bytes[16];
    } result = {.bytes = {0}};
    union {
        void *object;
        void (*code)(void);
    } function = {.object = NULL};
    ffi_cif cif;
    const Json *params = json_get(call->effect->args, "params");
    call->result = c_type_find(json_string(call->effect->args, "result", "void"));
    if (!call->result) return failed(call, "the result has no C type that is known");
    if (!function_find(call, &function.object)) return false;
    for (const Json *param = json_first(params); param; param = json_next(param)) {
        if (!argument_read(call, param)) return false;
    }
    for (size_t i = 0; i < call->count; i++) {
        bool by_pointer = call->arguments[i].is_array || call->arguments[i].is_out;
        types[i] = by_pointer ? &ffi_type_pointer : call->arguments[i].type->ffi;
        values[i] = &call->arguments[i].value;
    }
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, (unsigned)call->count, call->result->ffi, types) != FFI_OK)
        return failed(call, "the function cannot be called like this");
    ffi_call(&cif, function.code, &result, values);
    return results_write(call, &result, json);
}

void native_start(LiveEffect *effect)
{
    if (!effect->live->allow_native) {
        effect_fail(effect, "native libraries are not allowed; planvm run --allow-native allows them", false);
        return;
    }
    if (!effect->live->native) effect->live->native = memory_alloc(sizeof *effect->live->native);
    Call call = {.effect = effect};
    Buffer json = {0};
    bool done = native_call(&call, &json);
    arena_free(&call.arena);
    if (done) {
        effect_end(effect, &json);
    } else {
        buffer_free(&json);
        effect_fail(effect, call.error.text, false);
    }
}

void native_close(struct Native *native)
{
    if (!native) return;
    vec_free(&native->handles);
    free(native);
}
