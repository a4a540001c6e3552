/* Pipes: which scripts are one, and how each part ended, of looks and of changes. */
#include "tests/unit/live_world.h"
#include "vm/live/pipeline.h"

static size_t parts_of(const char *script)
{
    Buffer out = {0};
    size_t count = pipeline_wrap(&out, str_from_c(script));
    buffer_free(&out);
    return count;
}

static void test_what_is_a_pipe(void)
{
    CHECK_INT((int64_t)parts_of("a | b"), 2);
    CHECK_INT((int64_t)parts_of("a 'x|y' \"$1|\" \\| | b 2>&1 | c"), 3);
    static const char *const others[] = {"a",
                                         "a || b",
                                         "a | b; c",
                                         "a && b | c",
                                         "a | b &",
                                         "a |& b",
                                         "(a | b)",
                                         "a | $(b|c)",
                                         "a `b|c` | d",
                                         "a <<X | b\nX",
                                         "if a | b",
                                         "! a | b",
                                         "a | \"$(b \"|\")\"",
                                         "a 'b | c",
                                         "a |",
                                         "for i in 1 | b",
                                         "a # | b"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!CHECK_INT((int64_t)parts_of(others[i]), 0)) fprintf(stderr, "%s\n", others[i]);
}

static void check_exits(LiveTest *test, EffectClass effect_class, const char *script, const char *params,
                        const char *exits, int64_t exit, const char *out)
{
    char args[600];
    Buffer said = {0};
    snprintf(args, sizeof args, "{\"sh\":\"%s\",\"params\":[%s]}", script, params);
    const Json *r = live_test_run(test, "command", effect_class, args);
    json_write(&said, json_get(r, "exits"));
    CHECK_STR_C(buffer_str(&said), exits);
    CHECK_INT(json_int(r, "exit", -1), exit);
    CHECK_STR_C(json_string(r, "out", "none"), out);
    buffer_free(&said);
}

int main(void)
{
    LiveTest test;
    test_what_is_a_pipe();
    live_test_begin(&test, "{}");
    for (EffectClass effect_class = EFFECT_LOOK; effect_class <= EFFECT_CHANGE; effect_class++) {
        check_exits(&test, effect_class, "echo one | cat", "", "[0,0]", 0, "one\n");
        check_exits(&test, effect_class, "exit 3 | cat | sh -c 'exit 5' | cat", "", "[3,0,5,0]", 5, "");
        check_exits(&test, effect_class, "echo $1 | sed s/x/y/", "\"x | z; exit 9\"", "[0,0]", 0,
                    "y | z; exit 9\n");
        check_exits(&test, effect_class, "false; echo here", "", "[0]", 0, "here\n");
        check_exits(&test, effect_class, "kill -9 $$", "", "[137]", 137, "");
        /* No descriptor of ours: the fourth is that of ls itself. */
        check_exits(&test, effect_class, "ls /proc/self/fd | tr '\\\\n' ' '", "", "[0,0]", 0, "0 1 2 3 ");
    }
    live_test_end(&test);
    return check_failures != 0;
}
