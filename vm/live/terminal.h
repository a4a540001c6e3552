/* A person's terminal: lines that scroll by above, a panel of lines that stays below, single keys, and one
 * line that is being typed.
 *
 * The panel is redrawn in place; what scrolled by stays in the terminal's own history. Text may hold colours
 * (SGR sequences); every other control character becomes a blank. */
#ifndef PLAN_LIVE_TERMINAL_H
#define PLAN_LIVE_TERMINAL_H

#include "vm/live/loop.h"

typedef struct Terminal Terminal;
typedef void (*TerminalKeyFn)(void *ctx, char key);
typedef void (*TerminalLineFn)(void *ctx, Str line); /* an empty line was not wanted */
typedef void (*TerminalResizeFn)(void *ctx);         /* it has another size, or is in the foreground again */

typedef struct TerminalEvents {
    void *ctx;
    TerminalKeyFn key;
    TerminalResizeFn resized;
} TerminalEvents;

typedef struct TerminalSize {
    size_t columns, rows;
} TerminalSize;

/* NULL: standard input is no terminal of ours (not one at all, or we are in the background). */
Terminal *terminal_open(Loop *loop, const TerminalEvents *events);
void terminal_close(Terminal *terminal); /* as it was before, the panel gone; NULL is fine */

TerminalSize terminal_size(const Terminal *terminal);

/* A whole line (or several), above the panel. */
void terminal_print(Terminal *terminal, Str text);
/* The panel: lines that end in '\n'; each is cut to the terminal's width. Copied. */
void terminal_panel(Terminal *terminal, Str text);
/* Reads one line below the panel behind the prompt, then calls fn. Escape gives it up. The prompt must live
 * as long. */
void terminal_ask(Terminal *terminal, const char *prompt, TerminalLineFn fn, void *ctx);

#endif
