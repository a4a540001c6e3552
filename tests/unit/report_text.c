/* JSON trees and times as text: what hosts read and write. */
#include "vm/base/json.h"
#include "vm/base/time.h"

#include "tests/unit/check.h"

#include <stdlib.h>

static void rewritten(const char *text, const char *expected)
{
    Error error = {""};
    Json *json = json_parse(str_from_c(text), &error);
    if (!CHECK(json != NULL)) return;
    Buffer out = {0};
    json_write(&out, json);
    CHECK_STR_C(buffer_str(&out), expected);
    buffer_free(&out);
    json_free(json);
}

static void json_cases(void)
{
    rewritten("{ \"a\" : [1, 2.5, -3, 1e3, 0.1, true, null], \"b\":{} }",
              "{\"a\":[1,2.5,-3,1000,0.1,true,null],\"b\":{}}");
    rewritten("\"a\\\"\\u00e9\\n\\u0001/\"", "\"a\\\"é\\n\\u0001/\"");
    rewritten("1772421124123", "1772421124123");
    Error error = {""};
    CHECK(json_parse(STR("{\"a\":}"), &error) == NULL);
    CHECK_CONTAINS(str_from_c(error.text), "not JSON");
    CHECK(json_parse(STR("{} x"), &error) == NULL);
    CHECK(json_parse(STR(""), &error) == NULL);

    Json *json = json_parse(
        STR("{\"s\":\"x\",\"n\":7,\"t\":true,\"l\":[1,{\"k\":\"v\",\"more\":1}],\"z\":null}"), NULL);
    CHECK_STR_C(json_string(json, "s", "-"), "x");
    CHECK_STR_C(json_string(json, "n", "-"), "-");
    CHECK_INT(json_int(json, "n", 0), 7);
    CHECK_INT(json_int(json_get(json, "absent"), "n", 5), 5);
    CHECK(json_bool(json, "t", false));
    CHECK(json_is_null(json_get(json, "z")));
    CHECK_INT((int64_t)json_count(json_get(json, "l")), 2);
    Json *part = json_parse(STR("{\"l\":[1,{\"k\":\"v\"}]}"), NULL);
    CHECK(json_contains(json, part));
    CHECK(!json_contains(part, json));
    CHECK(!json_equal(part, json));
    json_set_int(part, "l", 3);
    json_set_string(part, "new", STR("y"));
    Buffer out = {0};
    json_write(&out, part);
    CHECK_STR_C(buffer_str(&out), "{\"l\":3,\"new\":\"y\"}");
    buffer_free(&out);
    json_free(part);
    json_free(json);
}

static void time_case(const char *text, int64_t expected, const char *written)
{
    int64_t time = 0;
    if (!CHECK(time_parse(str_from_c(text), &time, NULL))) return;
    CHECK_INT(time, expected);
    Buffer out = {0};
    time_write(&out, time);
    CHECK_STR_C(buffer_str(&out), written);
    buffer_free(&out);
}

static void duration_case(const char *text, int64_t expected, const char *written)
{
    int64_t duration = 0;
    if (!CHECK(duration_parse(str_from_c(text), &duration, NULL))) return;
    CHECK_INT(duration, expected);
    Buffer out = {0};
    duration_write(&out, duration);
    CHECK_STR_C(buffer_str(&out), written);
    buffer_free(&out);
}

static void time_cases(void)
{
    time_case("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z");
    time_case("2026-03-02T03:12:04.5Z", 1772421124500, "2026-03-02T03:12:04.500Z");
    time_case("2026-03-02 04:12+01:00", 1772421120000, "2026-03-02T03:12:00Z");
    time_case("2026-03-02", 1772409600000, "2026-03-02T00:00:00Z");
    time_case("1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z");
    int64_t ignored;
    static const char *const wrong[] = {"2026-02-31",        "2026-3-2",           "03:12",
                                        "2026-03-02T25:00Z", "2026-03-02T03:12Zx", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(!time_parse(str_from_c(wrong[i]), &ignored, NULL));

    duration_case("4m30s", 270000, "4m30s");
    duration_case("250ms", 250, "250ms");
    duration_case("1w", 604800000, "7d");
    duration_case("90s", 90000, "1m30s");
    duration_case("0s", 0, "0s");
    duration_case("-5m", -300000, "-5m");
    static const char *const odd[] = {"", "5", "m", "5x", "5m5m", "5 m", "99999999999999999999s"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        CHECK(!duration_parse(str_from_c(odd[i]), &ignored, NULL));
    Buffer out = {0};
    duration_write_short(&out, 3 * 3600000 + 12 * 60000 + 9 * 1000);
    CHECK_STR_C(buffer_str(&out), "3h12m");
    buffer_free(&out);
}

int main(void)
{
    json_cases();
    time_cases();
    return check_done();
}
