/* Calls of native functions: libc, libm and a small library that this test builds; what is wrong is an answer. */
#include "tests/unit/live_world.h"

static LiveTest test;
static char library[300];

static const char source[] =
    "#include <stdint.h>\n#include <string.h>\n"
    "int8_t neg8(int8_t x) { return (int8_t)-x; }\n"
    "uint16_t inc16(uint16_t x) { return (uint16_t)(x + 1); }\n"
    "int64_t same64(int64_t x) { return x; }\n"
    "float half(float x) { return x / 2; }\n"
    "_Bool both(_Bool a, _Bool b) { return a && b; }\n"
    "double sum(const double *xs, int n) { double s = 0; for (int i = 0; i < n; i++) s += xs[i]; return s; }\n"
    "void squares(int32_t *out, int n) { for (int i = 0; i < n; i++) out[i] = i * i; }\n"
    "void name(char *out) { strcpy(out, \"plan\"); }\n"
    "void endless(char *out) { memset(out, 'x', 8); }\n"
    "void *nothing(void) { return 0; }\n"
    "static int box;\nvoid *make(int n) { box = n; return &box; }\nint look(void *p) { return *(int *)p; }\n";

/* Every integer type with the least and the greatest number that go through it; of 64 bits those that the test reads back
 * as they are. */
static const struct {
    const char *name, *c;
    const char *least, *greatest, *below, *above;
} integers[] = {
    {"i8", "int8_t", "-128", "127", "-129", "128"},
    {"i16", "int16_t", "-32768", "32767", "-32769", "32768"},
    {"i32", "int32_t", "-2147483648", "2147483647", "-2147483649", "2147483648"},
    {"i64", "int64_t", "\"-9007199254740991\"", "\"9007199254740991\"", NULL, NULL},
    {"u8", "uint8_t", "0", "255", "-1", "256"},
    {"u16", "uint16_t", "0", "65535", "-1", "65536"},
    {"u32", "uint32_t", "0", "4294967295", "-1", "4294967296"},
    {"u64", "uint64_t", "0", "\"9007199254740991\"", "-1", NULL},
    {"char", "signed char", "-128", "127", "-129", "128"},
    {"short", "short", "-32768", "32767", "-32769", "32768"},
    {"int", "int", "-2147483648", "2147483647", "-2147483649", "2147483648"},
    {"uint", "unsigned", "0", "4294967295", "-1", "4294967296"},
    {"long", "long", "\"-9007199254740991\"", "\"9007199254740991\"", NULL, NULL},
    {"ulong", "unsigned long", "0", "\"9007199254740991\"", "-1", NULL},
    {"isize", "ptrdiff_t", "\"-9007199254740991\"", "\"9007199254740991\"", NULL, NULL},
    {"usize", "size_t", "0", "\"9007199254740991\"", "-1", NULL},
};
enum { INTEGERS = sizeof integers / sizeof *integers };

static void native(const char *args, const char *expected)
{
    char whole[1000];
    snprintf(whole, sizeof whole, "{\"library\":\"%s\",%s}", library, args);
    const Json *result = live_test_run(&test, "native", EFFECT_CHANGE, whole);
    Buffer text = {0};
    json_write(&text, result);
    CHECK_CONTAINS(buffer_str(&text), expected);
    buffer_free(&text);
}

static void build_library(void)
{
    char path[300], command[900];
    snprintf(library, sizeof library, "%s/libsmall.so", test.dir);
    snprintf(path, sizeof path, "%s/small.c", test.dir);
    FILE *file = fopen(path, "w");
    if (!CHECK(file != NULL)) return;
    fputs(source, file);
    fputs("#include <stddef.h>\n", file);
    for (int i = 0; i < INTEGERS; i++)
        fprintf(file, "%s same_%s(%s x) { return x; }\n", integers[i].c, integers[i].name, integers[i].c);
    fclose(file);
    snprintf(command, sizeof command, "gcc -shared -fPIC -o '%s' '%s'", library, path);
    CHECK(system(command) == 0);
}

static void integer(const char *name, const char *value, bool fits)
{
    char args[300], expected[100];
    if (!value) return;
    snprintf(args, sizeof args, "\"symbol\":\"same_%s\",\"result\":\"%s\",\"params\":[{\"name\":\"x\",\"c\":\"%s\",\"value\":%s}]",
             name, name, name, value);
    size_t quoted = *value == '"';
    snprintf(expected, sizeof expected, "\"value\":%.*s,", (int)(strlen(value) - 2 * quoted), value + quoted);
    native(args, fits ? expected : "too large or too small");
}

static void test_integers(void)
{
    for (int i = 0; i < INTEGERS; i++) {
        integer(integers[i].name, integers[i].least, true);
        integer(integers[i].name, integers[i].greatest, true);
        integer(integers[i].name, integers[i].below, false);
        integer(integers[i].name, integers[i].above, false);
    }
    native("\"symbol\":\"same_u64\",\"result\":\"u64\",\"params\":[{\"name\":\"x\",\"c\":\"i64\",\"value\":-1}]",
           "is too large for an int");
}

static void test_small_library(void)
{
    native("\"symbol\":\"neg8\",\"result\":\"i8\",\"params\":[{\"name\":\"x\",\"c\":\"i8\",\"value\":127}]", "\"value\":-127,");
    native("\"symbol\":\"neg8\",\"result\":\"i8\",\"params\":[{\"name\":\"x\",\"c\":\"i8\",\"value\":128}]",
           "argument `x` is too large or too small for i8");
    native("\"symbol\":\"inc16\",\"result\":\"u16\",\"params\":[{\"name\":\"x\",\"c\":\"u16\",\"value\":65534}]", "\"value\":65535,");
    native("\"symbol\":\"inc16\",\"result\":\"u16\",\"params\":[{\"name\":\"x\",\"c\":\"u16\",\"value\":-1}]", "too large or too small");
    native("\"symbol\":\"same64\",\"result\":\"i64\",\"params\":[{\"name\":\"x\",\"c\":\"i64\",\"value\":\"-77\"}]", "\"value\":-77,");
    native("\"symbol\":\"half\",\"result\":\"float\",\"params\":[{\"name\":\"x\",\"c\":\"float\",\"value\":3}]", "\"value\":1.5,");
    native("\"symbol\":\"both\",\"result\":\"bool\",\"params\":[{\"name\":\"a\",\"c\":\"bool\",\"value\":true},"
           "{\"name\":\"b\",\"c\":\"bool\",\"value\":true}]", "\"value\":true,");
    native("\"symbol\":\"sum\",\"result\":\"double\",\"params\":[{\"name\":\"xs\",\"c\":\"double\",\"count\":3,\"value\":[1,2,3.5]},"
           "{\"name\":\"n\",\"c\":\"int\",\"value\":3}]", "\"value\":6.5,");
    native("\"symbol\":\"sum\",\"result\":\"double\",\"params\":[{\"name\":\"xs\",\"c\":\"double\",\"count\":3,\"value\":[1]}]",
           "argument `xs` is no list of 3");
    native("\"symbol\":\"squares\",\"params\":[{\"name\":\"xs\",\"c\":\"i32\",\"count\":4,\"out\":true},"
           "{\"name\":\"n\",\"c\":\"int\",\"value\":4}]", "\"value\":null,\"out\":{\"xs\":[0,1,4,9]}");
    native("\"symbol\":\"name\",\"params\":[{\"name\":\"s\",\"c\":\"string\",\"count\":8,\"out\":true}]", "\"out\":{\"s\":\"plan\"}");
    native("\"symbol\":\"endless\",\"params\":[{\"name\":\"s\",\"c\":\"string\",\"count\":8,\"out\":true}]",
           "`s` does not end within its 8 bytes");
    native("\"symbol\":\"nothing\",\"result\":\"handle\",\"params\":[]", "`the result` is NULL");
    native("\"symbol\":\"nothing\",\"result\":\"string\",\"params\":[]", "`the result` is NULL");
    native("\"symbol\":\"make\",\"result\":\"handle\",\"params\":[{\"name\":\"n\",\"c\":\"int\",\"value\":42}]", "\"value\":1,");
    native("\"symbol\":\"look\",\"result\":\"int\",\"params\":[{\"name\":\"p\",\"c\":\"handle\",\"value\":1}]", "\"value\":42,");
    native("\"symbol\":\"look\",\"result\":\"int\",\"params\":[{\"name\":\"p\",\"c\":\"handle\",\"value\":2}]", "is no handle that");
    native("\"symbol\":\"look\",\"result\":\"int\",\"params\":[{\"name\":\"p\",\"c\":\"wchar\",\"value\":2}]", "no C type that is known");
    native("\"symbol\":\"name\",\"params\":[{\"name\":\"s\",\"c\":\"string\",\"value\":null}]", "argument `s` is");
    native("\"symbol\":\"look\",\"result\":\"int\",\"params\":[{\"name\":\"p\",\"c\":\"handle\",\"value\":null}]", "argument `p`");
    native("\"symbol\":\"missing\",\"params\":[]", "has no function missing");
}

static void test_system_libraries(void)
{
    snprintf(library, sizeof library, "libc.so.6");
    native("\"symbol\":\"strlen\",\"result\":\"usize\",\"params\":[{\"name\":\"s\",\"c\":\"string\",\"value\":\"four\"}]", "\"value\":4,");
    native("\"symbol\":\"getloadavg\",\"result\":\"int\",\"params\":[{\"name\":\"loads\",\"c\":\"double\",\"count\":3,\"out\":true},"
           "{\"name\":\"n\",\"c\":\"int\",\"value\":3}]", "\"value\":3,\"out\":{\"loads\":[");
    snprintf(library, sizeof library, "libm.so.6");
    native("\"symbol\":\"sqrt\",\"result\":\"double\",\"params\":[{\"name\":\"x\",\"c\":\"double\",\"value\":2.25}]", "\"value\":1.5,");
    native("\"symbol\":\"sqrt\",\"result\":\"double\",\"params\":[{\"name\":\"x\",\"c\":\"double\",\"value\":-1}]", "is no finite number");
    snprintf(library, sizeof library, "libnothing.so.9");
    native("\"symbol\":\"f\",\"params\":[]", "cannot be loaded");
}

int main(void)
{
    live_test_begin(&test, "");
    build_library();
    test_integers();
    test_small_library();
    test_system_libraries();
    live_test_end(&test);
    return check_done();
}
