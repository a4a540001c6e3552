/* The standard library's sources, built into the programs by stdlib/embed.sh (see the Makefile). */
#ifndef PLAN_SOURCE_STDLIB_H
#define PLAN_SOURCE_STDLIB_H

#include <stddef.h>

typedef struct StdlibFile {
    const char *name; /* as in `import "std/slack"` */
    const char *text;
    size_t len;
} StdlibFile;

extern const StdlibFile stdlib_files[]; /* ends with a NULL name */

#endif
