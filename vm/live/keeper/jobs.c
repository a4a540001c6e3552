/* In: specs and the end of processes; out: the files of vm/live/effect_files.h. Called by keeper.c only. A
 * program whose `state` is there is never started, whoever made it. */
#include "vm/live/keeper/jobs.h"

#include "vm/live/keeper/protocol.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t boot_now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_BOOTTIME, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static Job *find_job(const Jobs *jobs, uint64_t effect)
{
    for (size_t i = 0; i < jobs->list.count; i++)
        if (jobs->list.items[i].effect == effect) return &jobs->list.items[i];
    return NULL;
}

char jobs_ask(const Jobs *jobs, uint64_t effect)
{
    SpawnEnd end;
    if (find_job(jobs, effect)) return KEEPER_RUNS;
    if (effect_files_get_end(jobs->run, effect, &end)) return KEEPER_ENDED;
    return effect_files_is_started(jobs->run, effect) ? KEEPER_LOST : KEEPER_NEVER;
}

static char start_failed(Jobs *jobs, uint64_t effect, const SpawnEnd *end)
{
    return effect_files_set_end(jobs->run, effect, end) ? KEEPER_ENDED : KEEPER_LOST;
}

char jobs_start(Jobs *jobs, const SpawnSpec *spec)
{
    Error error;
    EffectClaim claim = effect_files_claim(jobs->run, spec->effect, &error);
    if (claim == EFFECT_TAKEN) return jobs_ask(jobs, spec->effect);
    SpawnEnd end = {.exit = 126};
    if (claim == EFFECT_FAILED) {
        snprintf(end.error, sizeof end.error, "it was not started: %.400s", error.text);
        return start_failed(jobs, spec->effect, &end);
    }
    Job job = {.effect = spec->effect, .started = boot_now()};
    if (spec->timeout > 0) job.deadline = job.started + spec->timeout;
    int out = effect_files_open(jobs->run, spec->effect, "out", O_CREAT | O_WRONLY | O_APPEND);
    int err = effect_files_open(jobs->run, spec->effect, "err", O_CREAT | O_WRONLY | O_APPEND);
    int exits = spec->parts ? effect_files_open(jobs->run, spec->effect, "exits", O_CREAT | O_WRONLY | O_APPEND) : -1;
    bool started = false;
    if (out < 0 || err < 0)
        snprintf(end.error, sizeof end.error, "it was not started: its output cannot be kept");
    else
        started = spawn_start(spec, out, err, exits, &job.pid, &end);
    if (out >= 0) close(out);
    if (err >= 0) close(err);
    if (exits >= 0) close(exits);
    if (!started) return start_failed(jobs, spec->effect, &end);
    job.mark = memory_copy_c(str_from_c(spawn_mark(spec)));
    vec_push(&jobs->list, job);
    effect_files_set_process(jobs->run, spec->effect, job.pid, job.deadline);
    return KEEPER_RUNS;
}

static void end_job(Job *job)
{
    job->killed = job->stopping;
    spawn_signal(job->pid, job->mark, job->killed ? SIGKILL : SIGTERM);
    job->stopping = true;
    job->deadline = boot_now() + SPAWN_GRACE;
}

void jobs_stop(Jobs *jobs, uint64_t effect, bool forget)
{
    Job *job = find_job(jobs, effect);
    if (forget) effect_files_forget_output(jobs->run, effect);
    if (job && !job->stopping) end_job(job);
}

int64_t jobs_enforce(Jobs *jobs)
{
    int64_t now = boot_now(), next = -1;
    for (size_t i = 0; i < jobs->list.count; i++) {
        Job *job = &jobs->list.items[i];
        if (job->deadline && job->deadline <= now) {
            if (!job->stopping) job->timed_out = true;
            end_job(job);
        }
        int64_t left = job->deadline - now;
        if (job->deadline && (next < 0 || left < next)) next = left;
    }
    return next;
}

/* Descendants of our programs whose own parent has ended come to us, the subreaper; nobody asks for their
 * exits. */
static void collect_orphans(const Jobs *jobs)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
        for (size_t i = 0; i < jobs->list.count; i++)
            if (jobs->list.items[i].pid == info.si_pid) return;
        waitpid(info.si_pid, NULL, WNOHANG);
    }
}

bool jobs_collect(Jobs *jobs, uint64_t *effect)
{
    for (size_t i = 0; i < jobs->list.count; i++) {
        Job *job = &jobs->list.items[i];
        SpawnEnd end = {.timed_out = job->timed_out};
        SpawnRest rest = job->killed ? SPAWN_REST_DIES : job->stopping ? SPAWN_REST_ENDS : SPAWN_REST_LIVES;
        if (!spawn_collect(job->pid, rest, job->mark, &end)) continue;
        end.elapsed = boot_now() - job->started;
        effect_files_set_end(jobs->run, job->effect, &end);
        *effect = job->effect;
        free(job->mark);
        *job = jobs->list.items[--jobs->list.count];
        return true;
    }
    collect_orphans(jobs);
    return false;
}

void jobs_free(Jobs *jobs)
{
    for (size_t i = 0; i < jobs->list.count; i++) free(jobs->list.items[i].mark);
    vec_free(&jobs->list);
}
