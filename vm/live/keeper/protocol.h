/* What planvm and the keeper of a run say to each other over the socket RUN/keeper/sock.
 *
 * A message is four bytes of length (of what follows, in this machine's order), one byte of kind, and its
 * body. */
#ifndef PLAN_LIVE_KEEPER_PROTOCOL_H
#define PLAN_LIVE_KEEPER_PROTOCOL_H

#define KEEPER_FOLDER "keeper"
#define KEEPER_LOCK "keeper/lock" /* held by the keeper as long as it lives: there is one per run */
#define KEEPER_SOCKET "sock"      /* in KEEPER_FOLDER */

#define KEEPER_MESSAGE_CAP ((size_t)64 << 20)
#define KEEPER_HEAD 5 /* bytes before a body */

/* To the keeper. */
#define KEEPER_START                                                                                         \
    'S' /* a spec (spawn_write): start it, unless it was started before; answered as KEEPER_ASK is */
#define KEEPER_ASK 'Q'  /* an effect's number (8 bytes): what is with it? */
#define KEEPER_STOP 'K' /* an effect's number: end it; no answer but KEEPER_ENDED in time */
#define KEEPER_FORGET 'F' /* the same, and nothing that it printed is kept: it may hold secrets */

/* From the keeper; the body is an effect's number. */
#define KEEPER_RUNS 'R'  /* it runs; KEEPER_ENDED will follow */
#define KEEPER_ENDED 'E' /* how is in its files */
#define KEEPER_NEVER 'N' /* it was never started */
#define KEEPER_LOST 'L'  /* it was started, is not ours, and nobody knows how it ended */

#endif
