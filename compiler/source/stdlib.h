/* Files that are built into the programs by stdlib/embed.sh (see the Makefile): the standard library, and the pages of
 * the diagnostics. */
#ifndef PLAN_SOURCE_STDLIB_H
#define PLAN_SOURCE_STDLIB_H

#include <stddef.h>

typedef struct EmbeddedFile {
    const char *name; /* stdlib: as in `import "std/slack"`; pages: the code */
    const char *text;
    size_t len;
} EmbeddedFile;

/* Both end with a NULL name. */
extern const EmbeddedFile stdlib_files[];
extern const EmbeddedFile error_pages[];

#endif
