/* The stars of a drill's patterns, as the metadata of an image has them. The compiler writes them, vm/drill reads them.
 *
 * `*` in a pattern stands for any text; one that came in with a value (`${"a*b"}`) is a star and nothing else. An answer names
 * what the stars of its line's pattern stood for by their number in decimal. No text of a plan has these characters. */
#ifndef PLAN_CODE_STARS_H
#define PLAN_CODE_STARS_H

#include "vm/base/memory.h"

#define STAR_BEGIN "\xEF\xB7\x92" /* U+FDD2: the number of a star begins */
#define STAR_END "\xEF\xB7\x93"   /* U+FDD3: and ends */
#define STAR_PLAIN "\xEF\xB7\x95" /* U+FDD5: the character `*` */

/* Is the text one that the pattern means? */
bool stars_match(Str text, Str pattern);
/* Adds a value to a pattern: it stands for itself. */
void stars_add_plain(Buffer *pattern, Str value);
/* A piece of a pattern that has no `*`, as the text that it means. */
void stars_add_meant(Buffer *text, Str piece);

#endif
