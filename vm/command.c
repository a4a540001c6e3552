/* What all of planvm's commands share (vm/command.h): messages, who speaks, the way from a word to a run and
 * its story. */
#include "vm/command.h"

#include "vm/code/image.h"

#include <stdio.h>
#include <stdlib.h>

int command_fail(const Arguments *arguments, ExitStatus status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "planvm%s%s: ", arguments->command ? " " : "",
            arguments->command ? arguments->command : "");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return (int)status;
}

bool option_given(const Arguments *arguments, OptionId option)
{
    return arguments->values[option] != NULL;
}

Str option_user(const Arguments *arguments)
{
    const char *user = arguments->values[OPTION_AS];
    if (!user || !*user) user = getenv("USER");
    return user && *user ? str_from_c(user) : STR("somebody");
}

Journal *command_open(const Arguments *arguments, const char *word)
{
    Error error = {""};
    Buffer id = {0};
    Journal *journal = NULL;
    if (journal_find(arguments->root.data, str_from_c(word), &id, &error))
        journal = journal_open_read(arguments->root.data, buffer_str(&id), &error);
    if (!journal) command_fail(arguments, EXIT_MISUSE, "%s", error.text);
    buffer_free(&id);
    return journal;
}

/* The image's metadata, without checking the program: only what it says of itself is shown. */
static void begin_story(Journal *journal, Story *story)
{
    Buffer bytes = {0};
    Image image;
    Error error = {""};
    if (journal_image(journal, &bytes, &error) && image_open(buffer_str(&bytes), &image, &error)) {
        story_begin(story, image.metadata);
        image_close(&image);
    } else {
        story_begin(story, STR(""));
    }
    buffer_free(&bytes);
}

bool command_read_story(Journal *journal, Story *story, Error *error)
{
    begin_story(journal, story);
    JournalCursor *cursor = journal_rows(journal, 0, error);
    LogRow row;
    while (cursor && journal_next(cursor, &row, error))
        story_add(story, &row);
    journal_rows_end(cursor);
    return !error->text[0];
}

bool command_story(const Arguments *arguments, Journal *journal, Story *story)
{
    Error error = {""};
    if (command_read_story(journal, story, &error)) return true;
    command_fail(arguments, EXIT_PLAN_FAILED, "%s", error.text);
    return false;
}

const char *command_state(const Arguments *arguments, const Journal *journal, const Story *story)
{
    if (journal_run(journal)->ended) return story->outcome.len ? story->outcome.data : "completed";
    if (!journal_is_live(arguments->root.data, journal_run(journal)->id, NULL)) return "interrupted";
    return story_open_questions(story) ? "waiting" : "running";
}
