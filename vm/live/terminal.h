/* A person's terminal: lines above, one line below that holds what is open or what is being typed, single
 * keys. */
#ifndef PLAN_LIVE_TERMINAL_H
#define PLAN_LIVE_TERMINAL_H

#include "vm/live/loop.h"

typedef struct Terminal Terminal;
typedef void (*TerminalKeyFn)(void *ctx, char key);
typedef void (*TerminalLineFn)(void *ctx, Str line); /* an empty line was not wanted */

/* NULL: standard input is no terminal of ours (not one at all, or we are in the background). */
Terminal *terminal_open(Loop *loop, TerminalKeyFn on_key, void *ctx);
void terminal_close(Terminal *terminal); /* as it was before; NULL is fine */

/* A whole line (or several), above the status. */
void terminal_print(Terminal *terminal, Str text);
/* What stands below while nothing is typed; copied. */
void terminal_status(Terminal *terminal, Str text);
/* Reads one line behind the prompt, then calls fn. Escape gives it up. */
void terminal_ask(Terminal *terminal, const char *prompt, TerminalLineFn fn, void *ctx);

#endif
