/* What a literal that begins with `kubectl` gets beyond its words, and what the messages of kubectl mean. */
#ifndef PLAN_LIVE_KUBECTL_H
#define PLAN_LIVE_KUBECTL_H

#include "vm/base/json.h"

typedef VEC(char *) Words;

typedef struct KubectlDefaults {
    const char *context, *namespace; /* NULL: kubectl's own */
    int64_t timeout;                 /* ms that the effect has; 0: not known */
    bool dry;                        /* a change, which the API server is only to judge */
} KubectlDefaults;

bool kubectl_is(const Json *argv);
/* Adds the options that `argv`, the plan's words, do not have: context, namespace, a time limit for requests,
 * --dry-run=server. In `words`, of which the first is kubectl, every secret is filled in; new ones live in
 * the arena. */
void kubectl_complete(Words *words, const Json *argv, const KubectlDefaults *defaults, Arena *arena);
/* Does this change have a server's dry run? exec, cp, rollout restart and some more have none. */
bool kubectl_can_be_dry(const Json *argv);
/* The words as policies and messages see them: options that stand before the verb come last. */
void kubectl_write(Buffer *out, const Json *argv);
/* The namespace that the words name; empty: none; "*": all of them. */
Str kubectl_namespace(const Json *argv);
Str kubectl_context(const Json *argv);

/* What kubectl's message means: "not found", "forbidden", "conflict", "exists", "invalid", "unauthorized",
 * "timed out", "refused", "unreachable"; NULL: something else. *sent: the request may have reached the API
 * server without an answer coming back, so of a change nobody knows. */
const char *kubectl_failure(Str err, bool *sent);

#endif
