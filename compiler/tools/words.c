/* Source text on one line (see words.h). */
#include "compiler/tools/words.h"

Str source_words(Arena *arena, const SourceSet *sources, Span span)
{
    Str raw = source_text(sources, span);
    Buffer text = {0};
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.data[i];
        bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!blank)
            buffer_add_char(&text, c);
        else if (text.len && text.data[text.len - 1] != ' ')
            buffer_add_char(&text, ' ');
    }
    Str words = arena_copy(arena, str_trim(buffer_str(&text)));
    buffer_free(&text);
    return words;
}
