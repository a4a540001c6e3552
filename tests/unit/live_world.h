/* What the tests of the live world share: a world on a fresh folder, effects begun by their JSON, results as
 * trees. */
#ifndef PLAN_TESTS_UNIT_LIVE_WORLD_H
#define PLAN_TESTS_UNIT_LIVE_WORLD_H

#include "tests/unit/check.h"
#include "vm/base/json.h"
#include "vm/base/time.h"
#include "vm/live/live.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct LiveTest {
    char dir[256];
    World *world;
    WorldEvent event; /* the last one */
    Json *result;     /* of the last effect */
} LiveTest;

/* The run is named as its folder is: programs are found again, and ended, by the run's name, and another test
 * may be running right now. */
static inline void live_test_open(LiveTest *test, const char *metadata)
{
    Error error = {0};
    LiveOptions options = {.run_dir = str_from_c(test->dir),
                           .run_id = str_from_c(strrchr(test->dir, '/') + 1),
                           .metadata = str_from_c(metadata),
                           .as = STR("tester"),
                           .output = LIVE_QUIET,
                           .allow_native = true};
    test->world = live_open(&options, &error);
    if (!CHECK(test->world != NULL)) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
}

static inline void live_test_begin(LiveTest *test, const char *metadata)
{
    const char *tmp = getenv("TMPDIR");
    *test = (LiveTest){0};
    snprintf(test->dir, sizeof test->dir, "%s/plan-live-XXXXXX", tmp && strlen(tmp) < 200 ? tmp : "/tmp");
    if (!CHECK(mkdtemp(test->dir) != NULL)) exit(1);
    live_test_open(test, metadata);
}

static inline void live_test_end(LiveTest *test)
{
    char command[300];
    if (test->world) test->world->close(test->world);
    json_free(test->result);
    snprintf(command, sizeof command, "rm -rf '%s'", test->dir);
    if (system(command) != 0) check_failures++;
}

static inline void live_test_start(LiveTest *test, uint64_t id, const char *op, EffectClass effect_class,
                                   bool again, const char *args)
{
    EffectRequest request = {.id = id,
                             .op = str_from_c(op),
                             .effect_class = effect_class,
                             .step = STR("Test"),
                             .at = STR("test.plan:1"),
                             .args = str_from_c(args),
                             .key = STR("key-of-the-test"),
                             .again = again};
    test->world->start(test->world, &request);
}

/* Waits for the next result, at most `limit` ms. */
static inline const Json *live_test_result(LiveTest *test, uint64_t id, int64_t limit)
{
    Error error = {0};
    test->event = test->world->next(test->world, test->world->now(test->world) + limit, true);
    json_free(test->result);
    test->result = NULL;
    if (!CHECK_INT(test->event.kind, WORLD_RESULT)) return NULL;
    CHECK_INT((int64_t)test->event.effect, (int64_t)id);
    test->result = json_parse(test->event.json, &error);
    CHECK_STR_C(str_from_c(error.text), "");
    return test->result;
}

static inline const Json *live_test_run(LiveTest *test, const char *op, EffectClass effect_class,
                                        const char *args)
{
    static uint64_t id;
    live_test_start(test, ++id, op, effect_class, false, args);
    return live_test_result(test, id, 20000);
}

#endif
