/* Where an event stands among the others: see order.h. */
#include "vm/live/order.h"

/* Timers of a busy machine are late by milliseconds, of one that swaps by seconds; what is later than this is told as late. */
enum { NOTICED_WITHIN = 5000 };

bool order_was_due(int64_t deadline, int64_t now)
{
    return deadline < now && now - deadline <= NOTICED_WITHIN;
}

static int rank(WorldEventKind kind)
{
    return kind == WORLD_SIGNAL ? 0 : kind == WORLD_RESULT ? 1 : 2;
}

void order_begin(EventOrder *order, uint64_t effect)
{
    if (effect > order->beginning) order->beginning = effect;
}

int64_t order_moment(const EventOrder *order, int64_t now)
{
    return order->last.now ? order->last.now : now;
}

/* May b follow the last event at the same instant? */
static bool may_follow(const EventOrder *order, const WorldEvent *b)
{
    const WorldEvent *a = &order->last;
    if (b->kind == WORLD_RESULT && b->effect > order->begun) return true; /* it began behind it */
    if (rank(a->kind) != rank(b->kind)) return rank(a->kind) < rank(b->kind);
    return a->kind != WORLD_RESULT || a->effect < b->effect;
}

void order_place(EventOrder *order, WorldEvent *event, int64_t deadline)
{
    WorldEvent *last = &order->last;
    if (event->kind == WORLD_TIME && order_was_due(deadline, event->now)) event->now = deadline;
    if (event->now < last->now) event->now = last->now;
    if (event->now == last->now && !may_follow(order, event)) event->now++;
    order->begun = order->beginning;
    *last = (WorldEvent){.kind = event->kind, .now = event->now, .effect = event->effect};
}
