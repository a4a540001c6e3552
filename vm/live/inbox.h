/* The run's inbox: signals that other processes drop as RUN/inbox/MSG.json, complete by a rename. */
#ifndef PLAN_LIVE_INBOX_H
#define PLAN_LIVE_INBOX_H

#include "vm/live/state.h"

Inbox *inbox_open(LiveWorld *live, Error *error); /* what lies there already is signalled at once */
void inbox_close(Inbox *inbox);
void inbox_consumed(Inbox *inbox, Str msg);

#endif
