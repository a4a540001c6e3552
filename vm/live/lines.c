/* Pieces of a program's output in, lines for people out (vm/live/lines.h). Called by capture.c. It holds a
 * few KiB, whatever comes. */
#include "vm/live/lines.h"

#include <string.h>

#include "vm/live/state.h"

enum {
    HELD_MOST = 4096, /* bytes that wait for room, or for the end of their line */
    LINE_MOST = 1000, /* bytes of a line that are shown */
    LAST_LINES = 5,   /* of those that there was no room for, shown at the end */
};

/* The length of what a terminal would obey at the beginning: a control character, or a whole sequence behind
 * ESC or CSI. 0: there is none. */
static size_t command_len(Str text)
{
    size_t len = text_control(text);
    if (!len || text.data[0] == '\t') return 0;
    bool csi = len == 2 && (unsigned char)text.data[1] == 0x9B;
    if (text.data[0] == '\033' && len < text.len && text.data[len] && strchr("]PX^_", text.data[len])) {
        while (len < text.len && text.data[len] != '\a' && (len == 1 || text.data[len] != '\033'))
            len++;
        /* ESC \ ends a string, as BEL does. */
        return len + (len < text.len) + (len + 1 < text.len && text.data[len] == '\033');
    }
    if (text.data[0] == '\033' && len < text.len && text.data[len] == '[') {
        csi = true;
        len++;
    }
    if (!csi && text.data[0] != '\033') return len;
    unsigned char last = csi ? 0x3F : 0x2F; /* of what may stand before the final byte */
    while (len < text.len && (unsigned char)text.data[len] >= 0x20 && (unsigned char)text.data[len] <= last)
        len++;
    return len < text.len ? len + 1 : len;
}

/* What a progress bar drew last, without what a terminal would obey. */
static void write_line(Buffer *out, Str line)
{
    while (line.len && line.data[line.len - 1] == '\r')
        line.len--;
    const char *last = line.len ? memrchr(line.data, '\r', line.len) : NULL;
    if (last) line = str_slice(line, (size_t)(last - line.data) + 1, line.len);
    while (line.len) {
        size_t len = command_len(line);
        if (!len) {
            buffer_add_char(out, line.data[0]);
            len = 1;
        }
        line = str_slice(line, len, line.len);
    }
    if (text_bound(out, LINE_MOST)) buffer_add_c(out, "...");
}

static void show(Lines *lines, Str line)
{
    Buffer plain = {0}, text = {0};
    write_line(&plain, line);
    text_repair(&text, buffer_str(&plain));
    buffer_free(&plain);
    if (text.len || lines->skipped) lines->events.line(lines->events.ctx, buffer_str(&text), lines->skipped);
    lines->skipped = 0;
    buffer_free(&text);
}

static uint64_t count_lines(Str text)
{
    uint64_t count = 0;
    for (const char *at; text.len && (at = memchr(text.data, '\n', text.len)); count++)
        text = str_slice(text, (size_t)(at - text.data) + 1, text.len);
    return count;
}

/* The first line of the text, taken off it. False: it has no whole one. */
static bool take_line(Str *text, Str *line)
{
    const char *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
    if (!end) return false;
    *line = str_slice(*text, 0, (size_t)(end - text->data));
    *text = str_slice(*text, line->len + 1, text->len);
    return true;
}

void lines_add(Lines *lines, Str text)
{
    Buffer *held = &lines->held;
    Str line, before;
    buffer_add_str(held, text);
    Str rest = buffer_str(held);
    for (;;) {
        before = rest;
        if (!take_line(&rest, &line) || !lines->events.room(lines->events.ctx)) break;
        show(lines, line);
    }
    rest = before;
    /* There is room for the end only; a line that is too long loses its beginning. */
    if (rest.len > HELD_MOST) {
        lines->skipped += count_lines(str_slice(rest, 0, rest.len - HELD_MOST));
        rest = str_slice(rest, rest.len - HELD_MOST, rest.len);
    }
    if (rest.len) memmove(held->data, rest.data, rest.len);
    held->len = rest.len;
    held->data[held->len] = '\0';
}

void lines_end(Lines *lines)
{
    if (lines->held.len && lines->held.data[lines->held.len - 1] != '\n') buffer_add_char(&lines->held, '\n');
    Str rest = buffer_str(&lines->held), line;
    for (uint64_t left = count_lines(rest); take_line(&rest, &line); left--) {
        if (left <= LAST_LINES || lines->events.room(lines->events.ctx))
            show(lines, line);
        else
            lines->skipped++;
    }
    buffer_clear(&lines->held);
}

void lines_free(Lines *lines)
{
    buffer_free(&lines->held);
    *lines = (Lines){0};
}
