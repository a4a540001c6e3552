/* The moments of a live run's events: sorted by them, then by kind and effect, the events are in the order in which the driver
 * was told them; a deadline that was noticed late by moments came when it was due, one that was slept over did not. */
#include "vm/live/order.h"

#include "tests/unit/check.h"

static EventOrder order;

static int64_t place(WorldEventKind kind, uint64_t effect, int64_t now, int64_t deadline)
{
    WorldEvent event = {.kind = kind, .effect = effect, .now = now};
    order_place(&order, &event, deadline);
    return event.now;
}

static void test_instants(void)
{
    order = (EventOrder){0};
    order_begin(&order, 6);
    CHECK_INT(place(WORLD_SIGNAL, 0, 10, 0), 10);
    CHECK_INT(place(WORLD_SIGNAL, 0, 10, 0), 10);
    CHECK_INT(place(WORLD_RESULT, 2, 10, 0), 10);
    CHECK_INT(place(WORLD_RESULT, 5, 10, 0), 10);
    CHECK_INT(place(WORLD_RESULT, 3, 10, 0), 11); /* it began before effect 5 */
    CHECK_INT(place(WORLD_RESULT, 4, 10, 0), 11); /* the clock never goes back */
    CHECK_INT(place(WORLD_SIGNAL, 0, 11, 0), 12);
    CHECK_INT(place(WORLD_RESULT, 6, 15, 0), 15);
}

/* What takes no time ends at the instant that it began in, whatever was told there. */
static void test_at_once(void)
{
    order = (EventOrder){0};
    CHECK_INT(order_moment(&order, 7), 7);
    CHECK_INT(place(WORLD_TIME, 0, 20, 20), 20);
    order_begin(&order, 1);
    order_begin(&order, 2);
    CHECK_INT(place(WORLD_RESULT, 2, order_moment(&order, 25), 0), 20);
    CHECK_INT(place(WORLD_RESULT, 1, order_moment(&order, 25), 0), 21); /* it began before effect 2, and not behind its end */
    order_begin(&order, 3);
    CHECK_INT(place(WORLD_SIGNAL, 0, 21, 0), 22);
}

static void test_deadlines(void)
{
    order = (EventOrder){0};
    order_begin(&order, 2);
    CHECK_INT(place(WORLD_RESULT, 1, 98, 0), 98);
    CHECK_INT(place(WORLD_TIME, 0, 104, 100), 100);
    CHECK_INT(place(WORLD_RESULT, 2, 100, 0), 101);
    CHECK_INT(place(WORLD_TIME, 0, 104, 99), 101); /* it was due before what has been told */
    CHECK_INT(place(WORLD_TIME, 0, 9000, 200), 9000);
    CHECK(order_was_due(100, 101));
    CHECK(!order_was_due(100, 100));
    CHECK(!order_was_due(100, 9000));
    CHECK(!order_was_due(INT64_MAX, 9000));
}

int main(void)
{
    test_instants();
    test_deadlines();
    test_at_once();
    return check_done();
}
