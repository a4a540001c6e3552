/* Source text on one line, for lists and reports. */
#ifndef PLAN_TOOLS_WORDS_H
#define PLAN_TOOLS_WORDS_H

#include "compiler/source/source.h"

/* The bytes under the span, blanks and line ends run together, without blanks at the ends. */
Str source_words(Arena *arena, const SourceSet *sources, Span span);

#endif
