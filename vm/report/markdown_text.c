/* Text from a log as part of a Markdown document: nothing in it may end a table, begin a heading or become
 * HTML. And times, durations and people, as every part of a report writes them. */
#include "vm/report/markdown.h"

#include "vm/base/time.h"

#include <string.h>

void markdown_text(Buffer *out, Str text)
{
    text = str_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\n' || c == '\r' || c == '\t')
            buffer_add_char(out, ' ');
        else if (c == '<')
            buffer_add_c(out, "&lt;");
        else if (strchr("|*_`[]\\", c) && c)
            buffer_printf(out, "\\%c", c);
        else if ((unsigned char)c >= 0x20)
            buffer_add_char(out, c);
    }
}

static size_t longest_run(Str text, char of)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < text.len; i++) {
        run = text.data[i] == of ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    return longest;
}

void markdown_code(Buffer *out, Str text)
{
    size_t ticks = longest_run(text, '`') + 1;
    for (size_t i = 0; i < ticks; i++)
        buffer_add_char(out, '`');
    if (ticks > 1) buffer_add_char(out, ' ');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        /* A bar ends a cell even inside code. */
        if (c == '|')
            buffer_add_c(out, "\\|");
        else
            buffer_add_char(out, c < 0x20 ? ' ' : (char)c);
    }
    if (ticks > 1) buffer_add_char(out, ' ');
    for (size_t i = 0; i < ticks; i++)
        buffer_add_char(out, '`');
}

void markdown_block(Buffer *out, Str text)
{
    size_t ticks = longest_run(text, '`') + 1;
    if (ticks < 3) ticks = 3;
    for (size_t i = 0; i < ticks; i++)
        buffer_add_char(out, '`');
    buffer_add_c(out, "text\n");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0x20 || c == '\n' || c == '\t') buffer_add_char(out, (char)c);
    }
    if (!text.len || text.data[text.len - 1] != '\n') buffer_add_char(out, '\n');
    for (size_t i = 0; i < ticks; i++)
        buffer_add_char(out, '`');
    buffer_add_c(out, "\n");
}

void markdown_time(Buffer *out, int64_t time)
{
    if (time == STORY_NEVER)
        buffer_add_c(out, "—");
    else
        time_write(out, time - time % 1000);
}

void markdown_clock(Buffer *out, int64_t time)
{
    if (time == STORY_NEVER)
        buffer_add_c(out, "—");
    else
        time_write_clock(out, time);
}

void markdown_duration(Buffer *out, int64_t duration)
{
    duration_write_short(out, duration);
}

void markdown_person(Buffer *out, const Story *story, Str name)
{
    Buffer person = {0};
    report_person(story, name, &person);
    markdown_text(out, buffer_str(&person));
    buffer_free(&person);
}
