/* How an answer of a drill names, in the metadata of an image, what the stars of its line's pattern stood for: the star's
 * number in decimal between U+FDD2 and U+FDD3, which no text of a plan has. The compiler writes it, vm/drill reads it. */
#ifndef PLAN_CODE_STARS_H
#define PLAN_CODE_STARS_H

#define STAR_BEGIN "\xEF\xB7\x92"
#define STAR_END "\xEF\xB7\x93"

#endif
