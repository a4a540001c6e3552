/* The loop of a process that looks on (vm/live/attach.h). It owns no run: whatever ends it, the run goes on.
 */
#include "vm/live/attach.h"

#include <signal.h>

#include "vm/live/clock.h"
#include "vm/live/shown.h"

enum { POLL = 100 }; /* ms; a journal that another process writes is looked at this often */

typedef struct Attach {
    const AttachOptions *options;
    Loop *loop;
    People *people;
    LoopTimer *poll;
    Clock clock;
    ShownPlace shown;
    bool over;
} Attach;

static int64_t attach_now(void *ctx)
{
    Attach *attach = ctx;
    return clock_now(&attach->clock);
}

static void attach_send(void *ctx, Buffer *json)
{
    Attach *attach = ctx;
    attach->options->send(attach->options->ctx, buffer_str(json));
    buffer_free(json);
}

static void attach_leave(void *ctx)
{
    Attach *attach = ctx;
    attach->over = true;
}

static void signal_came(void *ctx, int number)
{
    (void)number;
    attach_leave(ctx);
}

static void look(void *ctx)
{
    Attach *attach = ctx;
    attach->poll = NULL;
    /* Before the ends of the programs that printed it. */
    if (attach->options->run_dir) shown_follow(attach->options->run_dir, &attach->shown, attach->people);
    if (!attach->options->changed(attach->options->ctx, attach->people))
        attach->over = true;
    else
        attach->poll = loop_timer_start(attach->loop, POLL, look, attach);
}

bool attach_run(const AttachOptions *options, Error *error)
{
    Attach attach = {.options = options, .loop = loop_new(error)};
    if (!attach.loop) return false;
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    LoopSignal *watches[3];
    for (size_t i = 0; i < 3; i++)
        watches[i] = loop_signal_start(attach.loop, ends[i], signal_came, &attach);
    clock_start(&attach.clock, 0);
    attach.people = people_open(&(PeopleOptions){.loop = attach.loop,
                                                 .output = options->output,
                                                 .attended = true,
                                                 .as = options->as,
                                                 .view = options->view,
                                                 .ctx = &attach,
                                                 .now = attach_now,
                                                 .send = attach_send,
                                                 .leave = attach_leave,
                                                 .leaving = "leave (the run goes on)"});
    look(&attach);
    while (!attach.over)
        loop_turn(attach.loop, true);
    loop_timer_stop(attach.poll);
    people_close(attach.people);
    for (size_t i = 0; i < 3; i++)
        loop_signal_stop(watches[i]);
    loop_free(attach.loop);
    return true;
}
