/* planvm's side of the keeper: changing programs, each started at most once, whatever dies in between. */
#ifndef PLAN_LIVE_KEEPER_CLIENT_H
#define PLAN_LIVE_KEEPER_CLIENT_H

#include "vm/live/process.h"

typedef struct KeeperClient KeeperClient;

/* `program`: path of plan-keeper, or NULL for where it usually is. It is started when first needed. */
KeeperClient *keeper_client_open(Loop *loop, const char *run_dir, const char *program, Error *error);
void keeper_client_close(KeeperClient *client); /* what runs goes on, and the keeper with it */

/* Starts the program, or finds the one that was started under this number before: its events come, perhaps
 * before this returns. Spec and events are needed only during the call. */
void keeper_client_start(KeeperClient *client, const SpawnSpec *spec, const ProcessEvents *events);
/* Has the program of that number ended already? Then its events come and the answer is true. */
bool keeper_client_adopt(KeeperClient *client, uint64_t effect, const ProcessEvents *events);
/* It is in doubt, and the machine was started anew since: then the events of an unknown end come and the
 * answer is true. */
bool keeper_client_is_lost(KeeperClient *client, uint64_t effect, const ProcessEvents *events);
/* Ends it, also one that was not started here; no more events come. `forget`: nothing that it printed is kept.
 */
void keeper_client_stop(KeeperClient *client, uint64_t effect, bool forget);
/* Was it started, here or before? */
bool keeper_client_has_started(const KeeperClient *client, uint64_t effect);
/* Puts what is fit to be kept in the place of a stream ("out" or "err") that ended. `whole`, unless it is empty: all of
 * it is in a file, of which this is said again when the program is found anew. */
void keeper_client_replace(KeeperClient *client, uint64_t effect, const char *stream, Str text, Str whole);

#endif
