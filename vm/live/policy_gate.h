/* The policy at the moment of an effect, whatever the plan has computed. */
#ifndef PLAN_LIVE_POLICY_GATE_H
#define PLAN_LIVE_POLICY_GATE_H

#include "vm/live/state.h"

typedef struct PolicyGate PolicyGate;

/* The run's policy: `path` is read and kept as RUN/policy, for a resume; NULL: the one that is kept there, or
 * none. Gives NULL without an error where there is none. */
PolicyGate *policy_gate_open(const char *run_dir, const char *path, Error *error);
void policy_gate_close(PolicyGate *gate); /* NULL is fine */

/* True: the effect may begin. False: it was ended, denied or held until somebody approves it. */
bool policy_gate_passes(PolicyGate *gate, LiveEffect *effect);
/* A mark: an approval that was given lets its effect through, once. */
void policy_gate_mark(PolicyGate *gate, const WorldMark *mark);
/* May a request follow to wherever the server points? */
bool policy_gate_follows(const PolicyGate *gate);

#endif
